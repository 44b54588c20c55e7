/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon's log has of it is asked for in tests/e2e/mud.py. */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "cli/mudhits.h"

static bool take(struct wr_mudhits *h, const char *name, bool shadow, int when)
{
    json_t *event = json_pack("{s:s, s:i, s:b}", "name", name, "time", when, "shadow", (int)shadow);
    bool more = wr_mudhits_take(h, event);
    json_decref(event);
    return more;
}

static const json_t *row(const json_t *told, size_t i)
{
    return json_array_get(json_object_get(told, "hits"), i);
}

static int number(const json_t *in, const char *key)
{
    return (int)json_integer_value(json_object_get(in, key));
}

static const char *text(const json_t *in, const char *key)
{
    return json_string_value(json_object_get(in, key));
}

static void test_counts(void **state)
{
    struct wr_mudhits h = {.names = json_object()};
    json_t *end = json_pack("{s:b}", "end", 1), *change = json_pack("{s:s}", "text", "other rules");
    assert_true(take(&h, "b.example.", true, 20));
    assert_true(take(&h, "a.example.", true, 30));
    assert_true(take(&h, "b.example.", false, 10));
    assert_true(take(&h, "c.example.", false, 40));
    assert_true(wr_mudhits_take(&h, change));
    assert_false(wr_mudhits_take(&h, end));
    json_t *told = wr_mudhits_json(&h, 2);
    assert_int_equal(number(told, "would_refuse"), 2);
    assert_int_equal(number(told, "refused"), 2);
    assert_int_equal(json_array_size(json_object_get(told, "hits")), 2); /* of three */
    assert_string_equal(text(row(told, 0), "name"), "b.example.");
    assert_int_equal(number(row(told, 0), "would_refuse"), 1);
    assert_int_equal(number(row(told, 0), "refused"), 1);
    assert_string_equal(text(row(told, 0), "first"), "1970-01-01T00:00:10Z");
    assert_string_equal(text(row(told, 0), "last"), "1970-01-01T00:00:20Z");
    assert_string_equal(text(row(told, 1), "name"), "a.example.");
    json_decref(told);
    json_decref(end);
    json_decref(change);
    json_decref(h.names);
}

static void test_bounds(void **state)
{
    struct wr_mudhits h = {.names = json_object()};
    char name[32];
    for (int i = 0; i < WR_MUDHITS_NAMES + 5; i++) {
        snprintf(name, sizeof(name), "n%d.example.", i);
        assert_true(take(&h, name, true, i));
    }
    json_t *told = wr_mudhits_json(&h, SIZE_MAX);
    assert_int_equal(json_array_size(json_object_get(told, "hits")), WR_MUDHITS_NAMES);
    assert_int_equal(number(told, "would_refuse"), WR_MUDHITS_NAMES + 5);
    json_decref(told);
    json_decref(h.names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
