/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include "conf/rules.h"

#define GROUP                                                             \
    "upstream:\n  groups: [{name: isp, servers: [\"udp://192.0.2.1\"]}, " \
    "{name: corp, servers: [\"udp://192.0.2.2\"]}]\n"

static void test_zones_that_are_asked(void **state)
{
    static const struct broken rows[] = {
        {"local: {zones: [{zone: a.example, use: resolution}]}\n", 1, 40, "wants a whole zone"},
        {"local: {zones: [{zone: a.example, use: resolution, records: [\"@ A 192.0.2.1\"]}]}\n", 1,
         40, "wants a whole zone"},
        {"local: {zones: [{zone: ., use: both, file: /z}]}\n", 1, 24, "would hide every name"},
        {"recursion: {root_copy: {enable: true}}\n"
         "local: {zones: [{zone: ., use: resolution, file: /z}]}\n",
         2, 24, "recursion.root_copy"},
        {"recursion: {root_copy: {primaries: [\"udp://192.0.2.1\"]}}\n", 1, 37, "write tcp://"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_broken(&rows[i]);
}

static void test_encrypted(void **state)
{
    static const struct broken rows[] = {
        {"upstream: {bootstrap: [\"tls://dns.example\"]}\n", 1, 24, "is given by its own"},
        {"upstream: {bootstrap: [\"udp://127.0.0.1\"]}\n", 1, 24, "forwarding loop"},
        {"dnssec: {validate: false}\nupstream: {groups: [{name: a, servers: "
         "[\"tls://dns.example#dane\"]}]}\n",
         2, 41, "dane needs dnssec.validate"},
        {"upstream: {bootstrap: [\"tls://192.0.2.1#name=dns.example&dane\"]}\n", 1, 24,
         "who finds TLSA records is proven by"},
        {"recursion: {hints: [\"tls://192.0.2.1\"]}\n", 1, 21, "in plain text"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_broken(&rows[i]);
}

static void test_oblivious_targets(void **state)
{
    static const struct broken rows[] = {
        {"encrypted: {doh: [192.168.7.1], odoh: {targets: [\"https://a.example/q\"]}}\n", 1, 50,
         "the address is missing"},
        {"encrypted: {doh: [192.168.7.1], odoh: {targets: [\"https://192.0.2.1/q\"]}}\n", 1, 50,
         "by its name"},
        {"encrypted: {doh: [192.168.7.1], odoh: {targets: "
         "[\"https://a.example/q#addr=192.0.2.1&dane\"]}}\n",
         1, 50, "pkix` or by pins"},
        {"encrypted: {doh: [192.168.7.1], certificates: [{chain: /c, key: /k}], odoh: {targets: "
         "[\"https://a.example/q#addr=192.168.7.1\"]}}\n",
         1, 88, "weir itself listens on its address"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_broken(&rows[i]);
}

static void test_wrong(void **state)
{
    static const struct broken rows[] = {
        /* groups and routes */
        {GROUP "  default: ips\n", 3, 12, "there is no group \"ips\"; did you mean isp?"},
        {GROUP "  default: zzzzzzzz\n", 3, 12, "the first of 2 is isp"},
        {"upstream: {default: isp}\n", 1, 21, "upstream.groups is empty"},
        {"upstream: {groups: [{name: system, servers: [\"udp://192.0.2.1\"]}]}\n", 1, 28,
         "\"system\" is no group"},
        {GROUP "  routes: [{zone: a.example, group: crop}]\n", 3, 37, "did you mean corp?"},
        {GROUP "  routes:\n    - {zone: a.example, group: corp}\n"
               "    - {zone: A.EXAMPLE., group: isp}\n",
         5, 14, "has a route already"},
        {"upstream:\n  groups:\n    - {name: a, servers: [\"udp://192.0.2.1\"]}\n"
         "    - {name: a, servers: [\"udp://192.0.2.2\"]}\n",
         4, 14, "there is a group \"a\" already, number 1"},
        {"upstream: {groups: [{name: a, servers: [\"udp://192.0.2.1\", "
         "\"udp://192.0.2.1:53\"]}]}\n",
         1, 60, "stands in this group twice"},
        {"upstream: {groups: [{name: recursion, servers: [\"udp://192.0.2.1\"]}]}\n", 1, 28,
         "\"recursion\" is no group"},
        {GROUP "  default: recursio\n", 3, 12, "there is no group \"recursio\""},
        /* loops */
        {"listen: [192.168.7.1]\nupstream: {groups: [{name: a, servers: "
         "[\"udp://192.168.7.1\"]}]}\n",
         2, 41, "forwarding loop: weir itself listens on the address of udp://192.168.7.1"},
        {"listen: [\"[fd00::1]:5353\"]\nupstream: {groups: [{name: a, servers: "
         "[\"tcp://[fd00::1]:5353\"]}]}\n",
         2, 41, "forwarding loop"},
        {"listen: [\"0.0.0.0\"]\nupstream: {groups: [{name: a, servers: "
         "[\"udp://127.0.0.53\"]}]}\n",
         2, 41, "forwarding loop"},
        {"upstream: {groups: [{name: a, servers: [\"udp://127.0.0.1\"]}]}\n", 1, 41,
         "forwarding loop"}, /* the default listens there */
        /* families */
        {"upstream: {ipv4: false, ipv6: false}\n", 1, 31, "nobody can be asked"},
        {GROUP "  ipv4: false\n", 2, 33, "switches all of them off"},
        /* listeners */
        {"listen: [127.0.0.1, \"127.0.0.1:53\"]\n", 1, 21, "twice"},
        {"listen: [br-iot, br-iot]\n", 1, 18, "twice"},
        {"listen: [\"127.0.0.1:80\"]\nmetrics: {listen: \"127.0.0.1:80\"}\n", 2, 19,
         "that of listen[0] (line 1, column 10)"},
        /* DNS64 */
        {"dns64: {prefix: [\"64:ff9b::/95\"]}\n", 1, 18, "no prefix of a translator"},
        {"dns64: {prefix: [10.0.0.0/8]}\n", 1, 18, "no prefix of a translator"},
        {"dns64: {exclude: [10.0.0.0/8]}\n", 1, 19, "AAAA records are meant"},
        {"upstream: {ipv4: false, nat64_prefix: [\"2001:db8::/33\"]}\n", 1, 40,
         "no prefix of a translator"},
        /* time */
        {"time: {servers: [192.0.2.1, \"a..b\"]}\n", 1, 29, "no name or address of a server"},
        {"time: {servers: [\"ntp.example:0\"]}\n", 1, 18, "such as ntp.example.net"},
        {"time: {roughtime: [192.0.2.1]}\n", 1, 20, "a space and its public key"},
        {"time: {roughtime: [\"192.0.2.1 AAAA\"]}\n", 1, 20, "a space and its public key"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strstr(rows[i].text, "ipv4: false\n")) {
            /* Two groups, two mistakes. */
            struct wr_conf *conf = NULL;

            assert_int_equal(read_conf(rows[i].text, &conf), WR_E_FORMAT);
            assert_int_equal(mistakes.errors, 2);
            assert_true(has_mistake(rows[i].line, rows[i].column, rows[i].says));
            continue;
        }
        check_broken(&rows[i]);
    }
}

static void test_bounds(void **state)
{
    static const struct broken rows[] = {
        {"cache: {min_ttl: 2m, max_ttl: 1m}\n", 1, 18, "above cache.max_ttl"},
        {"cache: {ttl: [{name: a, min: 2m, max: 1m}]}\n", 1, 30, "above the max"},
        {"cache: {ttl: [{name: a}, {name: b}, {name: A}]}\n", 1, 44, "never counts"},
        {"cache: {keep: {min_interval: 2h}}\n", 1, 30, "above cache.keep.max_interval"},
        {"cache: {live: /c, keep: {path: /c}}\n", 1, 32, "the same file as cache.live"},
        {"cache: {keep: {path: /s}}\ncontrol: {socket: /s}\n", 1, 22,
         "the same file as control.socket"},
        {"tcp: {max_connections: 4}\n", 0, 0, "tcp.max_per_client: above tcp.max_connections"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_broken(&rows[i]);
}

static void test_warnings(void **state)
{
    static const struct broken rows[] = {
        {"allow: [0.0.0.0/0]\n", 1, 9, "open resolver"},
        {"allow: [10.0.0.0/8, \"::/0\"]\n", 1, 21, "open resolver"},
        {"listen: []\n", 1, 9, "answer nobody"},
        {"upstream: {nat64_prefix: [\"64:ff9b::/96\"]}\n", 1, 26, "it is not used"},
        {"cache: {stale: {client_timeout: 5s}}\n", 1, 33, "never be in time"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wr_conf_free(good_conf(rows[i].text));
        assert_int_equal(mistakes.warnings, 1);
        assert_true(has_mistake(rows[i].line, rows[i].column, rows[i].says));
        assert_true(mistakes.item[0].warning);
    }
    wr_conf_free(good_conf(""));
    assert_int_equal(mistakes.warnings, 0);
}

/* Other ports, other families and other addresses are no loop. */
static void test_no_loop(void **state)
{
    wr_conf_free(good_conf("listen: [\"127.0.0.1:5300\"]\n"
                           "upstream: {groups: [{name: a, servers: [\"udp://127.0.0.1\", "
                           "\"udp://127.0.0.1:5301\", \"udp://192.0.2.1:5300\"]}]}\n"));
    wr_conf_free(good_conf("listen: [\"0.0.0.0:5300\"]\n"
                           "upstream: {groups: [{name: a, servers: [\"udp://[::1]:5300\"]}]}\n"));
}

static void test_indexes(void **state)
{
    struct wr_conf *c = good_conf(GROUP "  default: corp\n"
                                        "  routes: [{zone: a.example, group: corp}, "
                                        "{zone: b.example, group: isp}]\n");

    assert_int_equal(c->upstream.default_index, 1);
    assert_int_equal(c->upstream.routes.items[0].group_index, 1);
    assert_int_equal(c->upstream.routes.items[1].group_index, 0);
    assert_false(c->upstream.asks_system);
    wr_conf_free(c);

    c = good_conf("");
    assert_int_equal(c->upstream.default_index, WR_CONF_RECURSION);
    assert_false(c->upstream.asks_system);
    wr_conf_free(c);

    c = good_conf(GROUP "  routes: [{zone: a.example, group: system}]\n");
    assert_int_equal(c->upstream.default_index, 0);
    assert_int_equal(c->upstream.routes.items[0].group_index, WR_CONF_SYSTEM);
    assert_true(c->upstream.asks_system);
    wr_conf_free(c);
    c = good_conf(GROUP "  default: recursion\n"
                        "  routes: [{zone: a.example, group: corp}, "
                        "{zone: b.example, group: recursion}]\n");
    assert_int_equal(c->upstream.default_index, WR_CONF_RECURSION);
    assert_int_equal(c->upstream.routes.items[0].group_index, 1);
    assert_int_equal(c->upstream.routes.items[1].group_index, WR_CONF_RECURSION);
    wr_conf_free(c);
    wr_conf_free(good_conf("upstream: {default: recursion}\n")); /* no group is needed */
}

static void test_too_many_servers(void **state)
{
    char text[8192];
    size_t n = 0;
    struct wr_conf *conf = NULL;

    n += (size_t)snprintf(text + n, sizeof(text) - n, "upstream:\n  groups:\n");
    for (int g = 0; g < 5; g++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "    - name: g%d\n      servers: [", g);
        for (int s = 0; s < 15; s++)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "\"udp://192.0.%d.%d\", ", g, s + 1);
        n += (size_t)snprintf(text + n, sizeof(text) - n, "]\n");
    }
    assert_int_equal(read_conf(text, &conf), WR_E_FORMAT);
    assert_int_equal(mistakes.errors, 1);
    assert_true(has_mistake(3, 5, "75 servers in all; at most 64"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oblivious_targets),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_zones_that_are_asked),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_encrypted),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_no_loop),
        cmocka_unit_test(test_indexes),
        cmocka_unit_test(test_too_many_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
