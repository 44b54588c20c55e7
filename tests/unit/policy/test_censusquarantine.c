/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/policy/household.h"

static struct household h;
static uint32_t camera;

static int setup(void **state)
{
    h = household(16);
    neighbour(&h, "00:00:5e:00:00:01", "192.0.2.1", T0);
    neighbour(&h, "00:00:5e:00:00:02", "192.0.2.2", T0);
    camera = device_at(&h, "192.0.2.1");
    return 0;
}

static int teardown(void **state)
{
    household_end(&h);
    return 0;
}

static void shut(uint32_t for_s, bool proven)
{
    const struct wr_census_quarantine how = {"it scans", for_s, T0, proven};
    assert_int_equal(wr_census_quarantine_for(h.m, camera, &how), WR_OK);
    assert_int_equal(who_at(&h, "192.0.2.1").state, WR_WHO_QUARANTINED);
}

static const struct wr_census_device *it(void)
{
    return wr_census_get(h.m, camera);
}

static void test_ends(void **state)
{
    shut(7200, true);
    assert_string_equal(it()->reason, "it scans");
    assert_int_equal(it()->shut.since_s, T0);
    assert_int_equal(it()->shut.until_s, T0 + 7200);
    wr_census_elapse(h.m, 7199, T0 + 7199, true);
    assert_int_equal(wr_census_over(h.m), 0);
    assert_int_equal(it()->shut.left_s, 1);
    wr_census_elapse(h.m, 1, T0 + 7200, true);
    assert_int_equal(wr_census_over(h.m), camera);
    assert_int_equal(wr_census_over(h.m), 0);
    assert_int_equal(who_at(&h, "192.0.2.1").state, WR_WHO_KNOWN);
    assert_string_equal(it()->reason, "");
    assert_int_equal(it()->shut.since_s, 0);
}

/* The clock jumps a day on, and back: running time is what counts. */
static void test_clock_jumps(void **state)
{
    shut(100, true);
    wr_census_elapse(h.m, 10, T0 + 86400, true);
    wr_census_elapse(h.m, 10, T0 - 86400, true);
    wr_census_elapse(h.m, 79, T0, false);
    assert_int_equal(wr_census_over(h.m), 0);
    assert_int_equal(it()->shut.left_s, 1);
    wr_census_elapse(h.m, UINT32_MAX, T0, false);
    assert_int_equal(wr_census_over(h.m), camera);
}

static void test_no_end_and_another(void **state)
{
    shut(0, true);
    wr_census_elapse(h.m, UINT32_MAX, T0 + 86400, true);
    assert_int_equal(wr_census_over(h.m), 0);
    shut(10, true); /* the owner has thought again: since when it is so stays */
    const struct wr_census_quarantine longer = {"", 20, T0 + 5, true};
    assert_int_equal(wr_census_quarantine_for(h.m, camera, &longer), WR_OK);
    assert_int_equal(it()->shut.since_s, T0);
    assert_int_equal(it()->shut.left_s, 20);
    assert_string_equal(it()->reason, "");
    assert_int_equal(wr_census_shut_off(h.m, camera, "rule x", T0 + 6), WR_E_EXISTS);
    assert_int_equal(wr_census_quarantine(h.m, camera, false), WR_OK);
    wr_census_elapse(h.m, 30, T0 + 40, true);
    assert_int_equal(wr_census_over(h.m), 0);
    assert_int_equal(wr_census_shut_off(h.m, camera, "rule x", T0 + 50), WR_OK);
    assert_false(it()->shut.timed);
    assert_int_equal(it()->shut.since_s, T0 + 50);
    assert_int_equal(wr_census_quarantine(h.m, 99, true), WR_E_NOTFOUND);
    assert_int_equal(wr_census_quarantine(h.m, 99, false), WR_E_NOTFOUND);
}

/* As the registry brings it back, `off_s` after it was written. */
static void restart(void)
{
    struct wr_census_device kept = *it();
    teardown(NULL);
    h = household(16);
    kept.shut.kept = true;
    assert_int_equal(wr_census_restore(h.m, &kept), WR_OK);
}

static void test_restart(void **state)
{
    shut(1000, true);
    wr_census_elapse(h.m, 100, T0 + 100, true);
    restart(); /* 400 s later: nobody knows until the clock is proven */
    wr_census_elapse(h.m, 50, 0, false);
    assert_int_equal(it()->shut.left_s, 850);
    wr_census_elapse(h.m, 1, T0 + 551, true);
    assert_int_equal(it()->shut.left_s, 449);
    wr_census_elapse(h.m, 1, T0 + 9000, true); /* a jump after that is one */
    assert_int_equal(it()->shut.left_s, 448);
    restart(); /* long after its end */
    wr_census_elapse(h.m, 0, T0 + 90000, true);
    assert_int_equal(wr_census_over(h.m), camera);
}

/* A clock that was never proven when it was written says nothing, whatever it says later. One that is behind makes it no longer. */
static void test_restart_without_a_clock(void **state)
{
    shut(1000, false);
    assert_int_equal(it()->shut.until_s, 0);
    restart();
    wr_census_elapse(h.m, 10, T0 + 86400, true);
    assert_int_equal(it()->shut.left_s, 990);
    restart();
    wr_census_elapse(h.m, 10, T0 - 86400, true);
    assert_int_equal(it()->shut.left_s, 980);
}

/* What the registry has to know again: without a clock every ten minutes, with one not. */
static void test_writes(void **state)
{
    shut(7200, false);
    uint64_t before = wr_census_changes(h.m);
    for (unsigned i = 0; i < 3600; i++) {
        wr_census_elapse(h.m, 1, T0, false);
    }
    assert_int_equal(wr_census_changes(h.m) - before, 6);
    before = wr_census_changes(h.m);
    wr_census_elapse(h.m, 1, T0, true); /* its end by the clock is known now */
    assert_int_equal(wr_census_changes(h.m) - before, 1);
    for (unsigned i = 0; i < 2000; i++) {
        wr_census_elapse(h.m, 1, T0 + i, true);
    }
    assert_int_equal(wr_census_changes(h.m) - before, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clock_jumps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_end_and_another, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restart_without_a_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(test_writes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
