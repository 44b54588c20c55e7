/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/mistakes.h"
#include "serve/places.h"

static struct wr_conf *conf;
static struct wr_places places;
static struct wr_net_limits limits;
static char text[320];

static void read_conf(const char *yaml)
{
    static struct wr_mistakes mistakes;
    wr_mistakes_init(&mistakes);
    assert_int_equal(wr_conf_read(yaml, strlen(yaml), &mistakes, &conf), 0);
}

/* Two workers with ten listeners each: the ports and connections that they may have. */
static void share(uint64_t files, unsigned families)
{
    wr_places_share(conf, 2, 10, families, files, &places, text, sizeof(text));
}

/* A copied zone has a connection of its own, which nobody else may take. */
static void test_copies(void **state)
{
    static char yaml[8192] = "local:\n  zones:\n";
    uint32_t without, with;
    read_conf("upstream: {ports: 16384}\n");
    share(600, 1);
    without = places.ports * 2 + places.by_files;
    wr_conf_free(conf);
    for (unsigned i = 0; i < 100; i++) {
        char row[80];
        snprintf(row, sizeof(row), "    - {zone: z%u.example, primaries: [\"tcp://192.0.2.1\"]}\n",
                 i);
        strcat(yaml, row);
    }
    strcat(yaml, "upstream: {ports: 16384}\n");
    read_conf(yaml);
    share(600, 1);
    with = places.ports * 2 + places.by_files;
    assert_in_range(without - with, 1, 100);
    wr_conf_free(conf);
}

static void test_plenty(void **state)
{
    read_conf("upstream: {ports: 16384}\ntcp: {max_connections: 500}\n");
    uint64_t wanted = wr_places_wanted(conf, 2);
    assert_true(wanted >= 4 * 16384 + 500 + 1024);
    share(wanted, 1);
    assert_string_equal(text, "");
    assert_int_equal(places.ports, 16384);
    wr_places_limits(conf, &places, &limits, text, sizeof(text));
    assert_string_equal(text, "");
    assert_int_equal(limits.tcp_connections, 500);
    assert_int_equal(limits.ports, 16384);
    wr_conf_free(conf);
}

/* Whatever there is, what is kept back is not given away, and the owner hears what is missing and how to mend it. */
static void test_few(void **state)
{
    static const uint64_t files[] = {0, 64, 256, 512, 1024, 4096, 8192, 20000};
    read_conf("upstream: {ports: 16384}\ntcp: {max_connections: 8192}\n");
    for (unsigned i = 0; i < WR_ARRAY_LEN(files); i++) {
        for (unsigned families = 1; families <= 2; families++) {
            share(files[i], families);
            assert_non_null(strstr(text, "LimitNOFILE"));
            assert_non_null(strstr(text, "upstream ports"));
            wr_places_limits(conf, &places, &limits, text, sizeof(text));
            assert_true(limits.tcp_connections >= 1 && limits.ports >= 1);
            uint64_t taken = limits.tcp_connections + (uint64_t)limits.ports * 2 * families;
            uint64_t kept = files[i] / 4 < 1024 ? files[i] / 4 : 1024;
            assert_true(files[i] < 256 || taken + kept <= files[i]);
            assert_true(limits.tcp_connections <= 1 || limits.tcp_connections <= files[i] / 3);
            if (limits.tcp_connections < 8192) {
                assert_non_null(strstr(text, "tcp.max_connections"));
                assert_non_null(strstr(text, "LimitNOFILE"));
            }
        }
    }
    wr_conf_free(conf);
}

/* A reload makes no more room for connections than the start did, and says so. */
static void test_reload(void **state)
{
    read_conf("tcp: {max_connections: 600}\n");
    share(1000000, 2);
    wr_conf_free(conf);
    read_conf("tcp: {max_connections: 1200}\n");
    wr_places_limits(conf, &places, &limits, text, sizeof(text));
    assert_string_equal(text, "");
    assert_int_equal(limits.tcp_connections, 1200);
    wr_conf_free(conf);
    read_conf("tcp: {max_connections: 1201}\n");
    wr_places_limits(conf, &places, &limits, text, sizeof(text));
    assert_non_null(strstr(text, "restart"));
    assert_int_equal(limits.tcp_connections, 1200);
    wr_conf_free(conf);
}

static void test_message_time(void **state)
{
    static const struct {
        const char *yaml;
        uint32_t idle_ms, message_ms;
    } cases[] = {
        {"", 10000, 5000},
        {"tcp: {idle_timeout: 60s}\n", 60000, 5000},
        {"tcp: {idle_timeout: 1s}\n", 1000, 1000},
    };
    for (unsigned i = 0; i < WR_ARRAY_LEN(cases); i++) {
        read_conf(cases[i].yaml);
        share(1000000, 2);
        wr_places_limits(conf, &places, &limits, text, sizeof(text));
        assert_int_equal(limits.tcp_idle_ms, cases[i].idle_ms);
        assert_int_equal(limits.tcp_message_ms, cases[i].message_ms);
        wr_conf_free(conf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plenty),       cmocka_unit_test(test_copies),
        cmocka_unit_test(test_few),          cmocka_unit_test(test_reload),
        cmocka_unit_test(test_message_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
