/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "policy/lack.h"

enum { CAMS = 1, DESKS = 2, ADS = 10, MALWARE = 11, ZONE = 20 };

static const uint16_t ads = ADS, malware = MALWARE, cams = CAMS;
static struct wr_policy_rule rule[2];
static struct wr_feedset feeds;
static struct wr_rpz_use use;
static struct wr_rpz_zones zones;
static const struct wr_policy *policy;
static void *block;

/* One rule with one feed for the cameras. */
static void start(void)
{
    memset(rule, 0, sizeof(rule));
    rule[0] = (struct wr_policy_rule){.label = 1,
                                      .action = WR_VERDICT_NXDOMAIN,
                                      .about = {.segment = &cams, .segments = 1},
                                      .feed = &ads,
                                      .feeds = 1};
    feeds = (struct wr_feedset){.count = 2, .item = {{.label = ADS}, {.label = MALWARE}}};
    use = (struct wr_rpz_use){.label = ZONE};
    zones = (struct wr_rpz_zones){.use = &use};
}

static uint16_t lack(uint16_t segment)
{
    struct wr_policy_spec spec = {.rule = rule, .rules = 1};
    free(block);
    block = aligned_alloc(64, (wr_policy_size(&spec) + 63) / 64 * 64);
    assert_non_null(block);
    policy = wr_policy_compile(block, &spec);
    return wr_lack_of(policy, &feeds, &zones, segment);
}

static void test_a_feed_that_a_rule_of_the_segment_names(void **state)
{
    static const struct wr_nametree names;
    static const struct wr_addrtree addrs;
    start();
    assert_int_equal(lack(CAMS), ADS);
    assert_int_equal(lack(DESKS), 0);
    feeds.item[0].names = &names;
    assert_int_equal(lack(CAMS), 0);
    feeds.item[0].names = NULL;
    feeds.item[0].addrs = &addrs;
    assert_int_equal(lack(CAMS), 0);
    rule[0].feed = &malware;
    rule[0].about.segments = 0;
    assert_int_equal(lack(DESKS), MALWARE);
    feeds.count = 1;
    assert_int_equal(lack(DESKS), MALWARE);
    assert_int_equal(wr_lack_of(policy, NULL, &zones, DESKS), MALWARE);
}

static void test_who_gives_is_not_missed(void **state)
{
    start();
    rule[0].action = WR_VERDICT_ALLOW;
    assert_int_equal(lack(CAMS), 0);
    rule[0].action = WR_VERDICT_DROP;
    assert_int_equal(lack(CAMS), ADS);
    rule[0].shadow = true;
    assert_int_equal(lack(CAMS), 0);
}

static void test_a_policy_zone(void **state)
{
    start();
    zones.count = 1;
    assert_int_equal(wr_lack_of(NULL, NULL, &zones, DESKS), ZONE);
    use.override = WR_RPZ_OVERRIDE_DISABLED;
    assert_int_equal(wr_lack_of(NULL, NULL, &zones, DESKS), 0);
    use.override = WR_RPZ_OVERRIDE_NXDOMAIN;
    use.segments = &cams;
    use.segment_count = 1;
    assert_int_equal(wr_lack_of(NULL, NULL, &zones, DESKS), 0);
    assert_int_equal(wr_lack_of(NULL, NULL, &zones, CAMS), ZONE);
    use.groups = 4; /* one of those devices may be there */
    assert_int_equal(wr_lack_of(NULL, NULL, &zones, DESKS), ZONE);
    use.zone = (const struct wr_rpz *)(const void *)&use; /* only that it is there is looked at */
    assert_int_equal(wr_lack_of(NULL, NULL, &zones, CAMS), 0);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_feed_that_a_rule_of_the_segment_names),
        cmocka_unit_test(test_who_gives_is_not_missed),
        cmocka_unit_test(test_a_policy_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
