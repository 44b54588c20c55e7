/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "engine/lately.h"

static void test_first_claims_then_nobody_until_it_is_old(void **state)
{
    static struct wr_lately l;
    assert_true(wr_lately_claim(&l, 7, 1000, 500));
    assert_false(wr_lately_claim(&l, 7, 1000, 500));
    assert_false(wr_lately_claim(&l, 7, 1499, 500));
    assert_true(wr_lately_claim(&l, 7, 1500, 500));
    assert_false(wr_lately_claim(&l, 7, 1501, 500));
}

/* Another with the same place is no reason to hold anybody back. */
static void test_a_newcomer_takes_the_place(void **state)
{
    static struct wr_lately l;
    assert_true(wr_lately_claim(&l, 7, 1000, 500));
    assert_true(wr_lately_claim(&l, 7 + WR_LATELY_PLACES, 1000, 500));
    assert_false(wr_lately_claim(&l, 7 + WR_LATELY_PLACES, 1001, 500));
    assert_true(wr_lately_claim(&l, 7, 1001, 500));
    assert_true(wr_lately_claim(&l, 8, 1001, 500));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_claims_then_nobody_until_it_is_old),
        cmocka_unit_test(test_a_newcomer_takes_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
