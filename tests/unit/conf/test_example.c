/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include <stdio.h>
#include <stdlib.h>

#include "conf/example.h"
#include "conf/schema.h"

static char *example(const char *name)
{
    const struct wr_schema_row *row = wr_schema_find(name);
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    assert_non_null(row);
    wr_example_print(row, out);
    fclose(out);
    return text;
}

static void check(const char *name, const char *want)
{
    char *text = example(name);

    assert_string_equal(text, want);
    free(text);
}

static void test_places(void **state)
{
    check("workers", "workers: 0\n");
    check("cache.stale.ttl", "cache:\n  stale:\n    ttl: 30s\n");
    check("cache.stale", "cache:\n  stale:\n    enable: true\n    max_age: 1d\n    ttl: 30s\n"
                         "    client_timeout: 1800ms\n");
    check("upstream.groups[].strategy",
          "upstream:\n  groups:\n    - name: isp\n"
          "      servers: [\"udp://192.0.2.1\", \"udp://[2001:db8::53]\"]\n"
          "      strategy: fastest\n");
    check("upstream.routes", "upstream:\n  routes:\n    - zone: corp.example\n      group: isp\n");
    check("cache.ttl[].min", "cache:\n  ttl:\n    - name: \"*.pool.ntp.org\"\n      min: 60s\n");
}

/* Are all mistakes about a group that another key makes, a secret, what one key says of another, or a part that this build has not? */
static bool is_of_another_key(const char *name)
{
    static const char *const texts[] = {"there is no segment \"cameras\"",
                                        "built without QUIC",
                                        "from a file or from its primaries",
                                        "belong together",
                                        "there is no `file`",
                                        "there is no feed \"",
                                        "no group of this name in `groups`",
                                        "there is no group of devices \"tv\"",
                                        "without `keys` nothing",
                                        "a file's signature is a file"};
    bool group = strstr(name, "upstream.routes") || strstr(name, "default");
    bool key = strncmp(name, "local.zones", 11) == 0 || strncmp(name, "policy", 6) == 0;
    uint32_t known = 0;

    for (uint32_t i = 0; i < mistakes.count; i++) {
        const char *text = mistakes.item[i].text;
        bool is = (group && strstr(text, "isp")) || (key && strstr(text, "local.keys"));

        for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]) && !is; k++)
            is = strstr(text, texts[k]) != NULL;
        known += is;
    }
    return known == mistakes.errors;
}

/* Each reads back without a mistake; of two keys that need each other one alone is shown. */
static void test_read_back(void **state)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);

    for (size_t i = 0; i < count; i++) {
        char *text = example(rows[i].name);
        struct wr_conf *conf = NULL;
        bool good = read_conf(text, &conf) == WR_OK;

        if (!good && !is_of_another_key(rows[i].name))
            fail_msg("%s: %s: %s", rows[i].name, mistakes.item[0].text, text);
        wr_conf_free(conf);
        free(text);
    }
}

/* What the default does not show has an example: nobody guesses how a path or a server is written. */
static void test_shown(void **state)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);

    for (size_t i = 0; i < count; i++) {
        const char *text = rows[i].defaults[0];
        bool empty = !text || !*text || !strcmp(text, "\"\"");

        if (rows[i].type != WR_SCHEMA_SECTION && rows[i].type != WR_SCHEMA_ITEMS && empty &&
            !rows[i].example)
            fail_msg("%s: no example", rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_read_back),
        cmocka_unit_test(test_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
