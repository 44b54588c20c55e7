/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, start, feed and poll; what the world does with the actions is its own business (gate.h). */
#include "gate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/prefix.h"
#include "resolve/conninfo.h"
#include "transport/uri.h"

#define QUOTA_BUCKETS 4096
#define POLLS_MAX     20000 /* actions after one event: more is an engine that never rests */
#define CANARY_OCTET  0xc5

static struct wr_prefix allowed[2];

void gate_defaults(struct gate *g)
{
    struct wr_settings *s = &g->settings;
    memset(s, 0, sizeof *s);
    wr_addr_prefix_from_text("10.0.0.0/8", &allowed[0]);
    wr_addr_prefix_from_text("fd00::/8", &allowed[1]);
    s->allows = wr_prefix_compile(allowed, 2);
    s->allow = allowed;
    s->serial = 1;
    s->ttl.max_s = 86400;
    s->ttl.max_negative_s = 3600;
    s->ttl.failure_s = 5;
    s->ttl.prefetch = true;
    s->ttl.stale = true;
    s->ttl.stale_max_age_s = 86400;
    s->ttl.stale_ttl_s = 30;
    s->ttl.stale_client_timeout_ms = 1800;
    s->query_timeout_ms = 5000;
    s->client_rate = 2000;
    s->client_burst = 2000;
    s->client_inflight = 256;
    s->rrl_rate = 0;
    s->rrl_slip = 2;
    s->refused_rate = 10;
    s->prefix4_len = 24;
    s->prefix6_len = 56;
    s->rrl_prefix4_len = 24;
    s->rrl_prefix6_len = 56;
    s->edns_udp_size = 1232;
    s->tcp_idle_ms = 10000;
    s->server_cookies = true;
    s->minimal_any = true;
    snprintf(s->identity, sizeof s->identity, "sim");
    snprintf(s->version, sizeof s->version, "sim 1");
    s->upstreams.ipv4 = s->upstreams.ipv6 = true;
    s->upstreams.case_randomisation = true;
    s->upstreams.cookies = true;
    s->upstreams.minimise = true;
    g->requests = 512;
    g->waiters = 2048;
    g->streams = 32;
    g->infra_slots = 64;
    g->cache_size = 1024 * 1024;
    g->workers = 1;
}

void gate_upstream(struct gate *g, unsigned group, const struct wr_addr *addr,
                   enum wr_scheme scheme)
{
    struct wr_upstreams *u = &g->settings.upstreams;
    struct wr_upstream *up = &u->upstream[u->upstreams];
    char text[WR_ADDR_TEXT_SIZE];
    wr_addr_to_text(addr, text, sizeof text);
    *up = (struct wr_upstream){
        .addr = *addr, .scheme = (uint8_t)scheme, .slot = (uint8_t)u->upstreams};
    snprintf(up->url, sizeof up->url, "%s://%s", wr_uri_scheme_name((uint8_t)scheme), text);
    if (group >= u->groups) {
        group = u->groups++;
        snprintf(u->group[group].name, sizeof u->group[group].name, "group%u", group);
    }
    struct wr_group *gr = &u->group[group];
    gr->server[gr->servers++] = (uint8_t)u->upstreams++;
}

void gate_hint(struct gate *g, const struct wr_addr *addr)
{
    g->hints.addr[g->hints.count++] = *addr;
    g->settings.upstreams.hints = &g->hints;
    g->settings.upstreams.default_group = WR_GROUP_RECURSE;
}

void gate_trust(struct gate *g, const uint8_t *ds, size_t size, int64_t floor_s)
{
    static const uint8_t root[1] = {0};
    struct wr_prove_settings *p = &g->settings.prove;
    wr_anchors_init(&g->anchors, g->anchor, 2);
    if (wr_anchors_add(&g->anchors, root, WR_TYPE_DS, ds, size)) {
        g->broken = "the anchor was not taken";
    }
    *p = (struct wr_prove_settings){.enable = true,
                                    .aggressive = true,
                                    .floor_s = floor_s,
                                    .anchors = &g->anchors,
                                    .policy = wr_algo_default_policy()};
    g->zones = 64;
    g->ranges = 256;
}

static void *canaried(size_t size)
{
    uint8_t *block = aligned_alloc(64, (size + GATE_BLOCK_CANARY + 63) / 64 * 64);
    assert(block);
    memset(block, 0xa7, size); /* an engine must not rely on zeroed memory */
    memset(block + size, CANARY_OCTET, GATE_BLOCK_CANARY);
    return block;
}

static bool canary_whole(const void *block, size_t size)
{
    const uint8_t *p = (const uint8_t *)block + size;
    for (unsigned i = 0; i < GATE_BLOCK_CANARY; i++) {
        if (p[i] != CANARY_OCTET) {
            return false;
        }
    }
    return true;
}

static void *resize(void *user, void *at, size_t size)
{
    if (size) {
        return realloc(at, size);
    }
    free(at);
    return NULL;
}

static void start_engines(struct gate *g, const struct wr_now *now)
{
    g->starts++;
    for (unsigned w = 0; w < g->workers; w++) {
        struct wr_engine_setup setup = {
            .worker = (uint16_t)w,
            .workers = (uint16_t)g->workers,
            .requests = g->requests,
            .waiters = g->waiters,
            .streams = g->streams,
            .settings = &g->settings,
            .local = g->local,
            .secrets = &g->secrets,
            .cache = g->cache,
            .upstream_state = g->upstream_state,
            .memory = {.resize = resize},
            .standin = g->standin,
            .conns = g->conns,
            .infra_slots = g->infra_slots,
            .zones = g->zones,
            .ranges = g->ranges,
            .quota = g->quota,
            .leases = g->mirror,
            .stats = &g->worker[w].stats,
            .trace = g->trace.line ? &g->trace : NULL,
        };
        wr_rng_seed_u64(&setup.rng, g->seed * 31 + w + g->starts * 1009);
        memset(&g->worker[w].stats, 0, sizeof g->worker[w].stats);
        g->worker[w].size = g->machine->size(&setup);
        g->worker[w].block = canaried(g->worker[w].size);
        g->worker[w].engine = g->machine->start(g->worker[w].block, &setup, now);
        if (!g->worker[w].engine) {
            g->broken = "engine did not start";
        }
    }
}

static void fresh_shared(struct gate *g)
{
    size_t quota_size = wr_quota_size(QUOTA_BUCKETS);
    size_t states = (WR_UPSTREAMS_MAX + g->infra_slots) * sizeof(struct wr_upstream_state);
    g->upstream_state = aligned_alloc(64, (states + 63) / 64 * 64);
    g->quota_block = aligned_alloc(64, (quota_size + 63) / 64 * 64);
    g->conns = calloc(WR_UPSTREAMS_MAX, sizeof *g->conns);
    assert(g->upstream_state && g->quota_block && g->conns);
    memset((void *)g->upstream_state, 0, states);
    g->quota = wr_quota_init(g->quota_block, QUOTA_BUCKETS);
    g->mirror = NULL;
    if (g->leases) {
        static const struct wr_hash_key key = {{7, 8}};
        size_t size = (wr_leasemirror_size(g->leases) + 63) / 64 * 64;
        g->mirror_block = aligned_alloc(64, size);
        assert(g->mirror_block);
        memset(g->mirror_block, 0, size);
        g->mirror = wr_leasemirror_init(g->mirror_block, g->leases, &key);
    }
}

void gate_start(struct gate *g, const struct wr_now *now)
{
    struct wr_rng rng;
    wr_rng_seed_u64(&rng, g->seed ^ 0x5ec4e7);
    wr_rng_bytes(&rng, &g->secrets, sizeof g->secrets);
    g->cache_block = canaried(g->cache_size);
    g->cache = g->machine->cache(g->cache_block, g->cache_size, false);
    fresh_shared(g);
    start_engines(g, now);
}

static void drop_engines(struct gate *g)
{
    for (unsigned w = 0; w < g->workers; w++) {
        if (g->machine->stop && g->worker[w].engine) {
            g->machine->stop(g->worker[w].engine);
        }
        free(g->worker[w].block);
        g->worker[w].block = g->worker[w].engine = NULL;
    }
    free((void *)g->upstream_state);
    free(g->quota_block);
    free(g->mirror_block);
    g->mirror_block = NULL;
    free(g->conns);
}

void gate_restart(struct gate *g, const struct wr_now *now)
{
    drop_engines(g);
    g->cache = g->machine->cache(g->cache_block, g->cache_size, true);
    fresh_shared(g);
    start_engines(g, now);
}

void gate_free(struct gate *g)
{
    drop_engines(g);
    free(g->cache_block);
    g->cache_block = NULL;
}

void gate_feed(struct gate *g, unsigned worker, const struct wr_event *event,
               const struct wr_now *now)
{
    void *e = g->worker[worker].engine;
    struct wr_action action;
    unsigned polls = 0;
    g->machine->feed(e, event, now);
    while (g->machine->poll(e, now, &action)) {
        g->act(g->user, worker, &action);
        if (++polls > POLLS_MAX) {
            g->broken = "poll never ends";
            return;
        }
    }
}

uint64_t gate_deadline(const struct gate *g, unsigned worker)
{
    return g->machine->deadline(g->worker[worker].engine);
}

uint32_t gate_inflight(const struct gate *g)
{
    uint32_t n = 0;
    for (unsigned w = 0; w < g->workers; w++) {
        n += g->machine->inflight(g->worker[w].engine);
    }
    return n;
}

void gate_adopt(struct gate *g, const struct wr_now *now)
{
    g->settings.serial++;
    for (unsigned w = 0; w < g->workers; w++) {
        g->machine->adopt(g->worker[w].engine, &g->settings, now);
    }
}

uint64_t gate_stat(const struct gate *g, size_t offset)
{
    uint64_t sum = 0;
    for (unsigned w = 0; w < g->workers; w++) {
        sum += atomic_load_explicit(
            (const _Atomic uint64_t *)(const void *)((const char *)&g->worker[w].stats + offset),
            memory_order_relaxed);
    }
    return sum;
}

bool gate_canaries_whole(const struct gate *g)
{
    bool whole = canary_whole(g->cache_block, g->cache_size);
    for (unsigned w = 0; w < g->workers; w++) {
        whole = whole && canary_whole(g->worker[w].block, g->worker[w].size);
    }
    return whole;
}
