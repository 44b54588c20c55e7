/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/addr.h"
#include "base/err.h"

static void read_and_write(void **state)
{
    /* RFC 5952: shortest form, the first longest run of zeros, lower case */
    static const char *const cases[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"192.0.2.1:53", "192.0.2.1:53"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:DB8::1", "2001:db8::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"::ffff:c000:201", "::ffff:192.0.2.1"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        {"[::1]:53", "[::1]:53"},
        {"[::1]", "::1"},
        {"fe80::1%3", "fe80::1%3"},
        {"[fe80::1%4294967295]:65535", "[fe80::1%4294967295]:65535"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wr_addr a, again;
        char text[WR_ADDR_TEXT_SIZE];

        assert_int_equal(wr_addr_from_text(cases[i][0], &a), WR_OK);
        assert_int_equal(wr_addr_to_text(&a, text, sizeof(text)), strlen(cases[i][1]));
        assert_string_equal(text, cases[i][1]);
        assert_int_equal(wr_addr_from_text(text, &again), WR_OK);
        assert_true(wr_addr_equal(&a, &again));
        assert_memory_equal(&a, &again, sizeof(a));
    }
}

static void broken(void **state)
{
    static const char *const cases[] = {
        "",
        ".",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.4x",
        "1..2.3",
        "1.2.3.",
        ".1.2.3",
        "1.2.3.-4",
        "0x1.2.3.4",
        "1234.1.1.1",
        "1.2.3.4:",
        "1.2.3.4:x",
        "1.2.3.4:53x",
        "1.2.3.4%1",
        "[1.2.3.4]:53",
        "[1.2.3.4]",
        ":",
        ":::",
        "1:",
        ":1",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "12345::",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "g::",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3",
        "::1.2.3.4:5",
        "1.2.3.4::",
        "[::1",
        "::1]",
        "[::1]53",
        "[::1]:",
        "[::1]:x",
        "[]",
        "[",
        "fe80::1%",
        "fe80::1%x",
        "fe80::1%99999999999",
        "%1",
        "::%",
        "1:2:3:4:5:6:7:8:",
    };
    struct wr_addr a, before;

    memset(&before, 0x5a, sizeof(before));
    a = before;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (wr_addr_from_text(cases[i], &a) == WR_OK) {
            fail_msg("read: %s", cases[i]);
        }
    }
    assert_int_equal(wr_addr_from_text("1.2.3.4:65536", &a), WR_E_RANGE);
    assert_memory_equal(&a, &before, sizeof(a));
}

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;

    assert_int_equal(wr_addr_from_text(text, &a), WR_OK);
    return a;
}

static void comparing(void **state)
{
    struct wr_addr a = addr("[fe80::1%2]:53"), b = addr("[fe80::1%2]:54"), c = addr("fe80::1%3");

    assert_true(wr_addr_same_ip(&a, &b));
    assert_false(wr_addr_equal(&a, &b));
    assert_false(wr_addr_same_ip(&a, &c));
    a = addr("0.0.0.0");
    b = addr("::");
    assert_false(wr_addr_same_ip(&a, &b));
    assert_true(wr_addr_is_any(&a) && wr_addr_is_any(&b));
    a.family = WR_AF_NONE;
    assert_false(wr_addr_is_any(&a));
    assert_int_equal(wr_addr_ip_size(&a), 0);
    assert_int_equal(wr_addr_ip_size(&b), 16);
}

static void loopback(void **state)
{
    static const struct {
        const char *text;
        bool want;
    } cases[] = {
        {"127.0.0.1", true},
        {"127.255.255.255", true},
        {"128.0.0.1", false},
        {"::1", true},
        {"::2", false},
        {"::ffff:127.0.0.1", true},
        {"::ffff:10.0.0.1", false},
        {"::127.0.0.1", false},
        {"7f00::1", false},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wr_addr a = addr(cases[i].text);

        assert_int_equal(wr_addr_is_loopback(&a), cases[i].want);
    }
}

static void prefixes(void **state)
{
    static const struct {
        const char *prefix, *in, *out;
    } cases[] = {
        {"10.0.0.0/8", "10.255.1.2", "11.0.0.0"},
        {"192.168.7.0/24", "192.168.7.255", "192.168.8.0"},
        {"192.168.128.0/17", "192.168.255.1", "192.168.127.255"},
        {"192.0.2.1", "192.0.2.1", "192.0.2.2"},
        {"192.0.2.1/32", "192.0.2.1", "192.0.2.0"},
        {"0.0.0.0/0", "255.1.1.1", "::1"},
        {"::/0", "2001:db8::1", "1.2.3.4"},
        {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
        {"::1/128", "::1", "::"},
        {"fe80::%2/64", "fe80::9%2", "fe80::9%3"},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wr_addr in = addr(cases[i].in), out = addr(cases[i].out);
        struct wr_prefix p;

        assert_int_equal(wr_addr_prefix_from_text(cases[i].prefix, &p), WR_OK);
        assert_true(wr_addr_in_prefix(&in, &p));
        assert_false(wr_addr_in_prefix(&out, &p));
    }
}

static void broken_prefixes(void **state)
{
    static const char *const cases[] = {"10.0.0.1/8",
                                        "10.0.0.0/33",
                                        "::/129",
                                        "10.0.0.0/",
                                        "/8",
                                        "10.0.0.0/-1",
                                        "10.0.0.0/8/8",
                                        "10.0.0.0/8 ",
                                        "::1/127",
                                        "1.2.3.4:53/32",
                                        "[::1]/128",
                                        "x/8",
                                        ""};
    struct wr_prefix p = {.len = 77};

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_not_equal(wr_addr_prefix_from_text(cases[i], &p), WR_OK);
    }
    assert_int_equal(p.len, 77);
}

static void masking(void **state)
{
    struct wr_addr a = addr("255.255.255.255:53"), m;
    char text[WR_ADDR_TEXT_SIZE];

    m = wr_addr_mask(&a, 20);
    wr_addr_to_text(&m, text, sizeof(text));
    assert_string_equal(text, "255.255.240.0");
    a = addr("ffff:ffff:ffff:ffff::1");
    m = wr_addr_mask(&a, 56);
    wr_addr_to_text(&m, text, sizeof(text));
    assert_string_equal(text, "ffff:ffff:ffff:ff00::");
    m = wr_addr_mask(&a, 128);
    assert_true(wr_addr_equal(&m, &a));
    m = wr_addr_mask(&a, 0);
    assert_true(wr_addr_is_any(&m));
}

static void kinds(void **state)
{
    static const struct {
        const char *text;
        enum wr_addr_kind kind;
    } rows[] = {
        {"0.0.0.0", WR_ADDR_UNSPECIFIED},       {"0.1.2.3", WR_ADDR_UNSPECIFIED},
        {"1.1.1.1", WR_ADDR_MACHINE},           {"9.255.255.255", WR_ADDR_MACHINE},
        {"10.1.2.3", WR_ADDR_PRIVATE},          {"11.0.0.0", WR_ADDR_MACHINE},
        {"127.0.0.1", WR_ADDR_LOOPBACK},        {"127.255.255.255", WR_ADDR_LOOPBACK},
        {"128.0.0.0", WR_ADDR_MACHINE},         {"169.254.0.1", WR_ADDR_LINK_LOCAL},
        {"169.253.0.1", WR_ADDR_MACHINE},       {"172.15.0.1", WR_ADDR_MACHINE},
        {"172.16.0.1", WR_ADDR_PRIVATE},        {"172.31.255.255", WR_ADDR_PRIVATE},
        {"172.32.0.0", WR_ADDR_MACHINE},        {"192.0.2.1", WR_ADDR_MACHINE},
        {"192.168.255.255", WR_ADDR_PRIVATE},   {"223.255.255.255", WR_ADDR_MACHINE},
        {"224.0.0.251", WR_ADDR_MULTICAST},     {"239.255.255.255", WR_ADDR_MULTICAST},
        {"240.0.0.1", WR_ADDR_RESERVED},        {"255.255.255.254", WR_ADDR_RESERVED},
        {"255.255.255.255", WR_ADDR_BROADCAST}, {"[::]:53", WR_ADDR_UNSPECIFIED},
        {"[::1]:53", WR_ADDR_LOOPBACK},         {"::2", WR_ADDR_IN_V6},
        {"::127.0.0.1", WR_ADDR_IN_V6},         {"::ffff:127.0.0.1", WR_ADDR_IN_V6},
        {"::ffff:0.0.0.1", WR_ADDR_IN_V6},      {"::fffe:127.0.0.1", WR_ADDR_MACHINE},
        {"::1:0:1", WR_ADDR_MACHINE},           {"64:ff9b::192.0.2.1", WR_ADDR_MACHINE},
        {"2001:db8::1", WR_ADDR_MACHINE},       {"fbff::1", WR_ADDR_MACHINE},
        {"fc00::1", WR_ADDR_PRIVATE},           {"fdff::1", WR_ADDR_PRIVATE},
        {"fe7f::1", WR_ADDR_MACHINE},           {"fe80::1", WR_ADDR_LINK_LOCAL},
        {"febf::1", WR_ADDR_LINK_LOCAL},        {"fec0::1", WR_ADDR_MACHINE},
        {"ff02::fb", WR_ADDR_MULTICAST},
    };
    const struct wr_addr none = {.family = WR_AF_NONE};

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_addr a = addr(rows[i].text);

        if (wr_addr_kind(&a) != rows[i].kind)
            fail_msg("%s: %d", rows[i].text, wr_addr_kind(&a));
        if (wr_addr_is_private(&a) !=
            (rows[i].kind >= WR_ADDR_PRIVATE && rows[i].kind <= WR_ADDR_LINK_LOCAL))
            fail_msg("%s: private?", rows[i].text);
    }
    assert_int_equal(wr_addr_kind(&none), WR_ADDR_UNSPECIFIED);

    struct wr_addr shared = addr("100.64.0.1"), beside = addr("100.128.0.1");
    assert_true(wr_addr_is_private(&shared) && !wr_addr_is_private(&beside));
}

static void short_room_is_cut_not_overrun(void **state)
{
    struct wr_addr a = addr("[2001:db8::1]:53");
    char text[8] = "xxxxxxx";

    wr_addr_to_text(&a, text, 6);
    assert_string_equal(text, "[2001");
    assert_int_equal(text[6], 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_and_write),
        cmocka_unit_test(broken),
        cmocka_unit_test(comparing),
        cmocka_unit_test(loopback),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(broken_prefixes),
        cmocka_unit_test(kinds),
        cmocka_unit_test(masking),
        cmocka_unit_test(short_room_is_cut_not_overrun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
