/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>

#include "unit/policy/household.h"

#define A "00:00:5e:00:00:0a"
#define B "00:00:5e:00:00:0b"

/* An address that goes to another device by its lease takes that device's policy at once. */
static void test_lease_moves(void **state)
{
    struct household h = household(64);
    lease(&h, "192.0.2.5", A, NULL, "a", T0 + 3600, T0);
    neighbour(&h, A, "192.0.2.5", T0 + 1);
    lease(&h, "192.0.2.6", B, NULL, "b", T0 + 3600, T0);
    uint32_t a = device_at(&h, "192.0.2.5"), b = device_at(&h, "192.0.2.6");
    assert_int_equal(wr_census_quarantine(h.m, b, true), WR_OK);
    lease(&h, "192.0.2.5", B, NULL, "b", T0 + 5000, T0 + 100);
    assert_int_equal(device_at(&h, "192.0.2.5"), b);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_QUARANTINED);
    lease(&h, "192.0.2.6", A, NULL, "a", T0 + 5000, T0 + 100); /* swapped */
    assert_int_equal(device_at(&h, "192.0.2.6"), a);
    assert_int_equal(who_at(&h, "192.0.2.6").state, WR_WHO_KNOWN);
    household_end(&h);
}

/* The neighbour table alone: the lease, EUI-64, and who was there a moment ago, hold; the lesser privilege of the two. */
static void test_contested(void **state)
{
    struct household h = household(64);
    static const struct wr_census_word words[] = {
        {.label = 101}, {.label = 102}, {.what = WR_CENSUS_BIT_DEVICE, .text = "desk"}};
    lease(&h, "192.0.2.5", A, NULL, "a", T0 + 3600, T0);
    neighbour(&h, A, "2001:db8::200:5eff:fe00:a", T0);
    neighbour(&h, A, "192.0.2.50", T0);
    neighbour(&h, B, "192.0.2.6", T0);
    uint32_t a = device_at(&h, "192.0.2.5"), b = device_at(&h, "192.0.2.6");
    wr_census_words(h.m, words, 3);
    assert_int_equal(wr_census_name(h.m, b, "desk"), WR_OK);
    assert_int_equal(wr_census_join(h.m, a, 101), WR_OK);
    assert_int_equal(wr_census_join(h.m, b, 102), WR_OK);
    static const char *const held[] = {"192.0.2.5", "2001:db8::200:5eff:fe00:a", "192.0.2.50"};
    for (size_t i = 0; i < 3; i++) {
        neighbour(&h, B, held[i], T0 + 30);
        struct wr_who who = who_at(&h, held[i]);
        assert_int_equal(who.device, a);
        assert_int_equal(who.state, WR_WHO_CONFLICT);
        assert_int_equal(who.groups, 7); /* what is said of either */
        assert_int_equal(who.rival, b);
        assert_true(wr_who_may_be(&who, a) && wr_who_may_be(&who, b));
        assert_true(who.sure <= 50);
    }
    assert_int_equal(events_of(&h, WR_TROUBLE_CONTESTED), 3);
    assert_int_equal(who_at(&h, "192.0.2.6").state, WR_WHO_KNOWN);
    wr_census_quarantine(h.m, b, true);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_QUARANTINED); /* the lesser of the two */
    wr_census_quarantine(h.m, b, false);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_CONFLICT);
    for (int64_t now_s = T0 + 40; now_s < T0 + 700; now_s += 20) {
        neighbour(&h, A, "192.0.2.5", now_s);
        wr_census_tick(h.m, now_s);
    }
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_KNOWN); /* nobody contested it since */
    assert_int_equal(device_at(&h, "192.0.2.5"), a);
    assert_int_equal(who_at(&h, "192.0.2.5").rival, 0);
    household_end(&h);
}

/* Without a lease an address moves when who had it is gone: now, if that one has another; else after a moment; IPv6 later. */
static void test_neighbour_moves(void **state)
{
    struct household h = household(64);
    neighbour(&h, A, "192.0.2.5", T0);
    neighbour(&h, B, "192.0.2.6", T0);
    neighbour(&h, A, "2001:db8::1", T0);
    uint32_t a = device_at(&h, "192.0.2.5"), b = device_at(&h, "192.0.2.6");
    neighbour(&h, A, "192.0.2.7", T0 + 10);
    neighbour(&h, B, "192.0.2.5", T0 + 11);
    assert_int_equal(device_at(&h, "192.0.2.5"), b);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_KNOWN);
    neighbour(&h, A, "192.0.2.6", T0 + 61);
    assert_int_equal(device_at(&h, "192.0.2.6"), a);
    for (int64_t now_s = T0 + 100; now_s < T0 + 1000; now_s += 30) {
        neighbour(&h, B, "2001:db8::1", now_s);
        wr_census_tick(h.m, now_s);
        assert_int_equal(device_at(&h, "2001:db8::1"), now_s < T0 + 600 ? a : b);
    }
    household_end(&h);
}

/* One device with more addresses than there is room for keeps those that were seen last. */
static void test_many_addresses(void **state)
{
    struct household h = household(64);
    char text[32];
    for (int i = 1; i <= 100; i++) {
        snprintf(text, sizeof(text), "2001:db8::%x", i);
        neighbour(&h, A, text, T0 + i);
    }
    assert_int_equal(device_at(&h, "2001:db8::1"), 0);
    assert_int_equal(device_at(&h, "2001:db8::4c"), 0);
    assert_int_equal(device_at(&h, "2001:db8::4d"), device_at(&h, "2001:db8::64"));
    assert_int_not_equal(device_at(&h, "2001:db8::4d"), 0);
    household_end(&h);
}

static uint8_t state_on(const struct household *h, uint32_t ifindex, const char *addr)
{
    struct wr_who who = {0};
    struct wr_addr a = address(addr);
    return wr_device_find(h->table, &a, ifindex, "", false, &who) ? who.state : WR_WHO_UNKNOWN;
}

/* Whoever is in quarantine cannot get out by an address too many. */
static void test_quarantine_of_many(void **state)
{
    struct household h = household(64);
    char text[32];
    lease(&h, "192.0.2.5", A, NULL, "a", T0 + 90000, T0);
    neighbour(&h, B, "192.0.2.6", T0);
    for (int i = 1; i <= 100; i++) {
        snprintf(text, sizeof(text), "2001:db8::%x", i);
        neighbour(&h, A, text, T0 + i);
    }
    assert_int_equal(events_of(&h, WR_TROUBLE_CROWD), 1);
    uint32_t d = device_at(&h, "192.0.2.5"); /* what was promised stays */
    assert_int_equal(d, device_at(&h, "2001:db8::64"));
    assert_int_equal(state_on(&h, LAN, "2001:db8::1"), WR_WHO_UNKNOWN);
    assert_int_equal(wr_census_quarantine(h.m, d, true), WR_OK);
    assert_int_equal(state_on(&h, LAN, "2001:db8::64"), WR_WHO_QUARANTINED);
    assert_int_equal(state_on(&h, LAN, "2001:db8::1"), WR_WHO_QUARANTINED);
    assert_int_equal(state_on(&h, LAN + 1, "2001:db8::1"), WR_WHO_UNKNOWN);
    assert_int_equal(state_on(&h, 0, "2001:db8::1"), WR_WHO_UNKNOWN);
    assert_int_equal(state_on(&h, LAN, "192.0.2.6"), WR_WHO_KNOWN);
    assert_int_equal(wr_census_quarantine(h.m, d, false), WR_OK);
    assert_int_equal(state_on(&h, LAN, "2001:db8::1"), WR_WHO_UNKNOWN);
    assert_int_equal(wr_census_quarantine(h.m, d, true), WR_OK);
    wr_census_tick(h.m, T0 + 100 + WR_CENSUS_CROWD_S); /* no other one since */
    assert_int_equal(state_on(&h, LAN, "2001:db8::1"), WR_WHO_UNKNOWN);
    neighbour(&h, A, "2001:db8::1", T0 + 200 + WR_CENSUS_CROWD_S); /* and then it is */
    assert_int_equal(state_on(&h, LAN, "2001:db8::99"), WR_WHO_QUARANTINED);
    assert_int_equal(state_on(&h, LAN, "2001:db8::1"), WR_WHO_QUARANTINED);
    neighbour_on(&h, LAN + 1, A, "2001:db8::2",
                 T0 + 900 + WR_CENSUS_CROWD_S); /* it was plugged elsewhere */
    assert_int_equal(state_on(&h, LAN, "2001:db8::99"), WR_WHO_UNKNOWN);
    assert_int_equal(state_on(&h, LAN + 1, "2001:db8::99"), WR_WHO_QUARANTINED);
    household_end(&h);
}

static void test_addresses_end(void **state)
{
    struct household h = household(64);
    lease(&h, "192.0.2.5", A, NULL, "a", T0 + 10 * 86400, T0);
    neighbour(&h, A, "192.0.2.6", T0);
    neighbour(&h, A, "2001:db8::1", T0);
    wr_census_tick(h.m, T0 + 86399);
    assert_int_not_equal(device_at(&h, "192.0.2.6"), 0);
    wr_census_tick(h.m, T0 + 86400);
    assert_int_equal(device_at(&h, "192.0.2.6"), 0);
    assert_int_not_equal(device_at(&h, "2001:db8::1"), 0);
    wr_census_tick(h.m, T0 + 7 * 86400);
    assert_int_equal(device_at(&h, "2001:db8::1"), 0);
    assert_int_not_equal(device_at(&h, "192.0.2.5"), 0);
    wr_census_tick(h.m, T0 + 10 * 86400);
    assert_int_equal(device_at(&h, "192.0.2.5"), 0);
    household_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lease_moves),     cmocka_unit_test(test_contested),
        cmocka_unit_test(test_neighbour_moves), cmocka_unit_test(test_many_addresses),
        cmocka_unit_test(test_addresses_end),   cmocka_unit_test(test_quarantine_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
