/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/rng.h"
#include "resolve/cachering.h"

#define UNITS 100 /* a lap of 128, so that 28 of it do not exist */

struct fixture {
    struct wr_cachering_state state;
    wr_cacheword words[UNITS];
    struct wr_cachering r;
};

static void open_ring(struct fixture *f, uint64_t pos)
{
    memset(f, 0, sizeof(*f));
    f->r = (struct wr_cachering){&f->state, f->words, UNITS, wr_cachering_mask(UNITS)};
    wr_cacheword_set(&f->state.head, pos);
    wr_cacheword_set(&f->state.tail, pos);
}

/* Writes an entry of n words that all carry `stamp`. */
static bool push(struct fixture *f, uint64_t n, uint64_t stamp, uint64_t *ret_pos)
{
    wr_cacheword *at;

    if (!wr_cachering_place(&f->r, n, ret_pos)) {
        return false;
    }
    wr_cachering_open(&f->r, *ret_pos);
    at = f->words + wr_cachering_offset(&f->r, *ret_pos);
    for (uint64_t i = 0; i < n; i++) {
        wr_cacheword_store(&at[i], stamp << 16 | n);
    }
    wr_cachering_close(&f->r, *ret_pos, n);
    return true;
}

static void pop_and_check(struct fixture *f, uint64_t n, uint64_t stamp, uint64_t want_pos)
{
    uint64_t pos, got;

    assert_true(wr_cachering_oldest(&f->r, &pos, &got));
    assert_int_equal(pos, want_pos);
    assert_int_equal(got, n);
    assert_true(wr_cachering_holds(&f->r, pos));
    for (uint64_t i = 0; i < n; i++) {
        assert_int_equal(wr_cacheword_load(&f->words[wr_cachering_offset(&f->r, pos) + i]),
                         stamp << 16 | n);
    }
    wr_cachering_drop(&f->r, pos, n);
    assert_false(wr_cachering_holds(&f->r, pos));
}

/* Entries come out whole and in order, over many laps, from any starting place. */
static void what_goes_in_comes_out(void **state)
{
    struct {
        uint64_t n, stamp, pos;
    } queue[UNITS];
    struct fixture f;
    struct wr_rng rng;

    wr_rng_seed_u64(&rng, 7);
    for (uint64_t start = 0; start < 200; start++) {
        unsigned first = 0, count = 0;
        uint64_t held = 0;

        open_ring(&f, (WR_CACHERING_POS_MASK - 255 - 127 + start % 100 + start / 100 * 128) &
                          ~(uint64_t)(start % 100 == 0 ? 127 : 0));
        if (wr_cachering_offset(&f.r, wr_cacheword_get(&f.state.head)) > UNITS) {
            continue;
        }
        for (uint64_t i = 0; i < 400; i++) {
            uint64_t n = 1 + wr_rng_below(&rng, UNITS / 2), pos;

            while (!push(&f, n, i, &pos)) {
                assert_true(count > 0);
                pop_and_check(&f, queue[first].n, queue[first].stamp, queue[first].pos);
                held -= queue[first].n;
                first = (first + 1) % UNITS;
                count--;
            }
            queue[(first + count) % UNITS].n = n;
            queue[(first + count) % UNITS].stamp = i;
            queue[(first + count) % UNITS].pos = pos;
            count++;
            held += n;
            assert_true(held <= UNITS);
            assert_true(wr_cachering_gap(&f.r) <= UNITS - held);
        }
    }
}

static void the_whole_ring_is_used(void **state)
{
    struct fixture f;
    uint64_t pos;

    open_ring(&f, 0);
    for (unsigned i = 0; i < UNITS / 4; i++) {
        assert_true(push(&f, 4, i, &pos));
    }
    assert_false(wr_cachering_place(&f.r, 1, &pos));
    assert_int_equal(wr_cachering_gap(&f.r), 0);
    pop_and_check(&f, 4, 0, 0);
    assert_true(wr_cachering_place(&f.r, 4, &pos));
    assert_int_equal(pos, 128);
    assert_false(wr_cachering_place(&f.r, 5, &pos));
}

static void an_empty_ring_has_no_oldest(void **state)
{
    struct fixture f;
    uint64_t pos = 77, n = 77;

    open_ring(&f, 95);
    assert_false(wr_cachering_oldest(&f.r, &pos, &n));
    assert_int_equal(pos, 77);
    assert_true(push(&f, 20, 1, &pos)); /* does not fit before the end of the lap */
    assert_int_equal(pos, 128);
    pop_and_check(&f, 20, 1, 128);
    assert_false(wr_cachering_oldest(&f.r, &pos, &n));
}

static void a_torn_size_is_said(void **state)
{
    struct fixture f;
    uint64_t pos, n;

    open_ring(&f, 0);
    assert_true(push(&f, 10, 1, &pos));
    wr_cacheword_store(&f.words[0], 11); /* past the head */
    assert_true(wr_cachering_oldest(&f.r, &pos, &n));
    assert_int_equal(n, 0);
    wr_cacheword_store(&f.words[0], UNITS + 1); /* past the ring */
    assert_true(wr_cachering_oldest(&f.r, &pos, &n));
    assert_int_equal(n, 0);
    wr_cacheword_store(&f.words[0], 0); /* an end of a lap that is not one */
    assert_true(wr_cachering_oldest(&f.r, &pos, &n));
    assert_int_equal(n, 0);
    assert_int_equal(wr_cachering_size_at(&f.r, UNITS), 0);
    assert_int_equal(wr_cachering_size_at(&f.r, 127), 0);
}

static void after_a_reset_no_old_position_holds(void **state)
{
    struct fixture f;
    uint64_t old, pos;

    open_ring(&f, 0);
    assert_true(push(&f, 10, 1, &old));
    wr_cachering_reset(&f.r);
    assert_false(wr_cachering_holds(&f.r, old));
    assert_true(push(&f, 10, 2, &pos));
    assert_false(wr_cachering_holds(&f.r, old));
    assert_true(wr_cachering_holds(&f.r, pos));
}

static void a_copy_onto_itself_moves_forward(void **state)
{
    struct fixture f;

    open_ring(&f, 0);
    for (uint64_t i = 0; i < UNITS; i++) {
        wr_cacheword_store(&f.words[i], i);
    }
    wr_cachering_copy(&f.r, 128 + 3, &f.r, 5, 40);
    for (uint64_t i = 0; i < 40; i++) {
        assert_int_equal(wr_cacheword_load(&f.words[3 + i]), 5 + i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(the_whole_ring_is_used),
        cmocka_unit_test(an_empty_ring_has_no_oldest),
        cmocka_unit_test(a_torn_size_is_said),
        cmocka_unit_test(after_a_reset_no_old_position_holds),
        cmocka_unit_test(a_copy_onto_itself_moves_forward),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
