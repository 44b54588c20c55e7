/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/rng.h"
#include "base/time.h"
#include "resolve/writebudget.h"

#define MIN  (60 * WR_S)
#define HOUR (3600 * WR_S)
#define MIB  ((uint64_t)1 << 20)

static void an_eighth_may_go_at_once(void **state)
{
    struct wr_writebudget b;

    wr_writebudget_init(&b, MIB, MIN, HOUR, 5 * WR_S);
    assert_int_equal(wr_writebudget_allowed(&b, 5 * WR_S), MIB / 8);
    wr_writebudget_spend(&b, 5 * WR_S, MIB / 8);
    assert_int_equal(wr_writebudget_allowed(&b, 5 * WR_S), 0);
    assert_in_range(wr_writebudget_allowed(&b, 5 * WR_S + HOUR), 38000, 38300); /* 7/8 MiB / 24 */
    assert_int_equal(wr_writebudget_allowed(&b, 5 * WR_S + 48 * HOUR), MIB / 8);
}

/* A busy site: gigabytes a day flow in as evenly, and no more of them. */
static void large_budgets(void **state)
{
    struct wr_writebudget b;
    const uint64_t day = 8 * 1024 * MIB;
    uint64_t spent = 0, now = 0;

    wr_writebudget_init(&b, day, MIN, HOUR, 0);
    for (; now < 24 * HOUR; now += 37000) {
        uint64_t n = wr_writebudget_allowed(&b, now);

        wr_writebudget_spend(&b, now, n);
        spent += n;
    }
    assert_in_range(spent, day - day / 50, day);
}

/* Whoever spends all that is allowed, whenever: no 24 hours see more than the budget. */
static void no_day_sees_more_than_the_budget(void **state)
{
    struct wr_writebudget b;
    struct wr_rng rng;
    uint64_t now = 77, spent = 0, day_start = 0, day_spent = 0;

    wr_rng_seed_u64(&rng, 1);
    wr_writebudget_init(&b, MIB, MIN, HOUR, now);
    day_start = now;
    for (int i = 0; i < 20000; i++) {
        uint64_t n = wr_writebudget_allowed(&b, now);

        n = wr_rng_below(&rng, 3) ? n : n / 2;
        wr_writebudget_spend(&b, now, n);
        spent += n;
        day_spent += n;
        assert_true(day_spent <= MIB);
        assert_true(wr_writebudget_today(&b, now) <= MIB + MIB / 24);
        now += wr_rng_below(&rng, 60000000);
        if (now - day_start >= 24 * HOUR) {
            day_start = now;
            day_spent = 0;
        }
    }
    assert_true(spent > 4 * MIB); /* and it can be used */
}

static void the_interval_stretches_and_comes_back(void **state)
{
    struct wr_writebudget b;
    uint64_t now = 0;

    wr_writebudget_init(&b, MIB, MIN, HOUR, now);
    assert_false(wr_writebudget_due(&b, now));
    assert_true(wr_writebudget_due(&b, MIN));
    for (int i = 0; i < 10; i++) {
        wr_writebudget_spend(&b, now, wr_writebudget_allowed(&b, now));
        wr_writebudget_done(&b, now, false);
    }
    assert_int_equal(b.interval_us, HOUR);
    assert_false(wr_writebudget_due(&b, now + HOUR - 1));
    now += 24 * HOUR;
    for (int i = 0; i < 10; i++) {
        (void)wr_writebudget_allowed(&b, now);
        wr_writebudget_done(&b, now, false);
    }
    assert_int_equal(b.interval_us, MIN);
    wr_writebudget_done(&b, now, true);
    assert_int_equal(b.interval_us, 2 * MIN);
}

static void today_forgets_yesterday(void **state)
{
    struct wr_writebudget b;

    wr_writebudget_init(&b, MIB, MIN, HOUR, 0);
    wr_writebudget_spend(&b, HOUR, 1000);
    wr_writebudget_spend(&b, 5 * HOUR, 500);
    assert_int_equal(wr_writebudget_today(&b, 20 * HOUR), 1500);
    assert_int_equal(wr_writebudget_today(&b, 25 * HOUR), 500);
    assert_int_equal(wr_writebudget_today(&b, 30 * HOUR), 0);
    assert_int_equal(wr_writebudget_today(&b, 3000 * HOUR), 0);
}

static void an_earlier_life_counts_until_it_has_flowed_in_again(void **state)
{
    struct wr_writebudget b;

    wr_writebudget_init(&b, MIB, MIN, HOUR, 0);
    wr_writebudget_before(&b, 60, 1000);
    assert_int_equal(wr_writebudget_allowed(&b, 0), MIB / 8 - 1000);
    wr_writebudget_before(&b, 4 * 3600, 1000); /* 24/7 hours fill it */
    assert_int_equal(wr_writebudget_allowed(&b, 0), MIB / 8 - 1000);
    wr_writebudget_before(&b, 0, MIB);
    assert_int_equal(wr_writebudget_allowed(&b, 0), 0);
}

static void nothing_allowed_stays_nothing(void **state)
{
    struct wr_writebudget b;

    wr_writebudget_init(&b, 0, MIN, HOUR, 0);
    assert_int_equal(wr_writebudget_allowed(&b, 1000 * HOUR), 0);
    wr_writebudget_init(&b, UINT64_MAX, MIN, 0, 0); /* max below min */
    assert_int_equal(b.interval_us, MIN);
    assert_in_range(wr_writebudget_allowed(&b, HOUR), MIB, 64 * 1024 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_eighth_may_go_at_once),
        cmocka_unit_test(large_budgets),
        cmocka_unit_test(no_day_sees_more_than_the_budget),
        cmocka_unit_test(the_interval_stretches_and_comes_back),
        cmocka_unit_test(today_forgets_yesterday),
        cmocka_unit_test(an_earlier_life_counts_until_it_has_flowed_in_again),
        cmocka_unit_test(nothing_allowed_stays_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
