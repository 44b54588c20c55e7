/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "dnssec/trusttime.h"

#define HOUR 3600
#define DAY  86400

static enum wr_window at(enum wr_trusttime_state state, int64_t now, int64_t floor, int64_t from,
                         int64_t to, uint32_t *ret_left)
{
    struct wr_trusttime t = wr_trusttime_of(state, now, floor);

    return wr_trusttime_window(&t, (uint32_t)from, (uint32_t)to, ret_left);
}

static void test_window(void **state)
{
    static const struct {
        int64_t now, from, to;
        enum wr_window want;
        uint32_t left;
    } rows[] = {
        {1000000, 1000000 - DAY, 1000000 + 2 * DAY, WR_WINDOW_GOOD, 2 * DAY},
        {1000000, 1000000, 1000000, WR_WINDOW_GOOD, HOUR},
        /* a tenth of ten days is a day; of a day 2.4 hours; of an hour six minutes, so an hour */
        {1000000, 1000000 + DAY, 1000000 + 11 * DAY, WR_WINDOW_GOOD, 11 * DAY},
        {1000000, 1000000 + DAY + 1, 1000000 + 11 * DAY, WR_WINDOW_EARLY, 0},
        {1000000, 1000000 + 2 * HOUR, 1000000 + DAY + 2 * HOUR, WR_WINDOW_GOOD, DAY + 2 * HOUR},
        {1000000, 1000000 + 3 * HOUR, 1000000 + DAY, WR_WINDOW_EARLY, 0},
        {1000000, 1000000 - 2 * HOUR, 1000000 - HOUR, WR_WINDOW_GOOD, 0},
        {1000000, 1000000 - 2 * HOUR, 1000000 - HOUR - 1, WR_WINDOW_EXPIRED, 0},
        /* never more than a day */
        {100000000, 100000000 - 900 * DAY, 100000000 - DAY - 1, WR_WINDOW_EXPIRED, 0},
        {100000000, 100000000 - 900 * DAY, 100000000 - DAY + 5, WR_WINDOW_GOOD, 5},
        /* upside down */
        {1000000, 1000000 + 10, 1000000 - 10, WR_WINDOW_EXPIRED, 0},
        /* beyond 2106 and over the seam of 32 bits */
        {4294967296 + 100, 4294967296 - 50, 4294967296 + 500, WR_WINDOW_GOOD, 400},
        {8589934592 + 100, 8589934592 - 50, 8589934592 + 500, WR_WINDOW_GOOD, 400},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static const enum wr_trusttime_state states[] = {
            WR_TRUSTTIME_SYSTEM, WR_TRUSTTIME_PLAUSIBLE, WR_TRUSTTIME_PROVEN};

        for (size_t s = 0; s < 3; s++) {
            uint32_t left = 7;
            enum wr_window got = at(states[s], rows[i].now, 0, rows[i].from, rows[i].to, &left);

            if (got != rows[i].want || left != (got == WR_WINDOW_GOOD ? rows[i].left : 7)) {
                fail_msg("row %zu: %d, %u left", i, got, left);
            }
        }
    }
}

/* Only the floor counts, and only for the end. */
static void test_unproven(void **state)
{
    uint32_t left;

    assert_int_equal(at(WR_TRUSTTIME_UNPROVEN, 0, 1000000, 2000000, 3000000, &left),
                     WR_WINDOW_GOOD);
    assert_int_equal(left, 2000000);
    assert_int_equal(at(WR_TRUSTTIME_UNPROVEN, 0, 1000000, 500000, 1000000, &left), WR_WINDOW_GOOD);
    assert_int_equal(at(WR_TRUSTTIME_UNPROVEN, 900000, 1000000, 500000, 999999, &left),
                     WR_WINDOW_EXPIRED);
}

static void test_no_allowance(void **state)
{
    struct wr_trusttime t = wr_trusttime_of(WR_TRUSTTIME_PROVEN, 1000, 0);
    uint32_t left;

    t.skew_min_s = t.skew_max_s = 0;
    assert_int_equal(wr_trusttime_window(&t, 0, 999, &left), WR_WINDOW_EXPIRED);
    assert_int_equal(wr_trusttime_window(&t, 1001, 2000, &left), WR_WINDOW_EARLY);
    assert_int_equal(wr_trusttime_window(&t, 1000, 1000, &left), WR_WINDOW_GOOD);
    assert_int_equal(wr_trusttime_moment(&t), 1000);
    t.state = WR_TRUSTTIME_UNPROVEN;
    t.floor_s = 5;
    assert_int_equal(wr_trusttime_moment(&t), 5);
    assert_string_equal(wr_trusttime_name(t.state), "unproven");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_unproven),
        cmocka_unit_test(test_no_allowance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
