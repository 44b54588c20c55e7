/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include <stdlib.h>

#include "conf/print.h"

static char *printed(const struct wr_conf *conf)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    wr_print_conf(conf, out);
    fclose(out);
    return text;
}

/* What is printed reads back, and prints the same. */
static void check_round(const char *text)
{
    struct wr_conf *c = good_conf(text), *again;
    char *first = printed(c), *second;

    again = good_conf(first);
    second = printed(again);
    assert_string_equal(first, second);
    wr_conf_free(c);
    wr_conf_free(again);
    free(first);
    free(second);
}

static void test_round(void **state)
{
    check_round("");
    check_round("profile: edge\n");
    check_round("listen: [br-iot, \"[fe80::1%br-iot]:54\", 192.168.7.1]\n"
                "allow: [\"::/0\", 10.0.0.1]\nidentity: {name: \"a \\\"b\\\" \\\\ c\"}\n"
                "upstream:\n  groups:\n    - {name: a, servers: [\"udp://[fe80::1%2]:5\"]}\n"
                "    - {name: b, strategy: order, servers: [\"tcp://192.0.2.1\", "
                "\"udp://192.0.2.1\"]}\n"
                "  routes: [{zone: ., group: b}, {zone: \"a\\\\.b.example\", group: a}]\n"
                "cache: {ttl: [{name: \"*.a\", min: 90s}], keep: {path: \"/a b\"}}\n"
                "metrics: {listen: \"[::1]:9153\"}\n");
}

static void test_text(void **state)
{
    struct wr_conf *c =
        good_conf("upstream: {groups: [{name: a, servers: [\"udp://192.0.2.1\"]}]}\n");
    char *text = printed(c);

    assert_non_null(strstr(text, "\nupstream:\n  groups:\n    - name: \"a\"\n"
                                 "      servers: [\"udp://192.0.2.1\"]\n"
                                 "      strategy: fastest\n"));
    assert_non_null(strstr(text, "\n  routes: []\n  default: \"\"\n"));
    assert_non_null(strstr(text, "\n  stale:\n    enable: true\n    max_age: 1d\n"));
    assert_non_null(strstr(text, "listen: [\"127.0.0.1:53\", \"[::1]:53\"]\n"));
    wr_conf_free(c);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
