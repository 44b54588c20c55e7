/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/edit.h"

static struct wr_mistakes mistakes;
static char *made;

static const char *edit(const char *text, const char *key, const char *value)
{
    size_t n = 0;
    free(made);
    made = NULL;
    wr_mistakes_init(&mistakes);
    int err = wr_edit_key(text, strlen(text), key, value, &mistakes, &made, &n);
    if (err == WR_E_NOTFOUND) {
        return "not there";
    }
    if (err) {
        assert_int_equal(err, WR_E_FORMAT);
        assert_null(made);
        assert_true(mistakes.errors > 0);
        return mistakes.item[0].text;
    }
    assert_int_equal(n, strlen(made));
    return made;
}

static const struct {
    const char *text, *key, *value, *wanted;
} rows[] = {
    /* a value in place of another; comments and all else stay */
    {"# mine\ncache: {size: 1MiB, max_ttl: 1d} # x\n", "cache.size", "2MiB",
     "# mine\ncache: {size: 2MiB, max_ttl: 1d} # x\n"},
    {"cache:\n  size:   1MiB  # small\n  max_ttl: 1d\n", "cache.size", "2MiB",
     "cache:\n  size: 2MiB  # small\n  max_ttl: 1d\n"},
    {"cache:\n  size: \"1MiB\"\r\n", "cache.size", "2MiB", "cache:\n  size: 2MiB\r\n"},
    {"workers: 1", "workers", "2", "workers: 2"},
    {"listen:\n  - 127.0.0.1:5300\n  - \"[::1]:5300\" # two\nworkers: 1\n", "listen", "[127.0.0.1]",
     "listen: [127.0.0.1] # two\nworkers: 1\n"},
    {"cache: {size: 1MiB}\r\nworkers: 1\r\n", "identity.name", "x",
     "cache: {size: 1MiB}\r\nworkers: 1\r\nidentity:\r\n  name: x\r\n"},
    {"identity: {name: \"a # b\"}\n", "identity.name", "c", "identity: {name: c}\n"},
    {"listen: [\n  127.0.0.1,\n  127.0.0.2 ] # two\n", "listen[1]", "[::1]:53",
     "listen: [\n  127.0.0.1,\n  \"[::1]:53\" ] # two\n"},
    {"listen:\n- 127.0.0.1\n- 127.0.0.2\n", "listen[0]", "127.0.0.3",
     "listen:\n- 127.0.0.3\n- 127.0.0.2\n"},
    {"identity: {name: \"\xc3\xa4\xc3\xb6\"}\ncache: {size: 1MiB}\n", "identity.name",
     "\xc3\xbc: x", "identity: {name: \"\xc3\xbc: x\"}\ncache: {size: 1MiB}\n"},
    /* a key that was not there */
    {"", "workers", "2", "workers: 2\n"},
    {"# nothing\n", "cache.size", "2MiB", "# nothing\ncache:\n  size: 2MiB\n"},
    {"workers: 1", "cache.size", "2MiB", "workers: 1\ncache:\n  size: 2MiB\n"},
    {"cache:\n    max_ttl: 1d # one\n\nworkers: 1\n", "cache.size", "2MiB",
     "cache:\n    max_ttl: 1d # one\n    size: 2MiB\n\nworkers: 1\n"},
    {"cache: {}\n", "cache.size", "2MiB", "cache: {size: 2MiB}\n"},
    {"cache: {max_ttl: 1d}\n", "cache.keep.path", "/x", "cache: {max_ttl: 1d, keep: {path: /x}}\n"},
    {"cache:\nworkers: 1\n", "cache.size", "2MiB", "cache: {size: 2MiB}\nworkers: 1\n"},
    {"{workers: 1}", "cache.size", "2MiB", "{workers: 1, cache: {size: 2MiB}}"},
    {"upstream:\n  groups:\n  - name: a\n    servers: [udp://192.0.2.1]\n  - name: b\n"
     "    servers: [udp://192.0.2.2]\n",
     "upstream.groups[1].strategy", "fastest",
     "upstream:\n  groups:\n  - name: a\n    servers: [udp://192.0.2.1]\n  - name: b\n"
     "    servers: [udp://192.0.2.2]\n    strategy: fastest\n"},
    /* taken out */
    {"workers: 1\n# c\ncache:\n  size: 1MiB\n", "workers", NULL, "# c\ncache:\n  size: 1MiB\n"},
    {"workers: 1\ncache:\n  size: 1MiB\n", "cache.size", NULL, "workers: 1\n"},
    {"cache: {keep: {path: /x}}\nworkers: 1\n", "cache.keep.path", NULL, "workers: 1\n"},
    {"cache: {keep: {path: /x}, size: 1MiB}\n", "cache.keep.path", NULL, "cache: {size: 1MiB}\n"},
    {"cache: {size: 1MiB, keep: {path: /x}}\n", "cache.keep.path", NULL, "cache: {size: 1MiB}\n"},
    {"workers: 1\n", "workers", NULL, ""},
    {"{workers: 1}\n", "workers", NULL, "{}\n"},
    {"upstream:\n  groups:\n  - strategy: fastest\n    name: a\n    servers: [udp://192.0.2.1]\n",
     "upstream.groups[0].strategy", NULL,
     "upstream:\n  groups:\n  - name: a\n    servers: [udp://192.0.2.1]\n"},
    {"workers: 1\n", "cache.size", NULL, "not there"},
    {"cache:\n  # why\n  size: 1MiB # so\n  # more\nworkers: 1\n", "cache.size", NULL,
     "cache:\n  # why\n  # more\nworkers: 1\n"},
    /* with a comment in it */
    {"listen:\n  - 127.0.0.1:5300\n  # and\n  - \"[::1]:5300\"\n", "listen", "[127.0.0.1]",
     "listen: there is a comment in what would go; change it by hand"},
    {"cache:\n  size: # why\n    16MiB\n", "cache.size", "1MiB",
     "cache.size: there is a comment in what would go; change it by hand"},
    {"cache: {size: 16MiB, # the size\n  max_ttl: 1h}\n", "cache.size", NULL,
     "cache.size: there is a comment in what would go; change it by hand"},
    {"cache: {size: 16MiB, # the size\n  max_ttl: 1h}\n", "cache.max_ttl", NULL,
     "cache.max_ttl: there is a comment in what would go; change it by hand"},
    /* what is no key, no value, no place */
    {"", "cahce.size", "1", "there is no key \"cahce.size\"; did you mean cache.size?"},
    {"", "cache.size\x1b[2J", "1", "there is no key \"cache.size\\x1b[2J\""},
    {"", "upstream.groups[0].name", "a",
     "upstream.groups[0].name: the list has no such item; give the whole list"},
    {"upstream: {groups: [{name: a, servers: [udp://192.0.2.1]}]}", "upstream.groups.name", "b",
     "upstream.groups.name: which of the list? the first is [0]"},
    {"upstream: {groups: [{name: a, servers: [udp://192.0.2.1]}]}", "upstream.groups[x].name", "b",
     "upstream.groups[x].name: which of the list? the first is [0]"},
    {"listen: [127.0.0.1]\n", "listen[0]", NULL,
     "listen[0]: an item of a list is not taken out; give the whole list"},
    {"", "identity.name", "a\nworkers: 7", "identity.name: a value is one line of at most 64 KiB"},
};

static void test_rows(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(edit(rows[i].text, rows[i].key, rows[i].value), rows[i].wanted);
    }
}

/* A value cannot bring another key with it, nor a mistake. */
static void test_refused(void **state)
{
    static const char *const values[][2] = {
        {"cache.size", "x"},
        {"cache.size", "2MiB # c"},
        {"listen", "[127.0.0.1], workers: 2"},
        {"listen", "]"},
        {"listen", "[127.0.0.1"},
        {"cache", "{size: 1MiB, size: 2MiB}"},
        {"listen", "[*a]"},
        {"workers", "\"2\""},
        {"cache.size", ""},
        {"identity.name", "\x1b"},
        {"identity.name", "\xff"},
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        edit("cache: {size: 1MiB}\n", values[i][0], values[i][1]);
        assert_null(made);
    }
    edit("cache: {size: 1MiB}\n", "cache", "{max_ttl: 1d}, workers: 2");
    assert_null(made);
    edit("cache: 5\n", "workers", "2"); /* the file is wrong already: told with its line */
    assert_null(made);
    assert_int_equal(mistakes.item[0].line, 1);
    /* A number with a comma, a comment's mark: quoted, and so one value. */
    assert_string_equal(edit("", "identity.name", "a, b # c"), "identity:\n  name: \"a, b # c\"\n");
    assert_string_equal(edit("", "identity.name", "\"a\" \\b"),
                        "identity:\n  name: \"\\\"a\\\" \\\\b\"\n");
    assert_string_equal(edit("", "identity.name", "\"quoted\""), "identity:\n  name: \"quoted\"\n");
}

/* Lines that libyaml counts and others do not: refused, for what is changed could be another line. */
static void test_odd_lines(void **state)
{
    static const char *const ends[] = {"\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), "# x%s# here\ncache:\n  size: 16MiB\n# the old size\n",
                 ends[i]);
        const char *got = edit(text, "cache.size", "32MiB");
        assert_null(made);
        assert_non_null(strstr(got, "lone carriage return"));
    }
    assert_string_equal(edit("\xef\xbb\xbfworkers: 1\n", "workers", "2"),
                        "\xef\xbb\xbfworkers: 2\n");
}

static int done(void **state)
{
    free(made);
    made = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_odd_lines),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
