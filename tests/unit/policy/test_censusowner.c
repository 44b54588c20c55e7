/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/policy/household.h"

static const uint8_t macs[2][6] = {{0, 0, 0x5e, 0, 0, 1}, {0, 0, 0x5e, 0, 0, 2}};
static const char *const claims[] = {"cam-path"};
static const char *const certificates[] = {"cam-cert"};
static const uint16_t labels[] = {31, 32};
static const struct wr_census_word words[] = {{.label = 31}, {.label = 32}};

static struct wr_census_configured camera(const struct wr_addr *addr)
{
    return (struct wr_census_configured){.name = "camera-3",
                                         .kind = "camera",
                                         .mac = macs,
                                         .macs = 2,
                                         .claim = claims,
                                         .claims = 1,
                                         .certificate = certificates,
                                         .certificates = 1,
                                         .addr = addr,
                                         .addrs = 1,
                                         .group = &labels[1],
                                         .groups = 1};
}

static void test_configured(void **state)
{
    struct household h = household(16);
    struct wr_addr addr = address("192.0.2.33"), far = address("203.0.113.1");
    struct wr_census_configured c = camera(&addr);
    struct wr_who who;
    neighbour(&h, "00:00:5e:00:00:02", "192.0.2.2", T0); /* seen before it was written down */
    uint32_t before = device_at(&h, "192.0.2.2");
    wr_census_words(h.m, words, 2);
    wr_census_configure_begin(h.m);
    assert_int_equal(wr_census_configure(h.m, &c, T0), WR_OK);
    wr_census_configure_end(h.m);
    assert_int_equal(wr_census_count(h.m), 1);
    assert_int_equal(device_at(&h, "192.0.2.2"), before);
    assert_int_equal(who_at(&h, "192.0.2.2").groups, 2);
    assert_int_equal(who_at(&h, "192.0.2.33").sure, 95);
    neighbour(&h, "00:00:5e:00:00:01", "192.0.2.1", T0 + 5);
    assert_int_equal(device_at(&h, "192.0.2.1"), before);
    assert_true(wr_device_find(h.table, &far, 0, "cam-path", false, &who) && who.device == before);
    assert_true(wr_device_find(h.table, &far, 0, "cam-cert", true, &who) && who.device == before);
    assert_false(wr_device_find(h.table, &far, 0, "cam-cert", false, &who));
    neighbour(&h, "00:00:5e:00:00:09", "192.0.2.33", T0 + 500); /* the owner's word holds */
    assert_int_equal(who_at(&h, "192.0.2.33").device, before);
    assert_int_equal(who_at(&h, "192.0.2.33").state, WR_WHO_CONFLICT);

    wr_census_configure_begin(h.m); /* and now it stands there no more */
    wr_census_configure_end(h.m);
    assert_int_equal(device_at(&h, "192.0.2.1"), before);
    assert_int_equal(device_at(&h, "192.0.2.33"), 0);
    assert_int_equal(who_at(&h, "192.0.2.1").groups, 0);
    assert_false(wr_device_find(h.table, &far, 0, "cam-path", false, &who));
    household_end(&h);
}

/* Two that were one for weir, and one that was two. */
static void test_split_and_joined(void **state)
{
    struct household h = household(16);
    struct wr_addr addr = address("192.0.2.33");
    struct wr_census_configured c = camera(&addr);
    neighbour(&h, "00:00:5e:00:00:01", "192.0.2.1", T0);
    neighbour(&h, "00:00:5e:00:00:02", "192.0.2.2", T0);
    assert_int_not_equal(device_at(&h, "192.0.2.1"), device_at(&h, "192.0.2.2"));
    wr_census_configure_begin(h.m);
    assert_int_equal(wr_census_configure(h.m, &c, T0), WR_OK);
    wr_census_configure_end(h.m);
    assert_int_equal(device_at(&h, "192.0.2.1"), device_at(&h, "192.0.2.2"));
    struct wr_census_configured one = {.name = "one", .kind = "", .mac = &macs[0], .macs = 1};
    struct wr_census_configured two = {.name = "two", .kind = "", .mac = &macs[1], .macs = 1};
    wr_census_configure_begin(h.m);
    assert_int_equal(wr_census_configure(h.m, &one, T0), WR_OK);
    assert_int_equal(wr_census_configure(h.m, &two, T0), WR_OK);
    wr_census_configure_end(h.m);
    neighbour(&h, "00:00:5e:00:00:01", "192.0.2.11", T0 + 5);
    neighbour(&h, "00:00:5e:00:00:02", "192.0.2.12", T0 + 5);
    assert_int_equal(device_at(&h, "192.0.2.11"), wr_census_find(h.m, "one")->number);
    assert_int_equal(device_at(&h, "192.0.2.12"), wr_census_find(h.m, "two")->number);
    household_end(&h);
}

static void test_commands(void **state)
{
    struct household h = household(16);
    neighbour(&h, "00:00:5e:00:00:01", "192.0.2.1", T0);
    neighbour_on(&h, 9, "00:00:5e:00:00:01", "198.51.100.1", T0);
    neighbour(&h, "00:00:5e:00:00:02", "192.0.2.2", T0);
    uint32_t a = device_at(&h, "192.0.2.1"), b = device_at(&h, "192.0.2.2");
    assert_int_equal(who_at(&h, "192.0.2.1").state, WR_WHO_CONFLICT);
    assert_int_equal(wr_census_allow(h.m, a), WR_OK);
    assert_int_equal(who_at(&h, "192.0.2.1").state, WR_WHO_KNOWN);
    assert_int_equal(wr_census_name(h.m, a, "tv"), WR_OK);
    assert_int_equal(wr_census_name(h.m, b, "TV"), WR_E_EXISTS);
    assert_int_equal(wr_census_name(h.m, 99, "x"), WR_E_NOTFOUND);
    wr_census_words(h.m, words, 2);
    assert_int_equal(wr_census_join(h.m, a, 32), WR_OK);
    assert_int_equal(wr_census_join(h.m, a, 32), WR_OK);
    assert_int_equal(who_at(&h, "192.0.2.1").groups, 2);
    assert_int_equal(wr_census_leave(h.m, a, 31), WR_E_NOTFOUND);
    assert_int_equal(wr_census_leave(h.m, a, 32), WR_OK);
    assert_int_equal(who_at(&h, "192.0.2.1").groups, 0);
    for (uint16_t i = 0; i < WR_CENSUS_GROUPS; i++) {
        assert_int_equal(wr_census_join(h.m, a, 100 + i), WR_OK);
    }
    assert_int_equal(wr_census_join(h.m, a, 200), WR_E_FULL);
    assert_int_equal(wr_census_quarantine(h.m, a, true), WR_OK);
    assert_int_equal(who_at(&h, "198.51.100.1").state, WR_WHO_QUARANTINED);
    assert_int_equal(wr_census_shut_off(h.m, a, "x", T0), WR_E_EXISTS);
    assert_int_equal(wr_census_quarantine(h.m, a, false), WR_OK);
    assert_int_equal(who_at(&h, "198.51.100.1").state, WR_WHO_KNOWN);
    assert_int_equal(wr_census_shut_off(h.m, 99, "x", T0), WR_E_NOTFOUND);
    assert_int_equal(wr_census_shut_off(h.m, a, "rule x", T0), WR_OK);
    assert_int_equal(who_at(&h, "198.51.100.1").state, WR_WHO_QUARANTINED);
    assert_string_equal(wr_census_get(h.m, a)->reason, "rule x");
    assert_int_equal(wr_census_quarantine(h.m, a, false), WR_OK);
    assert_string_equal(wr_census_get(h.m, a)->reason, "");
    household_end(&h);
}

/* Bits for names and kinds: by the owner's word of now, whatever the device calls itself. */
static void test_named_and_kinds(void **state)
{
    static const struct wr_census_word spoken[] = {
        {.what = WR_CENSUS_BIT_DEVICE, .text = "door"},
        {.what = WR_CENSUS_BIT_KIND, .text = "camera"},
        {.label = 32},
        {.what = WR_CENSUS_BIT_DEVICE, .text = "porch"},
        {.what = WR_CENSUS_BIT_KIND},
    };
    struct household h = household(16);
    struct wr_addr addr = address("192.0.2.33");
    struct wr_census_configured c = camera(&addr);
    lease(&h, "192.0.2.1", "00:00:5e:00:00:07", NULL, "porch", T0 + 3600, T0);
    uint32_t d = device_at(&h, "192.0.2.1");
    c.name = "Door";
    c.kind = "camera";
    wr_census_configure_begin(h.m);
    assert_int_equal(wr_census_configure(h.m, &c, T0), WR_OK);
    wr_census_configure_end(h.m);
    assert_int_equal(who_at(&h, "192.0.2.33").groups, 0);
    wr_census_words(h.m, spoken, 5);
    assert_int_equal(who_at(&h, "192.0.2.33").groups, 7);
    assert_int_equal(who_at(&h, "192.0.2.1").groups, 0); /* its host name is no name */
    assert_int_equal(wr_census_name(h.m, d, "porch"), WR_OK);
    assert_int_equal(who_at(&h, "192.0.2.1").groups, 8);
    assert_int_equal(wr_census_name(h.m, d, "shed"), WR_OK);
    assert_int_equal(who_at(&h, "192.0.2.1").groups, 0);
    assert_int_equal(wr_census_say_kind(h.m, d, "camera"), WR_OK);
    assert_int_equal(who_at(&h, "192.0.2.1").groups, 2);
    assert_int_equal(wr_census_say_kind(h.m, d, ""), WR_OK);
    assert_int_equal(who_at(&h, "192.0.2.1").groups, 0);
    assert_int_equal(wr_census_say_kind(h.m, 99, "x"), WR_E_NOTFOUND);
    c.kind = "doorbell"; /* a reload */
    wr_census_configure_begin(h.m);
    assert_int_equal(wr_census_configure(h.m, &c, T0), WR_OK);
    wr_census_configure_end(h.m);
    wr_census_words(h.m, spoken, 5);
    assert_int_equal(who_at(&h, "192.0.2.33").groups, 5);
    household_end(&h);
}

/* What one machine knew, another one knows again, before anything is seen. */
static void test_restored(void **state)
{
    struct household h = household(16), again = household(16);
    lease(&h, "192.0.2.1", "00:00:5e:00:00:01", NULL, "tv", T0 + 3600, T0);
    neighbour(&h, "00:00:5e:00:00:01", "2001:db8::1", T0);
    uint32_t d = device_at(&h, "192.0.2.1");
    wr_census_name(h.m, d, "telly");
    wr_census_quarantine(h.m, d, true);
    const struct wr_census_device *device = wr_census_get(h.m, d);
    assert_int_equal(wr_census_restore(again.m, device), WR_OK);
    assert_int_equal(wr_census_restore(again.m, device), WR_E_EXISTS);
    assert_int_equal(device_at(&again, "192.0.2.1"), d);
    assert_int_equal(device_at(&again, "2001:db8::1"), d);
    assert_int_equal(who_at(&again, "2001:db8::1").state, WR_WHO_QUARANTINED);
    assert_int_equal(who_at(&again, "2001:db8::1").sure, 60);
    assert_string_equal(wr_census_find(again.m, "telly")->name, "telly");
    neighbour(&again, "00:00:5e:00:00:01", "2001:db8::2", T0 + 50);
    neighbour(&again, "00:00:5e:00:00:02", "192.0.2.9", T0 + 50);
    assert_int_equal(device_at(&again, "2001:db8::2"), d);
    assert_true(device_at(&again, "192.0.2.9") > d); /* no number is given twice */
    assert_true(wr_census_next(again.m) > d + 1);
    household_end(&h);
    household_end(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configured), cmocka_unit_test(test_split_and_joined),
        cmocka_unit_test(test_commands),   cmocka_unit_test(test_named_and_kinds),
        cmocka_unit_test(test_restored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
