/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner wrote decides as it reads. */
#include "unit/conf/conftest.h"

#include <stdlib.h>

#include "conf/policybuild.h"
#include "dns/codes.h"

static char labels[32][80];
static unsigned count;

static uint16_t label_of(void *user, const char *text)
{
    for (unsigned i = 0; i < count; i++)
        if (!strcmp(labels[i], text))
            return (uint16_t)(i + 1);
    snprintf(labels[count], sizeof(labels[count]), "%s", text);
    return (uint16_t)++count;
}

static uint16_t view_of(void *user, const char *name, uint32_t group, bool whole)
{
    assert_int_equal(group, strcmp(name, "other") == 0 ? 0 : WR_CONF_RECURSION);
    return whole ? 7 : 6;
}

static uint32_t ifindex_of(void *user, const char *interface)
{
    return !strcmp(interface, "br-cam") ? 5 : 0;
}

static int group_of(void *user, const char *name)
{
    static const char *const bits[] = {"lamps", "tv", "device:tv", "kind:tv"};
    int bit = 0;
    while (strcmp(bits[bit], name) != 0)
        bit++;
    return bit;
}

/* br-cam has two addresses. */
static bool address_of(void *user, const char *interface, uint32_t n, struct wr_addr *ret_addr)
{
    static const char *const addr[] = {"10.9.0.1", "fd00:9::1"};
    return n < 2 && !strcmp(interface, "br-cam") && wr_addr_from_text(addr[n], ret_addr) == WR_OK;
}

static const struct wr_policybuild_hooks hooks = {NULL,     label_of,   view_of, ifindex_of,
                                                  group_of, address_of, NULL};

static const char text[] =
    "upstream: {groups: [{name: other, servers: [\"udp://192.0.2.9\"]}]}\n"
    "segments:\n"
    "  - {name: cams, interfaces: [br-cam], only: [vendor.example]}\n"
    "  - {name: desk, interfaces: [gone0], subnets: [10.1.0.0/16], upstream: recursion}\n"
    "policy:\n"
    "  denial_ttl: 2m\n"
    "  rules:\n"
    "    - {name: tried, domains: [vendor.example], verdict: refused, shadow: true}\n"
    "    - {name: noted, types: [A], domains: [noted.example], verdict: log}\n"
    "    - {name: hidden, segments: [desk], clients: [10.1.2.0/24, 10.1.3.0/24], names: "
    "[a.example], "
    "verdict: drop, reason: censored}\n"
    "    - {name: elsewhere, domains: [else.example], verdict: route, group: other}\n"
    "    - {name: far, addresses: [198.51.100.0/24, 198.51.100.7], verdict: nodata}\n";

static struct wr_verdict verdict(const struct wr_policybuild *b, uint32_t ifindex, const char *from,
                                 const char *name)
{
    struct wr_addr client;
    struct wr_name n;
    struct wr_who who = {.segment = 0};
    struct wr_now now = {.mono_us = 1};
    assert_int_equal(wr_addr_from_text(from, &client), 0);
    assert_int_equal(wr_name_from_text(name, strlen(name), &n), 0);
    uint16_t at = wr_segment_of(b->segments, ifindex, &client);
    who.segment = at == WR_SEGMENT_NONE ? 0 : b->segments->segment[at].label;
    struct wr_policy_ask ask = {
        .who = &who, .client = &client, .name = n.wire, .type = WR_TYPE_A, .now = &now};
    return wr_policy_question(b->policy, &ask);
}

static void test_segments_as_they_read(void **state)
{
    struct wr_conf *c = good_conf(
        "cache: {stale: {max_age: 3h}}\n"
        "listen: [br-cam, \"10.1.0.1:5353\"]\n"
        "groups: [{name: tv, rate: 20}, {name: lamps}]\n"
        "devices: [{name: tv, rate: 5, only: [vendor.example]}, {name: door}]\n"
        "segments:\n"
        "  - {name: cams, listeners: [br-cam], fail: closed, stale: never, rate: 7, sees: []}\n"
        "  - {name: desk, listeners: [\"10.1.0.1:5353\"], allow: [10.1.0.0/16], "
        "stale: serve}\n");
    struct wr_policybuild b;
    assert_int_equal(wr_policybuild_make(c, &hooks, &b), 0);
    const struct wr_segments *s = b.segments;
    assert_int_equal(s->doors, 3);
    assert_int_equal(s->door[0].segment, 0);
    assert_int_equal(s->door[0].addr.port, 53);
    assert_int_equal(s->door[1].addr.family, WR_AF_V6);
    assert_int_equal(s->door[2].segment, 1);
    assert_int_equal(s->door[2].addr.port, 5353);
    assert_true(s->segment[0].closed);
    assert_int_equal(s->segment[0].hides, 2);
    assert_int_equal(s->segment[1].hides, 0);
    assert_int_equal(s->segment[0].stale, WR_SEGMENT_STALE_NEVER);
    assert_int_equal(s->segment[0].rate, 7);
    assert_int_equal(s->segment[0].allows, 0);
    assert_false(s->segment[1].closed);
    assert_int_equal(s->segment[1].stale, WR_SEGMENT_STALE_SERVE);
    assert_int_equal(s->segment[1].stale_max_age_s, 3 * 3600);
    assert_int_equal(s->segment[1].allow[0].len, 16);
    assert_int_equal(b.rations->groups, 2);
    assert_int_equal(b.rations->devices, 1);
    assert_int_equal(b.rations->group[0].bit, 4);
    assert_int_equal(b.rations->group[0].rate, 5);
    assert_int_equal(b.rations->group[1].bit, 2);
    assert_int_equal(b.rations->group[1].rate, 20);
    const struct wr_policy_spec *spec = wr_policy_spec(b.policy);
    assert_int_equal(spec->onlys, 1);
    assert_string_equal(spec->only[0].name, "tv");
    assert_int_equal(spec->only[0].about.groups, 4);
    wr_policybuild_free(&b);
    wr_conf_free(c);
}

static void test_as_it_reads(void **state)
{
    struct wr_conf *c = good_conf(text);
    struct wr_policybuild b;
    assert_int_equal(wr_policybuild_make(c, &hooks, &b), WR_OK);
    struct wr_verdict v = verdict(&b, 5, "192.168.1.1", "vendor.example");
    assert_true(v.shadow && v.action == WR_VERDICT_REFUSED && v.rule == label_of(NULL, "tried"));
    v = verdict(&b, 5, "192.168.1.1", "other.example");
    assert_true(!v.shadow && v.action == WR_VERDICT_NXDOMAIN &&
                v.rule == label_of(NULL, "only:cams"));
    v = verdict(&b, 0, "10.1.2.9", "noted.example");
    assert_true(v.shadow && v.action == WR_VERDICT_ALLOW && v.rule == label_of(NULL, "noted"));
    v = verdict(&b, 0, "10.1.2.9", "a.example");
    assert_true(!v.shadow && v.action == WR_VERDICT_DROP);
    char words[WR_POLICY_REASON_SIZE];
    assert_int_equal(wr_policy_reason(b.policy, &v, words), WR_EDE_CENSORED);
    assert_string_equal(words, "rule hidden");
    assert_int_equal(verdict(&b, 0, "10.1.4.9", "a.example").action, WR_VERDICT_NONE);
    assert_int_equal(verdict(&b, 0, "192.168.1.1", "a.example").action, WR_VERDICT_NONE);
    v = verdict(&b, 0, "10.1.4.9", "x.else.example");
    assert_int_equal(v.action, WR_VERDICT_ROUTE);
    assert_int_equal(wr_policy_rule_of(b.policy, v.rule)->view, 7);
    assert_int_equal(b.segments->segment[1].view, 6);
    assert_int_equal(b.segments->segment[0].view, 0);
    assert_int_equal(wr_policy_ttl(b.policy), 120);
    wr_policybuild_free(&b);
    wr_conf_free(c);
}

/* The local clock changes as the system says. */
static void test_local_time(void **state)
{
    struct wr_policybuild b;
    struct wr_addr client = {.family = WR_AF_V4};
    struct wr_who who = {.segment = 0};
    struct wr_conf *c =
        good_conf("policy:\n  rules:\n    - {name: a, hours: \"12:00-13:00\", days: [wed], "
                  "verdict: nxdomain}\n");
    assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
    assert_int_equal(wr_policybuild_make(c, &hooks, &b), WR_OK);
    static const struct {
        int64_t at;
        bool holds;
    } rows[] = {
        {1768388400, true},  /* 2026-01-14, a Wednesday, 11:00 UTC is noon in winter */
        {1768392000, false}, /* an hour later it is one */
        {1768302000, false}, /* on Tuesday */
        {1784109600, true},  /* 2026-07-15, a Wednesday: noon is 10:00 UTC */
        {1784113200, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_now now = {.mono_us = 1, .wall_s = rows[i].at, .wall_proven = true};
        struct wr_policy_ask ask = {.who = &who,
                                    .client = &client,
                                    .name = (const uint8_t *)"",
                                    .type = WR_TYPE_A,
                                    .now = &now};
        assert_int_equal(wr_policy_question(b.policy, &ask).rule != 0, rows[i].holds);
    }
    wr_policybuild_free(&b);
    wr_conf_free(c);
}

/* Groups are bits in their order; what is approved for a group is approved for its devices alone. */
static void test_groups(void **state)
{
    struct wr_policybuild b;
    struct wr_addr client = {.family = WR_AF_V4};
    struct wr_now now = {.mono_us = 1};
    struct wr_name name;
    struct wr_conf *c =
        good_conf("groups: [{name: lamps}, {name: tv, only: [vendor.example]}]\n"
                  "policy:\n  rules:\n    - {name: a, groups: [lamps], verdict: nodata}\n"
                  "    - {name: b, devices: [tv], verdict: drop}\n"
                  "    - {name: c, kinds: [tv], verdict: refused}\n");
    assert_int_equal(wr_policybuild_make(c, &hooks, &b), WR_OK);
    static const struct {
        uint64_t groups;
        const char *name;
        uint8_t action;
    } rows[] = {
        {0, "x.example", WR_VERDICT_NONE},          {1, "x.example", WR_VERDICT_NODATA},
        {2, "x.example", WR_VERDICT_NXDOMAIN},      {2, "a.vendor.example", WR_VERDICT_NONE},
        {3, "a.vendor.example", WR_VERDICT_NODATA}, {4, "x.example", WR_VERDICT_DROP},
        {8, "x.example", WR_VERDICT_REFUSED}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_who who = {.groups = rows[i].groups, .device = 5, .state = WR_WHO_KNOWN};
        assert_int_equal(wr_name_from_text(rows[i].name, strlen(rows[i].name), &name), 0);
        struct wr_policy_ask ask = {
            .who = &who, .client = &client, .name = name.wire, .type = WR_TYPE_A, .now = &now};
        assert_int_equal(wr_policy_question(b.policy, &ask).action, rows[i].action);
    }
    wr_policybuild_free(&b);
    wr_conf_free(c);
}

/* Records in their order, a set for each type with the least of their TTLs; servers by names and prefixes. */
static void test_data_and_servers(void **state)
{
    struct wr_policybuild b;
    struct wr_conf *c = good_conf(
        "policy:\n  denial_ttl: 2m\n  rules:\n"
        "    - {name: a, verdict: data, data: [\"A 192.0.2.2\", TXT x, \"5s A 192.0.2.1\"]}\n"
        "    - {name: b, verdict: sinkhole, reason: filtered}\n"
        "    - {name: c, verdict: data, data: [CNAME x.example]}\n"
        "    - {name: d, verdict: quarantine, servers: [x.example, 10.0.0.0/8, 10.1.0.0/16, "
        "\"::1\"]}\n");
    assert_int_equal(wr_policybuild_make(c, &hooks, &b), WR_OK);
    const struct wr_policy_rule *r = wr_policy_spec(b.policy)->rule;
    static const uint8_t two[] = {0, 4, 192, 0, 2, 2, 0, 4, 192, 0, 2, 1};
    assert_int_equal(r[0].action, WR_VERDICT_DATA);
    assert_null(r[0].word);
    assert_string_equal(r[1].word,
                        "sinkhole"); /* what the owner calls it, while its action is `data` */
    assert_int_equal(r[1].action, WR_VERDICT_DATA);
    assert_int_equal(r[0].datas, 2);
    assert_true(r[0].data[0].type == WR_TYPE_A && r[0].data[0].records == 2);
    assert_int_equal(r[0].data[0].ttl, 5);
    assert_int_equal(r[0].data[0].size, sizeof(two));
    assert_memory_equal(r[0].data[0].data, two, sizeof(two));
    assert_true(r[0].data[1].type == WR_TYPE_TXT && r[0].data[1].ttl == 120);
    assert_int_equal(r[0].data_ede, WR_EDE_FORGED);
    assert_null(wr_policy_target(&r[0]));
    assert_true(r[1].datas == 2 && r[1].data_ede == WR_EDE_FILTERED);
    assert_true(r[1].action == WR_VERDICT_DATA && r[1].data[1].type == WR_TYPE_AAAA);
    struct wr_name n;
    assert_int_equal(wr_name_from_text("x.example", 9, &n), 0);
    assert_true(wr_name_equal(wr_policy_target(&r[2]), n.wire));
    assert_int_equal(r[3].action, WR_VERDICT_QUARANTINE);
    assert_true(r[3].server.count == 1 && wr_name_equal(r[3].server.name[0], n.wire));
    assert_int_equal(r[3].server_addrs, 2); /* one lies in another */
    wr_policybuild_free(&b);
    wr_conf_free(c);
}

static void test_nothing_written(void **state)
{
    struct wr_conf *c = good_conf("");
    struct wr_policybuild b;
    assert_int_equal(wr_policybuild_make(c, &hooks, &b), WR_OK);
    assert_null(b.policy);
    assert_null(b.segments);
    wr_policybuild_free(&b);
    wr_conf_free(c);
}

/* A feed with a verdict is a rule behind all rules; one that a rule names is part of it. */
static void test_feeds(void **state)
{
    struct wr_conf *c = good_conf("feeds:\n"
                                  "  - {name: ads, from: /a, verdict: nodata}\n"
                                  "  - {name: bad, from: /b}\n"
                                  "policy: {rules: [{name: r, verdict: refused, feeds: [bad]}]}\n");
    struct wr_policybuild b;
    assert_int_equal(wr_policybuild_make(c, &hooks, &b), WR_OK);
    const struct wr_policy_rule *own = wr_policy_rule_of(b.policy, label_of(NULL, "r")),
                                *feed = wr_policy_rule_of(b.policy, label_of(NULL, "feed:ads"));
    assert_true(own && own->feeds == 1 && own->feed[0] == label_of(NULL, "bad"));
    assert_true(feed && feed->feeds == 1 && feed->feed[0] == label_of(NULL, "ads"));
    assert_int_equal(feed->action, WR_VERDICT_NODATA);
    assert_true(feed > own);
    char words[WR_POLICY_REASON_SIZE];
    struct wr_verdict v = {.rule = own->label, .feed = label_of(NULL, "bad"), .line = 12};
    assert_int_equal(wr_policy_reason(b.policy, &v, words), WR_EDE_BLOCKED);
    assert_string_equal(words, "rule r, feed bad line 12");
    v = (struct wr_verdict){.rule = feed->label, .feed = label_of(NULL, "ads"), .line = 3};
    assert_int_equal(wr_policy_reason(b.policy, &v, words), WR_EDE_BLOCKED);
    assert_string_equal(words, "feed ads line 3");
    wr_policybuild_free(&b);
    wr_conf_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments_as_they_read),
        cmocka_unit_test(test_as_it_reads),
        cmocka_unit_test(test_nothing_written),
        cmocka_unit_test(test_data_and_servers),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_feeds),
        cmocka_unit_test(test_local_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
