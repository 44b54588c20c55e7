/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "policy/verdict.h"

/* Each has a name of its own, and what is beyond has none. */
static void each_differs(const char *(*name)(uint8_t), uint8_t count)
{
    for (uint8_t i = 0; i < count; i++) {
        assert_non_null(name(i));
        assert_string_not_equal(name(i), "?");
        for (uint8_t k = 0; k < i; k++) {
            assert_string_not_equal(name(i), name(k));
        }
    }
    assert_string_equal(name(count), "?");
    assert_string_equal(name(255), "?");
}

static void test_names(void **state)
{
    (void)state;
    each_differs(wr_verdict_action_name, WR_VERDICT_ACTIONS);
    each_differs(wr_verdict_by_name, WR_VERDICT_BY_LACK + 1);
    each_differs(wr_verdict_trigger_name, WR_TRIGGER_NSIP + 1);
    assert_string_equal(wr_verdict_action_name(WR_VERDICT_NXDOMAIN), "nxdomain");
    assert_string_equal(wr_verdict_by_name(WR_VERDICT_BY_RPZ), "rpz");
    assert_string_equal(wr_verdict_trigger_name(WR_TRIGGER_ALIAS), "alias");
}

static void test_what_passes(void **state)
{
    static const uint8_t go_on[] = {WR_VERDICT_NONE, WR_VERDICT_ALLOW, WR_VERDICT_ROUTE,
                                    WR_VERDICT_SECURE};
    (void)state;
    for (uint8_t i = 0; i < WR_VERDICT_ACTIONS; i++) {
        struct wr_verdict v = {.action = i};
        bool passes = false;
        for (size_t k = 0; k < sizeof(go_on); k++) {
            passes = passes || go_on[k] == i;
        }
        assert_int_equal(wr_verdict_passes(&v), passes);
        v.shadow = true;
        assert_true(wr_verdict_passes(&v));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_what_passes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
