/* SPDX-License-Identifier: Apache-2.0 */
/* Who drips and who is slow, in virtual time. */
#include "unit/unit.h"

#include "net/unread.h"

enum { READ_MS = 30000, START_S = 1000 };

/* Takes `octets` every `every_ms`, for an hour at most; the seconds until its time is over. */
static uint64_t lasts(uint64_t octets, uint64_t every_ms)
{
    struct wr_unread u;
    uint64_t now_us = START_S * WR_S;

    wr_unread_begin(&u, now_us);
    while (wr_unread_end(&u, READ_MS) > now_us && now_us < (START_S + 3600) * WR_S) {
        now_us += every_ms * WR_MS;
        wr_unread_took(&u, octets, now_us);
    }
    return now_us / WR_S - START_S;
}

static void test_time(void **state)
{
    assert_in_range(lasts(0, 1000), 30, 31);
    assert_in_range(lasts(1, 1000), 30, 31);
    assert_in_range(lasts(468, 30000), 30, 60); /* an answer just before its end */
    assert_in_range(lasts(WR_READ_RATE / 2, 1000), 59, 61);
    assert_in_range(lasts(WR_READ_RATE, 1000), 3600, 3601); /* slow, and fair */
    assert_in_range(lasts(WR_READ_RATE * 20, 20000), 3600, 3620);
}

static void test_deaf(void **state)
{
    const uint64_t wait_us = WR_UNREAD_MS * WR_MS;
    struct wr_unread u;

    wr_unread_begin(&u, WR_S);
    assert_false(wr_unread_is_deaf(&u, WR_S + wait_us - 1));
    for (int i = 1; i <= 100; i++) { /* an octet now and then */
        wr_unread_took(&u, 1, WR_S + (uint64_t)i * wait_us / 100);
    }
    assert_true(wr_unread_is_deaf(&u, WR_S + wait_us));
    wr_unread_took(&u, WR_READ_RATE, WR_S + wait_us);
    assert_false(wr_unread_is_deaf(&u, WR_S + wait_us));
    assert_true(wr_unread_is_deaf(&u, WR_S + 2 * wait_us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_deaf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
