/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "resolve/upstream.h"

static int by_name(const void *a, const void *b)
{
    const struct wr_route *x = a, *y = b;
    return wr_name_order(x->zone.wire, y->zone.wire);
}

static void test_the_longest_route_wins(void **state)
{
    struct wr_route routes[2] = {{.zone = wire_name("lab.corp.example."), .group = 2},
                                 {.zone = wire_name("corp.example."), .group = 1}};
    struct wr_upstreams u = {.groups = 3, .routes = 2, .route = routes, .default_group = 0};
    const uint8_t *zone;
    qsort(routes, 2, sizeof(routes[0]), by_name);
    wr_upstream_link_routes(routes, 2);
    struct wr_name deep = wire_name("x.LAB.corp.example."), corp = wire_name("corp.example."),
                   out = wire_name("xcorp.example.");
    assert_int_equal(wr_upstream_route(&u, deep.wire, &zone), 2);
    assert_ptr_equal(zone, routes[1].zone.wire);
    assert_int_equal(wr_upstream_route(&u, corp.wire, &zone), 1);
    assert_int_equal(wr_upstream_route(&u, out.wire, &zone), 0);
    assert_int_equal(zone[0], 0); /* the default may speak for everything */
}

/* A name of up to five labels out of six letters, so that zones often lie within one another. */
static struct wr_name random_name(struct wr_rng *rng, unsigned labels)
{
    char text[16] = "";
    struct wr_name n;
    for (unsigned i = 0; i < labels; i++) {
        text[2 * i] = (char)('a' + wr_rng_below(rng, 6));
        text[2 * i + 1] = '.';
    }
    text[labels ? 2 * labels : 0] = labels ? 0 : '.';
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), 0);
    return n;
}

/* One by one, as a child would do it. */
static const struct wr_route *the_plain_way(const struct wr_route *route, unsigned n,
                                            const uint8_t *name)
{
    const struct wr_route *best = NULL;
    for (unsigned i = 0; i < n; i++) {
        if (wr_name_in(name, route[i].zone.wire) &&
            (!best || route[i].zone.size > best->zone.size)) {
            best = &route[i];
        }
    }
    return best;
}

static void test_as_if_looked_through_one_by_one(void **state)
{
    static struct wr_route routes[WR_ROUTES_MAX];
    struct wr_rng rng;
    unsigned routed = 0;
    wr_rng_seed_u64(&rng, 3);
    for (unsigned round = 0; round < 60; round++) {
        struct wr_upstreams u = {.route = routes, .default_group = 99};
        u.routes = (uint16_t)wr_rng_below(&rng, round % 10 ? 60 : WR_ROUTES_MAX + 1);
        for (unsigned i = 0; i < u.routes; i++) {
            routes[i] =
                (struct wr_route){.zone = random_name(&rng, wr_rng_below(&rng, round % 5 ? 6 : 3))};
        }
        qsort(routes, u.routes, sizeof(routes[0]), by_name);
        for (unsigned i = 0; i < u.routes; i++) { /* equal zones lead to one group */
            bool same = i && wr_name_equal(routes[i].zone.wire, routes[i - 1].zone.wire);
            routes[i].group = same ? routes[i - 1].group : (uint8_t)(i % 90);
        }
        wr_upstream_link_routes(routes, u.routes);
        for (unsigned i = 0; i < 200; i++) {
            struct wr_name name = random_name(&rng, wr_rng_below(&rng, 6));
            const struct wr_route *best = the_plain_way(routes, u.routes, name.wire);
            const uint8_t *zone;
            routed += best != NULL;
            assert_int_equal(wr_upstream_route(&u, name.wire, &zone), best ? best->group : 99);
            assert_true(best ? wr_name_equal(zone, best->zone.wire) : zone[0] == 0);
        }
    }
    assert_in_range(routed, 3000, 11900);
}

static void test_views(void **state)
{
    static struct wr_upstreams u;
    static struct wr_route routes[1];
    const uint8_t *zone;
    struct wr_name corp, other;
    assert_int_equal(wr_name_from_text("corp.example", 12, &corp), 0);
    assert_int_equal(wr_name_from_text("www.example", 11, &other), 0);
    routes[0] = (struct wr_route){.zone = corp, .group = 2};
    u = (struct wr_upstreams){.routes = 1, .route = routes, .default_group = 1, .views = 2};
    u.view[0] = (struct wr_view){.number = 5, .group = 3};
    u.view[1] = (struct wr_view){.number = 6, .group = WR_GROUP_RECURSE, .whole = true};
    assert_int_equal(wr_upstream_view(&u, 0, other.wire, &zone), 1);
    assert_int_equal(wr_upstream_view(&u, 5, other.wire, &zone), 3);
    assert_int_equal(wr_upstream_view(&u, 5, corp.wire, &zone), 2);
    assert_true(wr_name_equal(zone, corp.wire));
    assert_int_equal(wr_upstream_view(&u, 6, corp.wire, &zone), WR_GROUP_RECURSE);
    assert_int_equal(zone[0], 0);
    assert_int_equal(wr_upstream_view(&u, 9, other.wire, &zone), 1); /* one that is no more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_the_longest_route_wins),
        cmocka_unit_test(test_as_if_looked_through_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
