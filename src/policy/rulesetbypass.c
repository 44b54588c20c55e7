/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset, bypass: who tries what past weir, noted by the kernel.
 *
 * In every segment each attempt to reach a foreign resolver that is not its own (port 53, port 853, a known address of DNS over HTTPS), and
 * each that is rejected because it was not answered, becomes an element of a set: the interface, the MAC address, to whom, protocol and port, with a
 * counter. Of TCP what opens a connection is an attempt, of UDP each packet. An element lives on for a while behind its last packet; a set that
 * is full takes no more until then, and nothing else changes by that: these rules decide nothing. What is noted is read back by netlink
 * (net/nftdump) and kept in policy/bypass.
 *
 * nft can name five types in a key and no sixth, so the client's own address is not in it: who is behind another router counts as that router.
 */
#include "policy/rulesetbypass.h"

#include "base/limits.h"
#include "policy/rulesetpart.h"

/* Of an element, behind its last packet: many looks long, and short for who fills a set. */
#define LIVES "2m"

static const char *const sets[WR_RULESETBYPASS_SETS] = {"dns4", "dns6",      "doh4",
                                                        "doh6", "unleased4", "unleased6"};
static const char *const chains[] = {"dns", "doh", "unleased"};

static void put_set(struct wr_str *t, unsigned set)
{
    wr_str_text(t, "tried_");
    wr_str_text(t, sets[set]);
}

void wr_rulesetbypass_set(unsigned set, struct wr_str *name)
{
    put_set(name, set);
}

static void put_sets(struct wr_str *t)
{
    for (unsigned i = 0; i < WR_RULESETBYPASS_SETS; i++) {
        wr_str_text(t, "\tset ");
        put_set(t, i);
        wr_str_text(t, i % 2 == 0 ? " { type iface_index . ether_addr . ipv4_addr"
                                  : " { type iface_index . ether_addr . ipv6_addr");
        wr_str_text(t, " . inet_proto . inet_service; flags dynamic,timeout; timeout " LIVES
                       "; gc-interval 10s; size ");
        wr_str_u64(t, WR_BYPASS_SET_MAX);
        wr_str_text(t, "; }\n");
    }
}

static void put_chains(struct wr_str *t)
{
    for (unsigned i = 0; i < WR_RULESETBYPASS_SETS; i++) {
        if (i % 2 == 0) {
            wr_str_text(t, "\tchain tried_");
            wr_str_text(t, chains[i / 2]);
            wr_str_text(t, " {\n");
        }
        wr_str_text(t, "\t\tupdate @");
        put_set(t, i);
        wr_str_text(t, i % 2 == 0 ? " { iif . ether saddr . ip daddr"
                                  : " { iif . ether saddr . ip6 daddr");
        wr_str_text(t, " . meta l4proto . th dport counter }\n");
        wr_str_text(t, i % 2 == 0 ? "" : "\t}\n");
    }
}

/* Whoever may be asked is no bypass. */
static void put_tried(struct wr_str *t, uint16_t segment)
{
    wr_str_text(t, "\tchain ");
    wr_rulesetword_segment(t, segment, "_tried {\n\t\tip daddr @");
    wr_rulesetword_segment(t, segment, "_resolvers4 return\n\t\tip6 daddr @");
    wr_rulesetword_segment(t, segment,
                           "_resolvers6 return\n"
                           "\t\tth dport { 53, 853 } goto tried_dns\n"
                           "\t\tip daddr @doh4 goto tried_doh\n"
                           "\t\tip6 daddr @doh6 goto tried_doh\n\t}\n");
}

void wr_rulesetbypass_jump(struct wr_str *t, const char *to)
{
    wr_str_text(t, "\t\ttcp flags & (fin | syn | rst | ack) == syn jump ");
    wr_str_text(t, to);
    wr_str_text(t, "\n\t\tmeta l4proto udp jump ");
    wr_str_text(t, to);
    wr_str_text(t, "\n");
}

void wr_rulesetbypass(struct wr_str *t, const struct wr_ruleset_facts *f,
                      enum wr_ruleset_place place, const struct wr_ruleset_item *segment)
{
    char room[32];
    struct wr_str own;
    (void)f;
    switch (place) {
    case WR_RULESET_DECLARE: put_sets(t); break;
    case WR_RULESET_CHAINS: put_chains(t); break;
    case WR_RULESET_OWN_CHAINS: put_tried(t, segment->segment); break;
    case WR_RULESET_BEGIN:
        wr_str_init(&own, room, sizeof(room));
        wr_rulesetword_segment(&own, segment->segment, "_tried");
        wr_rulesetbypass_jump(t, room);
        break;
    case WR_RULESET_UNLEASED: wr_rulesetbypass_jump(t, "tried_unleased"); break;
    default: break;
    }
}
