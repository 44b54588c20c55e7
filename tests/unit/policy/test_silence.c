/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of names of which there is nothing to say (policy/silence). */
#include "unit/unit.h"

#include "policy/silence.h"

static struct wr_silence silence;

static int start(void **state)
{
    wr_silence_forget(&silence);
    return 0;
}

static void test_marks_stay(void **state)
{
    uint64_t *quiet = wr_silence_of(&silence, 7);
    assert_int_equal(*quiet, 0);
    *quiet |= 5;
    assert_int_equal(*wr_silence_of(&silence, 8), 0);
    assert_int_equal(*wr_silence_of(&silence, 7), 5);
    wr_silence_foresee(&silence, 7);
    assert_int_equal(*wr_silence_of(&silence, 7), 5);
}

static void test_forgotten(void **state)
{
    *wr_silence_of(&silence, 7) = 1;
    wr_silence_forget(&silence);
    assert_int_equal(*wr_silence_of(&silence, 7), 0);
}

/* However many come: nobody has marks but his own. */
static void test_newcomers_have_none(void **state)
{
    const uint64_t names = 4 * WR_SILENCE_LINES * WR_SILENCE_NAMES;
    unsigned kept = 0;
    for (uint64_t round = 0; round < 2; round++) {
        for (uint64_t hash = 1; hash <= names; hash++) {
            uint64_t *quiet = wr_silence_of(&silence, hash);
            assert_true(*quiet == 0 || *quiet == hash);
            *quiet = hash;
        }
    }
    for (uint64_t hash = 1; hash <= names; hash++) {
        uint64_t *quiet = wr_silence_of(&silence, hash);
        assert_true(*quiet == 0 || *quiet == hash);
        kept += *quiet != 0;
    }
    assert_true(kept < names / 2);
}

/* A quarter of what there is room for: nearly all stay. */
static void test_most_stay(void **state)
{
    const uint64_t names = WR_SILENCE_LINES * WR_SILENCE_NAMES / 4;
    unsigned kept = 0;
    for (uint64_t hash = 1; hash <= names; hash++) {
        *wr_silence_of(&silence, hash) = hash;
    }
    for (uint64_t hash = 1; hash <= names; hash++) {
        kept += *wr_silence_of(&silence, hash) == hash;
    }
    assert_true(kept > names * 97 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_marks_stay, start),
        cmocka_unit_test_setup(test_forgotten, start),
        cmocka_unit_test_setup(test_newcomers_have_none, start),
        cmocka_unit_test_setup(test_most_stay, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
