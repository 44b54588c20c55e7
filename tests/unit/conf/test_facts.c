/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "conf/facts.h"

static char said[2048];

static void put(void *user, const char *word, const char *text)
{
    size_t n = strlen(said);

    assert_ptr_equal(user, said);
    assert_true(*word && *text);
    snprintf(said + n, sizeof(said) - n, "%s=%s\n", word, text);
}

static const char *facts(const char *name)
{
    const struct wr_schema_row *row = wr_schema_find(name);

    assert_non_null(row);
    said[0] = '\0';
    wr_facts_tell(row, put, said);
    return said;
}

static void test_facts(void **state)
{
    assert_string_equal(facts("workers"), "type=integer\nrange=0 to 64 threads\ndefault=`0`\n"
                                          "takes effect=at a restart\nsince=0.1\n");
    assert_string_equal(facts("cache.size"),
                        "type=size\nrange=256KiB to 64GiB\n"
                        "default=`16MiB`, profile `router`: `2MiB`, profile `edge`: `256MiB`\n"
                        "takes effect=at a restart\nsince=0.1\n");
    assert_string_equal(facts("log.level"),
                        "type=word\none of=`error`, `warn`, `info`, `debug`\ndefault=`info`\n"
                        "takes effect=at a reload\nsince=0.1\n");
    assert_string_equal(facts("cache.ttl[].max"),
                        "type=duration\nrange=0s to 7d\ndefault=as `cache.max_ttl`\n"
                        "example=`1h`\ntakes effect=at a reload\nsince=0.1\n");
    assert_string_equal(facts("upstream.groups[].name"),
                        "type=label\nrange=1 to 63 characters\ndefault=none: it must be there\n"
                        "example=`isp`\ntakes effect=at a reload\nsince=0.1\n");
    assert_string_equal(facts("cache"), "since=0.1\n");
    assert_non_null(strstr(facts("listen"), "at most="));
    assert_non_null(strstr(said, "default=`[127.0.0.1, ::1]`\n"));
}

/* No fact of any key is cut: each value is whole, between its marks. */
static void test_whole(void **state)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);

    for (size_t i = 0; i < count; i++) {
        unsigned marks = 0;

        for (const char *c = facts(rows[i].name); *c; c++)
            marks += *c == '`';
        if (marks % 2 || !strstr(said, "since="))
            fail_msg("%s: %s", rows[i].name, said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
