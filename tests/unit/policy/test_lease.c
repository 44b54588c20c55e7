/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/err.h"
#include "policy/lease.h"

static const struct {
    const char *text;
    bool public;
} rows[] = {
    {"1.1.1.1", true},
    {"9.255.255.255", true},
    {"10.0.0.0", false},
    {"10.255.255.255", false},
    {"11.0.0.0", true},
    {"0.0.0.1", false},
    {"100.63.255.255", true},
    {"100.64.0.0", false},
    {"100.127.255.255", false},
    {"100.128.0.0", true},
    {"127.0.0.1", false},
    {"169.254.169.254", false},
    {"172.15.255.255", true},
    {"172.16.0.1", false},
    {"172.31.255.255", false},
    {"172.32.0.1", true},
    {"192.0.0.9", false},
    {"192.0.1.1", true},
    {"192.0.2.1", true}, /* documentation: what tests are made of */
    {"192.88.99.1", false},
    {"192.88.98.1", true},
    {"192.168.1.1", false},
    {"198.17.255.255", true},
    {"198.18.0.1", false},
    {"198.19.255.255", false},
    {"198.51.100.1", true},
    {"203.0.113.1", true},
    {"223.255.255.255", true},
    {"224.0.0.251", false},
    {"240.0.0.1", false},
    {"255.255.255.255", false},
    {"::", false},
    {"::1", false},
    {"::192.0.2.1", false},
    {"::ffff:192.0.2.1", false},
    {"64:ff9b::192.0.2.1", true},
    {"64:ff9b::10.0.0.1", false},
    {"64:ff9b::127.0.0.1", false},
    {"64:ff9b:1::192.0.2.1", false},
    {"100::1", false},
    {"1fff:ffff::1", false},
    {"2000::1", true},
    {"2001:0:53aa:64c::1", false}, /* Teredo */
    {"2001:2::1", false},
    {"2001:2:1::1", true},
    {"2001:10::1", false},
    {"2001:20::1", false},
    {"2001:30::1", true},
    {"2001:db8::1", true},
    {"2001:4860:4860::8888", true},
    {"2002:c0a8:101::1", false},
    {"2003::1", true},
    {"3fff::1", true},
    {"4000::1", false},
    {"5f00::1", false},
    {"fc00::1", false},
    {"fd00:9::1", false},
    {"fe80::1", false},
    {"fec0::1", false},
    {"ff02::fb", false},
};

static void test_what_may_be_leased(void **state)
{
    struct wr_addr nobody = {.family = WR_AF_NONE};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_addr addr;
        assert_int_equal(wr_addr_from_text(rows[i].text, &addr), WR_OK);
        if (wr_lease_is_public(&addr) != rows[i].public) {
            fail_msg("%s", rows[i].text);
        }
    }
    assert_false(wr_lease_is_public(&nobody));
}

static void test_for_how_long(void **state)
{
    assert_int_equal(wr_lease_for(300, 60, 60), 360);
    assert_int_equal(wr_lease_for(0, 60, 60), 120); /* the floor */
    assert_int_equal(wr_lease_for(60, 60, 0), 60);
    assert_int_equal(wr_lease_for(0, 0, 0), 1);
    assert_int_equal(wr_lease_for(UINT32_MAX, 60, UINT32_MAX), WR_LEASE_FOR_MAX_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_may_be_leased),
        cmocka_unit_test(test_for_how_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
