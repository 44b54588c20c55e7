/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "conf/roff.h"

static char *text;
static size_t size;

static FILE *open_text(void)
{
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    return out;
}

static void test_text(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"", ""},
        {"plain text.", "plain text."},
        {"a `key` here", "a \\fBkey\\fR here"},
        {".TH no command", "\\&.TH no command"},
        {"'quoted", "\\&'quoted"},
        {"one\n.two\n'three", "one\n\\&.two\n\\&'three"},
        {"a.b 'c'", "a.b 'c'"},
        {"--json", "\\-\\-json"},
        {"a\\fBb", "a\\efBb"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        FILE *out = open_text();

        wr_roff_text(out, rows[i].in);
        fclose(out);
        assert_string_equal(text, rows[i].out);
        free(text);
    }
}

static void test_lines(void **state)
{
    FILE *out = open_text();

    wr_roff_line(out, "SS", "x-y");
    wr_roff_fact(out, "type", "`a`");
    wr_roff_example(out, ".a:\n  b\n");
    fclose(out);
    assert_string_equal(text, ".SS x\\-y\n"
                              ".br\n\\fItype\\fR: \\fBa\\fR\n"
                              ".nf\n\\&.a:\n  b\n.fi\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
