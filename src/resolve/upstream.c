/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/upstream.h"

bool wr_upstream_is_encrypted(uint8_t scheme)
{
    return scheme > WR_SCHEME_TCP;
}

/* The nearest route that holds the name, from place `at` (+ 1) upwards; 0: none. */
static unsigned holder(const struct wr_route *route, unsigned at, const uint8_t *name)
{
    while (at && !wr_name_in(name, route[at - 1].zone.wire)) {
        at = route[at - 1].above;
    }
    return at;
}

void wr_upstream_link_routes(struct wr_route *route, unsigned routes)
{
    for (unsigned i = 0; i < routes; i++) {
        route[i].above = (uint16_t)holder(route, i, route[i].zone.wire);
    }
}

/* How many routes stand before the name or at it. */
static unsigned up_to(const struct wr_upstreams *u, const uint8_t *name)
{
    unsigned low = 0, high = u->routes;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (wr_name_order(u->route[middle].zone.wire, name) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const struct wr_view *find_view(const struct wr_upstreams *u, uint16_t number)
{
    for (unsigned i = 0; number != 0 && i < u->views; i++) {
        if (u->view[i].number == number) {
            return &u->view[i];
        }
    }
    return NULL;
}

/* In the order of RFC 4034 section 6.1 a zone stands right before all that is below it. So the last route that does not
 * come after the name is below the route looked for, or is that route. */
unsigned wr_upstream_view(const struct wr_upstreams *u, uint16_t number, const uint8_t *name,
                          const uint8_t **ret_zone)
{
    static const uint8_t root[1] = {0};
    const struct wr_view *view = find_view(u, number);
    unsigned at = view && view->whole ? 0 : holder(u->route, up_to(u, name), name);
    unsigned group = at ? u->route[at - 1].group : view ? view->group : u->default_group;
    bool finds = u->bootstrap != 0 && group + 1u == u->bootstrap;
    *ret_zone = at && !finds ? u->route[at - 1].zone.wire : root;
    return group;
}

unsigned wr_upstream_route(const struct wr_upstreams *u, const uint8_t *name,
                           const uint8_t **ret_zone)
{
    return wr_upstream_view(u, 0, name, ret_zone);
}
