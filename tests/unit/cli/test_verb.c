/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "cli/verb.h"

struct seen {
    const struct wr_verb *verb;
    unsigned times;
};

/* A word of a usage line or the name of a value: what completion and readers know. */
static bool is_known(const char *word, size_t n)
{
    static const char *const known[] = {
        "FILE",   "PATH",  "KEY",     "VERB",   "NAME",    "TYPE",     "CLASS", "N",     "...",
        "PORT",   "HEX",   "ADDRESS", "PREFIX", "SECONDS", "=VERSION", "=HEX",  "=N",    "@SERVER",
        "#PORT",  "TIME",  "VALUE",   "=FILE",  "=PATH",   "HOST",     "PIN",   "PROXY", "CONFIG",
        "DEVICE", "GROUP", "KIND",    "TEXT",   "WORD",    NULL};

    if (word[0] >= 'a' && word[0] <= 'z')
        return true;
    for (size_t i = 0; known[i]; i++)
        if (strlen(known[i]) == n && !memcmp(known[i], word, n))
            return true;
    return false;
}

static void check_words(const char *verb, const char *text)
{
    for (size_t n; *text; text += n) {
        text += strspn(text, " []|");
        n = strcspn(text, " []|");
        if (n && !is_known(text, n))
            fail_msg("%s: %s: a word that completion does not know", verb, text);
    }
}

static void check_table(void *user, const struct wr_opts *opts)
{
    struct seen *seen = user;

    seen->times++;
    assert_string_equal(opts->verb, seen->verb->name);
    assert_true(strlen(opts->about) > 20);
    check_words(opts->verb, opts->usage);
    for (size_t i = 0; i < opts->rows; i++) {
        const struct wr_opt *row = &opts->table[i];

        if ((!row->name && !row->letter) || (row->value && !row->meta) || !row->help)
            fail_msg("%s: row %zu is not whole", opts->verb, i);
        if (row->meta)
            check_words(opts->verb, row->meta);
        for (size_t j = 0; j < i; j++)
            if ((row->name && opts->table[j].name && !strcmp(row->name, opts->table[j].name)) ||
                (row->letter && row->letter == opts->table[j].letter))
                fail_msg("%s: row %zu is there twice", opts->verb, i);
    }
}

/* Each verb tells its table once, and nothing else happens; afterwards nobody listens. */
static void test_tables(void **state)
{
    const struct wr_verb *verbs;
    size_t count = wr_verb_rows(&verbs);

    assert_true(count >= 11);
    for (size_t i = 0; i < count; i++) {
        struct seen seen = {&verbs[i], 0};

        assert_ptr_equal(wr_verb_find(verbs[i].name), &verbs[i]);
        wr_verb_describe(&verbs[i], check_table, &seen);
        if (seen.times != 1)
            fail_msg("%s told its table %u times", verbs[i].name, seen.times);
    }
    assert_false(wr_opts_told(&(struct wr_opts){.verb = "none"}));
}

static void test_find(void **state)
{
    assert_null(wr_verb_find(""));
    assert_null(wr_verb_find("chek"));
    assert_string_equal(wr_verb_nearest("chek"), "check");
    assert_null(wr_verb_nearest("qqqqqq"));
    assert_int_equal(wr_verb_unknown("chek\033[2J"), WR_EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_find),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
