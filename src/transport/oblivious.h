/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Oblivious: what a worker's DoH listener needs to be a target (RFC 9230), between transport/dohserver and transport/odohtarget.
 *
 *     err = wr_oblivious_start(o, terms->odoh_secret, terms->odoh_since_us, seed);
 *     if (query.kind != WR_DOH_DNS && !wr_oblivious_take(o, server, &query, now_us)) ...   it was answered here: ask for the next
 *     if (wr_oblivious_is(stream)) wr_oblivious_answer(o, server, stream, message, size);
 *
 * A query that was taken is a plain DNS query from then on, whose stream carries the handle above its 32 bits: what is to be kept
 * for the response is found by it. A target's configurations are given here, and so is the status of what does not open.
 *
 * The struct is large (a response of 64 KiB is sealed in it), one for each worker, and the owner's. A query is valid until the next is
 * taken.
 */
#ifndef WR_TRANSPORT_OBLIVIOUS_H
#define WR_TRANSPORT_OBLIVIOUS_H

#include "transport/dohserver.h"
#include "transport/odohtarget.h"

#define WR_ODOH_PROXY_PATH "/proxy"
/* Octets that a response has more than its message, at most: padding, envelope. */
#define WR_OBLIVIOUS_MORE (WR_ODOH_RESPONSE_BLOCK + WR_ODOH_OVERHEAD)

struct wr_oblivious {
    struct wr_odohtarget target;
    struct wr_odohtarget_slot slot[WR_ODOH_OUT_MAX];
    struct wr_rng rng;
    uint64_t again_us; /* the keys could not be changed: then it is tried again */
    uint8_t query[WR_ODOH_HEARD_MAX];
    uint8_t response[WR_MSG_MAX + 1];
};

/* Adds the rows of a target to the site whose DNS messages are at `path`. */
void wr_oblivious_serve(struct wr_doh_site *site, const char *path);
/* Adds those of a proxy, at WR_ODOH_PROXY_PATH; what comes there is to be carried. */
void wr_oblivious_carry(struct wr_doh_site *site);
bool wr_oblivious_is_carried(const struct wr_doh_query *query);
int wr_oblivious_start(struct wr_oblivious *o, const uint8_t secret[32], uint64_t since_us,
                       const uint8_t seed[32]);
/* The keys change by themselves, whether somebody asks or not: a worker that nobody asks does not keep an old one. True: they did. */
uint64_t wr_oblivious_deadline(const struct wr_oblivious *o);
bool wr_oblivious_time(struct wr_oblivious *o, uint64_t now_us);
/* True: the query has become a DNS message. False: it has its response. */
bool wr_oblivious_take(struct wr_oblivious *o, struct wr_dohserver *s, struct wr_doh_query *query,
                       uint64_t now_us);
/* The connection ends: nobody waits for what it asked. */
void wr_oblivious_gone(struct wr_oblivious *o, const struct wr_dohserver *s);
bool wr_oblivious_is(uint64_t stream);
/* As wr_dohserver_answer; `bytes` NULL: there is none, 503. */
int wr_oblivious_answer(struct wr_oblivious *o, struct wr_dohserver *s, uint64_t stream,
                        const uint8_t *bytes, size_t size);

#endif
