/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "policy/hairpin.h"

static void test_where(void **state)
{
    for (unsigned family = WR_AF_V4; family <= WR_AF_V6; family += WR_AF_V6 - WR_AF_V4) {
        struct wr_addr at = wr_hairpin_at((uint8_t)family);
        assert_int_equal(at.family, family);
        assert_int_equal(at.port, 53);
        assert_false(wr_addr_is_any(&at) || wr_addr_is_loopback(&at));
        assert_true(wr_hairpin_is(&at));
        struct wr_addr door = wr_hairpin_door_at((uint8_t)family);
        assert_true(wr_hairpin_is(&door) && wr_addr_same_ip(&at, &door));
        assert_int_equal(door.port, 10053);
        at.port = 5300;
        assert_false(wr_hairpin_is(&at));
        at.port = 53;
        at.ip[0] ^= 1;
        assert_false(wr_hairpin_is(&at));
    }
    const struct wr_addr none = {.family = WR_AF_NONE};
    assert_false(wr_hairpin_is(&none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_where)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
