/* SPDX-License-Identifier: Apache-2.0 */
#include "keeptest.h"

#include <pthread.h>

static void what_was_checkpointed_survives_a_power_cut(void **state)
{
    struct wr_now now = at(1000), later = at(1300);
    struct wr_keep *k = open_keep(&now, NULL);
    int64_t left = 0;

    learn(k, 0, 200, &now, 600);
    ticks(k, 1000, 1062);
    assert_int_equal(status_of(k, 1062).last_age_s, 2);
    learn(k, 200, 210, &now, 600); /* after the checkpoint */
    power_cut(k, 1063);
    later.mono_us = 50 * WR_S; /* another boot: its monotonic clock began again */
    k = open_keep(&later, NULL);
    assert_int_equal(status_of(k, 50).loaded, 200);
    for (uint32_t i = 0; i < 210; i++) {
        int64_t value = get(wr_keep_cache(k), i, &later, &left);

        assert_int_equal(value, i < 200 ? (int64_t)i * 7 : -1);
        /* Stored at 1000; now 1300 by the wall. (Same machine in this test: the boot is the same, but its clock went
         * back, so only the wall counts.) */
        assert_true(i >= 200 || left == 300);
    }
    wr_keep_close(k, &later);
}

static void an_unset_clock_makes_everything_stale(void **state)
{
    struct wr_now now = at(1000), boot = {.mono_us = 5 * WR_S, .wall_s = 0, .wall_proven = false};
    struct wr_keep *k = open_keep(&now, NULL);
    int64_t left = 0;

    learn(k, 0, 10, &now, 600);
    wr_keep_close(k, &now);
    k = open_keep(&boot, NULL);
    assert_int_equal(get(wr_keep_cache(k), 3, &boot, &left), 21);
    assert_int_equal(left, 0);
    boot.mono_us += 100 * WR_S;
    assert_int_equal(get(wr_keep_cache(k), 3, &boot, &left), 21);
    assert_int_equal(left, -100); /* its stale bound runs in running time */
    wr_keep_close(k, &boot);
}

static void a_close_is_a_checkpoint(void **state)
{
    struct wr_now now = at(1000), soon = at(1001);
    struct wr_keep *k = open_keep(&now, NULL);

    learn(k, 0, 100, &now, 600);
    wr_keep_close(k, &soon);
    k = open_keep(&soon, NULL);
    assert_int_equal(value_of(wr_keep_cache(k), 99, &soon), 99 * 7);
    wr_keep_close(k, &soon);
}

static void a_refresh_writes_nothing(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    uint64_t written;

    learn(k, 0, 200, &now, 60);
    ticks(k, 1000, 1070);
    written = status_of(k, 1070).bytes_total;
    assert_true(written > 200 * 30);
    for (uint64_t s = 1070; s < 8000; s += 60) {
        now = at(s);
        learn(k, 0, 200, &now, 60);
        ticks(k, s, s + 60);
    }
    assert_int_equal(status_of(k, 8000).bytes_total, written);
    power_cut(k, 8001);
}

static void a_flush_is_not_undone_by_a_restart(void **state)
{
    struct wr_now now = at(1000), soon = at(1100);
    struct wr_keep *k = open_keep(&now, NULL);
    struct wr_name name;

    learn(k, 0, 20, &now, 600);
    ticks(k, 1000, 1062);
    name_of(5, &name);
    wr_cache_flush(wr_keep_cache(k), name.wire);
    wr_keep_flushed(k, name.wire);
    ticks(k, 1062, 1064);
    power_cut(k, 1064);
    k = open_keep(&soon, NULL);
    assert_int_equal(value_of(wr_keep_cache(k), 5, &soon), -1);
    assert_int_equal(value_of(wr_keep_cache(k), 6, &soon), 42);
    wr_keep_close(k, &soon);
}

/* --- others ask while it works ---------------------------------------------------------------- */

static void *ask_on(void *arg)
{
    struct wr_keep *k = arg;
    struct wr_keep_conf conf = {.min_interval_ms = 60000,
                                .max_interval_ms = 3600000,
                                .budget_per_day_bytes = 1 << 20,
                                .stale_max_s = 86400};
    struct wr_name name;

    for (uint32_t i = 0; i < 3000; i++) {
        struct wr_keep_status st = status_of(k, 1000 + i);

        if (!st.checkpoints || st.problem[0] != 0) {
            return arg;
        }
        wr_keep_change(k, &conf);
        if (i % 100 == 0) {
            name_of(i, &name);
            wr_keep_flushed(k, name.wire);
        }
    }
    return NULL;
}

static void others_ask_while_it_works(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    pthread_t thread;
    void *failed;

    learn(k, 0, 50, &now, 600);
    assert_int_equal(pthread_create(&thread, NULL, ask_on, k), 0);
    ticks(k, 1000, 2000);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    ticks(k, 2000, 2002);
    assert_true(status_of(k, 2002).batches > 0);
    wr_keep_close(k, &now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_checkpointed_survives_a_power_cut),
        TEST(an_unset_clock_makes_everything_stale),
        TEST(a_close_is_a_checkpoint),
        TEST(a_refresh_writes_nothing),
        TEST(a_flush_is_not_undone_by_a_restart),
        TEST(others_ask_while_it_works),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
