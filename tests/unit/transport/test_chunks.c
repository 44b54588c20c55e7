/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks: what is read is what was put in, over every border, and everything comes back. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "transport/chunks.h"

enum { COUNT = 16, ALL = COUNT * WR_CHUNK_ROOM };

static uint8_t octet(size_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

static void fill(uint8_t *to, size_t from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = octet(from + i);
    }
}

static void test_every_cut_gives_the_same(void **state)
{
    void *block = malloc(wr_chunks_size(COUNT));
    uint8_t in[1000], out[1000];
    struct wr_chunks c;

    wr_chunks_init(&c, block, COUNT);
    fill(in, 0, sizeof(in));
    for (size_t step = 1; step <= sizeof(in); step += step < 300 ? 1 : 97) {
        struct wr_chain_octets chain = {0};

        for (size_t at = 0; at < sizeof(in); at += step) {
            size_t n = sizeof(in) - at < step ? sizeof(in) - at : step;

            assert_int_equal(wr_chunks_append(&c, &chain, in + at, n), WR_OK);
        }
        assert_int_equal(chain.size, sizeof(in));
        for (size_t from = 0; from <= sizeof(in); from += 83) {
            memset(out, 0xee, sizeof(out));
            assert_int_equal(wr_chunks_read(&c, &chain, from, out, sizeof(out)), sizeof(in) - from);
            assert_memory_equal(out, in + from, sizeof(in) - from);
        }
        wr_chunks_give(&c, &chain);
        assert_int_equal(c.taken, 0);
        assert_int_equal(chain.size, 0);
    }
    free(block);
}

static void test_a_full_pool_changes_nothing(void **state)
{
    void *block = malloc(wr_chunks_size(COUNT));
    struct wr_chain_octets a = {0}, b = {0};
    uint8_t in[ALL], out[ALL];
    struct wr_chunks c;

    wr_chunks_init(&c, block, COUNT);
    fill(in, 0, sizeof(in));
    assert_int_equal(wr_chunks_append(&c, &a, in, 10), WR_OK);
    assert_int_equal(wr_chunks_append(&c, &b, in, (COUNT - 2) * WR_CHUNK_ROOM), WR_OK);
    assert_int_equal(c.taken, COUNT - 1);
    assert_int_equal(wr_chunks_append(&c, &a, in + 10, 2 * WR_CHUNK_ROOM), WR_E_FULL);
    assert_int_equal(a.size, 10);
    assert_int_equal(c.taken, COUNT - 1);
    /* The rest of its own chunk and the last one are there. */
    assert_int_equal(wr_chunks_append(&c, &a, in + 10, 2 * WR_CHUNK_ROOM - 10), WR_OK);
    assert_int_equal(wr_chunks_append(&c, &a, in, 1), WR_E_FULL);
    assert_int_equal(wr_chunks_read(&c, &a, 0, out, sizeof(out)), 2 * WR_CHUNK_ROOM);
    assert_memory_equal(out, in, 2 * WR_CHUNK_ROOM);
    wr_chunks_give(&c, &b);
    wr_chunks_give(&c, &a);
    assert_int_equal(c.taken, 0);
    assert_int_equal(wr_chunks_append(&c, &b, in, ALL), WR_OK);
    assert_int_equal(wr_chunks_append(&c, &b, in, 0), WR_OK);
    wr_chunks_give(&c, &b);
    free(block);
}

static void test_parts_are_bounded(void **state)
{
    void *block = malloc(wr_chunks_size(COUNT));
    struct wr_chunks_part part[3];
    struct wr_chain_octets a = {0};
    struct wr_chunks c;
    uint8_t in[ALL];

    wr_chunks_init(&c, block, COUNT);
    fill(in, 0, sizeof(in));
    assert_int_equal(wr_chunks_parts(&c, &a, 0, part, 3), 0);
    assert_int_equal(wr_chunks_append(&c, &a, in, ALL), WR_OK);
    assert_int_equal(wr_chunks_parts(&c, &a, 300, part, 3), 3);
    assert_int_equal(part[0].size, 2 * WR_CHUNK_ROOM - 300);
    assert_memory_equal(part[2].bytes, in + 3 * WR_CHUNK_ROOM, part[2].size);
    assert_int_equal(wr_chunks_parts(&c, &a, ALL - 1, part, 3), 1);
    assert_int_equal(part[0].size, 1);
    assert_int_equal(wr_chunks_parts(&c, &a, ALL, part, 3), 0);
    wr_chunks_give(&c, &a);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut_gives_the_same),
        cmocka_unit_test(test_a_full_pool_changes_nothing),
        cmocka_unit_test(test_parts_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
