/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"
#include "base/str.h"

static void words(void **state)
{
    static const char text[] = " \tone\r two\n\vthree ";
    struct wr_str_part line = {text, sizeof(text) - 1};

    struct wr_str_part w = wr_str_word(&line);
    assert_int_equal(w.n, 3);
    assert_memory_equal(w.at, "one", 3);
    w = wr_str_word(&line); /* a line feed is no blank: the caller cuts lines */
    assert_int_equal(w.n, 4);
    assert_memory_equal(w.at, "two\n", 4);
    w = wr_str_word(&line);
    assert_int_equal(w.n, 5);
    assert_memory_equal(w.at, "three", 5);
    assert_int_equal(wr_str_word(&line).n, 0);
    assert_int_equal(line.n, 0);
    assert_int_equal(wr_str_word(&line).n, 0);
}

static void numbers(void **state)
{
    char room[200];
    struct wr_str s;

    wr_str_init(&s, room, sizeof(room));
    wr_str_u64(&s, 0);
    wr_str_char(&s, ' ');
    wr_str_u64(&s, UINT64_MAX);
    wr_str_char(&s, ' ');
    wr_str_i64(&s, INT64_MIN);
    wr_str_char(&s, ' ');
    wr_str_i64(&s, 17);
    wr_str_char(&s, ' ');
    wr_str_u64_pad(&s, 7, 3);
    wr_str_char(&s, ' ');
    wr_str_u64_pad(&s, 1234, 3);
    wr_str_char(&s, ' ');
    wr_str_hex(&s, "\x00\xa9\xff", 3);
    assert_string_equal(room, "0 18446744073709551615 -9223372036854775808 17 007 1234 00a9ff");
    assert_false(s.cut);
    assert_int_equal(s.len, strlen(room));
}

static void what_does_not_fit_is_cut(void **state)
{
    char room[8];
    struct wr_str s;

    memset(room, 'x', sizeof(room));
    wr_str_init(&s, room, 6);
    wr_str_text(&s, "abcdefgh");
    assert_string_equal(room, "abcde");
    assert_true(s.cut);
    assert_int_equal(room[6], 'x');
    wr_str_init(&s, room, 3);
    wr_str_text(&s, "ab");
    assert_false(s.cut);
    wr_str_char(&s, 'c');
    assert_true(s.cut);
    assert_string_equal(room, "ab");
    wr_str_init(&s, room, 1);
    wr_str_char(&s, 'a');
    assert_string_equal(room, "");
    assert_true(s.cut);
}

static void comparing(void **state)
{
    assert_true(wr_str_same("", ""));
    assert_true(wr_str_same("aBc-9", "AbC-9"));
    assert_false(wr_str_same("abc", "ab"));
    assert_false(wr_str_same("ab", "abc"));
    assert_false(wr_str_same("[", "{")); /* 32 apart, no letters */
    assert_true(wr_str_same_n("ABCdef", 3, "abc"));
    assert_false(wr_str_same_n("ABCdef", 3, "ab"));
    assert_false(wr_str_same_n("ABCdef", 3, "abcd"));
    assert_true(wr_str_same_n(NULL, 0, ""));
}

static void reading_numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        int err;
        uint64_t want;
    } cases[] = {
        {"0", 0, WR_OK, 0},
        {"65535", 65535, WR_OK, 65535},
        {"65536", 65535, WR_E_RANGE, 0},
        {"00012", 12, WR_OK, 12},
        {"18446744073709551615", UINT64_MAX, WR_OK, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, WR_E_RANGE, 0},
        {"99999999999999999999999", UINT64_MAX, WR_E_RANGE, 0},
        {"9", 5, WR_E_RANGE, 0},
        {"1", 0, WR_E_RANGE, 0},
        {"", 5, WR_E_FORMAT, 0},
        {"-1", 5, WR_E_FORMAT, 0},
        {"+1", 5, WR_E_FORMAT, 0},
        {" 1", 5, WR_E_FORMAT, 0},
        {"1x", 5, WR_E_FORMAT, 0},
        {"99999x", 5, WR_E_FORMAT, 0},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t v = 424242;
        int err = wr_str_to_u64(cases[i].text, strlen(cases[i].text), cases[i].max, &v);

        assert_int_equal(err, cases[i].err);
        assert_true(v == (err ? 424242 : cases[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(words),
        cmocka_unit_test(what_does_not_fit_is_cut),
        cmocka_unit_test(comparing),
        cmocka_unit_test(reading_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
