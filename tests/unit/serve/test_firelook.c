/* SPDX-License-Identifier: Apache-2.0 */
/* Counters by their names, and memory that a child writes; the kernel's are in tests/e2e/firewall.py. */
#include "unit/unit.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/firelook.h"

static void test_names(void **state)
{
    static const struct {
        const char *name;
        unsigned segment, counter;
    } good[] = {{"segment_0_dns", 0, WR_RULESET_COUNT_DNS},
                {"segment_63_doh", 63, WR_RULESET_COUNT_DOH},
                {"segment_7_unleased", 7, WR_RULESET_COUNT_UNLEASED},
                {"segment_8_discovery", 8, WR_RULESET_COUNT_DISCOVERY}};
    static const char *const bad[] = {"segment_64_doh",
                                      "segment_1_else",
                                      "segment_1_",
                                      "dns",
                                      "",
                                      "quarantined",
                                      "segment_1_dns_and_something_that_is_too_long_for_it"};
    struct wr_firecounts counts, none;
    memset(&counts, 0, sizeof(counts));
    memset(&none, 0, sizeof(none));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        wr_firelook_count(good[i].name, strlen(good[i].name), 9, &counts);
        assert_int_equal(counts.counter[good[i].segment][good[i].counter], 9);
        counts.counter[good[i].segment][good[i].counter] = 0;
    }
    wr_firelook_count("quarantine", 10, 9, &counts);
    assert_int_equal(counts.quarantine, 9);
    counts.quarantine = 0;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        wr_firelook_count(bad[i], strlen(bad[i]), 9, &counts);
    }
    assert_memory_equal(&counts, &none, sizeof(counts));
}

static void test_shared(void **state)
{
    struct wr_fireboard *board = wr_firelook_share();
    struct wr_firecounts counts;
    assert_non_null(board);
    pid_t pid = fork();
    if (pid == 0) {
        board->item[0].packets = 7;
        board->count = 1;
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(board->count, 1);
    assert_int_equal(board->item[0].packets, 7);
    /* No socket: an error, and nobody takes what was there before for what is. */
    assert_int_equal(wr_firelook(-1, &counts, board), WR_E_IO);
    assert_int_equal(board->count, 0);
    wr_firelook_unshare(board);
    wr_firelook_unshare(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_shared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
