/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"

static void every_error_has_its_own_name(void **state)
{
    for (int i = 0; i >= WR_E_USAGE; i--) {
        assert_string_not_equal(wr_err_name(i), "unknown");
        for (int k = 0; k > i; k--) {
            assert_string_not_equal(wr_err_name(i), wr_err_name(k));
        }
    }
    assert_string_equal(wr_err_name(WR_OK), "ok");
    assert_string_equal(wr_err_name(WR_E_CHECKSUM), "checksum");
    assert_string_equal(wr_err_name(WR_E_USAGE), "usage");
}

static void numbers_off_the_list(void **state)
{
    assert_string_equal(wr_err_name(1), "unknown");
    assert_string_equal(wr_err_name(WR_E_USAGE - 1), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_own_name),
        cmocka_unit_test(numbers_off_the_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
