/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to ask: the groups and their servers, and which names go where. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "conf/rootcopy.h"
#include "dns/codes.h"
#include "net/better.h"
#include "policy/prefix.h"
#include "serve/bounds.h"
#include "serve/gate_state.h"
#include "serve/resolvconf.h"

/* --- whom to ask --- */

static const char *ip_text(const struct wr_addr *addr)
{
    struct wr_addr bare = *addr;
    bare.port = 0;
    return wr_gate_addr_text(&bare);
}

/* The place of the server at that address (family NONE: it has none yet) among the upstreams, added when it is new; -1: no room. */
static int add_upstream(struct wr_gate_making *m, const struct wr_uri *uri,
                        const struct wr_addr *addr)
{
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    char url[WR_URI_TEXT_SIZE];
    wr_uri_to_text(uri, url, sizeof(url));
    struct wr_upstream up = {.addr = *addr,
                             .addrs = addr->family != WR_AF_NONE,
                             .scheme = uri->scheme,
                             .identity = wr_slots_identity(url)};
    wr_uri_to_short(uri, up.url, sizeof(up.url));
    if (uri->addrs != 1) { /* one of several, or found */
        size_t n = strlen(up.url);
        up.origin = up.identity;
        up.identity = wr_slots_identity_at(&up);
        snprintf(up.url + n, sizeof(up.url) - n, "%s%s", up.addrs > 0 ? "#addr=" : "",
                 up.addrs > 0 ? ip_text(addr) : "");
    }
    for (unsigned i = 0; i < u->upstreams; i++) {
        if (u->upstream[i].identity == up.identity) {
            return (int)i;
        }
    }
    if (u->upstreams == WR_UPSTREAMS_MAX) {
        wr_gate_note(m, WR_LOG_ERROR,
                     "more than %d different upstream servers: remove some from upstream.groups",
                     WR_UPSTREAMS_MAX);
        return -1;
    }
    if (wr_uri_is_encrypted(uri->scheme)) {
        wr_proofs_add(&m->gate->proofs, uri, &up);
    }
    u->upstream[u->upstreams] = up;
    return u->upstreams++;
}

static void add_to_group(struct wr_group *group, int index)
{
    for (unsigned i = 0; i < group->servers; i++) {
        if (group->server[i] == index) {
            return;
        }
    }
    if (index >= 0 && group->servers < WR_GROUP_SERVERS_MAX) {
        group->server[group->servers++] = (uint8_t)index;
    }
}

static bool is_on(const struct wr_upstreams *u, const struct wr_addr *addr)
{
    return addr->family == WR_AF_V4 ? u->ipv4 : u->ipv6;
}

/* The addresses with the families in turn, that of the first one first (RFC 8305 section 4): whole families are broken more often than
 * hosts. Returns how many. */
static unsigned in_turn(const struct wr_upstream *at, const struct wr_addr *ret_addr[])
{
    unsigned count = 0, next[2] = {0, 0};
    for (unsigned turn = 0; turn < 2u * WR_URI_ADDRS_MAX && count < at->addrs; turn++) {
        bool own = turn % 2 == 0;
        const struct wr_addr *found = NULL;
        for (unsigned *i = &next[!own]; *i < at->addrs && found == NULL; (*i)++) {
            const struct wr_addr *addr = *i == 0 ? &at->addr : &at->more[*i - 1];
            found = (addr->family == at->addr.family) == own ? addr : NULL;
        }
        if (found != NULL) {
            ret_addr[count++] = found;
        }
    }
    return count;
}

/* A server is asked at each of its addresses like one of several servers: the fastest, and the others when it is silent. Addresses of
 * a family that is off are left out where there are others. `first` has the interface of a link-local one. */
static void add_addresses(struct wr_gate_making *m, struct wr_group *group,
                          const struct wr_uri *uri, const struct wr_addr *first)
{
    const struct wr_upstreams *u = &m->gate->settings.upstreams;
    struct wr_upstream at = {.addr = *first, .addrs = uri->addrs};
    const struct wr_addr *addr[WR_URI_ADDRS_MAX];
    bool any = false;
    memcpy(at.more, uri->more, sizeof(at.more));
    if (uri->addrs == 0) {
        wr_bootstrap_give(m->world->bootstrap, uri, &at);
    }
    unsigned count = in_turn(&at, addr);
    for (unsigned i = 0; i < count; i++) {
        any = any || is_on(u, addr[i]);
    }
    for (unsigned i = 0; i < count; i++) {
        if ((!any || is_on(u, addr[i])) && !wr_gate_is_own(m, addr[i])) {
            add_to_group(group, add_upstream(m, uri, addr[i]));
        }
    }
    if (at.addrs == 0) {
        add_to_group(group, add_upstream(m, uri, first));
    }
}

static void add_configured(struct wr_gate_making *m, struct wr_group *group,
                           const struct wr_uri *uri)
{
    char url[WR_URI_TEXT_SIZE];
    struct wr_addr addr = uri->addr;
    wr_uri_to_short(uri, url, sizeof(url));
    if (uri->zone[0] != 0) {
        addr.scope = wr_gate_ifindex(m->world, uri->zone);
        if (addr.scope == 0) {
            wr_gate_note(m, WR_LOG_WARN,
                         "upstream %s: there is no interface %s now; the server is left out", url,
                         uri->zone);
            return;
        }
    }
    if (wr_gate_is_own(m, &addr)) {
        wr_gate_note(
            m, WR_LOG_ERROR,
            "forwarding loop: upstream %s of group %s is an address that weir itself listens on; "
            "remove it from upstream.groups, or that address from `listen`",
            url, group->name);
        return;
    }
    add_addresses(m, group, uri, &addr);
}

/* The n-th better way to a plain server. What was found never stands in the way of what is written: without room it is left out. */
static void add_way(struct wr_gate_making *m, struct wr_group *group, const struct wr_uri *plain,
                    unsigned n)
{
    const struct wr_upstreams *u = &m->gate->settings.upstreams;
    for (uint32_t i = 0; i < m->world->ways; i++) {
        const struct wr_gate_way *w = &m->world->way[i];
        if (!wr_addr_equal(&w->plain, &plain->addr) || strcmp(w->way.zone, plain->zone) != 0 ||
            n-- > 0) {
            continue;
        }
        struct wr_addr addr = w->way.addr;
        addr.scope = w->way.zone[0] != 0 ? wr_gate_ifindex(m->world, w->way.zone) : 0;
        bool is_here = w->way.zone[0] == 0 || addr.scope != 0;
        if (is_here && !wr_gate_is_own(m, &addr) && u->upstreams < WR_UPSTREAMS_MAX) {
            add_addresses(m, group, &w->way, &addr);
        }
        return;
    }
}

/* The best way to each server, then the second of each: they go by transport, and stand behind what the owner wrote. */
static void add_ways(struct wr_gate_making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    for (unsigned n = 0; n < WR_BETTER_WAYS; n++) {
        for (size_t i = 0; i < c->upstream.groups.count && i < WR_GROUPS_MAX; i++) {
            const struct wr_conf_group *from = &c->upstream.groups.items[i];
            for (size_t k = 0; from->discover != WR_FIND_OFF && k < from->servers.count; k++) {
                add_way(m, &u->group[i], &from->servers.items[k], n);
            }
        }
    }
}

static void add_configured_groups(struct wr_gate_making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    for (size_t i = 0; i < c->upstream.groups.count && u->groups < WR_GROUPS_MAX; i++) {
        const struct wr_conf_group *from = &c->upstream.groups.items[i];
        struct wr_group *group = &u->group[u->groups++];
        snprintf(group->name, sizeof(group->name), "%s", from->name);
        group->strategy = (uint8_t)from->strategy;
        group->authoritative = from->authoritative;
        group->recurse_after = from->recurse_after;
        group->uncached = !from->cache && !from->authoritative;
        if (from->client_subnet.count > 0) {
            group->subnet = from->client_subnet.items[0];
        }
        for (size_t k = 0; k < from->servers.count; k++) {
            add_configured(m, group, &from->servers.items[k]);
        }
    }
}

/* The number of a group in the configuration, as the engine knows it. */
uint8_t wr_gate_group(const struct wr_gate_making *m, uint32_t index)
{
    return index == WR_CONF_RECURSION ? WR_GROUP_RECURSE
           : index == WR_CONF_SYSTEM  ? m->system
                                      : (uint8_t)index;
}

static void add_system_server(struct wr_gate_making *m, struct wr_group *group,
                              const struct wr_resolvconf_server *server, uint32_t *loops)
{
    const char *path = m->conf->upstream.resolv_conf;
    struct wr_addr addr = server->addr;
    if (server->zone[0] != 0) {
        addr.scope = wr_gate_ifindex(m->world, server->zone);
        if (addr.scope == 0) {
            wr_gate_note(m, WR_LOG_WARN, "%s: there is no interface %s now; the server is left out",
                         path, server->zone);
            return;
        }
    }
    if (wr_gate_is_own(m, &addr)) {
        *loops += 1;
        wr_gate_note(
            m, WR_LOG_WARN,
            "forwarding loop: %s names %s, an address that weir itself listens on; it is not asked",
            path, wr_gate_addr_text(&addr));
        return;
    }
    struct wr_uri uri = {.scheme = WR_URI_UDP, .addr = server->addr, .addrs = 1};
    snprintf(uri.zone, sizeof(uri.zone), "%s", server->zone);
    add_to_group(group, add_upstream(m, &uri, &addr));
}

/* The servers of resolv.conf are a group behind the configured ones. */
static void add_system_group(struct wr_gate_making *m)
{
    const struct wr_gate_world *w = m->world;
    const char *path = m->conf->upstream.resolv_conf;
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    wr_assert(u->groups < WR_GROUPS_MAX); /* the schema leaves room for it */
    m->system = (uint8_t)u->groups;
    struct wr_group *group = &u->group[u->groups++];
    struct wr_resolvconf_server servers[WR_GROUP_SERVERS_MAX];
    uint32_t bad = 0, loops = 0;
    snprintf(group->name, sizeof(group->name), "system");
    group->strategy = WR_STRATEGY_FASTEST;
    uint32_t count = w->resolv == NULL ? 0
                                       : wr_resolvconf_read(w->resolv, w->resolv_size, servers,
                                                            WR_GROUP_SERVERS_MAX, &bad);
    for (uint32_t i = 0; i < count; i++) {
        add_system_server(m, group, &servers[i], &loops);
    }
    if (bad > 0) {
        wr_gate_note(m, WR_LOG_WARN, "%s: %u nameserver lines were not understood", path,
                     (unsigned)bad);
    }
    if (group->servers > 0) {
        return;
    }
    m->gate->loop = loops > 0;
    if (w->resolv == NULL) {
        wr_gate_note(
            m, WR_LOG_WARN,
            "%s cannot be read, so every question for `system` gets SERVFAIL; name servers in "
            "upstream.groups, or leave upstream.default to `recursion`",
            path);
    } else if (loops > 0) {
        wr_gate_note(
            m, WR_LOG_WARN,
            "%s names only weir itself, so every question for `system` gets SERVFAIL; name "
            "servers in upstream.groups, or point upstream.resolv_conf at the file with the "
            "network's own resolvers",
            path);
    } else {
        wr_gate_note(
            m, WR_LOG_WARN,
            "%s names no server, so every question for `system` gets SERVFAIL; name servers in "
            "upstream.groups, or leave upstream.default to `recursion`",
            path);
    }
}

/* --- addresses of encrypted servers that have a name alone --- */

/* Who finds them: a group of its own, or the root's servers. */
static void add_bootstrap(struct wr_gate_making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    if (wr_bootstrap_names(c, NULL, 0) == 0) {
        return;
    }
    u->bootstrap = WR_GROUP_RECURSE;
    if (c->upstream.bootstrap.count > 0) {
        wr_assert(u->groups < WR_GROUPS_MAX); /* the schema leaves room for it */
        struct wr_group *group = &u->group[u->groups++];
        snprintf(group->name, sizeof(group->name), "bootstrap");
        for (size_t i = 0; i < c->upstream.bootstrap.count; i++) {
            add_configured(m, group, &c->upstream.bootstrap.items[i]);
        }
        u->bootstrap = (uint8_t)u->groups;
    }
}

void wr_gate_groups(struct wr_gate_making *m)
{
    add_configured_groups(m);
    if (m->conf->upstream.asks_system) {
        add_system_group(m);
    }
    add_bootstrap(m);
    add_ways(m);
    m->gate->settings.upstreams.default_group = wr_gate_group(m, m->conf->upstream.default_index);
}

static int by_name(const void *a, const void *b)
{
    const struct wr_route *x = a, *y = b;
    return wr_name_order(x->zone.wire, y->zone.wire);
}

/* --- delegations of local zones --- */

static void add_cut_server(struct wr_gate_making *m, struct wr_group *group, enum wr_family family,
                           const uint8_t *ip, size_t size)
{
    struct wr_uri uri = {
        .scheme = WR_URI_UDP, .addr = {.family = (uint8_t)family, .port = 53}, .addrs = 1};
    memcpy(uri.addr.ip, ip, size);
    if (wr_gate_is_own(m, &uri.addr)) {
        wr_gate_note(
            m, WR_LOG_WARN,
            "local zones: %s is delegated to %s, an address that weir itself listens on; it is not "
            "asked",
            group->name, wr_gate_addr_text(&uri.addr));
        return;
    }
    add_to_group(group, add_upstream(m, &uri, &uri.addr));
}

static void add_cut_addresses(struct wr_gate_making *m, struct wr_group *group,
                              const uint8_t *server, uint16_t type, enum wr_family family,
                              size_t size)
{
    const struct wr_rrset *set = wr_local_glue(m->world->names, server, type);
    const uint8_t *rdata;
    uint16_t n;
    if (set == NULL) {
        return;
    }
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    while (wr_rrset_next(&walk, &rdata, &n)) {
        if (n == size) {
            add_cut_server(m, group, family, rdata, size);
        }
    }
}

static bool is_routed(const struct wr_gate *g, const uint8_t *zone)
{
    for (uint32_t i = 0; i < g->settings.upstreams.routes; i++) {
        if (wr_name_equal(g->route[i].zone.wire, zone)) {
            return true;
        }
    }
    return false;
}

/* A group and a route for one delegation, unless the owner wrote a route for it. */
static void add_cut(void *user, const uint8_t *zone, const struct wr_rrset *ns)
{
    struct wr_gate_making *m = user;
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    char text[WR_NAME_TEXT_SIZE];
    wr_name_to_text(zone, text, sizeof(text));
    if (is_routed(m->gate, zone)) {
        return;
    }
    if (u->groups == WR_GROUPS_MAX || u->routes == WR_ROUTES_MAX) {
        wr_gate_note(m, WR_LOG_WARN, "local zones: no group is left for the delegation of %s",
                     text);
        return;
    }
    struct wr_group *group = &u->group[u->groups];
    memset(group, 0, sizeof(*group));
    snprintf(group->name, sizeof(group->name), "%.*s", (int)sizeof(group->name) - 1, text);
    struct wr_rrset_walk walk = wr_rrset_walk(ns);
    const uint8_t *server;
    uint16_t size;
    while (wr_rrset_next(&walk, &server, &size)) {
        add_cut_addresses(m, group, server, WR_TYPE_A, WR_AF_V4, 4);
        add_cut_addresses(m, group, server, WR_TYPE_AAAA, WR_AF_V6, 16);
    }
    if (group->servers == 0) {
        wr_gate_note(
            m, WR_LOG_WARN,
            "local zones: no server of the delegation of %s has an address in a local zone; names "
            "there are asked like any other",
            text);
        return;
    }
    if (u->encrypted_only) {
        wr_gate_note(
            m, WR_LOG_WARN,
            "local zones: the servers of the delegation of %s would be asked in plain text, and "
            "upstream.encryption is required; names there get SERVFAIL",
            text);
    }
    struct wr_route *route = &m->gate->route[u->routes++];
    wr_name_set(&route->zone, zone);
    group->authoritative = true;
    route->group = (uint8_t)u->groups++;
}

static void sort_routes(struct wr_gate *g)
{
    qsort(g->route, g->settings.upstreams.routes, sizeof(*g->route), by_name);
    wr_upstream_link_routes(g->route, g->settings.upstreams.routes);
}

/* A zone that is asked here has a way of its own: what others say of it at the end of an alias, or conclude from the zone above,
 * does not count. When there is no copy it leads to whom it led before. */
static void add_held(struct wr_gate_making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    uint16_t routes = u->routes;
    for (size_t i = 0; i < c->local.zones.count; i++) {
        const struct wr_conf_zone *zone = &c->local.zones.items[i];
        const uint8_t *above;
        if (zone->use == WR_USE_ANSWERS || zone->name[0] == 0 || is_routed(m->gate, zone->name) ||
            routes == WR_ROUTES_MAX) {
            continue;
        }
        unsigned group = wr_upstream_route(u, zone->name, &above);
        if (group != WR_GROUP_RECURSE && u->group[group].authoritative) {
            continue; /* those servers have the zone above, and refer to this one */
        }
        struct wr_route *route = &m->gate->route[routes++];
        wr_name_set(&route->zone, zone->name);
        route->group = (uint8_t)group;
    }
    u->routes = routes;
}

/* Their names have ways of their own, unless the owner wrote one: they cannot be asked of the servers they are. */
static uint16_t route_bootstrap(struct wr_gate_making *m, uint16_t routes)
{
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    struct wr_name name[WR_BOOTSTRAP_NAMES_MAX];
    unsigned count = wr_bootstrap_names(m->conf, name, WR_BOOTSTRAP_NAMES_MAX);
    for (unsigned i = 0; i < count && routes < WR_ROUTES_MAX; i++) {
        u->routes = routes;
        if (!is_routed(m->gate, name[i].wire)) {
            m->gate->route[routes].zone = name[i];
            m->gate->route[routes++].group =
                u->bootstrap == WR_GROUP_RECURSE ? WR_GROUP_RECURSE : (uint8_t)(u->bootstrap - 1);
        }
    }
    return routes;
}

void wr_gate_routes(struct wr_gate_making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_gate *g = m->gate;
    size_t count = c->upstream.routes.count;
    g->route = calloc(count + wr_local_cuts(m->world->names, NULL, NULL) + c->local.zones.count +
                          WR_BOOTSTRAP_NAMES_MAX + 1,
                      sizeof(*g->route));
    if (g->route == NULL) {
        m->err = WR_E_NOMEM;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        wr_name_set(&g->route[i].zone, c->upstream.routes.items[i].zone);
        g->route[i].group = wr_gate_group(m, c->upstream.routes.items[i].group_index);
    }
    g->settings.upstreams.route = g->route;
    g->settings.upstreams.routes = route_bootstrap(m, (uint16_t)count);
    wr_local_cuts(m->world->names, add_cut, m);
    sort_routes(g);
    add_held(m);
    sort_routes(g);
}
