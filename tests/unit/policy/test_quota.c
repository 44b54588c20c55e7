/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "policy/quota.h"

#define BUCKETS 64
#define T0      ((uint64_t)5000000)

static _Alignas(64) uint8_t block[64 + BUCKETS * 12];

static struct wr_quota *fresh(void)
{
    assert_true(wr_quota_size(BUCKETS) <= sizeof(block));
    memset(block, 0xee, sizeof(block)); /* the block may hold anything */
    return wr_quota_init(block, BUCKETS);
}

static unsigned take_many(struct wr_quota *q, uint64_t hash, uint32_t rate, uint32_t burst,
                          uint64_t now_us, unsigned tries)
{
    unsigned granted = 0;
    for (unsigned i = 0; i < tries; i++) {
        granted += wr_quota_take(q, hash, rate, burst, now_us);
    }
    return granted;
}

static void test_burst_then_rate(void **state)
{
    struct wr_quota *q = fresh();
    assert_int_equal(take_many(q, 1, 10, 5, T0, 100), 5);
    assert_false(wr_quota_take(q, 1, 10, 5, T0 + 99999));
    assert_true(wr_quota_take(q, 1, 10, 5, T0 + 100000));
    assert_false(wr_quota_take(q, 1, 10, 5, T0 + 100001));
    /* A second refills ten, but the burst is five. */
    assert_int_equal(take_many(q, 1, 10, 5, T0 + 5000000, 100), 5);
}

static void test_long_run_is_the_rate(void **state)
{
    static const uint32_t rates[] = {1, 3, 10, 1000, 20000};
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        struct wr_quota *q = fresh();
        unsigned granted = 0, seconds = 10;
        for (uint64_t us = 0; us < seconds * (uint64_t)1000000; us += 20) {
            granted += wr_quota_take(q, 7, rates[r], 4, T0 + us);
        }
        assert_in_range(granted, rates[r] * seconds - rates[r] / 5, rates[r] * seconds + 4);
    }
}

static void test_nothing_for_nobody(void **state)
{
    struct wr_quota *q = fresh();
    assert_false(wr_quota_take(q, 1, 0, 5, T0));
    assert_false(wr_quota_take(q, 1, 5, 0, T0));
}

static void test_owners_are_apart(void **state)
{
    struct wr_quota *q = fresh();
    struct wr_hash_key key = {{1, 2}};
    uint64_t a = wr_hash_sip13(&key, "a", 1), b = wr_hash_sip13(&key, "b", 1);
    assert_int_equal(take_many(q, a, 1, 3, T0, 9), 3);
    assert_int_equal(take_many(q, b, 1, 3, T0, 9), 3);
    assert_false(wr_quota_take(q, a, 1, 3, T0));
}

/* A flood of others may make a bucket forgotten, which fills it; the table does not grow or fail. */
static void test_flood(void **state)
{
    struct wr_quota *q = fresh();
    struct wr_hash_key key = {{3, 4}};
    unsigned granted = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        uint64_t h = wr_hash_sip13(&key, &i, sizeof(i));
        granted += wr_quota_take(q, h, 1, 1, T0);
    }
    assert_in_range(granted, 9900, 10000);
}

static void test_clock_goes_back(void **state)
{
    struct wr_quota *q = fresh();
    assert_int_equal(take_many(q, 1, 10, 2, T0, 9), 2);
    assert_false(wr_quota_take(q, 1, 10, 2, T0 - 1000));
    assert_true(wr_quota_take(q, 1, 10, 2, T0 + 200000));
}

static void test_inflight(void **state)
{
    struct wr_quota *q = fresh();
    assert_int_equal(wr_quota_inflight(q, 99, +1), 1);
    assert_int_equal(wr_quota_inflight(q, 99, +1), 2);
    assert_int_equal(wr_quota_inflight(q, 99, 0), 2);
    assert_int_equal(wr_quota_inflight(q, 99, -1), 1);
    assert_int_equal(wr_quota_inflight(q, 99, -1), 0);
    assert_int_equal(wr_quota_inflight(q, 99, -1), 0);
    assert_int_equal(wr_quota_inflight(q, 99 + 256, 0), 0);
}

struct job {
    struct wr_quota *q;
    unsigned granted;
};

static void *worker(void *arg)
{
    struct job *job = arg;
    for (unsigned i = 0; i < 20000; i++) {
        job->granted += wr_quota_take(job->q, 5, 1, 1000, T0);
        wr_quota_inflight(job->q, 5, +1);
        wr_quota_inflight(job->q, 5, -1);
    }
    return NULL;
}

/* Two workers together are granted what one would be, never more. */
static void test_two_threads(void **state)
{
    struct job jobs[2] = {{.q = fresh()}, {0}};
    jobs[1].q = jobs[0].q;
    pthread_t t[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, worker, &jobs[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(t[i], NULL);
    }
    assert_int_equal(jobs[0].granted + jobs[1].granted, 1000);
    assert_int_equal(wr_quota_inflight(jobs[0].q, 5, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_burst_then_rate),
        cmocka_unit_test(test_long_run_is_the_rate),
        cmocka_unit_test(test_nothing_for_nobody),
        cmocka_unit_test(test_owners_are_apart),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_clock_goes_back),
        cmocka_unit_test(test_inflight),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
