/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a segment that reaches what was answered, to the letter; tests/e2e/leases.py has the kernel obey them. */
#include "unit/policy/rulesettext.h"

#include "policy/rulesetlease.h"

static struct wr_ruleset_item item(enum wr_ruleset_kind kind, uint16_t segment, const char *text)
{
    struct wr_ruleset_item i;
    memset(&i, 0, sizeof(i));
    i.kind = (uint8_t)kind;
    i.segment = segment;
    if (kind == WR_RULESET_SEGMENT) {
        i.flags = strcmp(text, "rejects") == 0    ? WR_RULESET_REJECTS
                  : strcmp(text, "answered") == 0 ? WR_RULESET_ANSWERED
                                                  : 0;
    } else if (kind == WR_RULESET_INTERFACE) {
        strncpy(i.interface, text, sizeof(i.interface) - 1);
    } else {
        assert_int_equal(wr_addr_prefix_from_text(text, &i.prefix), WR_OK);
    }
    return i;
}

/* `cameras`: with a subnet in that of the house, and one in their own that is the guests'. */
static const struct wr_ruleset_item *answered(size_t *ret_count)
{
    static struct wr_ruleset_item all[11];
    all[0] = item(WR_RULESET_SEGMENT, 0, "rejects");
    all[1] = item(WR_RULESET_SUBNET, 0, "10.0.0.0/8");
    all[2] = item(WR_RULESET_SEGMENT, 1, "answered");
    all[3] = item(WR_RULESET_INTERFACE, 1, "br-cam");
    all[4] = item(WR_RULESET_SUBNET, 1, "10.1.0.0/16");
    all[5] = item(WR_RULESET_REACH, 1, "192.0.2.0/24");
    all[6] = item(WR_RULESET_REACH, 1, "2001:db8::1");
    all[7] = item(WR_RULESET_SEGMENT, 2, "any");
    all[8] = item(WR_RULESET_SUBNET, 2, "10.1.2.0/24");
    all[9] = item(WR_RULESET_INTERFACE, 2, "guests");
    all[10] = item(WR_RULESET_INTERFACE, 0, "br-lan");
    *ret_count = sizeof(all) / sizeof(all[0]);
    return all;
}

static void test_answered(void **state)
{
    size_t n;
    const struct wr_ruleset_item *all = answered(&n);
    const char *text = text_of(all, n, WR_RULESET_TABLE);
    static const char begin[] = "table inet weir { }\nflush table inet weir\ntable inet weir {\n";
    assert_int_equal(strncmp(text, begin, sizeof(begin) - 1), 0); /* leases stay */
    need(text, "\tset leases4 { type iface_index . ether_addr . ipv4_addr; flags timeout; }\n");
    need(text, "\tcounter segment_1_unleased { }\n");
    assert_null(strstr(text, "segment_0_unleased"));
    need(text, "\tchain segment_1 {\n"
               "\t\ttcp flags & (fin | syn | rst | ack) == syn jump segment_1_tried\n"
               "\t\tmeta l4proto udp jump segment_1_tried\n"
               "\t\tct state established accept\n"
               "\t\tmeta l4proto { icmp, ipv6-icmp } ct state related accept\n"
               "\t\tip6 daddr { fe80::/10, ff02::/16 } accept\n"
               "\t\tip daddr @segment_1_reaches4 accept\n"
               "\t\tip6 daddr @segment_1_reaches6 accept\n"
               "\t\tip daddr 10.1.2.0/24 goto segment_1_unleased\n"
               "\t\tip daddr 10.1.0.0/16 accept\n"
               "\t\tip daddr 10.0.0.0/8 goto segment_1_unleased\n"
               "\t\toifname { \"guests\", \"br-lan\" } goto segment_1_unleased\n"
               "\t\tiif . ether saddr . ip daddr @leases4 accept\n");
    need(text, "@port_routed6 accept\n\t\tgoto segment_1_unleased\n\t}\n");
    need(text, "\tchain segment_1_unleased {\n"
               "\t\ttcp flags & (fin | syn | rst | ack) == syn jump tried_unleased\n"
               "\t\tmeta l4proto udp jump tried_unleased\n"
               "\t\tmeta l4proto tcp counter name segment_1_unleased reject with tcp reset\n"
               "\t\tcounter name segment_1_unleased reject with icmpx type admin-prohibited\n"
               "\t}\n");
    need_order(text, "chain segment_1_unleased {", "chain segment_1 {");
    need_order(text, "@quarantined4 counter name quarantine drop",
               "iifname { \"br-cam\" } goto segment_1\n");
    /* What is not flushed with the table is what leases stand in. */
    need_order(text, "flush set inet weir segment_1_reaches4\n",
               "add element inet weir segment_1_reaches4 { 192.0.2.0/24 }\n");
    need(text, "flush set inet weir quarantined_mac\n");
    need(text, "flush set inet weir doh6\n");
    assert_null(strstr(text, "flush set inet weir leases"));
    assert_null(strstr(text, "flush set inet weir routed"));
    assert_string_equal(wr_rulesetlease_set(2 * WR_RULESETLEASE_MAC_PORT + 1), "port_leases6");
    assert_string_equal(wr_rulesetlease_set(WR_RULESETLEASE_SETS), "");
}

/* Approved resolvers are no bypass whatever the port, and open without a lease at the ports of DNS. */
static void test_resolvers(void **state)
{
    struct wr_ruleset_item all[] = {
        flagged(WR_RULESET_SEGMENT, 0, WR_RULESET_ANSWERED | WR_RULESET_REJECTS, NULL),
        flagged(WR_RULESET_INTERFACE, 0, 0, "br-cam"),
        flagged(WR_RULESET_RESOLVER, 0, 0, "192.0.2.53"),
        flagged(WR_RULESET_RESOLVER, 0, 0, "2001:db8::53")};
    const char *text = table_of(all, 4);
    need(text, "\tchain segment_0_foreign {\n"
               "\t\tip daddr @segment_0_resolvers4 return\n"
               "\t\tip6 daddr @segment_0_resolvers6 return\n"
               "\t\ttcp dport 53 counter name segment_0_dns reject with tcp reset\n");
    need(text,
         "\t\tjump segment_0_foreign\n"
         "\t\tct state established accept\n"
         "\t\tmeta l4proto { icmp, ipv6-icmp } ct state related accept\n"
         "\t\tip6 daddr { fe80::/10, ff02::/16 } accept\n"
         "\t\tip daddr @segment_0_resolvers4 meta l4proto { tcp, udp } th dport { 53, 443, 853 } "
         "accept\n"
         "\t\tip6 daddr @segment_0_resolvers6 meta l4proto { tcp, udp } th dport { 53, 443, 853 } "
         "accept\n"
         "\t\tip daddr @segment_0_reaches4 accept\n");
    all[0].flags = WR_RULESET_ANSWERED; /* without foreign_dns they are nothing */
    text = table_of(all, 4);
    assert_null(strstr(text, "segment_0_foreign"));
    assert_null(strstr(text, "segment_0_resolvers4 meta"));
}

/* The sets alone, for who fills them before the rules come. */
static void test_lease_sets(void **state)
{
    const char *text = text_of(NULL, 0, WR_RULESET_LEASES);
    static const char begin[] = "table inet weir {\n\tset leases4 { type ";
    assert_int_equal(strncmp(text, begin, sizeof(begin) - 1), 0);
    assert_null(strstr(text, "chain"));
    for (unsigned i = 0; i < WR_RULESETLEASE_SETS; i++) {
        need(text, wr_rulesetlease_set(i));
    }
    text = text_of(NULL, 0, WR_RULESET_LEASES | WR_RULESET_NONE);
    need_order(text, "delete table inet weir\n", "set leases4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answered),
        cmocka_unit_test(test_resolvers),
        cmocka_unit_test(test_lease_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
