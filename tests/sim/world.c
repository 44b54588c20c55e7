/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing the world, the main loop, and one function per event (world.h has the story). */
#include "world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "quicserver.h"
#include "tree.h"
#include "weather.h"

#define SPINS_MAX   64
#define TURNS_MAX   20000 /* of proofs at one moment: each engine checks one signature a wake-up */
#define QUIET_US    (40 * WR_S)
#define SWEEP_US    (500 * WR_MS)
#define WALL_S      1790000000 /* the date as a world begins */
#define DAY_S       86400
#define LATENESS_US 1500 /* an engine is woken a bit late, as by a real loop */

void world_say(const struct world *w, const char *format, ...)
{
    if (!w->plan.verbose) {
        return;
    }
    va_list args;
    va_start(args, format);
    printf("%12.6f  ", (double)w->clock.now.mono_us / 1e6);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

unsigned world_worker_of(const struct world *w, const struct wr_addr *from)
{
    return (unsigned)(wr_hash_mix((uint64_t)from->ip[2] << 32 ^ (uint64_t)from->ip[6] << 16 ^
                                  from->port) %
                      w->gate.workers);
}

/* ---- the engine's actions ---- */

static unsigned server_at(const struct world *w, const struct wr_addr *addr)
{
    for (unsigned i = 0; i < w->plan.servers; i++) {
        if (wr_addr_equal(&w->server[i].addr, addr)) {
            return i;
        }
    }
    return SERVERS_MAX;
}

static void act_reply(struct world *w, const struct wr_action *a)
{
    struct sim_event e = {.kind = EV_CLIENT_HEARS, .client = a->client};
    uint64_t delay[2];
    checks_trace(w, "reply", a->client.from.port, a->client.conn, a->bytes, a->size);
    world_say(w, "reply %zu octets to port %u conn %llu", a->size, a->client.from.port,
              (unsigned long long)a->client.conn);
    if (!checks_plant(w, PLANT_LOST)) {
        checks_reply(w, &a->client, a->bytes, a->size);
        if (checks_plant(w, PLANT_TWICE)) {
            checks_reply(w, &a->client, a->bytes, a->size);
        }
    }
    if (a->client.transport == WR_CLIENT_TCP) {
        clock_post(&w->clock, net_delay(&w->client_link, &w->rng), &e, a->bytes, a->size);
        return;
    }
    for (unsigned n = net_copies(&w->client_link, &w->rng, delay); n--;) {
        clock_post(&w->clock, delay[n], &e, a->bytes, a->size);
    }
}

static void act_handover(struct world *w, unsigned worker, const struct wr_action *a)
{
    struct sim_event e = {.kind = EV_HANDOVER, .client = a->client, .who = a->worker};
    if (a->worker >= w->gate.workers) {
        checks_fail(w, 1, "handed over to worker %u of %u", a->worker, w->gate.workers);
        return;
    }
    w->checks.handovers++;
    e.client.handed = true;
    if (wr_rng_below(&w->rng, 50) == 0) {
        e.who = worker; /* the other's ring is full */
    }
    clock_post(&w->clock, 1 + wr_rng_below(&w->rng, 300), &e, a->bytes, a->size);
}

static void act_datagram(struct world *w, unsigned worker, const struct wr_action *a)
{
    unsigned server = server_at(w, &a->to);
    struct sim_event e = {.kind = EV_SERVER_HEARS, .who = server, .id = a->id};
    uint64_t delay[2];
    checks_trace(w, "datagram", worker, a->id, a->bytes, a->size);
    sealed_sees_datagram(w, server, a->bytes, a->size);
    checks_sent(w, server, a->bytes, a->size);
    if (w->no_ports && !net_port_is_open(w->ports, worker, a->id)) {
        e = (struct sim_event){
            .kind = EV_UNREACHABLE, .who = worker, .id = a->id, .tag = WR_LOST_OWN};
        clock_post(&w->clock, 0, &e, NULL, 0);
        return;
    }
    struct net_port *port = net_port_of(w->ports, worker, a->id, &w->rng);
    if (server == SERVERS_MAX || !port) {
        checks_fail(w, server == SERVERS_MAX ? 2 : 4,
                    server == SERVERS_MAX ? "a datagram to nobody" : "no port left");
        return;
    }
    world_say(w, "worker %u asks server %u, exchange %llx, port %u", worker, server,
              (unsigned long long)a->id, port->port);
    port->server = server;
    port->query_size = (uint16_t)(a->size < sizeof port->query ? a->size : sizeof port->query);
    memcpy(port->query, a->bytes, port->query_size);
    e.from.port = port->port;
    if (w->server[server].link.state == LINK_UNREACHABLE) {
        e.kind = EV_UNREACHABLE;
        e.who = worker;
        e.tag = server & 1 ? WR_LOST_BROKEN : WR_LOST_TOLD; /* no route, or ICMP */
        clock_post(&w->clock, 200, &e, NULL, 0);
        return;
    }
    for (unsigned n = net_copies(&w->server[server].link, &w->rng, delay); n--;) {
        clock_post(&w->clock, delay[n], &e, a->bytes, a->size);
    }
}

static void act_stream_open(struct world *w, unsigned worker, const struct wr_action *a)
{
    unsigned server = server_at(w, &a->to);
    if (w->no_ports) {
        struct sim_event none = {.kind = EV_STREAM_DOWN, .id = a->id, .who = worker};
        clock_post(&w->clock, 0, &none, NULL, 0);
        return;
    }
    struct net_stream *st =
        server < SERVERS_MAX ? net_stream_new(&w->streams, worker, a->id, server) : NULL;
    checks_trace(w, "open", worker, a->id, NULL, 0);
    sealed_sees_open(w, server, &a->to);
    world_say(w, "worker %u connects to server %u, stream %llx", worker, server,
              (unsigned long long)a->id);
    if (!st) {
        checks_fail(w, 4, "a stream to nobody, or more than %u", NET_STREAMS_MAX);
        return;
    }
    struct sim_event e = {
        .kind = EV_STREAM_UP, .tag = net_stream_tag(&w->streams, st), .id = a->id, .who = worker};
    const struct server *s = &w->server[server];
    st->datagrams = a->datagrams;
    if (a->datagrams) { /* a socket is there at once, whoever is at the other end */
        clock_post(&w->clock, 1, &e, NULL, 0);
        return;
    }
    if (s->link.state == LINK_UNREACHABLE || (s->no_tcp && s->link.state == LINK_UP)) {
        e.kind = EV_STREAM_DOWN;
        clock_post(&w->clock, s->link.state == LINK_UP ? 2ull * s->link.base_us : 200, &e, NULL, 0);
    } else if (s->link.state == LINK_UP) {
        uint64_t delay = 2 * net_delay(&s->link, &w->rng);
        /* A lost SYN comes again after a second. */
        delay += wr_rng_below(&w->rng, 1000) < s->link.loss_pm ? WR_S : 0;
        clock_post(&w->clock, delay, &e, NULL, 0);
    }
}

static void act_stream_write(struct world *w, unsigned worker, const struct wr_action *a)
{
    struct net_stream *st = net_stream_by_id(&w->streams, worker, a->id);
    checks_trace(w, "write", worker, a->id, a->bytes, a->size);
    if (!st) {
        return; /* it is over; the engine will hear so */
    }
    if (!st->up) {
        checks_fail(w, 9, "octets on a stream that is not open");
        return;
    }
    sealed_sees_octets(w, st->server, a->bytes, a->size);
    for (size_t at = st->line ? a->size : 0;
         at + 2 < a->size;) { /* questions that were ready at once are written at once */
        size_t size = (size_t)a->bytes[at] << 8 | a->bytes[at + 1];
        if (size > a->size - at - 2) {
            checks_fail(w, 9, "a frame longer than what is written");
            return;
        }
        checks_sent(w, st->server, a->bytes + at + 2, size);
        at += 2 + size;
    }
    if (st->datagrams) {
        quicserver_write(w, st, a->bytes, a->size);
        return;
    }
    struct sim_event e = {.kind = EV_STREAM_TO_SERVER, .tag = net_stream_tag(&w->streams, st)};
    clock_post(&w->clock, w->server[st->server].link.base_us, &e, a->bytes, a->size);
}

static void act(void *user, unsigned worker, const struct wr_action *a)
{
    struct world *w = user;
    struct net_stream *st;
    switch (a->kind) {
    case WR_ACTION_REPLY: act_reply(w, a); break;
    case WR_ACTION_DROP:
        checks_trace(w, "drop", a->client.from.port, a->client.conn, NULL, 0);
        world_say(w, "drop for port %u", a->client.from.port);
        checks_drop(w, &a->client);
        break;
    case WR_ACTION_HANDOVER: act_handover(w, worker, a); break;
    case WR_ACTION_DATAGRAM: act_datagram(w, worker, a); break;
    case WR_ACTION_FORGET:
        checks_trace(w, "forget", worker, a->id, NULL, 0);
        if (!checks_plant(w, PLANT_LEAK)) {
            net_port_close(w->ports, worker, a->id);
        }
        break;
    case WR_ACTION_STREAM_OPEN: act_stream_open(w, worker, a); break;
    case WR_ACTION_STREAM_WRITE: act_stream_write(w, worker, a); break;
    case WR_ACTION_STREAM_CLOSE:
        checks_trace(w, "close", worker, a->id, NULL, 0);
        st = net_stream_by_id(&w->streams, worker, a->id);
        if (st) {
            net_stream_end(&w->streams, st);
        }
        break;
    case WR_ACTION_LEASE:
        checks_trace(w, "lease", worker, a->lease->id, NULL, 0);
        fence_asked(w, worker, a->lease);
        break;
    default: checks_fail(w, 9, "an action of kind %d", (int)a->kind); break;
    }
}

/* ---- events that go into an engine ---- */

static void feed(struct world *w, unsigned worker, const struct wr_event *event)
{
    gate_feed(&w->gate, worker, event, &w->clock.now);
}

static void feed_query(struct world *w, const struct sim_event *e, bool handed)
{
    static uint8_t room[4096];
    struct wr_event q = {
        .kind = WR_EVENT_QUERY, .client = e->client, .bytes = e->bytes, .size = e->size};
    if (!handed) {
        q.client.worker = (uint16_t)e->who;
        checks_fed(w, &q.client, e->bytes, e->size, e->tag != 0);
        /* Not every world has room at hand. */
        q.room = w->checks.fed % 3 ? room : NULL;
        q.room_size = w->checks.fed % 3 ? sizeof room : 0;
    }
    world_say(w, "query %zu octets from port %u to worker %u%s", e->size, e->client.from.port,
              e->who, handed ? ", handed over" : "");
    checks_trace(w, "query", e->who, handed, e->bytes, e->size);
    feed(w, e->who, &q);
}

/* What this server may speak for, as oracle_heard wants it. */
static int zone_of_server(const struct world *w, unsigned server, uint32_t statement)
{
    if (w->plan.tree) {
        return w->oracle.statement[statement].zone;
    }
    if (w->routed_zone < 0) {
        return ORACLE_ANY_ZONE;
    }
    return w->server[server].routed ? w->routed_zone : ~w->routed_zone;
}

static void feed_datagram(struct world *w, const struct sim_event *e)
{
    const struct net_port *port = net_port_at(w->ports, e->to.port);
    if (!port) {
        return;
    }
    struct wr_event d = {.kind = WR_EVENT_DATAGRAM,
                         .id = port->id,
                         .from = e->from,
                         .bytes = e->bytes,
                         .size = e->size};
    world_say(w, "datagram %zu octets of server %u for exchange %llx%s", e->size, e->who,
              (unsigned long long)port->id, e->statement ? ", true" : "");
    for (unsigned i = 0; i < WR_UPSTREAMS_MAX + w->gate.infra_slots && !w->plan.wary; i++) {
        atomic_store(&w->gate.upstream_state[i].wrong_lately, 0);
    }
    if (e->statement) {
        w->server[e->who].cookie_known |= w->server[e->who].cookies;
        oracle_heard(&w->oracle, e->statement, zone_of_server(w, e->who, e->statement),
                     w->clock.now.mono_us);
    }
    feed(w, port->worker, &d);
}

static void feed_stream(struct world *w, const struct sim_event *e)
{
    struct net_stream *st = net_stream_by_tag(&w->streams, e->tag);
    struct wr_event s = {.id = st ? st->id : e->id, .bytes = e->bytes, .size = e->size};
    unsigned worker = st ? st->worker : e->who;
    switch (e->kind) {
    case EV_STREAM_UP:
        if (!st || (!st->datagrams && w->server[st->server].link.state != LINK_UP)) {
            return;
        }
        st->up = true;
        sealed_up(w, st);
        s.kind = WR_EVENT_STREAM_OPEN;
        break;
    case EV_STREAM_TO_GATE:
        if (!st || st->stalled) {
            return;
        }
        if (w->server[st->server].link.state != LINK_UP) {
            st->stalled |= !st->datagrams; /* what comes later would not fit what was lost */
            st->owes = true;
            return;
        }
        if (st->datagrams) {
            quicserver_arrives(w, st);
        }
        if (e->statement) {
            oracle_heard(&w->oracle, e->statement, zone_of_server(w, st->server, e->statement),
                         w->clock.now.mono_us);
        }
        s.kind = WR_EVENT_STREAM_BYTES;
        break;
    default:
        if (st) {
            net_stream_end(&w->streams, st);
        } else if (!s.id) {
            return;
        } /* else: late news of a stream that is over, which the engine must ignore */
        s.kind = WR_EVENT_STREAM_CLOSED;
        s.lost = st ? WR_LOST_BROKEN : WR_LOST_OWN; /* it never was */
        break;
    }
    feed(w, worker, &s);
}

static void dispatch(struct world *w, struct sim_event *e)
{
    bool late = e->epoch != w->clock.epoch; /* sent to a process that is gone */
    struct wr_event unreachable = {
        .kind = WR_EVENT_UNREACHABLE, .id = e->id, .lost = (enum wr_lost)e->tag};
    switch (e->kind) {
    case EV_QUERY:
        if (!late || !e->client.conn) {
            feed_query(w, e, false);
        }
        break;
    case EV_HANDOVER:
        if (!late) {
            feed_query(w, e, true);
        }
        break;
    case EV_CLIENT_GONE: client_gone(w, e); break;
    case EV_CLIENT_HEARS: client_hears(w, e); break;
    case EV_CLIENT_TICK: client_tick(w, e->who); break;
    case EV_CLIENT_WAITED: client_waited(w, e); break;
    case EV_SERVER_HEARS: server_hears(w, e); break;
    case EV_PORT_HEARS: feed_datagram(w, e); break;
    case EV_UNREACHABLE:
        if (!late) {
            feed(w, e->who, &unreachable);
        }
        break;
    case EV_STREAM_TO_SERVER: server_stream_hears(w, e); break;
    case EV_STREAM_UP:
    case EV_STREAM_DOWN:
    case EV_STREAM_TO_GATE:
        if (!late) {
            feed_stream(w, e);
        }
        break;
    case EV_CARRY_ASKED:
    case EV_CARRY_SAID: carried_event(w, e); break;
    case EV_QUIC_TIME:
    case EV_QUIC_SAYS: quicserver_event(w, e); break;
    case EV_LEASE: fence_event(w, e, late); break;
    case EV_HOUSE: sealed_house(w); break;
    case EV_SWEEP:
        checks_sweep(w);
        clock_post(&w->clock, SWEEP_US, e, NULL, 0);
        break;
    case EV_END: w->over = true; break;
    default: weather_event(w, e); break;
    }
}

/* ---- the loop ---- */

/* When each engine is woken: its deadline and a bit. */
static void look_at_deadlines(struct world *w)
{
    for (unsigned i = 0; i < w->gate.workers; i++) {
        uint64_t d = gate_deadline(&w->gate, i);
        if (d != w->deadline_us[i]) {
            w->deadline_us[i] = d;
            w->wake_us[i] = d == WR_TIME_NEVER ? d : d + wr_rng_below(&w->rng, LATENESS_US);
        }
    }
}

static bool wake(struct world *w, unsigned worker)
{
    struct wr_event time = {.kind = WR_EVENT_TIME};
    w->spins = w->spin_us == w->clock.now.mono_us ? w->spins + 1 : 0;
    w->spin_us = w->clock.now.mono_us;
    if (w->spins > (w->secure.on ? TURNS_MAX : SPINS_MAX)) {
        checks_fail(w, 3, "worker %u wants to be woken at once, again and again", worker);
        w->over = true;
        return false;
    }
    checks_trace(w, "wake", worker, 0, NULL, 0);
    w->deadline_us[worker] = 0;
    feed(w, worker, &time);
    return true;
}

static bool step(struct world *w, uint64_t until_us)
{
    unsigned worker = 0;
    look_at_deadlines(w);
    for (unsigned i = 1; i < w->gate.workers; i++) {
        worker = w->wake_us[i] < w->wake_us[worker] ? i : worker;
    }
    uint64_t at = wr_time_min(clock_next(&w->clock), w->wake_us[worker]);
    at = at < w->clock.now.mono_us ? w->clock.now.mono_us : at;
    if (at > until_us) {
        clock_advance(&w->clock, until_us);
        return false;
    }
    clock_advance(&w->clock, at);
    if (w->wake_us[worker] <= clock_next(&w->clock)) {
        return wake(w, worker);
    }
    struct sim_event *e = clock_take(&w->clock);
    dispatch(w, e);
    free(e);
    return true;
}

void world_run_until(struct world *w, uint64_t until_us)
{
    while (!w->over && !w->gate.broken && step(w, until_us)) {
    }
}

void world_finish(struct world *w)
{
    checks_end(w);
}

bool world_run(struct world *w)
{
    world_run_until(w, WR_TIME_NEVER - 1);
    world_finish(w);
    return w->checks.violations == 0;
}

void world_restart(struct world *w)
{
    world_say(w, "everything restarts, the block is attached again");
    checks_restart(w);
    w->clock.epoch++;
    w->ports->count = 0;
    for (unsigned i = 0; i < NET_STREAMS_MAX; i++) {
        net_stream_end(&w->streams, &w->streams.list[i]);
    }
    for (unsigned i = 0; i < w->plan.clients; i++) {
        w->client[i].conn = 0;
    }
    for (unsigned i = 0; i < w->plan.servers; i++) {
        w->server[i].cookie_known = false;
    }
    gate_restart(&w->gate, &w->clock.now);
}

void world_set_wall(struct world *w, int64_t wall_s, bool proven)
{
    struct wr_now *now = &w->clock.now;
    if (w->proven_us != WR_TIME_NEVER) {
        w->was_proven_us = now->mono_us;
    }
    w->proven_us = !proven                         ? WR_TIME_NEVER
                   : w->proven_us == WR_TIME_NEVER ? now->mono_us
                                                   : w->proven_us;
    now->wall_s = wall_s;
    now->wall_proven = proven;
    world_say(w, "the wall clock says %lld%s", (long long)wall_s, proven ? "" : ", unproven");
}

uint64_t world_memory_us(const struct world *w)
{
    return w->plan.tree ? TREE_MEMORY_US : 0;
}

void world_link_event(struct world *w)
{
    struct wr_event link = {.kind = WR_EVENT_LINK};
    for (unsigned i = 0; i < w->gate.workers; i++) {
        feed(w, i, &link);
    }
}

/* ---- beginning and end ---- */

static void trace_line(void *user, const char *machine, uint64_t id, const char *from,
                       const char *to, const char *why)
{
    struct world *w = user;
    checks_trace(w, machine, id, 0, to, strlen(to));
    world_say(w, "    %s %llx: %s -> %s (%s)", machine, (unsigned long long)id, from, to,
              why ? why : "");
}

void world_defaults(struct world_plan *p, uint64_t seed)
{
    struct wr_rng rng;
    wr_rng_seed_u64(&rng, seed);
    *p = (struct world_plan){.seed = seed, .faults = true, .attack = true, .machine = &gate_weir};
    p->workers = 1 + wr_rng_below(&rng, 3);
    p->servers = 1 + wr_rng_below(&rng, 4);
    p->clients = 6 + wr_rng_below(&rng, 10);
    p->names = 40 + wr_rng_below(&rng, 100);
    p->strategy = (enum wr_strategy)wr_rng_below(&rng, 4);
    p->wary = wr_rng_below(&rng, 4) == 0;
    p->restarts = wr_rng_below(&rng, 3) == 0;
    p->faults_us = 40 * WR_S;
    p->calm_us = 8 * WR_S;
    p->tree = wr_rng_below(&rng, 3) == 0;
    p->secure = wr_rng_below(&rng, 2) == 0;
    p->sealed = wr_rng_below(&rng, 3) == 0;
    p->required = wr_rng_below(&rng, 4) != 0;
    p->fenced = wr_rng_below(&rng, 3) == 0;
}

static void init_gate(struct world *w)
{
    struct gate *g = &w->gate;
    gate_defaults(g);
    g->machine = w->plan.machine;
    g->seed = w->plan.seed;
    g->workers = w->plan.workers;
    g->act = act;
    g->user = w;
    g->trace.line = trace_line;
    g->trace.user = w;
    for (unsigned i = 0; i < w->plan.servers && !w->plan.tree; i++) {
        gate_upstream(g, 0, &w->server[i].addr, w->server[i].scheme);
    }
    if (w->sealed.on) {
        sealed_settings(w);
    }
    for (unsigned i = 0; i < TREE_HINTS && w->plan.tree; i++) {
        gate_hint(g, &w->server[i].addr);
    }
    if (w->secure.on && w->plan.plant != PLANT_BELIEVING) {
        gate_trust(g, w->secure.anchor, sizeof w->secure.anchor, WALL_S - 100 * DAY_S);
    }
    g->settings.upstreams.group[0].strategy = (uint8_t)w->plan.strategy;
}

static void init_secure(struct world *w)
{
    secure_init(&w->secure, &w->oracle, w->plan.seed, WALL_S);
    w->forges = w->plan.attack && wr_rng_below(&w->rng, 3) != 0;
    w->forges_keys = w->forges && wr_rng_below(&w->rng, 3) == 0;
    for (unsigned z = 0; z < w->secure.zones; z++) {
        char text[WIRE_NAME_SIZE];
        wire_name_text(w->secure.zone[z].name, text, sizeof text);
        world_say(w, "zone %s is %s", text, secure_state_name(w->secure.zone[z].state));
    }
}

static void post_milestones(struct world *w)
{
    struct sim_event e = {.kind = EV_CALM};
    clock_post(&w->clock, w->plan.faults_us, &e, NULL, 0);
    e.kind = EV_QUIET;
    clock_post(&w->clock, w->plan.faults_us + w->plan.calm_us, &e, NULL, 0);
    e.kind = EV_END;
    clock_post(&w->clock, w->plan.faults_us + w->plan.calm_us + QUIET_US, &e, NULL, 0);
    e.kind = EV_SWEEP;
    clock_post(&w->clock, SWEEP_US, &e, NULL, 0);
    if (w->plan.faults) {
        e.kind = EV_FAULT;
        clock_post(&w->clock, 3 * WR_S, &e, NULL, 0);
        e.kind = EV_ATTACK;
        clock_post(&w->clock, WR_S, &e, NULL, 0);
    }
    if (w->sealed.required) {
        e.kind = EV_HOUSE;
        clock_post(&w->clock, WR_S, &e, NULL, 0);
    }
}

struct world *world_new(const struct world_plan *plan)
{
    struct world *w = calloc(1, sizeof *w);
    assert(w);
    w->plan = *plan;
    if (w->plan.machine != &gate_weir) {
        w->plan.tree = w->plan.sealed = w->plan.fenced =
            false; /* the control only forwards, in plain text */
    }
    w->plan.secure = w->plan.secure && w->plan.tree;
    w->plan.sealed = w->plan.sealed && !w->plan.tree;
    if (w->plan.tree) {
        w->plan.servers = TREE_SERVERS;
        w->plan.calm_us += w->plan.faults ? world_memory_us(w) : 0;
    }
    w->ports = calloc(1, sizeof *w->ports);
    w->streams.list = calloc(NET_STREAMS_MAX, sizeof w->streams.list[0]);
    w->msg = calloc(1, sizeof *w->msg);
    w->query = calloc(1, sizeof *w->query);
    w->out = calloc(1, sizeof *w->out);
    assert(w->ports && w->streams.list && w->msg && w->query && w->out);
    wr_rng_seed_u64(&w->rng, plan->seed * 7919 + 17);
    clock_init(&w->clock, WR_S + wr_rng_below(&w->rng, 1000000000), WALL_S);
    w->date_s = WALL_S;
    oracle_init(&w->oracle, plan->seed, plan->names);
    w->proven_us = w->was_proven_us = w->clock.now.mono_us;
    if (w->plan.secure) {
        init_secure(w);
    }
    checks_init(w);
    w->client_link = (struct net_link){.base_us = 200, .jitter_us = 500};
    w->routed_zone = -1;
    for (unsigned i = 0; i < w->plan.servers; i++) {
        server_init(w, i);
    }
    if (w->plan.sealed) {
        sealed_init(w);
    }
    init_gate(w);
    weather_settings(w);
    fence_init(w);
    for (unsigned i = 0; i < plan->clients; i++) {
        client_init(w, i);
    }
    post_milestones(w);
    gate_start(&w->gate, &w->clock.now);
    return w;
}

void world_free(struct world *w)
{
    gate_free(&w->gate);
    for (unsigned i = 0; i < NET_STREAMS_MAX; i++) {
        net_stream_end(&w->streams, &w->streams.list[i]);
    }
    sealed_free(w);
    fence_free(w);
    clock_free(&w->clock);
    oracle_free(&w->oracle);
    secure_free(&w->secure);
    checks_free(w);
    free(w->ports);
    free(w->streams.list);
    free(w->msg);
    free(w->query);
    free(w->out);
    free(w);
}
