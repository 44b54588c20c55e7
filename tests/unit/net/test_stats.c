/* SPDX-License-Identifier: Apache-2.0 */
/* The table of counters: every row has its own place, a name and a sentence. */
#include "unit/unit.h"

#include <string.h>

#include "net/stats.h"

static void test_rows(void **state)
{
    const struct wr_stats_row *row;
    size_t count = wr_net_stats_rows(&row);

    assert_int_equal(count * sizeof(_Atomic uint64_t), sizeof(struct wr_net_stats));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(row[i].offset, i * sizeof(_Atomic uint64_t));
        assert_true(strlen(row[i].help) > 10);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(row[i].name, row[j].name);
        }
    }
}

static void test_add_and_set(void **state)
{
    struct wr_net_stats stats = {0};

    wr_stats_add(&stats.tcp_accepted, 2);
    wr_stats_add(&stats.tcp_accepted, 3);
    wr_net_stats_set(&stats.gauge_streams, 7);
    wr_net_stats_set(&stats.gauge_streams, 4);
    assert_int_equal(stats.tcp_accepted, 5);
    assert_int_equal(stats.gauge_streams, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_add_and_set),
    };

    return cmocka_run_group_tests_name("net/stats", tests, NULL, NULL);
}
