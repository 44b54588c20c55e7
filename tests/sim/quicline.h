/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quicline: a server's side of one connection by QUIC, and in it DNS messages on streams (RFC 9250), as line.h has it for TCP.
 *
 *     quicline_feed(l, bytes, size, now_us)               a datagram came
 *     while (quicline_next(l, &stream, &msg, &size))      a question
 *         quicline_answer(l, stream, msg, size, said)     now or later; `said` is what it states (oracle.h), 0: nothing
 *     while ((n = quicline_output(l, room, now_us)) > 0)  a datagram to be sent
 *     quicline_deadline(l), quicline_time(l, now_us)      when something is to be done though nothing comes
 *
 * A datagram can be lost, so when an answer has arrived is not known here; quicline_said gives what all octets of have been sent and
 * the client has not confirmed yet: when a datagram arrives, it may be the one that makes such an answer whole.
 *
 * What connections to one server have in common is a quicside: randomness, keys for stateless resets. A server that forgets a connection (it
 * was started anew) says so with a stateless reset to whatever comes on it, or, with other keys than before, nothing.
 */
#ifndef WEIR_SIM_QUICLINE_H
#define WEIR_SIM_QUICLINE_H

#include "quicveil.h"

#define QUICLINE_DATAGRAM 1500
#define QUICLINE_STREAMS  32

struct quicside;
struct quicline;

/* NULL: this was built without QUIC. */
struct quicside *quicside_new(struct veil *v, struct wr_creds *creds, uint64_t secret);
void quicside_free(struct quicside *s);

struct quicline *quicline_new(struct quicside *s, enum veil_who who, bool refuses,
                              const struct wr_addr *server, const struct wr_addr *client);
void quicline_free(struct quicline *l);
void quicline_feed(struct quicline *l, const uint8_t *bytes, size_t size, uint64_t now_us);
/* Valid until the next call. */
bool quicline_next(struct quicline *l, int64_t *ret_stream, const uint8_t **ret_msg,
                   size_t *ret_size);
void quicline_answer(struct quicline *l, int64_t stream, const uint8_t *msg, size_t size,
                     uint32_t said);
/* Part of it, which cannot be an answer, and then the stream ends by an error. */
void quicline_cut(struct quicline *l, int64_t stream, const uint8_t *msg, size_t size);
void quicline_close(struct quicline *l);
void quicline_forget(struct quicline *l, bool tells);
size_t quicline_output(struct quicline *l, uint8_t room[QUICLINE_DATAGRAM], uint64_t now_us);
uint64_t quicline_deadline(const struct quicline *l);
void quicline_time(struct quicline *l, uint64_t now_us);
unsigned quicline_said(const struct quicline *l, uint32_t ret_said[QUICLINE_STREAMS]);
/* The client broke RFC 9250. */
bool quicline_is_broken(const struct quicline *l);

#endif
