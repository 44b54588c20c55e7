/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Router advertisements, as far as they tell the prefix of a translator (RFC 4861 sections 4.2 and 6.1.2, RFC 8781 section 4), or of resolvers
 * (RFC 8106 section 5.1, the encrypted ones of RFC 9463 section 6.1).
 *
 *     wr_routeradv_read(octets, size, &adv)   the ICMPv6 message, from its type on
 *     wr_routeradv_ask(octets)                a router solicitation; the kernel adds the checksum
 *
 * What does not stand in the message is the caller's to look at: the hop limit is 255, the sender link-local, the checksum right.
 * An advertisement with an option without size, or one that reaches beyond the end, is refused whole; options that are not known, PREF64
 * options of another size, with a length of prefix that is not defined, or with a prefix that no translator can have, are passed over.
 * Of an option about resolvers that is not whole, or has another size than it says, nothing is taken.
 * A translator has 64:ff9b::/96, a prefix in 64:ff9b:1::/48, or a unicast one of its network: in 2000::/3 or fc00::/7.
 *
 * Pure. Units: seconds.
 */
#ifndef WR_TRANSPORT_ROUTERADV_H
#define WR_TRANSPORT_ROUTERADV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"

#define WR_ROUTERADV_ASK_SIZE 8

struct wr_routeradv_prefix {
    struct wr_prefix prefix; /* of 32, 40, 48, 56, 64 or 96 bits */
    uint32_t lifetime_s;     /* 0: it is withdrawn; a multiple of 8 */
};

struct wr_routeradv_resolver {
    struct wr_addr addr;
    uint32_t lifetime_s; /* 0: it is withdrawn */
};

struct wr_routeradv {
    bool strange; /* there was one that no translator can have */
    uint32_t prefixes;
    struct wr_routeradv_prefix
        prefix[WR_ROUTERADV_PREFIXES_MAX]; /* beyond that they are left out */
    uint32_t resolvers;
    struct wr_routeradv_resolver resolver[WR_ROUTERADV_RESOLVERS_MAX]; /* likewise */
    uint8_t mac[6]; /* what the router says that it is; zero: it does not */
};

/* WR_E_FORMAT: no router advertisement, or broken; WR_E_LIMIT: a flood of options. */
int wr_routeradv_read(const uint8_t *message, size_t size, struct wr_routeradv *ret_adv);
void wr_routeradv_ask(uint8_t ret_message[WR_ROUTERADV_ASK_SIZE]);

#endif
