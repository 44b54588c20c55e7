/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/crew.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "net/clock.h"
#include "net/loop.h"
#include "serve/hand.h"
#include "serve/labels.h"
#include "serve/say.h"
#include "transport/antireplay.h"

/* Records taken from one ring before the loop has its turn again. */
#define HANDS_A_WAKE 512
#define STRIKE_SETS  8192

struct worker {
    _Alignas(64) struct wr_stats stats;
    _Alignas(64) struct wr_net_stats net_stats;
    struct wr_secrets secrets; /* this worker's copy: only its own thread writes it */
    struct wr_crew *crew;
    uint16_t number;
    bool running;
    pthread_t thread;
    _Atomic uint64_t *hits; /* of rules, by label */
    struct wr_engine *engine;
    size_t engine_size;
    struct wr_loop *loop;
    bool woke[WR_WORKERS_MAX]; /* has got something from us in this turn */
    _Atomic(const struct wr_crew_order *) order;
    _Atomic bool turned; /* was awake since the last ping */
};

struct wr_crew {
    struct wr_crew_setup setup;
    struct wr_hands *hands;
    struct wr_strike strike; /* early data that was taken, by all workers */
    void *strike_block;
    _Atomic uint32_t open_orders; /* workers that have not carried out the order */
    struct worker worker[];
};

/* --- in the worker's thread --- */

/* For what HTTP to upstreams needs while it is spoken; each connection has a bound. */
static void *resize(void *user, void *at, size_t size)
{
    (void)user;
    if (size == 0) {
        free(at);
        return NULL;
    }
    return realloc(at, size);
}

static bool hand(void *user, enum wr_hand kind, uint16_t to, const struct wr_client *client,
                 const uint8_t *bytes, size_t size)
{
    struct worker *w = user;
    wr_assert(to < w->crew->setup.workers && to != w->number);
    if (!wr_hands_push(w->crew->hands, w->number, to, (uint8_t)kind, client, bytes, size)) {
        return false;
    }
    w->woke[to] = true;
    return true;
}

static void handed(void *user)
{
    struct worker *w = user;
    for (uint16_t to = 0; to < w->crew->setup.workers; to++) {
        if (w->woke[to]) {
            w->woke[to] = false;
            wr_loop_wake(w->crew->worker[to].loop);
        }
    }
}

static void take_item(struct wr_loop *loop, const struct wr_hand_item *item)
{
    switch ((enum wr_hand)item->kind) {
    case WR_HAND_QUERY: wr_loop_take_query(loop, &item->client, item->bytes, item->size); break;
    case WR_HAND_REPLY: wr_loop_take_reply(loop, &item->client, item->bytes, item->size); break;
    case WR_HAND_DROP: wr_loop_take_drop(loop, &item->client); break;
    case WR_HAND_DATAGRAM:
        wr_loop_take_datagram(loop, &item->client, item->bytes, item->size);
        break;
    }
}

static void take_hands(struct worker *w, struct wr_loop *loop)
{
    struct wr_hand_item item;
    bool more = false;
    for (uint16_t from = 0; from < w->crew->setup.workers; from++) {
        if (from == w->number) {
            continue;
        }
        unsigned taken = 0;
        while (taken < HANDS_A_WAKE && wr_hands_peek(w->crew->hands, from, w->number, &item)) {
            take_item(loop, &item);
            wr_hands_pop(w->crew->hands, from, w->number);
            taken++;
        }
        more = more || taken == HANDS_A_WAKE;
    }
    if (more) {
        wr_loop_wake(loop);
    }
}

static void carry_out(struct worker *w, struct wr_loop *loop, const struct wr_crew_order *order)
{
    for (uint32_t i = 0; i < order->opens; i++) {
        const struct wr_crew_listen *l = &order->open[i];
        int fd = l->fd[w->number];
        int err = fd < 0 ? WR_OK
                         : wr_loop_listen(loop, l->number, (enum wr_client_transport)l->transport,
                                          fd, &l->addr);
        if (err != WR_OK) {
            wr_say(WR_LOG_ERROR, "worker %u cannot use a new listener: %s", w->number,
                   wr_err_name(err));
        }
    }
    for (uint32_t i = 0; i < order->closes; i++) { /* when the new ones are there */
        wr_loop_unlisten(loop, order->close[i]);
    }
    if (order->secrets != NULL) {
        w->secrets = *order->secrets;
        wr_loop_set_secrets(loop, &w->secrets);
    }
    if (order->limits != NULL) {
        wr_loop_set_limits(loop, order->limits);
    }
    if (order->terms != NULL) {
        wr_loop_set_terms(loop, order->terms);
    }
    if (order->has_local) {
        wr_engine_adopt_local(w->engine, order->local);
        wr_engine_adopt_held(w->engine, order->held);
    }
    if (order->has_feeds) {
        wr_engine_adopt_feeds(w->engine, order->feeds);
    }
    if (order->settings != NULL) {
        wr_engine_adopt(w->engine, order->settings, wr_loop_now(loop));
        wr_loop_inform(loop);
    }
    if (order->ask != NULL && w->number == 0) { /* it goes on to the worker that owns the name */
        struct wr_client nobody = {.handed = true, .refresh = true};
        wr_loop_take_query(loop, &nobody, order->ask, order->ask_size);
    }
}

static void woken(void *user, struct wr_loop *loop)
{
    struct worker *w = user;
    atomic_store_explicit(&w->turned, true, memory_order_relaxed);
    const struct wr_crew_order *order =
        atomic_exchange_explicit(&w->order, NULL, memory_order_acquire);
    if (order != NULL) {
        carry_out(w, loop, order);
        if (atomic_fetch_sub_explicit(&w->crew->open_orders, 1, memory_order_acq_rel) == 1) {
            w->crew->setup.settled(w->crew->setup.user);
        }
    }
    take_hands(w, loop);
}

static void *run(void *arg)
{
    struct worker *w = arg;
    char name[16];
    snprintf(name, sizeof(name), "weir-%u", (unsigned)w->number);
    pthread_setname_np(pthread_self(),
                       name); /* another thread's name is a file, which the sandbox closes */
    wr_loop_run(w->loop);
    return NULL;
}

/* --- in the main thread --- */

static int seed(struct wr_rng *ret_rng)
{
    uint8_t bytes[32];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
        return WR_E_IO;
    }
    wr_rng_seed(ret_rng, bytes);
    explicit_bzero(bytes, sizeof(bytes));
    return WR_OK;
}

static int create_engine(struct worker *w)
{
    const struct wr_crew_setup *s = &w->crew->setup;
    w->hits = calloc(WR_LABELS_NUMBERS, sizeof(*w->hits));
    struct wr_engine_setup setup = {
        .worker = w->number,
        .workers = s->workers,
        .requests = s->requests,
        .waiters = s->waiters,
        .streams = s->streams,
        .settings = s->settings,
        .local = s->local,
        .held = s->held,
        .feeds = s->feeds,
        .secrets = &w->secrets,
        .cache = s->cache,
        .upstream_state = s->upstream_state,
        .conns = s->conns,
        .memory = {.resize = resize},
        .infra_slots = s->infra_slots,
        .zones = s->zones,
        .ranges = s->ranges,
        .quota = s->quota,
        .devices = s->devices,
        .over_rate = s->over_rate,
        .leases = s->leases,
        .records = s->records == NULL ? NULL : &s->records[w->number],
        .hits = w->hits,
        .stats = &w->stats,
    };
    int err = w->hits == NULL ? WR_E_NOMEM : seed(&setup.rng);
    if (err != WR_OK) {
        return err;
    }
    w->engine_size = wr_engine_size(&setup);
    void *block = mmap(NULL, w->engine_size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED) {
        w->engine_size = 0;
        return WR_E_NOMEM;
    }
    struct wr_now now;
    wr_clock_read(s->clock, &now);
    w->engine = wr_engine_start(block, &setup, &now);
    return WR_OK;
}

static int create_loop(struct worker *w)
{
    const struct wr_crew_setup *s = &w->crew->setup;
    struct wr_loop_setup setup = {
        .worker = w->number,
        .engine = w->engine,
        .limits = s->limits,
        .shared = s->shared,
        .stats = &w->net_stats,
        .clock = s->clock,
        .workers = s->workers,
        .strike = &w->crew->strike,
        .avoid_ports = s->avoid_ports,
        .avoid_ports_count = s->avoid_ports_count,
        .lease_fd = s->lease_fd == NULL ? 0 : s->lease_fd[w->number],
        .hooks = {.user = w, .hand = hand, .woken = woken, .handed = handed},
    };
    int err = seed(&setup.rng);
    setup.limits.doq_connections =
        (setup.limits.doq_connections + s->workers - 1) / s->workers; /* each has its own */
    if (err == WR_OK) {
        err = wr_loop_create(&setup, &w->loop);
    }
    if (err == WR_OK) {
        wr_loop_set_terms(w->loop, s->terms);
        wr_loop_set_secrets(w->loop, &w->secrets);
    }
    return err;
}

/* Room for the handshakes of a window at WR_DOQ_HANDSHAKES_S in each worker; untouched memory costs nothing. */
static int create_strike(struct wr_crew *c)
{
    struct wr_hash_key key;
    if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key)) {
        return WR_E_IO;
    }
    void *block = mmap(NULL, wr_strike_size(STRIKE_SETS), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED) {
        return WR_E_NOMEM;
    }
    c->strike_block = block;
    wr_strike_init(&c->strike, block, STRIKE_SETS, &key, WR_ANTIREPLAY_WINDOW_MS * WR_MS);
    return WR_OK;
}

int wr_crew_create(const struct wr_crew_setup *setup, struct wr_crew **ret_crew)
{
    wr_assert(setup->workers > 0 && setup->workers <= WR_WORKERS_MAX);
    size_t size = sizeof(struct wr_crew) + setup->workers * sizeof(struct worker);
    struct wr_crew *c = aligned_alloc(64, (size + 63) & ~(size_t)63);
    if (c == NULL) {
        return WR_E_NOMEM;
    }
    memset(c, 0, size);
    c->setup = *setup;
    int err = wr_hands_create(setup->workers, &c->hands);
    if (err == WR_OK) {
        err = create_strike(c);
    }
    for (uint16_t i = 0; i < setup->workers && err == WR_OK; i++) {
        struct worker *w = &c->worker[i];
        w->crew = c;
        w->number = i;
        w->secrets = setup->secrets;
        err = create_engine(w);
        if (err == WR_OK) {
            err = create_loop(w);
        }
    }
    if (err != WR_OK) {
        wr_crew_destroy(c);
        return err;
    }
    *ret_crew = c;
    return WR_OK;
}

int wr_crew_listen(struct wr_crew *c, const struct wr_crew_listen *listen)
{
    for (uint16_t i = 0; i < c->setup.workers; i++) {
        if (listen->fd[i] < 0) {
            continue;
        }
        int err = wr_loop_listen(c->worker[i].loop, listen->number,
                                 (enum wr_client_transport)listen->transport, listen->fd[i],
                                 &listen->addr);
        if (err != WR_OK) {
            return err;
        }
    }
    return WR_OK;
}

/* Signals are the main thread's: workers are started with all of them blocked. */
int wr_crew_run(struct wr_crew *c)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = WR_OK;
    for (uint16_t i = 0; i < c->setup.workers && err == WR_OK; i++) {
        struct worker *w = &c->worker[i];
        w->running = pthread_create(&w->thread, NULL, run, w) == 0;
        err = w->running ? WR_OK : WR_E_NOMEM;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

int wr_crew_give(struct wr_crew *c, const struct wr_crew_order *order)
{
    if (!wr_crew_is_settled(c)) {
        return WR_E_BUSY;
    }
    atomic_store_explicit(&c->open_orders, c->setup.workers, memory_order_relaxed);
    for (uint16_t i = 0; i < c->setup.workers; i++) {
        atomic_store_explicit(&c->worker[i].order, order, memory_order_release);
        wr_loop_wake(c->worker[i].loop);
    }
    return WR_OK;
}

bool wr_crew_is_settled(const struct wr_crew *c)
{
    return atomic_load_explicit(&c->open_orders, memory_order_acquire) == 0;
}

void wr_crew_link_changed(struct wr_crew *c)
{
    for (uint16_t i = 0; i < c->setup.workers; i++) {
        wr_loop_link_changed(c->worker[i].loop);
    }
}

bool wr_crew_ping(struct wr_crew *c)
{
    bool all = true;
    for (uint16_t i = 0; i < c->setup.workers; i++) {
        all = atomic_exchange_explicit(&c->worker[i].turned, false, memory_order_relaxed) && all;
        wr_loop_wake(c->worker[i].loop);
    }
    return all;
}

void wr_crew_stop(struct wr_crew *c, uint32_t drain_ms)
{
    for (uint16_t i = 0; i < c->setup.workers; i++) {
        if (c->worker[i].running) {
            wr_loop_stop(c->worker[i].loop, drain_ms);
        }
    }
    for (uint16_t i = 0; i < c->setup.workers; i++) {
        if (c->worker[i].running) {
            pthread_join(c->worker[i].thread, NULL);
            c->worker[i].running = false;
        }
    }
}

void wr_crew_destroy(struct wr_crew *c)
{
    if (c == NULL) {
        return;
    }
    for (uint16_t i = 0; i < c->setup.workers; i++) {
        struct worker *w = &c->worker[i];
        if (w->loop != NULL) {
            wr_loop_destroy(w->loop);
        }
    }
    for (uint16_t i = 0; i < c->setup.workers; i++) {
        struct worker *w = &c->worker[i];
        if (w->engine_size > 0) {
            struct wr_now now;
            wr_clock_now(false, &now);
            if (w->engine != NULL) {
                wr_engine_stop(w->engine, &now);
            }
            munmap(w->engine, w->engine_size);
        }
        free((void *)w->hits);
        explicit_bzero(&w->secrets, sizeof(w->secrets));
    }
    wr_hands_destroy(c->hands);
    if (c->strike_block != NULL) {
        munmap(c->strike_block, wr_strike_size(STRIKE_SETS));
    }
    free(c);
}

uint16_t wr_crew_workers(const struct wr_crew *c)
{
    return c->setup.workers;
}

const struct wr_stats *wr_crew_stats(const struct wr_crew *c, uint16_t worker)
{
    wr_assert(worker < c->setup.workers);
    return &c->worker[worker].stats;
}

uint64_t wr_crew_hits(const struct wr_crew *c, uint16_t label)
{
    uint64_t hits = 0;
    for (uint16_t i = 0; i < c->setup.workers && label < WR_LABELS_NUMBERS; i++) {
        hits += atomic_load_explicit(&c->worker[i].hits[label], memory_order_relaxed);
    }
    return hits;
}

const struct wr_net_stats *wr_crew_net_stats(const struct wr_crew *c, uint16_t worker)
{
    wr_assert(worker < c->setup.workers);
    return &c->worker[worker].net_stats;
}

uint64_t wr_crew_hands_dropped(const struct wr_crew *c)
{
    return wr_hands_dropped(c->hands);
}
