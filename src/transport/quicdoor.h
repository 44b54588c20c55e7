/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC's door: what can be said of a datagram, and said back, without a connection (RFC 8999, RFC 9000).
 *
 * A look at its head gives the connection ids. An id of ours leads to the worker that made it: two octets are the
 * worker's number and a check, both hidden under a keyed hash of the other ten, so that an id that somebody made up is
 * told from ours (but for one in 256) and a stranger cannot aim at a worker. Version negotiation, Retry, refusal and
 * stateless reset are built here; none is larger than what it answers, or 3 times that for Retry of
 * the smallest Initial. Tokens of Retry (10 s) and of NEW_TOKEN (a day) are sealed with a secret that all workers share
 * and that rotates: the one before is still taken.
 */
#ifndef WR_TRANSPORT_QUICDOOR_H
#define WR_TRANSPORT_QUICDOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/quic.h"

/* The smallest datagram that may begin a connection, and the largest answer without one. */
enum { WR_QUIC_INITIAL_MIN = 1200, WR_QUIC_STATELESS_MAX = 256 };

struct wr_quic_head {
    const uint8_t *dcid, *scid; /* into the datagram */
    uint8_t dcid_size, scid_size;
    bool is_long, initial, known_version;
    uint32_t version;
};

/* WR_E_FORMAT: not QUIC, or ids longer than any version's that we speak. */
int wr_quic_look(const uint8_t *bytes, size_t size, struct wr_quic_head *ret_head);
/* The first datagram of a connection. WR_E_FORMAT: it cannot be one. */
int wr_quic_first(const uint8_t *bytes, size_t size, struct wr_quic_hello *ret_hello);
/* Judges the token: sets `proven` and `original`. WR_E_DENIED: a Retry's token that is not good: the connection is refused. */
int wr_quic_prove(const struct wr_quic_secrets *secrets, const struct wr_addr *from,
                  uint64_t now_us, struct wr_quic_hello *hello);

/* Each gives the size, 0: nothing can or should be said. */
size_t wr_quic_say_versions(struct wr_rng *rng, const struct wr_quic_head *head, uint8_t *room,
                            size_t cap);
size_t wr_quic_say_retry(struct wr_quic_env *env, const struct wr_quic_hello *hello,
                         const struct wr_addr *from, uint64_t now_us, uint8_t *room, size_t cap);
size_t wr_quic_say_refused(const struct wr_quic_hello *hello, uint8_t *room, size_t cap);
/* Smaller than the datagram that it answers, so that two servers cannot answer each other for ever. */
size_t wr_quic_say_reset(struct wr_quic_env *env, const uint8_t *cid, size_t cid_size,
                         size_t answered, uint8_t *room, size_t cap);

void wr_quic_cid_make(struct wr_quic_env *env, struct wr_quic_cid *ret_cid);
/* The worker that made it. WR_E_NOTFOUND: none of ours did. */
int wr_quic_cid_worker(const struct wr_quic_secrets *secrets, const uint8_t *cid, size_t size,
                       uint16_t *ret_worker);
int wr_quic_reset_token(const struct wr_quic_secrets *secrets, const struct wr_quic_cid *cid,
                        uint8_t ret_token[16]);

/* To and from the kernel's form, which ngtcp2 wants: `room` is a sockaddr_storage. The size. */
size_t wr_quic_sockaddr(const struct wr_addr *addr, void *room);
void wr_quic_from_sockaddr(const void *sa, struct wr_addr *ret_addr);

#endif
