/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/waiting.h"

#include "base/check.h"
#include "base/limits.h"

/* Places beyond `room`: a newcomer takes one before the one that yields is told. */
#define SPARE 2

static size_t align64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

size_t wr_waiting_size(uint32_t waiters, uint32_t requests)
{
    return align64(wr_pool_size(sizeof(struct wr_waiter), waiters + SPARE)) +
           requests * sizeof(struct wr_waiting_list);
}

void wr_waiting_init(struct wr_waiting *w, void *block, uint32_t waiters, uint32_t requests,
                     struct wr_quota *quota)
{
    uint8_t *lists =
        (uint8_t *)block + align64(wr_pool_size(sizeof(struct wr_waiter), waiters + SPARE));
    wr_pool_init(&w->pool, block, sizeof(struct wr_waiter), waiters + SPARE);
    w->lists = (struct wr_waiting_list *)(void *)lists;
    w->requests = requests;
    w->quota = quota;
    w->room = waiters;
    wr_list_init(&w->given_up);
    wr_list_init(&w->turned);
    for (uint32_t i = 0; i < requests; i++) {
        w->lists[i].request = 0;
    }
}

struct wr_waiting_list *wr_waiting_of(struct wr_waiting *w, wr_id request)
{
    wr_assert((uint32_t)request < w->requests);
    struct wr_waiting_list *l = &w->lists[(uint32_t)request];
    if (l->request != request) {
        wr_list_init(&l->waiters);
        l->request = request;
        l->count = 0;
        l->stale_rang = false;
    }
    return l;
}

static void count(struct wr_waiting *w, const struct wr_asker *a, int delta)
{
    wr_quota_inflight(w->quota, a->client_hash, delta);
    if (a->prefix_hash != a->client_hash) {
        wr_quota_inflight(w->quota, a->prefix_hash, delta);
    }
}

struct wr_waiter *wr_waiting_add(struct wr_waiting *w, wr_id request, const struct wr_asker *a)
{
    struct wr_waiting_list *l = wr_waiting_of(w, request);
    wr_id id;
    if (l->count >= WR_INFLIGHT_WAITERS_MAX) {
        return NULL;
    }
    struct wr_waiter *waiter = wr_pool_take(&w->pool, &id);
    if (!waiter) {
        return NULL;
    }
    waiter->asker = *a;
    waiter->id = id;
    waiter->request = request;
    waiter->deferred = false;
    wr_list_append(&l->waiters, &waiter->node);
    l->count++;
    count(w, a, 1);
    return waiter;
}

struct wr_waiter *wr_waiting_first(struct wr_waiting *w, wr_id request)
{
    struct wr_waiting_list *l = wr_waiting_of(w, request);
    return wr_list_empty(&l->waiters) ? NULL
                                      : WR_CONTAINER(l->waiters.next, struct wr_waiter, node);
}

void wr_waiting_remove(struct wr_waiting *w, struct wr_waiter *waiter)
{
    if (waiter->request) {
        wr_waiting_of(w, waiter->request)->count--;
        count(w, &waiter->asker, -1);
    }
    wr_list_remove(&waiter->node);
    wr_pool_give(&w->pool, waiter->id);
}

void wr_waiting_defer(struct wr_waiting *w, struct wr_waiter *waiter)
{
    wr_list_remove(&waiter->node);
    wr_list_append(&wr_waiting_of(w, waiter->request)->waiters, &waiter->node);
    waiter->deferred = true;
}

static void move_to(struct wr_waiting *w, struct wr_waiter *waiter, struct wr_list *list)
{
    wr_waiting_of(w, waiter->request)->count--;
    count(w, &waiter->asker, -1);
    waiter->request = 0;
    wr_list_remove(&waiter->node);
    wr_list_append(list, &waiter->node);
}

void wr_waiting_give_up(struct wr_waiting *w, struct wr_waiter *waiter)
{
    move_to(w, waiter, &w->given_up);
}

void wr_waiting_turn(struct wr_waiting *w, struct wr_waiter *waiter)
{
    move_to(w, waiter, &w->turned);
}

/* What a client has in flight: all of its network, and it alone. */
struct load {
    uint32_t prefix, client;
};

static struct load load_of(const struct wr_waiting *w, const struct wr_asker *a)
{
    return (struct load){.prefix = wr_quota_inflight(w->quota, a->prefix_hash, 0),
                         .client = wr_quota_inflight(w->quota, a->client_hash, 0)};
}

/* The newcomer would have one more than now and the victim one less: that must not only turn them round. */
static bool may_yield(const struct wr_asker *c, struct load has, const struct wr_asker *newcomer,
                      struct load own)
{
    if (c->prefix_hash == newcomer->prefix_hash) { /* nothing changes for the network */
        return own.client == 0 || has.client > own.client + 1;
    }
    return own.prefix == 0 || has.prefix > own.prefix + 1;
}

static bool is_worse(struct load has, struct load most)
{
    return has.prefix != most.prefix ? has.prefix > most.prefix : has.client > most.client;
}

struct wr_waiter *wr_waiting_yield(struct wr_waiting *w, const struct wr_asker *newcomer,
                                   struct wr_rng *rng)
{
    struct wr_waiter *worst = NULL;
    struct load own = load_of(w, newcomer), most = {0, 0};
    for (unsigned i = 0; i < WR_WAITING_SAMPLE; i++) {
        wr_id id;
        struct wr_waiter *c = wr_pool_at(&w->pool, wr_rng_below(rng, w->pool.count), &id);
        if (!c || !c->request) {
            continue;
        }
        struct load has = load_of(w, &c->asker);
        if (!may_yield(&c->asker, has, newcomer, own)) {
            continue;
        }
        bool older = worst && !is_worse(most, has) && c->asker.asked_us < worst->asker.asked_us;
        if (!worst || is_worse(has, most) || older) {
            worst = c;
            most = has;
        }
    }
    return worst;
}

unsigned wr_waiting_gone(struct wr_waiting *w, const struct wr_client *gone)
{
    unsigned dropped = 0;
    for (uint32_t i = 0; i < w->pool.count; i++) {
        wr_id id;
        struct wr_waiter *c = wr_pool_at(&w->pool, i, &id);
        if (c && c->asker.client.transport == gone->transport &&
            c->asker.client.conn == gone->conn && c->asker.client.worker == gone->worker) {
            wr_waiting_remove(w, c);
            dropped++;
        }
    }
    return dropped;
}
