/* SPDX-License-Identifier: Apache-2.0 */
/* One fault every few hundred milliseconds, drawn from a list (weather.h). */
#include "weather.h"

#include "world.h"

/* A zone with servers of its own: the last ones of the list. */
static void route_zone(struct world *w)
{
    struct wr_upstreams *u = &w->gate.settings.upstreams;
    unsigned zone = wr_rng_below(&w->rng, ORACLE_ZONES);
    struct wr_name *name = &w->gate.route.zone;
    name->size = (uint8_t)wire_name_size(w->oracle.zone[zone]);
    wire_name_copy(name->wire, w->oracle.zone[zone]);
    w->gate.route.group = 1;
    u->groups = 2;
    u->group[1] = u->group[0];
    u->group[1].servers = 0;
    for (unsigned i = u->group[0].servers / 2; i < w->plan.servers; i++) {
        u->group[1].server[u->group[1].servers++] = (uint8_t)i;
        w->server[i].routed = true;
        w->server[i].no_tcp = false; /* each group has somebody who can send a large answer */
    }
    u->group[0].servers = (uint8_t)(w->plan.servers - u->group[1].servers);
    u->route = &w->gate.route;
    u->routes = 1;
    w->routed_zone = (int)zone;
}

static void rule_zone(struct world *w)
{
    unsigned zone = wr_rng_below(&w->rng, ORACLE_ZONES);
    struct wr_ttl_rule *r = &w->gate.rule;
    *r = (struct wr_ttl_rule){
        .below = true, .min_s = 5, .max_s = 40, .stale_s = w->gate.settings.ttl.stale_max_age_s};
    r->name.size = (uint8_t)wire_name_size(w->oracle.zone[zone]);
    wire_name_copy(r->name.wire, w->oracle.zone[zone]);
    w->gate.settings.ttl.rule = r;
    w->gate.settings.ttl.rules = 1;
    w->oracle.rule_zone = (int)zone;
    w->oracle.rule_min_s = r->min_s;
    w->oracle.rule_max_s = r->max_s;
}

static void draw_layout(struct world *w)
{
    struct wr_rng *rng = &w->rng;
    if (w->plan.servers >= 2 && !w->plan.tree && !w->plan.sealed && wr_rng_below(rng, 3) == 0) {
        route_zone(w);
    }
    if (wr_rng_below(rng, 3) == 0) {
        rule_zone(w);
    }
    for (unsigned i = 0; i < w->plan.servers; i++) {
        if (w->server[i].scheme == WR_SCHEME_UDP && !w->server[i].no_tcp &&
            wr_rng_below(rng, 6) == 0) {
            w->gate.settings.upstreams.upstream[i].scheme = WR_SCHEME_TCP;
        }
    }
}

void weather_settings(struct world *w)
{
    struct wr_settings *s = &w->gate.settings;
    struct wr_rng *rng = &w->rng;
    if (w->plan.faults) {
        s->upstreams.case_randomisation = wr_rng_below(rng, 5) != 0;
        s->upstreams.cookies = wr_rng_below(rng, 5) != 0;
        s->ttl.prefetch = wr_rng_below(rng, 3) != 0;
        s->ttl.stale = wr_rng_below(rng, 4) != 0;
        s->ttl.max_s = (uint32_t[]){86400, 3600, 20}[wr_rng_below(rng, 3)];
        s->ttl.min_s = (uint32_t[]){0, 0, 2}[wr_rng_below(rng, 3)];
        s->ttl.stale_max_age_s = (uint32_t[]){86400, 20}[wr_rng_below(rng, 2)];
        s->rrl_rate = (uint32_t[]){0, 20}[wr_rng_below(rng, 2)];
        s->client_inflight = (uint32_t[]){256, 24}[wr_rng_below(rng, 2)];
        w->gate.requests = (uint32_t[]){512, 48}[wr_rng_below(rng, 2)];
        w->gate.waiters = (uint32_t[]){2048, 128}[wr_rng_below(rng, 2)];
        w->gate.cache_size = (size_t[]){1024 * 1024, 256 * 1024}[wr_rng_below(rng, 2)];
    }
    if (w->secure.on) {
        s->prove.aggressive = wr_rng_below(rng, 3) != 0;
        s->prove.nxdomain_cut = (uint8_t)wr_rng_below(rng, 3);
    }
    if (w->plan.faults) {
        draw_layout(w);
        for (unsigned i = 0; i < w->plan.servers; i++) {
            server_mix(w, &w->server[i]);
        }
    }
    w->oracle.proof_s = w->secure.on ? s->query_timeout_ms / 1000 : 0;
    w->oracle.max_ttl_s = s->ttl.max_s;
    w->oracle.min_ttl_s = s->ttl.min_s;
    w->oracle.max_negative_s = s->ttl.max_negative_s;
    w->oracle.stale_max_age_s = s->ttl.stale_max_age_s;
}

static void step_wall(struct world *w)
{
    int64_t wall_s = w->clock.now.wall_s;
    switch (wr_rng_below(&w->rng, 4)) {
    case 0: wall_s = 0; break;
    case 1: wall_s += 86400 * 400; break;
    case 2: wall_s -= 3600; break;
    default: wall_s = 1790000000; break;
    }
    bool proven = wr_rng_below(&w->rng, 2);
    if ((w->secure.on || w->sealed.on) &&
        proven) { /* who proves the time does not lie, but may be a bit off */
        wall_s = w->date_s + (int64_t)wr_rng_below(&w->rng, 3600) - 1800;
    }
    world_set_wall(w, wall_s, proven);
}

static void cut(struct world *w, struct server *s)
{
    s->link.state = wr_rng_below(&w->rng, 2) ? LINK_SILENT : LINK_UNREACHABLE;
    world_say(w, "server %u is cut (%s)", (unsigned)(s - w->server),
              s->link.state == LINK_SILENT ? "silent" : "unreachable");
}

static void fault(struct world *w)
{
    struct server *s = &w->server[wr_rng_below(&w->rng, w->plan.servers)];
    switch (wr_rng_below(&w->rng, w->sealed.on ? 24 : 19)) {
    case 0:
    case 1:
    case 2: server_mix(w, s); break;
    case 3:
    case 4: cut(w, s); break;
    case 5:
    case 6:
    case 7: s->link.state = LINK_UP; break;
    case 8:
        for (unsigned i = 0; i < w->plan.servers; i++) {
            cut(w, &w->server[i]);
        }
        break;
    case 9:
        for (unsigned i = 0; i < w->plan.servers; i++) {
            server_calm(&w->server[i]);
        }
        world_link_event(w);
        break;
    case 10:
        w->client_link.loss_pm = wr_rng_below(&w->rng, 200);
        w->client_link.double_pm = wr_rng_below(&w->rng, 100);
        w->client_link.late_pm = wr_rng_below(&w->rng, 50);
        break;
    case 11: step_wall(w); break;
    case 12:
        s->link.base_us = 2000 + wr_rng_below(&w->rng, wr_rng_below(&w->rng, 4) ? 60000 : 900000);
        break;
    case 13:
        w->gate.settings.upstreams.group[wr_rng_below(&w->rng, 2)].strategy =
            (uint8_t)wr_rng_below(&w->rng, 4);
        gate_adopt(&w->gate, &w->clock.now);
        world_say(w, "new settings");
        break;
    case 14:
        if (w->plan.restarts) {
            world_restart(w);
        }
        break;
    case 15:
        if (w->gate.cache) {
            wr_cache_flush(w->gate.cache,
                           w->oracle.name[wr_rng_below(&w->rng, w->oracle.names)].wire);
        }
        break;
    case 16:
    case 17:
        w->no_ports = !w->no_ports;
        world_say(w, w->no_ports ? "no descriptors left" : "descriptors again");
        break;
    case 18: fence_fault(w); break;
    case 19: sealed_portal(w, true); break;
    case 20:
    case 21: sealed_portal(w, false); break;
    case 22:
    case 23: sealed_restart(w, (unsigned)(s - w->server)); break;
    default: world_link_event(w); break;
    }
}

/* A connection over which octets or answers were lost is reset by its server when the way is open again. */
static void reset_stalled(struct world *w)
{
    for (unsigned i = 0; i < NET_STREAMS_MAX; i++) {
        struct net_stream *st = &w->streams.list[i];
        if (st->used && (st->stalled || st->owes || !st->up)) {
            struct sim_event e = {.kind = EV_STREAM_DOWN, .tag = net_stream_tag(&w->streams, st)};
            clock_post(&w->clock, 1000, &e, NULL, 0);
        }
    }
}

void weather_calm(struct world *w)
{
    world_say(w, "the faults are over");
    w->calm = true;
    w->no_ports = false;
    w->calm_us = w->clock.now.mono_us;
    w->client_link = (struct net_link){.base_us = 200, .jitter_us = 500};
    reset_stalled(w);
    if (w->secure.on || w->sealed.on) {
        world_set_wall(w, w->date_s, true);
    }
    for (unsigned i = 0; i < w->plan.servers; i++) {
        server_calm(&w->server[i]);
        w->server[i].link.base_us = 2000 + wr_rng_below(&w->rng, 40000);
        if (w->plan.plant == PLANT_DEAD) {
            w->server[i].link.state = LINK_SILENT;
        }
    }
}

void weather_event(struct world *w, const struct sim_event *e)
{
    struct sim_event again = {.kind = e->kind};
    switch (e->kind) {
    case EV_FAULT:
        if (!w->calm) {
            fault(w);
            clock_post(&w->clock, 100 * WR_MS + wr_rng_below(&w->rng, 3000000), &again, NULL, 0);
        }
        break;
    case EV_ATTACK:
        if (!w->calm && w->plan.attack) {
            server_attack(w);
            clock_post(&w->clock, wr_rng_below(&w->rng, 40000), &again, NULL, 0);
        }
        break;
    case EV_CALM: weather_calm(w); break;
    case EV_QUIET:
        w->quiet = true;
        world_say(w, "the clients are silent");
        break;
    default: break;
    }
}
