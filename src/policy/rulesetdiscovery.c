/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset, discovery: what devices say to find each other stays in their segment.
 *
 * mDNS (port 5353, RFC 6762), LLMNR (port 5355, RFC 4795) and SSDP (port 1900) are rejected on their way out of a segment that keeps them, to a group as to a
 * single address, and their groups whatever the port: of IPv6 those of every scope (RFC 6762 section 3, RFC 4795 section 2, UPnP Device
 * Architecture annex A). What goes to another interface of the segment, or into its subnets, stays inside and passes; a group has no subnet.
 */
#include "policy/rulesetpart.h"

/* What stays in the segment: by its interfaces, where it has some, and by its subnets that are no other's as well. */
static void put_inside(struct wr_str *t, const struct wr_ruleset_facts *f, uint16_t segment)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct wr_ruleset_item *one = &f->item[i];
        if (one->kind == WR_RULESET_INTERFACE && one->segment == segment) {
            wr_str_text(t, "\t\toifname \"");
            wr_str_text(t, one->interface);
            wr_str_text(t, "\" return\n");
        }
    }
    for (int len = 128; len >= 0; len--) {
        for (size_t i = 0; i < f->count; i++) {
            const struct wr_ruleset_item *one = &f->item[i];
            if (one->kind == WR_RULESET_SUBNET && one->prefix.len == len) {
                wr_str_text(t, "\t\t");
                wr_str_text(t, wr_rulesetword_ip(one->prefix.addr.family));
                wr_str_text(t, " daddr ");
                wr_rulesetword_prefix(t, &one->prefix);
                wr_str_text(t, one->segment == segment ? " return\n" : " goto ");
                if (one->segment != segment) {
                    wr_rulesetword_segment(t, segment, "_leaving\n");
                }
            }
        }
    }
    wr_str_text(t, "\t\tgoto ");
    wr_rulesetword_segment(t, segment, "_leaving\n");
}

static void put_chains(struct wr_str *t, const struct wr_ruleset_facts *f, uint16_t segment)
{
    wr_str_text(t, "\tchain ");
    wr_rulesetword_segment(t, segment, "_leaving {\n");
    wr_rulesetword_reject(t, segment, "meta l4proto tcp", "", WR_RULESET_COUNT_DISCOVERY,
                          "port-unreachable");
    wr_str_text(t, "\t}\n\tchain ");
    wr_rulesetword_segment(t, segment, "_discovery {\n");
    put_inside(t, f, segment);
    wr_str_text(t, "\t}\n");
}

void wr_rulesetdiscovery(struct wr_str *t, const struct wr_ruleset_facts *f,
                         enum wr_ruleset_place place, const struct wr_ruleset_item *segment)
{
    static const char *const matches[] = {
        "udp dport { 1900, 5353, 5355 }", "tcp dport 5355",
        "ip daddr { 224.0.0.251, 224.0.0.252, 239.255.255.250 }",
        "ip6 daddr & fff0:ffff:ffff:ffff:ffff:ffff:ffff:ffff == { ff00::c, ff00::fb, ff00::1:3 }"};
    if (segment == NULL || (segment->flags & WR_RULESET_KEEPS) == 0) {
        return;
    }
    if (place == WR_RULESET_OWN_DECLARE) {
        wr_rulesetword_counter(t, segment->segment, WR_RULESET_COUNT_DISCOVERY);
    } else if (place == WR_RULESET_OWN_CHAINS) {
        put_chains(t, f, segment->segment);
    } else if (place == WR_RULESET_BEGIN) {
        for (unsigned i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
            wr_str_text(t, "\t\t");
            wr_str_text(t, matches[i]);
            wr_str_text(t, " jump ");
            wr_rulesetword_segment(t, segment->segment, "_discovery\n");
        }
    }
}
