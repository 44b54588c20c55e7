/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translate: DNS64 (RFC 6147) on the road of a query.
 *
 * An asker is turned: another question takes the place of the one that came, and from there on it is looked up, joined,
 * waited for and answered like any other, shared with all who want the same. What came stays in the asker (wr_asker_name,
 * wr_asker_type), and the answer is translated back when it is written.
 *
 *   AAAA, and the answer has no address that counts  ->  A of the same name  ->  AAAA made of it, behind the same CNAMEs
 *   PTR of an address inside the prefix              ->  PTR of the IPv4 address in it  ->  the same behind a CNAME
 *
 * An asker is turned once at most. One whose question fails by silence may so wait twice limits.query_timeout.
 */
#ifndef WR_ENGINE_TRANSLATE_H
#define WR_ENGINE_TRANSLATE_H

#include "engine/asker.h"
#include "resolve/dns64.h"

/* Turns the asker to A when this answer to its question leads there. */
bool wr_translate_turn(const struct wr_dns64 *d, struct wr_asker *a,
                       const struct wr_answer *answer);
/* Turns the asker of a reverse name inside the prefix. */
void wr_translate_reverse(const struct wr_dns64 *d, struct wr_asker *a);
/* The answer that weir gives by itself to this asker (ipv4only.arpa), or NULL. */
const struct wr_answer *wr_translate_local(const struct wr_dns64 *d, const struct wr_asker *a,
                                           struct wr_dns64_room *room);
/* What the asker is told: `answer` itself, or what is made of it in `room`. */
const struct wr_answer *wr_translate_answer(const struct wr_dns64 *d, const struct wr_asker *a,
                                            const struct wr_answer *answer,
                                            struct wr_dns64_room *room);

#endif
