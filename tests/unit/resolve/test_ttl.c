/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "resolve/ttl.h"

static void test_floor_ceiling_and_rules(void **state)
{
    struct wr_ttl_rule rules[2] = {
        {.name = wire_name("pool.ntp.org."), .below = true, .min_s = 60, .max_s = 600},
        {.name = wire_name("fw.example."), .min_s = 5, .max_s = 5}};
    struct wr_ttl_policy p = {
        .min_s = 10, .max_s = 86400, .max_negative_s = 300, .rule = rules, .rules = 2};
    struct wr_name other = wire_name("www.test."), pool = wire_name("0.Pool.ntp.org."),
                   apex = wire_name("pool.ntp.org."), fw = wire_name("fw.example."),
                   below = wire_name("a.fw.example.");
    assert_int_equal(wr_ttl_positive(&p, other.wire, 0), 10);
    assert_int_equal(wr_ttl_positive(&p, other.wire, 100), 100);
    assert_int_equal(wr_ttl_positive(&p, other.wire, 1000000), 86400);
    assert_int_equal(wr_ttl_positive(&p, pool.wire, 1), 60);
    assert_int_equal(wr_ttl_positive(&p, pool.wire, 3600), 600);
    assert_int_equal(wr_ttl_positive(&p, apex.wire, 3600), 3600); /* "*." is what is below */
    assert_int_equal(wr_ttl_positive(&p, fw.wire, 3600), 5);
    assert_int_equal(wr_ttl_positive(&p, below.wire, 3600), 3600);
    assert_int_equal(wr_ttl_granted(&p, other.wire, 0), 0); /* lent: no floor */
    assert_int_equal(wr_ttl_granted(&p, pool.wire, 1), 1);
    assert_int_equal(wr_ttl_granted(&p, pool.wire, 3600), 600);
    assert_int_equal(wr_ttl_negative(&p, other.wire, 3600), 300);
    assert_int_equal(wr_ttl_negative(&p, other.wire, 1), 10);
}

static void test_stale_bound(void **state)
{
    struct wr_ttl_rule rules[2] = {{.name = wire_name("never.example."), .stale_s = 0},
                                   {.name = wire_name("long.example."), .stale_s = 99999}};
    struct wr_ttl_policy p = {.stale = true, .stale_max_age_s = 86400, .rule = rules, .rules = 2};
    struct wr_name never = wire_name("never.example."), longer = wire_name("long.example."),
                   other = wire_name("www.test.");
    assert_int_equal(wr_ttl_stale(&p, other.wire), 86400);
    assert_int_equal(wr_ttl_stale(&p, never.wire), 0);
    assert_int_equal(wr_ttl_stale(&p, longer.wire), 99999);
    p.stale_most_s = 600;
    assert_int_equal(wr_ttl_stale(&p, longer.wire), 600);
    assert_int_equal(wr_ttl_stale(&p, other.wire), 600);
    assert_int_equal(wr_ttl_stale(&p, never.wire), 0);
    p.stale = false;
    assert_int_equal(wr_ttl_stale(&p, longer.wire), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_floor_ceiling_and_rules),
                                       cmocka_unit_test(test_stale_bound)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
