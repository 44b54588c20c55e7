/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server cookies: proof that a client can receive at the address it sends from
 * (RFC 7873), in the interoperable form of RFC 9018 section 4.
 *
 * Sixteen octets: version 1, three reserved, a timestamp, and SipHash-2-4 over
 * client cookie, those eight octets and the client's address. Nothing is
 * stored. Two secrets are accepted, the current and the one before it, and only
 * the current one makes new cookies (section 5: roll-over without a gap).
 *
 * The time is the wall clock in seconds, modulo 2^32, compared as serial numbers (section 4.3): a clock that is
 * wrong but runs is good enough, and one that steps costs each client one BADCOOKIE.
 */
#ifndef WR_POLICY_COOKIE_H
#define WR_POLICY_COOKIE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define WR_COOKIE_CLIENT_SIZE 8
#define WR_COOKIE_SERVER_SIZE 16
#define WR_COOKIE_SECRET_SIZE 16

enum wr_cookie_verdict {
    WR_COOKIE_BAD = 0,  /* not ours, of another address, too old or from the future */
    WR_COOKIE_GOOD = 1, /* proven; sending the same one back is enough */
    WR_COOKIE_RENEW =
        2, /* proven, but half an hour old or made with the old secret: send a new one */
};

void wr_cookie_make(const uint8_t secret[WR_COOKIE_SECRET_SIZE],
                    const uint8_t client[WR_COOKIE_CLIENT_SIZE], const struct wr_addr *from,
                    uint32_t now_s, uint8_t ret_server[WR_COOKIE_SERVER_SIZE]);

/* `server` is what the client sent behind its client cookie (any size; 16 is the only good one). */
enum wr_cookie_verdict wr_cookie_check(const uint8_t secret[WR_COOKIE_SECRET_SIZE],
                                       const uint8_t old_secret[WR_COOKIE_SECRET_SIZE],
                                       const uint8_t client[WR_COOKIE_CLIENT_SIZE],
                                       const uint8_t *server, size_t server_size,
                                       const struct wr_addr *from, uint32_t now_s);

#endif
