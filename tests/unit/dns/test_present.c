/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/present.h"
#include "dns/rdata.h"

struct rdata_case {
    uint32_t type; /* the form */
    const char *octets;
    size_t size;
    const char *text;
};

#define R(type, octets, text)                  \
    {                                          \
        type, octets, sizeof(octets) - 1, text \
    }

static const struct rdata_case cases[] = {
    R(1, "\xc0\0\2\1", "192.0.2.1"),
    R(28, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1"),
    R(2, "\2nS\0", "nS."),
    R(5, "\0", "."),
    R(6, "\1a\0\1b\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\xff\xff\xff\xff", "a. b. 1 2 3 4 4294967295"),
    R(13, "\3cpu\2o\"", "\"cpu\" \"o\\\"\""),
    R(15, "\0\x0a\1m\0", "10 m."),
    R(16, "\0\3a\\\0", "\"\" \"a\\\\\\000\""),
    R(33, "\0\1\0\2\0\3\1t\0", "1 2 3 t."),
    R(43, "\xec\x45\5\1\xab\xcd", "60485 5 1 abcd"),
    R(46, "\0\1\5\3\0\1\x51\x80\x3e\x7c\xa8\xb7\x3e\x55\x1b\xb7\x0a\x52\1e\0sig",
      "A 5 3 86400 20030322181727 20030220181727 2642 e. c2ln"),
    R(47, "\0\0\1\x40\1\1\x40", ". A CAA"),
    R(48, "\1\0\3\5key", "256 3 5 a2V5"),
    R(50, "\1\1\0\x0c\2\xaa\xbb\3foo\0\1\x20", "1 1 12 aabb cpnmu NS"),
    R(51, "\1\0\0\0\0", "1 0 0 -"),
    R(104, "\0\x0a\0\x14\x4f\xff\xff\x20\xee\x64", "10 0014:4fff:ff20:ee64"),
    R(108, "\0\0\x5e\0\x53\x2a", "00-00-5e-00-53-2a"),
    R(256, "\0\1\0\2ftp:", "1 2 \"ftp:\""),
    R(257, "\0\5issueca;x", "0 issue \"ca;x\""),
    R(64, "\0\1\0\0\3\0\2\0\x50", "1 . port=80"),
    R(11, "\xc0\0\2\1\6\0\0\5\x40", "192.0.2.1 6 21 23 25"),
    R(11, "\xc0\0\2\1\6", "192.0.2.1 6"),
    R(22, "\x47\0\5", "0x470005"),
    R(24, "\0\0\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0",
      "TYPE0 5 0 0 19700101000000 19700101000000 1 ."),
    R(25, "\xc1\0\3\0", "49408 3 0"),
    R(30, "\1n\0\x62", "n. A NS SOA"),
    R(30, "\1n\0", "n."),
    R(31, "\xe3\x2c", "e32c"),
    R(34,
      "\1"
      "61",
      "+61"),
    R(34, "\0\x39\x24", "3924"),
    R(37, "\0\1\0\2\5key", "1 2 5 a2V5"),
    R(37, "\0\1\0\2\5", "1 2 5"),
    R(38, "\x40\1\x23\x45\x67\x89\xab\xcd\xef\1n\0", "64 ::123:4567:89ab:cdef n."),
    R(38, "\x80\0", "128 ."),
    R(40, "\1\2\3\4", "1 2 3 BA=="),
    R(40, "\1\2\3", "1 2 3"),
    R(42, "\0\1\x15\x03\xc0\xa8\x20\0\2\0\x80", "1:192.168.32.0/21 !2:::/0"),
    R(45, "\12\0\2\1\2\3", "10 0 2 . AQID"),
    R(45, "\12\1\2\xc0\0\2\1\1\2\3", "10 1 2 192.0.2.1 AQID"),
    R(45, "\12\3\0\1g\0", "10 3 0 g."),
    R(55, "\2\1\0\3\xab\xcdkey\1a\0\1b\0", "1 abcd a2V5 a. b."),
    R(55, "\2\1\0\3\xab\xcdkey", "1 abcd a2V5"),
    R(66, "\0\x3b\1\x14\xb7\1s\0", "CDS NOTIFY 5303 s."),
    R(66, "\0\x3b\2\0\0\0", "CDS 2 0 ."),
    R(67, "\1\2\3", "AQID"),
    R(249, "\1a\0\0\0\0\1\0\0\0\2\0\3\0\4\0\1k\0\0", "a. 1 2 3 4 aw=="),
    R(249, "\1a\0\0\0\0\1\0\0\0\2\0\3\0\4\0\1k\0\1o", "a. 1 2 3 4 aw== bw=="),
    R(250, "\1a\0\0\0\0\0\0\1\1\x2c\0\0\0\7\0\0\0\0", "a. 1 300 0 7 NOERROR 0"),
    R(250, "\1a\0\0\0\0\0\0\1\1\x2c\0\1m\0\7\0\x10\0\1o", "a. 1 300 1 bQ== 7 BADSIG 1 bw=="),
    R(259, "\0\0\0\1\0\0\0\2\3\1t", "1 2 3 \"t\" -"),
    R(259, "\0\0\0\1\0\0\0\2\3\1tdoa", "1 2 3 \"t\" ZG9h"),
    R(260, "\12\x80", "10 1 0 ."),
    R(260, "\12\1\xc0\0\2\1", "10 0 1 192.0.2.1"),
    R(260, "\12\3\1r\0", "10 0 3 r."),
    R(263, "\3cla", "\"cla\""),
    R(264, "\0\0\0\0\0\0\4\xd2", "1234"),
    R(WR_RDATA_FORM_CH_A, "\1c\0\0\0", "c. 0"),
    R(WR_RDATA_FORM_CH_A, "\1c\0\xff\xff", "c. 177777"),
    R(WR_RDATA_FORM_CH_A, "\1c\0\0\x0a", "c. 12"),
    R(64, "\0\1\0\0\1\0\6\3a,b\1\\", "1 . alpn=\"a\\\\,b,\\\\\\\\\""),
    /* no row, no style, or nothing a text could say */
    R(11, "\xc0\0\2\1\6\0", "\\# 6 c00002010600"), /* a needless octet */
    R(30, "\1n\0\x80", "\\# 4 016e0080"),          /* the other format of the bitmap */
    R(30, "\1n\0\x40\0", "\\# 5 016e004000"),
    R(34, "\1x", "\\# 2 0178"), /* no digit */
    R(34,
      "\2"
      "1",
      "\\# 2 0231"),                                                  /* no known format */
    R(38, "\x45\xff\0\0\0\0\0\0\0\0", "\\# 10 45ff0000000000000000"), /* bits of the prefix */
    R(38, "\x81\0", "\\# 2 8100"),
    R(38, "\x80", "\\# 1 80"),                                     /* a prefix without a name */
    R(42, "\0\1\x15\x04\xc0\xa8\x20\0", "\\# 8 00011504c0a82000"), /* a needless zero */
    R(42, "\0\3\x15\0", "\\# 4 00031500"),                         /* a family without text */
    R(42, "\0\1\x21\0", "\\# 4 00012100"),                         /* 33 bits */
    R(45, "\12\4\2\1\2\3", "\\# 6 0a0402010203"),                  /* an unknown gateway */
    R(55, "\0\1\0\3key", "\\# 7 000100036b6579"),
    R(55, "\2\1\0\0\xab\xcd", "\\# 6 02010000abcd"),
    R(249, "\0\0\0\0\1\0\0\0\2\0\3\0\4\0\0\0\0", "\\# 17 0000000001000000020003000400000000"),
    R(260, "\12\x84\1", "\\# 3 0a8401"),
    R(65280, "\1\2", "\\# 2 0102"),
    R(65280, "", "\\# 0"),
    R(1, "", "\\# 0"),
    R(1, "\1\2\3", "\\# 3 010203"),
    R(47, "\0\0\2\x40\0", "\\# 5 0000024000"),   /* the bitmap has a needless octet */
    R(43, "\0\1\2\3", "\\# 4 00010203"),         /* no digest */
    R(50, "\1\0\0\0\0\0", "\\# 6 010000000000"), /* no hash */
    R(257, "\0\2a-b", "\\# 5 0002612d62"),       /* a tag with a dash */
    R(257, "\0\0b", "\\# 3 000062"),
    R(64, "\0\1\0\0\3\0\1\1", "\\# 8 0001000003000101"), /* a port of one octet */
    R(29, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "\\# 16 01000000000000000000000000000000"),
    R(2, "\2ns\0x", "\\# 5 026e730078"),
};

static void rdata_as_text(void **state)
{
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        struct wr_str s;

        wr_str_init(&s, text, sizeof(text));
        wr_present_rdata(&s, cases[i].type, (const uint8_t *)cases[i].octets, cases[i].size);
        assert_string_equal(text, cases[i].text);
        assert_false(s.cut);
    }
}

static void text_as_rdata(void **state)
{
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct rdata_case *c = &cases[i];
        uint8_t room[100];
        struct wr_writer w;
        int err;

        wr_buf_write_init(&w, room, sizeof(room));
        err = wr_present_read_rdata(c->text, strlen(c->text), c->type, NULL, &w, NULL);
        if (c->size && wr_rdata_check(c->type, (const uint8_t *)c->octets, c->size)) {
            assert_int_equal(err, WR_E_FORMAT); /* what was broken stays refused */
            continue;
        }
        assert_int_equal(err, WR_OK);
        assert_int_equal(w.pos, c->size);
        assert_memory_equal(room, c->octets, c->size);
    }
}

static void a_whole_record(void **state)
{
    struct wr_name owner;
    char text[200];
    struct wr_str s;

    assert_int_equal(wr_name_from_text("Cam.example", 11, &owner), WR_OK);
    wr_str_init(&s, text, sizeof(text));
    wr_present_rr(&s, owner.wire, 300, WR_CLASS_IN, WR_TYPE_A, (const uint8_t *)"\1\2\3\4", 4);
    assert_string_equal(text, "Cam.example. 300 IN A 1.2.3.4");
    wr_str_init(&s, text, sizeof(text));
    wr_present_rr(&s, owner.wire, 0, 2, 65280, (const uint8_t *)"", 0);
    assert_string_equal(text, "Cam.example. 0 CLASS2 TYPE65280 \\# 0");
    wr_str_init(&s, text, sizeof(text));
    wr_present_rr(&s, owner.wire, 0, WR_CLASS_CH, WR_TYPE_A, (const uint8_t *)"\1c\0\0\x08", 5);
    assert_string_equal(text, "Cam.example. 0 CH A c. 10");
}

static void short_room_is_cut(void **state)
{
    char text[8];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_present_rdata(&s, 1, (const uint8_t *)"\xc0\0\2\1", 4);
    assert_string_equal(text, "192.0.2");
    assert_true(s.cut);
}

static void styles_have_a_letter_a_field(void **state)
{
    for (uint32_t type = 0; type <= WR_RDATA_FORM_CH_A; type++) {
        const char *style = wr_present_style(type);
        const struct wr_rdata_row *row = wr_rdata_row(type);
        unsigned fields = 0;

        if (!style || style[0] == 'L') {
            continue;
        }
        assert_non_null(row);
        while (row->fields[fields]) {
            fields++;
        }
        assert_int_equal(strlen(style), fields);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rdata_as_text),
        cmocka_unit_test(text_as_rdata),
        cmocka_unit_test(a_whole_record),
        cmocka_unit_test(short_room_is_cut),
        cmocka_unit_test(styles_have_a_letter_a_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
