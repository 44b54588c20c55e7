/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/doc.h"
#include "conf/schema.h"

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

/* The committed page is what the table prints. To mend: build/weir check --doc > docs/config.md */
static void test_committed(void **state)
{
    const char *source = getenv("WEIR_SOURCE");
    char *want = printed(wr_doc_markdown), *have = NULL, path[4096];
    size_t cap = 0;
    FILE *file;

    assert_non_null(source);
    snprintf(path, sizeof(path), "%s/docs/config.md", source);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(getdelim(&have, &cap, 0, file) > 0);
    fclose(file);
    if (strcmp(want, have) != 0)
        fail_msg("docs/config.md is not what weir check --doc prints");
    free(have);
    free(want);
}

static void test_every_key(void **state)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);
    char *page = printed(wr_doc_markdown), *man = printed(wr_doc_man);

    for (size_t i = 0; i < count; i++) {
        char heading[160];

        snprintf(heading, sizeof(heading), "# `%s`\n", rows[i].name);
        if (!strstr(page, heading) || !strstr(page, rows[i].doc))
            fail_msg("%s is not in the page", rows[i].name);
        snprintf(heading, sizeof(heading), "%s %s\n",
                 rows[i].type == WR_SCHEMA_SECTION ? ".SS" : ".B", rows[i].name);
        if (!strstr(man, heading))
            fail_msg("%s is not in the manual page", rows[i].name);
    }
    assert_non_null(strstr(page, "- default: `16MiB`, profile `router`: `2MiB`, profile `edge`: "
                                 "`256MiB`\n"));
    assert_non_null(strstr(page, "- one of: `gateway`, `router`, `edge`\n"));
    assert_non_null(strstr(page, "- takes effect: at a restart\n"));
    assert_non_null(strstr(page, "- default: `[127.0.0.1, ::1]`\n"));
    free(page);
    free(man);
}

/* No line of text is taken for a command by roff. */
static void test_roff(void **state)
{
    char *man = printed(wr_doc_man);

    for (char *line = strtok(man, "\n"); line; line = strtok(NULL, "\n")) {
        static const char *const commands[] = {".TH", ".SH", ".BR", ".SS", ".TP",
                                               ".B ", ".br", ".nf", ".fi", NULL};
        bool known = line[0] != '.' && line[0] != '\'';

        for (size_t i = 0; commands[i]; i++)
            known = known || !strncmp(line, commands[i], 3);
        if (!known)
            fail_msg("%s", line);
        assert_null(strchr(line, '`'));
    }
    free(man);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_committed),
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_roff),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
