/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "serve/firefacts.h"
#include "unit/policy/household.h"

static struct wr_ruleset_item items[WR_RULESET_ITEMS_MAX];
static char text_room[65536];

static const char *text_of(const struct wr_firefacts *f, unsigned parts)
{
    struct wr_str text;
    for (size_t i = 0; i < f->count; i++) {
        assert_true(wr_ruleset_is_sound(&f->item[i]));
    }
    wr_str_init(&text, text_room, sizeof(text_room));
    assert_int_equal(wr_ruleset_text(f->item, f->count, parts, &text), WR_OK);
    return text_room;
}

static struct wr_prefix prefix(const char *text)
{
    struct wr_prefix p;
    memset(&p, 0, sizeof(p));
    assert_int_equal(wr_addr_prefix_from_text(text, &p), WR_OK);
    return p;
}

static void test_segments(void **state)
{
    struct wr_conf conf;
    const char *interfaces[] = {"br-cam"};
    struct wr_prefix subnets[] = {prefix("10.1.0.0/16")};
    struct wr_prefix resolvers[] = {prefix("192.0.2.53"), prefix("192.0.2.0/24"),
                                    prefix("2001:db8::53")};
    struct wr_conf_segment segments[2] = {
        {.name = "cameras",
         .foreign_dns = 1,
         .interfaces = {interfaces, 1},
         .subnets = {subnets, 1},
         .resolvers = {resolvers, 3}},
        {.name = "guests"},
    };
    struct wr_conf_listen listen[] = {{.addr = {.port = 53}}, {.addr = {.port = 53}}},
                          dot = {.addr = {.port = 853}};
    struct wr_firefacts f = {.item = items};
    memset(&conf, 0, sizeof(conf));
    conf.segments.items = segments;
    conf.segments.count = 2;
    conf.listen.items = listen;
    conf.listen.count = 2;
    conf.encrypted.dot.items = &dot;
    conf.encrypted.dot.count = 1;
    wr_firefacts_segments(&f, &conf);
    wr_firefacts_ports(&f, &conf);
    const char *text = text_of(&f, WR_RULESET_TABLE);
    assert_non_null(strstr(text, "iifname { \"br-cam\" } goto segment_0\n"));
    assert_non_null(strstr(text, "ip saddr 10.1.0.0/16 goto segment_0\n"));
    assert_non_null(
        strstr(text, "segment_0_resolvers4 { 192.0.2.0/24 }\n")); /* one is in the other */
    assert_non_null(strstr(text, "segment_0_resolvers6 { 2001:db8::53 }\n"));
    assert_non_null(strstr(
        text,
        "udp dport 53 accept\n\t\ttcp dport 53 accept\n\t\ttcp dport 853 accept\n\t\tcounter"));
    uint64_t mark = wr_firefacts_mark(f.item, f.count);
    f.count = 0;
    segments[0].foreign_dns = WR_CONF_FOREIGN_ANSWER; /* and the kernel cannot */
    wr_firefacts_segments(&f, &conf);
    wr_firefacts_ports(&f, &conf);
    assert_int_equal(wr_firefacts_mark(f.item, f.count), mark);
    f.count = 0;
    f.hairpins = true;
    wr_firefacts_segments(&f, &conf);
    text = text_of(&f, WR_RULESET_TABLE);
    assert_non_null(strstr(text, "iifname { \"br-cam\" } goto segment_0_hairpin\n"));
    assert_non_null(strstr(text, "iifname { \"br-cam\" } goto segment_0\n"));
    assert_non_null(strstr(text, "tproxy"));
    f.count = 0;
    f.redirects = true;
    wr_firefacts_segments(&f, &conf);
    text = text_of(&f, WR_RULESET_TABLE);
    assert_true(strstr(text, "hairpin_door") != NULL && strstr(text, "tproxy") == NULL);
    f.count = 0;
    segments[0].foreign_dns = 0;
    wr_firefacts_segments(&f, &conf);
    assert_true(wr_firefacts_mark(f.item, f.count) != mark);
}

static void test_dohs(void **state)
{
    static const struct wr_hash_key key = {{9, 9}};
    static const char *const lines[] = {"192.0.2.1", "2001:db8:1::/48", "198.0.0.0/8",
                                        "10.0.0.1",  "203.0.113.0/24",  "203.0.113.7"};
    static uint64_t block[128];
    struct wr_addrtree_item list[6];
    struct wr_addrtree tree;
    size_t size;
    for (unsigned i = 0; i < 6; i++) {
        struct wr_prefix p = prefix(lines[i]);
        wr_addrtree_item(&p, i + 1, &list[i]);
    }
    assert_int_equal(wr_addrtree_build(&key, list, 6, block, sizeof(block), &size), WR_OK);
    assert_int_equal(wr_addrtree_open(&tree, block, size), WR_OK);
    const struct wr_feedset set = {
        .count = 3,
        .item = {{.label = 3, .addrs = &tree}, {.label = 4, .addrs = &tree}, {.label = 5}}};
    const uint16_t labels[] = {5, 4, 3};
    struct wr_firefacts f = {.item = items};
    assert_int_equal(wr_firefacts_dohs(&f, &set, labels, 3),
                     WR_OK); /* listed twice, and told once */
    assert_string_equal(
        text_of(&f, WR_RULESET_DOHS),
        "flush set inet weir doh4\nadd element inet weir doh4 { 192.0.2.1, 203.0.113.0/24 }\n"
        "flush set inet weir doh6\nadd element inet weir doh6 { 2001:db8:1::/48 }\n");
    f.count = 0;
    assert_int_equal(wr_firefacts_dohs(&f, &set, labels, 1), WR_OK);
    assert_int_equal(f.count, 0);
}

static void test_quarantine(void **state)
{
    struct household h = household(16);
    struct wr_firefacts f = {.item = items};
    neighbour(&h, "00:00:5e:00:00:01", "192.0.2.1", T0);
    neighbour(&h, "00:00:5e:00:00:01", "fe80::1", T0);
    neighbour(&h, "00:00:5e:00:00:01", "fd00::1", T0);
    neighbour(&h, "00:00:5e:00:00:02", "192.0.2.2", T0);
    assert_int_equal(wr_firefacts_quarantine(&f, h.m), 0);
    assert_int_equal(f.count, 0);
    assert_int_equal(wr_census_quarantine(h.m, device_at(&h, "192.0.2.1"), true), WR_OK);
    assert_int_equal(wr_firefacts_quarantine(&f, h.m), 1);
    assert_string_equal(
        text_of(&f, WR_RULESET_QUARANTINE),
        "flush set inet weir quarantined_mac\nadd element inet weir quarantined_mac { "
        "00:00:5e:00:00:01 }\n"
        "flush set inet weir quarantined4\nadd element inet weir quarantined4 { 2 . 192.0.2.1 }\n"
        "flush set inet weir quarantined6\nadd element inet weir quarantined6 { 2 . fd00::1 }\n");
    /* What has no room is counted, and the rest stands. */
    f.count = WR_RULESET_ITEMS_MAX - 1;
    (void)wr_firefacts_quarantine(&f, h.m);
    assert_int_equal(f.left, 2);
    household_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_dohs),
        cmocka_unit_test(test_quarantine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
