/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/dnr.h"

/* RFC 9463 figure 2: "doh1.example.com." as it stands in the option, 18 octets. */
static const uint8_t doh1[] = "\4doh1\7example\3com";

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;

    assert_int_equal(wr_addr_from_text(text, &a), WR_OK);
    return a;
}

/* Octets are written here as the figures of sections 4.1, 5.1 and 6.1 draw them. */
static void test_v6(void **state)
{
    struct wr_addr a[] = {addr("192.0.2.1"), addr("2001:db8::1"), addr("fe80::1")};
    struct wr_dnr one = {.priority = 150,
                         .name = doh1,
                         .addr = a,
                         .addrs = 3,
                         .service = {.kinds = WR_SERVICE_DOT, .port = 8530}};
    static const uint8_t want[] = {
        0x00, 0x96, 0x00, 0x12, /* priority, ADN length */
        4,    'd',  'o',  'h',  '1',  7,    'e',  'x',  'a', 'm', 'p', 'l', 'e', 3,
        'c',  'o',  'm',  0,    0x00, 0x20, /* address length */
        0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,    0,   0,   0,   0,   0,   0,
        0,    1,    0xfe, 0x80, 0,    0,    0,    0,    0,   0,   0,   0,   0,   0,
        0,    0,    0,    1,    0x00, 0x01, 0x00, 0x04, 3,   'd', 'o', 't', /* alpn */
        0x00, 0x03, 0x00, 0x02, 0x21, 0x52,                                 /* port */
    };
    uint8_t room[WR_DNR_SIZE];
    struct wr_writer w;

    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_dnr_put_v6(&one, &w), WR_OK);
    assert_int_equal(w.pos, sizeof(want));
    assert_memory_equal(room, want, sizeof(want));
    for (size_t n = 0; n < sizeof(want); n++) {
        wr_buf_write_init(&w, room, n);
        assert_int_equal(wr_dnr_put_v6(&one, &w), WR_E_FULL);
    }
    one.addrs = 1;
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_dnr_put_v6(&one, &w), WR_E_NOTFOUND);
}

static void test_v4(void **state)
{
    struct wr_addr a[] = {addr("192.168.7.1"), addr("2001:db8::1"), addr("127.0.0.1")};
    struct wr_dnr list[] = {{.priority = 1,
                             .name = doh1,
                             .addr = a,
                             .addrs = 3,
                             .service = {.kinds = WR_SERVICE_DOQ, .port = 853}},
                            {.priority = 3,
                             .name = doh1,
                             .addr = a,
                             .addrs = 3,
                             .service = {.kinds = WR_SERVICE_DOH, .port = 443, .path = "/q"}}};
    static const uint8_t want[] = {
        0x00, 0x22, 0x00, 0x01, 0x12, /* instance length, priority, ADN length */
        4,    'd',  'o',  'h',  '1',  7,   'e', 'x', 'a',  'm',  'p',  'l',  'e',  3,
        'c',  'o',  'm',  0,    4,    192, 168, 7,   1, /* loopback is left out */
        0x00, 0x01, 0x00, 0x04, 3,    'd', 'o', 'q', 0x00, 0x2d, 0x00, 0x03, 0x12, 4,
        'd',  'o',  'h',  '1',  7,    'e', 'x', 'a', 'm',  'p',  'l',  'e',  3,    'c',
        'o',  'm',  0,    4,    192,  168, 7,   1,   0x00, 0x01, 0x00, 0x03, 2,    'h',
        '2',  0x00, 0x07, 0x00, 0x08, '/', 'q', '{', '?',  'd',  'n',  's',  '}',
    };
    uint8_t room[WR_DNR_SIZE];
    struct wr_writer w;

    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_dnr_put_v4(list, 2, &w), WR_OK);
    assert_int_equal(w.pos, sizeof(want));
    assert_memory_equal(room, want, sizeof(want));
    for (size_t n = 0; n < sizeof(want); n++) {
        wr_buf_write_init(&w, room, n);
        assert_int_equal(wr_dnr_put_v4(list, 2, &w), WR_E_FULL);
    }
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_dnr_put_v4(list, 0, &w), WR_E_NOTFOUND);
    list[1].addr = a + 1; /* no IPv4 address that may be told */
    list[1].addrs = 2;
    assert_int_equal(wr_dnr_put_v4(list, 2, &w), WR_E_NOTFOUND);
}

static void test_ra(void **state)
{
    struct wr_addr a[] = {addr("fd00::53")};
    struct wr_dnr one = {.priority = 2,
                         .name = doh1,
                         .addr = a,
                         .addrs = 1,
                         .service = {.kinds = WR_SERVICE_DOT, .port = 8530}};
    static const uint8_t want[] = {
        144,  8,    0x00, 0x02, 0x00, 0x00, 0x07, 0x08, /* type, length, priority, 1800 s */
        0x00, 0x12, 4,    'd',  'o',  'h',  '1',  7,    'e',  'x',  'a',  'm',  'p',  'l',  'e', 3,
        'c',  'o',  'm',  0,    0x00, 0x10, 0xfd, 0x00, 0,    0,    0,    0,    0,    0,    0,   0,
        0,    0,    0,    0,    0,    0x53, 0x00, 0x0e, /* length of the parameters */
        0x00, 0x01, 0x00, 0x04, 3,    'd',  'o',  't',  0x00, 0x03, 0x00, 0x02, 0x21, 0x52, 0,   0,
    };
    uint8_t room[WR_DNR_SIZE];
    struct wr_writer w;

    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_dnr_put_ra(&one, 1800, &w), WR_OK);
    assert_int_equal(w.pos, 64);
    assert_memory_equal(room, want, 64);
    for (size_t n = 0; n < 64; n++) {
        wr_buf_write_init(&w, room, n);
        assert_int_equal(wr_dnr_put_ra(&one, 1800, &w), WR_E_FULL);
    }
}

/* More addresses than the lengths can say. */
static void test_too_many(void **state)
{
    struct wr_addr a[160];
    struct wr_dnr one = {.priority = 1,
                         .name = doh1,
                         .addr = a,
                         .addrs = 64,
                         .service = {.kinds = WR_SERVICE_DOT, .port = 853}};
    uint8_t room[2 * WR_DNR_SIZE];
    struct wr_writer w;

    for (size_t i = 0; i < 64; i++)
        a[i] = addr("192.0.2.1");
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_dnr_put_v4(&one, 1, &w), WR_E_RANGE);
    one.addrs = 63;
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_dnr_put_v4(&one, 1, &w), WR_OK);
    for (size_t i = 0; i < 160; i++)
        a[i] = addr("2001:db8::1");
    one.addrs = 160;
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_dnr_put_v6(&one, &w), WR_E_RANGE);
    one.addrs = 126; /* 2016 octets of addresses: with the rest over 2040 */
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_dnr_put_ra(&one, 0, &w), WR_E_RANGE);
    one.addrs = 124;
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_dnr_put_ra(&one, 0, &w), WR_OK);
    assert_int_equal(room[1], w.pos / 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v6),
        cmocka_unit_test(test_v4),
        cmocka_unit_test(test_ra),
        cmocka_unit_test(test_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
