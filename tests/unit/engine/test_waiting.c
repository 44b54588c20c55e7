/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/waiting.h"

#define ROOM 8

static struct wr_waiting w;
static struct wr_rng rng;
static void *block, *buckets;

static int setup(void **state)
{
    block = aligned_alloc(64, (wr_waiting_size(ROOM, 4) + 63) & ~(size_t)63);
    buckets = aligned_alloc(64, (wr_quota_size(256) + 63) & ~(size_t)63);
    wr_waiting_init(&w, block, ROOM, 4, wr_quota_init(buckets, 256));
    wr_rng_seed_u64(&rng, 1);
    return 0;
}

static int teardown(void **state)
{
    free(block);
    free(buckets);
    return 0;
}

static struct wr_asker asker(uint64_t prefix, uint64_t asked_us)
{
    return (struct wr_asker){.client_hash = wr_hash_mix(prefix),
                             .prefix_hash = wr_hash_mix(prefix),
                             .asked_us = asked_us};
}

static struct wr_waiter *yield_to(uint64_t prefix)
{
    struct wr_asker newcomer = asker(prefix, 1000);
    return wr_waiting_yield(&w, &newcomer, &rng);
}

#define REQUEST(n) ((wr_id)1 << 32 | (n))

static void test_in_order(void **state)
{
    for (uint64_t i = 0; i < 3; i++) {
        struct wr_asker a = asker(1, i);
        assert_non_null(wr_waiting_add(&w, REQUEST(2), &a));
    }
    for (uint64_t i = 0; i < 3; i++) {
        struct wr_waiter *first = wr_waiting_first(&w, REQUEST(2));
        assert_int_equal(first->asker.asked_us, i);
        wr_waiting_remove(&w, first);
    }
    assert_null(wr_waiting_first(&w, REQUEST(2)));
    assert_int_equal(wr_quota_inflight(w.quota, wr_hash_mix(1), 0), 0);
}

/* The same place, another request: the list and its stale mark begin anew. */
static void test_a_new_request_has_a_new_list(void **state)
{
    wr_waiting_of(&w, REQUEST(1))->stale_rang = true;
    assert_true(wr_waiting_of(&w, REQUEST(1))->stale_rang);
    assert_false(wr_waiting_of(&w, (wr_id)3 << 32 | 1)->stale_rang);
}

static void test_the_busiest_yields_oldest_first(void **state)
{
    for (uint64_t i = 0; i < ROOM; i++) {
        struct wr_asker a = asker(i < 2 ? 10 : 20, 100 - i);
        assert_non_null(wr_waiting_add(&w, REQUEST(i % 4), &a));
    }
    struct wr_waiter *victim = yield_to(10);
    assert_non_null(victim);
    assert_int_equal(victim->asker.prefix_hash, wr_hash_mix(20));
    assert_int_equal(victim->asker.asked_us, 100 - (ROOM - 1));
    wr_waiting_give_up(&w, victim);
    assert_false(wr_list_empty(&w.given_up));
    assert_int_equal(wr_quota_inflight(w.quota, wr_hash_mix(20), 0), ROOM - 3);
    wr_waiting_remove(&w, victim);
    assert_true(wr_list_empty(&w.given_up));
}

static void test_turned(void **state)
{
    struct wr_asker a = asker(50, 1);
    struct wr_waiter *first = wr_waiting_add(&w, REQUEST(3), &a);
    struct wr_waiter *second = wr_waiting_add(&w, REQUEST(3), &a);
    wr_waiting_turn(&w, first);
    assert_ptr_equal(WR_CONTAINER(w.turned.next, struct wr_waiter, node), first);
    assert_ptr_equal(wr_waiting_first(&w, REQUEST(3)), second);
    assert_int_equal(wr_quota_inflight(w.quota, wr_hash_mix(50), 0), 1);
    assert_true(wr_list_empty(&w.given_up));
    wr_waiting_remove(&w, first);
    wr_waiting_remove(&w, second);
    assert_true(wr_list_empty(&w.turned));
    assert_int_equal(wr_quota_inflight(w.quota, wr_hash_mix(50), 0), 0);
}

static void test_a_newcomer_of_few_is_not_the_victim_of_many(void **state)
{
    for (uint64_t i = 0; i < ROOM; i++) {
        struct wr_asker a = asker(30 + i, i);
        assert_non_null(wr_waiting_add(&w, REQUEST(0), &a));
    }
    /* Everybody has one, the newcomer has none yet: somebody gives way. */
    assert_non_null(yield_to(99));
    wr_quota_inflight(w.quota, wr_hash_mix(99), 1);
    wr_quota_inflight(w.quota, wr_hash_mix(99), 1);
    assert_null(yield_to(99)); /* now it is the busiest, and none of its own waits here */
}

/* Floods that hold equally much do not cut each other's questions, nor does one cut its own: they went upstream. */
static void test_the_newest_of_a_flood_yields(void **state)
{
    for (uint64_t i = 0; i < ROOM; i++) {
        struct wr_asker a = asker(i % 2 ? 10 : 20, i);
        assert_non_null(wr_waiting_add(&w, REQUEST(i % 4), &a));
    }
    for (unsigned i = 0; i < 50; i++) {
        assert_null(yield_to(10));
        assert_null(yield_to(20));
    }
    assert_non_null(yield_to(30));
    struct wr_asker few = asker(30, 50);
    wr_waiting_add(&w, REQUEST(0), &few);
    assert_non_null(yield_to(30)); /* one against four */
}

/* Of one network the device that has most in flight yields to its neighbour, and never the other way round. */
static void test_neighbours(void **state)
{
    for (uint64_t i = 0; i < ROOM; i++) {
        struct wr_asker a = asker(40, i);
        a.client_hash = wr_hash_mix(i == 0 ? 41 : 42);
        assert_non_null(wr_waiting_add(&w, REQUEST(i % 4), &a));
    }
    struct wr_asker few = asker(40, 100), many = asker(40, 100);
    few.client_hash = wr_hash_mix(43);
    many.client_hash = wr_hash_mix(42);
    for (unsigned i = 0; i < 50; i++) {
        struct wr_waiter *victim = wr_waiting_yield(&w, &few, &rng);
        assert_non_null(victim);
        assert_int_equal(victim->asker.client_hash, wr_hash_mix(42));
        assert_null(wr_waiting_yield(&w, &many, &rng));
    }
    assert_int_equal(wr_quota_inflight(w.quota, wr_hash_mix(40), 0), ROOM);
    assert_int_equal(wr_quota_inflight(w.quota, wr_hash_mix(42), 0), ROOM - 1);
}

static void test_gone_clients_leave(void **state)
{
    struct wr_asker a = asker(1, 1);
    a.client = (struct wr_client){.transport = WR_CLIENT_TCP, .conn = 5, .worker = 1};
    wr_waiting_add(&w, REQUEST(0), &a);
    wr_waiting_add(&w, REQUEST(1), &a);
    a.client.worker = 0;
    wr_waiting_add(&w, REQUEST(1), &a);
    a.client.worker = 1;
    a.client.transport = WR_CLIENT_DOQ; /* another thing that has that number */
    wr_waiting_add(&w, REQUEST(1), &a);
    a.client.transport = WR_CLIENT_TCP;
    assert_int_equal(wr_waiting_gone(&w, &a.client), 2);
    assert_null(wr_waiting_first(&w, REQUEST(0)));
    assert_non_null(wr_waiting_first(&w, REQUEST(1)));
}

static void test_full(void **state)
{
    struct wr_asker a = asker(1, 1);
    unsigned taken = 0;
    while (wr_waiting_add(&w, REQUEST(0), &a)) {
        taken++;
    }
    assert_in_range(taken, ROOM, ROOM + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_turned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_new_request_has_a_new_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_busiest_yields_oldest_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_newcomer_of_few_is_not_the_victim_of_many, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_newest_of_a_flood_yields, setup, teardown),
        cmocka_unit_test_setup_teardown(test_neighbours, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gone_clients_leave, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
