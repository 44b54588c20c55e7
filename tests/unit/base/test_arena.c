/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/arena.h"

static uint8_t block[256 + 8] __attribute__((aligned(8)));

static void memory_is_aligned_and_zeroed(void **state)
{
    struct wr_arena a;

    memset(block, 0xff, sizeof(block));
    wr_arena_init(&a, block + 3, 200);
    for (size_t n = 0; n < 10; n++) {
        uint8_t *p = wr_arena_alloc(&a, n);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 8, 0);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(p[i], 0);
        }
    }
}

static void it_never_grows(void **state)
{
    struct wr_arena a;

    wr_arena_init(&a, block, 64);
    assert_null(wr_arena_alloc(&a, 65));
    assert_null(wr_arena_alloc(&a, SIZE_MAX));
    assert_null(wr_arena_alloc(&a, SIZE_MAX - 3));
    assert_non_null(wr_arena_alloc(&a, 61));
    assert_null(wr_arena_alloc(&a, 1));
    assert_int_equal(a.refused, 4);
    wr_arena_reset(&a);
    assert_non_null(wr_arena_alloc(&a, 64));
}

static void the_odd_end_can_be_used(void **state)
{
    struct wr_arena a;

    wr_arena_init(&a, block, 13);
    assert_non_null(wr_arena_alloc(&a, 8));
    assert_non_null(wr_arena_alloc(&a, 5));
    assert_null(wr_arena_alloc(&a, 1));
    wr_arena_init(&a, block + 1, 3); /* nothing is left behind the alignment */
    assert_null(wr_arena_alloc(&a, 1));
}

static void mark_and_release(void **state)
{
    struct wr_arena a;
    void *first, *again;
    size_t mark;

    wr_arena_init(&a, block, 256);
    (void)wr_arena_alloc(&a, 10);
    mark = wr_arena_mark(&a);
    first = wr_arena_copy(&a, "hello", 5);
    assert_memory_equal(first, "hello", 5);
    wr_arena_release(&a, mark);
    again = wr_arena_alloc(&a, 5);
    assert_ptr_equal(first, again);
    assert_memory_equal(again, "\0\0\0\0", 5);
}

static void the_end_of_the_last_piece_is_given_back(void **state)
{
    struct wr_arena a;
    uint8_t *last;

    wr_arena_init(&a, block, 256);
    (void)wr_arena_alloc(&a, 16);
    last = wr_arena_alloc(&a, 100);
    wr_arena_trim(&a, last, 9);
    assert_int_equal(a.used, 16 + 16); /* nine octets, aligned */
    assert_ptr_equal(wr_arena_alloc(&a, 8), last + 16);
    wr_arena_reset(&a);
    last = wr_arena_alloc(&a, 13);
    wr_arena_trim(&a, last, 13); /* nothing to give */
    assert_int_equal(a.used, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_zeroed),
        cmocka_unit_test(it_never_grows),
        cmocka_unit_test(the_odd_end_can_be_used),
        cmocka_unit_test(mark_and_release),
        cmocka_unit_test(the_end_of_the_last_piece_is_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
