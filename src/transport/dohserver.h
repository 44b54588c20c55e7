/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DoH server: one client's connection, HTTP/2 or HTTP/1.1, from plaintext octets to DNS queries and back (RFC 8484).
 *
 *     wr_dohserver_start(s, setup, now_us)
 *     wr_dohserver_feed(s, bytes, size, now_us)          what TLS decrypted
 *     while (wr_dohserver_next(s, room, &query) == WR_OK)  a query; it is answered now or later, in any order
 *     wr_dohserver_answer(s, query.stream, ...)          a DNS message; or wr_dohserver_reply for other kinds
 *     while ((n = wr_dohserver_output(s, room, cap)) > 0)  what is to be encrypted
 *
 * After an answer ask next again: what was pipelined behind it over HTTP/1.1 is read then. What is no query (another path,
 * method, type ...) is answered here with its status and never seen by the owner.
 *
 * `since` tells when the oldest request that is not whole began (slow-loris), `waiting` that answers wait for the client to take
 * them (zero window), `full` that nothing should be read now, `memory` what the connection holds: deadlines and budgets are the
 * owner's. An error of feed or next is for good; take the output that is left and close.
 */
#ifndef WR_TRANSPORT_DOHSERVER_H
#define WR_TRANSPORT_DOHSERVER_H

#include "transport/doh.h"
#include "transport/h1.h"
#include "transport/h2.h"

struct wr_dohserver {
    struct wr_http_heap heap;
    const struct wr_doh_site *site;
    uint8_t version; /* enum wr_http_version */
    bool early;      /* what is fed is TLS early data */
    union {
        struct wr_h1 h1;
        struct wr_h2 h2;
    } http;
};

struct wr_dohserver_setup {
    uint8_t version;                /* by ALPN; without one HTTP/1.1 */
    const struct wr_doh_site *site; /* outlives the connection */
    struct wr_http_memory memory;
};

/* WR_E_NOMEM: then nothing is held. */
int wr_dohserver_start(struct wr_dohserver *s, const struct wr_dohserver_setup *setup,
                       uint64_t now_us);
int wr_dohserver_feed(struct wr_dohserver *s, const uint8_t *bytes, size_t size, uint64_t now_us);
/* WR_OK and a query, valid until the next call of this connection; WR_E_AGAIN; WR_E_CLOSED: the client wants no more; else
 * why the connection is lost. `room` is for a message of GET, site->message_max octets. */
int wr_dohserver_next(struct wr_dohserver *s, uint8_t *room, struct wr_doh_query *ret_query);
/* The response to a query of kind DNS; NULL: none is given, the client is told 503. WR_E_NOTFOUND: the client is not there any
 * more; WR_E_NOMEM. */
int wr_dohserver_answer(struct wr_dohserver *s, uint64_t stream, const uint8_t *bytes, size_t size);
int wr_dohserver_reply(struct wr_dohserver *s, uint64_t stream, const struct wr_http_reply *reply);
size_t wr_dohserver_output(struct wr_dohserver *s, uint8_t *room, size_t cap);
bool wr_dohserver_has_output(const struct wr_dohserver *s);
/* What is fed from now on came as early data, or no longer (RFC 8470): what may not be asked twice gets 425. */
void wr_dohserver_early(struct wr_dohserver *s, bool early);
uint64_t wr_dohserver_since(const struct wr_dohserver *s);
/* The stream of the oldest answer that the client's window, or the owner, has not let out; 0: none waits. */
uint64_t wr_dohserver_waiting(const struct wr_dohserver *s);
/* HTTP/2: octets of answers that the client's window has let out until now. */
uint64_t wr_dohserver_carried(const struct wr_dohserver *s);
bool wr_dohserver_full(const struct wr_dohserver *s);
/* A request waits here that next has not been able to look at before an answer. */
bool wr_dohserver_more(const struct wr_dohserver *s);
size_t wr_dohserver_memory(const struct wr_dohserver *s);
/* No new queries; those that are out may be answered. */
void wr_dohserver_close(struct wr_dohserver *s);
/* Nothing comes of it any more: close the connection. */
bool wr_dohserver_over(const struct wr_dohserver *s);
/* That, and nothing of a request is still on its way. */
bool wr_dohserver_done(const struct wr_dohserver *s);
void wr_dohserver_end(struct wr_dohserver *s);

#endif
