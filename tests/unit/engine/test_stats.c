/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdbool.h>
#include <string.h>

#include "engine/stats.h"

static void test_rows_point_at_their_counters(void **state)
{
    const struct wr_stats_row *rows;
    size_t n = wr_stats_rows(&rows);
    struct wr_stats s;
    memset(&s, 0, sizeof(s));
    assert_int_equal(n * sizeof(uint64_t), sizeof(struct wr_stats));
    wr_stats_add(&s.cache_hits, 3);
    wr_stats_add(&s.cache_hits, 4);
    for (size_t i = 0; i < n; i++) {
        const _Atomic uint64_t *c = (const void *)((const char *)&s + rows[i].offset);
        bool hits = strcmp(rows[i].name, "cache_hits") == 0;
        assert_int_equal(*c, hits ? 7 : 0);
        assert_true(strlen(rows[i].help) > 10);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(rows[i].name, rows[j].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_point_at_their_counters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
