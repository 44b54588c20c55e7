/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/err.h"
#include "cli/when.h"

static int64_t read_ok(const char *text)
{
    int64_t s = -1;
    assert_int_equal(wr_when_read(text, 1795838706, &s), WR_OK);
    return s;
}

static void test_moments(void **state)
{
    assert_int_equal(read_ok("90s"), 1795838706 - 90);
    assert_int_equal(read_ok("2h"), 1795838706 - 7200);
    assert_int_equal(read_ok("7d"), 1795838706 - 7 * 86400);
    assert_int_equal(read_ok("@17"), 17);
    assert_int_equal(read_ok("2026-11-28"), 1795824000);
    assert_int_equal(read_ok("2026-11-28T04:05:06Z"), 1795838706);
    assert_int_equal(read_ok("2026-11-28 04:05"), 1795838700);
}

static void test_mistakes(void **state)
{
    static const char *const bad[] = {
        "",  "h",  "2",         "2w",         "-2h", "2026-13-01", "2026-11-28T04:05:06+01:00",
        "@", "@x", "yesterday", "2026-11-28T"};
    int64_t s;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(wr_when_read(bad[i], 1795838706, &s), WR_E_FORMAT);
    }
}

static void test_text(void **state)
{
    char text[32];
    wr_when_text(1795838706, text, sizeof(text));
    assert_string_equal(text, "2026-11-28T04:05:06Z");
    wr_when_text(INT64_MAX, text, sizeof(text));
    assert_string_equal(text, "-");
}

static void test_shown(void **state)
{
    json_t *o =
        json_pack("{s:i, s:I, s:s}", "at", 1795838706, "never", (json_int_t)INT64_MAX, "word", "x");
    assert_true(wr_when_show(o, "at"));
    assert_string_equal(json_string_value(json_object_get(o, "at")), "2026-11-28T04:05:06Z");
    assert_false(wr_when_show(o, "at")); /* it is text by now */
    assert_false(wr_when_show(o, "never"));
    assert_true(json_is_integer(json_object_get(o, "never")));
    assert_false(wr_when_show(o, "word"));
    assert_false(wr_when_show(o, "nothing"));
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
