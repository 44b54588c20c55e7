/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "net/leasewire.h"

static uint8_t room[WR_LEASEWIRE_SIZE];

static struct wr_lease_ask full_ask(uint64_t id)
{
    struct wr_lease_ask a = {
        .id = id,
        .client = {.family = WR_AF_V6, .ip = {0xfe, 0x80, [15] = 9}, .scope = 4},
        .ifindex = 4,
        .device = 77,
        .mac = {2, 0, 0, 0, 0, 9},
        .has_mac = true,
        .dests = WR_LEASE_DESTS_MAX,
        .ports = WR_LEASE_PORTS_MAX};
    for (uint8_t i = 0; i < WR_LEASE_DESTS_MAX; i++) {
        a.dest[i] = (struct wr_lease_dest){
            .family = i % 2 ? WR_AF_V4 : WR_AF_V6, .ip = {198, 51, 100, i}, .for_s = 60u + i};
    }
    for (uint8_t i = 0; i < WR_LEASE_PORTS_MAX; i++) {
        a.port[i] = (struct wr_lease_port){.protocol = i % 2 ? 6 : 17, .port = (uint16_t)(443 + i)};
    }
    return a;
}

static size_t one(const struct wr_lease_ask *ask)
{
    struct wr_leasewire m;
    wr_leasewire_start(&m, WR_LEASEWIRE_ASKS, room, sizeof(room));
    assert_int_equal(wr_leasewire_put_ask(&m, ask), WR_OK);
    return wr_leasewire_finish(&m);
}

static int read_one(size_t n, struct wr_lease_ask *ret_ask)
{
    struct wr_reader r;
    uint16_t count;
    int err = wr_leasewire_open(&r, WR_LEASEWIRE_ASKS, room, n, &count);
    for (uint16_t i = 0; i < count && err == WR_OK; i++) {
        err = wr_leasewire_get_ask(&r, i + 1 == count, ret_ask);
    }
    return err;
}

static void test_asks_come_as_they_went(void **state)
{
    struct wr_leasewire m;
    struct wr_reader r;
    struct wr_lease_ask a;
    uint16_t count = 0;
    wr_leasewire_start(&m, WR_LEASEWIRE_ASKS, room, sizeof(room));
    for (uint64_t i = 1; i <= WR_LEASE_BATCH_MAX; i++) {
        a = full_ask(i);
        assert_int_equal(wr_leasewire_put_ask(&m, &a), WR_OK);
    }
    assert_int_equal(wr_leasewire_put_ask(&m, &a), WR_E_FULL);
    size_t n = wr_leasewire_finish(&m);
    assert_int_equal(n, WR_LEASEWIRE_SIZE);
    assert_int_equal(wr_leasewire_open(&r, WR_LEASEWIRE_ASKS, room, n, &count), WR_OK);
    assert_int_equal(count, WR_LEASE_BATCH_MAX);
    for (uint64_t i = 1; i <= count; i++) {
        struct wr_lease_ask want = full_ask(i), got;
        assert_int_equal(wr_leasewire_get_ask(&r, i == count, &got), WR_OK);
        assert_memory_equal(&got, &want, sizeof(want));
    }
}

static void test_an_ask_that_has_no_room_is_left_out_whole(void **state)
{
    struct wr_leasewire m;
    struct wr_lease_ask a = full_ask(1), got;
    wr_leasewire_start(&m, WR_LEASEWIRE_ASKS, room, 1000);
    assert_int_equal(wr_leasewire_put_ask(&m, &a), WR_OK);
    assert_int_equal(wr_leasewire_put_ask(&m, &a), WR_E_FULL);
    assert_int_equal(read_one(wr_leasewire_finish(&m), &got), WR_OK);
}

static void test_what_is_not_sound_is_not_taken(void **state)
{
    static const struct {
        const char *what;
        size_t at;
        uint8_t octet;
    } rows[] = {
        {"magic", 0, 0},
        {"kind", 4, WR_LEASEWIRE_SAIDS},
        {"zero of the head", 5, 1},
        {"none", 7, 0},
        {"one more than there are", 7, 2},
        {"too many", 6, 1},
        {"family of the client", 28, 5},
        {"half of a truth", 29, 2},
        {"no addresses", 30, 0},
        {"too many addresses", 30, WR_LEASE_DESTS_MAX + 1},
        {"too many ports", 31, WR_LEASE_PORTS_MAX + 1},
        {"zero behind the MAC address", 55, 1},
        {"family of an address", 56, 0},
        {"zero of an address", 57, 1},
        {"no time", 63, 0},
        {"a long time", 60, 0x7f},
        {"octets behind an IPv4 address", 79, 1},
        {"protocol", 80, 1},
        {"zero of a port", 81, 1},
        {"port", 83, 0},
    };
    struct wr_lease_ask a = {.id = 1,
                             .client = {.family = WR_AF_V4, .ip = {10, 0, 0, 1}},
                             .dests = 1,
                             .ports = 1,
                             .dest = {{.family = WR_AF_V4, .ip = {1, 1, 1, 1}, .for_s = 60}},
                             .port = {{.protocol = 6, .port = 80}}},
                        got;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = one(&a);
        assert_int_equal(read_one(n, &got), WR_OK);
        room[rows[i].at] = rows[i].octet;
        if (read_one(n, &got) != WR_E_FORMAT) {
            fail_msg("%s", rows[i].what);
        }
    }
    size_t n = one(&a);
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(read_one(cut, &got), WR_E_FORMAT);
    }
    room[n] = 0;
    assert_int_equal(read_one(n + 1, &got), WR_E_FORMAT);
    memset(room + 8, 0, 8);
    assert_int_equal(read_one(n, &got), WR_E_FORMAT); /* id 0 */
}

static void test_what_was_said(void **state)
{
    struct wr_leasewire m;
    struct wr_reader r;
    uint16_t count = 0;
    const struct wr_lease_said said[] = {
        {.id = UINT64_C(7) << 32 | 1, .granted = 0x80000001u, .most_s = 360},
        {.id = 2, .err = WR_E_IO}};
    struct wr_lease_said got;
    wr_leasewire_start(&m, WR_LEASEWIRE_SAIDS, room, sizeof(room));
    assert_int_equal(wr_leasewire_put_said(&m, &said[0]), WR_OK);
    assert_int_equal(wr_leasewire_put_said(&m, &said[1]), WR_OK);
    size_t n = wr_leasewire_finish(&m);
    assert_int_equal(wr_leasewire_open(&r, WR_LEASEWIRE_SAIDS, room, n, &count), WR_OK);
    assert_int_equal(count, 2);
    assert_int_equal(wr_leasewire_get_said(&r, false, &got), WR_OK);
    assert_memory_equal(&got, &said[0], sizeof(got));
    assert_int_equal(wr_leasewire_get_said(&r, true, &got), WR_OK);
    assert_memory_equal(&got, &said[1], sizeof(got));
    assert_int_equal(wr_leasewire_open(&r, WR_LEASEWIRE_SAIDS, room, n - 1, &count), WR_OK);
    assert_int_equal(wr_leasewire_get_said(&r, false, &got), WR_OK);
    assert_int_equal(wr_leasewire_get_said(&r, true, &got), WR_E_FORMAT);
    assert_int_equal(wr_leasewire_open(&r, WR_LEASEWIRE_ASKS, room, n, &count), WR_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asks_come_as_they_went),
        cmocka_unit_test(test_an_ask_that_has_no_room_is_left_out_whole),
        cmocka_unit_test(test_what_is_not_sound_is_not_taken),
        cmocka_unit_test(test_what_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
