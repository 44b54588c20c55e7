/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset, leases: a segment that reaches what was answered to its devices, and nothing else.
 *
 *     open connections pass (a lease says who may open one, not how long it lasts) and errors of ICMP about them, then approved resolvers at the ports of DNS, then what a
 *     device's profile has (rulesetmud.c), then `reaches`, then the segment's own subnets but for those of others in them, then what has a lease; nothing of another
 *     segment's, by its subnets and interfaces, lease or not. All else is counted and rejected. What a helper of the connection table expects (FTP, SIP) is a
 *     connection like any other: whoever speaks to a helper could open any port of any address by it.
 *
 * A lease is an element of a set with a timeout, by exact keys: the interface it comes in by, the MAC address, the destination, and for a
 * lease of some ports the protocol and the port; of a client behind another router its address stands for the MAC address. The contents are
 * not written here: they are the kernel's, by netlink (net/nftset).
 */
#include "policy/rulesetlease.h"

#include "policy/rulesetpart.h"

#define ETHER "iface_index . ether_addr . "
#define PORT  " . inet_proto . inet_service"

static const struct {
    const char *name, *type, *match;
} sets[WR_RULESETLEASE_SETS] = {
    {"leases4", ETHER "ipv4_addr", "iif . ether saddr . ip daddr"},
    {"leases6", ETHER "ipv6_addr", "iif . ether saddr . ip6 daddr"},
    {"port_leases4", ETHER "ipv4_addr" PORT,
     "iif . ether saddr . ip daddr . meta l4proto . th dport"},
    {"port_leases6", ETHER "ipv6_addr" PORT,
     "iif . ether saddr . ip6 daddr . meta l4proto . th dport"},
    {"routed4", "iface_index . ipv4_addr . ipv4_addr", "iif . ip saddr . ip daddr"},
    {"routed6", "iface_index . ipv6_addr . ipv6_addr", "iif . ip6 saddr . ip6 daddr"},
    {"port_routed4", "iface_index . ipv4_addr . ipv4_addr" PORT,
     "iif . ip saddr . ip daddr . meta l4proto . th dport"},
    {"port_routed6", "iface_index . ipv6_addr . ipv6_addr" PORT,
     "iif . ip6 saddr . ip6 daddr . meta l4proto . th dport"},
};

const char *wr_rulesetlease_set(unsigned set)
{
    return set < WR_RULESETLEASE_SETS ? sets[set].name : "";
}

bool wr_rulesetlease_wanted(const struct wr_ruleset_item *item, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((item[i].flags & WR_RULESET_ANSWERED) != 0) {
            return true;
        }
    }
    return false;
}

void wr_rulesetlease_sets(struct wr_str *t)
{
    for (unsigned i = 0; i < WR_RULESETLEASE_SETS; i++) {
        wr_str_text(t, "\tset ");
        wr_str_text(t, sets[i].name);
        wr_str_text(t, " { type ");
        wr_str_text(t, sets[i].type);
        wr_str_text(t, "; flags timeout; }\n");
    }
}

/* Subnets as wr_segment_of finds them, the longest first: its own pass, those of others are never reached by a lease. */
static void put_subnets(struct wr_str *t, const struct wr_ruleset_facts *f, uint16_t segment)
{
    for (int len = 128; len >= 0; len--) {
        for (size_t i = 0; i < f->count; i++) {
            const struct wr_ruleset_item *one = &f->item[i];
            if (one->kind != WR_RULESET_SUBNET || one->prefix.len != len) {
                continue;
            }
            wr_str_text(t, "\t\t");
            wr_str_text(t, wr_rulesetword_ip(one->prefix.addr.family));
            wr_str_text(t, " daddr ");
            wr_rulesetword_prefix(t, &one->prefix);
            if (one->segment == segment) {
                wr_str_text(t, " accept\n");
            } else {
                wr_str_text(t, " goto ");
                wr_rulesetword_segment(t, segment, "_unleased\n");
            }
        }
    }
}

/* A lease opens the way out alone: what leaves by an interface of another segment has none, whatever address it goes to. */
static void put_interfaces(struct wr_str *t, const struct wr_ruleset_facts *f, uint16_t segment)
{
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++) {
        const struct wr_ruleset_item *one = &f->item[i];
        if (one->kind == WR_RULESET_INTERFACE && one->segment != segment) {
            wr_str_text(t, n++ == 0 ? "\t\toifname { \"" : ", \"");
            wr_str_text(t, one->interface);
            wr_str_char(t, '"');
        }
    }
    if (n > 0) {
        wr_str_text(t, " } goto ");
        wr_rulesetword_segment(t, segment, "_unleased\n");
    }
}

/* Approved resolvers, at the ports of DNS: 53, and what carries it over TLS, QUIC and HTTPS. */
static void put_resolvers(struct wr_str *t, const struct wr_ruleset_item *segment)
{
    for (unsigned v6 = 0; v6 < 2 && (segment->flags & WR_RULESET_REJECTS) != 0; v6++) {
        wr_str_text(t, v6 ? "\t\tip6 daddr @" : "\t\tip daddr @");
        wr_rulesetword_segment(t, segment->segment, v6 ? "_resolvers6" : "_resolvers4");
        wr_str_text(t, " meta l4proto { tcp, udp } th dport { 53, 443, 853 } accept\n");
    }
}

static void put_chain(struct wr_str *t, const struct wr_ruleset_facts *f,
                      const struct wr_ruleset_item *one)
{
    uint16_t segment = one->segment;
    /* No router passes on what is for one link: it is seen here where bridges are filtered, and neighbours find each other by it. */
    wr_str_text(t, "\t\tct state established accept\n"
                   "\t\tmeta l4proto { icmp, ipv6-icmp } ct state related accept\n"
                   "\t\tip6 daddr { fe80::/10, ff02::/16 } accept\n");
    put_resolvers(t, one);
    wr_ruleset_parts(t, f, WR_RULESET_PERMITTED, one);
    wr_str_text(t, "\t\tip daddr @");
    wr_rulesetword_segment(t, segment, "_reaches4 accept\n\t\tip6 daddr @");
    wr_rulesetword_segment(t, segment, "_reaches6 accept\n");
    put_subnets(t, f, segment);
    put_interfaces(t, f, segment);
    for (unsigned i = 0; i < WR_RULESETLEASE_SETS; i++) {
        wr_str_text(t, "\t\t");
        wr_str_text(t, sets[i].match);
        wr_str_text(t, " @");
        wr_str_text(t, sets[i].name);
        wr_str_text(t, " accept\n");
    }
    wr_str_text(t, "\t\tgoto ");
    wr_rulesetword_segment(t, segment, "_unleased\n");
}

static void put_unleased(struct wr_str *t, const struct wr_ruleset_facts *f,
                         const struct wr_ruleset_item *segment)
{
    wr_str_text(t, "\tchain ");
    wr_rulesetword_segment(t, segment->segment, "_unleased {\n");
    wr_ruleset_parts(t, f, WR_RULESET_UNLEASED, segment);
    wr_rulesetword_reject(t, segment->segment, "meta l4proto tcp", "", WR_RULESET_COUNT_UNLEASED,
                          "admin-prohibited");
    wr_str_text(t, "\t}\n");
}

void wr_rulesetlease(struct wr_str *t, const struct wr_ruleset_facts *f,
                     enum wr_ruleset_place place, const struct wr_ruleset_item *segment)
{
    if (segment == NULL) {
        if (place == WR_RULESET_DECLARE && wr_rulesetlease_wanted(f->item, f->count)) {
            wr_rulesetlease_sets(t);
        }
        return;
    }
    if ((segment->flags & WR_RULESET_ANSWERED) == 0) {
        return;
    }
    if (place == WR_RULESET_OWN_DECLARE) {
        wr_rulesetword_counter(t, segment->segment, WR_RULESET_COUNT_UNLEASED);
    } else if (place == WR_RULESET_OWN_CHAINS) {
        put_unleased(t, f, segment);
    } else if (place == WR_RULESET_END) {
        put_chain(t, f, segment);
    }
}
