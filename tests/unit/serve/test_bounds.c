/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds: each number goes to its place. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "serve/bounds.h"

static void test_copy(void **state)
{
    static struct wr_settings s;
    static struct wr_conf c;

    c.cache.min_ttl_s = 1;
    c.cache.max_ttl_s = 2;
    c.cache.stale.enable = true;
    c.cache.stale.client_timeout_ms = 3;
    c.limits.query_timeout_ms = 4;
    c.limits.prefix4 = 24;
    c.limits.udp_size = 1232;
    c.tcp.idle_timeout_ms = 5;
    c.firewall.lease_floor_s = 6;
    c.firewall.lease_grace_s = 7;
    c.firewall.leases_name = 8;
    c.identity.name = "gate-1";
    c.identity.version = "";
    wr_bounds_copy(&c, &s);
    assert_int_equal(s.ttl.min_s, 1);
    assert_int_equal(s.ttl.max_s, 2);
    assert_true(s.ttl.stale);
    assert_int_equal(s.ttl.stale_client_timeout_ms, 3);
    assert_int_equal(s.query_timeout_ms, 4);
    assert_int_equal(s.prefix4_len, 24);
    assert_int_equal(s.edns_udp_size, 1232);
    assert_int_equal(s.tcp_idle_ms, 5);
    assert_int_equal(s.lease.floor_s, 6);
    assert_int_equal(s.lease.grace_s, 7);
    assert_int_equal(s.lease.name_max, 8);
    assert_string_equal(s.identity, "gate-1");
    assert_string_equal(s.version, "");
}

static void test_ttl_rules(void **state)
{
    static const uint8_t name[] = "\1*\4pool\7example";
    struct wr_conf_ttl one = {.name = name, .min_s = 1, .max_s = 2, .stale_s = 3};
    static struct wr_conf c;

    c.cache.ttl.items = &one;
    c.cache.ttl.count = 1;
    struct wr_ttl_rule *rules = wr_bounds_ttl_rules(&c);
    assert_true(rules[0].below);
    assert_memory_equal(rules[0].name.wire, name + 2, 14);
    assert_int_equal(rules[0].min_s, 1);
    assert_int_equal(rules[0].max_s, 2);
    assert_int_equal(rules[0].stale_s, 3);
    free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_copy),
                                       cmocka_unit_test(test_ttl_rules)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
