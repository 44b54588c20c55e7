/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/complete.h"
#include "cli/verb.h"
#include "conf/schema.h"

/* What is offered for a line; words are parted by one space, and the last one may be empty. */
static char *offered(const char *line)
{
    static char copy[4096];
    char *words[64], *text = NULL;
    size_t n;
    int count = 0;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *at = copy; at && count < 64; count++) {
        words[count] = at;
        at = strchr(at, ' ');
        if (at)
            *at++ = '\0';
    }
    wr_complete_print(count, words, out);
    fclose(out);
    return text;
}

/* The words of it alone, with "," between. */
static void check(const char *line, const char *want)
{
    char *text = offered(line), got[2048] = "";

    for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n")) {
        size_t n = strlen(got), size = strcspn(at, "\t");

        assert_true(at[size] == '\t');
        snprintf(got + n, sizeof(got) - n, "%s%.*s", n ? "," : "", (int)size, at);
    }
    if (strcmp(got, want) != 0)
        fail_msg("%s: %s instead of %s", line, got, want);
    free(text);
}

static void test_offered(void **state)
{
    static const char *const rows[][2] = {
        {"ch", "check"},
        {"st", "status,stats"},
        {"--v", "--version"},
        {"nothing", ""},
        {"nothing ", ""},
        {"check ", ":files,name"},
        {"check n", ":files,name"},
        {"check name ", ""},
        {"check name --ti", "--timeout"},
        {"check one ", ""},
        {"check --pr", "--print"},
        {"check --print ", ":files,name"},
        {"check --nothing ", ":files,name"},
        {"serve ", ""},
        {"serve -c ", ":files"},
        {"serve --config ", ":files"},
        {"serve --config x ", ""},
        {"log --count ", ""},
        {"cache ", "show,flush"},
        {"cache --socket ", ":files"},
        {"cache --json f", "flush"},
        {"cache -n 3 s", "show"},
        {"cache show ", ""},
        {"cache nonsense ", ""},
        {"explain upstream.r", "upstream.routes,upstream.routes.zone,upstream.routes.group,"
                               "upstream.resolv_conf"},
        {"explain --json cache.siz", "cache.size"},
        {"explain cache.size ", ""},
        {"help ch", "check"},
        {"ask +ti", "+timeout="},
        {"ask +nots", ""},
        {"ask +not", "+notcflag,+nottl,+notcp,+notls,+notrace"},
        {"ask +ed", "+edns"},
        {"ask @192.0.2.1 -p 53 --j", "--json"},
        {"reload -", "--socket,--json,--help"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(rows[i][0], rows[i][1]);
}

/* Every verb, and every key that `weir explain` reads. */
static void test_all(void **state)
{
    const struct wr_verb *verbs;
    const struct wr_schema_row *keys;
    size_t verb_count = wr_verb_rows(&verbs), key_count = wr_schema_rows(&keys), lines = 0;
    char *text = offered(""), line[128];

    for (size_t i = 0; i < verb_count; i++) {
        snprintf(line, sizeof(line), "%s\t%s\n", verbs[i].name, verbs[i].about);
        assert_non_null(strstr(text, line));
    }
    free(text);
    text = offered("explain ");
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, key_count);
    assert_null(strchr(text, '['));
    free(text);
}

static void test_nothing(void **state)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    wr_complete_print(0, NULL, out);
    fclose(out);
    assert_int_equal(n, 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offered),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
