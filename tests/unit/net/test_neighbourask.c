/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "net/neighbourask.h"

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;
    assert_int_equal(wr_addr_from_text(text, &a), WR_OK);
    return a;
}

static void test_nobody(void **state)
{
    struct wr_neighbourask ask;
    uint8_t mac[6] = {1};
    const struct wr_addr a = addr("192.0.2.77"), b = addr("2001:db8::77");
    assert_int_equal(wr_neighbourask_open(&ask), WR_OK);
    assert_int_equal(wr_neighbourask_mac(&ask, 1, &a, mac), WR_E_NOTFOUND);
    assert_int_equal(wr_neighbourask_mac(&ask, 1, &b, mac), WR_E_NOTFOUND);
    assert_int_equal(mac[0], 1);
}

static void test_neighbours(void **state)
{
    static const char *const texts[] = {"192.0.2.7", "2001:db8::7", "fe80::7"};
    struct wr_neighbourask ask;
    uint8_t mac[6];
    if (unshare(CLONE_NEWNET) != 0 ||
        system("(ip link add name a0 index 7 type veth peer name b0 && ip link set dev a0 up && "
               "ip neigh add 192.0.2.7 lladdr 02:00:00:00:00:07 dev a0 nud stale && "
               "ip neigh add 2001:db8::7 lladdr 02:00:00:00:00:07 dev a0 nud stale && "
               "ip neigh add fe80::7 lladdr 02:00:00:00:00:07 dev a0 nud stale) 2>/dev/null") !=
            0) {
        print_message("no privilege here; tests/e2e/leases.py has one\n");
        return;
    }
    assert_int_equal(wr_neighbourask_open(&ask), WR_OK);
    for (unsigned i = 0; i < 3; i++) {
        const struct wr_addr a = addr(texts[i]);
        memset(mac, 0, sizeof(mac));
        assert_int_equal(wr_neighbourask_mac(&ask, 7, &a, mac), WR_OK);
        assert_memory_equal(mac, "\x02\0\0\0\0\x07", 6);
        assert_int_equal(wr_neighbourask_mac(&ask, 8, &a, mac), WR_E_NOTFOUND);
    }
    assert_int_equal(system("ip neigh replace 192.0.2.7 lladdr 02:00:00:00:00:08 dev a0"), 0);
    const struct wr_addr a = addr(texts[0]);
    assert_int_equal(wr_neighbourask_mac(&ask, 7, &a, mac), WR_OK);
    assert_int_equal(mac[5], 8); /* as it is this moment */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
