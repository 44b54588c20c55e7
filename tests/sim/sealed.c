/* SPDX-License-Identifier: Apache-2.0 */
/* The servers and the settings, what the box asks for itself, who looks at the wire, and one connection (sealed.h has the story). */
#include "sealed.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "line.h"
#include "quicserver.h"
#include "world.h"

#define FLOOR_BEFORE_S (100 * INT64_C(86400))
#define HOUSE_CLIENT   "10.0.99.1"

/* Zones that lead to where nobody may be asked. */
static const char *const forbidden[2] = {"corp.sim", "void.sim"};
static const char upstreams_zone[] = "sealed.net";

/* ---- the servers ---- */

/* "tls://192.0.2.1:853#name=dns0.sealed.net", "odoh://target0.hidden.net/dns-query#proxy=dns0.sealed.net/proxy&addr=192.0.2.1" */
static void write_place(struct world *w, unsigned i, struct wr_str *text)
{
    const struct server *s = &w->server[i];
    struct wr_addr bare = s->addr;
    char addr[WR_ADDR_TEXT_SIZE];
    bool proxy = s->scheme == WR_SCHEME_ODOH;
    bare.port = proxy ? 0 : bare.port;
    wr_addr_to_text(&bare, addr, sizeof addr);
    wr_str_text(text, wr_uri_scheme_name(s->scheme));
    wr_str_text(text, "://");
    wr_str_text(text, proxy ? carried_init(w, i) : addr);
    wr_str_text(text, proxy || s->scheme == WR_SCHEME_HTTPS ? CARRIED_PATH : "");
    wr_str_text(text, proxy ? "#proxy=dns" : "#name=dns");
    wr_str_u64(text, i);
    wr_str_text(text, ".");
    wr_str_text(text, upstreams_zone);
    if (proxy) {
        bool brackets = bare.family == WR_AF_V6;
        wr_str_text(text, brackets ? "/proxy&addr=[" : "/proxy&addr=");
        wr_str_text(text, addr);
        wr_str_text(text, brackets ? "]" : "");
    }
}

static void write_url(struct world *w, unsigned i, char *ret_text, size_t cap)
{
    uint8_t pin[WR_CREDS_PIN_SIZE];
    struct wr_str text;
    wr_str_init(&text, ret_text, cap);
    write_place(w, i, &text);
    unsigned proof = wr_rng_below(&w->rng, 3);
    if (proof) {
        int err = wr_creds_pin(w->sealed.veil.cert[VEIL_GOOD].der,
                               w->sealed.veil.cert[VEIL_GOOD].size, pin);
        assert(err == WR_OK);
        wr_str_text(&text, "&pin=sha256/");
        wr_enc_base64(&text, pin, sizeof pin);
        wr_str_text(&text, proof == 2 ? "&pkix&all" : "");
    }
}

static void make_server(struct world *w, unsigned i)
{
    static const uint8_t schemes[] = {WR_SCHEME_QUIC,  WR_SCHEME_QUIC, WR_SCHEME_TLS, WR_SCHEME_TLS,
                                      WR_SCHEME_HTTPS, WR_SCHEME_ODOH, WR_SCHEME_ODOH};
    struct sealed *z = &w->sealed;
    struct server *s = &w->server[i];
    struct wr_uri_error why;
    char url[WR_URI_TEXT_SIZE];
    s->scheme = schemes[wr_rng_below(&w->rng, sizeof schemes)];
    s->scheme = w->plan.scheme ? w->plan.scheme : s->scheme;
    if (s->scheme == WR_SCHEME_QUIC && !quicserver_init(w, i)) {
        s->scheme = WR_SCHEME_TLS;
    }
    s->addr.port = wr_uri_scheme_port(s->scheme);
    s->no_tcp = false;
    write_url(w, i, url, sizeof url);
    int err = wr_uri_from_text(url, strlen(url), &z->uri[i], &why);
    assert(err == WR_OK);
    z->whom[i] = wr_whom_of(&z->uri[i], z->trust);
    z->whom[i].floor_s = w->clock.now.wall_s - FLOOR_BEFORE_S;
    if (w->plan.plant == PLANT_CREDULOUS) {
        z->whom[i].proof = WR_URI_OPPORTUNISTIC;
    }
    world_say(w, "server %u is %s", i, url);
}

void sealed_init(struct world *w)
{
    struct sealed *z = &w->sealed;
    z->on = true;
    z->required = w->plan.required;
    int err = veil_init(&z->veil, w->plan.seed);
    assert(!err);
    z->veil.naked = w->plan.plant == PLANT_READABLE;
    z->trust = veil_authority(&z->veil);
    for (unsigned i = 0; i < w->plan.servers; i++) {
        if (z->required || i == 0 || wr_rng_below(&w->rng, 2)) {
            make_server(w, i);
        }
    }
}

void sealed_free(struct world *w)
{
    wr_creds_drop(w->sealed.trust);
    carried_free(w);
    quicserver_free(w);
}

/* ---- the settings ---- */

static void lead(struct world *w, unsigned i, const char *zone, unsigned group)
{
    struct wr_route *r = &w->sealed.route[i];
    int err = wr_name_from_text(zone, strlen(zone), &r->zone);
    assert(err == WR_OK);
    r->group = (uint8_t)group;
}

/* What no configuration of weir's says: each of it would be a question in plain text. */
static void tempt(struct world *w)
{
    struct wr_upstreams *u = &w->gate.settings.upstreams;
    struct wr_addr nobody;
    wr_addr_from_text("203.0.113.53", &nobody);
    nobody.port = 53;
    gate_upstream(&w->gate, 0, &nobody, WR_SCHEME_UDP);
    gate_upstream(&w->gate, 0, &nobody, WR_SCHEME_TCP);
    u->group[0].recurse_after = true;
    u->group[1] = u->group[0];
    u->group[1].servers = 1; /* finds the upstreams' addresses: the first of them */
    u->group[2] = u->group[0];
    u->group[2].authoritative = true;
    u->group[2].recurse_after = false;
    u->group[2].server[0] = u->group[0].server[u->group[0].servers - 1];
    u->group[2].server[1] = u->group[0].server[u->group[0].servers - 2];
    u->group[2].servers = 2;
    u->groups = 3;
    w->gate.hints.count = 0;
    gate_hint(&w->gate, &nobody);
    u->default_group = 0;
    bool root = wr_rng_below(&w->rng, 3) == 0;
    u->bootstrap = root ? WR_GROUP_RECURSE : 2;
    lead(w, 0, upstreams_zone, root ? WR_GROUP_RECURSE : 1);
    lead(w, 1, forbidden[0], 2);
    lead(w, 2, forbidden[1], WR_GROUP_RECURSE);
    u->route = w->sealed.route;
    u->routes = 3;
    wr_upstream_link_routes(w->sealed.route, 3);
}

/* A plant. */
static void forget_encrypted(struct wr_upstreams *u)
{
    struct wr_group *g = &u->group[0];
    uint8_t kept = 0;
    for (unsigned i = 0; i < g->servers; i++) {
        if (!wr_upstream_is_encrypted(u->upstream[g->server[i]].scheme)) {
            g->server[kept++] = g->server[i];
        }
    }
    g->servers = kept ? kept : g->servers;
}

/* Plants: a proxy is taken for a resolver; its target is asked without it. */
static void spoil_proxies(struct world *w)
{
    for (unsigned i = 0; i < w->plan.servers; i++) {
        struct wr_upstream *u = &w->gate.settings.upstreams.upstream[i];
        if (w->server[i].scheme == WR_SCHEME_ODOH && w->plan.plant == PLANT_UNCOVERED) {
            u->scheme = WR_SCHEME_HTTPS;
        } else if (w->server[i].scheme == WR_SCHEME_ODOH && w->plan.plant == PLANT_DIRECT) {
            u->addr = *carried_addr(w, i);
        }
    }
}

void sealed_settings(struct world *w)
{
    struct wr_upstreams *u = &w->gate.settings.upstreams;
    w->gate.standin = &w->sealed.veil.calls;
    u->trust = w->sealed.trust;
    u->encrypted_only = w->sealed.required && w->plan.plant != PLANT_PLAIN;
    for (unsigned i = 0; i < w->plan.servers; i++) {
        if (w->server[i].scheme != WR_SCHEME_UDP) {
            u->upstream[i].uri = &w->sealed.uri[i];
            u->upstream[i].whom = &w->sealed.whom[i];
        }
    }
    spoil_proxies(w);
    if (w->sealed.required) {
        tempt(w);
    } else if (w->plan.plant == PLANT_EAGER) {
        forget_encrypted(u);
    }
}

/* ---- the weather ---- */

void sealed_mix(struct world *w, struct server *s)
{
    memset(s->seal_pm, 0, sizeof s->seal_pm);
    for (unsigned n = wr_rng_below(&w->rng, 4); n; n--) {
        unsigned way = 1 + wr_rng_below(&w->rng, SEAL_WAYS - 1);
        s->seal_pm[way] = 20 + wr_rng_below(&w->rng, wr_rng_below(&w->rng, 4) ? 200 : 900);
    }
    if (s->scheme == WR_SCHEME_ODOH) {
        carried_mix(w, s);
    }
}

void sealed_portal(struct world *w, bool comes)
{
    unsigned way = wr_rng_below(&w->rng, 2) ? SEAL_CLEAR : SEAL_PORTAL;
    world_say(w, comes ? "a portal stands in the way" : "the portal is left");
    w->sealed.portal = comes;
    for (unsigned i = 0; i < w->plan.servers; i++) {
        memset(w->server[i].seal_pm, 0, sizeof w->server[i].seal_pm);
        w->server[i].seal_pm[way] = comes ? 1000 : 0;
    }
    world_link_event(w);
}

static enum seal_way draw_way(struct world *w, const struct server *s)
{
    unsigned at = wr_rng_below(&w->rng, 1000);
    for (unsigned i = 1; i < SEAL_WAYS; i++) {
        if (at < s->seal_pm[i]) {
            return (enum seal_way)i;
        }
        at -= s->seal_pm[i];
    }
    return SEAL_GOOD;
}

void sealed_restart(struct world *w, unsigned server)
{
    world_say(w, "server %u starts anew", server);
    quicserver_restart(w, server, wr_rng_below(&w->rng, 3) != 0);
    for (unsigned i = 0; i < NET_STREAMS_MAX; i++) {
        struct net_stream *st = &w->streams.list[i];
        if (st->used && !st->datagrams && st->server == server) {
            server_end_stream(w, st, 1 + wr_rng_below(&w->rng, 2000));
        }
    }
}

/* ---- what the box asks for itself ---- */

void sealed_house(struct world *w)
{
    static const struct {
        const char *name;
        uint16_t type;
    } wants[] = {{"0.pool.ntp.example", TYPE_A},
                 {"time.cloud.test", TYPE_AAAA},
                 {"dns0.sealed.net", TYPE_A},
                 {"dns1.sealed.net", TYPE_AAAA},
                 {"_853._tcp.dns0.sealed.net", 52},
                 {"_443._tcp.dns1.sealed.net", 52},
                 {"sealed.net", 48},
                 {"cam.example", 48},
                 {"dns0.sealed.net", TYPE_DS},
                 {".", 48},
                 {"_dns.dns0.sealed.net", 64},
                 {"_dns.resolver.arpa", 64},
                 {"ipv4only.arpa", TYPE_AAAA},
                 {"host.corp.sim", TYPE_A},
                 {"host.void.sim", TYPE_A},
                 {"void.sim", TYPE_DS},
                 {"er.1.example.7._er.void.sim", TYPE_TXT}};
    struct sim_event again = {.kind = EV_HOUSE}, e = {.kind = EV_QUERY};
    uint8_t name[WIRE_NAME_SIZE];
    if (w->quiet) {
        return;
    }
    clock_post(&w->clock, 200 * WR_MS + wr_rng_below(&w->rng, 1000000), &again, NULL, 0);
    unsigned i = wr_rng_below(&w->rng, sizeof wants / sizeof wants[0]);
    wire_name_from_text(wants[i].name, name);
    wire_start(w->out, wr_rng_u16(&w->rng), FLAG_RD);
    wire_question(w->out, name, wants[i].type, 1);
    wire_end(w->out);
    wr_addr_from_text(HOUSE_CLIENT, &e.client.from);
    e.client.from.port = (uint16_t)(1024 + w->sealed.asked++ % 60000);
    wr_addr_from_text("10.0.0.1:53", &e.client.local);
    e.who = world_worker_of(w, &e.client.from);
    clock_post(&w->clock, 1, &e, w->out->bytes, w->out->size);
}

/* ---- who looks at the wire ---- */

/* As labels, and, but for the servers' own, which a handshake may show, as text. */
const char *sealed_zone_in(const struct world *w, const uint8_t *bytes, size_t size)
{
    static char text[WIRE_NAME_SIZE];
    for (unsigned z = 0; z < ORACLE_ZONES + 3; z++) {
        uint8_t wire[WIRE_NAME_SIZE];
        bool own = z == ORACLE_ZONES + 2;
        if (z < ORACLE_ZONES) {
            wire_name_copy(wire, w->oracle.zone[z]);
        } else {
            wire_name_from_text(own ? upstreams_zone : forbidden[z - ORACLE_ZONES], wire);
        }
        if (wire_name_in(bytes, size, wire, !own)) {
            wire_name_text(wire, text, sizeof text);
            return text;
        }
    }
    return NULL;
}

static bool is_sealed(const struct world *w, unsigned server)
{
    return server < w->plan.servers && w->server[server].scheme != WR_SCHEME_UDP;
}

/* Long enough after the faults: no encrypted server is suspect any more. */
static bool is_well(const struct world *w)
{
    return w->calm && w->clock.now.mono_us > w->calm_us + 4 * WR_S;
}

void sealed_sees_datagram(struct world *w, unsigned server, const uint8_t *bytes, size_t size)
{
    if (w->sealed.required) {
        checks_fail(w, 5, "a datagram leaves, and encryption is required");
    } else if (w->sealed.on && is_well(w) && wire_read(w->query, bytes, size) == 0 &&
               w->query->qname
                   [0]) { /* a server that was suspect is asked for the root's servers, to see */
        checks_fail(w, 5, "plain server %u is asked while encrypted ones answer", server);
    }
}

void sealed_sees_open(struct world *w, unsigned server, const struct wr_addr *to)
{
    if (carried_is_target(w, to)) {
        checks_fail(w, 5, "a connection to an oblivious target itself");
    } else if (w->sealed.required && !is_sealed(w, server)) {
        checks_fail(w, 5, "a connection to a plain server, and encryption is required");
    }
}

void sealed_sees_octets(struct world *w, unsigned server, const uint8_t *bytes, size_t size)
{
    if (!w->sealed.on || (!w->sealed.required && !is_sealed(w, server))) {
        return;
    }
    w->sealed.looked += size;
    const char *zone = sealed_zone_in(w, bytes, size);
    if (zone) {
        checks_fail(w, 5, "%s can be read in what goes to server %u", zone, server);
    }
    if (wire_read(w->query, bytes, size) == 0 && w->query->counts[0] == 1) {
        checks_fail(w, 5, "a message in plain text goes to server %u as a datagram", server);
    }
    for (size_t n = size >= 2 ? wire_u16(bytes) : 0; n >= 12 && n <= size - 2; n = 0) {
        if (wire_read(w->query, bytes + 2, n) == 0) {
            checks_fail(w, 5, "a message in plain text goes to server %u", server);
        }
    }
}

/* ---- one connection ---- */

struct seal {
    struct line *line;
    enum seal_way way;
    bool stranger; /* whoever is here is not who is meant */
};

static void end_seal(void *user)
{
    struct seal *l = user;
    line_free(l->line);
    free(l);
}

void sealed_up(struct world *w, struct net_stream *st)
{
    static const enum veil_who shows[SEAL_WAYS] = {[SEAL_EXPIRED] = VEIL_EXPIRED,
                                                   [SEAL_ELSEWHERE] = VEIL_ELSEWHERE,
                                                   [SEAL_PORTAL] = VEIL_PORTAL,
                                                   [SEAL_THIEF] = VEIL_THIEF};
    struct server *s = &w->server[st->server];
    if (s->scheme == WR_SCHEME_UDP) {
        return;
    }
    enum seal_way way = draw_way(w, s);
    enum veil_who who = shows[way];
    if (st->datagrams) {
        quicserver_up(w, st, way, who);
        return;
    }
    struct seal *l = calloc(1, sizeof *l);
    assert(l);
    st->line = l;
    st->line_end = end_seal;
    l->way = way;
    l->stranger = who != VEIL_GOOD;
    /* Of HTTP/2 and HTTP/1.1 each server has one. */
    l->line = line_new(&w->sealed.veil, who, (unsigned)(s->secret & 1), s->secret + who);
    if (s->scheme == WR_SCHEME_ODOH) {
        line_is_proxy(l->line);
    }
    st->stalled = l->way == SEAL_MUTE;
    if (l->way == SEAL_LATE) {
        st->arrives_us = w->clock.now.mono_us + wr_rng_below(&w->rng, 3000000);
    }
}

bool sealed_is_stranger(const struct net_stream *st)
{
    if (st->datagrams) {
        return quicserver_is_stranger(st);
    }
    const struct seal *l = st->line;
    return l->stranger;
}

bool sealed_is_numbered(const struct net_stream *st)
{
    const struct seal *l = st->line;
    return !st->datagrams && !line_is_web(l->line);
}

/* Somebody on the way changes an octet, now and then. */
static bool change(struct world *w, const struct seal *l, struct wr_writer *out)
{
    if (l->way != SEAL_CHANGED || out->pos == 0 || wr_rng_below(&w->rng, 6)) {
        return false;
    }
    out->base[wr_rng_below(&w->rng, (uint32_t)out->pos)] ^=
        (uint8_t)(1 + wr_rng_below(&w->rng, 255));
    return true;
}

/* Whoever speaks no TLS: a page in plain text, an alert, or nothing but the end. False: it does. */
static bool speak_otherwise(struct world *w, struct net_stream *st)
{
    static const char page[] = "HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n";
    struct seal *l = st->line;
    uint8_t room[64];
    struct wr_writer out;
    wr_buf_write_init(&out, room, sizeof room);
    switch (l->way) {
    case SEAL_CLEAR: wr_buf_put_bytes(&out, page, sizeof page - 1); break;
    case SEAL_REFUSED: line_refuse(l->line, &out); break;
    case SEAL_RESET: break;
    default: return false;
    }
    server_send(w, st, room, out.pos, 0, false);
    server_end_stream(w, st, 1 + wr_rng_below(&w->rng, 2000) + 100 * WR_MS);
    return true;
}

void sealed_hears(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size)
{
    static uint8_t room[LINE_OUT];
    struct seal *l = st->line;
    struct wr_writer out;
    if (speak_otherwise(w, st)) {
        st->stalled = true;
        return;
    }
    wr_buf_write_init(&out, room, sizeof room);
    int over = line_feed(l->line, bytes, size, w->clock.now.mono_us, &out);
    change(w, l, &out);
    server_send(w, st, room, out.pos, 0, false);
    if (w->server[st->server].scheme == WR_SCHEME_ODOH) {
        const uint8_t *plain = line_plain(l->line, &size);
        carried_sees(w, st->server, plain, size);
    }
    if (over) {
        st->stalled = true;
        server_end_stream(w, st, 1000);
    }
}

bool sealed_next(struct world *w, struct net_stream *st, const uint8_t **ret_msg, size_t *ret_size)
{
    struct seal *l = st->line;
    if (w->server[st->server].scheme == WR_SCHEME_ODOH) {
        carried_take(w, st, l->line, l->stranger);
        return false;
    }
    bool any = line_next(l->line, ret_msg, ret_size);
    w->sealed.web += any && line_is_web(l->line);
    return any;
}

size_t sealed_wrap(struct world *w, struct net_stream *st, const uint8_t **ret_wire,
                   uint32_t *statement)
{
    static uint8_t room[LINE_OUT];
    struct seal *l = st->line;
    struct wr_writer out;
    wr_buf_write_init(&out, room, sizeof room);
    line_answer(l->line, w->out->bytes, w->out->size, &out);
    if (change(w, l, &out)) {
        *statement = 0;
    }
    *ret_wire = room;
    return out.pos;
}

void sealed_reply(struct world *w, struct net_stream *st, uint64_t http,
                  const struct wr_http_reply *reply, uint32_t statement, bool cut, bool dribble)
{
    static uint8_t room[LINE_OUT];
    struct seal *l = st->line;
    struct wr_writer out;
    wr_buf_write_init(&out, room, sizeof room);
    line_reply(l->line, http, reply, &out);
    if (change(w, l, &out)) {
        statement = 0;
    }
    if (out.pos == 0) {
        return; /* nobody waits for it any more */
    }
    if (cut) {
        server_send_cut(w, st, room, out.pos);
        return;
    }
    server_send(w, st, room, out.pos, statement, dribble);
    /* Behind it on the connection, over HTTP/1.1, the next request may have waited. */
    carried_take(w, st, l->line, l->stranger);
}
