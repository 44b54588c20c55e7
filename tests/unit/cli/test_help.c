/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"
#include "cli/verb.h"

static char *printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    print(out);
    fclose(out);
    return text;
}

static void test_list(void **state)
{
    const struct wr_verb *verbs;
    size_t count = wr_verb_rows(&verbs);
    char *text = printed(wr_help_print), line[128];

    for (size_t i = 0; i < count; i++) {
        snprintf(line, sizeof(line), "  %-10s %s\n", verbs[i].name, verbs[i].about);
        assert_non_null(strstr(text, line));
    }
    free(text);
}

/* Each option of the verb stands under its heading, and before the next one's. */
static void find_options(void *user, const struct wr_opts *opts)
{
    char heading[64], *section;

    snprintf(heading, sizeof(heading), ".SS weir %s ", opts->verb); /* "device" is no "devices" */
    section = strstr(user, heading);
    assert_non_null(section);
    for (size_t i = 0; i < opts->rows; i++) {
        const char *end = strstr(section + 1, "\n.S");
        char *found;

        if (!opts->table[i].help)
            continue;
        found = strstr(section, opts->table[i].help);
        if (!found || found > end)
            fail_msg("%s: %s is not in the page", opts->verb, opts->table[i].help);
    }
}

static void test_man(void **state)
{
    const struct wr_verb *verbs;
    size_t count = wr_verb_rows(&verbs);
    char *man = printed(wr_help_man);

    for (size_t i = 0; i < count; i++)
        wr_verb_describe(&verbs[i], find_options, man);
    assert_non_null(strstr(man, "\n.B \\-c, \\-\\-config FILE\n"));
    assert_non_null(strstr(man, "\n.B +[no]tcp\n"));
    assert_non_null(strstr(man, "\n.B +timeout=SECONDS\n"));
    assert_non_null(strstr(man, "\n.B \\-p PORT\n"));
    assert_non_null(strstr(man, "/etc/weir/weir.yaml"));
    free(man);
}

/* No line of text is taken for a command by roff. */
static void test_roff(void **state)
{
    char *man = printed(wr_help_man);

    for (char *line = strtok(man, "\n"); line; line = strtok(NULL, "\n")) {
        static const char *const commands[] = {".TH ", ".SH ", ".SS ", ".TP",
                                               ".B ",  ".br",  ".BR ", NULL};
        bool known = line[0] != '.' && line[0] != '\'';

        for (size_t i = 0; commands[i]; i++)
            known = known || !strncmp(line, commands[i], strlen(commands[i]));
        if (!known)
            fail_msg("%s", line);
        assert_null(strchr(line, '`'));
    }
    free(man);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_man),
        cmocka_unit_test(test_roff),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
