/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/upstream.h"

unsigned wr_upstream_route(const struct wr_upstreams *u, const uint8_t *name,
                           const uint8_t **ret_zone)
{
    static const uint8_t root[1] = {0};
    for (uint32_t i = 0; i < u->routes; i++) {
        if (wr_name_in(name, u->route[i].zone.wire)) {
            *ret_zone = u->route[i].zone.wire;
            return u->route[i].group;
        }
    }
    *ret_zone = root;
    return u->default_group;
}
