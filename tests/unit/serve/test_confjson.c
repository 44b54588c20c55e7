/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/mistakes.h"
#include "conf/print.h"
#include "serve/confjson.h"

static struct wr_mistakes mistakes;
static char room[200000];

static struct wr_conf *read_conf(const char *text)
{
    struct wr_conf *conf = NULL;
    wr_mistakes_init(&mistakes);
    if (wr_conf_read(text, strlen(text), &mistakes, &conf) != WR_OK) {
        fail_msg("line %u: %s", mistakes.item[0].line, mistakes.item[0].text);
    }
    return conf;
}

static const char *json_of(const struct wr_conf *conf, const char *key)
{
    struct wr_json j;
    wr_json_init(&j, room, sizeof(room), NULL, NULL);
    wr_json_array(&j, NULL);
    wr_confjson_put(conf, key ? wr_schema_find(key) : NULL, &j, NULL);
    wr_json_end(&j);
    assert_int_equal(wr_json_finish(&j), WR_OK);
    size_t n = strlen(room);
    room[n - 2] = 0; /* without the brackets and the line's end */
    return room + 1;
}

static char *print(const struct wr_conf *conf)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    wr_print_conf(conf, out);
    fclose(out);
    return text;
}

static const char full[] = "identity: {name: \"a \\\"b\\\\\"}\n"
                           "listen: [\"[::1]:5300\", 127.0.0.1]\n"
                           "cache: {size: 2MiB, max_ttl: 90m}\n"
                           "upstream:\n  groups:\n  - {name: a, servers: [\"udp://192.0.2.1\", "
                           "\"tcp://[2001:db8::1]:53\"]}\n"
                           "  - {name: b, servers: [udp://192.0.2.2], strategy: order}\n"
                           "local:\n  zones:\n  - {zone: \"a\\\\.b.home.arpa\", records: ['x TXT "
                           "\"1 2\"', y A 192.0.2.1]}\n"
                           "allow: [192.0.2.0/24, 2001:db8::/32]\n";

/* JSON is YAML: all of it reads back as the same configuration. */
static void test_all(void **state)
{
    static const char *const texts[] = {"", full};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct wr_conf *conf = read_conf(texts[i]);
        struct wr_conf *again = read_conf(json_of(conf, NULL));
        char *one = print(conf), *other = print(again);
        assert_string_equal(one, other);
        free(one);
        free(other);
        wr_conf_free(conf);
        wr_conf_free(again);
    }
}

static void test_values(void **state)
{
    struct wr_conf *conf = read_conf(full);
    assert_string_equal(json_of(conf, "cache.size"), "\"2MiB\"");
    assert_string_equal(json_of(conf, "cache.max_ttl"), "\"90m\"");
    assert_string_equal(json_of(conf, "identity.name"), "\"a \\\"b\\\\\"");
    assert_string_equal(json_of(conf, "local.reverse"), "true");
    assert_string_equal(json_of(conf, "listen"), "[\"[::1]:5300\",\"127.0.0.1:53\"]");
    assert_string_equal(json_of(conf, "allow"), "[\"192.0.2.0/24\",\"2001:db8::/32\"]");
    assert_non_null(strstr(json_of(conf, "upstream.groups"),
                           "\"servers\":[\"udp://192.0.2.1\",\"tcp://[2001:db8::1]\"]"));
    assert_non_null(strstr(json_of(conf, "local"), "\"zone\":\"a\\\\.b.home.arpa.\""));
    wr_conf_free(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
