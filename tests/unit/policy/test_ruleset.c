/* SPDX-License-Identifier: Apache-2.0 */
/* What nft is told, to the letter; tests/e2e/firewall.py has the kernel obey it. */
#include "unit/policy/rulesettext.h"

static struct wr_ruleset_item item(enum wr_ruleset_kind kind, uint16_t segment, const char *text)
{
    struct wr_ruleset_item i;
    memset(&i, 0, sizeof(i));
    i.kind = (uint8_t)kind;
    i.segment = segment;
    if (kind == WR_RULESET_SEGMENT) {
        i.flags = text != NULL ? WR_RULESET_REJECTS : 0;
    } else if (kind == WR_RULESET_INTERFACE) {
        strncpy(i.interface, text, sizeof(i.interface) - 1);
    } else if (kind == WR_RULESET_MAC) {
        memcpy(i.mac, text, sizeof(i.mac));
    } else {
        assert_int_equal(wr_addr_prefix_from_text(text, &i.prefix), WR_OK);
        i.prefix.addr.scope = kind == WR_RULESET_ADDRESS ? 7 : 0;
    }
    return i;
}

static void test_nothing(void **state)
{
    assert_string_equal(text_of(NULL, 0, WR_RULESET_NONE),
                        "table inet weir { }\ndelete table inet weir\n");
    const char *text = text_of(NULL, 0, WR_RULESET_TABLE);
    static const char begin[] = "table inet weir { }\ndelete table inet weir\ntable inet weir {\n";
    assert_int_equal(strncmp(text, begin, sizeof(begin) - 1), 0);
    need(text, "set quarantined_mac { type ether_addr; }");
    need(text, "type filter hook forward priority -10; policy accept;");
    assert_null(strstr(text, "segment_"));
    assert_null(strstr(text, "add element"));
}

static void test_quarantine(void **state)
{
    struct wr_ruleset_item all[] = {
        item(WR_RULESET_MAC, 0, "\x02\x00\x5e\x00\x00\xfe"),
        item(WR_RULESET_ADDRESS, 0, "192.0.2.7"), item(WR_RULESET_ADDRESS, 0, "2001:db8::7"),
        item(WR_RULESET_ADDRESS, 0, "192.0.2.8"), item(WR_RULESET_DOH, 0, "203.0.113.0/24")};
    assert_string_equal(text_of(all, 5, WR_RULESET_QUARANTINE),
                        "flush set inet weir quarantined_mac\n"
                        "add element inet weir quarantined_mac { 02:00:5e:00:00:fe }\n"
                        "flush set inet weir quarantined4\n"
                        "add element inet weir quarantined4 { 7 . 192.0.2.7, 7 . 192.0.2.8 }\n"
                        "flush set inet weir quarantined6\n"
                        "add element inet weir quarantined6 { 7 . 2001:db8::7 }\n");
    assert_string_equal(text_of(all, 5, WR_RULESET_DOHS),
                        "flush set inet weir doh4\n"
                        "add element inet weir doh4 { 203.0.113.0/24 }\n"
                        "flush set inet weir doh6\n");
    const char *text = text_of(all, 5, WR_RULESET_TABLE);
    assert_null(strstr(text, "flush"));
    need(text, "add element inet weir quarantined4 { 7 . 192.0.2.7, 7 . 192.0.2.8 }\n");
    need(text, "oif . ip daddr @quarantined4 counter name quarantine drop");
    need(text, "iif . ip6 saddr @quarantined6 counter name quarantine drop");
    need(text, "iif . ip saddr @quarantined4 goto quarantined");
    all[1].prefix.addr.scope = 0; /* nobody knows where: it is not cut off for all interfaces */
    text = text_of(all, 5, WR_RULESET_TABLE);
    need(text, "add element inet weir quarantined4 { 7 . 192.0.2.8 }\n");
    need_order(text, "udp dport { 67, 123, 547 } accept", "counter name quarantine drop");
    const struct wr_ruleset_item ports[] = {{.kind = WR_RULESET_UDP, .port = 53},
                                            {.kind = WR_RULESET_TCP, .port = 853}};
    text = text_of(ports, 2, WR_RULESET_TABLE);
    need_order(text, "\t\tudp dport 53 accept\n\t\ttcp dport 853 accept\n",
               "counter name quarantine drop");
}

/* The house with an interface, a room of it by a subnet, cameras by both, guests who may do as they like. */
static void test_segments(void **state)
{
    const struct wr_ruleset_item all[] = {
        item(WR_RULESET_SEGMENT, 0, "rejects"),     item(WR_RULESET_INTERFACE, 0, "br-lan"),
        item(WR_RULESET_SUBNET, 0, "10.0.0.0/8"),   item(WR_RULESET_SEGMENT, 1, "rejects"),
        item(WR_RULESET_SUBNET, 1, "10.1.0.0/16"),  item(WR_RULESET_SUBNET, 1, "fd00:1::/64"),
        item(WR_RULESET_RESOLVER, 1, "192.0.2.53"), item(WR_RULESET_RESOLVER, 1, "2001:db8::/32"),
        item(WR_RULESET_SEGMENT, 2, NULL),          item(WR_RULESET_INTERFACE, 2, "guests"),
        item(WR_RULESET_INTERFACE, 2, "eth0.7"),    item(WR_RULESET_SUBNET, 2, "10.1.2.0/24"),
    };
    const char *text = text_of(all, sizeof(all) / sizeof(all[0]), WR_RULESET_TABLE);
    need(text, "counter segment_0_dns { }");
    need(text, "counter segment_1_doh { }");
    assert_null(strstr(text, "counter segment_2"));
    /* They pass, and no wider subnet takes them. */
    need(text, "jump segment_2_tried\n\t}\n");
    assert_null(strstr(text, "segment_2_foreign"));
    need(text, "\t\tjump segment_1_foreign\n\t}\n");
    need_order(text, "ip saddr 10.1.2.0/24 iifname != { \"br-lan\" } goto segment_2\n",
               "ip saddr 10.1.0.0/16 goto segment_1\n");
    need_order(text, "ip saddr 10.1.0.0/16 goto segment_1\n",
               "ip saddr 10.0.0.0/8 iifname != { \"guests\", \"eth0.7\" } goto segment_0\n");
    need_order(text, "ip6 saddr fd00:1::/64 goto segment_1\n",
               "iifname { \"br-lan\" } goto segment_0\n");
    need(text, "iifname { \"guests\", \"eth0.7\" } goto segment_2\n");
    need_order(text, "ip saddr @quarantined4 counter", "goto segment_1");
    need_order(text, "ip6 daddr @segment_1_resolvers6 return",
               "tcp dport 53 counter name segment_1_dns reject with tcp reset\n");
    need(
        text,
        "udp dport 853 counter name segment_1_encrypted reject with icmpx type port-unreachable\n");
    need(text, "ip6 daddr @doh6 meta l4proto udp counter name segment_1_doh reject with icmpx type "
               "port-unreachable\n");
    need(text, "add element inet weir segment_1_resolvers4 { 192.0.2.53 }\n");
    need(text, "add element inet weir segment_1_resolvers6 { 2001:db8::/32 }\n");
}

/* Where nobody is rejected it is noted all the same who tries what, and nothing is decided. */
static void test_all_pass(void **state)
{
    const struct wr_ruleset_item all[] = {item(WR_RULESET_SEGMENT, 0, NULL),
                                          item(WR_RULESET_SUBNET, 0, "10.0.0.0/8")};
    const char *text = text_of(all, 2, WR_RULESET_TABLE);
    need(text, "ip saddr 10.0.0.0/8 goto segment_0\n");
    assert_null(strstr(text, "reject"));
}

static void test_unsound(void **state)
{
    struct wr_ruleset_item good = item(WR_RULESET_INTERFACE, 3, "br-lan"), i = good;
    static const char *const names[] = {"", "a\"b", "br*", "a b", "a\\", "a\nb", "{", "\xc3\xa4"};
    for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
        i = item(WR_RULESET_INTERFACE, 0, names[k]);
        assert_false(wr_ruleset_is_sound(&i));
    }
    i = good;
    memset(i.interface, 'a', sizeof(i.interface)); /* no end */
    assert_false(wr_ruleset_is_sound(&i));
    i = good;
    i.interface[10] = 'x'; /* something behind the end */
    assert_false(wr_ruleset_is_sound(&i));
    i = good;
    i.segment = 64;
    assert_false(wr_ruleset_is_sound(&i));
    i = good;
    i.flags = 1;
    assert_false(wr_ruleset_is_sound(&i));
    i = good;
    i.kind = WR_RULESET_KINDS;
    assert_false(wr_ruleset_is_sound(&i));
    i = good;
    i.port = 53;
    assert_false(wr_ruleset_is_sound(&i));
    i = (struct wr_ruleset_item){.kind = WR_RULESET_TCP};
    assert_false(wr_ruleset_is_sound(&i));
    i = good;
    i.mac[0] = 1;
    assert_false(wr_ruleset_is_sound(&i));
    i = item(WR_RULESET_SUBNET, 0, "10.0.0.0/8");
    i.prefix.addr.ip[3] = 1; /* bits behind the prefix */
    assert_false(wr_ruleset_is_sound(&i));
    i = item(WR_RULESET_SUBNET, 0, "10.0.0.0/8");
    i.prefix.len = 33;
    assert_false(wr_ruleset_is_sound(&i));
    i = item(WR_RULESET_SUBNET, 0, "fe80::/64");
    i.prefix.addr.scope = 2;
    assert_false(wr_ruleset_is_sound(&i));
    i = item(WR_RULESET_ADDRESS, 0, "10.0.0.0/8"); /* more than one address */
    assert_false(wr_ruleset_is_sound(&i));
    i = item(WR_RULESET_ADDRESS, 0, "10.0.0.1");
    i.segment = 1;
    assert_false(wr_ruleset_is_sound(&i));
    i = item(WR_RULESET_MAC, 0, "\0\0\0\0\0\0");
    assert_false(wr_ruleset_is_sound(&i));
    i = item(WR_RULESET_SEGMENT, 0, "rejects");
    i.flags = WR_RULESET_FLAGS + 1;
    assert_false(wr_ruleset_is_sound(&i));
}

static void test_no_room(void **state)
{
    struct wr_str text;
    char small[100];
    wr_str_init(&text, small, sizeof(small));
    assert_int_equal(wr_ruleset_text(NULL, 0, WR_RULESET_TABLE, &text), WR_E_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),  cmocka_unit_test(test_quarantine),
        cmocka_unit_test(test_segments), cmocka_unit_test(test_all_pass),

        cmocka_unit_test(test_unsound),  cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
