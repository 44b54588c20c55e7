/* SPDX-License-Identifier: Apache-2.0 */
/* See fence.h. */
#include "fence.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "world.h"

enum said { SAID_GRANTED = 1, SAID_REFUSED };

void fence_init(struct world *w)
{
    struct fence *f = &w->fence;
    struct wr_settings *s = &w->gate.settings;
    f->on = w->plan.fenced;
    if (!f->on) {
        return;
    }
    f->closed = wr_rng_below(&w->rng, 2);
    f->lease = calloc(FENCE_LEASES_MAX, sizeof f->lease[0]);
    f->asks = calloc(FENCE_ASKS_MAX, sizeof f->asks[0]);
    assert(f->lease && f->asks);
    wr_addr_prefix_from_text("10.0.0.0/21", &f->subnet[0].prefix);
    wr_addr_prefix_from_text("fd00::/53", &f->subnet[1].prefix);
    f->segment = (struct wr_segment){.label = 1, .answered = true, .closed = f->closed};
    f->segments = (struct wr_segments){
        .segment = &f->segment, .subnet = f->subnet, .segments = 1, .subnets = 2};
    wr_segment_compile(&f->segments);
    s->segments = &f->segments;
    s->lease = (struct wr_lease_settings){.floor_s = (uint32_t[]){0, 60}[wr_rng_below(&w->rng, 2)],
                                          .grace_s = (uint32_t[]){2, 60}[wr_rng_below(&w->rng, 2)],
                                          .name_max = WR_LEASE_DESTS_MAX};
    w->gate.leases = 1 + wr_rng_below(&w->rng, 4096);
}

void fence_free(struct world *w)
{
    free(w->fence.lease);
    free(w->fence.asks);
}

/* ---- the table ---- */

static struct fence_lease *place_of(struct fence *f, const struct wr_addr *client, uint8_t family,
                                    const uint8_t ip[16])
{
    static const struct wr_hash_key key = {{5, 6}};
    uint8_t octets[33] = {0};
    memcpy(octets, client->ip, 16);
    memcpy(octets + 16, ip, family == WR_AF_V4 ? 4 : 16);
    octets[32] = family;
    uint64_t h = wr_hash_sip13(&key, octets, sizeof octets);
    for (unsigned i = 0; i < FENCE_LEASES_MAX; i++) {
        struct fence_lease *l = &f->lease[(h + i) % FENCE_LEASES_MAX];
        bool same = l->family == family && memcmp(l->client.ip, client->ip, 16) == 0 &&
                    memcmp(l->ip, octets + 16, 16) == 0;
        if (l->family == 0 || same) {
            *l = (struct fence_lease){.client = *client, .family = family, .until_us = l->until_us};
            memcpy(l->ip, octets + 16, 16);
            return l;
        }
    }
    assert(false); /* a larger table is wanted */
    return NULL;
}

/* Now and then for less than was asked for, as where room is scarce. */
static uint32_t grant(struct world *w, const struct wr_lease_ask *ask)
{
    const struct wr_lease_settings *s = &w->gate.settings.lease;
    bool scarce = wr_rng_below(&w->rng, 8) == 0;
    uint32_t most_s = wr_lease_for(wr_rng_below(&w->rng, 300), s->floor_s, s->grace_s);
    for (unsigned i = 0; i < ask->dests; i++) {
        const struct wr_lease_dest *d = &ask->dest[i];
        struct fence_lease *l = place_of(&w->fence, &ask->client, d->family, d->ip);
        uint32_t for_s = scarce && d->for_s > most_s ? most_s : d->for_s;
        uint64_t until_us = w->clock.now.mono_us + for_s * WR_S;
        l->until_us = until_us > l->until_us ? until_us : l->until_us;
    }
    w->fence.granted++;
    w->fence.scarce += scarce;
    return scarce ? most_s : 0;
}

/* ---- what is asked, and said ---- */

void fence_asked(struct world *w, unsigned worker, const struct wr_lease_ask *ask)
{
    struct fence *f = &w->fence;
    struct sim_event e = {
        .kind = EV_LEASE, .who = worker, .id = ask->id, .tag = SAID_GRANTED, .statement = 0};
    uint64_t delay_us = 50 + wr_rng_below(&w->rng, 800);
    unsigned fate = w->calm ? 0 : wr_rng_below(&w->rng, 100);
    f->asks[f->asked % FENCE_ASKS_MAX] =
        (struct fence_ask){.ask = *ask, .at_us = w->clock.now.mono_us};
    e.from.scope = (uint32_t)(f->asked++ % FENCE_ASKS_MAX);
    if (!f->on || ask->id == 0 || ask->dests == 0 || ask->dests > WR_LEASE_DESTS_MAX) {
        checks_fail(w, 7, "an ask that asks for nothing");
        return;
    }
    if (fate >= 92) {
        f->silent++;
        return;
    }
    if (fate >= 80) {
        delay_us = 5000 + wr_rng_below(&w->rng, 15000);
        f->late++;
    } else if (fate >= 70) {
        e.tag = SAID_REFUSED;
        f->refused++;
    } else if (fate >= 50) {
        delay_us += wr_rng_below(&w->rng, 3000);
    }
    clock_post(&w->clock, delay_us, &e, (const uint8_t *)ask, sizeof *ask);
}

void fence_event(struct world *w, const struct sim_event *e, bool late)
{
    struct wr_lease_ask ask;
    struct wr_event said = {.kind = WR_EVENT_LEASE, .lease = {.id = e->id}};
    memcpy(&ask, e->bytes, sizeof ask);
    if (e->tag == SAID_GRANTED && !checks_plant(w, PLANT_UNLEASED)) {
        said.lease.most_s = grant(w, &ask);
    }
    if (e->tag == SAID_GRANTED) {
        said.lease.granted = (uint32_t)((UINT64_C(1) << ask.dests) - 1);
    } else {
        said.lease.err = WR_E_IO;
        w->fence.asks[e->from.scope].refused_us = w->clock.now.mono_us;
    }
    checks_trace(w, "lease", e->who, e->id, &said.lease, sizeof said.lease);
    if (!late) { /* what was asked before a restart is in the table all the same */
        gate_feed(&w->gate, e->who, &said, &w->clock.now);
    }
}

void fence_fault(struct world *w)
{
    struct fence *f = &w->fence;
    const struct wr_addr *client = &w->client[wr_rng_below(&w->rng, w->plan.clients)].addr;
    bool all = wr_rng_below(&w->rng, 2) == 0;
    if (!f->on) {
        return;
    }
    world_say(w, all ? "the table of leases is flushed" : "an address goes to another device");
    for (unsigned i = 0; i < FENCE_LEASES_MAX; i++) {
        if (all || memcmp(f->lease[i].client.ip, client->ip, 16) == 0) {
            f->lease[i].until_us = 0;
        }
    }
    if (all) {
        wr_leasemirror_clear(w->gate.mirror);
    } else {
        wr_leasemirror_forget(w->gate.mirror, client);
    }
}

/* ---- 7: what leaves ---- */

/* It was asked for, and the owner has said that his clients go on without it. */
static bool is_excused(const struct world *w, const struct wr_addr *client, uint8_t family,
                       const uint8_t *ip)
{
    const struct fence *f = &w->fence;
    uint64_t now_us = w->clock.now.mono_us;
    for (unsigned i = 0; i < FENCE_ASKS_MAX && !f->closed; i++) {
        const struct fence_ask *a = &f->asks[i];
        bool over = a->refused_us == now_us || (now_us >= a->at_us + WR_LEASE_WAIT_US &&
                                                now_us <= a->at_us + 4 * WR_LEASE_WAIT_US);
        for (unsigned k = 0; over && k < a->ask.dests; k++) {
            const struct wr_lease_dest *d = &a->ask.dest[k];
            if (d->family == family && memcmp(a->ask.client.ip, client->ip, 16) == 0 &&
                memcmp(d->ip, ip, family == WR_AF_V4 ? 4 : 16) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool is_inside(const struct wr_addr *client)
{
    return client->family == WR_AF_V4
               ? client->ip[0] == 10 && client->ip[1] == 0 && client->ip[2] < 8
               : client->ip[0] == 0xfd && client->ip[6] < 8;
}

bool fence_judge(struct world *w, const struct asked *a, const struct wire_msg *m, const char *name)
{
    struct fence *f = &w->fence;
    const struct wr_addr *client = &a->client.from;
    unsigned addresses = 0;
    if (!f->on || !is_inside(client)) {
        return false;
    }
    for (unsigned i = 0; i < m->rrs; i++) {
        const struct wire_rr *rr = &m->rr[i];
        if (rr->type != TYPE_A && rr->type != TYPE_AAAA) {
            continue;
        }
        uint8_t family = rr->type == TYPE_A ? WR_AF_V4 : WR_AF_V6;
        uint64_t until_us = place_of(f, client, family, rr->rdata)->until_us;
        addresses++;
        if (until_us >= w->clock.now.mono_us + rr->ttl * WR_S) {
            f->seen++;
        } else if (is_excused(w, client, family, rr->rdata)) {
            f->excused++;
        } else {
            checks_fail(w, 7, "%s: an address with TTL %u leaves, and its lease %s", name, rr->ttl,
                        until_us == 0                      ? "was not given"
                        : until_us <= w->clock.now.mono_us ? "is over"
                                                           : "ends before");
        }
    }
    f->trimmed += addresses == WR_LEASE_DESTS_MAX;
    return addresses == WR_LEASE_DESTS_MAX;
}
