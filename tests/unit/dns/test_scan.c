/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/scan.h"

static int scan(uint32_t type, const char *text, const char *origin, uint8_t *ret, size_t cap,
                size_t *ret_n, size_t *ret_column)
{
    struct wr_name name;
    struct wr_writer w;
    int err;

    if (origin) {
        assert_int_equal(wr_name_from_text(origin, strlen(origin), &name), WR_OK);
    }
    wr_buf_write_init(&w, ret, cap);
    err = wr_scan_rdata(text, strlen(text), type, origin ? name.wire : NULL, &w, ret_column);
    assert_int_equal(w.err, WR_OK);
    *ret_n = w.pos;
    return err;
}

struct good {
    uint32_t type; /* the form */
    const char *text;
    const char *octets;
    size_t size;
};

#define G(type, text, octets)                  \
    {                                          \
        type, text, octets, sizeof(octets) - 1 \
    }

static const struct good goods[] = {
    G(6, "a. b. (\n 1 ; serial\n 2 3\n 4 5 )",
      "\1a\0\1b\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"),
    G(16, "bare \"quoted word\" a\\ b", "\4bare\x0bquoted word\3a b"),
    G(43, "1 2 3 ab CD\tef", "\0\1\2\3\xab\xcd\xef"),
    G(43, "1 2 3 a bc d", "\0\1\2\3\xab\xcd"),
    G(48, "256 3 5 a2\nV5", "\1\0\3\5key"),
    G(48, "256 3 5 a 2 U =", "\1\0\3\5ke"),
    G(47, "a. TYPE1234 MX A",
      "\1a\0\0\2\x40\1\4\x1b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20"),
    G(46, "TYPE1 5 3 0 19700101000000 4294967295 1 . AA==",
      "\0\1\5\3\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\1\0\0"),
    G(46, "A 5 3 0 20000229000000 20240229235959 1 . AA==",
      "\0\1\5\3\0\0\0\0\x38\xbb\x0c\0\x65\xe1\x1a\x7f\0\1\0\0"),
    G(46, "A 5 3 0 21060207062815 20010301000000 1 . AA==",
      "\0\1\5\3\0\0\0\0\xff\xff\xff\xff\x3a\x9d\x91\0\0\1\0\0"),
    G(51, "1 0 0 abcd", "\1\0\0\0\2\xab\xcd"),
    G(257, "0 issue letsencrypt.org", "\0\5issueletsencrypt.org"),
    G(1, "\\# 4 01 02 0304", "\1\2\3\4"),
    G(1, "\\# 0", ""),
    G(65280, "\\# 2 abcd", "\xab\xcd"),
    G(6, "a. b. 1 1h 15M 1w2d 1d1h1m1s",
      "\1a\0\1b\0\0\0\0\1\0\0\x0e\x10\0\0\3\x84\0\x0b\xdd\x80\0\1\x5f\xcd"),
    G(11, "192.0.2.1 TCP ( smtp telnet ) FTP", "\xc0\0\2\1\6\0\0\5\x40"),
    G(11, "192.0.2.1 255 7 6", "\xc0\0\2\1\xff\3"),
    G(22, "0x47.0005.80", "\x47\0\5\x80"),
    G(22, "0X4.7", "\x47"),
    G(30, "n. NXT A", "\1n\0\x40\0\0\2"),
    G(34, "+61.2",
      "\1"
      "612"),
    G(37, "pkix 1 RSASHA256 AA ==", "\0\1\0\1\x08\0"),
    G(38, "0 2001:db8::1", "\0\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
    G(38, "69 ::ffff:ffff:ffff:ffff n.", "\x45\7\xff\xff\xff\xff\xff\xff\xff\1n\0"),
    G(42, "", ""),
    G(42, "!1:0.0.0.0/32", "\0\1\x20\x80"),
    G(43, "1 ED25519 2 ab", "\0\1\x0f\2\xab"),
    G(45, "1 0 0 .", "\1\0\0"),
    G(55, "1 AB a2V5 ( a.\n b. )", "\1\1\0\3\xabkey\1a\0\1b\0"),
    G(66, "CDS notify 5303 s.", "\0\x3b\1\x14\xb7\1s\0"),
    G(104, "10 14:4fff:0:E", "\0\x0a\0\x14\x4f\xff\0\0\0\x0e"),
    G(250, "a. 1 300 0 7 badsig 0", "\1a\0\0\0\0\0\0\1\1\x2c\0\0\0\7\0\x10\0\0"),
    G(WR_RDATA_FORM_CH_A, "c. 017", "\1c\0\0\x0f"),
    G(108, "AA-bb-00-11-22-33", "\xaa\xbb\0\x11\x22\x33"),
};

static void good_text(void **state)
{
    for (unsigned i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
        uint8_t octets[100];
        size_t n, column = 77;
        int err = scan(goods[i].type, goods[i].text, NULL, octets, sizeof(octets), &n, &column);

        if (err) {
            fail_msg("%s: %d at %zu", goods[i].text, err, column);
        }
        assert_int_equal(n, goods[i].size);
        assert_memory_equal(octets, goods[i].octets, n);
        assert_int_equal(column, 77);
        for (size_t cap = 0; cap < n; cap++) {
            size_t none;

            assert_int_equal(scan(goods[i].type, goods[i].text, NULL, octets, cap, &none, &column),
                             WR_E_FULL);
            assert_int_equal(none, 0);
        }
    }
}

struct bad {
    uint32_t type; /* the form */
    const char *text;
    int err;
    size_t column;
};

static const struct bad bads[] = {
    {1, "", WR_E_SHORT, 1},
    {1, "1.2.3", WR_E_FORMAT, 1},
    {1, "1.2.3.4 5", WR_E_FORMAT, 9},
    {1, "1.2.3.4:53", WR_E_FORMAT, 1},
    {1, "[::1]", WR_E_FORMAT, 1},
    {1, "1.2.3.4444444444444444444444444444444444444444444444444444444444444444444444444",
     WR_E_FORMAT, 1},
    {28, "fe80::1%1", WR_E_FORMAT, 1},
    {15, "10", WR_E_SHORT, 3},
    {15, "65536 a.", WR_E_RANGE, 1},
    {15, "ten a.", WR_E_FORMAT, 1},
    {15, "10 a..b.", WR_E_FORMAT, 4},
    {15, "10 \"\"", WR_E_FORMAT, 4},
    {6, "a. b. 1 2 3 4 4294967296", WR_E_RANGE, 15},
    {16, "\"open", WR_E_FORMAT, 6},
    {16, "\\300", WR_E_FORMAT, 1},
    {43, "1 2 3", WR_E_SHORT, 6},
    {43, "1 2 3 abc", WR_E_FORMAT, 10},
    {43, "1 2 3 zz", WR_E_FORMAT, 7},
    {48, "256 3 5 AA==AA==", WR_E_FORMAT, 9},
    {48, "256 3 5 AA== AA==", WR_E_FORMAT, 14},
    {48, "256 3 5 AAA", WR_E_FORMAT, 12},
    {47, "a. A NOTYPE", WR_E_FORMAT, 6},
    {46, "NOTYPE 5 3 0 0 0 1 . AA==", WR_E_FORMAT, 1},
    {46, "A 5 3 0 20230229000000 0 1 . AA==", WR_E_RANGE, 9},
    {46, "A 5 3 0 20231301000000 0 1 . AA==", WR_E_RANGE, 9},
    {46, "A 5 3 0 20230132000000 0 1 . AA==", WR_E_RANGE, 9},
    {46, "A 5 3 0 20230100000000 0 1 . AA==", WR_E_RANGE, 9},
    {46, "A 5 3 0 20230101240000 0 1 . AA==", WR_E_RANGE, 9},
    {46, "A 5 3 0 20230101006000 0 1 . AA==", WR_E_RANGE, 9},
    {46, "A 5 3 0 20230101000060 0 1 . AA==", WR_E_RANGE, 9},
    {46, "A 5 3 0 19691231235959 0 1 . AA==", WR_E_RANGE, 9},
    {46, "A 5 3 0 21060207062816 0 1 . AA==", WR_E_RANGE, 9},
    {46, "A 5 3 0 4294967296 0 1 . AA==", WR_E_RANGE, 9},
    {50, "1 0 0 - - A", WR_E_FORMAT, 9},
    {50, "1 0 0 abc 00", WR_E_FORMAT, 7},
    {51, "1 0 0", WR_E_SHORT, 6},
    {104, "10 0014:4fff:ff20", WR_E_FORMAT, 4},
    {104, "10 0014-4fff-ff20-ee64", WR_E_FORMAT, 4},
    {108, "00-00-5e-00-53-zz", WR_E_FORMAT, 1},
    {104, "10 0014:4fff:ff20:", WR_E_FORMAT, 4},
    {104, "10 00014:4fff:ff20:1", WR_E_FORMAT, 4},
    {104, "10 0014:4fff:ff20:1:2", WR_E_FORMAT, 4},
    {6, "a. b. 1 1h 15m 1d2w 1", WR_E_FORMAT, 16},
    {6, "a. b. 1 1h 15m 1h1h 1", WR_E_FORMAT, 16},
    {6, "a. b. 1 1h 15m h 1", WR_E_FORMAT, 16},
    {6, "a. b. 1 1h 15m 7102w 1", WR_E_RANGE, 16},
    {11, "192.0.2.1", WR_E_SHORT, 10},
    {11, "192.0.2.1 256", WR_E_RANGE, 11},
    {11, "192.0.2.1 6 65536", WR_E_RANGE, 13},
    {11, "192.0.2.1 6 21 nothing", WR_E_FORMAT, 16},
    {22, "4700", WR_E_FORMAT, 1},
    {22, "0x470", WR_E_FORMAT, 1},
    {22, "0x", WR_E_FORMAT, 1},
    {22, "0x..", WR_E_FORMAT, 1},
    {22, "0xzz", WR_E_FORMAT, 1},
    {30, "n. TYPE128", WR_E_RANGE, 4},
    {30, "n. TYPE0", WR_E_RANGE, 4},
    {30, "n. NOTYPE", WR_E_FORMAT, 4},
    {34, "+", WR_E_FORMAT, 1},
    {34, "+6a", WR_E_FORMAT, 1},
    {34, "123", WR_E_FORMAT, 1},
    {34, "\"\"", WR_E_FORMAT, 1},
    {37, "65536 1 1 AA==", WR_E_RANGE, 1},
    {37, "1 1 256 AA==", WR_E_RANGE, 5},
    {37, "1 1 1 A", WR_E_FORMAT, 8},
    {38, "129 ::", WR_E_RANGE, 1},
    {38, "64 1.2.3.4 n.", WR_E_FORMAT, 4},
    {38, "64 ::1", WR_E_SHORT, 7},
    {38, "0 ::1 n.", WR_E_FORMAT, 7},
    {42, "1:1.2.3.4", WR_E_FORMAT, 1},
    {42, "1:1.2.3.4/33", WR_E_RANGE, 1},
    {42, "2:::/129", WR_E_RANGE, 1},
    {42, "3:00/8", WR_E_FORMAT, 1},
    {42, "1:0.0.0.0/0 !", WR_E_FORMAT, 13},
    {45, "1 0 0 g.", WR_E_FORMAT, 7},
    {45, "1 1 0 ::1", WR_E_FORMAT, 7},
    {45, "1 4 0 x", WR_E_UNSUPPORTED, 7},
    {45, "1 1 0", WR_E_SHORT, 6},
    {55, "1 \"\" a2V5", WR_E_FORMAT, 3},
    {55, "1 ab", WR_E_SHORT, 5},
    {55, "1 ab a2V5 a..b", WR_E_FORMAT, 11},
    {66, "CDS NOTE 1 .", WR_E_FORMAT, 5},
    {249, "a. 1 2 3 4", WR_E_SHORT, 11},
    {249, "a. 1 2 3 4 \"\"", WR_E_FORMAT, 12},
    {250, "a. 1 2 3 bQ== 1 0 0", WR_E_FORMAT, 10},
    {250, "a. 1 2 65536 bQ== 1 0 0", WR_E_RANGE, 8},
    {250, "a. 1 2 0 1 NOSUCH 0", WR_E_FORMAT, 12},
    {259, "1 2 3 t", WR_E_SHORT, 8},
    {259, "1 2 3 t - -", WR_E_FORMAT, 11},
    {260, "1 2 1 1.2.3.4", WR_E_RANGE, 3},
    {260, "1 0 128 .", WR_E_RANGE, 5},
    {260, "1 0 0 1.2.3.4", WR_E_FORMAT, 7},
    {264, "18446744073709551616", WR_E_RANGE, 1},
    {WR_RDATA_FORM_CH_A, "c. 8", WR_E_FORMAT, 4},
    {WR_RDATA_FORM_CH_A, "c. 200000", WR_E_RANGE, 4},
    {WR_RDATA_FORM_CH_A, "c. \"\"", WR_E_FORMAT, 4},
    {257, "0", WR_E_SHORT, 2},
    {64, "1 . port=x", WR_E_FORMAT, 5},
    {65280, "abc", WR_E_UNSUPPORTED, 1},
    {65280, "", WR_E_SHORT, 1},
    {65280, "\\#", WR_E_SHORT, 3},
    {65280, "\\# 2 ab", WR_E_FORMAT, 8},
    {65280, "\\# 1 abcd", WR_E_FORMAT, 10},
    {65280, "\\# 65536 ab", WR_E_RANGE, 4},
    {65280, "\\# 0 ab", WR_E_FORMAT, 6},
    {1, "\\# 3 010203", WR_E_FORMAT, 12},
    {1, "(1.2.3.4", WR_E_FORMAT, 9},
};

static void bad_text(void **state)
{
    for (unsigned i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        uint8_t octets[100];
        size_t n, column = 0;
        int err = scan(bads[i].type, bads[i].text, NULL, octets, sizeof(octets), &n, &column);

        if (err != bads[i].err || column != bads[i].column) {
            fail_msg("%s: %d at %zu", bads[i].text, err, column);
        }
        assert_int_equal(n, 0);
    }
}

static void names_are_relative_to_the_origin(void **state)
{
    uint8_t octets[300];
    size_t n;

    assert_int_equal(scan(2, "ns", "zone.test", octets, 300, &n, NULL), WR_OK);
    assert_memory_equal(octets, "\2ns\4zone\4test", 14);
    assert_int_equal(scan(2, "@", "zone.test", octets, 300, &n, NULL), WR_OK);
    assert_memory_equal(octets, "\4zone\4test", 11);
    assert_int_equal(scan(2, "ns.", "zone.test", octets, 300, &n, NULL), WR_OK);
    assert_int_equal(n, 4);
    assert_int_equal(scan(2, "ns\\.", "zone.test", octets, 300, &n, NULL), WR_OK);
    assert_memory_equal(octets, "\3ns.\4zone\4test", 15);
    assert_int_equal(scan(2, "ns\\\\.", "zone.test", octets, 300, &n, NULL), WR_OK);
    assert_memory_equal(octets, "\3ns\\", 5);
    assert_int_equal(scan(2, "ns", NULL, octets, 300, &n, NULL), WR_OK);
    assert_int_equal(n, 4);
    assert_int_equal(scan(2, "@", NULL, octets, 300, &n, NULL), WR_OK);
    assert_memory_equal(octets, "\1@", 3);
}

static void a_name_that_grows_over_255(void **state)
{
    char origin[300], text[70];
    uint8_t octets[300];
    size_t n, column;

    memset(origin, 'o', sizeof(origin));
    for (unsigned i = 1; i <= 4; i++) {
        origin[i * 50] = '.';
    }
    origin[201] = 0; /* 202 octets */
    memset(text, 't', sizeof(text));
    text[52] = 0;
    assert_int_equal(scan(2, text, origin, octets, 300, &n, &column), WR_OK);
    assert_int_equal(n, 255);
    text[52] = 't';
    text[53] = 0;
    assert_int_equal(scan(2, text, origin, octets, 300, &n, &column), WR_E_RANGE);
}

static void a_writer_in_error_stays(void **state)
{
    uint8_t octets[4];
    struct wr_writer w;

    wr_buf_write_init(&w, octets, 0);
    wr_buf_put_u8(&w, 1);
    assert_int_equal(wr_scan_rdata("1.2.3.4", 7, 1, NULL, &w, NULL), WR_E_FULL);
    assert_int_equal(w.err, WR_E_FULL);
}

static void text_for_more_than_a_record(void **state)
{
    static char text[150000];
    static uint8_t octets[100000];
    size_t n, column;

    memcpy(text, "1 2 3 ", 6);
    memset(text + 6, 'a', 2 * 65531);
    assert_int_equal(scan(43, text, NULL, octets, sizeof(octets), &n, &column), WR_OK);
    assert_int_equal(n, 65535);
    memset(text + 6, 'a', 2 * 65532);
    assert_int_equal(scan(43, text, NULL, octets, sizeof(octets), &n, &column), WR_E_RANGE);
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_text),
        cmocka_unit_test(bad_text),
        cmocka_unit_test(names_are_relative_to_the_origin),
        cmocka_unit_test(a_name_that_grows_over_255),
        cmocka_unit_test(a_writer_in_error_stays),
        cmocka_unit_test(text_for_more_than_a_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
