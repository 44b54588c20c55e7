/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "dns/zoneentry.h"

#define ROOM 64

/* What the entries of a text are, in one line: "line:entry|" with newlines as "/", and "line:column!reason|". */
static void cut(const char *text, size_t n, size_t piece, char *ret, size_t cap)
{
    struct wr_zoneentry_source source = {0};
    struct wr_zoneentry_text entry;
    struct wr_zoneentry e;
    char room[ROOM];
    size_t fed = 0, len = 0;
    int err;

    wr_zoneentry_init(&e, room, sizeof(room));
    ret[0] = 0;
    while ((err = wr_zoneentry_next(&e, &source, &entry)) != WR_E_NOTFOUND) {
        uint32_t line, column;

        if (err == WR_E_AGAIN) {
            size_t some = n - fed < piece ? n - fed : piece;

            source = (struct wr_zoneentry_source){.at = text + fed, .left = some};
            source.ended = some == 0;
            fed += some;
            continue;
        }
        if (err) {
            wr_zoneentry_place(&entry, entry.mistake_at, &line, &column);
            len +=
                (size_t)snprintf(ret + len, cap - len, "%u:%u!%.17s|", line, column, entry.reason);
            continue;
        }
        len += (size_t)snprintf(ret + len, cap - len, "%u:%.*s|", entry.line, (int)entry.n,
                                entry.text);
        for (size_t i = 0; i < len; i++) {
            ret[i] = ret[i] == '\n' ? '/' : ret[i];
        }
    }
    assert_int_equal(fed, n);
}

static const struct {
    const char *text, *entries;
} cases[] = {
    {"", ""},
    {"a", "1:a|"},
    {"a\n", "1:a/|"},
    {"a\n\n b\n", "1:a/|2:/|3: b/|"},
    {"a ; comment ( \" \n;\nb", "1:a /|2:/|3:b|"},
    {"a ( b ; one (\n c ) d\ne", "1:a ( b / c ) d/|3:e|"},
    {"a (\n(\n)\n)\nb\n", "1:a (/(/)/)/|5:b/|"},
    {"a \"(;\" b\nc", "1:a \"(;\" b/|2:c|"},
    {"a\\( \\; \\\" b\nc", "1:a\\( \\; \\\" b/|2:c|"},
    {"a\\\nb", "1:a\\/|2:b|"},
    {"a \"b\nc\n", "1:3!this quote is not|2:c/|"},
    {"a (\n \"b\nc\n", "2:2!this quote is not|3:c/|"},
    {"a \"b", "1:3!this quote is not|"},
    {"a ; b", "1:a |"},
    {"a (\nb\nc\n", "1:3!this parenthesis |2:b/|3:c/|"},
    {"a\nb ( c\nd", "1:a/|2:3!this parenthesis |3:d|"},
    {"a (", "1:3!this parenthesis |"},
    {"a (\nb (\nc", "1:3!this parenthesis |2:3!this parenthesis |3:c|"},
    {"a )\nb", "1:a )/|2:b|"},
    {"a\r\nb\r\n", "1:a\r/|2:b\r/|"},
    /* longer than the room: 64 octets */
    {"0123456789012345678901234567890123456789012345678901234567890123456789 x\nb",
     "1:1!longer than the l|2:b|"},
    {"01234567890123456789012345678901234567890123456789012345678901\nb",
     "1:01234567890123456789012345678901234567890123456789012345678901/|2:b|"},
    {"a (\n0123456789012345678901234567890123456789012345678901234567890123456789\nb",
     "1:3!this parenthesis |2:1!longer than the l|3:b|"},
    {"a (\nbb\n01234567890123456789012345678901234567890123456789012345678\nc\n",
     "1:3!this parenthesis |2:bb/|"
     "3:01234567890123456789012345678901234567890123456789012345678/|4:c/|"},
    {"a ; 0123456789012345678901234567890123456789012345678901234567890123456789\nb", "1:a /|2:b|"},
};

static void entries_in_pieces_of_any_size(void **state)
{
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t piece = 1; piece < 90; piece++) {
            char got[400];

            cut(cases[i].text, strlen(cases[i].text), piece, got, sizeof(got));
            if (strcmp(got, cases[i].entries)) {
                fail_msg("%s in pieces of %zu: %s", cases[i].text, piece, got);
            }
        }
    }
}

/* A file of open parentheses costs a bounded number of second looks. */
static void open_parentheses_are_bounded(void **state)
{
    char text[2000], got[8000];
    unsigned mistakes = 0;

    for (size_t i = 0; i < sizeof(text); i += 2) {
        memcpy(text + i, "(\n", 2);
    }
    cut(text, sizeof(text), 100, got, sizeof(got));
    for (const char *p = got; (p = strchr(p, '!')); p++) {
        mistakes++;
    }
    assert_in_range(mistakes, WR_ZONEFILE_AGAIN_MAX, WR_ZONEFILE_AGAIN_MAX + 2000 / ROOM + 1);
}

static void one_file_inside_another(void **state)
{
    struct wr_zoneentry_source outer = {.at = "a\nb\n", .left = 4},
                               inner = {.at = "x\ny", .left = 3};
    struct wr_zoneentry_source over = {.ended = true};
    struct wr_zoneentry_text entry;
    struct wr_zoneentry e, saved;
    char room[ROOM];

    wr_zoneentry_init(&e, room, sizeof(room));
    assert_int_equal(wr_zoneentry_next(&e, &outer, &entry), WR_OK);
    wr_zoneentry_push(&e, &saved);
    assert_int_equal(wr_zoneentry_next(&e, &inner, &entry), WR_OK);
    assert_int_equal(entry.line, 1);
    assert_memory_equal(entry.text, "x\n", 2);
    assert_int_equal(wr_zoneentry_next(&e, &inner, &entry), WR_E_AGAIN);
    assert_int_equal(wr_zoneentry_next(&e, &over, &entry), WR_OK);
    assert_int_equal(entry.line, 2);
    assert_int_equal(entry.n, 1);
    assert_int_equal(wr_zoneentry_next(&e, &over, &entry), WR_E_NOTFOUND);
    wr_zoneentry_pop(&e, &saved);
    assert_int_equal(wr_zoneentry_next(&e, &outer, &entry), WR_OK);
    assert_int_equal(entry.line, 2);
    assert_memory_equal(entry.text, "b\n", 2);
    assert_int_equal(wr_zoneentry_next(&e, &outer, &entry), WR_E_AGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_in_pieces_of_any_size),
        cmocka_unit_test(open_parentheses_are_bounded),
        cmocka_unit_test(one_file_inside_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
