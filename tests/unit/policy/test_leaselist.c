/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "policy/leaselist.h"
#include "policy/rulesetlease.h"

static const struct wr_hash_key hash_key = {{1, 2}};
static void *block;

static struct wr_leaselist *list_of(uint32_t capacity)
{
    free(block);
    block = calloc(1, wr_leaselist_size(capacity));
    assert_non_null(block);
    return wr_leaselist_init(block, capacity, &hash_key);
}

static int teardown(void **state)
{
    free(block);
    block = NULL;
    return 0;
}

static struct wr_leaselist_key key_of(unsigned who, unsigned dest)
{
    struct wr_leaselist_key k;
    memset(&k, 0, sizeof(k));
    k.ifindex = 3;
    k.family = 4;
    k.who[5] = (uint8_t)who;
    k.dest[0] = 192;
    k.dest[2] = (uint8_t)(dest >> 8);
    k.dest[3] = (uint8_t)dest;
    return k;
}

static int put(struct wr_leaselist *l, unsigned who, unsigned dest, uint64_t until, uint64_t now)
{
    const struct wr_leaselist_key k = key_of(who, dest);
    return wr_leaselist_put(l, &k, until, now);
}

static enum wr_leaselist_state touched(const struct wr_leaselist *l, uint32_t n)
{
    assert_true(n < wr_leaselist_touches(l));
    return (enum wr_leaselist_state)wr_leaselist_touched(l, n)->state;
}

static void settle(struct wr_leaselist *l, int err)
{
    wr_leaselist_settle(l, wr_leaselist_touches(l), err);
}

static void test_renewal(void **state)
{
    struct wr_leaselist *l = list_of(8);
    assert_int_equal(put(l, 1, 1, 1000, 0), WR_OK);
    assert_int_equal(touched(l, 0), WR_LEASELIST_WANTED);
    assert_int_equal(put(l, 1, 1, 2000, 0),
                     WR_OK); /* in the same transaction: added once, with the longer end */
    assert_int_equal(wr_leaselist_touches(l), 1);
    assert_int_equal(touched(l, 0), WR_LEASELIST_WANTED);
    assert_int_equal(wr_leaselist_touched(l, 0)->until_ms, 2000);
    settle(l, WR_OK);
    assert_int_equal(put(l, 1, 1, 1500, 100),
                     WR_OK); /* it lasts longer: nothing to do, and it is not shortened */
    assert_int_equal(wr_leaselist_touches(l), 0);
    assert_int_equal(put(l, 1, 1, 2500, 100), WR_OK);
    assert_int_equal(touched(l, 0), WR_LEASELIST_RENEWED);
    settle(l, WR_E_IO);
    assert_int_equal(put(l, 1, 1, 2000, 100), WR_OK); /* nobody knows which end it has */
    assert_int_equal(touched(l, 0), WR_LEASELIST_RENEWED);
    assert_int_equal(wr_leaselist_touched(l, 0)->until_ms, 2500);
    settle(l, WR_OK);
    /* Over, and still taken to be there for a while: it is deleted and added. */
    wr_leaselist_sweep(l, 2501);
    assert_int_equal(put(l, 1, 1, 9000, 2501), WR_OK);
    assert_int_equal(touched(l, 0), WR_LEASELIST_RENEWED);
    settle(l, WR_OK);
    wr_leaselist_sweep(l, 13999);
    assert_int_equal(wr_leaselist_count(l), 1);
    wr_leaselist_sweep(l, 14000);
    assert_int_equal(wr_leaselist_count(l), 0);
    assert_int_equal(put(l, 1, 1, 20000, 14000), WR_OK);
    assert_int_equal(touched(l, 0), WR_LEASELIST_WANTED);
}

static void test_bounds(void **state)
{
    struct wr_leaselist *l = list_of(8);
    uint32_t cursor = 0;
    wr_leaselist_bound(l, 5, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(put(l, 1, i, 1000, 0), WR_OK);
    }
    assert_int_equal(put(l, 1, 9, 1000, 0), WR_E_LIMIT);
    assert_int_equal(put(l, 1, 2, 3000, 0), WR_OK); /* what it has can be renewed */
    struct wr_leaselist_key k = key_of(1, 9);
    k.ifindex = 4; /* the same MAC address elsewhere is another party */
    assert_int_equal(wr_leaselist_put(l, &k, 1000, 0), WR_OK);
    k = key_of(1, 9);
    k.kind = WR_RULESETLEASE_ROUTED;
    assert_int_equal(wr_leaselist_put(l, &k, 1000, 0), WR_OK);
    assert_int_equal(put(l, 2, 1, 1000, 0), WR_E_FULL);
    settle(l, WR_OK);
    const struct wr_leaselist_party *p = wr_leaselist_parties(l, &cursor);
    assert_non_null(p);
    assert_int_equal(p->count, 3);
    assert_int_equal(wr_leaselist_parties(l, &cursor)->ifindex, 4);
    assert_true(wr_leaselist_parties(l, &cursor)->routed);
    assert_null(wr_leaselist_parties(l, &cursor));
    wr_leaselist_sweep(l, 6000);
    assert_int_equal(wr_leaselist_count(l), 1);
    assert_int_equal(put(l, 1, 9, 9000, 6000), WR_OK);
    assert_int_equal(put(l, 2, 1, 9000, 6000), WR_OK);
    wr_leaselist_bound(l, 5, 0);
    assert_int_equal(put(l, 3, 1, 9000, 6000), WR_E_FULL);
}

/* Sources that nobody has, and MAC addresses that somebody makes up, take the room of one interface. */
static void test_kept_room(void **state)
{
    struct wr_leaselist *l = list_of(64);
    struct wr_leaselist_key k = key_of(0, 1);
    uint32_t routed = 0, near = 0, beside = 0;
    for (k.kind = WR_RULESETLEASE_ROUTED; k.who[5] < 100; k.who[5]++) {
        routed += wr_leaselist_put(l, &k, 1000, 0) == WR_OK;
    }
    assert_int_equal(routed, 48);
    for (unsigned i = 0; i < 100; i++) {
        near += put(l, i, 1, 1000, 0) == WR_OK;
    }
    assert_int_equal(near, 8);
    k = key_of(0, 1);
    for (k.ifindex = 4; k.who[5] < 100; k.who[5]++) {
        beside += wr_leaselist_put(l, &k, 1000, 0) == WR_OK;
    }
    assert_int_equal(beside, 8);
    settle(l, WR_OK);
    wr_leaselist_sweep(l, 6000);
    assert_int_equal(wr_leaselist_count(l), 0);
    assert_int_equal(put(l, 1, 1, 9000, 6000), WR_OK); /* what has ended counts no more */
}

/* Another tool has flushed the table, or the table is found after a kill. */
static void test_lost_and_found(void **state)
{
    struct wr_leaselist *l = list_of(8);
    const struct wr_leaselist_key k = key_of(1, 7);
    put(l, 1, 1, 1000, 0);
    put(l, 1, 2, 5000, 0);
    settle(l, WR_OK);
    put(l, 1, 2, 6000, 0);
    put(l, 1, 3, 6000, 0);
    wr_leaselist_lost(l, 2000);
    assert_int_equal(wr_leaselist_count(l), 2);
    assert_int_equal(wr_leaselist_touches(l), 2);
    assert_int_equal(touched(l, 0), WR_LEASELIST_WANTED);
    assert_int_equal(touched(l, 1), WR_LEASELIST_WANTED);
    wr_leaselist_settle(l, 1, WR_OK); /* in parts */
    assert_int_equal(wr_leaselist_touches(l), 1);
    settle(l, WR_OK);
    assert_int_equal(wr_leaselist_found(l, &k, 4000), WR_OK);
    assert_int_equal(wr_leaselist_touches(l), 0);
    /* Someone has flushed one set: what is there stays as it is, or is renewed, the rest is put there again. */
    wr_leaselist_lost(l, 2000);
    assert_int_equal(wr_leaselist_touches(l), 3);
    assert_int_equal(wr_leaselist_found(l, &k, 3900), WR_OK);
    const struct wr_leaselist_key early = key_of(1, 3);
    assert_int_equal(wr_leaselist_found(l, &early, 2100), WR_OK);
    unsigned wanted = 0, renewed = 0;
    for (uint32_t i = 0; i < 3; i++) {
        wanted += touched(l, i) == WR_LEASELIST_WANTED;
        renewed += touched(l, i) == WR_LEASELIST_RENEWED;
    }
    assert_int_equal(wanted, 1);
    assert_int_equal(renewed, 1);
    settle(l, WR_OK);
    put(l, 1, 7, 3000, 0);
    assert_int_equal(wr_leaselist_touches(l), 0);
    put(l, 1, 7, 5000, 0);
    assert_int_equal(touched(l, 0), WR_LEASELIST_RENEWED);
    settle(l, WR_OK);
    uint32_t cursor = 0;
    const struct wr_leaselist_entry *e;
    for (uint32_t n = 3; (e = wr_leaselist_walk(l, &cursor)) != NULL; n--) {
        assert_int_equal(wr_leaselist_party_of(l, e)->count, n);
        wr_leaselist_leave(l, e);
    }
    assert_int_equal(wr_leaselist_count(l), 0); /* who leaves counts no more */
    assert_int_equal(wr_leaselist_touches(l), 3);
    put(l, 1, 7, 5000, 0); /* it is wanted after all */
    assert_int_equal(wr_leaselist_count(l), 1);
    /* What is to leave leaves when the kernel takes something again, and is not wanted when all is. */
    settle(l, WR_E_IO);
    assert_int_equal(wr_leaselist_touches(l), 2);
    wr_leaselist_lost(l, 2000);
    assert_int_equal(wr_leaselist_touches(l), 3);
    assert_int_equal(touched(l, 0), WR_LEASELIST_LEAVING);
    assert_int_equal(touched(l, 1), WR_LEASELIST_LEAVING);
    assert_int_equal(touched(l, 2), WR_LEASELIST_WANTED);
    settle(l, WR_OK);
    assert_int_equal(wr_leaselist_count(l), 1);
    cursor = 0;
    assert_non_null(wr_leaselist_walk(l, &cursor));
    assert_null(wr_leaselist_walk(l, &cursor));
}

/* One that has ended goes for one that comes, in the same transaction: of the party that is full, else of whoever's ended first. */
static void test_ended_make_room(void **state)
{
    struct wr_leaselist *l = list_of(16);
    struct wr_leaselist_key k = key_of(9, 1);
    wr_leaselist_bound(l, 5, 3);
    put(l, 1, 1, 3000, 0);
    put(l, 1, 2, 1000, 0);
    put(l, 1, 3, 2000, 0);
    put(l, 2, 1, 500, 0);
    put(l, 2, 2, 9000, 0);
    settle(l, WR_OK);
    assert_int_equal(put(l, 3, 1, 9000, 499), WR_E_FULL);
    assert_int_equal(put(l, 1, 4, 9000, 999), WR_E_LIMIT); /* none of it has ended */
    assert_int_equal(wr_leaselist_touches(l), 0);
    assert_int_equal(put(l, 1, 4, 9000, 1000),
                     WR_OK); /* another's ended before, and is not taken */
    assert_int_equal(wr_leaselist_touches(l), 2);
    assert_int_equal(touched(l, 0), WR_LEASELIST_LEAVING);
    assert_int_equal(wr_leaselist_touched(l, 0)->key.dest[3], 2);
    assert_int_equal(touched(l, 1), WR_LEASELIST_WANTED);
    assert_int_equal(wr_leaselist_count(l), 5);
    assert_int_equal(put(l, 1, 5, 9000, 1000), WR_E_LIMIT);
    assert_int_equal(put(l, 3, 1, 9000, 1000), WR_OK);
    assert_int_equal(touched(l, 2), WR_LEASELIST_LEAVING);
    assert_int_equal(wr_leaselist_touched(l, 2)->key.who[5], 2);
    assert_int_equal(put(l, 4, 1, 9000, 1000), WR_E_FULL);
    assert_int_equal(put(l, 1, 2, 9000, 1000),
                     WR_E_LIMIT); /* it has left, and the room is another's */
    settle(l, WR_OK);
    /* One that has ended and is renewed is no more in the way than any other. */
    assert_int_equal(put(l, 1, 3, 9500, 2500), WR_OK);
    assert_int_equal(put(l, 1, 5, 9000, 2500), WR_E_LIMIT);
    settle(l, WR_OK);
    assert_int_equal(put(l, 1, 2, 9000, 3000), WR_OK);
    assert_int_equal(wr_leaselist_touched(l, 0)->key.dest[3], 1);
    settle(l, WR_OK);
    /* Of who is behind another router what has ended makes room for his like. */
    wr_leaselist_bound(l, 16, 16);
    wr_leaselist_sweep(l, 90000);
    k.kind = WR_RULESETLEASE_ROUTED;
    for (k.dest[3] = 0; k.dest[3] < 12; k.dest[3]++) {
        assert_int_equal(wr_leaselist_put(l, &k, 91000, 90000), WR_OK);
    }
    assert_int_equal(put(l, 1, 1, 90500, 90000), WR_OK);
    settle(l, WR_OK);
    assert_int_equal(wr_leaselist_put(l, &k, 99000, 90600), WR_E_FULL);
    assert_int_equal(wr_leaselist_touches(l), 0);
    assert_int_equal(wr_leaselist_put(l, &k, 99000, 91000), WR_OK);
    assert_int_equal(wr_leaselist_touched(l, 0)->key.kind, WR_RULESETLEASE_ROUTED);
}

/* How much of its bound a party has, without what has ended. */
static void test_scarce_and_few(void **state)
{
    struct wr_leaselist *l = list_of(64);
    wr_leaselist_bound(l, 64, 8);
    for (unsigned i = 0; i < 8; i++) {
        const struct wr_leaselist_key k = key_of(1, i), other = key_of(2, i);
        struct wr_leaselist_room room = wr_leaselist_room(l, &k, 0);
        assert_int_equal(room.scarce, i >= 4);
        assert_int_equal(room.few, i >= 6);
        assert_false(room.has);
        assert_int_equal(wr_leaselist_put(l, &k, i < 3 ? 1000 : 2000, 0), WR_OK);
        assert_true(wr_leaselist_room(l, &k, 0).has);
        assert_false(wr_leaselist_room(l, &other, 0).scarce);
    }
    settle(l, WR_OK);
    struct wr_leaselist_key k = key_of(1, 0);
    assert_true(wr_leaselist_room(l, &k, 999).few);
    assert_false(wr_leaselist_room(l, &k, 1000).few);
    assert_true(wr_leaselist_room(l, &k, 1000).scarce);
    put(l, 1, 0, 3000, 1000); /* ended, and renewed */
    assert_true(wr_leaselist_room(l, &k, 1000).few);
    assert_false(wr_leaselist_room(l, &k, 2000).scarce);
    wr_leaselist_sweep(l, 7000);
    assert_false(wr_leaselist_room(l, &k, 7000).has == false);
    uint32_t cursor = 0;
    wr_leaselist_leave(l, wr_leaselist_walk(l, &cursor));
    assert_false(wr_leaselist_room(l, &k, 7000).has);
}

enum { WHO = 6, DESTS = 40 };

/* What the kernel does of a transaction that it takes. */
static void commit(const struct wr_leaselist *l, bool there[WHO][DESTS])
{
    for (uint32_t i = 0; i < wr_leaselist_touches(l); i++) {
        const struct wr_leaselist_entry *e = wr_leaselist_touched(l, i);
        there[e->key.who[5]][e->key.dest[3]] = e->state != WR_LEASELIST_LEAVING;
    }
}

static void check_kernel(bool there[WHO][DESTS])
{
    unsigned all = 0;
    for (unsigned w = 0; w < WHO; w++) {
        unsigned own = 0;
        for (unsigned d = 0; d < DESTS; d++) {
            own += there[w][d];
        }
        assert_true(own <= 20);
        all += own;
    }
    assert_true(all <= 60);
}

/* Any order of it all: counts agree, a kernel in which nothing ends by itself never has more than the bounds say, and the list ends empty. */
static void test_any_order(void **state)
{
    struct wr_rng rng;
    struct wr_leaselist *l = list_of(64);
    bool there[WHO][DESTS] = {{false}};
    wr_rng_seed_u64(&rng, 7);
    wr_leaselist_bound(l, 60, 20);
    uint64_t now = 0;
    unsigned taken_over = 0;
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t r = wr_rng_below(&rng, 1000), cursor = 0, entries = 0, parties = 0;
        const struct wr_leaselist_entry *e;
        now += wr_rng_below(&rng, 200);
        if (r < 900) {
            uint32_t touches = wr_leaselist_touches(l);
            (void)put(l, wr_rng_below(&rng, WHO), wr_rng_below(&rng, DESTS),
                      now + 1 + wr_rng_below(&rng, 9000), now);
            taken_over += wr_leaselist_touches(l) == touches + 2;
        } else if (r < 905) {
            memset(there, 0, sizeof(there)); /* flushed */
            wr_leaselist_lost(l, now);
        } else if (r < 930) {
            e = wr_leaselist_walk(l, &cursor);
            if (e != NULL) {
                wr_leaselist_leave(l, e);
            }
        } else if (r % 4 == 0) {
            settle(l, WR_E_IO);
        } else {
            commit(l, there);
            settle(l, WR_OK);
            check_kernel(there);
        }
        if (r >= 995) { /* so long ago that nothing is there any more */
            wr_leaselist_sweep(l, now);
            cursor = 0;
            memset(there, 0, sizeof(there));
            while ((e = wr_leaselist_walk(l, &cursor)) != NULL) {
                there[e->key.who[5]][e->key.dest[3]] = e->state == WR_LEASELIST_HELD;
            }
        }
        cursor = 0;
        while ((e = wr_leaselist_walk(l, &cursor)) != NULL) {
            entries += e->state != WR_LEASELIST_LEAVING;
        }
        cursor = 0;
        const struct wr_leaselist_party *p;
        while ((p = wr_leaselist_parties(l, &cursor)) != NULL) {
            parties += p->count;
            assert_true(p->count <= 20);
        }
        assert_int_equal(entries, wr_leaselist_count(l));
        assert_int_equal(parties, entries);
        assert_true(entries <= 60);
    }
    assert_true(taken_over > 100);
    settle(l, WR_OK);
    wr_leaselist_sweep(l, now + 100000);
    assert_int_equal(wr_leaselist_count(l), 0);
    uint32_t cursor = 0;
    assert_null(wr_leaselist_walk(l, &cursor));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_renewal, teardown),
        cmocka_unit_test_teardown(test_bounds, teardown),
        cmocka_unit_test_teardown(test_kept_room, teardown),
        cmocka_unit_test_teardown(test_lost_and_found, teardown),
        cmocka_unit_test_teardown(test_ended_make_room, teardown),
        cmocka_unit_test_teardown(test_scarce_and_few, teardown),
        cmocka_unit_test_teardown(test_any_order, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
