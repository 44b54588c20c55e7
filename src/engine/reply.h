/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reply: writes the message that one client gets.
 *
 * From an asker and an answer: header, the question with the client's own
 * letter case, the sections, the OPT record when the client sent one. What does
 * not fit the transport is left out and TC is set (RFC 2181 section 9).
 */
#ifndef WR_ENGINE_REPLY_H
#define WR_ENGINE_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "engine/asker.h"
#include "engine/settings.h"
#include "resolve/answer.h"

struct wr_reply {
    const struct wr_settings *settings;
    const uint8_t *cookie_key; /* 16 octets */
    uint32_t wall_s;           /* for server cookies */
    uint32_t turn;             /* turns the order of records in a set */
    bool timeless;             /* what time it is is not known: nothing is called proven */
    bool own; /* of errors and denials: AA, for it is said of the name asked, by us */
};

/* The extended error that goes with the answer: its own, or that it rests on signatures and the time is not known. */
int16_t wr_reply_ede(const struct wr_reply *r, const struct wr_asker *a,
                     const struct wr_answer *answer);

/* Writes the reply; returns its size. `room` should hold WR_MSG_MAX for TCP, the UDP size else; at least 512. */
size_t wr_reply_answer(const struct wr_reply *r, const struct wr_asker *a,
                       const struct wr_answer *answer, uint8_t *room, size_t cap,
                       bool *ret_truncated);
/* An RCODE alone, with its extended error and a few words (or WR_EDE_NONE, NULL). */
size_t wr_reply_error(const struct wr_reply *r, const struct wr_asker *a, uint16_t rcode, int ede,
                      const char *ede_text, uint8_t *room, size_t cap);
/* That there is nothing of the kind, with a SOA of the name asked so that clients remember it for `ttl_s` (RFC 2308). */
size_t wr_reply_denial(const struct wr_reply *r, const struct wr_asker *a, uint16_t rcode, int ede,
                       const char *ede_text, uint32_t ttl_s, uint8_t *room, size_t cap);
/* Empty, with TC: "ask over TCP" (response rate limiting). No larger than the query. */
size_t wr_reply_slip(const struct wr_asker *a, uint8_t *room, size_t cap);
/* REFUSED for somebody who may not ask, with the reason (EDE 18) for who cannot be a stranger that somebody pretends to be:
 * over a connection, or at an address of this network. For others never larger than the query. */
/* NOTIFY is taken (RFC 1996 section 4.7). */
size_t wr_reply_notified(const struct wr_asker *a, uint8_t *room, size_t cap);
size_t wr_reply_refusal(const struct wr_asker *a, uint8_t *room, size_t cap);
/* One TXT record of class CH (id.server., version.bind.). */
size_t wr_reply_chaos(const struct wr_reply *r, const struct wr_asker *a, const char *text,
                      uint8_t *room, size_t cap);
/* The minimal answer to ANY (RFC 8482 section 4.2). */
size_t wr_reply_any(const struct wr_reply *r, const struct wr_asker *a, uint8_t *room, size_t cap);

#endif
