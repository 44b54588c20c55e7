/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>

#include "unit/policy/household.h"

#define CAMERA "00:11:22:33:44:55"
#define MADE_A "02:00:00:00:00:0a"
#define MADE_B "02:00:00:00:00:0b"

/* Texts stand for the octets; NULL: it does not say so. */
static void heard(struct household *h, const char *mac, const char *wishes, const char *class,
                  const char *host, const char *id, int64_t now_s)
{
    struct wr_dhcp_heard one = {.v6 = false};
    mac_of(mac, one.mac);
#define SAY(field, text)                           \
    if ((text) != NULL) {                          \
        one.field##_size = (uint8_t)strlen(text);  \
        memcpy(one.field, text, one.field##_size); \
    }
    SAY(list, wishes)
    SAY(class, class)
    SAY(host, host)
    SAY(id, id)
    wr_census_heard(h->m, LAN, &one, now_s);
}

static const struct wr_mark *mark_at(const struct household *h, const char *addr, uint8_t kind)
{
    const struct wr_census_device *d = wr_census_get(h->m, device_at(h, addr));
    for (size_t i = 0; d != NULL && i < WR_CENSUS_MARKS_MAX; i++) {
        if (d->mark[i].kind == kind) {
            return &d->mark[i];
        }
    }
    return NULL;
}

/* It is there before it has an address, and what it says is its evidence, with its source. */
static void test_heard(void **state)
{
    struct household h = household(64);
    heard(&h, CAMERA, "\1\3\6", "udhcp 1.22.1", "IPcam.lan", "cam-id", T0);
    assert_int_equal(wr_census_count(h.m), 1);
    neighbour(&h, CAMERA, "192.0.2.5", T0 + 1);
    assert_int_equal(wr_census_count(h.m), 1);
    const struct wr_mark *wishes = mark_at(&h, "192.0.2.5", WR_MARK_WISHES);
    assert_non_null(wishes);
    assert_int_equal(wishes->size, 3);
    assert_int_equal(wishes->sources, WR_FROM_DHCP);
    assert_non_null(mark_at(&h, "192.0.2.5", WR_MARK_CLASS));
    assert_non_null(wr_census_find(h.m, "ipcam"));
    assert_int_equal(who_at(&h, "192.0.2.5").sure, 90);
    heard(&h, "01:00:5e:00:00:01", "\1", NULL, NULL, NULL, T0); /* no machine */
    heard(&h, MADE_A, "\1", NULL, "a b", NULL, T0);             /* no name */
    assert_int_equal(wr_census_count(h.m), 2);
    household_end(&h);
}

/* All that a device boots with is heard in its first minutes; what comes later is another one, until the owner says that it is not. */
static void test_changes(void **state)
{
    struct household h = household(64);
    neighbour(&h, CAMERA, "192.0.2.5", T0);
    heard(&h, CAMERA, "\1\3", "boot", NULL, NULL, T0);
    heard(&h, CAMERA, "\1\3\6", "udhcp 1.22.1", NULL, NULL, T0 + 20);
    heard(&h, CAMERA, "\1\3\6", "udhcp 1.36.0", NULL, NULL, T0 + 9000); /* newer, and the same */
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_KNOWN);
    heard(&h, CAMERA, "\1\2\3\6", "linux", NULL, NULL, T0 + 9100);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_CONFLICT);
    assert_int_equal(events_of(&h, WR_TROUBLE_WISHES), 1);
    wr_census_tick(h.m, T0 + 9100 + 3 * 86400); /* waiting does not make it right */
    neighbour(&h, CAMERA, "192.0.2.5", T0 + 9100 + 3 * 86400);
    wr_census_tick(h.m, T0 + 9101 + 3 * 86400);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_CONFLICT);
    int64_t later_s = T0 + 9200 + 3 * 86400;
    heard(&h, CAMERA, "\1\3\6", NULL, NULL, NULL, later_s); /* the old one is back */
    wr_census_tick(h.m, later_s + WR_CENSUS_CONFLICT_S);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_KNOWN);
    heard(&h, CAMERA, "\1\2\3\6", NULL, NULL, NULL, later_s + 1000); /* and so is the other */
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_CONFLICT);
    assert_int_equal(wr_census_allow(h.m, device_at(&h, "192.0.2.5")), WR_OK);
    heard(&h, CAMERA, "\1\2\3\6", NULL, NULL, NULL, later_s + 1010);
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_KNOWN);
    household_end(&h);
}

/* Identifier and name are those of a phone that has left; how it asks is not. */
static void test_asks_otherwise(void **state)
{
    struct household h = household(64);
    heard(&h, MADE_A, "\1\3\6", NULL, "phone", "phone-id", T0);
    neighbour(&h, MADE_A, "192.0.2.5", T0);
    uint32_t d = device_at(&h, "192.0.2.5");
    heard(&h, MADE_B, "\1\3\6\x0f", NULL, "phone", "phone-id", T0 + 300);
    neighbour(&h, MADE_B, "192.0.2.6", T0 + 300);
    assert_int_not_equal(device_at(&h, "192.0.2.6"), d);
    lease(&h, "192.0.2.6", MADE_B, "phone-id", "phone", T0 + 9000, T0 + 301);
    assert_int_not_equal(device_at(&h, "192.0.2.6"), d);
    heard(&h, "02:00:00:00:00:0c", "\1\3\6", NULL, "phone", "phone-id", T0 + 600);
    neighbour(&h, "02:00:00:00:00:0c", "192.0.2.7", T0 + 600);
    assert_int_equal(device_at(&h, "192.0.2.7"), device_at(&h, "192.0.2.5"));
    household_end(&h);
}

/* Whoever says a thousand things in a device's name pushes nothing of it out but what he can say. */
static void test_plenty(void **state)
{
    struct household h = household(64);
    char text[32];
    neighbour(&h, CAMERA, "192.0.2.5", T0);
    heard(&h, CAMERA, "\1\3\6", NULL, "camera", NULL, T0);
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "x%d", i);
        heard(&h, CAMERA, text, text, text, NULL, T0 + 1000 + i);
    }
    assert_int_equal(who_at(&h, "192.0.2.5").state, WR_WHO_CONFLICT);
    const struct wr_census_device *d = wr_census_get(h.m, device_at(&h, "192.0.2.5"));
    unsigned sure = 0, all = 0;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        all += d->mark[i].kind != WR_MARK_NONE;
        sure += d->mark[i].kind == WR_MARK_WISHES && !d->mark[i].doubted;
    }
    assert_int_equal(sure, 1);
    assert_int_equal(all, 1 + 3 * WR_CENSUS_ALIKE_MAX);
    assert_int_equal(wr_census_count(h.m), 1);
    household_end(&h);
}

/* MAC addresses without end: guests, as neighbours are. */
static void test_flood(void **state)
{
    struct household h = household(64);
    char mac[18];
    lease(&h, "192.0.2.5", CAMERA, NULL, "camera", T0 + 9000, T0);
    for (int i = 0; i < 10000; i++) {
        snprintf(mac, sizeof(mac), "02:66:00:00:%02x:%02x", i >> 8, i & 255);
        heard(&h, mac, "\1\3\6", "class", "name", NULL, T0 + 1);
    }
    assert_true(wr_census_count(h.m) <= 64 * 3 / 4);
    assert_int_not_equal(device_at(&h, "192.0.2.5"), 0);
    household_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heard),          cmocka_unit_test(test_changes),
        cmocka_unit_test(test_asks_otherwise), cmocka_unit_test(test_plenty),
        cmocka_unit_test(test_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
