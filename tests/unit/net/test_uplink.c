/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <sched.h>
#include <stdlib.h>

#include "base/err.h"
#include "net/uplink.h"

static bool is(const char *interface, const char *text)
{
    struct wr_addr a;
    assert_int_equal(wr_addr_from_text(text, &a), WR_OK);
    return wr_uplink_is(interface, &a);
}

static void test_nothing(void **state)
{
    assert_false(is("no such", "2001:db8::1"));
    assert_false(is("no such", "192.0.2.77"));
}

static void test_ways(void **state)
{
    if (unshare(CLONE_NEWNET) != 0 ||
        system("(ip link add name a0 type veth peer name b0 && ip link set dev a0 up && ip link "
               "set dev b0 up && "
               "ip addr add 192.0.2.1/24 dev a0 && ip addr add 198.51.100.1/24 dev b0 && "
               "ip addr add 2001:db8:b::1/64 dev b0 nodad && ip addr add fe80::a/64 dev a0 nodad) "
               "2>/dev/null") != 0) {
        print_message("no privilege here; tests/e2e/leases.py has one\n");
        return;
    }
    assert_false(is("a0", "192.0.2.1") || is("b0", "198.51.100.1"));
    assert_false(is("a0", "fe80::a") || is("b0", "2001:db8:b::1"));
    assert_int_equal(
        system("ip route add default via 192.0.2.9 && ip -6 route add default via fe80::9 dev a0"),
        0);
    assert_true(is("a0", "192.0.2.1"));
    assert_false(is("b0", "198.51.100.1"));
    assert_true(is(
        "a0",
        "fe80::a")); /* its only address; what the kernel would write on packets is the other interface's */
    assert_false(is("b0", "2001:db8:b::1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
