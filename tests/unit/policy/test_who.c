/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "policy/who.h"

static void test_states_have_names(void **state)
{
    static const char *const name[] = {"unknown", "known", "conflict", "quarantined", "?"};
    (void)state;
    for (uint8_t i = 0; i < 5; i++) {
        assert_string_equal(wr_who_state_name(i), name[i]);
    }
    assert_string_equal(wr_who_state_name(255), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_states_have_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
