/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "serve/trust.h"

static void test_floors(void **state)
{
    int64_t kept = WR_TRUST_RELEASE_S + 1000;
    assert_false(wr_trust_wall(0, 0));
    assert_false(wr_trust_wall(-1, 0));
    assert_false(wr_trust_wall(WR_TRUST_RELEASE_S - 1, 0));
    assert_true(wr_trust_wall(WR_TRUST_RELEASE_S, 0));
    assert_false(wr_trust_wall(kept - 1, kept));
    assert_true(wr_trust_wall(kept, kept));
    assert_false(
        wr_trust_wall(WR_TRUST_RELEASE_S - 1, 5)); /* a floor below the release changes nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_floors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
