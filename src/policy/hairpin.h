/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hairpin: a device asks a resolver of others, and weir answers in its place, from the very address and port that was asked.
 *
 * The kernel gives such packets to sockets of weir's (nft's tproxy, in policy/rulesethairpin) and marks them; by the mark they are delivered here
 * and not forwarded (net/markroute). The sockets are bound to addresses of nobody: no packet that is sent there reaches them, and so nobody
 * comes to them but by those rules. What all of them have in common stands here.
 */
#ifndef WR_POLICY_HAIRPIN_H
#define WR_POLICY_HAIRPIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

/* The dummy address (RFC 7600) and one of the discard prefix (RFC 6666): no host has them, and routers have no way to them. */
#define WR_HAIRPIN_AT4 "192.0.0.8"
#define WR_HAIRPIN_AT6 "100::8"
/* That of answers is that of the socket, so it is the one that is asked. */
#define WR_HAIRPIN_PORT 53

/* Where the second sockets are: of all addresses, and they take nothing that has not the mark. Where the kernel has no tproxy the port of marked
 * packets is changed to this on the last step to a socket, and back on the first step out; nobody sees it on the link. */
#define WR_HAIRPIN_DOOR      10053
#define WR_HAIRPIN_DOOR_TEXT "10053"

/* How packets are marked, and the routing table for those that are; the owner may name others. */
struct wr_hairpin_way {
    uint32_t mark, table;
};

/* Where the sockets of a family are bound; those of the door have the same address for a name, with its port. */
struct wr_addr wr_hairpin_at(uint8_t family);
struct wr_addr wr_hairpin_door_at(uint8_t family);
/* It is one of them. */
bool wr_hairpin_is(const struct wr_addr *listener);

#endif
