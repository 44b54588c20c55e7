/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks are read through libc: replacing clock_gettime replaces the time. */
#include "unit/unit.h"

#include <sys/timex.h>
#include <time.h>

#include "net/clock.h"

static struct timespec fake[16];
static unsigned calls;
static bool no_boottime; /* an old kernel, or a strange one */

int clock_gettime(clockid_t clock, struct timespec *ret);
int clock_gettime(clockid_t clock, struct timespec *ret)
{
    calls++;
    if (no_boottime && clock == CLOCK_BOOTTIME) {
        return -1;
    }
    *ret = fake[clock & 15];
    return 0;
}

static int kernel_says;

static void test_both_clocks(void **state)
{
    struct wr_now now;

    fake[CLOCK_BOOTTIME] = (struct timespec){5, 123456789};
    fake[CLOCK_REALTIME_COARSE] = (struct timespec){1700000000, 999};
    calls = 0;
    wr_clock_now(true, &now);
    assert_int_equal(calls, 2);
    assert_int_equal(now.mono_us, 6123456);
    assert_int_equal(now.wall_s, 1700000000);
    assert_true(now.wall_proven);
}

static void test_first_moment_is_above_zero(void **state)
{
    struct wr_now now;

    fake[CLOCK_BOOTTIME] = (struct timespec){0, 0};
    fake[CLOCK_REALTIME_COARSE] = (struct timespec){-5, 0};
    wr_clock_now(false, &now);
    assert_true(now.mono_us > 0);
    assert_int_equal(now.wall_s, -5);
    assert_false(now.wall_proven);
}

/* While a machine is suspended CLOCK_MONOTONIC stands, and what is remembered grows old all the same. */
static void test_suspended(void **state)
{
    struct wr_clock clock = {0};
    struct wr_now before, after;

    fake[CLOCK_MONOTONIC] = fake[CLOCK_BOOTTIME] = (struct timespec){50, 0};
    fake[CLOCK_REALTIME_COARSE] = (struct timespec){1000, 0};
    wr_clock_believe(&clock, true, INT64_C(1764256000000000));
    wr_clock_read(&clock, &before);
    fake[CLOCK_BOOTTIME].tv_sec += 7200; /* two hours of sleep */
    wr_clock_read(&clock, &after);
    assert_int_equal(after.mono_us - before.mono_us, 7200 * WR_S);
    assert_int_equal(after.wall_s - before.wall_s,
                     7200); /* what a time server said is still right */
    no_boottime = true;     /* then the one that there is, always */
    wr_clock_read(&clock, &before);
    fake[CLOCK_MONOTONIC].tv_sec += 3;
    wr_clock_read(&clock, &after);
    assert_int_equal(before.mono_us, 51 * WR_S);
    assert_int_equal(after.mono_us, 54 * WR_S);
    no_boottime = false;
}

/* A base that was found elsewhere runs with the monotonic clock: stepping the kernel's does not move it. */
static void test_beliefs(void **state)
{
    static const int64_t bases[] = {INT64_C(1764256000000000), -INT64_C(4000000)};
    struct wr_clock clock = {0};
    struct wr_now now;

    fake[CLOCK_BOOTTIME] = (struct timespec){5, 0};
    fake[CLOCK_REALTIME_COARSE] = (struct timespec){1000, 0};
    for (unsigned proven = 0; proven < 2; proven++) {
        wr_clock_believe(&clock, proven, 0);
        wr_clock_read(&clock, &now);
        assert_int_equal(now.wall_s, 1000);
        assert_int_equal(now.wall_proven, proven);
        assert_int_equal(wr_clock_is_proven(&clock), proven);
        for (unsigned i = 0; i < 2; i++) {
            wr_clock_believe(&clock, proven, bases[i]);
            wr_clock_read(&clock, &now);
            assert_int_equal(now.wall_s, bases[i] / 1000000 + 6);
            assert_int_equal(now.wall_proven, proven);
        }
    }
    fake[CLOCK_REALTIME_COARSE].tv_sec = 99;
    fake[CLOCK_BOOTTIME].tv_sec = 15;
    wr_clock_believe(&clock, true, bases[0]);
    wr_clock_read(&clock, &now);
    assert_int_equal(now.wall_s, bases[0] / 1000000 + 16);
    wr_clock_read(NULL, &now);
    assert_int_equal(now.wall_s, 99);
    assert_false(now.wall_proven);
}

int adjtimex(struct timex *t)
{
    assert_int_equal(t->modes, 0); /* asked, not set */
    return kernel_says;
}

static void test_synchronised(void **state)
{
    kernel_says = TIME_ERROR;
    assert_false(wr_clock_is_synchronised());
    kernel_says = TIME_INS; /* a leap second is coming: kept right */
    assert_true(wr_clock_is_synchronised());
    kernel_says = -1;
    assert_true(wr_clock_is_synchronised());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beliefs),      cmocka_unit_test(test_both_clocks),
        cmocka_unit_test(test_suspended),    cmocka_unit_test(test_first_moment_is_above_zero),
        cmocka_unit_test(test_synchronised),
    };

    return cmocka_run_group_tests_name("net/clock", tests, NULL, NULL);
}
