/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/limits.h"
#include "dnssec/algo.h"
#include "dnssec/work.h"

/* Each has an end, and the dear algorithms come to it sooner. */
static void test_checks(void **state)
{
    static const uint8_t algs[] = {8, 13, 14, 15, 16};

    for (size_t i = 0; i < sizeof(algs); i++) {
        struct wr_dnssec_work w = {0};

        while (wr_work_take_check(&w, algs[i])) {
            assert_true(w.checks <= WR_DNSSEC_COST_MAX);
        }
        assert_int_equal(w.checks, WR_DNSSEC_COST_MAX / wr_algo_cost(algs[i]));
        assert_true(w.cost <= WR_DNSSEC_COST_MAX);
    }
}

static void test_failures(void **state)
{
    struct wr_dnssec_work w = {0};

    for (unsigned i = 0; i < WR_DNSSEC_FAILURES_MAX; i++) {
        assert_true(wr_work_take_check(&w, 8));
        wr_work_note_failure(&w);
    }
    assert_false(wr_work_take_check(&w, 8));
}

static void test_blocks_and_fetches(void **state)
{
    struct wr_dnssec_work w = {0};

    assert_true(wr_work_take_blocks(&w, WR_DNSSEC_HASH_BLOCKS_MAX));
    assert_false(wr_work_take_blocks(&w, 1));
    assert_false(wr_work_take_blocks(&w, UINT32_MAX));
    assert_true(wr_work_take_blocks(&w, 0));
    for (unsigned i = 0; i < WR_DNSSEC_FETCHES_MAX; i++) {
        assert_true(wr_work_take_fetch(&w));
    }
    assert_false(wr_work_take_fetch(&w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_blocks_and_fetches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
