/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Oblivious proxy: which target a request is to be carried to, and whether it may be (RFC 9230 section 4.1).
 *
 *     wr_odohproxy_init(&list);
 *     err = wr_odohproxy_allow(&list, "dns.example", 443, "/dns-query");         as the owner lists them
 *     err = wr_odohproxy_refuse(&list, "proxy.example");                         a name or address of our own
 *     status = wr_odohproxy_judge(&list, parameters, n, post, &index, path);     0: carry it to target `index`, at `path`
 *
 * What stands behind the "?" of a request is `targethost` and `targetpath`, percent-encoded, each exactly once; others are passed over. A
 * host may have a port. The path must be the one that was listed, or, for GET, that of the target's configurations.
 *
 * 400: one of them is missing, twice, too long or broken. 403: not listed, or this host itself: who runs both sees both the question and
 * who asked it, so proxy and target are never one. 405: a GET of something else.
 *
 * Pure; the strings of allow and refuse are the owner's and stay.
 */
#ifndef WR_TRANSPORT_ODOHPROXY_H
#define WR_TRANSPORT_ODOHPROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

struct wr_odohproxy_target {
    const char *host, *path;
    uint16_t port;
};

struct wr_odohproxy {
    struct wr_odohproxy_target target[WR_ODOH_TARGETS_MAX];
    const char *own[WR_ODOH_TARGETS_MAX];
    uint8_t targets, owns;
};

void wr_odohproxy_init(struct wr_odohproxy *p);
/* WR_E_FULL; WR_E_DENIED: it is this host. */
int wr_odohproxy_allow(struct wr_odohproxy *p, const char *host, uint16_t port, const char *path);
/* WR_E_FULL; WR_E_DENIED: it is listed as a target. */
int wr_odohproxy_refuse(struct wr_odohproxy *p, const char *host);
/* `parameters`: what stands behind the "?", without it. The path is one of the list's or static. */
uint16_t wr_odohproxy_judge(const struct wr_odohproxy *p, const char *parameters, size_t n,
                            bool post, unsigned *ret_index, const char **ret_path);

/* What a client writes there: "targethost=dns.example&targetpath=%2Fdns-query"; false: no room. */
bool wr_odohproxy_write(const char *host, const char *path, char *ret, size_t cap);

#endif
