/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DoH client: one connection to a server, HTTP/2 or HTTP/1.1, from DNS queries to plaintext octets and back (RFC 8484).
 *
 *     wr_dohclient_start(c, setup, now_us)
 *     wr_dohclient_ask(c, message, size)                 WR_E_AGAIN: not now, as many are out as the server allows
 *     while ((n = wr_dohclient_output(c, room, cap)) > 0)  to be encrypted
 *     wr_dohclient_feed(c, bytes, size, now_us)          what TLS decrypted
 *     while (wr_dohclient_next(c, &said))                answers, failures, the end; again after output
 *
 * The message's own id is the token: the id on the wire is 0 and the answer has the message's own again. Status, media type and size
 * of a response are checked, and that it answers the question; its TTLs are reduced by the time in a cache (Age). Redirects are
 * not followed: who is asked is the owner's decision. What the server has not looked at (GOAWAY, REFUSED_STREAM) is said to
 * be safe to ask again.
 *
 * Other bodies than DNS messages go by wr_dohclient_request with a token, type and target of their own; their responses
 * come with status and octets, and are judged by who asked.
 */
#ifndef WR_TRANSPORT_DOHCLIENT_H
#define WR_TRANSPORT_DOHCLIENT_H

#include "transport/doh.h"
#include "transport/h1.h"
#include "transport/h2.h"

/* Authority and path, with their NULs. */
#define WR_DOHCLIENT_HOST_SIZE 264
#define WR_DOHCLIENT_PATH_SIZE 256

struct wr_dohclient {
    struct wr_http_heap heap;
    uint8_t version; /* enum wr_http_version */
    uint8_t method;  /* of DNS messages */
    bool ended;      /* it was said */
    char host[WR_DOHCLIENT_HOST_SIZE];
    char path[WR_DOHCLIENT_PATH_SIZE];
    union {
        struct wr_h1 h1;
        struct wr_h2 h2;
    } http;
};

struct wr_dohclient_setup {
    uint8_t version;  /* by ALPN; without one HTTP/1.1 */
    uint8_t method;   /* WR_HTTP_POST, or WR_HTTP_GET */
    const char *host; /* host, and port where it is not 443; copied */
    const char *path; /* begins with a slash; copied */
    struct wr_http_memory memory;
};

enum wr_dohclient_kind {
    WR_DOHCLIENT_ANSWER =
        1, /* bytes: a DNS message with the id it was asked with; or the body, to a request */
    WR_DOHCLIENT_FAILED, /* there is none: why; `again` when the server has done nothing */
    WR_DOHCLIENT_ENDED,  /* the connection: why; what is still out is lost. Said once */
};

struct wr_dohclient_said {
    uint8_t kind;
    bool again;
    uint8_t type;    /* of the body */
    uint16_t status; /* of the response; 0: there was none */
    uint64_t token;  /* ANSWER, FAILED: the message's id, or the request's token */
    uint8_t *bytes;  /* valid until the next call */
    size_t size;
    const char *why; /* static */
};

/* Tokens of requests begin here; ids of messages are below. */
#define WR_DOHCLIENT_TOKENS UINT64_C(0x10000)

/* WR_E_NOMEM; WR_E_LIMIT: host or path too long, or with octets that have no place there. Then nothing is held. */
int wr_dohclient_start(struct wr_dohclient *c, const struct wr_dohclient_setup *setup,
                       uint64_t now_us);
/* WR_OK; WR_E_AGAIN; WR_E_CLOSED: the connection takes no more; WR_E_FORMAT: no message; WR_E_NOMEM: not this one, the connection is as
 * before. */
int wr_dohclient_ask(struct wr_dohclient *c, const uint8_t *message, size_t size);
/* `authority` NULL: the setup's. Target, type, method and token (WR_DOHCLIENT_TOKENS and above) are the request's. */
int wr_dohclient_request(struct wr_dohclient *c, const struct wr_http_request *request);
int wr_dohclient_feed(struct wr_dohclient *c, const uint8_t *bytes, size_t size, uint64_t now_us);
bool wr_dohclient_next(struct wr_dohclient *c, struct wr_dohclient_said *ret_said);
size_t wr_dohclient_output(struct wr_dohclient *c, uint8_t *room, size_t cap);
bool wr_dohclient_has_output(const struct wr_dohclient *c);
/* By HTTP/1.1, and a response is waited for: whatever is asked next waits behind it. */
bool wr_dohclient_busy(const struct wr_dohclient *c);
/* Part of a response is here, or all of a request is out: when the oldest began; WR_TIME_NEVER. */
uint64_t wr_dohclient_since(const struct wr_dohclient *c);
size_t wr_dohclient_memory(const struct wr_dohclient *c);
/* Nothing comes of it any more. What HTTP/2 says against a server that breaks it is in the output; then next tells. */
bool wr_dohclient_over(const struct wr_dohclient *c);
void wr_dohclient_close(struct wr_dohclient *c);
void wr_dohclient_end(struct wr_dohclient *c);

#endif
