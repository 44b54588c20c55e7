/* SPDX-License-Identifier: Apache-2.0 */
/* The strike register: once, within the window, over several threads, and full. */
#include "unit/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "transport/strike.h"

enum { SETS = 1024, THREADS = 4, MARKS = 2000 };

static const struct wr_hash_key key = {{7, 9}};

static void test_once_in_a_window(void **state)
{
    void *block = calloc(1, wr_strike_size(SETS));
    struct wr_strike s;

    wr_strike_init(&s, block, SETS, &key, 10 * WR_S);
    for (uint64_t now_us = 5 * WR_S; now_us < 1000 * WR_S; now_us += 100 * WR_S) {
        assert_false(wr_strike_seen(&s, "one", 3, now_us));
        assert_true(wr_strike_seen(&s, "one", 3, now_us));
        assert_false(wr_strike_seen(&s, "two", 3, now_us));
        assert_true(wr_strike_seen(&s, "one", 3, now_us + 10 * WR_S));
        assert_false(wr_strike_seen(&s, "one", 3, now_us + 11 * WR_S));
    }
    free(block);
}

/* As many as were told of as the register is for are all taken once; when a set is full the answer is "seen". */
static void test_full_is_seen(void **state)
{
    void *block = calloc(1, wr_strike_size(1));
    struct wr_strike s;
    unsigned taken = 0;

    wr_strike_init(&s, block, 1, &key, 10 * WR_S);
    for (uint32_t i = 0; i < 100; i++) {
        taken += !wr_strike_seen(&s, &i, sizeof(i), 50 * WR_S);
    }
    assert_int_equal(taken, WR_STRIKE_WAYS);
    for (uint32_t i = 200; i < 300; i++) { /* the window has passed */
        taken += !wr_strike_seen(&s, &i, sizeof(i), 70 * WR_S);
    }
    assert_int_equal(taken, 2 * WR_STRIKE_WAYS);
    free(block);
}

struct work {
    struct wr_strike *s;
    unsigned taken[MARKS];
};

static void *run(void *arg)
{
    struct work *w = arg;

    for (uint32_t i = 0; i < MARKS; i++) {
        w->taken[i] = !wr_strike_seen(w->s, &i, sizeof(i), 50 * WR_S + i);
    }
    return NULL;
}

/* Never twice, whoever comes first. */
static void test_threads(void **state)
{
    void *block = calloc(1, wr_strike_size(SETS));
    static struct work work[THREADS];
    pthread_t thread[THREADS];
    struct wr_strike s;
    unsigned all = 0;

    wr_strike_init(&s, block, SETS, &key, 10 * WR_S);
    for (unsigned t = 0; t < THREADS; t++) {
        work[t].s = &s;
        assert_int_equal(pthread_create(&thread[t], NULL, run, &work[t]), 0);
    }
    for (unsigned t = 0; t < THREADS; t++) {
        pthread_join(thread[t], NULL);
    }
    for (unsigned i = 0; i < MARKS; i++) {
        unsigned n = 0;

        for (unsigned t = 0; t < THREADS; t++) {
            n += work[t].taken[i];
        }
        assert_true(n <= 1);
        all += n;
    }
    assert_true(all > MARKS / 2);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_in_a_window),
        cmocka_unit_test(test_full_is_seen),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
