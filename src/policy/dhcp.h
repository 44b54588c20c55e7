/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dhcp: what a device says of itself when it asks for an address, read from the packet that everybody on its link hears.
 *
 *     DHCPv4 (RFC 2131, 2132)   DISCOVER and REQUEST: what it wants to know, in its order (55), its class (60), its name (12, or the
 *                               first label of 81), its identifier (61), its MUD URL (161)
 *     DHCPv6 (RFC 8415)         SOLICIT and REQUEST: what it wants to know (6), its class (16), its name (39, RFC 4704), its DUID (1), its MUD URL (112)
 *
 * The list of wishes, as its order, is the fingerprint: it comes from the program that asks, and stays the same for years where an
 * address does not. An INFORM and a request for information have other lists and are passed over; so are relays' messages, which
 * say nothing of this link, and a message whose client is not the one that has sent the frame.
 *
 * Pure. A packet begins with its IP header. All that is in it was written by a stranger: a message with one broken option says nothing.
 */
#ifndef WR_POLICY_DHCP_H
#define WR_POLICY_DHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

struct wr_dhcp_heard {
    uint8_t mac[6];
    bool v6;           /* `id` is a DUID, `list` has two octets for each wish */
    uint8_t list_size; /* octets; 0: there is none, as of all below */
    uint8_t class_size, host_size, id_size, mud_size;
    uint8_t list[WR_DHCP_FIELD_MAX];
    uint8_t class[WR_DHCP_FIELD_MAX]; /* of DHCPv6 behind the maker's number: "311 MSFT 5.0" */
    uint8_t host[WR_DHCP_FIELD_MAX];
    uint8_t id[WR_DHCP_FIELD_MAX];
    uint8_t mud[WR_DHCP_FIELD_MAX]; /* where it says that its profile is (RFC 8520 section 10) */
};

/* `from`: who has sent the frame. False: it is nothing of the kind, or broken. */
bool wr_dhcp_read(const uint8_t *packet, size_t n, const uint8_t from[6],
                  struct wr_dhcp_heard *ret_heard);

#endif
