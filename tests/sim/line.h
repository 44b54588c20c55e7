/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line: a server's side of one encrypted connection: what stands for TLS (veil.h), and in it DNS messages in frames or over HTTP, as the
 * protocol that was agreed on says.
 *
 *     line_feed(l, bytes, size, now_us, &out)     what came; `out` is to be sent. Not 0: it is over
 *     while (line_next(l, &msg, &size))           a question
 *         line_answer(l, msg, size, &out)         the answer to the last one, if there is any
 *
 * A proxy of Oblivious DoH has no questions but requests, which it carries and answers when it likes:
 *
 *     while (line_take(l, &query))                a request
 *         line_reply(l, query.stream, &reply, &out)
 */
#ifndef WEIR_SIM_LINE_H
#define WEIR_SIM_LINE_H

#include "transport/dohserver.h"
#include "veil.h"

/* Room for what one feed or answer makes. */
#define LINE_OUT (65536 + 16384)

struct line;

/* `likes`: which of the protocols that the client offers; `secret`: of its tickets. */
struct line *line_new(struct veil *v, enum veil_who who, unsigned likes, uint64_t secret);
void line_is_proxy(struct line *l); /* before it is fed */
void line_free(void *line);
int line_feed(struct line *l, const uint8_t *bytes, size_t size, uint64_t now_us,
              struct wr_writer *out);
/* Valid until the next call. */
bool line_next(struct line *l, const uint8_t **ret_msg, size_t *ret_size);
void line_answer(struct line *l, const uint8_t *msg, size_t size, struct wr_writer *out);
/* Valid until the next call, and its stream until it is answered. */
bool line_take(struct line *l, struct wr_doh_query *ret_query);
void line_reply(struct line *l, uint64_t stream, const struct wr_http_reply *reply,
                struct wr_writer *out);
/* The plain octets of the last feed. */
const uint8_t *line_plain(const struct line *l, size_t *ret_size);
/* An alert, in place of a handshake. */
void line_refuse(struct line *l, struct wr_writer *out);
bool line_is_web(const struct line *l);

#endif
