/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include <pthread.h>
#include <sched.h>

#include "base/ring.h"
#include "base/rng.h"

static uint8_t block[8192] __attribute__((aligned(64)));

static void size_is_a_power_of_two_that_fits(void **state)
{
    struct wr_ring r;

    wr_ring_init(&r, block, sizeof(block));
    assert_int_equal(r.size, 8192);
    wr_ring_init(&r, block, sizeof(block) - 1);
    assert_int_equal(r.size, 4096);
    wr_ring_init(&r, block + 1, 4096);
    assert_int_equal(r.size, 2048);
    assert_int_equal((uintptr_t)r.data % 8, 0);
}

static void records_come_out_as_they_went_in(void **state)
{
    struct wr_ring r;
    struct wr_rng rng;
    uint32_t in = 0, out = 0, n = 0;

    wr_rng_seed_u64(&rng, 9);
    wr_ring_init(&r, block, sizeof(block));
    assert_null(wr_ring_peek(&r, &n));
    for (unsigned round = 0; round < 100000; round++) {
        uint32_t size = in % 300 + 4;
        uint8_t *p = wr_rng_below(&rng, 2) ? wr_ring_reserve(&r, size) : NULL;
        const uint8_t *got;

        if (p) {
            memset(p, (int)(in & 255), size);
            memcpy(p, &in, 4);
            wr_ring_commit(&r);
            in++;
        }
        got = wr_rng_below(&rng, 2) ? wr_ring_peek(&r, &n) : NULL;
        if (got) {
            assert_int_equal(n, out % 300 + 4);
            assert_memory_equal(got, &out, 4);
            assert_int_equal(got[n - 1], n > 4 ? out & 255 : got[n - 1]);
            wr_ring_pop(&r);
            out++;
        }
    }
    assert_true(out > 10000 && in - out < 8192 / 16);
}

static void full_drops_and_counts(void **state)
{
    struct wr_ring r;
    uint32_t n;

    wr_ring_init(&r, block, 4096);
    for (unsigned i = 0; i < 4; i++) {
        assert_non_null(wr_ring_reserve(&r, 4096 / 4 - 8));
        wr_ring_commit(&r);
    }
    assert_null(wr_ring_reserve(&r, 0));
    assert_null(wr_ring_reserve(&r, 0));
    assert_int_equal(atomic_load(&r.dropped), 2);
    assert_non_null(wr_ring_peek(&r, &n));
    wr_ring_pop(&r);
    assert_non_null(wr_ring_reserve(&r, 0));
}

static void too_large_is_dropped(void **state)
{
    struct wr_ring r;

    wr_ring_init(&r, block, 4096);
    assert_null(wr_ring_reserve(&r, 4096 / 4 - 7));
    assert_null(wr_ring_reserve(&r, UINT32_MAX));
    assert_int_equal(atomic_load(&r.dropped), 2);
}

static void what_is_not_committed_is_not_seen(void **state)
{
    struct wr_ring r;
    uint32_t n;

    wr_ring_init(&r, block, 4096);
    assert_non_null(wr_ring_reserve(&r, 8));
    assert_null(wr_ring_peek(&r, &n));
    memcpy(wr_ring_reserve(&r, 5), "later", 5); /* in the place of the first */
    wr_ring_commit(&r);
    assert_memory_equal(wr_ring_peek(&r, &n), "later", 5);
    assert_int_equal(n, 5);
}

enum { RECORDS = 50000 };

static void *produce(void *user)
{
    struct wr_ring *r = user;

    for (uint32_t i = 0; i < RECORDS;) {
        uint32_t *p = wr_ring_reserve(r, 4 + i % 60);

        if (p) {
            *p = i++;
            wr_ring_commit(r);
        } else {
            sched_yield(); /* where both share one core */
        }
    }
    return NULL;
}

static void between_two_threads(void **state)
{
    static struct wr_ring r;
    pthread_t thread;
    uint32_t want = 0;

    wr_ring_init(&r, block, 4096);
    assert_int_equal(pthread_create(&thread, NULL, produce, &r), 0);
    while (want < RECORDS) {
        uint32_t n, v;
        const void *p = wr_ring_peek(&r, &n);

        if (!p) {
            sched_yield();
            continue;
        }
        memcpy(&v, p, 4);
        if (v != want || n != 4 + want % 60) {
            break;
        }
        wr_ring_pop(&r);
        want++;
    }
    assert_int_equal(want, RECORDS);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(size_is_a_power_of_two_that_fits),
        cmocka_unit_test(records_come_out_as_they_went_in),
        cmocka_unit_test(full_drops_and_counts),
        cmocka_unit_test(too_large_is_dropped),
        cmocka_unit_test(what_is_not_committed_is_not_seen),
        cmocka_unit_test(between_two_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
