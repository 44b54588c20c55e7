/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local answer: what the site's own names say to a question, as an answer (RFC 1034 section 4.3.2).
 *
 * Data with what the client would ask next in the additional section, aliases that are followed as long as they stay local, denials with
 * the SOA of the zone, referrals. Such an answer is ours and not signed: at most insecure, whatever follows.
 *
 * Memory: sets point into the local names, which outlive the answer, and into the arena.
 */
#ifndef WR_RESOLVE_LOCALANSWER_H
#define WR_RESOLVE_LOCALANSWER_H

#include "resolve/answer.h"

/* Follows local names from `*name` on, which it moves; adds to the answer. FRESH: the answer ends here. A chain that does not end is cut
 * at WR_CHAIN_MAX links, and is an error then. */
enum wr_found wr_localanswer_follow(const struct wr_local *local, uint16_t type,
                                    struct wr_arena *arena, const uint8_t **name,
                                    struct wr_answer *a);
/* The whole question: FRESH, ALIAS or NOTHING. Memory from the arena, which is not reset. */
enum wr_found wr_localanswer_find(const struct wr_local *local, const struct wr_question *q,
                                  struct wr_arena *arena, struct wr_answer *ret_answer);
/* A referral (RFC 1034 section 4.3.2): NS and glue, when a local zone delegates the name; else false. */
bool wr_localanswer_refer(const struct wr_local *local, const struct wr_question *q,
                          struct wr_answer *ret_answer);

#endif
