/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "policy/ration.h"

/* The first is of one device. */
static const struct wr_ration_group group[] = {{16, 50}, {1, 20}, {4, 5}, {8, 5000}};
static const struct wr_rations rations = {group, 4, 1};

static uint32_t of(uint64_t groups, uint8_t state, uint32_t otherwise)
{
    struct wr_who who = {.groups = groups, .state = state};
    return wr_ration_of(&rations, &who, otherwise);
}

static void test_the_nearest_word_counts(void **state)
{
    assert_int_equal(of(0, WR_WHO_UNKNOWN, 1000), 1000);
    assert_int_equal(of(2, WR_WHO_KNOWN, 1000), 1000); /* of that group nothing is said */
    assert_int_equal(of(1, WR_WHO_KNOWN, 1000), 20);
    assert_int_equal(of(8, WR_WHO_KNOWN, 1000), 5000);
    assert_int_equal(of(1 | 2 | 4 | 8, WR_WHO_KNOWN, 1000), 5);
    assert_int_equal(of(8, WR_WHO_KNOWN, 0), 5000);
    assert_int_equal(of(16 | 1, WR_WHO_KNOWN, 1000), 50);
    assert_int_equal(of(16 | 8, WR_WHO_KNOWN, 1000), 50);
    struct wr_who who = {.groups = 1};
    assert_int_equal(wr_ration_of(NULL, &who, 7), 7);
}

static void test_in_a_conflict_the_less_holds(void **state)
{
    assert_int_equal(of(8, WR_WHO_CONFLICT, 1000), 1000);
    assert_int_equal(of(1, WR_WHO_CONFLICT, 1000), 20);
    assert_int_equal(of(8, WR_WHO_CONFLICT, 0), 5000);
    assert_int_equal(of(16 | 1, WR_WHO_CONFLICT, 1000), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_nearest_word_counts),
        cmocka_unit_test(test_in_a_conflict_the_less_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
