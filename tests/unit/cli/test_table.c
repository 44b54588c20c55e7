/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/table.h"

static void check(const char *json, const char *want)
{
    json_error_t error;
    json_t *value = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    if (!value)
        fail_msg("%s: %s", json, error.text);
    wr_table_print(value, out);
    fclose(out);
    assert_string_equal(text, want);
    json_decref(value);
    free(text);
}

static void test_values(void **state)
{
    check("3", "3\n");
    check("-5", "-5\n");
    check("0.25", "0.25\n");
    check("true", "yes\n");
    check("null", "-\n");
    check("[]", "-\n");
    check("[1, \"a\", null]", "1, a, -\n");
    check("{}", "");
    check("\"two\\nlines\"", "two\nlines\n");
}

static void test_object(void **state)
{
    check("{\"a\": 1, \"longer\": \"x\", \"list\": [1, 2], \"empty\": \"\"}",
          "a:      1\nlonger: x\nlist:   1, 2\nempty:  -\n");
    check("{\"a\": 1, \"in\": {\"b\": 2, \"deep\": {\"c\": false}}}",
          "a: 1\nin:\n  b: 2\n  deep:\n    c: no\n");
    check("{\"text\": \"one\\ntwo\"}", "text:\n  one\n  two\n");
}

static void test_table(void **state)
{
    check("{\"rows\": [{\"name\": \"a\", \"n\": 1}, {\"name\": \"longer\", \"m\": null}]}",
          "rows:\n  name    n  m\n  a       1  -\n  longer  -  -\n");
    /* Width is in characters, not octets. */
    check("[{\"a\": \"\xc3\xa9\", \"b\": 1}, {\"a\": \"xx\", \"b\": 2}]",
          "a   b\n\xc3\xa9   1\nxx  2\n");
    check("[{\"a\": {\"x\": 1, \"y\": [2, 3]}}]", "a\nx=1 y=2, 3\n");
}

static void test_pick(void **state)
{
    static const char *const keys[] = {"b", "a", NULL};
    json_t *list = json_loads("[{\"a\": 1, \"b\": \"x\", \"c\": 3}, {\"a\": 2}]", 0, NULL);
    char *text;

    wr_table_pick(list, keys);
    text = json_dumps(list, JSON_COMPACT);
    assert_string_equal(text, "[{\"b\":\"x\",\"a\":1},{\"b\":null,\"a\":2}]");
    free(text);
    json_decref(list);
    wr_table_pick(NULL, keys); /* there is no such list */
}

/* Wider than the room: a block a row; keys that a row does not have are left out. */
static void test_narrow(void **state)
{
    static const char json[] = "{\"n\": 1, \"rows\": [{\"a\": \"x\", \"long\": \"0123456789\"},"
                               " {\"a\": \"\\u00e9\", \"b\": [1, 2]}]}";
    static const struct {
        size_t room;
        const char *want;
    } rows[] = {
        {24, "n: 1\nrows:\n  a  long        b\n  x  0123456789  -\n  \xc3\xa9  -           1, 2\n"},
        {20, "n: 1\nrows:\n  a     x\n  long  0123456789\n\n  a     \xc3\xa9\n  b     1, 2\n"},
    };

    for (size_t i = 0; i < 2; i++) {
        json_t *value = json_loads(json, 0, NULL);
        char *text = NULL;
        size_t n;
        FILE *out = open_memstream(&text, &n);

        assert_non_null(value);
        wr_table_print_in(value, rows[i].room, out);
        fclose(out);
        assert_string_equal(text, rows[i].want);
        json_decref(value);
        free(text);
    }
    assert_int_equal(wr_table_room(-1), 100);
}

/* Too many columns for a screen: a row a key. */
static void test_turned(void **state)
{
    char json[1024] = "[{", want[1024] = "";

    for (int i = 0; i < 20; i++) {
        sprintf(json + strlen(json), "%s\"k%02d\": %d", i ? ", " : "", i, i);
        sprintf(want + strlen(want), "k%02d  %-4d%d\n", i, i, i == 3 ? 99 : i);
    }
    strcat(json, "}, {");
    for (int i = 0; i < 20; i++)
        sprintf(json + strlen(json), "%s\"k%02d\": %d", i ? ", " : "", i, i == 3 ? 99 : i);
    strcat(json, "}]");
    check(json, want);
}

/* What the daemon tells was a stranger's text once. */
static void test_safe(void **state)
{
    check("{\"name\": \"a\\u001b[2Jb\"}", "name: a\\x1b[2Jb\n");
    check("{\"name\": \"a\\u0000b\"}", "name: a\\x00b\n");
    check("[{\"x\": \"\\u202eevil\"}]", "x\n\\xe2\\x80\\xaeevil\n");
    check("\"a\\u001b]0;t\\u0007\\nb\"", "a\\x1b]0;t\\x07\nb\n");
}

static void test_depth(void **state)
{
    char json[4096] = "", *text = NULL;
    json_error_t error;
    json_t *value;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    for (int i = 0; i < 300; i++)
        strcat(json, "{\"a\":");
    strcat(json, "1");
    for (int i = 0; i < 300; i++)
        strcat(json, "}");
    value = json_loads(json, 0, &error);
    assert_non_null(value);
    wr_table_print(value, out); /* ends, and the indentation is bounded */
    fclose(out);
    assert_true(n < 4096);
    json_decref(value);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_object), cmocka_unit_test(test_table),
        cmocka_unit_test(test_turned), cmocka_unit_test(test_narrow), cmocka_unit_test(test_pick),
        cmocka_unit_test(test_safe),   cmocka_unit_test(test_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
