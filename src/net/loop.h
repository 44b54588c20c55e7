/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loop: one engine, tied to the sockets of one worker by one libuv loop.
 *
 * One turn: the kernel says what is ready -> the clocks are read once -> each thing that came in is fed to
 * the engine, which is polled until it has no action left, and each action is carried out -> answers
 * that are ready go out together -> the engine is asked for its deadline -> the loop waits. The deadline is asked before waiting,
 * the time is passed after.
 *
 * Threads: create and listen from the thread that starts the worker, before wr_loop_run; then everything from
 * within the loop's own thread (the hooks are called there), except the functions marked "any
 * thread". To do something in a worker: put it where the hook finds it, call wr_loop_wake.
 *
 * Answers for queries that another worker handed over: over UDP they leave from this worker's
 * socket of the same listener number, which is bound to the same address; over TCP and QUIC they are handed back. Datagrams of a
 * QUIC connection that another worker holds are handed to it as they came.
 */
#ifndef WR_NET_LOOP_H
#define WR_NET_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/rng.h"
#include "base/time.h"
#include "engine/engine.h"
#include "engine/event.h"
#include "net/clock.h"
#include "net/limits.h"
#include "net/stats.h"
#include "transport/strike.h"
#include "transport/terms.h"

struct wr_loop;

enum wr_hand {
    WR_HAND_QUERY = 1, /* the other worker calls wr_loop_take_query */
    WR_HAND_REPLY,     /* the worker that holds the connection calls wr_loop_take_reply */
    WR_HAND_DROP,      /* ... wr_loop_take_drop */
    WR_HAND_DATAGRAM,  /* ... wr_loop_take_datagram */
};

struct wr_loop_hooks {
    void *user;
    /* Something for another worker. The bytes are valid during the call. False: its ring is full. */
    bool (*hand)(void *user, enum wr_hand kind, uint16_t worker, const struct wr_client *client,
                 const uint8_t *bytes, size_t size);
    /* wr_loop_wake was called, once or more: empty the rings, adopt settings, change listeners. */
    void (*woken)(void *user, struct wr_loop *loop);
    /* The end of a turn in which `hand` was called: wake the others now. May be NULL. */
    void (*handed)(void *user);
};

struct wr_loop_setup {
    uint16_t worker;
    struct wr_engine *engine;
    struct wr_net_limits limits;
    struct wr_net_shared *shared; /* one for all workers */
    struct wr_net_stats *stats;   /* this worker's */
    const struct wr_clock *clock; /* NULL: the kernel's, never proven */
    struct wr_rng rng;            /* seeded from the kernel; copied */
    uint16_t workers;             /* of the crew; 0: this one alone */
    struct wr_strike *strike;     /* shared: early data that was taken; NULL: none is */
    const uint16_t *avoid_ports;  /* never used towards upstreams: our own listeners; copied */
    size_t avoid_ports_count;
    int lease_fd; /* to who opens the firewall (net/leasechan.h), taken over; 0: nobody does */
    struct wr_loop_hooks hooks;
};

int wr_loop_create(const struct wr_loop_setup *setup, struct wr_loop **ret_loop);
/* Takes the descriptor over. `number` is the same in all workers for one address and transport, below
 * WR_NET_LISTENERS_MAX. WR_E_EXISTS: the number is taken. */
int wr_loop_listen(struct wr_loop *l, uint16_t number, enum wr_client_transport transport, int fd,
                   const struct wr_addr *addr);
/* Stops and closes one listener; TCP connections it accepted go on. */
void wr_loop_unlisten(struct wr_loop *l, uint16_t number);
/* Turns until stopped. */
void wr_loop_run(struct wr_loop *l);
/* After wr_loop_run returned. */
void wr_loop_destroy(struct wr_loop *l);

/* Any thread: has `woken` called in the loop's thread soon. */
void wr_loop_wake(struct wr_loop *l);
/* Any thread: links, addresses or routes changed. */
void wr_loop_link_changed(struct wr_loop *l);
/* Any thread: takes no more queries, ends when nothing is in flight, or after drain_ms. */
void wr_loop_stop(struct wr_loop *l, uint32_t drain_ms);

/* Within `woken`. */
void wr_loop_take_query(struct wr_loop *l, const struct wr_client *client, const uint8_t *bytes,
                        size_t size);
void wr_loop_take_reply(struct wr_loop *l, const struct wr_client *client, const uint8_t *bytes,
                        size_t size);
void wr_loop_take_drop(struct wr_loop *l, const struct wr_client *client);
void wr_loop_take_datagram(struct wr_loop *l, const struct wr_client *client, const uint8_t *bytes,
                           size_t size);
/* The engine has other settings: what listeners are to tell of a query may be more. */
void wr_loop_inform(struct wr_loop *l);
/* The secrets of all workers; also before wr_loop_run. */
void wr_loop_set_secrets(struct wr_loop *l, const struct wr_secrets *secrets);
void wr_loop_set_limits(struct wr_loop *l, const struct wr_net_limits *limits);
/* By what new encrypted connections are made; also before wr_loop_run. */
void wr_loop_set_terms(struct wr_loop *l, const struct wr_terms *terms);
const struct wr_now *wr_loop_now(struct wr_loop *l);

#endif
