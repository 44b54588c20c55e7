/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/designation.h"
#include "serve/gate_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "conf/policybits.h"
#include "conf/rootcopy.h"
#include "dns/codes.h"
#include "policy/prefix.h"
#include "serve/bounds.h"
#include "serve/labels.h"
#include "serve/muds.h"
#include "serve/resolvconf.h"

void wr_gate_note(struct wr_gate_making *m, enum wr_log_level level, const char *format, ...)
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

const char *wr_gate_addr_text(const struct wr_addr *addr)
{
    static _Thread_local char text[2][WR_ADDR_TEXT_SIZE];
    static _Thread_local unsigned turn;
    char *ret = text[turn++ % 2];
    wr_addr_to_text(addr, ret, WR_ADDR_TEXT_SIZE);
    return ret;
}

uint32_t wr_gate_ifindex(const struct wr_gate_world *w, const char *iface)
{
    for (uint32_t i = 0; i < w->locals; i++) {
        if (strcmp(w->local[i].iface, iface) == 0) {
            return w->local[i].ifindex;
        }
    }
    return 0;
}

/* --- where to listen --- */

static void add_listener(struct wr_gate_making *m, uint8_t transport, const struct wr_addr *addr,
                         uint32_t ifindex)
{
    struct wr_gate *g = m->gate;
    for (uint32_t i = 0; i < g->listeners; i++) {
        if (g->listener[i].transport == transport && wr_addr_equal(&g->listener[i].addr, addr)) {
            return;
        }
    }
    if (g->listeners == WR_GATE_LISTENERS_MAX) {
        wr_gate_note(
            m, WR_LOG_WARN,
            "more than %d addresses to listen on: %s is left out; name the ones that matter in "
            "`listen`",
            WR_GATE_LISTENERS_MAX, wr_gate_addr_text(addr));
        return;
    }
    g->listener[g->listeners++] = (struct wr_gate_listener){*addr, ifindex, transport};
}

static void listen_on_interface(struct wr_gate_making *m, uint8_t transport,
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
        wr_gate_note(
            m, WR_LOG_WARN,
            "listen: interface %s does not exist or has no address; weir listens there once it "
            "has one",
            item->interface);
    }
}

static void plan_some(struct wr_gate_making *m, uint8_t transport,
                      const struct wr_conf_listen *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct wr_conf_listen *item = &items[i];
        if (item->addr.family == WR_AF_NONE) {
            listen_on_interface(m, transport, item);
            continue;
        }
        struct wr_addr addr = item->addr;
        if (item->interface[0] != 0) {
            addr.scope = wr_gate_ifindex(m->world, item->interface);
            if (addr.scope == 0) {
                wr_gate_note(m, WR_LOG_WARN, "listen: %s: there is no interface %s",
                             wr_gate_addr_text(&item->addr), item->interface);
                continue;
            }
        }
        add_listener(m, transport, &addr, addr.scope);
    }
}

static void plan_listeners(struct wr_gate_making *m)
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

bool wr_gate_is_own(const struct wr_gate_making *m, const struct wr_addr *addr)
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

static void compile_allow(struct wr_gate_making *m)
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

/* --- the rest --- */

static void compile_ttl_rules(struct wr_gate_making *m)
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

static struct wr_prefix *copy_prefixes(struct wr_gate_making *m, const struct wr_prefix *from,
                                       size_t count)
{
    struct wr_prefix *copy = calloc(count + 1, sizeof(*copy));
    if (copy == NULL) {
        m->err = WR_E_NOMEM;
    } else if (count > 0) {
        memcpy(copy, from, count * sizeof(*copy));
    }
    return copy;
}

static void make_hops(struct wr_gate_making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_gate *g = m->gate;
    g->hops = copy_prefixes(m, c->registry.mac_from.items, c->registry.mac_from.count);
    if (g->hops != NULL) {
        g->settings.hops = g->hops;
        g->settings.hop_count = wr_prefix_compile(g->hops, (uint32_t)c->registry.mac_from.count);
    }
}

static bool is_of_segment(const struct wr_conf *c, const char *interface)
{
    for (size_t i = 0; i < c->segments.count; i++) {
        const struct wr_conf_segment *s = &c->segments.items[i];
        for (size_t k = 0; k < s->interfaces.count; k++) {
            if (strcmp(s->interfaces.items[k], interface) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* The machine's addresses, and all those beside them in networks of the house that are no segment's (of a segment's interface the firewall's rules
 * know that it is no way out): nobody is led there by somebody's answer (engine/leasable). */
static void make_own(struct wr_gate_making *m)
{
    struct wr_gate *g = m->gate;
    uint32_t n = 0;
    g->own = calloc(m->world->locals + 1, sizeof(*g->own));
    if (g->own == NULL) {
        m->err = WR_E_NOMEM;
        return;
    }
    for (uint32_t i = 0; i < m->world->locals; i++) {
        const struct wr_gate_local *l = &m->world->local[i];
        unsigned size = (unsigned)(8 * wr_addr_ip_size(&l->addr));
        unsigned len = l->inside && !is_of_segment(m->conf, l->iface) ? l->len : size;
        if (size > 0) {
            g->own[n].addr = wr_addr_mask(&l->addr, len);
            g->own[n].addr.scope = 0;
            g->own[n++].len = (uint8_t)len;
        }
    }
    g->settings.lease.own = g->own;
    g->settings.lease.owns = wr_prefix_compile(g->own, n);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void make_interfaces(struct wr_gate_making *m)
{
    struct wr_gate *g = m->gate;
    uint32_t n = m->world->watched ? m->world->locals : 0;
    g->interfaces = calloc(n + 1, sizeof(*g->interfaces));
    if (g->interfaces == NULL) {
        m->err = WR_E_NOMEM;
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        g->interfaces[i] = m->world->local[i].ifindex; /* once for each of its addresses */
    }
    qsort(g->interfaces, n, sizeof(*g->interfaces), by_number);
    g->settings.interfaces = g->interfaces;
    g->settings.interface_count = n;
}

static void make_dns64(struct wr_gate_making *m)
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

static void add_news(struct wr_news *news, struct wr_news_zone *zone, const uint8_t *name,
                     const struct wr_uri *primary, size_t primaries)
{
    struct wr_news_zone *to = &zone[news->zones];
    for (size_t p = 0; p < primaries; p++) {
        for (unsigned a = 0; a < primary[p].addrs && to->froms < WR_XFER_PRIMARIES_MAX; a++) {
            to->from[to->froms++] = *wr_uri_addr(&primary[p], a);
        }
    }
    if (to->froms > 0) {
        wr_name_set(&to->name, name);
        news->zones++;
    }
}

/* Who may tell that a copied zone has changed: its primaries. */
static void compile_news(struct wr_gate_making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_news *news = &m->gate->settings.news;
    size_t zones = wr_rootcopy_zones(c);
    m->gate->news = calloc(zones + c->policy.rpz.count + 1, sizeof(*m->gate->news));
    if (m->gate->news == NULL) {
        m->err = WR_E_NOMEM;
        return;
    }
    news->zone = m->gate->news;
    news->counts = m->world->news;
    for (size_t i = 0; i < zones && news->counts != NULL; i++) {
        const struct wr_conf_zone *from = wr_rootcopy_zone(c, i);
        add_news(news, m->gate->news, from->name, from->primaries.items, from->primaries.count);
    }
    for (size_t i = 0; i < c->policy.rpz.count && news->counts != NULL; i++) {
        const struct wr_conf_rpz *from = &c->policy.rpz.items[i];
        add_news(news, m->gate->news, from->zone, from->primaries.items, from->primaries.count);
    }
}

static void copy_lower_case(struct wr_gate_making *m)
{
    const struct wr_conf *c = m->conf;
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    size_t count = c->upstream.lower_case.count;
    m->gate->lower_case = calloc(count + 1, sizeof(*m->gate->lower_case));
    if (m->gate->lower_case == NULL) {
        m->err = WR_E_NOMEM;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        wr_name_set(&m->gate->lower_case[i], c->upstream.lower_case.items[i]);
    }
    u->lower_case = m->gate->lower_case;
    u->lower_cases = (uint16_t)count;
}

/* --- policy --- */

uint16_t wr_gate_label(struct wr_gate_making *m, const char *text)
{
    uint16_t label = wr_labels_number(m->world->labels, text);
    if (label == 0) {
        wr_gate_note(m, WR_LOG_ERROR,
                     "no number is left for %s: so many names of rules and segments need a restart",
                     text);
    }
    return label;
}

static uint16_t label_of(void *user, const char *text)
{
    return wr_gate_label(user, text);
}

static uint32_t ifindex_of(void *user, const char *interface)
{
    const struct wr_gate_making *m = user;
    return wr_gate_ifindex(m->world, interface);
}

static uint16_t view_of(void *user, const char *name, uint32_t group, bool whole)
{
    struct wr_gate_making *m = user;
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    uint16_t number = wr_slots_view(&m->slots, name, whole), i = 0;
    if (number == 0) {
        wr_gate_note(m, WR_LOG_ERROR,
                     "so many groups have been named by segments and rules that %s needs a restart",
                     name);
        return 0;
    }
    while (i < u->views && u->view[i].number != number) {
        i++;
    }
    wr_assert(i < sizeof(u->view) / sizeof(u->view[0])); /* two for each group, and for each word */
    u->view[i] = (struct wr_view){number, wr_gate_group(m, group), whole};
    u->views += i == u->views;
    return number;
}

static int devgroup_of(void *user, const char *name)
{
    const struct wr_gate_making *m = user;
    return wr_slots_devgroup(&m->slots, name);
}

static bool address_of(void *user, const char *interface, uint32_t n, struct wr_addr *ret_addr)
{
    const struct wr_gate_making *m = user;
    for (uint32_t i = 0; i < m->world->locals; i++) {
        const struct wr_gate_local *l = &m->world->local[i];
        if (l->addr.family != WR_AF_NONE && strcmp(l->iface, interface) == 0 && n-- == 0) {
            *ret_addr = l->addr;
            return true;
        }
    }
    return false;
}

static void make_policy(struct wr_gate_making *m)
{
    struct wr_policybuild_hooks hooks = {m,           label_of,   view_of, ifindex_of,
                                         devgroup_of, address_of, NULL};
    struct wr_policybit bit[WR_WHO_GROUPS_MAX];
    char text[WR_WHO_GROUPS_MAX][WR_POLICYBITS_TEXT_SIZE];
    const char *bits[WR_WHO_GROUPS_MAX];
    struct wr_gate *g = m->gate;
    if (m->world->labels == NULL) {
        return;
    }
    size_t count = wr_policybits_list(m->conf, bit); /* as many as there is room for: was checked */
    for (size_t i = 0; i < count; i++) {
        wr_policybits_text(bit[i].what, bit[i].name, text[i]);
        bits[i] = text[i];
    }
    wr_slots_devgroups(&m->slots, bits, count);
    if (m->world->muds != NULL && wr_muds_set(m->world->muds, &g->mud, &hooks.mud) != WR_OK) {
        m->err = WR_E_NOMEM;
        return;
    }
    if (wr_policybuild_make(m->conf, &hooks, &g->policy)) {
        m->err = WR_E_NOMEM;
    }
    g->settings.policy = g->policy.policy;
    g->settings.segments = g->policy.segments;
    g->settings.firewall_lack = m->world->firewall;
    g->settings.rations = g->policy.rations;
}

static void make_all(struct wr_gate_making *m)
{
    struct wr_upstreams *u = &m->gate->settings.upstreams;
    make_hops(m);
    make_own(m);
    make_interfaces(m);
    make_dns64(m);
    u->ipv4 = m->conf->upstream.ipv4;
    u->ipv6 = m->conf->upstream.ipv6;
    u->case_randomisation = m->conf->upstream.case_randomisation;
    u->cookies = m->conf->upstream.cookies;
    if (wr_proofs_start(&m->gate->proofs, m->conf, m->world->authorities, m->world->dane) !=
        WR_OK) {
        m->err = WR_E_NOMEM;
        return;
    }
    u->trust = m->world->authorities;
    u->encrypted_only = m->conf->upstream.encryption == WR_ENCRYPTION_REQUIRED;
    wr_bounds_copy(m->conf, &m->gate->settings);
    plan_listeners(m);
    compile_allow(m);
    compile_news(m);
    copy_lower_case(m);
    wr_gate_groups(m);
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
        wr_gate_note(m, err ? WR_LOG_ERROR : WR_LOG_WARN, "dnssec.anchors[%zu]: %s", mistake.index,
                     mistake.text);
    }
    wr_proofs_time(&m->gate->proofs, prove->system_clock, prove->floor_s);
    wr_gate_routes(m);
    compile_ttl_rules(m);
    make_policy(m);
    wr_gate_make_rpz(m);
    wr_slots_assign(&m->slots, u, m->gate->settings.serial);
}

int wr_gate_make(const struct wr_conf *conf, const struct wr_gate_world *world,
                 struct wr_gate_slots *slots, uint64_t serial, struct wr_gate_notes *notes,
                 struct wr_gate **ret_gate)
{
    struct wr_gate_making m = {.conf = conf, .world = world, .slots = *slots, .notes = notes};
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
        free(gate->hops);
        free(gate->own);
        free(gate->interfaces);
        free(gate->news);
        free(gate->lower_case);
        wr_proofs_free(&gate->proofs);
        wr_recursion_free(&gate->recursion);
        wr_validation_free(&gate->validation);
        wr_policybuild_free(&gate->policy);
        free(gate->mud);
        wr_gate_rpz_free(gate->rpz);
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
