/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset, hairpin: DNS to resolvers of others goes to sockets of weir's own (policy/hairpin), in segments that want it.
 *
 * This comes before routing. Passed over, and so treated as everywhere: what is no DNS; what is for the gateway itself, for all on a link, or for
 * a group; what is in quarantine; whoever's way back is not the interface that he came in by (he writes another's address on his packets); who is in
 * no such segment; and the segment's approved resolvers. Fragments are whole by here, and headers of extensions are passed: the kernel
 * does both for tproxy. Where a socket is missing the rule does not match, and the segment's chain rejects.
 *
 * Without tproxy packets are marked, and so delivered here, but there is no socket at their address and port. On the last step to it, behind
 * everybody's rules for what comes in, the port becomes that of the door, whose sockets have all addresses and take what is marked; on the
 * first step out, before connections are tracked, it becomes 53 again. The address is never changed: so the socket is told it.
 */
#include "policy/rulesethairpin.h"

#include "policy/hairpin.h"
#include "policy/rulesetbypass.h"
#include "policy/rulesetpart.h"

/* Behind those who mark packets for themselves (-150), before addresses are changed (-100): whatever mark they have set is not needed here. */
#define PRIORITY "-110"

bool wr_rulesethairpin_wanted(const struct wr_ruleset_item *item, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((item[i].flags & WR_RULESET_HAIRPINS) != 0) {
            return true;
        }
    }
    return false;
}

void wr_rulesethairpin_define(struct wr_str *t, uint32_t mark)
{
    wr_str_text(t, "define hairpin_mark = ");
    wr_str_u64(t, mark);
    wr_str_char(t, '\n');
}

/* A chain for each segment: that of one which does not want it is empty, so that its clients are in no other. */
static void put_own(struct wr_str *t, const struct wr_ruleset_item *segment)
{
    wr_str_text(t, "\tchain ");
    wr_rulesetword_segment(t, segment->segment, "_hairpin {\n");
    bool wanted = (segment->flags & WR_RULESET_HAIRPINS) != 0;
    for (unsigned v6 = 0; wanted && v6 < 2; v6++) {
        wr_str_text(t, v6 ? "\t\tip6 daddr @" : "\t\tip daddr @");
        wr_rulesetword_segment(t, segment->segment,
                               v6 ? "_resolvers6 accept\n" : "_resolvers4 accept\n");
    }
    if (wanted) {
        wr_rulesetbypass_jump(t, "tried_dns");
    }
    for (unsigned v6 = 0; wanted && v6 < 2; v6++) {
        if ((segment->flags & WR_RULESET_REDIRECTS) != 0) {
            wr_str_text(t, v6 ? "\t\tmeta mark set $hairpin_mark accept\n" : "");
            continue;
        }
        wr_str_text(t, v6 ? "\t\tmeta nfproto ipv6" : "\t\tmeta nfproto ipv4");
        wr_str_text(t, " meta l4proto { tcp, udp } tproxy ");
        wr_str_text(t, v6 ? "ip6 to [" WR_HAIRPIN_AT6 "]:53" : "ip to " WR_HAIRPIN_AT4 ":53");
        wr_str_text(t, " meta mark set $hairpin_mark accept\n");
    }
    wr_str_text(t, "\t}\n");
}

/* Behind those who change addresses of what comes in (100). */
static void put_door(struct wr_str *t)
{
    wr_str_text(t, "\tchain hairpin_door {\n"
                   "\t\ttype filter hook input priority 250; policy accept;\n"
                   "\t\tmeta mark != $hairpin_mark accept\n"
                   "\t\tudp dport 53 udp dport set " WR_HAIRPIN_DOOR_TEXT "\n"
                   "\t\ttcp dport 53 tcp dport set " WR_HAIRPIN_DOOR_TEXT "\n"
                   "\t}\n"
                   "\tchain hairpin_back {\n"
                   "\t\ttype filter hook output priority -300; policy accept;\n"
                   "\t\tmeta l4proto != { tcp, udp } accept\n"
                   "\t\tth sport != " WR_HAIRPIN_DOOR_TEXT " accept\n"
                   "\t\tfib saddr type local accept\n"
                   "\t\tudp sport " WR_HAIRPIN_DOOR_TEXT " udp sport set 53\n"
                   "\t\ttcp sport " WR_HAIRPIN_DOOR_TEXT " tcp sport set 53\n"
                   "\t}\n");
}

static bool redirects(const struct wr_ruleset_facts *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if ((f->item[i].flags & WR_RULESET_REDIRECTS) != 0) {
            return true;
        }
    }
    return false;
}

static void put_chain(struct wr_str *t, const struct wr_ruleset_facts *f)
{
    wr_str_text(t, "\tchain hairpin {\n"
                   "\t\ttype filter hook prerouting priority " PRIORITY "; policy accept;\n"
                   "\t\tmeta l4proto != { tcp, udp } accept\n"
                   "\t\tth dport != 53 accept\n"
                   "\t\tmeta pkttype != host accept\n"
                   "\t\tfib daddr type { local, broadcast, anycast, multicast } accept\n"
                   "\t\tether saddr @quarantined_mac accept\n"
                   "\t\tiif . ip saddr @quarantined4 accept\n"
                   "\t\tiif . ip6 saddr @quarantined6 accept\n"
                   "\t\tfib saddr . iif oif missing accept\n");
    wr_rulesetword_places(t, f, WR_RULESET_HAIRPINS, "_hairpin\n");
    wr_str_text(t, "\t}\n");
}

void wr_rulesethairpin(struct wr_str *t, const struct wr_ruleset_facts *f,
                       enum wr_ruleset_place place, const struct wr_ruleset_item *segment)
{
    bool wanted = wr_rulesethairpin_wanted(f->item, f->count);
    if (wanted && place == WR_RULESET_OWN_CHAINS) {
        put_own(t, segment);
    } else if (wanted && place == WR_RULESET_CHAINS) {
        put_chain(t, f);
        if (redirects(f)) {
            put_door(t);
        }
    }
}
