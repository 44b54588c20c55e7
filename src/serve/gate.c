/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/designation.h"
#include "serve/gate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "conf/rootcopy.h"
#include "dns/codes.h"
#include "policy/prefix.h"
#include "serve/bounds.h"
#include "serve/resolvconf.h"

/* Everything one making needs at hand. */
struct making {
    const struct wr_conf *conf;
    const struct wr_gate_world *world;
    struct wr_gate_slots slots; /* a copy, kept only when all went well */
    struct wr_gate_notes *notes;
    struct wr_gate *gate;
    uint8_t system; /* the group of the system's resolvers, when somebody asks them */
    int err;
};

__attribute__((format(printf, 3, 4))) static void note(struct making *m, enum wr_log_level level,
                                                       const char *format, ...)
{
    if (level == WR_LOG_ERROR && m->err == WR_OK) {
        m->err = WR_E_USAGE;
    }
    if (m->notes->count == WR_GATE_NOTES_MAX) {
        return;
    }
    struct wr_gate_note *n = &m->notes->note[m->notes->count++];
    va_list list;
    va_start(list, format);
    vsnprintf(n->text, sizeof(n->text), format, list);
    va_end(list);
    n->level = level;
}

static const char *addr_text(const struct wr_addr *addr)
{
    static _Thread_local char text[2][WR_ADDR_TEXT_SIZE];
    static _Thread_local unsigned turn;
    char *ret = text[turn++ % 2];
    wr_addr_to_text(addr, ret, WR_ADDR_TEXT_SIZE);
    return ret;
}

static uint32_t ifindex_of(const struct wr_gate_world *w, const char *iface)
{
    for (uint32_t i = 0; i < w->locals; i++) {
        if (strcmp(w->local[i].iface, iface) == 0) {
            return w->local[i].ifindex;
        }
    }
    return 0;
}

/* --- where to listen --- */

static void add_listener(struct making *m, uint8_t transport, const struct wr_addr *addr,
                         uint32_t ifindex)
{
    struct wr_gate *g = m->gate;
    for (uint32_t i = 0; i < g->listeners; i++) {
        if (g->listener[i].transport == transport && wr_addr_equal(&g->listener[i].addr, addr)) {
            return;
        }
    }
    if (g->listeners == WR_GATE_LISTENERS_MAX) {
        note(m, WR_LOG_WARN,
             "more than %d addresses to listen on: %s is left out; name the ones that matter in "
             "`listen`",
             WR_GATE_LISTENERS_MAX, addr_text(addr));
        return;
    }
    g->listener[g->listeners++] = (struct wr_gate_listener){*addr, ifindex, transport};
}

static void listen_on_interface(struct making *m, uint8_t transport,
                                const struct wr_conf_listen *item)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < m->world->locals; i++) {
        const struct wr_gate_local *l = &m->world->local[i];
        if (l->addr.family == WR_AF_NONE || strcmp(l->iface, item->interface) != 0) {
            continue;
        }
        struct wr_addr addr = l->addr;
        addr.port = item->addr.port;
        add_listener(m, transport, &addr, l->ifindex);
        found++;
    }
    if (found == 0) {
        note(m, WR_LOG_WARN,
             "listen: interface %s does not exist or has no address; weir listens there once it "
             "has one",
             item->interface);
    }
}

static void plan_some(struct making *m, uint8_t transport, const struct wr_conf_listen *items,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct wr_conf_listen *item = &items[i];
        if (item->addr.family == WR_AF_NONE) {
            listen_on_interface(m, transport, item);
            continue;
        }
        struct wr_addr addr = item->addr;
        if (item->interface[0] != 0) {
            addr.scope = ifindex_of(m->world, item->interface);
            if (addr.scope == 0) {
                note(m, WR_LOG_WARN, "listen: %s: there is no interface %s", addr_text(&item->addr),
                     item->interface);
                continue;
            }
        }
        add_listener(m, transport, &addr, addr.scope);
    }
}

static void plan_listeners(struct making *m)
{
    plan_some(m, WR_CLIENT_UDP, m->conf->listen.items, m->conf->listen.count);
    plan_some(m, WR_CLIENT_DOT, m->conf->encrypted.dot.items, m->conf->encrypted.dot.count);
    plan_some(m, WR_CLIENT_DOH, m->conf->encrypted.doh.items, m->conf->encrypted.doh.count);
    plan_some(m, WR_CLIENT_DOQ, m->conf->encrypted.doq.items, m->conf->encrypted.doq.count);
}

static bool is_local(const struct wr_gate_world *w, const struct wr_addr *addr)
{
    if (wr_addr_is_loopback(addr)) {
        return true;
    }
    for (uint32_t i = 0; i < w->locals; i++) {
        if (w->local[i].addr.family == addr->family &&
            memcmp(w->local[i].addr.ip, addr->ip, sizeof(addr->ip)) == 0) {
            return true;
        }
    }
    return false;
}

/* Would a question sent to `addr` arrive at weir itself? */
static bool is_own(const struct making *m, const struct wr_addr *addr)
{
    for (uint32_t i = 0; i < m->gate->listeners; i++) {
        const struct wr_addr *own = &m->gate->listener[i].addr;
        if (own->family != addr->family || own->port != addr->port) {
            continue;
        }
        if (wr_addr_is_any(own) ? is_local(m->world, addr) : wr_addr_same_ip(own, addr)) {
            return true;
        }
    }
    return false;
}

/* --- who may ask --- */

static void compile_allow(struct making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_gate *g = m->gate;
    size_t room = c->allow.count + m->world->locals;
    g->allow = calloc(room + 1, sizeof(*g->allow));
    if (g->allow == NULL) {
        m->err = WR_E_NOMEM;
        return;
    }
    uint32_t count = 0;
    for (size_t i = 0; i < c->allow.count; i++) {
        g->allow[count++] = c->allow.items[i];
    }
    for (uint32_t i = 0; i < m->world->locals; i++) {
        const struct wr_gate_local *l = &m->world->local[i];
        if (l->addr.family == WR_AF_NONE) {
            continue;
        }
        for (size_t k = 0; k < c->listen.count; k++) {
            const struct wr_conf_listen *item = &c->listen.items[k];
            if (item->addr.family == WR_AF_NONE && strcmp(item->interface, l->iface) == 0) {
                struct wr_prefix p = {wr_addr_mask(&l->addr, l->len), l->len};
                p.addr.scope = 0;
                g->allow[count++] = p;
                break;
            }
        }
    }
    g->settings.allow = g->allow;
    g->settings.allows = wr_prefix_compile(g->allow, count);
}

/* --- whom to ask --- */

static const char *ip_text(const struct wr_addr *addr)
{
    struct wr_addr bare = *addr;
    bare.port = 0;
    return addr_text(&bare);
}

/* The place of the server at that address (family NONE: it has none yet) among the upstreams, added when it is new; -1: no room. */
static int add_upstream(struct making *m, const struct wr_uri *uri, const struct wr_addr *addr)
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
        note(m, WR_LOG_ERROR,
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

/* A server is asked at each of its addresses like one of several servers: the fastest, and the others when it is silent. Addresses of
 * a family that is off are left out where there are others. `first` has the interface of a link-local one. */
static void add_addresses(struct making *m, struct wr_group *group, const struct wr_uri *uri,
                          const struct wr_addr *first)
{
    const struct wr_upstreams *u = &m->gate->settings.upstreams;
    struct wr_upstream at = {.addr = *first, .addrs = uri->addrs};
    bool any = false;
    memcpy(at.more, uri->more, sizeof(at.more));
    if (uri->addrs == 0) {
        wr_bootstrap_give(m->world->bootstrap, uri, &at);
    }
    for (unsigned i = 0; i < at.addrs; i++) {
        any = any || is_on(u, i == 0 ? &at.addr : &at.more[i - 1]);
    }
    for (unsigned i = 0; i < at.addrs; i++) {
        const struct wr_addr *addr = i == 0 ? &at.addr : &at.more[i - 1];
        if ((!any || is_on(u, addr)) && !is_own(m, addr)) {
            add_to_group(group, add_upstream(m, uri, addr));
        }
    }
    if (at.addrs == 0) {
        add_to_group(group, add_upstream(m, uri, first));
    }
}

static void add_configured(struct making *m, struct wr_group *group, const struct wr_uri *uri)
{
    char url[WR_URI_TEXT_SIZE];
    struct wr_addr addr = uri->addr;
    wr_uri_to_short(uri, url, sizeof(url));
    if (uri->zone[0] != 0) {
        addr.scope = ifindex_of(m->world, uri->zone);
        if (addr.scope == 0) {
            note(m, WR_LOG_WARN,
                 "upstream %s: there is no interface %s now; the server is left out", url,
                 uri->zone);
            return;
        }
    }
    if (is_own(m, &addr)) {
        note(m, WR_LOG_ERROR,
             "forwarding loop: upstream %s of group %s is an address that weir itself listens on; "
             "remove it from upstream.groups, or that address from `listen`",
             url, group->name);
        return;
    }
    add_addresses(m, group, uri, &addr);
}

/* The better way to a plain server stands before it. */
static void add_way(struct making *m, struct wr_group *group, const struct wr_conf_group *from,
                    const struct wr_uri *plain)
{
    for (uint32_t i = 0; i < m->world->ways && from->discover != WR_FIND_OFF; i++) {
        if (wr_addr_equal(&m->world->way[i].plain, &plain->addr) &&
            strcmp(m->world->way[i].way.zone, plain->zone) == 0) {
            add_configured(m, group, &m->world->way[i].way);
        }
    }
}

static void add_configured_groups(struct making *m)
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
            add_way(m, group, from, &from->servers.items[k]);
            add_configured(m, group, &from->servers.items[k]);
        }
    }
}

/* The number of a group in the configuration, as the engine knows it. */
static uint8_t group_of(const struct making *m, uint32_t index)
{
    return index == WR_CONF_RECURSION ? WR_GROUP_RECURSE
           : index == WR_CONF_SYSTEM  ? m->system
                                      : (uint8_t)index;
}

static void add_system_server(struct making *m, struct wr_group *group,
                              const struct wr_resolvconf_server *server, uint32_t *loops)
{
    const char *path = m->conf->upstream.resolv_conf;
    struct wr_addr addr = server->addr;
    if (server->zone[0] != 0) {
        addr.scope = ifindex_of(m->world, server->zone);
        if (addr.scope == 0) {
            note(m, WR_LOG_WARN, "%s: there is no interface %s now; the server is left out", path,
                 server->zone);
            return;
        }
    }
    if (is_own(m, &addr)) {
        *loops += 1;
        note(
            m, WR_LOG_WARN,
            "forwarding loop: %s names %s, an address that weir itself listens on; it is not asked",
            path, addr_text(&addr));
        return;
    }
    struct wr_uri uri = {.scheme = WR_URI_UDP, .addr = server->addr, .addrs = 1};
    snprintf(uri.zone, sizeof(uri.zone), "%s", server->zone);
    add_to_group(group, add_upstream(m, &uri, &addr));
}

/* The servers of resolv.conf are a group behind the configured ones. */
static void add_system_group(struct making *m)
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
        note(m, WR_LOG_WARN, "%s: %u nameserver lines were not understood", path, (unsigned)bad);
    }
    if (group->servers > 0) {
        return;
    }
    m->gate->loop = loops > 0;
    if (w->resolv == NULL) {
        note(m, WR_LOG_WARN,
             "%s cannot be read, so every question for `system` gets SERVFAIL; name servers in "
             "upstream.groups, or leave upstream.default to `recursion`",
             path);
    } else if (loops > 0) {
        note(m, WR_LOG_WARN,
             "%s names only weir itself, so every question for `system` gets SERVFAIL; name "
             "servers in upstream.groups, or point upstream.resolv_conf at the file with the "
             "network's own resolvers",
             path);
    } else {
        note(m, WR_LOG_WARN,
             "%s names no server, so every question for `system` gets SERVFAIL; name servers in "
             "upstream.groups, or leave upstream.default to `recursion`",
             path);
    }
}

/* --- addresses of encrypted servers that have a name alone --- */

/* Who finds them: a group of its own, or the root's servers. */
static void add_bootstrap(struct making *m)
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

static int by_name(const void *a, const void *b)
{
    const struct wr_route *x = a, *y = b;
    return wr_name_order(x->zone.wire, y->zone.wire);
}

/* --- delegations of local zones --- */

static void add_cut_server(struct making *m, struct wr_group *group, enum wr_family family,
                           const uint8_t *ip, size_t size)
{
    struct wr_uri uri = {
        .scheme = WR_URI_UDP, .addr = {.family = (uint8_t)family, .port = 53}, .addrs = 1};
    memcpy(uri.addr.ip, ip, size);
    if (is_own(m, &uri.addr)) {
        note(
            m, WR_LOG_WARN,
            "local zones: %s is delegated to %s, an address that weir itself listens on; it is not "
            "asked",
            group->name, addr_text(&uri.addr));
        return;
    }
    add_to_group(group, add_upstream(m, &uri, &uri.addr));
}

static void add_cut_addresses(struct making *m, struct wr_group *group, const uint8_t *server,
                              uint16_t type, enum wr_family family, size_t size)
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
    struct making *m = user;
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    char text[WR_NAME_TEXT_SIZE];
    wr_name_to_text(zone, text, sizeof(text));
    if (is_routed(m->gate, zone)) {
        return;
    }
    if (u->groups == WR_GROUPS_MAX || u->routes == WR_ROUTES_MAX) {
        note(m, WR_LOG_WARN, "local zones: no group is left for the delegation of %s", text);
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
        note(m, WR_LOG_WARN,
             "local zones: no server of the delegation of %s has an address in a local zone; names "
             "there are asked like any other",
             text);
        return;
    }
    if (u->encrypted_only) {
        note(m, WR_LOG_WARN,
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
static void add_held(struct making *m)
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
static uint16_t route_bootstrap(struct making *m, uint16_t routes)
{
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    struct wr_name name[WR_UPSTREAMS_MAX];
    unsigned count = wr_bootstrap_names(m->conf, name, WR_UPSTREAMS_MAX);
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

static void compile_routes(struct making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_gate *g = m->gate;
    size_t count = c->upstream.routes.count;
    g->route = calloc(count + wr_local_cuts(m->world->names, NULL, NULL) + c->local.zones.count +
                          WR_UPSTREAMS_MAX + 1,
                      sizeof(*g->route));
    if (g->route == NULL) {
        m->err = WR_E_NOMEM;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        wr_name_set(&g->route[i].zone, c->upstream.routes.items[i].zone);
        g->route[i].group = group_of(m, c->upstream.routes.items[i].group_index);
    }
    g->settings.upstreams.route = g->route;
    g->settings.upstreams.routes = route_bootstrap(m, (uint16_t)count);
    wr_local_cuts(m->world->names, add_cut, m);
    sort_routes(g);
    add_held(m);
    sort_routes(g);
}

/* --- the rest --- */

static void compile_ttl_rules(struct making *m)
{
    struct wr_gate *g = m->gate;
    g->ttl_rule = wr_bounds_ttl_rules(m->conf);
    if (g->ttl_rule == NULL) {
        m->err = WR_E_NOMEM;
        return;
    }
    g->settings.ttl.rule = g->ttl_rule;
    g->settings.ttl.rules = (uint32_t)m->conf->cache.ttl.count;
}

static struct wr_prefix *copy_prefixes(struct making *m, const struct wr_prefix *from, size_t count)
{
    struct wr_prefix *copy = calloc(count + 1, sizeof(*copy));
    if (copy == NULL) {
        m->err = WR_E_NOMEM;
    } else if (count > 0) {
        memcpy(copy, from, count * sizeof(*copy));
    }
    return copy;
}

static void make_dns64(struct making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_gate *g = m->gate;
    struct wr_dns64 *d = &g->settings.dns64;
    g->dns64_exclude = copy_prefixes(m, c->dns64.exclude.items, c->dns64.exclude.count);
    g->dns64_only_for = copy_prefixes(m, c->dns64.only_for.items, c->dns64.only_for.count);
    if (m->err != WR_OK) {
        return;
    }
    g->advertised = m->world->advertised;
    d->prefix = c->dns64.prefix.count > 0 ? c->dns64.prefix.items[0] : g->advertised;
    d->exclude = g->dns64_exclude;
    d->excludes = (uint32_t)c->dns64.exclude.count;
    d->only_for = g->dns64_only_for;
    d->only_fors = wr_prefix_compile(g->dns64_only_for, (uint32_t)c->dns64.only_for.count);
    d->discover = c->dns64.discover != 0 && !wr_dns64_is_on(d);
    if (c->upstream.nat64_prefix.count > 0) {
        g->settings.upstreams.nat64 = c->upstream.nat64_prefix.items[0];
    }
}

/* Who may tell that a copied zone has changed: its primaries. */
static void compile_news(struct making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_news *news = &m->gate->settings.news;
    m->gate->news = calloc(wr_rootcopy_zones(c) + 1, sizeof(*m->gate->news));
    if (m->gate->news == NULL) {
        m->err = WR_E_NOMEM;
        return;
    }
    news->zone = m->gate->news;
    news->counts = m->world->news;
    for (size_t i = 0; i < wr_rootcopy_zones(c) && news->counts != NULL; i++) {
        const struct wr_conf_zone *from = wr_rootcopy_zone(c, i);
        struct wr_news_zone *to = &m->gate->news[news->zones];
        for (size_t p = 0; p < from->primaries.count && p < WR_XFER_PRIMARIES_MAX; p++) {
            to->from[to->froms++] = from->primaries.items[p].addr;
        }
        if (to->froms > 0) {
            wr_name_set(&to->name, from->name);
            news->zones++;
        }
    }
}

static void make_all(struct making *m)
{
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    make_dns64(m);
    u->ipv4 = m->conf->upstream.ipv4;
    u->ipv6 = m->conf->upstream.ipv6;
    u->case_randomisation = m->conf->upstream.case_randomisation;
    u->cookies = m->conf->upstream.cookies;
    if (wr_proofs_start(&m->gate->proofs, m->conf, m->world->authorities) != WR_OK) {
        m->err = WR_E_NOMEM;
        return;
    }
    u->trust = m->world->authorities;
    u->encrypted_only = m->conf->upstream.encryption == WR_ENCRYPTION_REQUIRED;
    wr_bounds_copy(m->conf, &m->gate->settings);
    plan_listeners(m);
    compile_allow(m);
    compile_news(m);
    add_configured_groups(m);
    if (m->conf->upstream.asks_system) {
        add_system_group(m);
    }
    add_bootstrap(m);
    u->default_group = group_of(m, m->conf->upstream.default_index);
    if (wr_recursion_make(m->conf, &m->gate->recursion, u)) {
        m->err = WR_E_NOMEM;
    }
    struct wr_validation_mistake mistake;
    int err = wr_validation_make(m->conf, m->world->trust, &m->gate->validation,
                                 &m->gate->settings.prove, &mistake);
    struct wr_prove_settings *prove = &m->gate->settings.prove;
    prove->floor_s = m->world->floor_s > prove->floor_s ? m->world->floor_s : prove->floor_s;
    if (err == WR_E_NOMEM) {
        m->err = err;
    } else if (mistake.text != NULL) {
        note(m, err ? WR_LOG_ERROR : WR_LOG_WARN, "dnssec.anchors[%zu]: %s", mistake.index,
             mistake.text);
    }
    wr_proofs_time(&m->gate->proofs, prove->system_clock, prove->floor_s);
    compile_routes(m);
    compile_ttl_rules(m);
    wr_slots_assign(&m->slots, u, m->gate->settings.serial);
}

int wr_gate_make(const struct wr_conf *conf, const struct wr_gate_world *world,
                 struct wr_gate_slots *slots, uint64_t serial, struct wr_gate_notes *notes,
                 struct wr_gate **ret_gate)
{
    struct making m = {.conf = conf, .world = world, .slots = *slots, .notes = notes};
    m.gate = calloc(1, sizeof(*m.gate));
    if (m.gate == NULL) {
        return WR_E_NOMEM;
    }
    m.gate->settings.serial = serial;
    m.gate->listener = calloc(WR_GATE_LISTENERS_MAX, sizeof(*m.gate->listener));
    if (m.gate->listener == NULL) {
        m.err = WR_E_NOMEM;
    } else {
        make_all(&m);
    }
    if (m.err != WR_OK) {
        wr_gate_free(m.gate);
        return m.err;
    }
    *slots = m.slots;
    *ret_gate = m.gate;
    return WR_OK;
}

void wr_gate_free(struct wr_gate *gate)
{
    if (gate != NULL) {
        free(gate->listener);
        free(gate->allow);
        free(gate->ttl_rule);
        free(gate->route);
        free(gate->dns64_exclude);
        free(gate->dns64_only_for);
        free(gate->news);
        wr_proofs_free(&gate->proofs);
        wr_recursion_free(&gate->recursion);
        wr_validation_free(&gate->validation);
        wr_designation_free(gate->designation);
        wr_creds_drop(gate->designated_by);
        free(gate);
    }
}

static void empty_state(struct wr_upstream_state *st)
{
    atomic_store_explicit(&st->srtt_us, 0, memory_order_relaxed);
    atomic_store_explicit(&st->rttvar_us, 0, memory_order_relaxed);
    atomic_store_explicit(&st->failures, 0, memory_order_relaxed);
    atomic_store_explicit(&st->suspect_until_us, 0, memory_order_relaxed);
    atomic_store_explicit(&st->given_up, 0, memory_order_relaxed);
    atomic_store_explicit(&st->probed_us, 0, memory_order_relaxed);
    atomic_store_explicit(&st->answered_us, 0, memory_order_relaxed);
    atomic_store_explicit(&st->no_edns_until_us, 0, memory_order_relaxed);
    atomic_store_explicit(&st->wary_until_us, 0, memory_order_relaxed);
    atomic_store_explicit(&st->wrong_since_us, 0, memory_order_relaxed);
    atomic_store_explicit(&st->wrong_lately, 0, memory_order_relaxed);
    atomic_store_explicit(&st->flags, 0, memory_order_relaxed);
    atomic_store_explicit(&st->cookie_size, 0, memory_order_relaxed);
    atomic_store_explicit(&st->sent, 0, memory_order_relaxed);
    atomic_store_explicit(&st->answers, 0, memory_order_relaxed);
    atomic_store_explicit(&st->timeouts, 0, memory_order_relaxed);
    atomic_store_explicit(&st->errors, 0, memory_order_relaxed);
    atomic_store_explicit(&st->wrong, 0, memory_order_relaxed);
    atomic_store_explicit(&st->truncated, 0, memory_order_relaxed);
}

void wr_gate_fit_state(const struct wr_gate *gate, struct wr_upstream_state *state)
{
    const struct wr_upstreams *u = &gate->settings.upstreams;
    for (unsigned i = 0; i < u->upstreams; i++) {
        struct wr_upstream_state *st = &state[u->upstream[i].slot];
        uint32_t generation = atomic_load_explicit(&st->generation, memory_order_relaxed);
        if (generation != u->upstream[i].generation) {
            empty_state(st);
            atomic_store_explicit(&st->generation, u->upstream[i].generation, memory_order_relaxed);
        }
    }
}
