/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2: a connection of either role over octets in memory (RFC 9113), by nghttp2.
 *
 *     wr_h2_start; then  feed what came -> next until WR_E_AGAIN -> respond (server) or request (client) -> output
 *
 * A message is given when it is whole; until then it costs what has come of it. A server's responses may be given in any order.
 * What waits for the other side's window waits here, within the heap of the connection.
 *
 * What bounds the other side (names in base/limits.h): streams at once; octets and fields of a head; octets of a body; and frames
 * that get nothing done: each (SETTINGS, PING, RST_STREAM, PRIORITY, WINDOW_UPDATE, CONTINUATION, empty DATA, whatever is not known)
 * takes from a credit that time and messages that are done give back, and so does each HEADERS, for it may be of a stream
 * that is closed. Who has none left gets GOAWAY with ENHANCE_YOUR_CALM.
 *
 * A request that is refused before all of it came (a body too long) is read on and thrown away, for clients take the reset of a stream for
 * the loss of the response; beyond 32 KiB it is reset.
 *
 * Errors of the connection stick: feed and next give them; what is still to be said (GOAWAY) is in the output.
 */
#ifndef WR_TRANSPORT_H2_H
#define WR_TRANSPORT_H2_H

#include "base/buf.h"
#include "base/list.h"
#include "transport/http.h"

struct wr_h2 {
    void *session;             /* nghttp2's */
    struct wr_http_heap *heap; /* the owner's */
    struct wr_list reading;    /* streams whose message is not whole, the oldest first */
    struct wr_list ready;      /* whole, to be given by next */
    struct wr_list given;      /* given and not answered */
    struct wr_list leaving;    /* answered and not all sent, the oldest first */
    void *shown;        /* client: the stream that next gave last, freed at the following call */
    const uint8_t *out; /* what nghttp2 wants sent and there was no room for */
    size_t out_size;
    size_t body_max; /* octets of a message's body */
    uint64_t now_us;
    uint64_t credit_us; /* when credit was refilled */
    int32_t credit;
    uint32_t streams; /* on all lists */
    int err;
    bool client;
    bool closing;     /* GOAWAY was sent, or came */
    uint64_t carried; /* octets of bodies that went out */
};

struct wr_h2_setup {
    bool client;
    size_t body_max;
    struct wr_http_heap *heap;
};

/* WR_E_NOMEM. */
int wr_h2_start(struct wr_h2 *h, const struct wr_h2_setup *setup, uint64_t now_us);
/* Octets that came. WR_OK, or why the connection is lost. */
int wr_h2_feed(struct wr_h2 *h, const uint8_t *bytes, size_t size, uint64_t now_us);
/* The next whole message; client: also one that failed. WR_E_AGAIN: none now; else the connection is lost. */
int wr_h2_next(struct wr_h2 *h, struct wr_http_message *ret_message);
/* Server. WR_E_NOTFOUND: the stream is gone; WR_E_NOMEM: the response could not be kept and the stream was reset. */
int wr_h2_respond(struct wr_h2 *h, uint64_t stream, const struct wr_http_reply *reply);
/* Server: no response; the stream is reset. */
void wr_h2_refuse(struct wr_h2 *h, uint64_t stream);
/* Client. WR_E_AGAIN: as many streams as the server allows are open; WR_E_CLOSED: the connection takes no more; WR_E_NOMEM. */
int wr_h2_request(struct wr_h2 *h, const struct wr_http_request *request);
/* Takes octets to be sent; 0: none now. */
size_t wr_h2_output(struct wr_h2 *h, uint8_t *room, size_t cap);
/* True when output would give something. */
bool wr_h2_has_output(const struct wr_h2 *h);
/* When the oldest message that is not whole began; WR_TIME_NEVER. */
uint64_t wr_h2_since(const struct wr_h2 *h);
/* The stream of the oldest response that waits for the other side's window, or to be taken; 0: none does. */
uint64_t wr_h2_waiting(const struct wr_h2 *h);
/* No more new streams; what is out may end. */
void wr_h2_close(struct wr_h2 *h);
/* Nothing more comes of it. */
bool wr_h2_over(const struct wr_h2 *h);
/* Frees everything. */
void wr_h2_end(struct wr_h2 *h);

#endif
