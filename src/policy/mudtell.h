/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD tell: an ACE in plain words, and what becomes of it in this house.
 *
 * What no ACE permits is refused, so an ACE that cannot be enforced takes something away: it never opens more than the profile says. What weir does by
 * means of names and of leases (a firewall that opens to answers alone) is more than an address that was looked up once; what does not pass the gateway (devices of one segment among
 * each other, Ethernet), and what would let others begin, it does not do, and says so.
 *
 * Texts of a profile are a stranger's; in these words they are printable.
 */
#ifndef WR_POLICY_MUDTELL_H
#define WR_POLICY_MUDTELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "policy/mud.h"

#define WR_MUD_DNS "urn:ietf:params:mud:dns"
#define WR_MUD_NTP "urn:ietf:params:mud:ntp"
/* In no registry, but in the profiles that MUDgee makes: DHCP and ICMP with the gateway. */
#define WR_MUD_GATEWAY "urn:ietf:params:mud:gateway"

enum wr_mud_means {
    WR_MUD_NOT = 0,    /* not enforceable */
    WR_MUD_BY_NAME,    /* its name is approved, and leases are for its ports */
    WR_MUD_BY_GATEWAY, /* what the gateway itself says, to all */
    WR_MUD_BY_STATE,   /* answers to what the device begins */
    WR_MUD_BY_DEFAULT, /* refused, as all that no ACE permits */
    WR_MUD_BY_ADDRESS, /* the firewall opens to its network, where it opens to answers alone (policy/rulesetmud.c) */
};

/* What the owner has told of the house. */
struct wr_mud_house {
    const char *controller
        [WR_MUD_CONTROLLERS_MAX]; /* classes whose addresses he named: URIs, for `my-controller` the profile's own URL */
    size_t controllers;
    bool
        is_fetched; /* this profile is from a URL: no names with a star, which RFC 8520 does not have */
    bool
        is_stranger; /* of this profile it is not proven whose it is (serve/mudkin): it is nobody's of the same manufacturer */
};

struct wr_mud_judged {
    uint8_t means;   /* enum wr_mud_means */
    bool partly;     /* enforced, and not as narrowly as it is written */
    const char *why; /* static; of what is not enforced, or partly; else NULL */
};

/* `house` NULL: nothing is told. */
struct wr_mud_judged wr_mudtell_judge(const struct wr_mud *mud, const struct wr_mud_ace *ace,
                                      const struct wr_mud_house *house);
/* The class whose controllers this ACE is about; "": of none. */
const char *wr_mudtell_class(const struct wr_mud *mud, const struct wr_mud_ace *ace);
/* "by name", "by the gateway", ... "not enforceable". Static. */
const char *wr_mudtell_means(uint8_t means);
/* "may reach cloud.example over TCP, port 443". */
void wr_mudtell_words(const struct wr_mud *mud, const struct wr_mud_ace *ace, struct wr_str *out);
/* Do leases of this ACE have ports of their own: *ret_low to *ret_high? They have not where it names none, or more than WR_LEASE_PORTS_MAX. */
bool wr_mudtell_ports(const struct wr_mud_ace *ace, uint16_t *ret_low, uint16_t *ret_high);

#endif
