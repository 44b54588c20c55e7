/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "conf/keyname.h"

static const struct wr_renamed table[] = {
    {"upstream.foo", "upstream.ports", "0.2"},
    {"upstream.groups[].hosts", "upstream.groups[].servers", "0.2"},
    {NULL, NULL, NULL},
};

static void test_find(void **state)
{
    static const struct {
        const char *text, *name, *old;
    } rows[] = {
        {"cache.size", "cache.size", NULL},
        {"upstream.groups[].name", "upstream.groups[].name", NULL},
        {"upstream.groups[12].name", "upstream.groups[].name", NULL},
        {"upstream.groups.name", "upstream.groups[].name", NULL},
        {"upstream.foo", "upstream.ports", "upstream.foo"},
        {"upstream.groups[0].hosts", "upstream.groups[].servers", "upstream.groups[].hosts"},
        {"", NULL, NULL},
        {"cache.", NULL, NULL},
        {"size", NULL, NULL},
        {"cache.size[", NULL, NULL},
        {"upstream.groups[.name", NULL, NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct wr_renamed *old = NULL;
        const struct wr_schema_row *row = wr_keyname_find(rows[i].text, table, &old);

        if (!row != !rows[i].name || (row && strcmp(row->name, rows[i].name) != 0) ||
            !old != !rows[i].old)
            fail_msg("%s: %s", rows[i].text, row ? row->name : "none");
        if (old)
            assert_string_equal(old->old, rows[i].old);
    }
}

static void test_near(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *first;
    } rows[] = {
        {"size", 1, "cache.size"},
        {"cookies", 2, "upstream.cookies"},
        {"cach.sise", 1, "cache.size"},
        {"sevrers", 3, "upstream.groups[].servers"}, /* and recursion.servers, time.servers */
        {"upstream.size", 1, "cache.size"},
        {"routes[0].grou", 3, "upstream.routes[].group"}, /* and policy.rules[].group, groups */
        {"qqqqqqqq", 0, NULL},
        {"", 0, NULL},
    };
    const char *names[WR_KEYNAME_NEAR_MAX];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t count = wr_keyname_near(rows[i].text, names);

        if (count != rows[i].count || (count && strcmp(names[0], rows[i].first) != 0))
            fail_msg("%s: %zu %s", rows[i].text, count, count ? names[0] : "");
    }
}

/* Words longer than any key, and such that never end a bracket. */
static void test_long(void **state)
{
    static char text[5000];
    const struct wr_renamed *old = NULL;
    const char *names[WR_KEYNAME_NEAR_MAX];

    memset(text, 'a', sizeof(text) - 1);
    assert_null(wr_keyname_find(text, table, &old));
    assert_int_equal(wr_keyname_near(text, names), 0);
    text[0] = '[';
    assert_null(wr_keyname_find(text, table, &old));
    assert_int_equal(wr_keyname_near(text, names), 0);
    text[127] = '\0'; /* as long as fits, and one more */
    text[0] = 'a';
    assert_null(wr_keyname_find(text, table, &old));
    text[128] = '\0';
    text[127] = 'a';
    assert_null(wr_keyname_find(text, table, &old));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
