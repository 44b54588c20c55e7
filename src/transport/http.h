/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP: what its versions have in common, as far as DNS needs it (RFC 9110).
 *
 * A message is its method or status, its target, the few fields that mean something here, and its body. HTTP/1.1
 * (transport/h1) and HTTP/2 (transport/h2) read and write it; transport/doh knows what it means. Fields that mean
 * nothing to DNS (cookies, user agents, what identifies people) are read over and kept nowhere.
 *
 * Memory comes from the owner's hook and is counted in one heap for each connection, what nghttp2 takes included. Bodies are
 * refused beyond `max`. nghttp2 is refused nothing (it is not to be trusted where memory ends): how much one feed can make it take follows from
 * the limits of streams and heads, and a connection that is above `max` after a feed ends. The owner holds `used` against
 * the budget of all connections.
 */
#ifndef WR_TRANSPORT_HTTP_H
#define WR_TRANSPORT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/str.h"

enum wr_http_version { WR_HTTP_1_1 = 1, WR_HTTP_2 = 2 };

enum wr_http_method {
    WR_HTTP_GET = 1,
    WR_HTTP_HEAD,
    WR_HTTP_POST,
    WR_HTTP_OTHER,   /* registered, and not for DNS: 405 */
    WR_HTTP_UNKNOWN, /* nobody knows it: 501 */
};

enum wr_http_type {
    WR_HTTP_TYPE_NONE = 0, /* no Content-Type */
    WR_HTTP_TYPE_DNS,      /* application/dns-message (RFC 8484) */
    WR_HTTP_TYPE_ODOH,     /* application/oblivious-dns-message (RFC 9230) */
    WR_HTTP_TYPE_OCTETS,   /* application/octet-stream */
    WR_HTTP_TYPE_OTHER,
};

struct wr_http_head {
    uint64_t length;   /* of the body, when has_length */
    uint32_t age_s;    /* how long a cache has had it */
    uint16_t status;   /* of a response */
    uint8_t method;    /* enum wr_http_method, of a request */
    uint8_t type;      /* enum wr_http_type */
    bool has_length;   /* Content-Length */
    bool encoded;      /* Content-Encoding, and not identity */
    bool early;        /* Early-Data: 1 (RFC 8470) */
    bool expect;       /* Expect: 100-continue */
    bool expect_other; /* Expect, and something else */
};

/* A message that came. Pointers are valid until the next call of who gave it. */
struct wr_http_message {
    uint64_t stream; /* by which it is answered, or was asked */
    uint64_t token;  /* response: of the request */
    struct wr_http_head head;
    struct wr_str_part target; /* request: path and query */
    uint8_t *body;
    size_t size;
    const uint8_t *asked; /* response: the octets that were given with the request */
    size_t asked_size;
    int err; /* WR_OK; WR_E_LIMIT: the body is too long; WR_E_FULL: the head is; response: any reason for failure */
    bool
        again; /* response that failed: the server has done nothing, it may be asked again (RFC 9113 section 8.7) */
};

/* A response to be sent. Octets are copied. */
struct wr_http_reply {
    uint16_t status;
    uint8_t type;
    bool no_store;
    int64_t max_age_s; /* below 0: not said */
    const char *allow; /* for 405 */
    const uint8_t *body;
    size_t size;
};

/* A request to be sent. Octets are copied. */
struct wr_http_request {
    uint64_t token;
    uint8_t method;        /* GET or POST */
    uint8_t type;          /* of the body, and what is accepted */
    const char *authority; /* Host, or :authority */
    struct wr_str_part target;
    const uint8_t *body; /* sent with POST; given back with the response in any case */
    size_t size;
};

uint8_t wr_http_method(const char *text, size_t n);
const char *wr_http_method_name(uint8_t method); /* GET, HEAD, POST */
uint8_t wr_http_type(const char *text, size_t n);
const char *wr_http_type_name(uint8_t type); /* the media type; NULL for NONE and OTHER */
/* The reason phrase; "" for a status that weir does not send. */
const char *wr_http_reason(uint16_t status);
/* The value of Cache-Control for the reply, NUL-ended; "" for none. */
#define WR_HTTP_CACHE_SIZE 40
void wr_http_cache_control(const struct wr_http_reply *reply, char ret_text[WR_HTTP_CACHE_SIZE]);
/* One field; its name in any case. WR_E_FORMAT: a length that is no number, or two of them. */
int wr_http_field(struct wr_http_head *head, const char *name, size_t name_size, const char *value,
                  size_t value_size);

/* --- memory ------------------------------------------------------------------------------------- */

/* realloc's contract: NULL at: new; size 0: freed, gives NULL. */
struct wr_http_memory {
    void *(*resize)(void *user, void *at, size_t size);
    void *user;
};

struct wr_http_heap {
    struct wr_http_memory memory;
    struct wr_list pieces; /* all that is held */
    bool failed;           /* memory was refused by the owner's hook */
    size_t used;           /* octets, their headers included */
    size_t max;
};

/* The heap must not move from then on. */
void wr_http_heap_init(struct wr_http_heap *heap, const struct wr_http_memory *memory, size_t max);
/* Gives all back, whoever holds it. */
void wr_http_heap_drop(struct wr_http_heap *heap);
/* NULL beyond max, and when there is none. */
void *wr_http_resize(struct wr_http_heap *heap, void *at, size_t size);
static inline void *wr_http_take(struct wr_http_heap *heap, size_t size)
{
    return wr_http_resize(heap, NULL, size);
}
/* The same without a max: for who cannot be told no. */
void *wr_http_force(struct wr_http_heap *heap, void *at, size_t size);
void wr_http_give(struct wr_http_heap *heap, void *at);

/* Octets that grow. */
struct wr_http_octets {
    uint8_t *base;
    size_t size, cap;
};

/* WR_E_LIMIT: more than max octets; WR_E_NOMEM. `bytes` may be NULL: room is made, nothing is added. */
int wr_http_octets_add(struct wr_http_heap *heap, struct wr_http_octets *o, const void *bytes,
                       size_t n, size_t max);
void wr_http_octets_free(struct wr_http_heap *heap, struct wr_http_octets *o);

#endif
