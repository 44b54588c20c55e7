/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tally.h"

static void *block;

static struct wr_tally *fresh(uint32_t devices)
{
    size_t size = (wr_tally_size(devices) + 63) / 64 * 64;
    free(block);
    block = aligned_alloc(64, size);
    assert_non_null(block);
    memset(block, 0, size);
    return wr_tally_init(block, devices);
}

static void test_each_device_has_its_count(void **state)
{
    struct wr_tally *t = fresh(64);
    for (uint32_t d = 1; d <= 32; d++) {
        for (uint32_t i = 0; i < d; i++) {
            wr_tally_add(t, d);
        }
    }
    for (uint32_t d = 1; d <= 32; d++) {
        assert_int_equal(wr_tally_get(t, d), d);
    }
    assert_int_equal(wr_tally_get(t, 33), 0);
    assert_int_equal(wr_tally_get(t, 0), 0);
}

/* Numbers are never used again: what is counted most outlives those that came and went. */
static void test_the_least_makes_room(void **state)
{
    struct wr_tally *t = fresh(4);
    for (int i = 0; i < 1000; i++) {
        wr_tally_add(t, 7);
    }
    for (uint32_t d = 100; d < 1100; d++) {
        wr_tally_add(t, d);
        assert_int_equal(wr_tally_get(t, d), 1);
    }
    assert_int_equal(wr_tally_get(t, 7), 1000);
}

static void *worker(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        wr_tally_add(arg, 5);
    }
    return NULL;
}

static void test_two_threads(void **state)
{
    struct wr_tally *t = fresh(16);
    pthread_t thread[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, worker, t), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(wr_tally_get(t, 5), 40000);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_device_has_its_count),
        cmocka_unit_test(test_the_least_makes_room),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
