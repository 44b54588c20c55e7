/* SPDX-License-Identifier: Apache-2.0 */
/* Both ways for each letter; whole records with these fields are in test_present.c and test_scan.c. */
#include "unit/unit.h"
#include <string.h>

#include "base/err.h"
#include "dns/oddtext.h"

struct field {
    char style;
    const char *octets;
    size_t size;
    const char *text; /* NULL: no text stands for it */
};

#define F(style, octets, text)                  \
    {                                           \
        style, octets, sizeof(octets) - 1, text \
    }

static const struct field fields[] = {
    F('w', "", ""),
    F('w', "\x80\x01", "0 15"),
    F('w', "\x80\0", NULL),
    F('X', "", ""),
    F('X', "\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", "A TYPE127"),
    F('X', "\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", NULL),
    F('X', "\xc0", NULL),
    F('N', "\x47\0", "0x4700"),
    F('N', "", NULL),
    F('6', "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", "0 ::1"),
    F('6', "\x7f\1", "127 ::1"),
    F('6', "\x7f\2", NULL),
    F('6', "\x80", "128"),
    F('E', "\0\xab", "ab"),
    F('E',
      "\1"
      "42",
      "+42"),
    F('E', "\0", NULL),
    F('E', "\1", NULL),
    F('E', "\1:", NULL),
    F('E', "", NULL),
    F('h', "\1\2\0\1\xab\xcd", "2 ab zQ=="),
    F('h', "\0\2\0\1\xcd", NULL),
    F('h', "\1\2\0\0\xab", NULL),
    F('P', "\0\2\x80\x90\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "!2:2001:db8::1/128"),
    F('P', "\0\1\0\0\0\2\0\0", "1:0.0.0.0/0 2:::/0"),
    F('P', "\0\1\0\5\1\2\3\4\5", NULL),
    F('P', "\0\0\0\0", NULL),
};

static void both_ways(void **state)
{
    for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const struct field *f = &fields[i];
        size_t column = 1;
        uint8_t room[64];
        char text[128];
        struct wr_writer w;
        struct wr_lex lex;
        struct wr_str s;

        wr_str_init(&s, text, sizeof(text));
        assert_int_equal(wr_oddtext_put(f->style, &s, (const uint8_t *)f->octets, f->size),
                         f->text ? WR_OK : WR_E_FORMAT);
        if (!f->text) {
            continue;
        }
        assert_string_equal(text, f->text);
        wr_lex_init(&lex, text, s.len);
        wr_buf_write_init(&w, room, sizeof(room));
        assert_int_equal(wr_oddtext_read(f->style, &lex, &w, &column), WR_OK);
        assert_int_equal(w.pos, f->size);
        assert_memory_equal(room, f->octets, f->size);
        for (size_t cap = 0; cap < f->size; cap++) {
            wr_lex_init(&lex, text, s.len);
            wr_buf_write_init(&w, room, cap);
            assert_int_equal(wr_oddtext_read(f->style, &lex, &w, &column), WR_E_FULL);
        }
    }
}

static void no_such_letter(void **state)
{
    uint8_t room[4];
    char text[4];
    size_t column = 1;
    struct wr_writer w;
    struct wr_lex lex;
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_lex_init(&lex, "1", 1);
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_oddtext_put('?', &s, room, 0), WR_E_NOTFOUND);
    assert_int_equal(wr_oddtext_read('?', &lex, &w, &column), WR_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(no_such_letter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
