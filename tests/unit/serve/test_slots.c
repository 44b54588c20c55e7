/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: a server keeps its own over a reload while its whole URL stays. */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "serve/slots.h"

static struct wr_gate_slots slots;
static struct wr_upstreams u;

static void snapshot(uint64_t serial, const char *const *urls, unsigned count)
{
    memset(&u, 0, sizeof(u));
    for (unsigned i = 0; i < count; i++) {
        u.upstream[i].identity = wr_slots_identity(urls[i]);
        snprintf(u.upstream[i].url, sizeof(u.upstream[i].url), "%s", urls[i]);
    }
    u.upstreams = (uint16_t)count;
    wr_slots_assign(&slots, &u, serial);
}

static void test_keep(void **state)
{
    static const char *const one[] = {"udp://192.0.2.1", "tls://192.0.2.1#name=a.example"};
    static const char *const two[] = {"tls://192.0.2.1#name=b.example", "udp://192.0.2.1"};
    memset(&slots, 0, sizeof(slots));
    snapshot(1, one, 2);
    uint8_t first = u.upstream[0].slot, second = u.upstream[1].slot;
    assert_int_not_equal(first, second);
    assert_int_equal(u.upstream[0].generation, 1);
    snapshot(2, two, 2);
    assert_int_equal(u.upstream[1].slot, first);
    assert_int_equal(u.upstream[1].generation, 1);
    assert_int_not_equal(u.upstream[0].slot, second); /* never used ones first */
    assert_string_equal(slots.url[u.upstream[0].slot], two[0]);
    snapshot(3, one, 2);
    assert_int_equal(u.upstream[1].slot, second); /* it was still there */
    assert_int_equal(u.upstream[1].generation, 1);
}

/* The same name at another address is another server to those who remember how it answered. */
static void test_moved(void **state)
{
    struct wr_upstream up = {.identity = 7, .addr = {.family = WR_AF_V4, .ip = {192, 0, 2, 1}}};
    uint64_t first = wr_slots_identity_at(&up);
    assert_true(wr_slots_identity_at(&up) == first);
    up.more[0] = up.addr;
    assert_true(wr_slots_identity_at(&up) != first);
    up.more[0] = (struct wr_addr){.family = WR_AF_NONE};
    up.addr.ip[3] = 2;
    assert_true(wr_slots_identity_at(&up) != first);
    up.addr.ip[3] = 1;
    assert_true(wr_slots_identity_at(&up) == first);
    up.identity = 8;
    assert_true(wr_slots_identity_at(&up) != first);
}

static void test_all_used(void **state)
{
    static char text[2 * WR_UPSTREAMS_MAX][32];
    const char *urls[WR_UPSTREAMS_MAX];
    memset(&slots, 0, sizeof(slots));
    for (unsigned round = 0; round < 3; round++) {
        uint64_t seen = 0;
        for (unsigned i = 0; i < WR_UPSTREAMS_MAX; i++) {
            char *t = text[(round % 2) * WR_UPSTREAMS_MAX + i];
            snprintf(t, sizeof(text[0]), "udp://192.0.2.%u:%u", i + 1, round + 1);
            urls[i] = t;
        }
        snapshot(round + 1, urls, WR_UPSTREAMS_MAX);
        for (unsigned i = 0; i < WR_UPSTREAMS_MAX; i++) {
            seen |= (uint64_t)1 << u.upstream[i].slot;
            assert_int_equal(u.upstream[i].generation, round + 1);
        }
        assert_true(seen == UINT64_MAX);
    }
}

/* A group has its numbers for as long as the program runs, and no other group gets them. */
static void test_views(void **state)
{
    char name[16];
    memset(&slots, 0, sizeof(slots));
    assert_int_equal(wr_slots_view(&slots, "isp", false), 1);
    assert_int_equal(wr_slots_view(&slots, "isp", true), 2);
    assert_int_equal(wr_slots_view(&slots, "far", false), 3);
    assert_int_equal(wr_slots_view(&slots, "isp", false), 1);
    assert_int_equal(wr_slots_views(&slots), 3);
    for (unsigned i = 4; i <= WR_SLOTS_VIEWS; i++) {
        snprintf(name, sizeof(name), "g%u", i);
        assert_int_equal(wr_slots_view(&slots, name, true), i);
    }
    assert_int_equal(wr_slots_view(&slots, "late", false), 0);
    assert_int_equal(wr_slots_view(&slots, "far", false), 3);
}

/* While a reload goes through the workers, a bit means to all what it meant: no group takes over another one's devices. */
static void test_groups_of_devices(void **state)
{
    static const char *const before[] = {"adults", "cameras"};
    static const char *const after[] = {"kids", "cameras", "adults"};
    static char text[WR_WHO_GROUPS_MAX][8];
    const char *many[WR_WHO_GROUPS_MAX];
    memset(&slots, 0, sizeof(slots));
    wr_slots_devgroups(&slots, before, 2);
    int adults = wr_slots_devgroup(&slots, "adults"),
        cameras = wr_slots_devgroup(&slots, "cameras");
    assert_true(adults >= 0 && cameras >= 0 && adults != cameras);
    assert_int_equal(wr_slots_devgroup(&slots, "kids"), -1);
    wr_slots_devgroups(&slots, after, 3);
    assert_int_equal(wr_slots_devgroup(&slots, "adults"), adults);
    assert_int_equal(wr_slots_devgroup(&slots, "cameras"), cameras);
    assert_int_equal(wr_slots_devgroup(&slots, "kids"), 2);
    wr_slots_devgroups(&slots, before + 1, 1);
    wr_slots_devgroups(&slots, after, 1);
    assert_int_equal(wr_slots_devgroup(&slots, "adults"), adults); /* as long as there are others */
    for (unsigned i = 0; i < WR_WHO_GROUPS_MAX; i++) {
        snprintf(text[i], sizeof(text[i]), "g%u", i);
        many[i] = text[i];
    }
    many[7] = "cameras";
    wr_slots_devgroups(&slots, many, WR_WHO_GROUPS_MAX);
    assert_int_equal(wr_slots_devgroup(&slots, "cameras"), cameras);
    uint64_t bits = 0;
    for (unsigned i = 0; i < WR_WHO_GROUPS_MAX; i++) {
        bits |= (uint64_t)1 << wr_slots_devgroup(&slots, many[i]);
    }
    assert_true(bits == UINT64_MAX);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_of_devices),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_all_used),
        cmocka_unit_test(test_views),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
