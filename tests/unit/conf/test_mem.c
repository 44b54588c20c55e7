/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdalign.h>
#include <string.h>

#include "conf/mem.h"

static void test_pieces(void **state)
{
    struct wr_conf_mem mem;
    unsigned char *pieces[300];

    wr_mem_init(&mem);
    for (size_t i = 0; i < 300; i++) {
        pieces[i] = wr_mem_take(&mem, i);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < i; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)(i % 251), i);
    }
    for (size_t i = 0; i < 300; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_equal(pieces[i][k], i % 251);
    wr_mem_free(&mem);
    assert_null(mem.blocks);
}

static void test_large(void **state)
{
    struct wr_conf_mem mem;
    char *large, *small;

    wr_mem_init(&mem);
    large = wr_mem_take(&mem, 1 << 20);
    assert_non_null(large);
    memset(large, 1, 1 << 20);
    small = wr_mem_text(&mem, "abc\0d", 5);
    assert_memory_equal(small, "abc\0d\0", 6);
    wr_mem_free(&mem);
}

static void test_refused(void **state)
{
    struct wr_conf_mem mem;

    wr_mem_init(&mem);
    mem.refuse_after = 3;
    assert_non_null(wr_mem_take(&mem, 8));
    assert_non_null(wr_mem_take(&mem, 8));
    assert_false(mem.failed);
    assert_null(wr_mem_take(&mem, 8));
    assert_true(mem.failed);
    /* It sticks. */
    assert_null(wr_mem_take(&mem, 8));
    assert_null(wr_mem_text(&mem, "x", 1));
    wr_mem_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
