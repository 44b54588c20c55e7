/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/policy/household.h"

#define MAKERS "00:11:22:33:44:55"
#define MADE_A "02:00:00:00:00:0a"
#define MADE_B "02:00:00:00:00:0b"

/* One device, one IPv4 address and three IPv6 addresses one after another. */
static void test_one_device(void **state)
{
    struct household h = household(64);
    neighbour(&h, MAKERS, "192.0.2.5", T0);
    neighbour(&h, MAKERS, "2001:db8::a1", T0 + 10);
    neighbour(&h, MAKERS, "2001:db8::a2", T0 + 86400);
    neighbour(&h, MAKERS, "2001:db8::a3", T0 + 2 * 86400);
    neighbour(&h, MAKERS, "fe80::211:22ff:fe33:4455", T0 + 2 * 86400);
    uint32_t d = device_at(&h, "192.0.2.5");
    assert_int_not_equal(d, 0);
    assert_int_equal(device_at(&h, "2001:db8::a1"), d);
    assert_int_equal(device_at(&h, "2001:db8::a2"), d);
    assert_int_equal(device_at(&h, "2001:db8::a3"), d);
    assert_int_equal(device_at(&h, "fe80::211:22ff:fe33:4455"), d);
    assert_int_equal(wr_census_count(h.m), 1);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_KNOWN);
    assert_int_equal(who_at(&h, "192.0.2.5").sure, 90);
    assert_int_equal(who_at(&h, "fe80::211:22ff:fe33:4455").sure, 95);
    assert_int_equal(device_at(&h, "192.0.2.6"), 0);
    household_end(&h);
}

/* Behind a server that asks for others there is no neighbour: the MAC address alone is who asks. */
static void test_relayed(void **state)
{
    static const uint8_t mac[6] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55},
                         made[6] = {2, 0, 0, 0, 0, 9};
    struct household h = household(64);
    struct wr_who who;
    neighbour(&h, MAKERS, "192.0.2.5", T0);
    assert_false(wr_device_behind(h.table, "001122334455", &who)); /* nobody is believed */
    wr_census_hops(h.m, true);
    assert_true(wr_device_behind(h.table, "001122334455", &who));
    assert_int_equal(who.device, device_at(&h, "192.0.2.5"));
    assert_int_equal(who.sure, WR_DEVICE_SURE_HOP);
    assert_false(wr_device_behind(h.table, "020000000009", &who));
    wr_census_relayed(h.m, made, T0 + 1);
    wr_census_relayed(h.m, mac, T0 + 1);
    wr_census_relayed(h.m, (const uint8_t[6]){1, 0, 0x5e, 0, 0, 1}, T0 + 1);
    assert_int_equal(wr_census_count(h.m), 2);
    assert_true(wr_device_behind(h.table, "020000000009", &who));
    assert_int_equal(wr_census_quarantine(h.m, who.device, true), WR_OK);
    assert_true(wr_device_behind(h.table, "020000000009", &who));
    assert_int_equal(who.state, WR_WHO_QUARANTINED);
    wr_census_hops(h.m, false);
    assert_false(wr_device_behind(h.table, "020000000009", &who));
    assert_int_equal(device_at(&h, "192.0.2.5"), 1);
    household_end(&h);
}

static void test_not_machines(void **state)
{
    struct household h = household(64);
    neighbour(&h, "00:00:00:00:00:00", "192.0.2.5", T0);
    neighbour(&h, "01:00:5e:00:00:01", "192.0.2.5", T0);
    neighbour(&h, MAKERS, "224.0.0.1", T0);
    neighbour(&h, MAKERS, "127.0.0.1", T0);
    neighbour(&h, MAKERS, "::", T0);
    lease(&h, "255.255.255.255", MAKERS, NULL, "x", T0 + 60, T0);
    lease(&h, "192.0.2.7", MAKERS, NULL, "x", T0 - 60, T0); /* over */
    lease(&h, "192.0.2.7", NULL, NULL, "x", T0 + 60, T0);   /* of nobody */
    assert_int_equal(wr_census_count(h.m), 0);
    household_end(&h);
}

/* A made-up MAC address is a new device, unless identifier and host name are those of one that is silent. */
static void test_made_up(void **state)
{
    struct household h = household(64);
    lease(&h, "192.0.2.5", MADE_A, "phone-id", "Phone", T0 + 3600, T0);
    neighbour(&h, MADE_A, "192.0.2.5", T0 + 1);
    uint32_t d = device_at(&h, "192.0.2.5");
    assert_int_equal(who_at(&h, "192.0.2.5").sure, 85);

    lease(&h, "192.0.2.6", MADE_B, "phone-id", "phone", T0 + 9000, T0 + 300);
    assert_int_equal(device_at(&h, "192.0.2.6"), d);
    assert_int_equal(wr_census_count(h.m), 1);
    neighbour(&h, MADE_B, "192.0.2.6", T0 + 301);
    neighbour(&h, MADE_B, "2001:db8::b", T0 + 302);
    assert_int_equal(device_at(&h, "2001:db8::b"), d);
    assert_int_equal(who_at(&h, "192.0.2.6").sure, 80);
    assert_int_equal(who_at(&h, "192.0.2.6").state, WR_WHO_KNOWN);

    /* The name alone; the identifier alone; nothing. */
    lease(&h, "192.0.2.7", "02:00:00:00:00:0c", NULL, "phone", T0 + 9000, T0 + 600);
    lease(&h, "192.0.2.8", "02:00:00:00:00:0d", "phone-id", "other", T0 + 9000, T0 + 600);
    neighbour(&h, "02:00:00:00:00:0e", "192.0.2.9", T0 + 600);
    assert_int_equal(wr_census_count(h.m), 4);
    assert_int_not_equal(device_at(&h, "192.0.2.7"), d);
    assert_int_not_equal(device_at(&h, "192.0.2.8"), d);
    assert_int_not_equal(device_at(&h, "192.0.2.9"), d);
    household_end(&h);
}

/* Identifiers can be heard: while the device is there, nobody else is it; and when it comes back there were two. */
static void test_impostor(void **state)
{
    struct household h = household(64);
    lease(&h, "192.0.2.5", MADE_A, "phone-id", "phone", T0 + 36000, T0);
    neighbour(&h, MADE_A, "192.0.2.5", T0 + 50);
    uint32_t d = device_at(&h, "192.0.2.5");
    lease(&h, "192.0.2.6", MADE_B, "phone-id", "phone", T0 + 36000, T0 + 60);
    assert_int_not_equal(device_at(&h, "192.0.2.6"), d);
    wr_census_tick(h.m, T0 + 70);
    neighbour(&h, MADE_A, "192.0.2.5", T0 + 80);
    wr_census_tick(h.m, T0 + 120);
    assert_int_not_equal(device_at(&h, "192.0.2.6"), d);
    wr_census_tick(h.m, T0 + 141); /* silent for a minute */
    assert_int_equal(device_at(&h, "192.0.2.6"), d);
    assert_int_equal(wr_census_count(h.m), 1);
    assert_int_equal(who_at(&h, "192.0.2.6").state, WR_WHO_KNOWN);

    neighbour(&h, MADE_B, "192.0.2.6", T0 + 150);
    neighbour(&h, MADE_A, "192.0.2.5", T0 + 160);
    assert_int_equal(who_at(&h, "192.0.2.6").state, WR_WHO_KNOWN); /* it may have gone back */
    neighbour(&h, MADE_B, "192.0.2.6", T0 + 165);
    assert_int_equal(who_at(&h, "192.0.2.6").state, WR_WHO_CONFLICT);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_CONFLICT);
    assert_int_equal(events_of(&h, WR_TROUBLE_RETURNED), 1);
    wr_census_tick(h.m, T0 + 800);
    assert_int_equal(who_at(&h, "192.0.2.6").state, WR_WHO_KNOWN);
    household_end(&h);
}

static void test_two_interfaces(void **state)
{
    struct household h = household(64);
    neighbour_on(&h, 2, MAKERS, "192.0.2.5", T0);
    neighbour_on(&h, 3, MAKERS, "198.51.100.5", T0 + 30);
    assert_int_equal(wr_census_count(h.m), 1);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_CONFLICT);
    assert_int_equal(who_at(&h, "198.51.100.5").state, WR_WHO_CONFLICT);
    assert_int_equal(who_at(&h, "198.51.100.5").sure, 50);
    assert_int_equal(events_of(&h, WR_TROUBLE_INTERFACES), 1);
    neighbour_on(&h, 3, MAKERS, "198.51.100.5", T0 + 700); /* only there since */
    wr_census_tick(h.m, T0 + 701);
    assert_int_equal(who_at(&h, "198.51.100.5").state, WR_WHO_KNOWN);
    household_end(&h);
}

static void test_fingerprint(void **state)
{
    struct household h = household(64);
    lease(&h, "192.0.2.5", MAKERS, "camera-id", "camera", T0 + 3600, T0);
    lease(&h, "192.0.2.5", MAKERS, "camera-id", "garden", T0 + 7200, T0 + 60); /* was renamed */
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_KNOWN);
    lease(&h, "192.0.2.5", MAKERS, "linux-id", "debian", T0 + 7300, T0 + 90);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_CONFLICT);
    assert_int_equal(events_of(&h, WR_TROUBLE_FINGERPRINT), 1);
    household_end(&h);
}

/* DHCPv4 and DHCPv6 of one device are tied by its DUID (RFC 4361), or by the MAC address that is in it. */
static void test_both_families(void **state)
{
    struct household h = household(64);
    static const char ia[] = "\xff\x01\x02\x03\x04"
                             "duid-7";
    static const uint8_t ll[] = {0, 3, 0, 1, 0, 0x11, 0x22, 0x33, 0x44, 0x55};
    lease(&h, "192.0.2.5", "02:00:00:00:00:05", ia, "a", T0 + 3600, T0);
    lease(&h, "2001:db8::5", NULL, "duid-7", "a", T0 + 3600, T0);
    assert_int_equal(device_at(&h, "2001:db8::5"), device_at(&h, "192.0.2.5"));

    neighbour(&h, MAKERS, "192.0.2.6", T0);
    struct wr_census_lease l = {.addr = address("2001:db8::6"),
                                .until_s = T0 + 3600,
                                .id_kind = WR_MARK_DUID,
                                .id = ll,
                                .id_size = sizeof(ll)};
    wr_census_lease(h.m, &l, T0);
    assert_int_equal(device_at(&h, "2001:db8::6"), device_at(&h, "192.0.2.6"));

    lease(&h, "2001:db8::9", NULL, "duid-9", "b", T0 + 3600, T0); /* its MAC address comes later */
    neighbour(&h, "02:00:00:00:00:09", "2001:db8::9", T0 + 5);
    neighbour(&h, "02:00:00:00:00:09", "192.0.2.9", T0 + 6);
    assert_int_equal(device_at(&h, "2001:db8::9"), device_at(&h, "192.0.2.9"));
    assert_int_equal(who_at(&h, "2001:db8::9").state, WR_WHO_KNOWN);
    assert_int_equal(wr_census_count(h.m), 3);
    household_end(&h);
}

static void test_certificate(void **state)
{
    struct household h = household(64);
    struct wr_addr a = address("192.0.2.5"), b = address("192.0.2.6"), c = address("192.0.2.7");
    struct wr_addr far = address("203.0.113.9");
    struct wr_who who;
    neighbour(&h, MADE_A, "192.0.2.5", T0);
    uint32_t d = device_at(&h, "192.0.2.5");
    wr_census_claim(h.m, &a, LAN, "tablet", true, T0 + 1);
    neighbour(&h, MADE_B, "192.0.2.6", T0 + 300);
    assert_int_not_equal(device_at(&h, "192.0.2.6"), d);
    wr_census_claim(h.m, &b, LAN, "tablet", false, T0 + 301); /* only said */
    assert_int_not_equal(device_at(&h, "192.0.2.6"), d);
    wr_census_claim(h.m, &b, LAN, "tablet", true, T0 + 302);
    assert_int_equal(device_at(&h, "192.0.2.6"), d);
    assert_true(wr_device_find(h.table, &far, 0, "tablet", true, &who));
    assert_int_equal(who.device, d);
    assert_false(wr_device_find(h.table, &far, 0, "tablet", false, &who));

    neighbour(&h, MAKERS, "192.0.2.7",
              T0 + 400); /* another device, with a copy of the certificate */
    wr_census_claim(h.m, &c, LAN, "tablet", true, T0 + 401);
    assert_int_not_equal(device_at(&h, "192.0.2.7"), d);
    assert_int_equal(events_of(&h, WR_TROUBLE_COPIED), 1);
    assert_true(wr_device_find(h.table, &far, 0, "tablet", true, &who));
    assert_int_equal(who.state, WR_WHO_CONFLICT);
    household_end(&h);
}

/* An old entry of the neighbour table fills a gap and contests nothing. */
static void test_old_entries(void **state)
{
    struct household h = household(64);
    uint8_t mac[6];
    struct wr_addr a = address("192.0.2.5"), b = address("192.0.2.6");
    mac_of(MADE_B, mac);
    neighbour(&h, MAKERS, "192.0.2.5", T0);
    wr_census_neighbour(h.m, LAN, mac, &a, WR_NEIGHBOUR_OLD, T0 + 500);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_KNOWN);
    wr_census_neighbour(h.m, LAN, mac, &b, WR_NEIGHBOUR_OLD, T0 + 500);
    assert_int_not_equal(device_at(&h, "192.0.2.6"), 0);
    wr_census_neighbour(h.m, LAN, mac, &a, WR_NEIGHBOUR_NEWS, T0 + 510);
    assert_int_equal(device_at(&h, "192.0.2.5"), device_at(&h, "192.0.2.6"));
    household_end(&h);
}

static void test_words(void **state)
{
    for (uint8_t i = 0; i <= WR_MARK_CLAIM; i++) {
        assert_string_not_equal(wr_mark_kind_name(i), "?");
        assert_string_not_equal(wr_census_trouble_text(i), "?");
    }
    assert_string_equal(wr_mark_source_name(WR_FROM_LEASE), "lease");
    assert_string_equal(wr_mark_source_name(3), "?");
    assert_true(wr_census_mac_is_local((const uint8_t[6]){2}));
    assert_false(wr_census_mac_is_local((const uint8_t[6]){0xb8}));
    char text[WR_CENSUS_MAC_SIZE];
    wr_census_mac_text((const uint8_t[6]){0, 0x1f, 0xb8, 3, 4, 0xff}, text);
    assert_string_equal(text, "00:1f:b8:03:04:ff");
}

/* Which MAC addresses it has, and where it was seen last. */
static void test_looking(void **state)
{
    static const uint8_t mac[6] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55}, other[6] = {0, 1};
    struct household h = household(64);
    neighbour(&h, MAKERS, "192.0.2.5", T0);
    neighbour(&h, MAKERS, "2001:db8::a1", T0 + 5);
    const struct wr_census_device *d = wr_census_of_mac(h.m, mac);
    assert_non_null(d);
    assert_true(wr_census_has_mac(d, mac));
    assert_false(wr_census_has_mac(d, other));
    assert_int_equal(wr_census_last_address(d)->addr.family, WR_AF_V6);
    const struct wr_census_device none = {.number = 1};
    assert_null(wr_census_last_address(&none));
    household_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_device),  cmocka_unit_test(test_not_machines),
        cmocka_unit_test(test_relayed),     cmocka_unit_test(test_made_up),
        cmocka_unit_test(test_impostor),    cmocka_unit_test(test_two_interfaces),
        cmocka_unit_test(test_fingerprint), cmocka_unit_test(test_both_families),
        cmocka_unit_test(test_certificate), cmocka_unit_test(test_old_entries),
        cmocka_unit_test(test_words),       cmocka_unit_test(test_looking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
