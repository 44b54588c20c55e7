/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"
#include "dns/lex.h"

static void words_of_a_record(void **state)
{
    static const char text[] =
        "  a\tb.c \"d e\" key=\"v w\" ( x ; comment ) \"\n y\r\n) \"\" z\\ z \"q\\\"r\"\"s\"";
    static const struct {
        const char *text;
        bool quoted;
    } want[] = {
        {"a", false}, {"b.c", false}, {"d e", true},    {"key=\"v w\"", false}, {"x", false},
        {"y", false}, {"", true},     {"z\\ z", false}, {"q\\\"r", true},       {"s", true},
    };
    struct wr_lex lex;
    struct wr_lex_word word;

    wr_lex_init(&lex, text, sizeof(text) - 1);
    for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        assert_int_equal(wr_lex_next(&lex, &word), WR_OK);
        assert_int_equal(word.n, strlen(want[i].text));
        assert_memory_equal(word.text, want[i].text, word.n);
        assert_int_equal(word.quoted, want[i].quoted);
    }
    assert_int_equal(wr_lex_next(&lex, &word), WR_E_NOTFOUND);
    assert_int_equal(wr_lex_next(&lex, &word), WR_E_NOTFOUND);
}

static void columns_count_from_one(void **state)
{
    struct wr_lex lex;
    struct wr_lex_word word;

    wr_lex_init(&lex, "a  bc \"d\"", 9);
    assert_int_equal(wr_lex_next(&lex, &word), WR_OK);
    assert_int_equal(word.column, 1);
    assert_int_equal(wr_lex_next(&lex, &word), WR_OK);
    assert_int_equal(word.column, 4);
    assert_int_equal(wr_lex_next(&lex, &word), WR_OK);
    assert_int_equal(word.column, 7);
}

static void broken_text(void **state)
{
    static const char *const cases[] = {"\"open", "\"open\\\"", "( ", ")", "a\"b", "( ; )"};

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wr_lex lex;
        struct wr_lex_word word;
        int err;

        wr_lex_init(&lex, cases[i], strlen(cases[i]));
        while ((err = wr_lex_next(&lex, &word)) == WR_OK) {
        }
        assert_int_equal(err, WR_E_FORMAT);
    }
}

static void decoding(void **state)
{
    static const struct {
        const char *text;
        int err;
        const char *want;
        size_t n;
    } cases[] = {
        {"", WR_OK, "", 0},
        {"plain", WR_OK, "plain", 5},
        {"a\\\"b\\\\c\\.d", WR_OK, "a\"b\\c.d", 7},
        {"\\000\\255\\065", WR_OK,
         "\0\xff"
         "A",
         3},
        {"\\", WR_E_FORMAT, NULL, 0},
        {"\\25", WR_E_FORMAT, NULL, 0},
        {"\\256", WR_E_FORMAT, NULL, 0},
        {"\\2x6", WR_E_FORMAT, NULL, 0},
        {"123456789", WR_E_FULL, NULL, 0},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t room[8];
        struct wr_writer w;

        wr_buf_write_init(&w, room, sizeof(room));
        assert_int_equal(wr_lex_decode(cases[i].text, strlen(cases[i].text), &w), cases[i].err);
        if (!cases[i].err) {
            assert_int_equal(w.pos, cases[i].n);
            assert_memory_equal(room, cases[i].want, w.pos);
        }
    }
}

static void strings_have_at_most_255_octets(void **state)
{
    char text[256];
    uint8_t room[300];
    struct wr_writer w;

    memset(text, 'x', sizeof(text));
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_lex_decode_string(text, 255, &w), WR_OK);
    assert_int_equal(room[0], 255);
    assert_int_equal(w.pos, 256);
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_lex_decode_string(text, 256, &w), WR_E_RANGE);
    wr_buf_write_init(&w, room, 0);
    assert_int_equal(wr_lex_decode_string(text, 0, &w), WR_E_FULL);
}

static void all_octets_there_and_back(void **state)
{
    uint8_t octets[256], got[256];
    char text[1100];
    struct wr_lex lex;
    struct wr_lex_word word;
    struct wr_writer w;
    struct wr_str s;

    for (unsigned i = 0; i < 256; i++) {
        octets[i] = (uint8_t)i;
    }
    wr_str_init(&s, text, sizeof(text));
    wr_lex_put_quoted(&s, octets, sizeof(octets));
    assert_false(s.cut);
    for (size_t i = 0; i < s.len; i++) {
        assert_in_range(text[i], ' ', '~');
    }
    wr_lex_init(&lex, text, s.len);
    assert_int_equal(wr_lex_next(&lex, &word), WR_OK);
    assert_true(word.quoted);
    wr_buf_write_init(&w, got, sizeof(got));
    assert_int_equal(wr_lex_decode(word.text, word.n, &w), WR_OK);
    assert_int_equal(w.pos, 256);
    assert_memory_equal(got, octets, 256);
    assert_int_equal(wr_lex_next(&lex, &word), WR_E_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_a_record),
        cmocka_unit_test(columns_count_from_one),
        cmocka_unit_test(broken_text),
        cmocka_unit_test(decoding),
        cmocka_unit_test(strings_have_at_most_255_octets),
        cmocka_unit_test(all_octets_there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
