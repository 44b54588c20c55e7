/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "resolve/upstream.h"

static void test_the_longest_route_wins(void **state)
{
    struct wr_route routes[2] = {{.zone = wire_name("lab.corp.example."), .group = 2},
                                 {.zone = wire_name("corp.example."), .group = 1}};
    struct wr_upstreams u = {.groups = 3, .routes = 2, .route = routes, .default_group = 0};
    const uint8_t *zone;
    struct wr_name deep = wire_name("x.LAB.corp.example."), corp = wire_name("corp.example."),
                   out = wire_name("xcorp.example.");
    assert_int_equal(wr_upstream_route(&u, deep.wire, &zone), 2);
    assert_ptr_equal(zone, routes[0].zone.wire);
    assert_int_equal(wr_upstream_route(&u, corp.wire, &zone), 1);
    assert_int_equal(wr_upstream_route(&u, out.wire, &zone), 0);
    assert_int_equal(zone[0], 0); /* the default may speak for everything */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_longest_route_wins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
