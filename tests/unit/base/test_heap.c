/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/heap.h"
#include "base/rng.h"
#include "base/time.h"

enum { COUNT = 200 };

static struct wr_timer *slots[COUNT];
static struct wr_timer timers[COUNT];

static void fresh(struct wr_heap *h)
{
    memset(timers, 0, sizeof(timers));
    assert_true(wr_heap_size(COUNT) <= sizeof(slots));
    wr_heap_init(h, slots, COUNT);
}

static void empty(void **state)
{
    struct wr_heap h;

    fresh(&h);
    assert_true(wr_heap_deadline(&h) == WR_TIME_NEVER);
    assert_null(wr_heap_expired(&h, UINT64_MAX));
    wr_heap_clear(&h, &timers[0]);
}

static void equal_deadlines_in_the_order_set(void **state)
{
    struct wr_heap h;

    fresh(&h);
    for (unsigned i = 0; i < 50; i++) {
        wr_heap_set(&h, &timers[i], 7);
    }
    wr_heap_set(&h, &timers[0], 7); /* set again: now the last */
    for (unsigned i = 1; i <= 50; i++) {
        assert_ptr_equal(wr_heap_expired(&h, 7), &timers[i % 50]);
    }
}

static void nothing_before_its_time(void **state)
{
    struct wr_heap h;

    fresh(&h);
    wr_heap_set(&h, &timers[3], 100);
    assert_true(wr_heap_deadline(&h) == 100);
    assert_null(wr_heap_expired(&h, 99));
    assert_ptr_equal(wr_heap_expired(&h, 100), &timers[3]);
    assert_int_equal(timers[3].slot, 0);
    assert_null(wr_heap_expired(&h, 100));
}

/* Random setting, moving and clearing beside a plain array. */
static void like_a_plain_array(void **state)
{
    uint64_t want[COUNT];
    struct wr_heap h;
    struct wr_rng rng;

    wr_rng_seed_u64(&rng, 5);
    fresh(&h);
    memset(want, 0xff, sizeof(want));
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t i = wr_rng_below(&rng, COUNT);
        uint64_t first = WR_TIME_NEVER;

        if (wr_rng_below(&rng, 3)) {
            want[i] = wr_rng_below(&rng, 1000);
            wr_heap_set(&h, &timers[i], want[i]);
        } else {
            want[i] = WR_TIME_NEVER;
            wr_heap_clear(&h, &timers[i]);
        }
        for (unsigned k = 0; k < COUNT; k++) {
            first = wr_time_min(first, want[k]);
        }
        assert_true(wr_heap_deadline(&h) == first);
    }
    for (uint64_t last = 0; h.count;) {
        struct wr_timer *t = wr_heap_expired(&h, WR_TIME_NEVER - 1);

        assert_true(t->at_us >= last);
        assert_true(t->at_us == want[t - timers]);
        last = t->at_us;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(equal_deadlines_in_the_order_set),
        cmocka_unit_test(nothing_before_its_time),
        cmocka_unit_test(like_a_plain_array),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
