/* SPDX-License-Identifier: Apache-2.0 */
/* What nft is told of DNS that is answered in place of others; tests/e2e/firewall.py has the kernel obey it. */
#include "unit/policy/rulesettext.h"

#include "policy/rulesethairpin.h"

static struct wr_ruleset_item item(enum wr_ruleset_kind kind, uint16_t segment, const char *text)
{
    struct wr_ruleset_item i;
    memset(&i, 0, sizeof(i));
    i.kind = (uint8_t)kind;
    i.segment = segment;
    if (kind == WR_RULESET_INTERFACE) {
        strncpy(i.interface, text, sizeof(i.interface) - 1);
    } else if (kind == WR_RULESET_SUBNET) {
        assert_int_equal(wr_addr_prefix_from_text(text, &i.prefix), WR_OK);
    }
    return i;
}

static void test_rules(void **state)
{
    struct wr_ruleset_item all[] = {
        item(WR_RULESET_SEGMENT, 0, NULL), item(WR_RULESET_INTERFACE, 0, "br-cam"),
        item(WR_RULESET_SEGMENT, 1, NULL), item(WR_RULESET_INTERFACE, 1, "br-tv"),
        item(WR_RULESET_SUBNET, 1, "10.1.0.0/16")};
    all[0].flags = all[2].flags = WR_RULESET_REJECTS;
    assert_false(wr_rulesethairpin_wanted(all, 5));
    assert_null(strstr(table_of(all, 5), "hairpin"));
    all[0].flags |= WR_RULESET_HAIRPINS;
    assert_true(wr_rulesethairpin_wanted(all, 5));
    const char *text = table_of(all, 5);
    assert_non_null(
        strstr(text, "\tchain hairpin {\n"
                     "\t\ttype filter hook prerouting priority -110; policy accept;\n"
                     "\t\tmeta l4proto != { tcp, udp } accept\n"
                     "\t\tth dport != 53 accept\n"
                     "\t\tmeta pkttype != host accept\n"
                     "\t\tfib daddr type { local, broadcast, anycast, multicast } accept\n"
                     "\t\tether saddr @quarantined_mac accept\n"
                     "\t\tiif . ip saddr @quarantined4 accept\n"
                     "\t\tiif . ip6 saddr @quarantined6 accept\n"
                     "\t\tfib saddr . iif oif missing accept\n"
                     "\t\tip saddr 10.1.0.0/16 iifname != { \"br-cam\" } goto segment_1_hairpin\n"
                     "\t\tiifname { \"br-cam\" } goto segment_0_hairpin\n\t}\n"));
    assert_non_null(strstr(
        text, "\tchain segment_0_hairpin {\n"
              "\t\tip daddr @segment_0_resolvers4 accept\n"
              "\t\tip6 daddr @segment_0_resolvers6 accept\n"
              "\t\ttcp flags & (fin | syn | rst | ack) == syn jump tried_dns\n"
              "\t\tmeta l4proto udp jump tried_dns\n"
              "\t\tmeta nfproto ipv4 meta l4proto { tcp, udp } tproxy ip to 192.0.0.8:53 meta "
              "mark set $hairpin_mark accept\n"
              "\t\tmeta nfproto ipv6 meta l4proto { tcp, udp } tproxy ip6 to [100::8]:53 meta "
              "mark set $hairpin_mark accept\n\t}\n"));
    assert_non_null(strstr(text, "\tchain segment_1_hairpin {\n\t}\n"));
    /* Where no socket is the segment's chain rejects, and the rest of DNS. */
    assert_non_null(strstr(text, "udp dport 53 counter name segment_0_dns reject"));
}

/* Without tproxy: marked, with another port between the rules of all others and the socket, and the same way back. */
static void test_redirect(void **state)
{
    struct wr_ruleset_item all[] = {item(WR_RULESET_SEGMENT, 0, NULL),
                                    item(WR_RULESET_INTERFACE, 0, "br-cam")};
    all[0].flags = WR_RULESET_REJECTS | WR_RULESET_HAIRPINS;
    assert_null(strstr(table_of(all, 2), "hairpin_door"));
    all[0].flags |= WR_RULESET_REDIRECTS;
    assert_true(wr_ruleset_is_sound(&all[0]) && wr_rulesethairpin_wanted(all, 2));
    const char *text = table_of(all, 2);
    assert_null(strstr(text, "tproxy"));
    const char *own = strstr(text, "\tchain segment_0_hairpin {\n");
    assert_non_null(own);
    assert_non_null(strstr(own, "\t\tmeta mark set $hairpin_mark accept\n\t}\n"));
    assert_non_null(strstr(text, "\tchain hairpin_door {\n"
                                 "\t\ttype filter hook input priority 250; policy accept;\n"
                                 "\t\tmeta mark != $hairpin_mark accept\n"
                                 "\t\tudp dport 53 udp dport set 10053\n"
                                 "\t\ttcp dport 53 tcp dport set 10053\n\t}\n"));
    assert_non_null(strstr(text, "\tchain hairpin_back {\n"
                                 "\t\ttype filter hook output priority -300; policy accept;\n"));
    assert_non_null(strstr(text, "\t\tfib saddr type local accept\n"
                                 "\t\tudp sport 10053 udp sport set 53\n"
                                 "\t\ttcp sport 10053 tcp sport set 53\n\t}\n"));
}

static void test_mark(void **state)
{
    struct wr_str text;
    wr_str_init(&text, rulesettext_room, sizeof(rulesettext_room));
    wr_rulesethairpin_define(&text, 0x53000000);
    assert_string_equal(rulesettext_room, "define hairpin_mark = 1392508928\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules), cmocka_unit_test(test_redirect), cmocka_unit_test(test_mark)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
