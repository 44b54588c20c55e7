/* SPDX-License-Identifier: Apache-2.0 */
/* What segments and rules must not say, each at its place. */
#include "unit/conf/conftest.h"

#include "conf/policyrules.h"

#define SEGMENT "segments:\n  - {name: cams, interfaces: [br-cam], subnets: [192.0.2.0/24]}\n"

static void test_good(void **state)
{
    struct wr_conf *c = good_conf(
        SEGMENT
        "  - {name: guests, interfaces: [br-guest], only: [vendor.example]}\n"
        "policy:\n  rules:\n"
        "    - {name: a, segments: [cams, guests], domains: [ads.example], verdict: nodata}\n"
        "    - {name: b, types: [HTTPS, TYPE77], clients: [10.0.0.0/8], verdict: log}\n"
        "  denial_ttl: 10s\n");
    assert_int_equal(c->segments.count, 2);
    assert_int_equal(c->policy.rules.count, 2);
    assert_int_equal(c->policy.rules.items[0].verdict, 2);
    assert_int_equal(c->policy.rules.items[1].verdict, WR_CONF_VERDICT_LOG);
    assert_int_equal(c->policy.denial_ttl_s, 10);
    wr_conf_free(c);
}

static void test_wrong(void **state)
{
    static const struct broken rows[] = {
        {SEGMENT "  - {name: cams, interfaces: [br-x]}\n", 3, 12,
         "there is a segment of this name already"},
        {SEGMENT "  - {name: two, interfaces: [br-x, br-cam]}\n", 3, 36,
         "belongs to the segment cams already"},
        {SEGMENT "  - {name: two, subnets: [192.0.2.0/24]}\n", 3, 27,
         "belongs to the segment cams already"},
        {"segments: [{name: one, subnets: [10.0.0.0/8, 10.0.0.0/8]}]\n", 1, 46,
         "belongs to the segment one already"},
        {"policy: {rules: [{name: a, verdict: drop, segments: [cams]}]}\n", 1, 54,
         "there is no segment \"cams\""},
        {"policy: {rules: [{name: a, verdict: drop, feeds: [ads]}]}\n", 1, 51,
         "there is no feed \"ads\""},
        {"firewall: {enabled: true, doh_feeds: [doh]}\n", 1, 39, "there is no feed \"doh\""},
        {"policy: {rules: [{name: a, verdict: drop}, {name: a, verdict: drop}]}\n", 1, 51,
         "there is a rule of this name already"},
        {"policy: {rules: [{name: a, verdict: drop, types: [A, BOGUS]}]}\n", 1, 54,
         "\"BOGUS\" is no record type"},
        {"policy: {rules: [{name: a, verdict: drop, groups: [tv]}]}\n", 1, 52,
         "no group of this name in `groups`"},
        {"policy: {rules: [{name: a, verdict: maybe}]}\n", 1, 37, "verdict"},
        {"policy: {rules: [{name: a, verdict: route, group: isp}]}\n", 1, 51,
         "there is no group \"isp\""},
        {"policy: {rules: [{name: a, verdict: route}]}\n", 1, 37, "`group` is missing"},
        {"policy: {rules: [{name: a, verdict: drop, domains: [b.example, \"*.ads.example\"]}]}\n",
         1, 64, "`domains` already means all below it: write ads.example"},
        {"policy: {rules: [{name: a, verdict: drop, names: [\"*.ads.example\"]}]}\n", 1, 51,
         "for all below it write `domains: [ads.example]`"},
        {"policy: {rules: [{name: a, verdict: drop, except: [\"*.b.example\"]}]}\n", 1, 52,
         "`except` already means all below it: write b.example"},
        {"policy: {rules: [{name: a, verdict: drop, aliases: [\"*.b.example\"]}]}\n", 1, 53,
         "`aliases` already means all below it: write b.example"},
        {"policy: {rules: [{name: a, verdict: drop, domains: [\"*\"]}]}\n", 1, 53,
         "`domains` already means all below it: write ."},
        {"policy: {private_names: [x.example, \"*.plex.direct\"]}\n", 1, 37,
         "policy.private_names[1]: `private_names` already means all below it: write plex.direct"},
        {"segments: [{name: a, subnets: [10.0.0.0/8], only: [\"*.b.example\"]}]\n", 1, 52,
         "`only` already means all below it: write b.example"},
        {"groups: [{name: a, only: [\"*.b.example\"]}]\n", 1, 27,
         "`only` already means all below it: write b.example"},
        {"devices: [{name: a, only: [\"*.b.example\"]}]\n", 1, 28,
         "`only` already means all below it: write b.example"},
        {"policy: {rules: [{name: a, verdict: secure, aliases: [a.example]}]}\n", 1, 37,
         "decided before there is an answer"},
        {"segments: [{name: a, subnets: [10.0.0.0/8], upstream: isp}]\n", 1, 55,
         "there is no group \"isp\""},
        {"policy: {rules: [{name: a, verdict: drop, hours: \"22-06\"}]}\n", 1, 50,
         "two different times of the day"},
        {"policy: {rules: [{name: a}]}\n", 1, 18, "verdict"},
        {"policy: {rules: [{name: a, verdict: data}]}\n", 1, 37, "`data` is missing"},
        {"policy: {rules: [{name: a, verdict: data, data: [A 1.2.3]}]}\n", 1, 50,
         "the data does not fit the type"},
        {"policy: {rules: [{name: a, verdict: data, data: [A 1.2.3.4, NS a]}]}\n", 1, 61,
         "a rule gives A, AAAA"},
        {"policy: {rules: [{name: a, verdict: sinkhole, data: [A 1.2.3.4, CNAME a]}]}\n", 1, 65,
         "a CNAME stands alone"},
        {"policy: {rules: [{name: a, verdict: drop, servers: [ns.example, 10.0.0.0/40]}]}\n", 1, 65,
         "neither a name nor an address"},
        {"policy: {rules: [{name: a, verdict: route, group: recursion, servers: [a.example]}]}\n",
         1, 37, "decided before there is an answer"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_broken(&rows[i]);
}

/* Groups, and the devices and kinds that rules name, have a bit each. */
static void test_bits(void **state)
{
    char text[2048];
    struct broken row = {text, 1, 18, "at most 64"};

    for (unsigned devices = 61; devices <= 62; devices++) {
        size_t n = (size_t)snprintf(
            text, sizeof(text),
            "policy: {rules: [{name: a, verdict: drop, kinds: [tv, box], devices: [");
        for (unsigned i = 0; i < devices; i++)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%sd-%u", i ? ", " : "", i);
        snprintf(
            text + n, sizeof(text) - n,
            "]}, {name: b, verdict: drop, kinds: [tv], devices: [d-1]}]}\ngroups: [{name: tv}]\n");
        if (devices == 61)
            wr_conf_free(good_conf(text));
        else {
            row.column = (uint32_t)(strstr(text, "{name: b") - text) + 8;
            check_broken(&row);
        }
    }
}

/* Subnets may nest: the longest counts. */
static void test_nested_subnets(void **state)
{
    wr_conf_free(good_conf("segments:\n  - {name: a, subnets: [10.0.0.0/8]}\n"
                           "  - {name: b, subnets: [10.0.0.0/16]}\n"));
}

static void test_warnings(void **state)
{
    wr_conf_free(good_conf("segments: [{name: none}]\n"));
    assert_true(has_mistake(1, 19, "nobody is in it"));
    wr_conf_free(good_conf("policy: {rules: [{name: a, verdict: drop, group: recursion}]}\n"));
    assert_true(has_mistake(1, 50, "only the verdict `route`"));
    wr_conf_free(
        good_conf("policy: {rules: [{name: a, verdict: drop}, {name: b, verdict: drop}]}\n"));
    assert_true(has_mistake(1, 51, "never decides"));
    wr_conf_free(good_conf(
        "policy: {rules: [{name: a, verdict: data, data: [A 1.2.3.4], types: [AAAA, TXT]}]}\n"));
    assert_true(has_mistake(1, 49, "as by `nodata`"));
    wr_conf_free(good_conf(
        "policy: {rules: [{name: a, verdict: data, data: [A 1.2.3.4], types: [AAAA, A]},\n"
        "  {name: b, verdict: data, data: [CNAME x], types: [TXT]}]}\n"));
    for (uint32_t i = 0; i < mistakes.count; i++)
        assert_null(strstr(mistakes.item[i].text, "nodata"));
    wr_conf_free(good_conf("policy: {rules: [{name: a, verdict: drop, data: [A 1.2.3.4]}]}\n"));
    assert_true(has_mistake(1, 49, "only the verdicts `data` and `sinkhole`"));
    wr_conf_free(
        good_conf("policy: {rules: [{name: a, verdict: drop, devices: [telly, camera-2]}]}\n"
                  "devices: [{name: camera-1}]\n"));
    assert_true(has_mistake(1, 60, "did you mean camera-1?"));
    wr_conf_free(good_conf("segments: [{name: a, interfaces: [lan0], reach: answered}]\n"));
    assert_true(has_mistake(1, 49, "the firewall is off"));
    wr_conf_free(good_conf("segments: [{name: a, interfaces: [lan0], reaches: [10.0.0.0/8]}]\n"));
    assert_true(has_mistake(1, 51, "it reaches everything"));
    wr_conf_free(good_conf("firewall: {enabled: true}\nlisten: [127.0.0.1]\n"
                           "segments: [{name: a, listeners: [127.0.0.1], reach: answered}]\n"));
    assert_true(has_mistake(3, 53, "nobody is held back"));
    wr_conf_free(good_conf("firewall: {enabled: true}\n"
                           "segments: [{name: a, interfaces: [lan0], reach: answered}]\n"));
    assert_int_equal(mistakes.count, 0);
    assert_false(has_mistake(1, 53, "devices"));
}

/* By subnets alone a device gets past the fence with an address of the other family. */
static void test_fence_by_subnets(void **state)
{
    wr_conf_free(good_conf(
        "firewall: {enabled: true}\n"
        "segments: [{name: a, subnets: [10.0.0.0/8], reach: answered, foreign_dns: reject}]\n"));
    assert_int_equal(mistakes.count, 1);
    assert_true(has_mistake(2, 52, "name its interfaces"));
    wr_conf_free(good_conf("firewall: {enabled: true}\n"
                           "segments: [{name: a, subnets: [10.0.0.0/8], foreign_dns: answer}]\n"));
    assert_int_equal(mistakes.count, 1);
    assert_true(has_mistake(2, 58, "name its interfaces"));
    wr_conf_free(good_conf("firewall: {enabled: true}\n"
                           "segments: [{name: a, interfaces: [lan0], subnets: [10.0.0.0/8], "
                           "reach: answered}]\n"));
    assert_int_equal(mistakes.count, 0);
    wr_conf_free(good_conf("firewall: {enabled: true}\n"
                           "segments: [{name: a, subnets: [10.0.0.0/8]}]\n"));
    assert_int_equal(mistakes.count, 0);
}

static void test_resolvers_of_whom_may_ask_all(void **state)
{
    const char *fence[] = {"", ", foreign_dns: reject", ", reach: answered"};
    char text[256];

    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof(text),
                 "firewall: {enabled: true}\n"
                 "segments: [{name: a, interfaces: [lan0], resolvers: [192.0.2.53]%s}]\n",
                 fence[i]);
        wr_conf_free(good_conf(text));
        assert_int_equal(mistakes.count, i == 0 ? 1 : 0);
        assert_true(i > 0 || has_mistake(2, 53, "set foreign_dns"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_nested_subnets),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_fence_by_subnets),
        cmocka_unit_test(test_resolvers_of_whom_may_ask_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
