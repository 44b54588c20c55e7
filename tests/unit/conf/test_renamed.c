/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include "conf/bind.h"
#include "conf/mem.h"
#include "conf/renamed.h"
#include "conf/schema.h"
#include "conf/yaml.h"

/* No key was ever called so: a table for the test alone. */
static const struct wr_renamed table[] = {
    {"upstream.foo", "upstream.ports", "0.2"},
    {"upstream.groups[].hosts", "upstream.groups[].servers", "0.2"},
    {"storage", "cache", "0.3"},
    {NULL, NULL, NULL},
};

static uint32_t bind_text(const char *text, const struct wr_renamed *renamed)
{
    struct wr_conf_mem mem;
    struct wr_conf conf = {.mem = &mem};
    struct wr_yaml yaml;

    wr_mem_init(&mem);
    wr_mistakes_init(&mistakes);
    assert_int_equal(wr_yaml_read(text, strlen(text), &mem, &mistakes, &yaml), WR_OK);
    assert_int_equal(wr_bind_renamed(&yaml, renamed, &mistakes, &conf), WR_OK);
    wr_mem_free(&mem);
    return mistakes.errors;
}

static void test_find(void **state)
{
    assert_string_equal(wr_renamed_find(table, "upstream.foo")->now, "upstream.ports");
    assert_null(wr_renamed_find(table, "upstream.fo"));
    assert_null(wr_renamed_find(table, ""));
    assert_null(wr_renamed_find(wr_renamed_table(), "upstream.foo"));
}

/* The old name is one mistake at its place, which says the new one; below it nothing is looked at. */
static void test_said(void **state)
{
    assert_int_equal(bind_text("upstream:\n  foo: 64\n", table), 1);
    assert_true(has_mistake(2, 3, "upstream.foo was renamed upstream.ports in 0.2"));
    assert_int_equal(bind_text("storage:\n  size: wrong\n  nothing: 1\n", table), 1);
    assert_true(has_mistake(1, 1, "storage was renamed cache in 0.3"));
    assert_int_equal(
        bind_text("upstream: {groups: [{name: a, hosts: [], servers: [\"udp://192.0.2.1\"]}]}\n",
                  table),
        1);
    assert_true(
        has_mistake(1, 31, "upstream.groups[].hosts was renamed upstream.groups[].servers"));
}

/* Without its row the same name is an unknown key; a known key is nobody's old name. */
static void test_unsaid(void **state)
{
    assert_int_equal(bind_text("upstream:\n  foo: 64\n", wr_renamed_table()), 1);
    assert_true(has_mistake(2, 3, "unknown key"));
    assert_int_equal(bind_text("upstream:\n  ports: 64\n", table), 0);
}

/* weir's own table: old names are no keys, new names are. */
static void test_own(void **state)
{
    for (const struct wr_renamed *row = wr_renamed_table(); row->old; row++) {
        assert_null(wr_schema_find(row->old));
        assert_non_null(wr_schema_find(row->now));
        assert_non_null(row->since);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_said),
        cmocka_unit_test(test_unsaid),
        cmocka_unit_test(test_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
