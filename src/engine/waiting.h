/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting: the client queries that wait for a request, and who yields when there is no room.
 *
 * Each request has a list of its waiters, oldest first. When the pool is full
 * the waiter to give up is looked for among WR_WAITING_SAMPLE drawn at random: the one whose client
 * prefix has the most unanswered questions, the oldest among equals. A flood holds most of the places, so the draw
 * meets it. A newcomer whose prefix has as many itself, or one less, gives way: what already went upstream is worth
 * more, and a flood that cuts its own questions would send each of them upstream.
 */
#ifndef WR_ENGINE_WAITING_H
#define WR_ENGINE_WAITING_H

#include "base/list.h"
#include "base/pool.h"
#include "base/rng.h"
#include "engine/asker.h"
#include "policy/quota.h"

#define WR_WAITING_SAMPLE 32

struct wr_waiter {
    struct wr_list node; /* in its request's list, or among those given up */
    struct wr_asker asker;
    wr_id id;
    wr_id request; /* 0: given up or turned */
    bool deferred; /* stands behind those who could have had something stale */
};

struct wr_waiting_list {
    struct wr_list waiters;
    wr_id request; /* whose list this is at the moment; 0 nobody's */
    uint32_t count;
    bool stale_rang; /* the stale timer has rung: who joins is answered stale at once */
};

struct wr_waiting {
    struct wr_pool pool;           /* of wr_waiter */
    struct wr_waiting_list *lists; /* by index of the request's id */
    uint32_t requests;
    struct wr_list given_up; /* to be told so */
    struct wr_list turned;   /* another question is to be put in place of theirs */
    struct wr_quota *quota;
    uint32_t room; /* waiters, without the spare place for the newcomer */
};

size_t wr_waiting_size(uint32_t waiters, uint32_t requests);
void wr_waiting_init(struct wr_waiting *w, void *block, uint32_t waiters, uint32_t requests,
                     struct wr_quota *quota);
/* The request's list, begun anew when the request is new. */
struct wr_waiting_list *wr_waiting_of(struct wr_waiting *w, wr_id request);
/* Appends a waiter; NULL: no room (after wr_waiting_yield there is). */
struct wr_waiter *wr_waiting_add(struct wr_waiting *w, wr_id request, const struct wr_asker *a);
/* The oldest waiter of the request, or NULL. */
struct wr_waiter *wr_waiting_first(struct wr_waiting *w, wr_id request);
void wr_waiting_remove(struct wr_waiting *w, struct wr_waiter *waiter);
/* Chooses who gives way to a newcomer of this prefix: NULL means the newcomer itself. */
struct wr_waiter *wr_waiting_yield(struct wr_waiting *w, const struct wr_asker *newcomer,
                                   struct wr_rng *rng);
/* Moves a waiter behind all others of its request. */
void wr_waiting_defer(struct wr_waiting *w, struct wr_waiter *waiter);
/* Moves a waiter from its request to those given up. */
void wr_waiting_give_up(struct wr_waiting *w, struct wr_waiter *waiter);
/* Moves a waiter from its request to those turned. */
void wr_waiting_turn(struct wr_waiting *w, struct wr_waiter *waiter);
/* Drops all waiters of a connection that is gone. Calls nothing: their requests go on. */
unsigned wr_waiting_gone(struct wr_waiting *w, const struct wr_client *gone);

#endif
