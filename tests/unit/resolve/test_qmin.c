/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/check.h"
#include "base/limits.h"
#include "resolve/qmin.h"

static void test_table(void **state)
{
    static const struct {
        unsigned shown, all, step, want;
    } rows[] = {
        {0, 3, 0, 1}, {1, 3, 1, 2},  {2, 3, 2, 3},        /* one label at a time */
        {0, 0, 0, 0}, {3, 3, 2, 3},  {4, 3, 0, 3},        /* nothing left */
        {0, 9, 4, 2}, {2, 9, 5, 4},  {1, 127, 4, 22},     /* larger steps */
        {5, 9, 9, 9}, {0, 9, 10, 9}, {0, 127, 1000, 127}, /* the last one shows all */
    };
    for (unsigned i = 0; i < WR_ARRAY_LEN(rows); i++) {
        assert_int_equal(wr_qmin_next(rows[i].shown, rows[i].all, rows[i].step), rows[i].want);
    }
}

/* RFC 9156 section 2.3: however many labels, few questions; and each shows more than the one before. */
static void test_every_name_ends(void **state)
{
    for (unsigned all = 0; all <= WR_NAME_LABELS_MAX; all++) {
        for (unsigned from = 0; from <= all; from++) {
            unsigned shown = from, step = 0;
            while (shown < all) {
                unsigned next = wr_qmin_next(shown, all, step++);
                assert_in_range(next, shown + 1, all);
                assert_true(step > WR_QMIN_ONE_LABEL || next == shown + 1);
                shown = next;
            }
            assert_true(step <= WR_QMIN_STEPS_MAX + 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_every_name_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
