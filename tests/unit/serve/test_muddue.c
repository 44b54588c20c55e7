/* SPDX-License-Identifier: Apache-2.0 */
/* When a profile is looked after; what becomes of it tests/e2e/mud.py has. */
#include "unit/unit.h"

#include <string.h>

#include "serve/muddue.h"

#define T0 ((int64_t)1790000000)

static void test_is(void **state)
{
    struct wr_mud m = {.validity_h = 48};
    struct wr_mudstore_entry e = {.mud = &m};
    e.about.taken_s = T0 - 1000000;
    e.about.checked_s = T0;
    memcpy(e.about.key, "name:cam", 9);
    memcpy(e.about.from, "https://a.example/", 19);
    assert_false(wr_muddue_is(&e, T0 + 48 * 3600 - 1));
    assert_true(wr_muddue_is(&e, T0 + 48 * 3600));
    assert_true(wr_muddue_is(
        &e, T0 - 1)); /* the clock was ahead: else nobody would look for as long as it was */
    assert_true(wr_muddue_is_time(&e, T0 - 1));
    assert_false(wr_muddue_is_time(&e, T0 + 48 * 3600 - 1));
    e.retry_s = T0 + 49 * 3600;
    assert_false(wr_muddue_is_time(&e, T0 + 48 * 3600));
    assert_true(wr_muddue_is_time(&e, T0 + 49 * 3600));
    e.retry_s = T0 + 48 * 3600 + WR_MUD_DUE_MOST_S + 1; /* likewise */
    assert_true(wr_muddue_is_time(&e, T0 + 48 * 3600));
    e.retry_s = 0;
    m.validity_h = 1;
    assert_true(wr_muddue_is(&e, T0 + 3600));
    memcpy(e.about.key, "proposed:name:cam", 18);
    assert_false(wr_muddue_is(&e, T0 + 3600));
    memcpy(e.about.key, "name:cam", 9);
    e.mud = NULL; /* lost */
    assert_false(wr_muddue_is(&e, T0 + 3600));
    e.mud = &m;
    e.about.from[0] = 0; /* a file of the owner's */
    assert_false(wr_muddue_is(&e, T0 + 3600));
}

/* Twice as long each time, up to a day, however often. */
static void test_pause(void **state)
{
    assert_int_equal(wr_muddue_pause_s(1), WR_MUD_DUE_FIRST_S);
    assert_int_equal(wr_muddue_pause_s(2), 2 * WR_MUD_DUE_FIRST_S);
    assert_int_equal(wr_muddue_pause_s(3), 4 * WR_MUD_DUE_FIRST_S);
    assert_int_equal(wr_muddue_pause_s(8), WR_MUD_DUE_MOST_S);
    assert_int_equal(wr_muddue_pause_s(UINT32_MAX), WR_MUD_DUE_MOST_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_is), cmocka_unit_test(test_pause)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
