/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "engine/record.h"

static void test_names(void **state)
{
    assert_string_equal(wr_record_source_name(WR_SOURCE_CACHE), "cache");
    assert_string_equal(wr_record_source_name(WR_SOURCE_DROPPED), "dropped");
    assert_string_equal(wr_record_source_name(200), "?");
}

/* Records lie behind one another in a ring, eight octets apart at least. */
static void test_shape(void **state)
{
    assert_int_equal(sizeof(struct wr_record) % 8, 0);
    assert_in_range(sizeof(struct wr_record), 1, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_shape)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
