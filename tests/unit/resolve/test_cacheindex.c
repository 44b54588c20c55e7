/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/hash.h"
#include "resolve/cacheindex.h"

#define BUCKETS 12

struct fixture {
    _Alignas(64) wr_cacheword slots[BUCKETS * WR_CACHEINDEX_BUCKET_SLOTS];
    uint32_t ghosts[3 * WR_CACHEINDEX_GHOSTS];
    struct wr_cacheindex ix;
};

static void open_index(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    f->ix = (struct wr_cacheindex){
        .slots = f->slots, .buckets = BUCKETS, .ghosts = f->ghosts, .ghost_lines = 3};
}

static void a_slot_gives_back_its_parts(void **state)
{
    uint64_t pos = WR_CACHERING_POS_MASK - 5, slot;

    slot = wr_cacheindex_slot_make(0xabcdef, 1, 2, pos);
    assert_int_equal(wr_cacheindex_slot_tag(slot), 0xdef);
    assert_int_equal(wr_cacheindex_slot_ring(slot), 1);
    assert_int_equal(wr_cacheindex_slot_used(slot), 2);
    assert_true(wr_cacheindex_slot_pos(slot) == pos);
    assert_true(wr_cacheindex_slot_make(0, 0, 0, 0) != 0); /* never an empty slot */
}

static void all_places_are_inside_and_pairs_are_neighbours(void **state)
{
    struct fixture f;

    open_index(&f);
    for (uint64_t h = 0; h < 5000; h++) {
        uint64_t hash = h == 0 ? UINT64_MAX : wr_hash_mix(h);
        for (unsigned i = 0; i < WR_CACHEINDEX_PAIR_SLOTS; i++) {
            wr_cacheword *slot = wr_cacheindex_at(&f.ix, hash, i);

            assert_true(slot >= f.slots && slot < f.slots + BUCKETS * WR_CACHEINDEX_BUCKET_SLOTS);
            assert_int_equal((slot - f.slots) / 16,
                             (wr_cacheindex_at(&f.ix, hash, 0) - f.slots) / 16);
        }
    }
}

static void the_pair_fills_then_the_least_used_is_the_victim(void **state)
{
    struct fixture f;
    uint64_t hash = wr_hash_mix(3);
    wr_cacheword *slot;

    open_index(&f);
    for (unsigned i = 0; i < WR_CACHEINDEX_PAIR_SLOTS; i++) {
        slot = wr_cacheindex_empty(&f.ix, hash);
        assert_ptr_equal(slot, wr_cacheindex_at(&f.ix, hash, i));
        wr_cacheword_set(slot, wr_cacheindex_slot_make(hash, i == 9 ? 0 : 1, 1, 100 + i));
    }
    assert_null(wr_cacheindex_empty(&f.ix, hash));
    assert_ptr_equal(wr_cacheindex_victim(&f.ix, hash), wr_cacheindex_at(&f.ix, hash, 9));
    wr_cacheword_set(wr_cacheindex_at(&f.ix, hash, 5), wr_cacheindex_slot_make(hash, 1, 0, 105));
    assert_ptr_equal(wr_cacheindex_victim(&f.ix, hash), wr_cacheindex_at(&f.ix, hash, 5));
    wr_cacheword_set(wr_cacheindex_at(&f.ix, hash, 3), wr_cacheindex_slot_make(hash, 1, 0, 90));
    assert_ptr_equal(wr_cacheindex_victim(&f.ix, hash), wr_cacheindex_at(&f.ix, hash, 3));
}

static void find_wants_the_exact_entry(void **state)
{
    struct fixture f;
    uint64_t hash = wr_hash_mix(3);
    wr_cacheword *slot;

    open_index(&f);
    slot = wr_cacheindex_at(&f.ix, hash, 11);
    wr_cacheword_set(slot, wr_cacheindex_slot_make(hash, 1, 2, 100));
    assert_ptr_equal(wr_cacheindex_find(&f.ix, hash, 1, 100), slot);
    assert_null(wr_cacheindex_find(&f.ix, hash, 0, 100));
    assert_null(wr_cacheindex_find(&f.ix, hash, 1, 101));
    assert_null(wr_cacheindex_find(&f.ix, hash ^ 1, 1, 100));
}

static void uses_stop_at_three_and_a_lost_race_changes_nothing(void **state)
{
    wr_cacheword slot;
    uint64_t start = wr_cacheindex_slot_make(5, 0, 0, 9), seen;

    wr_cacheword_set(&slot, start);
    for (unsigned i = 0; i < 5; i++) {
        wr_cacheindex_use(&slot, wr_cacheword_get(&slot));
        assert_int_equal(wr_cacheindex_slot_used(wr_cacheword_get(&slot)), i < 3 ? i + 1 : 3);
    }
    seen = wr_cacheword_get(&slot);
    wr_cacheword_set(&slot, wr_cacheindex_slot_make(5, 1, 0, 77)); /* a writer was faster */
    wr_cacheindex_use(&slot, seen - WR_CACHEINDEX_USED_ONE);
    assert_int_equal(wr_cacheindex_slot_used(wr_cacheword_get(&slot)), 0);
    assert_int_equal(wr_cacheindex_slot_pos(wr_cacheword_get(&slot)), 77);
}

static void ghosts_are_remembered_for_a_while_and_taken_once(void **state)
{
    struct fixture f;
    uint64_t hash = wr_hash_mix(3);

    open_index(&f);
    assert_false(wr_cacheindex_ghost_take(&f.ix, hash));
    wr_cacheindex_ghost_add(&f.ix, hash);
    assert_true(wr_cacheindex_ghost_take(&f.ix, hash));
    assert_false(wr_cacheindex_ghost_take(&f.ix, hash));
    wr_cacheindex_ghost_add(&f.ix, hash);
    for (uint64_t i = 1; i < WR_CACHEINDEX_GHOSTS; i++) {
        wr_cacheindex_ghost_add(&f.ix, hash ^ i); /* the same line */
    }
    assert_true(wr_cacheindex_ghost_take(&f.ix, hash));
    wr_cacheindex_ghost_add(&f.ix, hash);
    for (uint64_t i = 1; i <= WR_CACHEINDEX_GHOSTS; i++) {
        wr_cacheindex_ghost_add(&f.ix, hash ^ i << 44);
    }
    assert_false(wr_cacheindex_ghost_take(&f.ix, hash)); /* the oldest is forgotten */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_gives_back_its_parts),
        cmocka_unit_test(all_places_are_inside_and_pairs_are_neighbours),
        cmocka_unit_test(the_pair_fills_then_the_least_used_is_the_victim),
        cmocka_unit_test(find_wants_the_exact_entry),
        cmocka_unit_test(uses_stop_at_three_and_a_lost_race_changes_nothing),
        cmocka_unit_test(ghosts_are_remembered_for_a_while_and_taken_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
