/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "serve/ledger.h"

/* One record as the engine writes it: the struct, then the name. */
static bool put(struct wr_ring *ring, uint32_t mark, uint8_t name_size)
{
    struct wr_record r;
    memset(&r, 0, sizeof(r));
    r.took_us = mark;
    r.name_size = name_size;
    uint8_t *at = wr_ring_reserve(ring, (uint32_t)(sizeof(r) + name_size));
    if (at == NULL) {
        return false;
    }
    memcpy(at, &r, sizeof(r));
    memset(at + sizeof(r), (int)(mark & 0xff), name_size);
    wr_ring_commit(ring);
    return true;
}

/* Runs the thread once over what is in the rings. */
static void take(struct wr_ledger *l)
{
    assert_int_equal(wr_ledger_run(l, NULL, NULL), WR_OK);
    wr_ledger_stop(l);
}

static void test_last_n(void **state)
{
    struct wr_ledger *l = NULL;
    assert_int_equal(wr_ledger_create(2, 8, &l), WR_OK);
    for (uint32_t i = 1; i <= 20; i++) {
        assert_true(put(&wr_ledger_rings(l)[0], i, 10));
    }
    take(l);
    struct wr_ledger_event e[32];
    struct wr_ledger_stats s;
    wr_ledger_stats(l, &s);
    assert_int_equal(s.taken, 20);
    assert_int_equal(s.kept, 8);
    assert_int_equal(wr_ledger_read(l, 0, e, 32), 8);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(e[i].number, 13 + i);
        assert_int_equal(e[i].record.took_us, 13 + i);
        assert_int_equal(e[i].name.size, 10);
        assert_int_equal(e[i].name.wire[9], 13 + i);
    }
    assert_int_equal(wr_ledger_read(l, 18, e, 32), 2);
    assert_int_equal(e[0].number, 19);
    assert_int_equal(wr_ledger_read(l, 0, e, 3), 3);
    assert_int_equal(wr_ledger_read(l, 20, e, 32), 0);
    wr_ledger_destroy(l);
}

static void test_none_kept(void **state)
{
    struct wr_ledger *l = NULL;
    struct wr_ledger_event e;
    struct wr_ledger_stats s;
    assert_int_equal(wr_ledger_create(1, 0, &l), WR_OK);
    assert_true(put(&wr_ledger_rings(l)[0], 1, 3));
    take(l);
    wr_ledger_stats(l, &s);
    assert_int_equal(s.taken, 1);
    assert_int_equal(s.kept, 0);
    assert_int_equal(wr_ledger_read(l, 0, &e, 1), 0);
    wr_ledger_destroy(l);
}

static void test_full_ring_is_counted(void **state)
{
    struct wr_ledger *l = NULL;
    struct wr_ledger_stats s;
    assert_int_equal(wr_ledger_create(1, 100, &l), WR_OK);
    unsigned put_in = 0;
    while (put(&wr_ledger_rings(l)[0], put_in, 200)) {
        put_in++;
    }
    assert_in_range(put_in, 1000, 3000);
    take(l);
    wr_ledger_stats(l, &s);
    assert_int_equal(s.taken, put_in);
    assert_int_equal(s.dropped, 1);
    wr_ledger_destroy(l);
}

/* Names of any length, many times round: numbers stay in order, contents stay whole, memory stays bounded. */
static void test_round_and_round(void **state)
{
    struct wr_ledger *l = NULL;
    struct wr_rng rng;
    wr_rng_seed_u64(&rng, 3);
    assert_int_equal(wr_ledger_create(1, 50, &l), WR_OK);
    struct wr_ledger_event *e = calloc(64, sizeof(*e));
    uint32_t mark = 0;
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 97; i++) {
            assert_true(put(&wr_ledger_rings(l)[0], ++mark, (uint8_t)wr_rng_below(&rng, 256)));
        }
        take(l);
        uint32_t n = wr_ledger_read(l, 0, e, 64);
        assert_in_range(n, 15, 50);
        for (uint32_t i = 0; i < n; i++) {
            assert_int_equal(e[i].number, mark - n + 1 + i);
            assert_int_equal(e[i].record.took_us, e[i].number);
            for (unsigned k = 0; k < e[i].name.size; k++) {
                assert_int_equal(e[i].name.wire[k], e[i].number & 0xff);
            }
        }
    }
    free(e);
    wr_ledger_destroy(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_n),
        cmocka_unit_test(test_none_kept),
        cmocka_unit_test(test_full_ring_is_counted),
        cmocka_unit_test(test_round_and_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
