/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset: the text that `nft -f -` is given, made of facts.
 *
 * A fact is one item: a segment and what holds for it, an interface or subnet of it, a resolver that it may ask, what it may reach, an
 * address of a foreign resolver over HTTPS, a MAC address or an address in quarantine, a port of weir's, what a device may reach by its
 * profile. Whoever runs nft takes items and no text from others, looks at each
 * (wr_ruleset_is_sound), and writes the text itself: nobody can have it say anything else.
 *
 * The table is `inet weir`, so IPv4 and IPv6 have the same rules. Each text is one transaction. The whole table takes the place of the
 * one before, in whatever state somebody has left that; where there are leases, all but the sets of these does, which the process with the privilege
 * fills by itself. The contents of a set are changed without a touch to rules and counters.
 *
 *     forward   quarantine first, before anybody's `established`: what drops is final whatever other tables say. Then who is sent to the
 *               chain of his segment: by the longest subnet, then by the interface, with the exception of policy/segment.h
 *     segment_N but for resolvers that it may ask, port 53, port 853 and known addresses of DNS over HTTPS are rejected, TCP by a reset
 *               and UDP by port unreachable, so that a device falls back at once; each kind is counted. Of a segment that reaches only what was
 *               answered (policy/rulesetlease.c): open connections, these resolvers at the ports of DNS, REACHes, its own subnets and leases
 *               pass, all else is counted and rejected
 *     input     who is in quarantine has DHCP, neighbour discovery, DNS and time of the gateway, and nothing else
 */
#ifndef WR_POLICY_RULESET_H
#define WR_POLICY_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/str.h"

#define WR_RULESET_INTERFACE_SIZE 16 /* with the NUL, as the kernel has them */

enum wr_ruleset_kind {
    WR_RULESET_SEGMENT = 0, /* segment; `flags` */
    WR_RULESET_INTERFACE,   /* segment, interface */
    WR_RULESET_SUBNET,      /* segment, prefix */
    WR_RULESET_RESOLVER,    /* segment, prefix */
    WR_RULESET_REACH,       /* segment, prefix: reached without a lease */
    WR_RULESET_DOH,         /* prefix */
    WR_RULESET_MAC,         /* mac */
    WR_RULESET_ADDRESS, /* prefix: one address; its scope is the interface, 0: not known, and nothing is dropped by it */
    WR_RULESET_UDP,    /* port: where weir itself answers */
    WR_RULESET_TCP,    /* likewise */
    WR_RULESET_PERMIT, /* mac, and prefix with the interface that it comes in by as scope: it may open there; flags, protocol, ports */
    WR_RULESET_KIN, /* segment: the number of a class of devices; prefix: an address of one, with the interface that it is at as scope */
    WR_RULESET_KINDS,
};

/* What holds for a segment: bits. Whatever it is, who tries what past weir is noted (policy/rulesetbypass.c). */
enum wr_ruleset_flag {
    WR_RULESET_REJECTS = 1,  /* DNS of others, but for RESOLVERs */
    WR_RULESET_ANSWERED = 2, /* it reaches what has a lease, and REACHes */
    WR_RULESET_HAIRPINS =
        4, /* with REJECTS: at port 53 weir answers in place of others (policy/hairpin) */
    WR_RULESET_KEEPS = 8, /* what devices say to find each other does not leave it */
    WR_RULESET_LOCAL =
        16, /* of a PERMIT: to all segments; its prefix is of length 0, and says the family */
    WR_RULESET_REDIRECTS = 32, /* with HAIRPINS: without tproxy, by a change of the port */
    WR_RULESET_FLAGS = 47,     /* all of a SEGMENT */
    WR_RULESET_TO_KIN =
        64, /* of a PERMIT: to the KIN of its segment's number; its prefix as with LOCAL */
    WR_RULESET_UNTRACKED = 128, /* of a UDP: without the kernel's table of connections */
};

struct wr_ruleset_item {
    uint8_t kind;  /* enum wr_ruleset_kind */
    uint8_t flags; /* of SEGMENT, PERMIT, UDP: enum wr_ruleset_flag */
    uint16_t segment;
    uint16_t port;
    uint8_t mac[6];
    char interface[WR_RULESET_INTERFACE_SIZE];
    struct wr_prefix prefix;
    uint16_t port_high; /* of PERMIT: port to port_high, from_low to from_high; both 0: any */
    uint16_t from_low, from_high;
    uint8_t protocol; /* IP's number; 0: all */
    uint8_t zero;
};

/* What is written: bits. */
enum wr_ruleset_part {
    WR_RULESET_TABLE = 1,      /* all of it, in place of what there is */
    WR_RULESET_QUARANTINE = 2, /* who is in quarantine */
    WR_RULESET_DOHS = 4,       /* the addresses of DNS over HTTPS */
    WR_RULESET_NONE = 8,       /* the table is taken away */
    WR_RULESET_LEASES = 16,    /* the sets of leases, if they are not there: before TABLE */
};

/* Every field is what its kind may have, and all others are zero. */
bool wr_ruleset_is_sound(const struct wr_ruleset_item *item);
/* The items are sound; of the sets' (RESOLVER and REACH of a segment, DOH) none overlaps another. Items of other parts are passed over. WR_E_FULL: no room. */
int wr_ruleset_text(const struct wr_ruleset_item *item, size_t count, unsigned parts,
                    struct wr_str *text);

/* What a segment's counters count. */
enum wr_ruleset_counter {
    WR_RULESET_COUNT_DNS = 0,   /* port 53 */
    WR_RULESET_COUNT_ENCRYPTED, /* port 853: DNS over TLS, over QUIC */
    WR_RULESET_COUNT_DOH,       /* known addresses of DNS over HTTPS */
    WR_RULESET_COUNT_UNLEASED,  /* what was not answered to the device */
    WR_RULESET_COUNT_DISCOVERY, /* mDNS, LLMNR, SSDP on their way out */
    WR_RULESET_COUNTERS,
};
/* "dns", "encrypted", "doh", "unleased", "discovery". */
const char *wr_ruleset_counter_name(unsigned counter);

#endif
