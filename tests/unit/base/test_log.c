/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/log.h"

static char seen[64];
static enum wr_log_level seen_level;

static void keep(void *user, enum wr_log_level level, const char *text)
{
    seen_level = level;
    ++*(int *)user;
    strncpy(seen, text, sizeof(seen) - 1);
}

static void without_a_hook_nothing_happens(void **state)
{
    wr_log_set_hook(NULL, NULL);
    wr_log(WR_LOG_ERROR, "nobody hears");
    assert_string_equal(seen, "");
}

static void the_hook_gets_level_and_text(void **state)
{
    int count = 0;

    wr_log_set_hook(keep, &count);
    wr_log(WR_LOG_WARN, "the pool is full");
    wr_log_set_hook(NULL, NULL);
    wr_log(WR_LOG_INFO, "later");
    assert_int_equal(count, 1);
    assert_int_equal(seen_level, WR_LOG_WARN);
    assert_string_equal(seen, "the pool is full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_hook_nothing_happens),
        cmocka_unit_test(the_hook_gets_level_and_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
