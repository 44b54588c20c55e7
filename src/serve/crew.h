/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crew: the workers. N threads, each with its own engine, loop and listening sockets.
 *
 * The main thread starts them, gives them orders, and stops them; between those it never touches what is theirs.
 * An order (new settings, new local names, listeners to open or close, fresh cookie secrets) is put where every worker finds it, and
 * the worker is woken; each carries it out in its own thread between two turns of its loop. When the last
 * one has, `settled` is called, and nothing points into the old settings any more. One order at a time.
 *
 * Workers hand questions and answers to each other through rings (serve/hand.h).
 *
 * Memory: each engine's block is mapped here and becomes real where it is touched.
 */
#ifndef WR_SERVE_CREW_H
#define WR_SERVE_CREW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "net/limits.h"
#include "net/stats.h"
#include "transport/terms.h"

struct wr_crew;

struct wr_crew_setup {
    uint16_t workers;
    uint32_t requests, waiters, streams; /* of each worker */
    const struct wr_settings *settings;  /* until an order with others has settled */
    const struct wr_local *local;        /* likewise; NULL: none */
    const struct wr_heldzones *held;     /* likewise */
    const struct wr_feedset *feeds;      /* likewise */
    struct wr_secrets secrets;           /* copied */
    struct wr_cache *cache;
    struct wr_upstream_state *upstream_state;
    struct wr_conninfo *conns;
    uint32_t infra_slots; /* of upstream_state behind the configured ones */
    uint32_t zones;       /* whose keys each worker remembers */
    uint32_t ranges;      /* proven ones that each worker remembers */
    struct wr_quota *quota;
    const struct wr_device_table *devices;
    struct wr_tally *over_rate;
    struct wr_leasemirror *leases; /* or NULL */
    const int *
        lease_fd; /* one for each worker, to who opens the firewall, taken over; 0: nobody does. NULL: nobody at all */
    struct wr_net_limits limits; /* ports: of each worker */
    struct wr_net_shared *shared;
    struct wr_ring *records;      /* one for each worker, or NULL */
    const struct wr_terms *terms; /* of encrypted connections; copied */
    const struct wr_clock *clock; /* or NULL: the kernel's, not proven */
    const uint16_t *avoid_ports;
    size_t avoid_ports_count;
    void (*settled)(void *user); /* any thread; must only wake somebody */
    void *user;
};

/* A listener to open: the same number in all workers, one socket each. */
struct wr_crew_listen {
    uint16_t number;
    uint8_t transport; /* enum wr_client_transport */
    struct wr_addr addr;
    int fd[WR_WORKERS_MAX]; /* taken over; -1: this worker has none */
};

struct wr_crew_order {
    const struct wr_settings *settings; /* NULL: as before */
    const struct wr_secrets *secrets;   /* NULL: as before; table_key must not differ */
    const struct wr_net_limits *limits; /* NULL: as before */
    const struct wr_terms *terms;       /* NULL: as before */
    bool has_local;                     /* false: as before */
    const struct wr_local *local;       /* NULL: none */
    const struct wr_heldzones *held;    /* with has_local; NULL: none */
    bool has_feeds;                     /* false: as before */
    const struct wr_feedset *feeds;     /* NULL: none */
    const struct wr_crew_listen *open;
    uint32_t opens;
    const uint16_t *close; /* numbers */
    uint32_t closes;
    const uint8_t *ask; /* a query that is asked anew though nobody waits; NULL: none */
    size_t ask_size;
};

int wr_crew_create(const struct wr_crew_setup *setup, struct wr_crew **ret_crew);
/* Before the start only: adds a listener to every worker. */
int wr_crew_listen(struct wr_crew *c, const struct wr_crew_listen *listen);
int wr_crew_run(struct wr_crew *c);
/* The order and what it points to must stay until it has settled. WR_E_BUSY: one is under way. */
int wr_crew_give(struct wr_crew *c, const struct wr_crew_order *order);
bool wr_crew_is_settled(const struct wr_crew *c);
/* A link changed: every worker's engine is told. */
void wr_crew_link_changed(struct wr_crew *c);
/* Have all workers turned since the last call? Asks them to turn again. False: one hangs, or is very busy. */
bool wr_crew_ping(struct wr_crew *c);
/* Takes no more questions, answers those in flight for at most drain_ms, joins all threads. */
void wr_crew_stop(struct wr_crew *c, uint32_t drain_ms);
void wr_crew_destroy(struct wr_crew *c); /* after the stop; NULL is fine */

uint16_t wr_crew_workers(const struct wr_crew *c);
const struct wr_stats *wr_crew_stats(const struct wr_crew *c, uint16_t worker);
const struct wr_net_stats *wr_crew_net_stats(const struct wr_crew *c, uint16_t worker);
/* How often the rule of this label has said something, in the shadow too, since the start. */
uint64_t wr_crew_hits(const struct wr_crew *c, uint16_t label);
uint64_t wr_crew_hands_dropped(const struct wr_crew *c);

#endif
