/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrying: an oblivious proxy's connection to one target: HTTP within TLS, as a machine without the socket (RFC 9230 section 4).
 *
 *   NEW -> SHAKING -> OPEN -> OVER
 *
 *     err = wr_odohcarry_start(c, &setup, &now)                 the socket is there
 *     wr_odohcarry_feed(c, bytes, size, &now)   while (wr_odohcarry_next(c, &now, &said)) ...
 *     err = wr_odohcarry_request(c, &request)                   WR_E_AGAIN: not open yet, or as many are out as the target allows
 *     while ((n = wr_odohcarry_output(c, room, cap)) > 0)       to be sent
 *     wr_odohcarry_end(c)
 *
 * Who the target is has been proven before the first request leaves. What a request has is given by its owner: method, path, media type
 * and body, and nothing else is added: no field tells of the client (section 4.1).
 *
 * said is transport/dohclient's: responses with status and body, and once the end. Memory: the owner's `out` and `plain`, and what TLS and
 * HTTP take until the end. The struct must not move.
 */
#ifndef WR_TRANSPORT_ODOHCARRY_H
#define WR_TRANSPORT_ODOHCARRY_H

#include "transport/dohclient.h"
#include "transport/tls.h"

#define WR_ODOHCARRY_OUT   (WR_TLS_FLIGHT_MAX + 2 * 4096)
#define WR_ODOHCARRY_PLAIN 16640

enum wr_odohcarry_state {
    WR_ODOHCARRY_NEW = 0,
    WR_ODOHCARRY_SHAKING,
    WR_ODOHCARRY_OPEN,
    WR_ODOHCARRY_OVER,
};

struct wr_odohcarry_setup {
    struct wr_creds *creds;
    wr_tls_verify_fn *verify;
    void *user;       /* for verify; lives as long */
    const char *name; /* for SNI, or NULL; lives as long */
    const char *host; /* what stands in Host; lives as long */
    struct wr_http_memory memory;
    uint8_t *out;   /* WR_ODOHCARRY_OUT octets */
    uint8_t *plain; /* WR_ODOHCARRY_PLAIN octets, of the thread */
};

struct wr_odohcarry {
    struct wr_odohcarry_setup setup;
    struct wr_tls tls;
    struct wr_dohclient http;
    struct wr_writer out;
    uint8_t state; /* enum wr_odohcarry_state */
    bool speaks;   /* http is started */
    bool told;     /* the end */
    const char *why;
};

int wr_odohcarry_start(struct wr_odohcarry *c, const struct wr_odohcarry_setup *setup,
                       const struct wr_now *now);
/* The octets must stay until next gave false. */
void wr_odohcarry_feed(struct wr_odohcarry *c, const uint8_t *bytes, size_t size,
                       const struct wr_now *now);
bool wr_odohcarry_next(struct wr_odohcarry *c, const struct wr_now *now,
                       struct wr_dohclient_said *ret_said);
int wr_odohcarry_request(struct wr_odohcarry *c, const struct wr_http_request *request);
/* Octets that HTTP holds. */
size_t wr_odohcarry_memory(const struct wr_odohcarry *c);
size_t wr_odohcarry_output(struct wr_odohcarry *c, uint8_t *room, size_t cap);
void wr_odohcarry_end(struct wr_odohcarry *c);

#endif
