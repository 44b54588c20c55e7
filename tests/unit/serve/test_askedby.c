/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>

#include "serve/askedby.h"
#include "unit/policy/household.h"

#define MAC "00:00:5e:00:00:0a"

static void test_words(void **state)
{
    struct household h = household(16);
    struct wr_askedby who;
    char why[256], id[16];
    neighbour(&h, MAC, "192.0.2.5", T0);
    neighbour(&h, MAC, "2001:db8::5", T0 + 60); /* seen last */
    uint32_t number = device_at(&h, "192.0.2.5");
    assert_int_equal(wr_census_name(h.m, number, "camera-3"), WR_OK);
    snprintf(id, sizeof(id), "d%u", (unsigned)number);
    const char *words[] = {"camera-3", id, MAC, "00:00:5E:00:00:0A"};
    const struct wr_addr last = address("2001:db8::5");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_int_equal(wr_askedby_find(h.m, words[i], &who, why, sizeof(why)), WR_OK);
        assert_true(wr_addr_same_ip(&who.addr, &last));
        assert_int_equal(who.ifindex, LAN);
    }
    const struct wr_addr first =
        address("192.0.2.5"); /* not the last, and where the device is all the same */
    assert_int_equal(wr_askedby_find(h.m, "192.0.2.5", &who, why, sizeof(why)), WR_OK);
    assert_true(wr_addr_same_ip(&who.addr, &first) && who.ifindex == LAN);
    const struct wr_addr other = address("192.0.2.77"); /* nobody's */
    assert_int_equal(wr_askedby_find(h.m, "192.0.2.77", &who, why, sizeof(why)), WR_OK);
    assert_true(wr_addr_same_ip(&who.addr, &other) && who.ifindex == 0);
    assert_int_equal(wr_askedby_find(NULL, "192.0.2.77", &who, why, sizeof(why)), WR_OK);
    household_end(&h);
}

/* A device says how it is called: it may be by another's address, by one that is nobody's, or by another's id. */
static void test_a_host_name_is_no_address(void **state)
{
    static const char *const words[] = {"192.0.2.50",        "00-00-5e-00-00-50", "192.0.2.77",
                                        "00:00:5e:00:00:77", "2001:db8::50",      "d1"};
    struct household h = household(16);
    neighbour(&h, "00:00:5e:00:00:50", "192.0.2.50", T0);
    neighbour(&h, "00:00:5e:00:00:50", "2001:db8::50", T0);
    uint32_t number = device_at(&h, "192.0.2.50");
    assert_int_equal(number, 1);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        lease(&h, "192.0.2.66", "00:00:5e:00:00:66", NULL, words[i], T0 + 60 + (int64_t)i,
              T0 + (int64_t)i);
        const struct wr_census_device *d = wr_askedby_device(h.m, words[i]);
        assert_int_equal(d == NULL ? 0 : d->number, strstr(words[i], "77") ? 0 : number);
    }
    lease(&h, "192.0.2.66", "00:00:5e:00:00:66", NULL, "porch", T0 + 90, T0 + 30);
    assert_int_equal(wr_askedby_device(h.m, "porch")->number, device_at(&h, "192.0.2.66"));
    household_end(&h);
}

static void test_nobody(void **state)
{
    struct household h = household(16);
    struct wr_askedby who;
    char why[256];
    const char *words[] = {"fridge", "d99", MAC, "a:b", ""};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_int_equal(wr_askedby_find(h.m, words[i], &who, why, sizeof(why)), WR_E_NOTFOUND);
        assert_non_null(strstr(why, "weir devices"));
        assert_int_equal(wr_askedby_find(NULL, words[i], &who, why, sizeof(why)), WR_E_NOTFOUND);
    }
    household_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_a_host_name_is_no_address),
        cmocka_unit_test(test_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
