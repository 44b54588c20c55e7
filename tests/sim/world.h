/* SPDX-License-Identifier: Apache-2.0 */
/*
 * World: everything around the gateway, in one struct, moved by one queue.
 *
 * The order of a run: world_init draws the world from the seed; world_run moves the clock from event to
 * event; a time of faults is followed by a calm (no loss, honest servers), in which everything must work again;
 * then the clients fall silent and nothing may be left open. What must stay true is in checks.h.
 *
 * One source of randomness (`rng`) feeds the world, others feed the engines, so a seed is a whole story:
 * `sim --seed N --trace` tells it again.
 */
#ifndef WEIR_SIM_WORLD_H
#define WEIR_SIM_WORLD_H

#include "checks.h"
#include "client.h"
#include "clock.h"
#include "fence.h"
#include "gate.h"
#include "network.h"
#include "oracle.h"
#include "sealed.h"
#include "secure.h"
#include "server.h"

enum world_event {
    EV_QUERY = 1,     /* a client's message arrives: who = worker */
    EV_HANDOVER,      /* one worker hands a query to another: who = worker */
    EV_CLIENT_GONE,   /* a client's connection ends */
    EV_CLIENT_HEARS,  /* a reply arrives at a client: who = client */
    EV_CLIENT_TICK,   /* a client acts */
    EV_CLIENT_WAITED, /* a client's patience is over: tag = its ask */
    EV_SERVER_HEARS,  /* a datagram arrives at a server: who = server, from = the gateway's port */
    EV_PORT_HEARS,    /* a datagram arrives at the gateway's port `to` */
    EV_UNREACHABLE,   /* the kernel says so: who = worker, id = exchange */
    EV_STREAM_UP,     /* tag = stream */
    EV_STREAM_DOWN,
    EV_STREAM_TO_SERVER,
    EV_STREAM_TO_GATE,
    EV_CARRY_ASKED, /* a request arrives at an oblivious target: who = its proxy (carried.h) */
    EV_CARRY_SAID,  /* ... and its response at the proxy */
    EV_QUIC_TIME,   /* a connection by QUIC looks at its clock: tag = stream (quicserver.h) */
    EV_QUIC_SAYS,   /* ... and says something late: id = its stream */
    EV_LEASE,       /* the firewall says something: who = worker, id = the ask (fence.h) */
    EV_ATTACK,      /* the forger acts */
    EV_FAULT,       /* the weather changes */
    EV_CALM,        /* the faults end */
    EV_HOUSE,       /* the box asks for itself */
    EV_SWEEP,       /* overdue queries are looked for */
    EV_QUIET,       /* the clients fall silent */
    EV_END,
};

/* What a run is made of; world_defaults fills it from the seed, a story of goals.c changes it. */
struct world_plan {
    uint64_t seed;
    unsigned workers, servers, clients, names;
    enum wr_strategy strategy;
    uint64_t faults_us, calm_us; /* how long each part takes */
    bool faults;                 /* weather, lies, attack */
    bool attack, restarts;
    bool wary;     /* the bound on guesses by the hour holds; else lies over UDP go on being told */
    bool tree;     /* the gateway finds names from the root (tree.h) */
    bool secure;   /* ... and its zones are signed, or should be (secure.h) */
    bool sealed;   /* upstreams are encrypted (sealed.h) ... */
    bool required; /* ... and nobody else may be asked */
    uint8_t scheme; /* of all encrypted servers (enum wr_scheme); 0: as drawn */
    bool fenced;    /* some devices reach only what was answered to them (fence.h) */
    bool plain;     /* no DO, CD or client subnet in the queries */
    const struct gate_machine *machine;
    enum check_plant plant;
    bool verbose;
};

/* In a tree a failure by silence is remembered though other servers answer (RFC 9520): the calm begins after that. */
#define TREE_MEMORY_US (6 * WR_S)

struct world {
    struct world_plan plan;
    struct wr_rng rng;
    struct sim_clock clock;
    struct gate gate;
    struct oracle oracle;
    struct secure secure;
    struct sealed sealed;
    struct fence fence;
    int64_t date_s;           /* as the world begins */
    bool forges, forges_keys; /* a forger is on the path (forger.h) */
    uint64_t proven_us;       /* since when the wall clock is proven, WR_TIME_NEVER: it is not */
    uint64_t was_proven_us;   /* the last moment at which it was */
    struct net_link client_link;
    struct net_ports *ports;
    struct net_streams streams;
    struct server server[SERVERS_MAX];
    struct client client[CLIENTS_MAX];
    struct asks asks;
    struct checks checks;
    uint64_t
        wake_us[GATE_WORKERS_MAX]; /* when each engine is woken: its deadline, and a bit late */
    uint64_t deadline_us[GATE_WORKERS_MAX];
    unsigned spins; /* wake-ups at one moment */
    uint64_t spin_us;
    int routed_zone; /* -1: none */
    bool calm, quiet, over;
    bool no_ports;    /* the gateway's process has no descriptor left for another port or stream */
    uint64_t calm_us; /* when the calm began */
    uint64_t
        erred_us[ORACLE_NAMES_MAX]; /* when a server last answered with an error for this name */
    struct wire_msg *msg, *query;   /* scratch for reading */
    struct wire_out *out;           /* scratch for writing */
};

void world_defaults(struct world_plan *p, uint64_t seed);
/* Allocated: the struct is large. */
struct world *world_new(const struct world_plan *plan);
void world_free(struct world *w);
/* Runs to the end. True: nothing was violated. */
bool world_run(struct world *w);
/* Runs until a moment, for stories that change the world on the way. */
void world_run_until(struct world *w, uint64_t until_us);
void world_finish(struct world *w);
/* Restart of all engines, with the block attached again. */
void world_restart(struct world *w);
/* What the wall clock says from now on, and whether somebody has confirmed it. */
void world_set_wall(struct world *w, int64_t wall_s, bool proven);
/* How long what failed in the faults may be remembered in the calm. */
uint64_t world_memory_us(const struct world *w);
void world_link_event(struct world *w);
void world_say(const struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A client's message goes to the worker that the kernel would choose. */
unsigned world_worker_of(const struct world *w, const struct wr_addr *from);

#endif
