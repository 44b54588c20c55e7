/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "dns/svcb.h"

static int read_params(const char *text, uint8_t *ret, size_t cap, size_t *ret_n)
{
    struct wr_lex lex;
    struct wr_writer w;
    size_t column = 0;
    int err;

    wr_lex_init(&lex, text, strlen(text));
    wr_buf_write_init(&w, ret, cap);
    err = wr_svcb_read_text(&lex, &w, &column);
    *ret_n = w.pos;
    return err;
}

/* RFC 9460 appendix D.2, without priority and target */
static void vectors(void **state)
{
    static const struct {
        const char *text, *octets;
        size_t size;
        const char *again;
    } cases[] = {
        {"", "", 0, ""},
        {"port=53", "\0\3\0\2\0\x35", 6, " port=53"},
        {"key667=hello", "\2\x9b\0\5hello", 9, " key667=\"hello\""},
        {"key667=\"hello\\210qoo\"", "\2\x9b\0\x09hello\xd2qoo", 13, " key667=\"hello\\210qoo\""},
        {"ipv6hint=\"2001:db8::1,2001:db8::53:1\"",
         "\0\6\0\x20\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\x53\0\1",
         36, " ipv6hint=2001:db8::1,2001:db8::53:1"},
        {"alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
         "\0\0\0\4\0\1\0\4\0\1\0\x09\2h2\5h3-19\0\4\0\4\xc0\0\2\1", 29,
         " mandatory=alpn,ipv4hint alpn=h2,h3-19 ipv4hint=192.0.2.1"},
        {"key1=\"\\005f\\\\oo,\\002h2\"", "\0\1\0\x09\5f\\oo,\2h2", 13,
         " alpn=\"f\\\\\\\\oo\\\\,,h2\""},
        {"alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
         "\0\1\0\x0c\x08"
         "f\\oo,bar\2h2",
         16, " alpn=\"f\\\\\\\\oo\\\\,bar,h2\""},
        {"alpn=f\\\\\\092oo\\092,bar,h2",
         "\0\1\0\x0c\x08"
         "f\\oo,bar\2h2",
         16, " alpn=\"f\\\\\\\\oo\\\\,bar,h2\""},
        {"alpn=\"a b,\\000;\\255\"", "\0\1\0\x08\3a b\3\0;\xff", 12, " alpn=\"a b,\\000;\\255\""},
        {"alpn=h2 no-default-alpn ech=AQID dohpath=/q{?dns} ohttp key65534",
         "\0\1\0\3\2h2\0\2\0\0\0\5\0\3\1\2\3\0\7\0\x08/q{?dns}\0\x08\0\0\xff\xfe\0\0", 38,
         " alpn=h2 no-default-alpn ech=AQID dohpath=\"/q{?dns}\" ohttp key65534"},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t octets[100];
        char text[200];
        struct wr_str s;
        size_t n;

        assert_int_equal(read_params(cases[i].text, octets, sizeof(octets), &n), WR_OK);
        assert_int_equal(n, cases[i].size);
        assert_memory_equal(octets, cases[i].octets, n);
        assert_int_equal(wr_svcb_check(octets, n), WR_OK);
        wr_str_init(&s, text, sizeof(text));
        assert_int_equal(wr_svcb_put_text(&s, octets, n), WR_OK);
        assert_string_equal(text, cases[i].again);
        assert_int_equal(read_params(text, octets, sizeof(octets), &n), WR_OK);
        assert_int_equal(n, cases[i].size);
        assert_memory_equal(octets, cases[i].octets, n);
        for (size_t cap = 0; cap < n; cap++) {
            size_t ignored;

            assert_int_not_equal(read_params(text, octets, cap, &ignored), WR_OK);
        }
    }
}

/* RFC 9460 appendix D.3 and section 8 */
static void broken_texts(void **state)
{
    static const char *const cases[] = {
        "key123=abc key123=def",
        "mandatory",
        "alpn",
        "port",
        "ipv4hint",
        "ipv6hint",
        "no-default-alpn=abc",
        "no-default-alpn",
        "mandatory=key123",
        "mandatory=mandatory",
        "mandatory=key123,key123 key123=abc",
        "alpn=",
        "alpn=h2,",
        "alpn=,h2",
        "alpn=h2,,h3",
        "port=",
        "port=x",
        "port=65536",
        "port=1,2",
        "ipv4hint=",
        "ipv4hint=1.2.3",
        "ipv4hint=1.2.3.4,",
        "ipv4hint=::1",
        "ipv6hint=1.2.3.4",
        "ipv6hint=[::1]",
        "ipv6hint=::1%1",
        "ipv4hint=1.2.3.4:53",
        "ech=",
        "ech=A",
        "ech=???",
        "key65535=a",
        "key65536=a",
        "key01=a",
        "key=a",
        "keyx=a",
        "foo=bar",
        "=x",
        "\"alpn=h2\"",
        "alpn=\"h2",
        "ohttp=x",
        "alpn=a\\\\b",
        "alpn=a\\\\",
        "alpn=\\300",
        "alpn=\"\\\\,,\"",
        "mandatory=foo port=1",
        "mandatory= port=1",
        "key5=\\300",
        "alpn=\"h2\"x",
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t octets[100];
        size_t n;

        if (read_params(cases[i], octets, sizeof(octets), &n) == WR_OK) {
            fail_msg("read: %s", cases[i]);
        }
    }
}

static void broken_octets(void **state)
{
    static const struct {
        const char *octets;
        size_t size;
    } cases[] = {
        {"\0\1\0\0", 4},       {"\0\1\0\1\0", 5},
        {"\0\1\0\2\2h", 6},    {"\0\1\0\3\1h2", 7},
        {"\0\2\0\0", 4},       {"\0\3\0\1\1", 5},
        {"\0\3\0\3\1\1\1", 7}, {"\0\4\0\0", 4},
        {"\0\4\0\3\1\1\1", 7}, {"\0\6\0\4\1\1\1\1", 8},
        {"\0\5\0\0", 4},       {"\0\0\0\0", 4},
        {"\0\0\0\1\0", 5},     {"\0\0\0\2\0\3", 6},
        {"\0\0\0\2\0\0", 6},   {"\0\0\0\4\0\4\0\3\0\3\0\2\0\x50\0\4\0\4\1\2\3\4", 22},
        {"\xff\xff\0\0", 4},   {"\0\x08\0\1x", 5},
        {"\0\3\0", 3},         {"\0\3\0\2x", 5},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[100];
        struct wr_str s;

        wr_str_init(&s, text, sizeof(text));
        assert_int_equal(wr_svcb_check((const uint8_t *)cases[i].octets, cases[i].size),
                         WR_E_FORMAT);
        assert_int_equal(wr_svcb_put_text(&s, (const uint8_t *)cases[i].octets, cases[i].size),
                         WR_E_FORMAT);
    }
}

static void finding(void **state)
{
    static const uint8_t params[] = "\0\1\0\3\2h2\0\3\0\2\0\x50";
    size_t n = 0;

    assert_ptr_equal(wr_svcb_find(params, 13, WR_SVCB_PORT, &n), params + 11);
    assert_int_equal(n, 2);
    assert_null(wr_svcb_find(params, 13, WR_SVCB_ECH, &n));
    assert_null(wr_svcb_find(params, 0, WR_SVCB_PORT, &n));
}

static void too_many_parameters(void **state)
{
    char text[1000] = "";
    uint8_t octets[1000];
    size_t n;

    for (unsigned i = 0; i < WR_SVCB_PARAMS_MAX; i++) {
        snprintf(text + strlen(text), 20, "key%u ", 200 - i);
    }
    assert_int_equal(read_params(text, octets, sizeof(octets), &n), WR_OK);
    assert_int_equal(n, 4 * WR_SVCB_PARAMS_MAX);
    strcat(text, "key9");
    assert_int_equal(read_params(text, octets, sizeof(octets), &n), WR_E_LIMIT);
}

/* 8000 keys that are all mandatory; each looked for from the start would take seconds. */
static void a_long_mandatory_list(void **state)
{
    static uint8_t octets[60000];
    struct wr_writer w;

    wr_buf_write_init(&w, octets, sizeof(octets));
    wr_buf_put_u16(&w, WR_SVCB_MANDATORY);
    wr_buf_put_u16(&w, 2 * 8000);
    for (unsigned i = 0; i < 8000; i++) {
        wr_buf_put_u16(&w, (uint16_t)(100 + 2 * i));
    }
    for (unsigned i = 0; i < 8000; i++) {
        wr_buf_put_u16(&w, (uint16_t)(100 + 2 * i));
        wr_buf_put_u16(&w, 0);
    }
    for (unsigned round = 0; round < 100; round++) {
        assert_int_equal(wr_svcb_check(octets, w.pos), WR_OK);
    }
    octets[4 + 2 * 7999 + 1] ^= 1; /* the last one is not there */
    assert_int_equal(wr_svcb_check(octets, w.pos), WR_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(broken_texts),
        cmocka_unit_test(broken_octets),
        cmocka_unit_test(finding),
        cmocka_unit_test(too_many_parameters),
        cmocka_unit_test(a_long_mandatory_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
