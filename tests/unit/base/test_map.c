/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include <stdlib.h>

#include "base/err.h"
#include "base/map.h"
#include "base/rng.h"

enum { CAP = 64 };

static void fresh(struct wr_map *m, void **ret_block)
{
    *ret_block = malloc(wr_map_size(CAP));
    wr_map_init(m, *ret_block, CAP);
}

static void put_find_remove(void **state)
{
    struct wr_map m;
    void *block;
    uint32_t cursor;

    fresh(&m, &block);
    assert_true(wr_map_first(&m, 5, &cursor) == 0);
    assert_int_equal(wr_map_put(&m, 5, 55), WR_OK);
    assert_true(wr_map_first(&m, 5, &cursor) == 55);
    assert_true(wr_map_next(&m, 5, &cursor) == 0);
    assert_false(wr_map_remove(&m, 5, 56));
    assert_false(wr_map_remove(&m, 6, 55));
    assert_true(wr_map_remove(&m, 5, 55));
    assert_false(wr_map_remove(&m, 5, 55));
    assert_int_equal(m.count, 0);
    free(block);
}

static void one_hash_many_values(void **state)
{
    struct wr_map m;
    void *block;
    uint32_t cursor;
    uint64_t sum = 0;

    fresh(&m, &block);
    for (uint64_t v = 1; v <= 10; v++) {
        assert_int_equal(wr_map_put(&m, 77, v), WR_OK);
    }
    for (uint64_t v = wr_map_first(&m, 77, &cursor); v; v = wr_map_next(&m, 77, &cursor)) {
        sum += v;
    }
    assert_true(sum == 55);
    free(block);
}

static void full_at_cap(void **state)
{
    struct wr_map m;
    void *block;

    fresh(&m, &block);
    for (uint64_t i = 0; i < CAP; i++) {
        assert_int_equal(wr_map_put(&m, i, i + 1), WR_OK);
    }
    assert_int_equal(wr_map_put(&m, 1000, 1), WR_E_FULL);
    assert_true(wr_map_remove(&m, 0, 1));
    assert_int_equal(wr_map_put(&m, 1000, 1), WR_OK);
    free(block);
}

/* Few hashes, so that runs are long and removal has to shift. Beside a plain list. */
static void like_a_plain_list(void **state)
{
    struct wr_map_slot want[CAP];
    struct wr_map m;
    struct wr_rng rng;
    void *block;
    unsigned count = 0;

    wr_rng_seed_u64(&rng, 11);
    fresh(&m, &block);
    for (unsigned round = 0; round < 20000; round++) {
        if (count < CAP && wr_rng_below(&rng, 2)) {
            want[count] = (struct wr_map_slot){wr_rng_below(&rng, 12), round + 1};
            assert_int_equal(wr_map_put(&m, want[count].hash, want[count].value), WR_OK);
            count++;
        } else if (count > 0) {
            uint32_t i = wr_rng_below(&rng, count);

            assert_true(wr_map_remove(&m, want[i].hash, want[i].value));
            want[i] = want[--count];
        }
        assert_int_equal(m.count, count);
        for (uint64_t hash = 0; hash < 12 && round % 16 == 0; hash++) {
            uint64_t sum = 0, expected = 0;
            uint32_t cursor;

            for (uint64_t v = wr_map_first(&m, hash, &cursor); v;
                 v = wr_map_next(&m, hash, &cursor)) {
                sum += v;
            }
            for (unsigned i = 0; i < count; i++) {
                expected += want[i].hash == hash ? want[i].value : 0;
            }
            assert_true(sum == expected);
        }
    }
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_find_remove),
        cmocka_unit_test(one_hash_many_values),
        cmocka_unit_test(full_at_cap),
        cmocka_unit_test(like_a_plain_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
