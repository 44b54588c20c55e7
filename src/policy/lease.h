/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lease: an address that one device may open connections to, because weir has answered it to that device.
 *
 * Plain values, as the engine asks for them, the channel carries them (net/leasewire) and the process with the privilege keeps them
 * (serve/leasehand). An ask is all that one reply needs; what was said to it is a bit for each address.
 *
 * A lease is for a device on an interface: the hand finds out itself, of the kernel, which MAC address the client's address has there, unless
 * a server that is believed has said for whom it asks (`mac`). `device` is the number in the registry, for the record; nothing is granted
 * by it. One that is there already is made to last as long as the longer of the two: an ask never shortens.
 *
 * What can be leased is an address of one machine of the Internet: not private, not special-use (RFC 6890 and its registries), no
 * group's. Documentation prefixes count as machines', as everywhere in weir: they are what tests and examples are made of, and nobody
 * routes them.
 */
#ifndef WR_POLICY_LEASE_H
#define WR_POLICY_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"

/* Of who has half of the room of his bound: for how long his client may remember what is new, at most (the floor is the owner's, and may be more). */
#define WR_LEASE_SCARCE_S 300
/* And of who has three quarters: so many new addresses of one answer. */
#define WR_LEASE_FEW 4

struct wr_lease_dest {
    uint8_t ip[16]; /* v4: the first four, the rest zero */
    uint8_t family; /* enum wr_family */
    uint8_t zero[3];
    uint32_t for_s; /* from when it is granted; 1 to WR_LEASE_FOR_MAX_S */
};

/* A lease for these alone; of none: for all. */
struct wr_lease_port {
    uint8_t protocol; /* IPPROTO_TCP 6, IPPROTO_UDP 17 */
    uint8_t zero;
    uint16_t port; /* host order */
};

struct wr_lease_ask {
    uint64_t id; /* the engine's, with a generation; not 0 */
    struct wr_addr client;
    uint32_t ifindex; /* that it came in by; 0: not known, and nothing can be granted */
    uint32_t device;  /* number in the registry; 0: not known */
    uint8_t mac[6];   /* with has_mac: of the device that the client asks for */
    bool has_mac;
    uint8_t dests, ports;
    struct wr_lease_dest dest[WR_LEASE_DESTS_MAX];
    struct wr_lease_port port[WR_LEASE_PORTS_MAX];
};

struct wr_lease_said {
    uint64_t id;
    uint32_t
        granted; /* bit n: dest n is in the kernel; those of a bound that was reached are not */
    int32_t err; /* not WR_OK: the firewall failed, and the segment's `fail` decides */
    uint32_t
        most_s; /* not 0: what was asked for longer is granted for so long, since room is scarce */
    uint32_t zero;
};

/* Is it an address of a machine of the Internet? An IPv4 address inside an IPv6 one (NAT64's well-known prefix) is judged as well. */
bool wr_lease_is_public(const struct wr_addr *addr);
/* For how long: what the client may remember, at least the floor, and the grace. */
uint32_t wr_lease_for(uint32_t ttl_s, uint32_t floor_s, uint32_t grace_s);

#endif
