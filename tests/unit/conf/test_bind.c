/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "conf/bind.h"
#include "conf/mem.h"
#include "dns/name.h"

static const char everything[] =
    "listen: [192.168.7.1, \"[fd00::1]:5353\", br-iot]\n"
    "allow: [192.168.7.0/24, fd00::/8]\n"
    "workers: 3\n"
    "user: nobody\n"
    "identity: {name: gate, version: \"1\"}\n"
    "tcp:\n"
    "  idle_timeout: 1500ms\n"
    "  max_connections: 99\n"
    "upstream:\n"
    "  groups:\n"
    "    - name: isp\n"
    "      servers: [\"udp://192.0.2.1\", \"tcp://[2001:db8::1]:54\"]\n"
    "    - {name: corp, servers: [\"udp://192.0.2.9\"], strategy: round-robin}\n"
    "  routes:\n"
    "    - {zone: corp.example, group: corp}\n"
    "  default: isp\n"
    "  ipv6: false\n"
    "cache:\n"
    "  size: 1GiB\n"
    "  stale: {enable: false, ttl: 29s}\n"
    "  ttl:\n"
    "    - {name: \"*.pool.ntp.org\", min: 60s, max: 1h}\n"
    "log: {level: debug}\n";

static void test_values(void **state)
{
    struct wr_conf *c = good_conf(everything);

    assert_int_equal(c->listen.count, 3);
    assert_int_equal(c->listen.items[1].addr.port, 5353);
    assert_string_equal(c->listen.items[2].interface, "br-iot");
    assert_int_equal(c->allow.count, 2);
    assert_int_equal(c->allow.items[0].len, 24);
    assert_int_equal(c->workers, 3);
    assert_string_equal(c->user, "nobody");
    assert_string_equal(c->identity.name, "gate");
    assert_int_equal(c->tcp.idle_timeout_ms, 1500);
    assert_int_equal(c->tcp.max_connections, 99);
    assert_int_equal(c->tcp.max_per_client, 16); /* untouched: the default */
    assert_int_equal(c->upstream.groups.count, 2);
    assert_string_equal(c->upstream.groups.items[0].name, "isp");
    assert_int_equal(c->upstream.groups.items[0].strategy, WR_STRATEGY_FASTEST);
    assert_int_equal(c->upstream.groups.items[0].servers.count, 2);
    assert_int_equal(c->upstream.groups.items[0].servers.items[1].addr.port, 54);
    assert_int_equal(c->upstream.groups.items[0].servers.items[1].scheme, WR_URI_TCP);
    assert_int_equal(c->upstream.groups.items[1].strategy, WR_STRATEGY_ROUND_ROBIN);
    assert_int_equal(c->upstream.routes.count, 1);
    assert_int_equal(wr_name_size(c->upstream.routes.items[0].zone), 14);
    assert_true(c->upstream.ipv4);
    assert_false(c->upstream.ipv6);
    assert_int_equal(c->cache.size_bytes, 1 << 30);
    assert_false(c->cache.stale.enable);
    assert_int_equal(c->cache.stale.ttl_s, 29);
    assert_int_equal(c->cache.stale.max_age_s, 86400);
    assert_int_equal(c->cache.ttl.items[0].min_s, 60);
    assert_int_equal(c->cache.ttl.items[0].max_s, 3600);
    assert_int_equal(c->log.level, WR_LOG_DEBUG);
    wr_conf_free(c);
}

/* The profile chooses defaults wherever it stands, and what is written wins. */
static void test_profile(void **state)
{
    struct wr_conf *c = good_conf("limits: {requests: 777}\nprofile: router\n");

    assert_int_equal(c->profile, WR_PROFILE_ROUTER);
    assert_int_equal(c->cache.size_bytes, 2 << 20);
    assert_int_equal(c->upstream.ports, 4096);
    assert_int_equal(c->limits.requests, 777);
    assert_int_equal(c->tcp.max_connections, 128);
    wr_conf_free(c);
}

/* A rule that does not say a bound has that for all names, wherever it stands; what it says is its own. */
static void test_like(void **state)
{
    struct wr_conf *c =
        good_conf("cache:\n  ttl: [{name: a, min: 60s}, {name: b, max: 1h, stale: 0s}]\n"
                  "  max_ttl: 3d\n  min_ttl: 7s\n  stale: {max_age: 5d}\n");

    assert_int_equal(c->cache.ttl.items[0].min_s, 60);
    assert_int_equal(c->cache.ttl.items[0].max_s, 3 * 86400);
    assert_int_equal(c->cache.ttl.items[0].stale_s, 5 * 86400);
    assert_int_equal(c->cache.ttl.items[1].min_s, 7);
    assert_int_equal(c->cache.ttl.items[1].max_s, 3600);
    assert_int_equal(c->cache.ttl.items[1].stale_s, 0);
    wr_conf_free(c);
}

static void test_empty_section(void **state)
{
    struct wr_conf *c = good_conf("cache:\nupstream:\n  groups: []\n  routes: []\nlisten: []\n");

    assert_int_equal(c->cache.size_bytes, 16 << 20);
    assert_int_equal(c->listen.count, 0);
    assert_int_equal(mistakes.warnings, 1);
    wr_conf_free(c);
}

static void test_broken(void **state)
{
    static const struct broken rows[] = {
        {"listn: []\n", 1, 1, "\"listn\": unknown key; did you mean listen?"},
        {"cache: {sise: 1MiB}\n", 1, 9, "unknown key in cache; did you mean size?"},
        {"max_ttl: 5s\n", 1, 1, "unknown key; there is cache.max_ttl"},
        {"frobnicate: 5\n", 1, 1, "\"frobnicate\": unknown key"},
        {"\"cache.size\": 1MiB\n", 1, 1, "unknown key"},
        {"\"upstream.groups[]\": 1\n", 1, 1, "unknown key"},
        {"\"\\e[31m\": 1\n", 1, 1, "\"\\x1b[31m\": unknown key"},
        {"<<: {a: b}\n", 1, 1, "unknown key"},
        {"workers: [1]\n", 1, 10, "workers: got a list; expected a value: integer"},
        {"workers: {a: 1}\n", 1, 10, "got a mapping"},
        {"workers:\n", 1, 9, "no value"},
        {"workers: ~\n", 1, 10, "got \"~\"; expected a whole number"},
        {"listen: 127.0.0.1\n", 1, 9, "got \"127.0.0.1\"; expected a list"},
        {"listen: {a: 1}\n", 1, 9, "got a mapping; expected a list"},
        {"listen: [[127.0.0.1]]\n", 1, 10, "listen[0]: got a list"},
        {"cache: 16MiB\n", 1, 8, "expected a mapping"},
        {"cache: [size]\n", 1, 8, "got a list; expected a mapping"},
        {"upstream: {groups: {isp: 1}}\n", 1, 20, "list of mappings"},
        {"upstream: {groups: [isp]}\n", 1, 21, "upstream.groups[0]: got \"isp\""},
        {"upstream: {groups: [{servers: [\"udp://192.0.2.1\"]}]}\n", 1, 21, "name is missing"},
        {"upstream: {groups: [{name: a}]}\n", 1, 21, "servers is missing"},
        {"upstream: {groups: [{name: a, servers: []}]}\n", 1, 40, "empty; at least 1"},
        {"upstream: {groups: [{name: a, servers: [\"udp://192.0.2.1\"], x: 1}]}\n", 1, 61,
         "\"x\": unknown key in upstream.groups[0]"},
        {"upstream: {groups: [{name: a, servers: [\"dns.example\"]}]}\n", 1, 41,
         "upstream.groups[0].servers[0]: \"dns.example\": no scheme"},
        {"cache: {ttl: [{min: 5s}]}\n", 1, 15, "name is missing"},
        {"- a\n- b\n", 1, 1, "got a list; expected keys"},
        {"just words\n", 1, 1, "got a single value; expected keys"},
        {"profile: palace\n", 1, 10, "gateway, router or edge"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_broken(&rows[i]);
}

/* Every mistake of a file at once. */
static void test_all_at_once(void **state)
{
    struct wr_conf *conf = NULL;

    assert_int_equal(read_conf("listn: [127.0.0.1]\n"
                               "cache:\n"
                               "  size: 16 parsecs\n"
                               "  max_ttl: 400d\n"
                               "  stale:\n"
                               "    enable: maybe\n"
                               "  prefetch: yes\n"
                               "workers: -1\n"
                               "workers: 2\n",
                               &conf),
                     WR_E_FORMAT);
    assert_int_equal(mistakes.errors, 7);
    assert_true(has_mistake(1, 1, "did you mean listen?"));
    assert_true(has_mistake(3, 9, "with its unit"));
    assert_true(has_mistake(4, 12, "1s to 7d"));
    assert_true(has_mistake(6, 13, "true or false"));
    assert_true(has_mistake(7, 13, "true or false"));
    assert_true(has_mistake(8, 10, "whole number"));
    assert_true(has_mistake(9, 1, "twice"));
    for (uint32_t i = 1; i < mistakes.count; i++)
        assert_true(mistakes.item[i - 1].line <= mistakes.item[i].line);
}

static void test_too_many(void **state)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct wr_conf *conf = NULL;

    fputs("listen: [", out);
    for (int i = 0; i < WR_CONF_LISTEN_MAX + 5; i++)
        fprintf(out, "127.0.0.%d, ", i + 1);
    fputs("]\n", out);
    fclose(out);
    assert_int_equal(read_conf(text, &conf), WR_E_FORMAT);
    assert_int_equal(mistakes.errors, 1);
    assert_true(has_mistake(1, 9, "69 items; at most 64"));
    free(text);
}

/* Torn syntax: what stands before it is told as well, what is behind it is not missed. */
static void test_torn(void **state)
{
    struct wr_conf *conf = NULL;

    assert_int_equal(read_conf("workers: x\nupstream: {groups: [{name: a\n", &conf), WR_E_FORMAT);
    assert_true(has_mistake(1, 10, "whole number"));
    for (uint32_t i = 0; i < mistakes.count; i++)
        assert_null(strstr(mistakes.item[i].text, "missing"));
}

/* Memory refused at each piece in turn. */
static void test_no_memory(void **state)
{
    struct wr_conf_mem tree;
    struct wr_yaml yaml;
    int err = WR_E_NOMEM;
    size_t n;

    wr_mem_init(&tree);
    wr_mistakes_init(&mistakes);
    assert_int_equal(wr_yaml_read(everything, strlen(everything), &tree, &mistakes, &yaml), WR_OK);
    for (n = 1; err == WR_E_NOMEM && n < 1000; n++) {
        struct wr_conf_mem mem;
        struct wr_conf conf;

        memset(&conf, 0, sizeof(conf));
        wr_mem_init(&mem);
        mem.refuse_after = n;
        conf.mem = &mem;
        err = wr_bind(&yaml, &mistakes, &conf);
        wr_mem_free(&mem);
    }
    assert_int_equal(err, WR_OK);
    assert_true(n > 20);
    wr_mem_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_empty_section), cmocka_unit_test(test_like),
        cmocka_unit_test(test_broken),        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_too_many),      cmocka_unit_test(test_torn),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
