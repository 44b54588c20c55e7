/* SPDX-License-Identifier: Apache-2.0 */
/* How each kind of client asks, and what it does with what it hears. */
#include "client.h"

#include <string.h>

#include "world.h"

#define TRIES_MAX 3

void client_init(struct world *w, unsigned i)
{
    struct client *c = &w->client[i];
    struct wr_rng *rng = &w->rng;
    memset(c, 0, sizeof *c);
    c->kind = CLIENT_DEVICE;
    if (w->plan.faults && i >= w->plan.clients / 2) {
        c->kind = (enum client_kind)wr_rng_below(rng, CLIENT_KINDS);
    }
    c->addr.family = i % 4 == 3 ? WR_AF_V6 : WR_AF_V4;
    if (c->addr.family == WR_AF_V4) {
        memcpy(c->addr.ip, (uint8_t[]){10, 0, (uint8_t)(1 + i), 7}, 4);
        c->addr.ip[0] = c->kind == CLIENT_OUTSIDER ? 198 : 10;
    } else {
        memcpy(c->addr.ip, (uint8_t[]){0xfd, 0, 0, 0, 0, 0, (uint8_t)(1 + i)}, 7);
        c->addr.ip[0] = c->kind == CLIENT_OUTSIDER ? 0x20 : 0xfd;
        c->addr.ip[15] = 7;
    }
    c->gap_us = (c->kind == CLIENT_BURSTER ? 4000 : 200) * WR_MS + wr_rng_below(rng, 1500) * WR_MS;
    c->edns = wr_rng_below(rng, 4) != 0;
    c->udp_size = (uint16_t[]){512, 1232, 1232, 4096, 100}[wr_rng_below(rng, 5)];
    c->cookies = c->edns && wr_rng_below(rng, 2);
    wr_rng_bytes(rng, c->cookie, 8);
    c->cookie_size = 8;
    struct sim_event e = {.kind = EV_CLIENT_TICK, .who = i};
    clock_post(&w->clock, wr_rng_below(rng, 2000000), &e, NULL, 0);
}

static uint16_t draw_type(struct world *w)
{
    static const uint16_t types[] = {TYPE_A,    TYPE_A,   TYPE_A,   TYPE_A,     TYPE_AAAA,
                                     TYPE_AAAA, TYPE_TXT, TYPE_TXT, TYPE_CNAME, 65};
    return wr_rng_below(&w->rng, 60) == 0 ? TYPE_ANY : types[wr_rng_below(&w->rng, 10)];
}

/* The product of two draws: names with a low number are asked much more often. */
static int draw_name(struct world *w)
{
    if (wr_rng_below(&w->rng, 40) == 0) {
        return -1;
    }
    uint32_t n = w->oracle.names;
    return (int)((uint64_t)wr_rng_below(&w->rng, n) * wr_rng_below(&w->rng, n) / n);
}

static void write_query(struct world *w, const struct client *c, const struct ask *a)
{
    unsigned flavour = w->plan.plain ? 0 : a->id % 16;
    struct wire_out *out = w->out;
    uint8_t name[WIRE_NAME_SIZE];
    if (a->name >= 0) {
        wire_name_copy(name, w->oracle.name[a->name].wire);
    } else {
        memcpy(name, "\10nowhere0", 9);
        name[8] = (uint8_t)('0' + a->id % 10);
        wire_name_copy(name + 9, w->oracle.zone[a->id % ORACLE_ZONES]);
    }
    uint16_t flags = (uint16_t)((flavour == 9 ? 0 : FLAG_RD) | (flavour == 3 ? FLAG_CD : 0));
    bool dnssec_ok = flavour == 5;
    if (w->secure.on) { /* more of those who ask what it is worth */
        dnssec_ok |= flavour == 0 || flavour == 1 || flavour == 3;
        flags |= flavour == 2 || flavour == 1 || flavour == 4 ? FLAG_AD : 0;
        flags |= flavour == 8 ? FLAG_CD : 0;
    }
    wire_start(out, a->id, flags);
    wire_question(out, name, a->type, 1);
    if (c->edns) {
        struct wire_edns e = {.udp_size = c->udp_size, .ede = -1, .dnssec_ok = dnssec_ok};
        e.ecs = flavour == 7;
        if (c->cookies) {
            memcpy(e.cookie, c->cookie, c->cookie_size);
            e.cookie_size = c->cookie_size;
        }
        wire_opt(out, &e);
    }
    wire_end(out);
}

static void wait_for(struct world *w, unsigned index)
{
    struct sim_event e = {.kind = EV_CLIENT_WAITED,
                          .tag = (uint64_t)w->asks.list[index].generation << 32 | index};
    clock_post(&w->clock, 2500 * WR_MS + wr_rng_below(&w->rng, 1000000), &e, NULL, 0);
}

/* The message in w->out leaves for the gateway. */
static void send_query(struct world *w, unsigned i, uint16_t port, bool tcp, bool calm)
{
    struct client *c = &w->client[i];
    struct sim_event e = {.kind = EV_QUERY, .tag = calm};
    uint64_t delay[2];
    e.client.from = c->addr;
    e.client.from.port = port;
    e.client.local = (struct wr_addr){.family = c->addr.family, .port = 53, .ip = {10, 0, 0, 1}};
    e.client.transport = tcp ? WR_CLIENT_TCP : WR_CLIENT_UDP;
    e.client.ifindex = 2;
    e.who = world_worker_of(w, &e.client.from);
    if (!tcp) {
        for (unsigned n = net_copies(&w->client_link, &w->rng, delay); n--;) {
            clock_post(&w->clock, delay[n], &e, w->out->bytes, w->out->size);
        }
        return;
    }
    if (!c->conn) {
        c->conn = ++w->asks.conns;
        c->conn_port = port;
        e.client.from.port = port;
        c->conn_worker = world_worker_of(w, &e.client.from);
        struct sim_event gone = {.kind = EV_CLIENT_GONE, .who = i, .tag = c->conn};
        clock_post(&w->clock, WR_S + wr_rng_below(&w->rng, 20000000), &gone, NULL, 0);
    }
    e.client.from.port = c->conn_port;
    e.client.conn = c->conn;
    e.who = c->conn_worker;
    clock_post(&w->clock, net_delay(&w->client_link, &w->rng), &e, w->out->bytes, w->out->size);
}

void client_ask(struct world *w, unsigned i, int name, uint16_t type, bool tcp)
{
    struct client *c = &w->client[i];
    unsigned index = w->asks.next++ % ASKS_MAX;
    struct ask *a = &w->asks.list[index];
    uint32_t generation = a->generation + 1;
    *a = (struct ask){.used = true, .tcp = tcp, .client = i, .name = name, .type = type};
    a->generation = generation;
    a->id = (uint16_t)(w->asks.next * 40503u); /* all different on one connection */
    a->port = (uint16_t)(1024 + (w->asks.next * 7) % 60000);
    a->sent_us = w->clock.now.mono_us;
    a->calm = w->calm && w->clock.now.mono_us >= w->calm_us + 2 * WR_S + world_memory_us(w);
    c->asked++;
    write_query(w, c, a);
    send_query(w, i, a->port, tcp, a->calm);
    wait_for(w, index);
}

/* ---- those who do not behave ---- */

/* Messages that break the format in every way that the list knows; `n` picks one. */
static void write_broken(struct world *w, unsigned n)
{
    struct wire_out *o = w->out;
    const uint8_t *name = w->oracle.name[wr_rng_below(&w->rng, w->oracle.names)].wire;
    struct wire_edns e = {.udp_size = 1232, .ede = -1};
    wire_start(o, wr_rng_u16(&w->rng), n == 8 ? FLAG_QR : FLAG_RD);
    if (n != 1) {
        wire_question(o, name, TYPE_A, n == 9 ? 3 : 1);
    }
    switch (n) {
    case 2: wire_question(o, name, TYPE_AAAA, 1); break; /* QDCOUNT 2 */
    case 3:                                              /* OPT twice */
        wire_opt(o, &e);
        wire_opt(o, &e);
        break;
    case 4: o->counts[WIRE_ANSWER] = 65535; break;         /* counts that lie */
    case 5: o->bytes[12] = 0xc0, o->bytes[13] = 12; break; /* a name that points to itself */
    case 6: o->bytes[12] = 0x7f; break;                    /* a label of no known kind */
    case 7:
        wire_opt_raw(o, 1232, 0, (const uint8_t *)"\0\12\0\3abc", 7);
        break;                                                  /* a cookie of three octets */
    case 10: wire_opt_raw(o, 1232, 0x00050000, NULL, 0); break; /* EDNS version 5 */
    case 11: o->bytes[2] = 0x28; break;                         /* opcode UPDATE */
    case 12:
        wire_opt_raw(o, 1232, 0, (const uint8_t *)"\0\3\7\7", 4);
        break; /* an option past the end */
    default: break;
    }
    wire_end(o);
    if (n == 0) {
        o->size = wr_rng_below(&w->rng, 12); /* less than a header */
    } else if (n == 13) {
        wr_rng_bytes(&w->rng, o->bytes, o->size = 12 + wr_rng_below(&w->rng, 200));
    } else if (n == 14) {
        o->size -= 1 + wr_rng_below(&w->rng, 4); /* cut short */
    } else if (n == 15) {
        o->bytes[o->size++] = 0; /* an octet too many */
    }
}

static void spoof(struct world *w, unsigned i)
{
    struct wr_addr own = w->client[i].addr;
    w->client[i].addr = w->client[wr_rng_below(&w->rng, w->plan.clients)].addr;
    for (unsigned n = wr_rng_below(&w->rng, 12); n; n--) {
        write_query(
            w, &w->client[i],
            &(struct ask){.id = wr_rng_u16(&w->rng), .type = TYPE_TXT, .name = draw_name(w)});
        send_query(w, i, (uint16_t)(61024 + w->asks.next++ % 4000), false, false);
    }
    w->client[i].addr = own;
}

void client_tick(struct world *w, unsigned i)
{
    struct client *c = &w->client[i];
    if (w->quiet) {
        return;
    }
    struct sim_event next = {.kind = EV_CLIENT_TICK, .who = i};
    clock_post(&w->clock, c->gap_us / 2 + wr_rng_below(&w->rng, (uint32_t)c->gap_us), &next, NULL,
               0);
    if (w->calm && c->kind != CLIENT_DEVICE) {
        return;
    }
    switch (c->kind) {
    case CLIENT_DEVICE:
    case CLIENT_OUTSIDER:
        client_ask(w, i, draw_name(w), draw_type(w),
                   wr_rng_below(&w->rng, 10) == 0 && c->kind == CLIENT_DEVICE);
        break;
    case CLIENT_BURSTER:
        for (unsigned n = wr_rng_below(&w->rng, 40); n; n--) {
            client_ask(w, i, draw_name(w), draw_type(w), n % 4 == 0);
        }
        break;
    case CLIENT_BREAKER:
        write_broken(w, wr_rng_below(&w->rng, 16));
        send_query(w, i, (uint16_t)(61024 + w->asks.next++ % 4000), wr_rng_below(&w->rng, 4) == 0,
                   false);
        break;
    default: spoof(w, i); break;
    }
}

static struct ask *find_ask(struct world *w, unsigned client, uint16_t port, bool tcp, uint16_t id)
{
    for (unsigned k = 0; k < ASKS_MAX; k++) {
        struct ask *a = &w->asks.list[k];
        if (a->used && a->client == client && a->id == id && a->tcp == tcp &&
            (tcp || a->port == port)) {
            return a;
        }
    }
    return NULL;
}

void client_hears(struct world *w, const struct sim_event *e)
{
    struct wire_msg *m = w->msg;
    if (wire_read(m, e->bytes, e->size)) {
        return; /* the check has said so already */
    }
    for (unsigned i = 0; i < w->plan.clients; i++) {
        struct client *c = &w->client[i];
        if (!wr_addr_same_ip(&c->addr, &e->client.from)) {
            continue;
        }
        struct ask *a =
            find_ask(w, i, e->client.from.port, e->client.transport == WR_CLIENT_TCP, m->id);
        if (c->cookies && m->edns.cookie_size > 8 && memcmp(c->cookie, m->edns.cookie, 8) == 0) {
            memcpy(c->cookie, m->edns.cookie, m->edns.cookie_size);
            c->cookie_size = m->edns.cookie_size;
        }
        if (!a) {
            continue;
        }
        a->used = false;
        if (m->flags & FLAG_TC && !a->tcp) {
            client_ask(w, i, a->name, a->type, true);
            continue;
        }
        unsigned rcode = wire_rcode(m);
        *(rcode == RCODE_NOERROR || rcode == RCODE_NXDOMAIN ? &c->answered : &c->unanswered) += 1;
        c->slow += w->clock.now.mono_us - a->sent_us > 300 * WR_MS;
    }
}

void client_waited(struct world *w, const struct sim_event *e)
{
    unsigned index = (unsigned)(e->tag & 0xffffffff);
    struct ask *a = &w->asks.list[index];
    if (!a->used || a->generation != e->tag >> 32) {
        return;
    }
    if (++a->tries >= TRIES_MAX || a->tcp || w->quiet) {
        a->used = false;
        w->client[a->client].unanswered++;
        return;
    }
    write_query(w, &w->client[a->client], a);
    send_query(w, a->client, a->port, false, false);
    wait_for(w, index);
}

void client_gone(struct world *w, const struct sim_event *e)
{
    struct client *c = &w->client[e->who];
    struct wr_event gone = {.kind = WR_EVENT_CLIENT_GONE};
    if (c->conn != e->tag) {
        return;
    }
    gone.client.conn = c->conn;
    gone.client.worker = (uint16_t)c->conn_worker;
    gone.client.transport = WR_CLIENT_TCP;
    gone.client.from = c->addr;
    gone.client.from.port = c->conn_port;
    checks_gone(w, c->conn);
    c->conn = 0;
    gate_feed(&w->gate, c->conn_worker, &gone, &w->clock.now);
}
