/* SPDX-License-Identifier: Apache-2.0 */
/* Links, ports and streams as plain tables (network.h has the story). */
#include "network.h"

#include <string.h>

#define PORT_FIRST 32768
#define PORT_COUNT 16384

uint64_t net_delay(const struct net_link *l, struct wr_rng *rng)
{
    /* Two draws: the sum of two has a hump and a tail, as real delays do. */
    uint32_t half = l->jitter_us / 2 + 1;
    return l->base_us + wr_rng_below(rng, half) + wr_rng_below(rng, half);
}

unsigned net_copies(const struct net_link *l, struct wr_rng *rng, uint64_t ret_delay_us[2])
{
    if (l->state != LINK_UP || wr_rng_below(rng, 1000) < l->loss_pm) {
        return 0;
    }
    unsigned n = wr_rng_below(rng, 1000) < l->double_pm ? 2 : 1;
    for (unsigned i = 0; i < n; i++) {
        ret_delay_us[i] = net_delay(l, rng);
        if (wr_rng_below(rng, 1000) < l->late_pm) {
            ret_delay_us[i] += wr_rng_below(rng, 400000);
        }
    }
    return n;
}

struct net_port *net_port_at(struct net_ports *p, uint16_t port)
{
    for (unsigned i = 0; i < p->count; i++) {
        if (p->list[i].port == port) {
            return &p->list[i];
        }
    }
    return NULL;
}

bool net_port_is_open(const struct net_ports *p, unsigned worker, wr_id id)
{
    for (unsigned i = 0; i < p->count; i++) {
        if (p->list[i].id == id && p->list[i].worker == worker) {
            return true;
        }
    }
    return false;
}

struct net_port *net_port_of(struct net_ports *p, unsigned worker, wr_id id, struct wr_rng *rng)
{
    for (unsigned i = 0; i < p->count; i++) {
        if (p->list[i].id == id && p->list[i].worker == worker) {
            return &p->list[i];
        }
    }
    if (p->count == NET_PORTS_MAX) {
        return NULL;
    }
    uint16_t port;
    do {
        port = (uint16_t)(PORT_FIRST + wr_rng_below(rng, PORT_COUNT));
    } while (net_port_at(p, port));
    struct net_port *n = &p->list[p->count++];
    *n = (struct net_port){.worker = worker, .id = id, .port = port};
    p->opened++;
    p->most = p->count > p->most ? p->count : p->most;
    return n;
}

bool net_port_close(struct net_ports *p, unsigned worker, wr_id id)
{
    for (unsigned i = 0; i < p->count; i++) {
        if (p->list[i].id == id && p->list[i].worker == worker) {
            p->list[i] = p->list[--p->count];
            return true;
        }
    }
    return false;
}

uint64_t net_stream_tag(const struct net_streams *s, const struct net_stream *st)
{
    return (uint64_t)st->generation << 32 | (uint64_t)(st - s->list);
}

struct net_stream *net_stream_by_tag(struct net_streams *s, uint64_t tag)
{
    struct net_stream *st = &s->list[tag & 0xffff];
    return st->used && st->generation == tag >> 32 ? st : NULL;
}

struct net_stream *net_stream_by_id(struct net_streams *s, unsigned worker, wr_id id)
{
    for (unsigned i = 0; i < NET_STREAMS_MAX; i++) {
        struct net_stream *st = &s->list[i];
        if (st->used && st->worker == worker && st->id == id) {
            return st;
        }
    }
    return NULL;
}

struct net_stream *net_stream_new(struct net_streams *s, unsigned worker, wr_id id, unsigned server)
{
    for (unsigned i = 0; i < NET_STREAMS_MAX; i++) {
        struct net_stream *st = &s->list[i];
        if (!st->used) {
            uint32_t generation = st->generation + 1;
            st->used = true;
            st->up = st->stalled = st->owes = false;
            st->generation = generation;
            st->worker = worker;
            st->id = id;
            st->server = server;
            st->arrives_us = 0;
            st->have = 0;
            st->datagrams = false;
            st->line = NULL;
            s->opened++;
            s->open++;
            s->most = s->open > s->most ? s->open : s->most;
            return st;
        }
    }
    return NULL;
}

void net_stream_end(struct net_streams *s, struct net_stream *st)
{
    if (st->used) {
        st->used = false;
        s->open--;
        if (st->line) {
            st->line_end(st->line);
        }
        st->line = NULL;
    }
}
