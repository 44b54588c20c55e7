/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "serve/firecount.h"

static struct wr_firecount c;
static struct wr_firecounts now;

static void plan(struct wr_conf_segment *segments, size_t count)
{
    static struct wr_conf conf;
    memset(&conf, 0, sizeof(conf));
    conf.segments.items = segments;
    conf.segments.count = count;
    wr_firecount_plan(&c, &conf);
}

static void test_sums(void **state)
{
    struct wr_conf_segment segments[] = {{.name = "cameras"}, {.name = "guests"}};
    plan(segments, 2);
    wr_firecount_take(&c, &now); /* of a table that nobody has planned */
    wr_firecount_begin(&c);
    now.quarantine = 3;
    now.counter[0][WR_RULESET_COUNT_DNS] = 5;
    now.counter[1][WR_RULESET_COUNT_DOH] = 7;
    wr_firecount_take(&c, &now);
    wr_firecount_take(&c, &now);
    assert_int_equal(wr_firecount_get(&c, "cameras", WR_RULESET_COUNT_DNS), 5);
    assert_int_equal(wr_firecount_quarantine(&c), 3);
    /* Written anew, from nothing. */
    plan(segments, 2);
    wr_firecount_begin(&c);
    memset(&now, 0, sizeof(now));
    wr_firecount_take(&c, &now);
    now.counter[0][WR_RULESET_COUNT_DNS] = 1;
    now.quarantine = 4;
    wr_firecount_take(&c, &now);
    assert_int_equal(wr_firecount_get(&c, "cameras", WR_RULESET_COUNT_DNS), 6);
    assert_int_equal(wr_firecount_get(&c, "guests", WR_RULESET_COUNT_DOH), 7);
    assert_int_equal(wr_firecount_quarantine(&c), 7);
    /* The kernel has kept what it had: nothing begins again. */
    plan(segments, 2);
    wr_firecount_begin(&c);
    wr_firecount_take(&c, &now);
    assert_int_equal(wr_firecount_get(&c, "cameras", WR_RULESET_COUNT_DNS), 6);
    /* Another configuration numbers them otherwise, and one is gone. */
    struct wr_conf_segment others[] = {{.name = "house"}, {.name = "cameras"}};
    plan(others, 2);
    assert_int_equal(wr_firecount_get(&c, "guests", WR_RULESET_COUNT_DOH), 7); /* not yet */
    wr_firecount_begin(&c);
    memset(&now, 0, sizeof(now));
    wr_firecount_take(&c, &now);
    now.counter[1][WR_RULESET_COUNT_DNS] = 10;
    wr_firecount_take(&c, &now);
    assert_int_equal(wr_firecount_get(&c, "cameras", WR_RULESET_COUNT_DNS), 16);
    assert_int_equal(wr_firecount_get(&c, "house", WR_RULESET_COUNT_DNS), 0);
    assert_int_equal(wr_firecount_get(&c, "guests", WR_RULESET_COUNT_DOH), 0);
    assert_int_equal(wr_firecount_get(&c, "", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
