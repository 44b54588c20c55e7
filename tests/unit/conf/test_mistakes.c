/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "conf/mistakes.h"

static struct wr_mistakes mistakes;

static char *printed(void)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    wr_mistakes_print(&mistakes, "f.yaml", out);
    fclose(out);
    return text;
}

static void test_print(void **state)
{
    char *text;

    wr_mistakes_init(&mistakes);
    wr_mistakes_add(&mistakes, 7, 3, "second %d", 2);
    wr_mistakes_warn(&mistakes, 2, 9, "first");
    wr_mistakes_add(&mistakes, 7, 3, "third");
    wr_mistakes_add(&mistakes, 0, 0, "whole");
    wr_mistakes_sort(&mistakes);
    assert_int_equal(mistakes.errors, 3);
    assert_int_equal(mistakes.warnings, 1);
    text = printed();
    assert_string_equal(text, "f.yaml: whole\n"
                              "f.yaml:2:9: warning: first\n"
                              "f.yaml:7:3: second 2\n"
                              "f.yaml:7:3: third\n");
    free(text);
}

static void test_bound(void **state)
{
    char *text;

    wr_mistakes_init(&mistakes);
    for (uint32_t i = 0; i < WR_CONF_MISTAKES_MAX + 23; i++)
        wr_mistakes_add(&mistakes, i + 1, 1, "%0900u", i); /* longer than the room: cut */
    assert_int_equal(mistakes.count, WR_CONF_MISTAKES_MAX);
    assert_int_equal(mistakes.errors, WR_CONF_MISTAKES_MAX + 23);
    text = printed();
    assert_non_null(strstr(text, "f.yaml: and 23 more\n"));
    free(text);
}

static void check_quote(const char *text, size_t n, const char *want)
{
    char room[WR_MISTAKE_QUOTE_SIZE];

    assert_string_equal(wr_mistakes_quote(text, n, room), want);
}

static void test_quote(void **state)
{
    char long_text[500], room[WR_MISTAKE_QUOTE_SIZE];

    check_quote("", 0, "\"\"");
    check_quote("plain", 5, "\"plain\"");
    check_quote("\x1b[2J", 4, "\"\\x1b[2J\"");
    check_quote("a\0b", 3, "\"a\\x00b\"");
    memset(long_text, 1, sizeof(long_text)); /* each octet becomes four */
    wr_mistakes_quote(long_text, sizeof(long_text), room);
    assert_int_equal(strlen(room), 60 * 4 + 5);
    assert_string_equal(room + strlen(room) - 4, "...\"");
    /* No character is torn by the cut. */
    for (size_t i = 0; i < sizeof(long_text) - 1; i += 2)
        memcpy(long_text + i, "\xc3\xa9", 2);
    wr_mistakes_quote(long_text, 499, room);
    assert_null(strstr(room, "\\x"));
}

static void test_nearest(void **state)
{
    static const char *const words[] = {"listen",         "allow", "workers", "cache",
                                        "client_timeout", "tcp",   NULL};
    static const struct {
        const char *word, *near;
    } rows[] = {
        {"listn", "listen"},
        {"lsiten", "listen"}, /* letters that changed places are one mistake */
        {"LISTEN", "listen"},
        {"client-timeout", "client_timeout"},
        {"clienttimeout", "client_timeout"},
        {"alow", "allow"},
        {"worker", "workers"},
        {"caches", "cache"},
        {"xyz", NULL},
        {"frobnicate", NULL},
        {"", NULL},
        {"udp", NULL}, /* two letters of three: another word */
        {"tcpp", "tcp"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *near = wr_mistakes_nearest(rows[i].word, words);

        if (rows[i].near)
            assert_string_equal(near, rows[i].near);
        else
            assert_null(near);
    }
}

static void test_nearest_long(void **state)
{
    static const char *const words[] = {"a", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
                                        NULL};
    char word[2000];

    memset(word, 'a', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    assert_null(wr_mistakes_nearest(word, words));
    word[48] = '\0';
    assert_null(wr_mistakes_nearest(word, words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print),        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_quote),        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_nearest_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
