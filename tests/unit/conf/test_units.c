/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "conf/units.h"

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        int err;
        uint64_t ms;
    } rows[] = {
        {"0s", 0, 0},
        {"1800ms", 0, 1800},
        {"10s", 0, 10000},
        {"5m", 0, 300000},
        {"12h", 0, 43200000},
        {"1d", 0, 86400000},
        {"007s", 0, 7000},
        {"", WR_E_FORMAT, 0},
        {"s", WR_E_FORMAT, 0},
        {"10", WR_E_FORMAT, 0},
        {"10 s", WR_E_FORMAT, 0},
        {"10S", WR_E_FORMAT, 0},
        {"-1s", WR_E_FORMAT, 0},
        {"1.5s", WR_E_FORMAT, 0},
        {"1w", WR_E_FORMAT, 0},
        {"1sec", WR_E_FORMAT, 0},
        {"1h30m", WR_E_FORMAT, 0},
        {"99999999999999999999s", WR_E_RANGE, 0},
        {"9223372036854775807d", WR_E_RANGE, 0},
        {"4611686018427387904ms", 0, 4611686018427387904},
        {"4611686018427387905ms", WR_E_RANGE, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t ms = 12345;

        assert_int_equal(wr_units_to_ms(rows[i].text, strlen(rows[i].text), &ms), rows[i].err);
        assert_int_equal(ms, rows[i].err ? 12345 : rows[i].ms);
    }
}

static void test_sizes(void **state)
{
    static const struct {
        const char *text;
        int err;
        uint64_t octets;
    } rows[] = {
        {"0B", 0, 0},
        {"4096B", 0, 4096},
        {"64KiB", 0, 65536},
        {"16MiB", 0, 16777216},
        {"1GiB", 0, 1073741824},
        {"16MB", WR_E_FORMAT, 0},
        {"16M", WR_E_FORMAT, 0},
        {"16mib", WR_E_FORMAT, 0},
        {"16 parsecs", WR_E_FORMAT, 0},
        {"99999999999GiB", WR_E_RANGE, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t octets = 12345;

        assert_int_equal(wr_units_to_octets(rows[i].text, strlen(rows[i].text), &octets),
                         rows[i].err);
        assert_int_equal(octets, rows[i].err ? 12345 : rows[i].octets);
    }
}

/* What is printed reads back as the same, in the largest unit that divides it. */
static void test_print(void **state)
{
    static const struct {
        uint64_t v;
        const char *duration, *size;
    } rows[] = {
        {0, "0s", "0B"},
        {1, "1ms", "1B"},
        {1024, "1024ms", "1KiB"},
        {60000, "1m", "60000B"},
        {90000, "90s", "90000B"},
        {86400000, "1d", "84375KiB"},
        {1073741824, "1073741824ms", "1GiB"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[64];
        struct wr_str s;
        uint64_t v = 1;

        wr_str_init(&s, text, sizeof(text));
        wr_units_duration(rows[i].v, &s);
        assert_string_equal(text, rows[i].duration);
        assert_int_equal(wr_units_to_ms(text, s.len, &v), 0);
        assert_int_equal(v, rows[i].v);
        wr_str_init(&s, text, sizeof(text));
        wr_units_octets(rows[i].v, &s);
        assert_string_equal(text, rows[i].size);
        assert_int_equal(wr_units_to_octets(text, s.len, &v), 0);
        assert_int_equal(v, rows[i].v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_print),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
