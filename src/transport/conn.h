/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conn: a client's connection on a stream socket, as a machine without the socket: octets in, questions out; answers in, octets out.
 *
 *     wr_conn_start(c, &setup, &now)
 *     wr_conn_feed(c, bytes, size, &now)                     what the socket gave
 *     while ((err = wr_conn_next(c, out, &query)) == WR_OK)  answer it now or later
 *     wr_conn_answer(c, query.stream, msg, size, out)        bytes NULL: it gets none, on purpose
 *     wr_conn_close(c, out)   wr_conn_end(c)
 *
 * Kinds: PLAIN (RFC 7766) and DOT (RFC 7858): frames, in the open or within TLS. DOH (RFC 8484): HTTP/2 or HTTP/1.1 within TLS, by ALPN. What is to be sent is appended to `out` within the call.
 * wr_conn_next gives WR_E_AGAIN (more octets are needed), WR_E_CLOSED (the client asks nothing more, and may still be answered), or
 * an error after which the connection is of no use; an alert may be in `out` then. It must be called until it gives no question any more
 * before the fed octets go. A question is valid until the next call of wr_conn_next of any connection with the same scratch.
 *
 * DOH: answers may wait for the client's window or for room in `out`. wr_conn_output takes on as much as there is room for; after each call above
 * until wr_conn_has_output says no, and again when what was taken has left. wr_conn_more: requests wait here that could not be looked
 * at before an answer; ask next again.
 *
 * The owner keeps deadlines: wr_conn_opening (the handshake is not done), wr_conn_partial (something has begun and has no end yet).
 *
 * A claim is the name that the client gives itself (transport/identity): a label before `names_below`, or a certificate.
 *
 * Memory: the owner's; `room` for the kinds that want some (wr_conn_room octets), the frame's room, and one scratch for all connections
 * of a thread. TLS sessions are GnuTLS's.
 */
#ifndef WR_TRANSPORT_CONN_H
#define WR_TRANSPORT_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "transport/doh.h"
#include "transport/frame.h"
#include "transport/identity.h"
#include "transport/terms.h"

enum wr_conn_kind { WR_CONN_PLAIN = 1, WR_CONN_DOT, WR_CONN_DOH };

/* Plaintext of one record. */
#define WR_CONN_SCRATCH (17 * 1024)

struct wr_conn_setup {
    enum wr_conn_kind kind;
    const struct wr_terms *terms; /* but for PLAIN; must outlive the start only */
    uint8_t *frame;               /* 2 + the longest question */
    size_t frame_size;
    void *room;       /* wr_conn_room(kind) octets, aligned like a pointer */
    uint8_t *scratch; /* WR_CONN_SCRATCH octets */
    const struct wr_doh_site *
        site; /* DOH: what is served where; outlives the connection. message_max + 2 <= frame_size */
    struct wr_http_memory memory;   /* DOH: of the HTTP session */
    struct wr_oblivious *oblivious; /* DOH: of the thread; when site has its resources */
};

struct wr_conn_query {
    const uint8_t *bytes;
    size_t size;
    uint64_t stream;
    bool carry, post; /* for another server: the body as it came, and for whom stands in */
    struct wr_str_part parameters;
    struct wr_str_part
        claim; /* a segment of the path that names who asks, or empty; for this question */
};

struct wr_conn {
    struct wr_frame frame;
    struct wr_conn_tls *tls; /* in the owner's room; NULL: none */
    uint8_t *scratch;
    uint8_t kind;
    struct wr_identity claim;
};

size_t wr_conn_room(enum wr_conn_kind kind);
int wr_conn_start(struct wr_conn *c, const struct wr_conn_setup *setup, const struct wr_now *now);
void wr_conn_feed(struct wr_conn *c, const uint8_t *bytes, size_t size, const struct wr_now *now);
int wr_conn_next(struct wr_conn *c, struct wr_writer *out, struct wr_conn_query *ret_query);
/* WR_OK or WR_E_FULL and others: the connection is of no use any more. */
int wr_conn_answer(struct wr_conn *c, uint64_t stream, const uint8_t *bytes, size_t size,
                   struct wr_writer *out);
/* DOH: the response to what was to be carried; as wr_conn_answer. */
int wr_conn_reply(struct wr_conn *c, uint64_t stream, const struct wr_http_reply *reply,
                  struct wr_writer *out);
/* Appends what is still to be sent and fits. WR_OK or an error, as for answers. */
int wr_conn_output(struct wr_conn *c, struct wr_writer *out);
bool wr_conn_has_output(const struct wr_conn *c);
bool wr_conn_more(const struct wr_conn *c);
/* DOH: what is here already cannot be looked at before an answer, and nothing more should be read. */
bool wr_conn_full(const struct wr_conn *c);
/* DOH: the last answer has gone out, as the client or we said before (Connection: close, GOAWAY). */
bool wr_conn_done(const struct wr_conn *c);
/* When the oldest request that is not whole began, where that is known; WR_TIME_NEVER. */
uint64_t wr_conn_since(const struct wr_conn *c);
/* Not 0: an answer waits for the client's window, the oldest being this one. */
uint64_t wr_conn_waiting(const struct wr_conn *c);
/* Octets of answers that it has let out until now. */
uint64_t wr_conn_carried(const struct wr_conn *c);
/* Octets that the kind holds beside the session of TLS. */
size_t wr_conn_memory(const struct wr_conn *c);
/* Room that `out` must have for an answer of so many octets. */
size_t wr_conn_answer_room(const struct wr_conn *c, size_t size);
bool wr_conn_opening(const struct wr_conn *c);
bool wr_conn_partial(const struct wr_conn *c);
/* Says that nothing more comes, where the kind has a way to. */
void wr_conn_close(struct wr_conn *c, struct wr_writer *out);
void wr_conn_end(struct wr_conn *c);
/* Why the last call failed, in words; "" when there are none. */
const char *wr_conn_why(const struct wr_conn *c);
/* Facts of an encrypted connection that is open: is it resumed? NULL for a plain one. */
const struct wr_tls *wr_conn_session(const struct wr_conn *c);

#endif
