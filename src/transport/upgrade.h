/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upgrade: which encrypted services a server that is known by its address names for itself (RFC 9462 section 4, RFC 9461).
 *
 *     n = wr_upgrade_read(answer, size, &addr, found, &ttl_s);       the answer to _dns.resolver.arpa SVCB, of the server at addr
 *
 * Nothing in it is believed: each is a door to be tried, and whoever opens must prove the address (a certificate that carries it).
 * Only doors at that same address are told. A record is passed over that is an alias, leads elsewhere, has a key that must be
 * understood and is not (RFC 9460 section 8), no transport that weir speaks, or a path that is not a plain one with
 * `{?dns}` behind it.
 *
 * Pure; no memory. What comes is by priority; of two alike the first counts.
 */
#ifndef WR_TRANSPORT_UPGRADE_H
#define WR_TRANSPORT_UPGRADE_H

#include "base/addr.h"
#include "base/limits.h"
#include "transport/uri.h"

struct wr_upgrade {
    uint8_t scheme;              /* WR_URI_TLS, WR_URI_HTTPS or WR_URI_QUIC */
    uint16_t port;               /* not 0 */
    uint16_t priority;           /* the server's: the smallest is liked best */
    char path[WR_URI_PATH_SIZE]; /* of HTTPS, with its "/" */
};

/* How many; 0: it names none, or it is no answer to that question. *ret_ttl_s: for how long (RFC 9462 section 4.2), 0 with none. */
size_t wr_upgrade_read(const uint8_t *answer, size_t size, const struct wr_addr *addr,
                       struct wr_upgrade ret_found[WR_UPGRADES_MAX], uint32_t *ret_ttl_s);
/* The name that is asked for, in wire form. */
extern const uint8_t wr_upgrade_name[20];

#endif
