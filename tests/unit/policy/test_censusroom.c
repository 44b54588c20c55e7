/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>

#include "unit/policy/household.h"

/* Ten thousand made-up neighbours: who has a lease, who was here for a while, and who has a name, all stay. */
static void test_spoofed_neighbours(void **state)
{
    struct household h = household(256);
    char mac[20], addr[20];
    uint32_t known[60];
    for (int i = 0; i < 60; i++) {
        snprintf(mac, sizeof(mac), "00:00:5e:00:00:%02x", i);
        snprintf(addr, sizeof(addr), "192.0.2.%d", i + 1);
        if (i < 20) {
            lease(&h, addr, mac, NULL, NULL, T0 + 86400, T0);
        }
        neighbour(&h, mac, addr, T0);
        if (i < 40) {
            neighbour(&h, mac, addr, T0 + 700);
        }
        known[i] = device_at(&h, addr);
        if (i >= 40) {
            snprintf(addr, sizeof(addr), "camera-%d", i);
            assert_int_equal(wr_census_name(h.m, known[i], addr), WR_OK);
        }
    }
    for (int i = 0; i < 10000; i++) {
        snprintf(mac, sizeof(mac), "02:00:00:01:%02x:%02x", i >> 8, i & 255);
        snprintf(addr, sizeof(addr), "10.9.%d.%d", i >> 8, i & 255);
        neighbour(&h, mac, addr, T0 + 800 + i / 100);
    }
    for (int i = 0; i < 60; i++) {
        snprintf(addr, sizeof(addr), "192.0.2.%d", i + 1);
        assert_int_equal(device_at(&h, addr), known[i]);
    }
    assert_true(wr_census_count(h.m) < 256 * 3 / 4);
    /* A device on another interface, and one with a lease, still find a place. */
    neighbour_on(&h, 9, "00:00:5e:00:01:00", "198.51.100.1", T0 + 900);
    assert_int_not_equal(device_at(&h, "198.51.100.1"), 0);
    household_end(&h);
}

/* All places are with those who deserve them: nobody leaves for a stranger, and that is told once. */
static void test_full(void **state)
{
    struct household h = household(16);
    char mac[20], addr[20];
    for (int i = 0; i < 20; i++) {
        snprintf(mac, sizeof(mac), "00:00:5e:00:00:%02x", i);
        snprintf(addr, sizeof(addr), "192.0.2.%d", i + 1);
        lease(&h, addr, mac, NULL, NULL, T0 + 86400, T0);
    }
    assert_int_equal(wr_census_count(h.m), 16);
    assert_int_equal(wr_census_refused(h.m), 4);
    assert_int_equal(events_of(&h, WR_TROUBLE_FULL), 1);
    assert_int_not_equal(device_at(&h, "192.0.2.1"), 0);
    assert_int_equal(device_at(&h, "192.0.2.20"), 0);
    /* For the owner somebody leaves: who was not seen for longest. */
    const struct wr_census_configured c = {.name = "tv", .kind = ""};
    assert_int_equal(wr_census_configure(h.m, &c, T0), WR_OK);
    assert_int_equal(wr_census_count(h.m), 16);
    household_end(&h);
}

static void test_forgotten(void **state)
{
    struct household h = household(16);
    neighbour(&h, "00:00:5e:00:00:01", "192.0.2.1", T0); /* a guest */
    neighbour(&h, "00:00:5e:00:00:02", "192.0.2.2", T0);
    neighbour(&h, "00:00:5e:00:00:02", "192.0.2.2", T0 + 3600);
    neighbour(&h, "00:00:5e:00:00:03", "192.0.2.3", T0);
    wr_census_name(h.m, device_at(&h, "192.0.2.3"), "tv");
    wr_census_tick(h.m, T0 + 86400);
    assert_int_equal(wr_census_count(h.m), 2);
    wr_census_tick(h.m, T0 + 3600 + 90 * 86400 - 1);
    assert_int_equal(wr_census_count(h.m), 2);
    wr_census_tick(h.m, T0 + 3600 + 90 * 86400);
    assert_int_equal(wr_census_count(h.m), 1);
    assert_non_null(wr_census_find(h.m, "tv"));
    household_end(&h);
}

static void test_found(void **state)
{
    struct household h = household(16);
    char text[64];
    lease(&h, "192.0.2.1", "00:00:5e:00:00:01", NULL, "Printer", T0 + 60, T0);
    lease(&h, "192.0.2.2", "00:00:5e:00:00:02", NULL, "phone", T0 + 60, T0);
    lease(&h, "192.0.2.3", "00:00:5e:00:00:03", NULL, "phone", T0 + 60, T0);
    neighbour(&h, "00:00:5e:00:00:04", "192.0.2.4", T0);
    lease(&h, "192.0.2.5", "00:00:5e:00:00:05", NULL, "a\x1b[1m\"b", T0 + 60, T0);
    const struct wr_census_device *d = wr_census_find(h.m, "printer");
    assert_non_null(d);
    assert_int_equal(d->number, device_at(&h, "192.0.2.1"));
    assert_null(wr_census_find(h.m, "phone")); /* which of the two? */
    assert_null(wr_census_find(h.m, "d99"));
    assert_null(wr_census_find(h.m, "d0"));
    snprintf(text, sizeof(text), "d%u", device_at(&h, "192.0.2.4"));
    d = wr_census_find(h.m, text);
    assert_non_null(d);
    assert_int_equal(d->number, device_at(&h, "192.0.2.4"));
    wr_census_call(d, text, sizeof(text));
    assert_int_equal(text[0], 'd');
    wr_census_call(wr_census_get(h.m, device_at(&h, "192.0.2.5")), text, sizeof(text));
    assert_string_equal(text, "a?[1m?b");
    assert_int_equal(wr_census_name(h.m, d->number, "d1"), WR_OK); /* a name goes before a number */
    assert_ptr_equal(wr_census_find(h.m, "D1"), d);
    household_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spoofed_neighbours),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
