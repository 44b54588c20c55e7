/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1: a connection of either role over octets in memory (RFC 9112), strict.
 *
 *     wr_h1_start; then  feed what came -> next until WR_E_AGAIN -> respond (server) or request (client) -> output
 *
 * One message is in work at a time: the next request is read when the one before has its response, so responses cannot change
 * places; what is pipelined behind it waits, up to WR_HTTP_PIPELINE_MAX octets. After a response, ask next again.
 *
 * Strict, so that whoever stands in front reads the same message (request smuggling): no bare CR or LF, no space before a colon, no
 * folded line, exactly one Host, one Content-Length of digits, never beside Transfer-Encoding, which may only be `chunked`. What breaks
 * that gets its status and the end of the connection. A response must say its length: a body that ends with the
 * connection could have been cut by anybody.
 */
#ifndef WR_TRANSPORT_H1_H
#define WR_TRANSPORT_H1_H

#include "transport/http.h"

struct wr_h1 {
    struct wr_http_heap *heap; /* the owner's */
    struct wr_http_octets
        in; /* what came: the head, the body (in one piece, chunks joined), what is behind */
    struct wr_http_octets out;   /* what is to be sent, from `sent` on */
    struct wr_http_octets asked; /* client: the octets given with the request */
    size_t sent;
    size_t at;   /* what has been looked at of `in` */
    size_t body; /* where the body begins, and its octets so far */
    size_t have;
    uint64_t left;   /* octets of the body or chunk still to come */
    size_t trailers; /* octets of lines behind the last chunk */
    size_t body_max;
    uint64_t number;   /* of the message in work */
    uint64_t token;    /* client: of the request that is out */
    uint64_t since_us; /* when the message that is being read began */
    uint64_t now_us;
    struct wr_http_head head;
    size_t target_at, target_size; /* in `in` */
    int message_err;               /* as in struct wr_http_message */
    int err;
    uint8_t state;
    uint8_t method; /* client: of the request that is out; 0: none is */
    bool client;
    bool chunked;
    bool last;    /* the connection ends with this message */
    bool closing; /* nothing more is read */
    bool looked;  /* what is in `in` has been looked at */
    bool unread;  /* the rest of a body comes and is thrown away */
};

struct wr_h1_setup {
    bool client;
    size_t body_max;
    struct wr_http_heap *heap;
};

void wr_h1_start(struct wr_h1 *h, const struct wr_h1_setup *setup, uint64_t now_us);
int wr_h1_feed(struct wr_h1 *h, const uint8_t *bytes, size_t size, uint64_t now_us);
int wr_h1_next(struct wr_h1 *h, struct wr_http_message *ret_message);
/* Server. WR_E_NOTFOUND: not the message in work; WR_E_NOMEM: the connection is lost. */
int wr_h1_respond(struct wr_h1 *h, uint64_t stream, const struct wr_http_reply *reply);
/* Client. WR_E_AGAIN: a request is out; WR_E_CLOSED; WR_E_NOMEM. */
int wr_h1_request(struct wr_h1 *h, const struct wr_http_request *request);
size_t wr_h1_output(struct wr_h1 *h, uint8_t *room, size_t cap);
bool wr_h1_has_output(const struct wr_h1 *h);
/* A client's: a response is waited for, and nothing else may be asked. */
bool wr_h1_busy(const struct wr_h1 *h);
/* When the message that is being read began; WR_TIME_NEVER. */
uint64_t wr_h1_since(const struct wr_h1 *h);
/* More octets are not wanted before the message in work has its response. */
bool wr_h1_full(const struct wr_h1 *h);
/* Octets are here that were not looked at: next may give a message. */
bool wr_h1_more(const struct wr_h1 *h);
void wr_h1_close(struct wr_h1 *h);
bool wr_h1_over(const struct wr_h1 *h);
/* Over, and all that was to come has come: whoever closes now cuts nothing off. */
bool wr_h1_done(const struct wr_h1 *h);
void wr_h1_end(struct wr_h1 *h);

#endif
