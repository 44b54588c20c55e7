/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "cli/askmsg.h"
#include "dns/build.h"

static const uint8_t cookie[WR_COOKIE_CLIENT_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8};
static struct wr_asklist list;
static uint8_t room[WR_ASKMSG_SIZE];

static struct wr_msg build(const char *const *words, int n)
{
    char *argv[16];
    struct wr_msg msg;
    size_t size;

    for (int i = 0; i < n; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    assert_int_equal(wr_askflags_read(&list, n, argv), WR_OK);
    size = wr_askmsg_build(&list.item[0], 0x1234, cookie, room);
    assert_int_equal(wr_msg_parse(&msg, room, size), WR_OK);
    assert_int_equal(msg.id, 0x1234);
    assert_int_equal(msg.qdcount, 1);
    return msg;
}

#define BUILD(...)                       \
    build((const char *[]){__VA_ARGS__}, \
          (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)))

static void test_plain(void **state)
{
    struct wr_msg msg = BUILD("www.example", "AAAA");

    assert_int_equal(msg.qtype, WR_TYPE_AAAA);
    assert_int_equal(msg.flags, WR_FLAG_RD | WR_FLAG_AD);
    assert_true(msg.edns.present);
    assert_int_equal(msg.edns.udp_size, 1232);
    assert_false(msg.edns.dnssec_ok);
    assert_int_equal(msg.edns.cookie_size, 0);
    msg = BUILD("www.example", "+noedns");
    assert_false(msg.edns.present);
    assert_int_equal(msg.size, WR_MSG_HEADER_SIZE + 13 + 4);
}

static void test_bits(void **state)
{
    struct wr_msg msg =
        BUILD("www.example", "+norec", "+noad", "+cd", "+aaflag", "+tcflag", "+raflag", "+zflag");

    assert_int_equal(msg.flags, WR_FLAG_CD | WR_FLAG_AA | WR_FLAG_TC | WR_FLAG_RA | 0x40);
    msg = BUILD("www.example", "+dnssec", "+edns=3", "+bufsize=4096");
    assert_true(msg.edns.dnssec_ok);
    assert_int_equal(msg.edns.version, 3);
    assert_int_equal(msg.edns.udp_size, 4096);
}

static void test_options(void **state)
{
    struct wr_msg msg = BUILD("www.example", "+cookie", "+nsid", "+subnet=2001:db8::/33");

    assert_int_equal(msg.edns.cookie_size, 8);
    assert_memory_equal(msg.edns.cookie, cookie, 8);
    assert_true(msg.edns.nsid);
    assert_true(msg.edns.ecs);
    msg = BUILD("www.example", "+cookie=0102030405060708090a0b0c0d0e0f10");
    assert_int_equal(msg.edns.cookie_size, 16);
    /* An option alone brings its OPT record. */
    msg = BUILD("www.example", "+noedns", "+nsid");
    assert_true(msg.edns.present);
}

static void test_padding(void **state)
{
    static const char *const names[] = {"a", "www.example", "a.very.long.name.under.some.example"};

    for (size_t i = 0; i < 3; i++) {
        struct wr_msg msg = BUILD(names[i], "+padding=64", "+cookie");

        assert_int_equal(msg.size % 64, 0);
        assert_true(msg.edns.padding);
    }
}

/* --- the view --- */

static size_t make_reply(uint8_t *reply, size_t cap)
{
    static const uint8_t name[] = "\3www\7example";
    static const uint8_t torn[] = {1, 2, 3}; /* of a type that nobody knows */
    struct wr_build b;
    struct wr_build_opt opt = {.udp_size = 1232,
                               .ede = WR_EDE_STALE_ANSWER,
                               .ede_text = "old",
                               .cookie = cookie,
                               .cookie_size = 8};

    wr_build_start(&b, reply, cap, 1, WR_FLAG_QR | WR_FLAG_RD);
    wr_build_question(&b, name, WR_TYPE_A, WR_CLASS_IN);
    assert_int_equal(wr_build_rr(&b, WR_SECTION_ANSWER, name, WR_TYPE_A, WR_CLASS_IN, 300,
                                 (const uint8_t *)"\300\0\2\1", 4),
                     WR_OK);
    assert_int_equal(wr_build_rr(&b, WR_SECTION_ANSWER, name, 65280, WR_CLASS_IN, 5, torn, 3),
                     WR_OK);
    assert_int_equal(wr_build_opt(&b, &opt, WR_RCODE_NOERROR), WR_OK);
    return wr_build_finish(&b, WR_RCODE_NOERROR);
}

static void test_view(void **state)
{
    uint8_t reply[512];
    size_t n = make_reply(reply, sizeof(reply));
    struct wr_askmsg_view view;
    struct wr_askmsg_record record;
    struct wr_msg_walk walk;
    struct wr_reader options;
    const uint8_t *data;
    uint16_t code, size, seen = 0;

    assert_int_equal(wr_askmsg_view(reply, n, &view), WR_OK);
    assert_int_equal(view.err, WR_OK);
    walk = wr_msg_walk(&view.msg, WR_SECTION_ANSWER);
    assert_true(wr_askmsg_next(&view, &walk, &record));
    assert_string_equal(record.rdata, "192.0.2.1");
    assert_int_equal(record.rr.ttl, 300);
    assert_true(wr_askmsg_next(&view, &walk, &record));
    assert_string_equal(record.rdata, "\\# 3 010203");
    assert_false(wr_askmsg_next(&view, &walk, &record));
    /* OPT is no record to be shown. */
    walk = wr_msg_walk(&view.msg, WR_SECTION_ADDITIONAL);
    assert_false(wr_askmsg_next(&view, &walk, &record));
    assert_true(wr_askmsg_opt(&view, &options));
    while (wr_askmsg_option(&options, &code, &data, &size)) {
        seen++;
        if (code == WR_OPTION_COOKIE)
            assert_memory_equal(data, cookie, 8);
        else if (code == WR_OPTION_EDE)
            assert_memory_equal(data, "\0\3old", 5);
        else
            fail();
    }
    assert_int_equal(seen, 2);
    wr_askmsg_view_free(&view);
}

/* A reply cut anywhere: no view of it reads past its end (the sanitizer looks on). */
static void test_cut(void **state)
{
    uint8_t reply[512];
    size_t n = make_reply(reply, sizeof(reply));

    for (size_t cut = 0; cut < n; cut++) {
        struct wr_askmsg_view view;

        assert_int_equal(wr_askmsg_view(reply, cut, &view), WR_OK);
        assert_int_not_equal(view.err, WR_OK);
        wr_askmsg_view_free(&view);
    }
}

static void test_subnet(void **state)
{
    static const struct {
        const char *data;
        uint16_t n;
        const char *want;
    } rows[] = {
        {"\0\1\x18\0\300\0\2", 7, "192.0.2.0/24/0"},
        {"\0\1\0\0", 4, "0.0.0.0/0/0"},
        {"\0\2\x20\x30\x20\1\xd\xb8", 8, "2001:db8::/32/48"},
        {"\0\3\x18\0\300\0\2", 7, NULL},
        {"\0\1\x18", 3, NULL},
        {"\0\1\x18\0\300\0\2\1\1", 9, NULL},
        {"", 0, NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[80];
        bool good = wr_askmsg_subnet((const uint8_t *)rows[i].data, rows[i].n, text, sizeof(text));

        assert_int_equal(good, rows[i].want != NULL);
        if (good)
            assert_string_equal(text, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),   cmocka_unit_test(test_bits), cmocka_unit_test(test_options),
        cmocka_unit_test(test_padding), cmocka_unit_test(test_view), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_subnet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
