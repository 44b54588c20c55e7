/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engine: the whole gateway as one pure machine.
 *
 * The road of one query:
 *
 *   feed(QUERY) -> pipeline: parse, may they ask (prefix, limits, cookie), is it known (local names; cache: fresh,
 *   stale or not), else a request: the one in flight for this question is joined, or a new one started. A request asks
 *   its group through `forward`, which chooses servers (select), sends to each through an `exchange` (UDP
 *   with an unpredictable port, TCP when it must), and may have two out at once (hedging). The first good response is taken apart
 *   (classify, scrub), cached, and every client that waited gets its reply; one that waited too long got a
 *   stale answer before. What each reply was is one record for the ledger.
 *
 * Moved by four calls: wr_engine_start, wr_engine_feed, wr_engine_poll, wr_engine_deadline. Time and randomness are
 * arguments; memory is one block given at the start, and what all workers share: the cache block, the upstream state and the quota table.
 * A name's hash picks the worker that asks for it: others hand the query over (WR_ACTION_HANDOVER).
 *
 * A reply to one who may reach only what was answered to him waits for the firewall first (engine/leasing.h).
 *
 * For devices without IPv4 another question may take the place of the one that came (engine/translate.h).
 *
 * Invariant: each QUERY fed leads to exactly one REPLY or DROP (for a HANDOVER: by the engine it was handed to), by its deadline. A `refresh`
 * leads to none.
 */
#ifndef WR_ENGINE_ENGINE_H
#define WR_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ring.h"
#include "base/rng.h"
#include "base/time.h"
#include "base/trace.h"
#include "engine/event.h"
#include "engine/record.h"
#include "engine/settings.h"
#include "engine/stats.h"
#include "policy/device.h"
#include "policy/feedset.h"
#include "policy/leasemirror.h"
#include "policy/quota.h"
#include "policy/tally.h"
#include "resolve/cache.h"
#include "resolve/upstream.h"
#include "transport/http.h"

struct wr_engine;
struct wr_tls_standin;

/* One set for all workers. */
struct wr_secrets {
    uint8_t cookie_key[16];        /* server cookies, RFC 9018 */
    uint8_t old_cookie_key[16];    /* the one before, still accepted */
    uint8_t client_cookie_key[16]; /* our cookies towards upstreams */
    struct wr_hash_key table_key;  /* in-flight map, limits */
};

struct wr_engine_setup {
    uint16_t worker, workers;
    uint32_t requests; /* questions in flight at once */
    uint32_t waiters;  /* client queries that wait for them */
    uint32_t streams;  /* upstream TCP connections */
    uint32_t zones;    /* whose keys are remembered; 0: nothing is validated */
    uint32_t ranges;   /* proven ones that are remembered; 0: none */
    const struct wr_settings *settings;
    const struct wr_local *local;             /* local names, or NULL */
    const struct wr_heldzones *held;          /* zones that are asked here, or NULL */
    const struct wr_feedset *feeds;           /* lists that rules name, or NULL */
    const struct wr_secrets *secrets;         /* lives as long as the engine */
    struct wr_cache *cache;                   /* shared */
    struct wr_upstream_state *upstream_state; /* shared, WR_UPSTREAMS_MAX and infra_slots of them */
    struct wr_http_memory memory;         /* for HTTP to upstreams; resize NULL: none is asked so */
    const struct wr_tls_standin *standin; /* speaks TLS in a simulation; NULL: GnuTLS does */
    struct wr_conninfo *conns;            /* shared, WR_UPSTREAMS_MAX of them, or NULL */
    uint32_t infra_slots;                 /* for servers found by iteration; 0: none can be */
    struct wr_quota *quota;               /* shared */
    const struct wr_device_table *devices; /* shared; NULL: nobody is known */
    struct wr_leasemirror *leases;         /* shared; NULL: there is no firewall to open */
    struct wr_tally *over_rate; /* queries beyond their rate, by device; shared; or NULL */
    struct wr_ring *records;    /* to the ledger, or NULL */
    _Atomic uint64_t *hits;     /* by label: how often each rule has said something here; or NULL */
    struct wr_stats *stats;
    const struct wr_trace *trace; /* or NULL */
    struct wr_rng rng;            /* seeded; copied */
};

/* Octets of memory the engine wants (64-aligned). */
size_t wr_engine_size(const struct wr_engine_setup *setup);
struct wr_engine *wr_engine_start(void *block, const struct wr_engine_setup *setup,
                                  const struct wr_now *now);
void wr_engine_feed(struct wr_engine *e, const struct wr_event *event, const struct wr_now *now);
/* Hints, no events: this query will be fed soon. The first gives a word for the second, which is called a
 * little later, when the first has had its effect. What they say changes no answer. */
uint64_t wr_engine_foresee(const struct wr_engine *e, const uint8_t *bytes, size_t size);
void wr_engine_foresee_entry(const struct wr_engine *e, uint64_t word);
/* A hint likewise: whether this address may ask, by the settings of now. What it asks is judged when it is fed. */
bool wr_engine_may_ask(const struct wr_engine *e, const struct wr_addr *from);
/* A hint likewise: is anything decided by the interface that a query came in by? */
bool wr_engine_wants_interface(const struct wr_engine *e);
/* The next action, or false. */
bool wr_engine_poll(struct wr_engine *e, const struct wr_now *now, struct wr_action *ret_action);
/* Monotonic microseconds when a WR_EVENT_TIME is wanted, or WR_TIME_NEVER. */
uint64_t wr_engine_deadline(const struct wr_engine *e);
/* New settings from here on; nothing points into the old ones afterwards. */
void wr_engine_adopt(struct wr_engine *e, const struct wr_settings *settings,
                     const struct wr_now *now);
/* Gives back what libraries hold; the block may then be freed. */
void wr_engine_stop(struct wr_engine *e, const struct wr_now *now);
/* New local names (NULL: none); nothing points into the old ones afterwards. What is in flight goes on. */
void wr_engine_adopt_local(struct wr_engine *e, const struct wr_local *local);
/* New zones that are asked here, likewise. */
void wr_engine_adopt_held(struct wr_engine *e, const struct wr_heldzones *held);
/* New lists (NULL: none), likewise. */
void wr_engine_adopt_feeds(struct wr_engine *e, const struct wr_feedset *feeds);
/* Questions in flight, and replies that wait for the firewall; 0 means that a clean shutdown may end. */
uint32_t wr_engine_inflight(const struct wr_engine *e);

#endif
