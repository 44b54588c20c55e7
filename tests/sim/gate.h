/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate: the gateway as the world sees it: some engines over one shared block, moved by events.
 *
 * The gate owns the memory (cache block, upstream state, quota table, one exact block per engine), so that
 * every octet an engine writes outside of it is an error of the address sanitizer. It feeds one event
 * to one engine and hands every action to the world through `act`, until there is none left. `act` must not call
 * the gate again: it queues.
 *
 * A restart throws the engines away as `kill -9` would: memory, upstream state and quota are new, the cache
 * block is attached again (and must be accepted).
 *
 * The machine under test is a table of functions: weir's engine, or the control, a resolver without
 * defences that shows that the checks can fail.
 */
#ifndef WEIR_SIM_GATE_H
#define WEIR_SIM_GATE_H

#include <stdbool.h>

#include "engine/engine.h"

#define GATE_WORKERS_MAX  4
#define GATE_BLOCK_CANARY 64

struct gate_machine {
    const char *name;
    size_t (*size)(const struct wr_engine_setup *setup);
    void *(*start)(void *block, const struct wr_engine_setup *setup, const struct wr_now *now);
    void (*feed)(void *e, const struct wr_event *event, const struct wr_now *now);
    bool (*poll)(void *e, const struct wr_now *now, struct wr_action *ret_action);
    uint64_t (*deadline)(const void *e);
    void (*adopt)(void *e, const struct wr_settings *settings, const struct wr_now *now);
    uint32_t (*inflight)(const void *e);
    void (*stop)(void *e); /* gives back what libraries hold */
    /* Formats (or attaches) the cache block; the cache is NULL for a machine without one. */
    struct wr_cache *(*cache)(void *block, size_t size, bool attach);
};

extern const struct gate_machine gate_weir;
extern const struct gate_machine gate_control;

struct gate {
    const struct gate_machine *machine;
    unsigned workers;
    struct wr_settings settings;
    const struct wr_local *local; /* local names, or NULL */
    struct wr_route route;        /* for settings that want one */
    struct wr_ttl_rule rule;
    struct wr_hints hints; /* with one, names are found from the root (gate_hint) */
    uint32_t infra_slots;
    struct wr_anchors anchors; /* with one, answers are proven (gate_trust) */
    struct wr_anchor anchor[2];
    uint32_t zones, ranges;
    struct wr_secrets secrets;
    uint32_t requests, waiters, streams;
    size_t cache_size;
    uint8_t *cache_block;
    struct wr_cache *cache;
    struct wr_upstream_state *upstream_state;
    const struct wr_tls_standin *standin; /* speaks TLS to upstreams, or NULL */
    struct wr_conninfo *conns;
    void *quota_block;
    struct wr_quota *quota;
    uint32_t leases; /* that the mirror is made for; 0: there is no firewall */
    void *mirror_block;
    struct wr_leasemirror *mirror;
    struct wr_trace trace;
    struct {
        void *block, *engine;
        size_t size;
        struct wr_stats stats;
    } worker[GATE_WORKERS_MAX];
    uint64_t seed;
    uint64_t starts;
    void (*act)(void *user, unsigned worker, const struct wr_action *action);
    void *user;
    const char *broken; /* what the gate itself saw go wrong, or NULL */
};

/* Sensible settings for a test: fd00::/8 and 10/8 allowed, everything on, no upstream. */
void gate_defaults(struct gate *g);
/* Adds an upstream to group `group` (made when new). */
void gate_upstream(struct gate *g, unsigned group, const struct wr_addr *addr,
                   enum wr_scheme scheme);
/* Names without a route are found from the root, one of whose servers is there. */
void gate_hint(struct gate *g, const struct wr_addr *addr);
/* Answers are validated, from this DS record of the root on; `floor_s` has certainly passed. */
void gate_trust(struct gate *g, const uint8_t *ds, size_t size, int64_t floor_s);
void gate_start(struct gate *g, const struct wr_now *now);
void gate_restart(struct gate *g, const struct wr_now *now);
void gate_free(struct gate *g);
void gate_feed(struct gate *g, unsigned worker, const struct wr_event *event,
               const struct wr_now *now);
uint64_t gate_deadline(const struct gate *g, unsigned worker);
uint32_t gate_inflight(const struct gate *g);
void gate_adopt(struct gate *g, const struct wr_now *now);
/* The sum over the workers since the last start. `name` as in engine/stats.h. */
uint64_t gate_stat(const struct gate *g, size_t offset);
#define GATE_STAT(g, name) gate_stat((g), offsetof(struct wr_stats, name))
bool gate_canaries_whole(const struct gate *g);

#endif
