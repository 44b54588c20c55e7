/* SPDX-License-Identifier: Apache-2.0 */
/* What profiles open by address, to the letter; tests/e2e/leases.py has the kernel obey it. */
#include "base/limits.h"
#include "unit/policy/rulesettext.h"

static struct wr_ruleset_item permit(uint8_t mac, const char *to, uint8_t protocol, uint16_t low,
                                     uint16_t high)
{
    struct wr_ruleset_item i;
    memset(&i, 0, sizeof(i));
    i.kind = WR_RULESET_PERMIT;
    assert_int_equal(wr_addr_prefix_from_text(to, &i.prefix), WR_OK);
    i.prefix.addr.scope = 7;
    i.mac[5] = mac;
    i.protocol = protocol;
    i.port = low;
    i.port_high = high;
    return i;
}

static void house(struct wr_ruleset_item all[3], uint8_t flags)
{
    memset(all, 0, 3 * sizeof(*all));
    all[0].kind = WR_RULESET_SEGMENT;
    all[0].flags = flags;
    all[1].kind = WR_RULESET_SUBNET;
    assert_int_equal(wr_addr_prefix_from_text("10.1.0.0/16", &all[1].prefix), WR_OK);
    all[2].kind = WR_RULESET_INTERFACE;
    memcpy(all[2].interface, "br-cam", 7);
}

static void test_text(void **state)
{
    struct wr_ruleset_item all[9];
    house(all, WR_RULESET_ANSWERED | WR_RULESET_REJECTS);
    all[3] = permit(1, "10.2.0.0/16", 6, 80, 90);
    all[4] = permit(1, "2001:db8::5", 17, 123, 123);
    all[4].from_low = 1024;
    all[4].from_high = 65535;
    all[5] = permit(1, "10.3.0.1", 0, 0, 0);
    all[6] = permit(2, "10.3.0.1", 47, 0, 0);
    all[7] = permit(2, "0.0.0.0/0", 6, 22, 22);
    all[7].flags = WR_RULESET_LOCAL;
    all[8] = permit(2, "10.3.0.1", 6, 1, 1);
    all[8].prefix.addr.scope = 9; /* at another interface */
    const char *text = table_of(all, 9);
    need(text, "\tchain local_networks {\n\t\tip daddr 10.1.0.0/16 accept\n"
               "\t\toifname \"br-cam\" accept\n\t}\n"
               "\tchain profile_7_000000000001 {\n"
               "\t\tmeta nfproto ipv4 ip daddr 10.2.0.0/16 meta l4proto 6 th dport 80-90 accept\n"
               "\t\tmeta nfproto ipv6 ip6 daddr 2001:db8::5 meta l4proto 17 "
               "th sport 1024-65535 th dport 123 accept\n"
               "\t\tmeta nfproto ipv4 ip daddr 10.3.0.1 accept\n\t}\n"
               "\tchain profile_7_000000000002 {\n"
               "\t\tmeta nfproto ipv4 ip daddr 10.3.0.1 meta l4proto 47 accept\n"
               "\t\tmeta nfproto ipv4 meta l4proto 6 th dport 22 jump local_networks\n\t}\n"
               "\tchain profile_9_000000000002 {\n"
               "\t\tmeta nfproto ipv4 ip daddr 10.3.0.1 meta l4proto 6 th dport 1 accept\n\t}\n"
               "\tchain profiles {\n\t\tiif . ether saddr vmap {\n"
               "\t\t\t7 . 00:00:00:00:00:01 : goto profile_7_000000000001,\n"
               "\t\t\t7 . 00:00:00:00:00:02 : goto profile_7_000000000002,\n"
               "\t\t\t9 . 00:00:00:00:00:02 : goto profile_9_000000000002 }\n\t}\n");
    need_order(text, "\t\tct state established accept\n", "\t\tjump profiles\n");
    need(text, "\t\tjump profiles\n\t\tip daddr @segment_0_reaches4 accept\n");
    assert_true(strstr(text, "udp dport 53") <
                strstr(text, "jump profiles")); /* DNS of others is over */
}

static struct wr_ruleset_item kin(uint16_t class, const char *addr, uint32_t ifindex)
{
    struct wr_ruleset_item i;
    memset(&i, 0, sizeof(i));
    i.kind = WR_RULESET_KIN;
    i.segment = class;
    assert_int_equal(wr_addr_prefix_from_text(addr, &i.prefix), WR_OK);
    i.prefix.addr.scope = ifindex;
    return i;
}

/* Devices by who made them: each at its address and at the interface where it is. */
static void test_kin(void **state)
{
    struct wr_ruleset_item all[9];
    house(all, WR_RULESET_ANSWERED);
    all[3] = permit(1, "0.0.0.0/0", 6, 80, 80);
    all[4] = permit(1, "::/0", 0, 0, 0);
    all[3].flags = all[4].flags = WR_RULESET_TO_KIN;
    all[4].segment = 1;
    all[5] = kin(0, "10.2.0.7", 5);
    all[6] = kin(0, "10.2.0.8", 5);
    all[7] = kin(0, "2001:db8::7", 5);
    all[8] = kin(1, "2001:db8::9", 6);
    const char *text = table_of(all, 9);
    need(text, "\tchain kin_0 {\n"
               "\t\toif . ip daddr {\n\t\t\t5 . 10.2.0.7,\n\t\t\t5 . 10.2.0.8 } accept\n"
               "\t\toif . ip6 daddr {\n\t\t\t5 . 2001:db8::7 } accept\n\t}\n"
               "\tchain kin_1 {\n"
               "\t\toif . ip6 daddr {\n\t\t\t6 . 2001:db8::9 } accept\n\t}\n"
               "\tchain profile_7_000000000001 {\n"
               "\t\tmeta nfproto ipv4 meta l4proto 6 th dport 80 jump kin_0\n"
               "\t\tmeta nfproto ipv6 jump kin_1\n\t}\n");
}

/* Nothing is held back, or nothing is to be opened: nothing is written. */
static void test_nothing(void **state)
{
    struct wr_ruleset_item all[4];
    house(all, WR_RULESET_REJECTS);
    all[3] = permit(1, "10.2.0.0/16", 6, 80, 90);
    assert_null(strstr(table_of(all, 4), "profile"));
    house(all, WR_RULESET_ANSWERED);
    assert_null(strstr(table_of(all, 3), "profile"));
}

static void test_sound(void **state)
{
    const struct wr_ruleset_item good = permit(1, "10.2.0.0/16", 6, 80, 90);
    struct wr_ruleset_item bad[12], local;
    for (size_t i = 0; i < 12; i++) {
        memcpy(&bad[i], &good, sizeof(good));
    }
    assert_true(wr_ruleset_is_sound(&good));
    bad[0].mac[5] = 0;
    bad[1].prefix.addr.scope = 0;
    bad[2].prefix.addr.ip[3] = 1; /* behind its length */
    bad[3].port = 91;
    bad[4].from_low = 1;
    bad[5].protocol = 47; /* has no ports */
    bad[6].segment = 1;
    bad[7].flags = WR_RULESET_LOCAL; /* and a network */
    bad[8].flags = WR_RULESET_REJECTS;
    bad[9].interface[0] = 'a';
    bad[10].zero = 1;
    bad[11].prefix.addr.family = WR_AF_NONE;
    for (size_t i = 0; i < 12; i++) {
        assert_false(wr_ruleset_is_sound(&bad[i]));
    }
    local = permit(1, "::/0", 0, 0, 0);
    local.flags = WR_RULESET_LOCAL;
    assert_true(wr_ruleset_is_sound(&local));
    local.segment = 1;
    assert_false(wr_ruleset_is_sound(&local));
    local.flags = WR_RULESET_TO_KIN;
    assert_true(wr_ruleset_is_sound(&local));
    local.segment = WR_MUD_KIN_MAX;
    assert_false(wr_ruleset_is_sound(&local));
    local.segment = 0;
    local.flags |= WR_RULESET_LOCAL;
    assert_false(wr_ruleset_is_sound(&local));
    struct wr_ruleset_item one = kin(WR_MUD_KIN_MAX - 1, "10.2.0.7", 5);
    assert_true(wr_ruleset_is_sound(&one));
    one = kin(WR_MUD_KIN_MAX, "10.2.0.7", 5);
    assert_false(wr_ruleset_is_sound(&one));
    one = kin(0, "10.2.0.7", 0); /* at every interface */
    assert_false(wr_ruleset_is_sound(&one));
    one = kin(0, "10.2.0.0/24", 5);
    assert_false(wr_ruleset_is_sound(&one));
    one = kin(0, "10.2.0.7", 5);
    one.mac[0] = 2;
    assert_false(wr_ruleset_is_sound(&one));
    /* Its fields are nobody else's. */
    house(bad, 0);
    bad[0].protocol = 6;
    bad[1].port_high = 1;
    bad[2].from_high = 1;
    for (size_t i = 0; i < 3; i++) {
        assert_false(wr_ruleset_is_sound(&bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_kin),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
