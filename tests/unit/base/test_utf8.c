/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/utf8.h"

static void test_next(void **state)
{
    static const struct {
        const char *text;
        size_t n, want;
        uint32_t code;
    } rows[] = {
        {"a", 1, 1, 'a'},
        {"", 0, 0, 0},
        {"\xc3\xa9", 2, 2, 0xe9},
        {"\xc3\xa9", 1, 0, 0}, /* cut */
        {"\xe2\x82\xac", 3, 3, 0x20ac},
        {"\xf0\x9f\x98\x80", 4, 4, 0x1f600},
        {"\xc0\x80", 2, 0, 0},         /* overlong NUL */
        {"\xe0\x80\xaf", 3, 0, 0},     /* overlong slash */
        {"\xf0\x80\x80\xaf", 4, 0, 0}, /* and once more */
        {"\xed\xa0\x80", 3, 0, 0},     /* surrogate */
        {"\xf4\x90\x80\x80", 4, 0, 0}, /* above U+10FFFF */
        {"\xff", 1, 0, 0},
        {"\x80", 1, 0, 0},
        {"\xc3(", 2, 0, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t code = 0;

        assert_int_equal(wr_utf8_next(rows[i].text, rows[i].n, &code), rows[i].want);
        assert_int_equal(code, rows[i].code);
    }
}

static void check_safe(const char *text, size_t n, const char *want)
{
    char room[256];
    struct wr_str s;

    wr_str_init(&s, room, sizeof(room));
    wr_utf8_safe(&s, text, n);
    assert_string_equal(room, want);
}

static void test_safe(void **state)
{
    check_safe("plain", 5, "plain");
    check_safe("caf\xc3\xa9", 5, "caf\xc3\xa9");
    check_safe("\x1b[31mred", 8, "\\x1b[31mred");
    check_safe("a\0b", 3, "a\\x00b");
    check_safe("\xe2\x80\xae"
               "evil",
               7, "\\xe2\\x80\\xaeevil"); /* right-to-left override */
    check_safe("\xff\xfe", 2, "\\xff\\xfe");
    check_safe("\xc2\x9b", 2, "\\xc2\\x9b"); /* CSI as one character */
    check_safe("line\nline", 9, "line\\x0aline");
}

/* What does not fit whole is left out, with all behind it. */
static void test_cut(void **state)
{
    static const struct {
        const char *text;
        size_t room;
        const char *want;
        bool cut;
    } rows[] = {
        {"ab\xc3\xa9z", 6, "ab\xc3\xa9z", false},
        {"ab\xc3\xa9z", 5, "ab\xc3\xa9", true},
        {"ab\xc3\xa9z", 4, "ab", true},
        {"a\xe4\xb8\xad", 4, "a", true},
        {"a\xf0\x9f\x98\x80", 5, "a", true},
        {"a\x1b", 6, "a\\x1b", false},
        {"a\x1b", 5, "a", true},
        {"a", 1, "", true},
        {"", 1, "", false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char room[16];
        struct wr_str s;

        wr_str_init(&s, room, rows[i].room);
        wr_utf8_safe(&s, rows[i].text, strlen(rows[i].text));
        assert_string_equal(room, rows[i].want);
        assert_int_equal(s.cut, rows[i].cut);
    }
}

static void test_visible(void **state)
{
    assert_true(wr_utf8_is_visible(' '));
    assert_true(wr_utf8_is_visible(0x4e2d));
    assert_false(wr_utf8_is_visible(0x7f));
    assert_false(wr_utf8_is_visible(0x200b));
    assert_false(wr_utf8_is_visible(0x2066));
    assert_false(wr_utf8_is_visible(0xe0001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_safe),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_visible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
