/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "conf/conf.h"
#include "conf/mem.h"
#include "conf/schema.h"
#include "conf/value.h"

static const struct wr_schema_row *rows;
static size_t count;

/* The table is right in itself: what a reader of it relies on. */
static void test_rows(void **state)
{
    for (size_t i = 0; i < count; i++) {
        const struct wr_schema_row *row = &rows[i];
        size_t n = strlen(row->doc);

        assert_ptr_equal(wr_schema_find(row->name), row); /* no name twice */
        if (!row->since || n < 10 || row->doc[n - 1] != '.')
            fail_msg("%s: no since, or no sentence", row->name);
        if (row->type == WR_SCHEMA_WORD && !row->words)
            fail_msg("%s: no words", row->name);
        if (row->list && (row->max_items == 0 || row->item_size == 0))
            fail_msg("%s: a list without bound or size", row->name);
        if (row->min > row->max)
            fail_msg("%s: range", row->name);
        if (row->type == WR_SCHEMA_INT && row->max == 0)
            fail_msg("%s: a number without range", row->name);
        if (row->type != WR_SCHEMA_SECTION && !strstr(row->name, "[]") && !row->defaults[0])
            fail_msg("%s: no default", row->name);
        assert_non_null(wr_schema_type_name(row));
        if (row->like && (!strstr(row->name, "[]") || !wr_schema_find(row->like) ||
                          wr_schema_find(row->like)->type != row->type))
            fail_msg("%s is like nothing", row->name);
    }
}

/* Every section and list stands before its keys; no key hangs in the air. */
static void test_order(void **state)
{
    for (size_t i = 0; i < count; i++) {
        char parent[128];
        const char *dot = strrchr(rows[i].name, '.');
        const struct wr_schema_row *above;
        size_t n;

        if (!dot)
            continue;
        n = (size_t)(dot - rows[i].name);
        memcpy(parent, rows[i].name, n);
        parent[n] = '\0';
        if (n > 2 && !strcmp(parent + n - 2, "[]"))
            parent[n - 2] = '\0';
        above = wr_schema_find(parent);
        if (!above || above >= &rows[i])
            fail_msg("%s stands before %s", rows[i].name, parent);
        assert_true(above->type == WR_SCHEMA_SECTION || above->type == WR_SCHEMA_ITEMS);
    }
}

/* No two values share memory, and each fits into the struct it lands in. */
static void test_places(void **state)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = rows[i].list ? sizeof(void *) + sizeof(size_t) : wr_value_size(rows[i].type);

        if (rows[i].type == WR_SCHEMA_SECTION || strstr(rows[i].name, "[]"))
            continue;
        assert_true(rows[i].offset + size <= sizeof(struct wr_conf));
        for (size_t j = 0; j < i; j++) {
            size_t other =
                rows[j].list ? sizeof(void *) + sizeof(size_t) : wr_value_size(rows[j].type);

            if (rows[j].type == WR_SCHEMA_SECTION || strstr(rows[j].name, "[]"))
                continue;
            if (rows[i].offset < rows[j].offset + other && rows[j].offset < rows[i].offset + size)
                fail_msg("%s lies upon %s", rows[i].name, rows[j].name);
        }
    }
}

static void test_names(void **state)
{
    assert_string_equal(wr_schema_reload_name(wr_schema_find("workers")), "restart");
    assert_string_equal(wr_schema_reload_name(wr_schema_find("listen")), "reload");
}

/* The defaults of each profile are values that the file could hold. */
static void test_defaults(void **state)
{
    struct wr_conf_mem mem;
    uint64_t room[512];
    char why[WR_VALUE_WHY_SIZE];

    wr_mem_init(&mem);
    for (size_t i = 0; i < count; i++) {
        for (uint32_t profile = 0; profile < WR_SCHEMA_PROFILES; profile++) {
            const char *text = wr_schema_default(&rows[i], profile);
            struct wr_value_text value = {.text = text, .plain = true};

            if (!text || rows[i].list || rows[i].type == WR_SCHEMA_SECTION)
                continue;
            if (!strcmp(text, "\"\""))
                value.text = "";
            value.n = strlen(value.text);
            if (wr_value_read(&rows[i], &value, &mem, room, why))
                fail_msg("%s: %s: %s", rows[i].name, text, why);
        }
    }
    wr_mem_free(&mem);
    assert_string_equal(wr_schema_default(wr_schema_find("cache.size"), WR_PROFILE_ROUTER), "2MiB");
    assert_string_equal(wr_schema_default(wr_schema_find("cache.max_ttl"), WR_PROFILE_EDGE), "1d");
    assert_string_equal(wr_schema_default(wr_schema_find("cache.max_ttl"), 99), "1d");
}

static void test_under(void **state)
{
    const struct wr_schema_row *size = wr_schema_find("cache.size");
    const struct wr_schema_row *ttl = wr_schema_find("cache.stale.ttl");
    const struct wr_schema_row *name = wr_schema_find("upstream.groups[].name");

    assert_true(wr_schema_is_under(size, "cache"));
    assert_false(wr_schema_is_under(size, ""));
    assert_false(wr_schema_is_under(size, "cach"));
    assert_false(wr_schema_is_under(ttl, "cache"));
    assert_true(wr_schema_is_under(name, "upstream.groups[]"));
    assert_false(wr_schema_is_under(name, "upstream"));
    assert_true(wr_schema_is_under(wr_schema_find("listen"), ""));
    assert_string_equal(wr_schema_leaf(ttl), "ttl");
    assert_string_equal(wr_schema_leaf(wr_schema_find("listen")), "listen");
    assert_null(wr_schema_find("cache.nothing"));
    assert_null(wr_schema_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),   cmocka_unit_test(test_order),
        cmocka_unit_test(test_places), cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_under),  cmocka_unit_test(test_names),
    };

    count = wr_schema_rows(&rows);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
