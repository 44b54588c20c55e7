/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "net/clock.h"
#include "net/doqsock.h"
#include "net/feed.h"
#include "net/leasechan.h"
#include "net/ports.h"
#include "net/dial.h"
#include "net/tcp.h"
#include "net/udp.h"

enum {
    ROOM_SIZE = WR_MSG_MAX + 2,
    DEFERRED_MAX = 256, /* events that come up while actions are carried out */
    REST_MS = 100,      /* between two looks at idle upstream ports */
    WORK_US = 500,      /* what is due at once has so long before sockets are looked at */
};

/* An event that came up in the middle of an action, until the engine can be fed again. */
struct loop_deferred {
    struct wr_event event;
    uint8_t *bytes; /* QUERY: a copy, WR_NET_QUERY_MAX octets of the block */
};

struct wr_loop {
    uv_loop_t uv;
    struct wr_loop_setup setup;
    struct wr_engine *engine;
    struct wr_now now;
    struct wr_feed feed;
    struct wr_udp *udp;
    struct wr_tcp *tcp;
    struct wr_doqsock *doq;
    struct wr_dials *streams;
    struct wr_ports *ports;
    struct wr_leasechan *leases;
    uv_prepare_t prepare;
    uv_async_t async;
    uv_timer_t deadline;
    uv_timer_t rest;
    uv_timer_t drain;
    uv_poll_t ports_poll;
    uint64_t deadline_us; /* what the timer is set to */
    bool feeding;         /* the engine is being fed or polled */
    bool handed;          /* something went to another worker in this turn */
    bool resting;         /* the rest timer runs */
    bool draining, drained;
    uint32_t deferred_first, deferred_count;
    struct loop_deferred deferred[DEFERRED_MAX];
    uint8_t *deferred_bytes;
    uint8_t *room;        /* answers over TCP, queries handed over */
    uint8_t *stream_room; /* octets from upstreams */
    _Atomic bool link_changed;
    _Atomic bool stop;
    _Atomic uint32_t drain_ms;
};

/* --- feeding and carrying out --------------------------------------------------------------------- */

static const struct wr_now *loop_tick(void *user)
{
    struct wr_loop *l = user;

    wr_clock_read(l->setup.clock, &l->now);
    return &l->now;
}

/* The budget is one for all parts: who comes to one of them may have what somebody of the other holds and does not use. */
static uint64_t loop_relieve(void *user, enum wr_client_transport part)
{
    struct wr_loop *l = user;

    return part == WR_CLIENT_DOQ ? wr_tcp_relieve(l->tcp) : wr_doqsock_relieve(l->doq);
}

const struct wr_now *wr_loop_now(struct wr_loop *l)
{
    return loop_tick(l);
}

/* Keeps an event until the actions at hand are carried out. The octets of a query are copied. */
static void loop_defer(struct wr_loop *l, const struct wr_event *event)
{
    struct loop_deferred *d;
    uint32_t at = (l->deferred_first + l->deferred_count) % DEFERRED_MAX;

    if (l->deferred_count == DEFERRED_MAX || event->size > WR_NET_QUERY_MAX) {
        wr_stats_add(&l->setup.stats->deferred_lost, 1);
        return;
    }
    d = &l->deferred[at];
    d->event = *event;
    if (event->size > 0) {
        d->bytes = l->deferred_bytes + (size_t)at * WR_NET_QUERY_MAX;
        memcpy(d->bytes, event->bytes, event->size);
        d->event.bytes = d->bytes;
    }
    l->deferred_count++;
}

static void loop_reply(struct wr_loop *l, const struct wr_client *client, const uint8_t *bytes,
                       size_t size)
{
    if (client->transport == WR_CLIENT_UDP) {
        if (bytes != NULL) {
            wr_udp_reply(l->udp, client, bytes, size);
        }
    } else if (client->transport == WR_CLIENT_DOQ) {
        wr_doqsock_reply(l->doq, client, bytes, size);
    } else {
        wr_tcp_reply(l->tcp, client, bytes, size);
    }
}

static bool loop_hand(struct wr_loop *l, enum wr_hand kind, uint16_t worker,
                      const struct wr_action *action)
{
    const struct wr_loop_hooks *hooks = &l->setup.hooks;

    if (hooks->hand == NULL ||
        !hooks->hand(hooks->user, kind, worker, &action->client, action->bytes, action->size)) {
        return false;
    }
    l->handed = true;
    return true;
}

/* A datagram of a QUIC connection that another worker holds. */
static bool loop_hand_datagram(void *user, uint16_t worker, const struct wr_client *client,
                               const uint8_t *bytes, size_t size)
{
    struct wr_loop *l = user;
    const struct wr_loop_hooks *hooks = &l->setup.hooks;
    bool done = hooks->hand != NULL &&
                hooks->hand(hooks->user, WR_HAND_DATAGRAM, worker, client, bytes, size);

    l->handed = l->handed || done;
    return done;
}

/* An answer, or the decision to give none: to our own client, or back to the worker that holds it. */
static void loop_settle(struct wr_loop *l, const struct wr_action *action)
{
    bool drop = action->kind == WR_ACTION_DROP;
    bool ours = action->client.worker == l->setup.worker;

    if (action->client.transport == WR_CLIENT_UDP && !ours) {
        ours = drop || wr_udp_has(l->udp, action->client.listener);
    }
    if (ours && action->hang_up && !wr_client_has_datagrams(action->client.transport)) {
        wr_tcp_hang_up(l->tcp, &action->client);
    } else if (ours) {
        loop_reply(l, &action->client, drop ? NULL : action->bytes, action->size);
    } else if (!loop_hand(l, drop ? WR_HAND_DROP : WR_HAND_REPLY, action->client.worker, action)) {
        wr_stats_add(&l->setup.stats->hand_failed, 1);
    }
}

static void loop_hand_over(struct wr_loop *l, const struct wr_action *action)
{
    struct wr_event back = {.kind = WR_EVENT_QUERY,
                            .client = action->client,
                            .bytes = action->bytes,
                            .size = action->size};

    if (loop_hand(l, WR_HAND_QUERY, action->worker, action) || action->client.refresh) {
        return; /* nobody waits for a refresh: fed back it would be handed over again, for ever */
    }
    back.client.handed = true;
    loop_defer(l, &back);
}

/* Whose fault it is that something could not be sent. */
static enum wr_lost loop_lost(int err)
{
    return err == WR_E_FULL || err == WR_E_NOMEM ? WR_LOST_OWN : WR_LOST_BROKEN;
}

static void loop_ask(struct wr_loop *l, const struct wr_action *action)
{
    struct wr_event event = {.kind = WR_EVENT_UNREACHABLE, .id = action->id, .from = action->to};
    int err = wr_ports_send(l->ports, action->id, &action->to, action->bytes, action->size,
                            l->now.mono_us);

    if (err != WR_OK) {
        event.lost = loop_lost(err);
        loop_defer(l, &event);
    }
}

static void loop_stream(struct wr_loop *l, const struct wr_action *action)
{
    struct wr_event event = {.kind = WR_EVENT_STREAM_CLOSED, .id = action->id};
    int err = WR_OK;

    if (action->kind == WR_ACTION_STREAM_OPEN) {
        err = wr_dial_open(l->streams, action->id, &action->to, action->datagrams);
        event.lost = loop_lost(err);
    } else if (action->kind == WR_ACTION_STREAM_WRITE) {
        err = wr_dial_write(l->streams, action->id, action->bytes, action->size);
        err = err == WR_E_STALE ? WR_OK : err; /* its end is on its way to the engine */
    } else {
        wr_dial_close(l->streams, action->id);
    }
    if (err != WR_OK) {
        loop_defer(l, &event);
    }
}

static void loop_carry_out(struct wr_loop *l, const struct wr_action *action)
{
    switch (action->kind) {
    case WR_ACTION_REPLY:
    case WR_ACTION_DROP: loop_settle(l, action); break;
    case WR_ACTION_HANDOVER: loop_hand_over(l, action); break;
    case WR_ACTION_DATAGRAM: loop_ask(l, action); break;
    case WR_ACTION_FORGET: wr_ports_forget(l->ports, action->id, l->now.mono_us); break;
    case WR_ACTION_STREAM_OPEN:
    case WR_ACTION_STREAM_WRITE:
    case WR_ACTION_STREAM_CLOSE: loop_stream(l, action); break;
    case WR_ACTION_LEASE: wr_leasechan_ask(l->leases, action->lease); break;
    case WR_ACTION_NONE: break;
    }
}

static void loop_feed_one(struct wr_loop *l, const struct wr_event *event)
{
    struct wr_action action;

    l->feeding = true;
    wr_engine_feed(l->engine, event, &l->now);
    while (wr_engine_poll(l->engine, &l->now, &action)) {
        loop_carry_out(l, &action);
    }
    l->feeding = false;
}

/* The one way into the engine. Within an action the event waits for its turn. */
static void loop_event(void *user, const struct wr_event *event)
{
    struct wr_loop *l = user;

    if (l->feeding) {
        loop_defer(l, event);
        return;
    }
    loop_feed_one(l, event);
    while (l->deferred_count > 0) {
        struct wr_event next = l->deferred[l->deferred_first].event;

        /* The slot is free for another only after the feed: its octets are read there. */
        loop_feed_one(l, &next);
        l->deferred_first = (l->deferred_first + 1) % DEFERRED_MAX;
        l->deferred_count--;
    }
}

/* --- what libuv calls ----------------------------------------------------------------------------- */

static void loop_on_deadline(uv_timer_t *timer)
{
    struct wr_loop *l = timer->data;
    struct wr_event event = {.kind = WR_EVENT_TIME};

    l->deadline_us = WR_TIME_NEVER;
    uint64_t end_us = loop_tick(l)->mono_us + WORK_US;
    do {
        loop_event(l, &event);
        loop_tick(l);
    } while (wr_engine_deadline(l->engine) <= l->now.mono_us && l->now.mono_us < end_us);
}

static void loop_on_rest(uv_timer_t *timer)
{
    struct wr_loop *l = timer->data;

    wr_ports_rest(l->ports, loop_tick(l)->mono_us);
    if (wr_ports_idle(l->ports) == 0) {
        uv_timer_stop(timer);
        l->resting = false;
    }
}

static void loop_on_ports(uv_poll_t *poll, int status, int events)
{
    struct wr_loop *l = poll->data;
    struct wr_ports_event in;

    wr_ports_turn(l->ports, loop_tick(l)->mono_us);
    while (wr_ports_next(l->ports, &in)) {
        struct wr_event event = {
            .kind = in.unreachable ? WR_EVENT_UNREACHABLE : WR_EVENT_DATAGRAM,
            .id = in.exchange,
            .from = in.from,
            .bytes = in.bytes,
            .size = in.size,
        };

        loop_event(l, &event);
    }
}

/* Sets the timer for the engine's deadline; libuv counts whole milliseconds, so one is added. */
static void loop_set_deadline(struct wr_loop *l)
{
    uint64_t at_us = wr_engine_deadline(l->engine);

    if (at_us == l->deadline_us) {
        return;
    }
    l->deadline_us = at_us;
    if (at_us == WR_TIME_NEVER) {
        uv_timer_stop(&l->deadline);
        return;
    }
    uv_update_time(&l->uv);
    loop_tick(l);
    uv_timer_start(&l->deadline, loop_on_deadline,
                   at_us <= l->now.mono_us ? 0 : (at_us - l->now.mono_us) / WR_MS + 1, 0);
}

static void loop_check_drained(struct wr_loop *l)
{
    if (l->draining && (l->drained || (wr_engine_inflight(l->engine) == 0 &&
                                       wr_tcp_open(l->tcp) == 0 && wr_doqsock_open(l->doq) == 0))) {
        uv_stop(&l->uv);
    }
}

/* The end of a turn, just before the loop waits. */
static void loop_on_prepare(uv_prepare_t *prepare)
{
    struct wr_loop *l = prepare->data;

    wr_leasechan_flush(l->leases); /* first: what is refused is answered in this turn */
    wr_udp_flush(l->udp);
    wr_doqsock_turn(l->doq, l->now.mono_us);
    if (l->handed && l->setup.hooks.handed != NULL) {
        l->setup.hooks.handed(l->setup.hooks.user);
    }
    l->handed = false;
    wr_tcp_turn(l->tcp, l->now.mono_us);
    if (!l->resting && wr_ports_idle(l->ports) > 0) {
        l->resting = true;
        uv_timer_start(&l->rest, loop_on_rest, REST_MS, REST_MS);
    }
    loop_set_deadline(l);
    loop_check_drained(l);
}

static void loop_on_drain_end(uv_timer_t *timer)
{
    struct wr_loop *l = timer->data;

    l->drained = true;
}

static void loop_begin_drain(struct wr_loop *l)
{
    l->draining = true;
    wr_udp_stop(l->udp);
    wr_tcp_drain(l->tcp);
    wr_doqsock_drain(l->doq);
    uv_timer_start(&l->drain, loop_on_drain_end, atomic_load(&l->drain_ms), 0);
}

static void loop_on_async(uv_async_t *async)
{
    struct wr_loop *l = async->data;
    struct wr_event link = {.kind = WR_EVENT_LINK};

    loop_tick(l);
    if (atomic_exchange(&l->link_changed, false)) {
        loop_event(l, &link);
    }
    if (l->setup.hooks.woken != NULL) {
        l->setup.hooks.woken(l->setup.hooks.user, l);
    }
    if (atomic_load(&l->stop) && !l->draining) {
        loop_begin_drain(l);
    }
}

/* --- life ----------------------------------------------------------------------------------------- */

static int loop_create_parts(struct wr_loop *l)
{
    struct wr_ports_setup ports = {
        .ports = l->setup.limits.ports,
        .avoid = l->setup.avoid_ports,
        .avoids = l->setup.avoid_ports_count,
        .rng = &l->setup.rng,
        .stats = l->setup.stats,
    };
    const struct wr_doqsock_setup doq = {.workers = l->setup.workers,
                                         .shared = l->setup.shared,
                                         .rng = &l->setup.rng,
                                         .strike = l->setup.strike,
                                         .hand = loop_hand_datagram};
    int err;

    l->room = malloc(ROOM_SIZE);
    l->stream_room = malloc(ROOM_SIZE);
    l->deferred_bytes = malloc((size_t)DEFERRED_MAX * WR_NET_QUERY_MAX);
    if (l->room == NULL || l->stream_room == NULL || l->deferred_bytes == NULL) {
        return WR_E_NOMEM;
    }
    ports.ports = ports.ports < 1 ? 1 : ports.ports > WR_PORTS_MAX ? WR_PORTS_MAX : ports.ports;
    if ((err = wr_udp_create(&l->uv, &l->feed, &l->udp)) != WR_OK ||
        (err = wr_dial_create(&l->uv, &l->feed, l->stream_room, ROOM_SIZE, &l->streams)) != WR_OK ||
        (err = wr_ports_create(&ports, &l->ports)) != WR_OK ||
        (err = wr_tcp_create(&l->uv, &l->feed, l->setup.shared, l->room, ROOM_SIZE, &l->tcp)) !=
            WR_OK ||
        (err = wr_doqsock_create(&l->uv, &l->feed, &doq, &l->doq)) != WR_OK) {
        return err;
    }
    return wr_leasechan_open(&l->uv, l->setup.lease_fd > 0 ? l->setup.lease_fd : -1, &l->feed,
                             &l->leases);
}

static int loop_start_handles(struct wr_loop *l)
{
    l->prepare.data = l->async.data = l->deadline.data = l->rest.data = l->drain.data = l;
    l->ports_poll.data = l;
    uv_prepare_init(&l->uv, &l->prepare);
    uv_timer_init(&l->uv, &l->deadline);
    uv_timer_init(&l->uv, &l->rest);
    uv_timer_init(&l->uv, &l->drain);
    if (uv_async_init(&l->uv, &l->async, loop_on_async) != 0 ||
        uv_poll_init(&l->uv, &l->ports_poll, wr_ports_fd(l->ports)) != 0 ||
        uv_poll_start(&l->ports_poll, UV_READABLE, loop_on_ports) != 0) {
        return WR_E_IO;
    }
    uv_prepare_start(&l->prepare, loop_on_prepare);
    return WR_OK;
}

static void loop_free(struct wr_loop *l)
{
    wr_udp_destroy(l->udp);
    wr_tcp_destroy(l->tcp);
    wr_doqsock_destroy(l->doq);
    wr_dial_destroy(l->streams);
    wr_ports_destroy(l->ports);
    wr_leasechan_destroy(l->leases);
    free(l->room);
    free(l->stream_room);
    free(l->deferred_bytes);
    free(l);
}

int wr_loop_create(const struct wr_loop_setup *setup, struct wr_loop **ret_loop)
{
    struct wr_loop *l = calloc(1, sizeof(*l));
    int err;

    if (l == NULL) {
        return WR_E_NOMEM;
    }
    l->setup = *setup;
    l->engine = setup->engine;
    l->deadline_us = WR_TIME_NEVER;
    l->feed = (struct wr_feed){.user = l,
                               .event = loop_event,
                               .tick = loop_tick,
                               .relieve = loop_relieve,
                               .engine = setup->engine,
                               .stats = setup->stats,
                               .limits = &l->setup.limits,
                               .worker = setup->worker};
    loop_tick(l);
    if (uv_loop_init(&l->uv) != 0) {
        free(l);
        return WR_E_IO;
    }
    err = loop_create_parts(l);
    if (err == WR_OK) {
        err = loop_start_handles(l);
    }
    if (err != WR_OK) {
        wr_loop_destroy(l);
        return err;
    }
    *ret_loop = l;
    return WR_OK;
}

int wr_loop_listen(struct wr_loop *l, uint16_t number, enum wr_client_transport transport, int fd,
                   const struct wr_addr *addr)
{
    if (transport == WR_CLIENT_DOQ) {
        return wr_doqsock_add(l->doq, number, fd, addr);
    }
    return transport == WR_CLIENT_UDP ? wr_udp_add(l->udp, number, fd, addr)
                                      : wr_tcp_add(l->tcp, number, (uint8_t)transport, fd, addr);
}

void wr_loop_unlisten(struct wr_loop *l, uint16_t number)
{
    wr_udp_remove(l->udp, number);
    wr_tcp_remove(l->tcp, number);
    wr_doqsock_remove(l->doq, number);
}

void wr_loop_run(struct wr_loop *l)
{
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

static void loop_close_handle(uv_handle_t *handle, void *user)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

void wr_loop_destroy(struct wr_loop *l)
{
    if (l == NULL) {
        return;
    }
    l->feeding = true; /* what comes up now is not for the engine any more */
    if (l->udp != NULL) {
        wr_udp_close(l->udp);
    }
    if (l->tcp != NULL) {
        wr_tcp_close(l->tcp);
    }
    if (l->doq != NULL) {
        wr_doqsock_close(l->doq);
    }
    if (l->streams != NULL) {
        wr_dial_close_all(l->streams);
    }
    wr_leasechan_close(l->leases);
    uv_walk(&l->uv, loop_close_handle, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    uv_loop_close(&l->uv);
    loop_free(l);
}

void wr_loop_wake(struct wr_loop *l)
{
    uv_async_send(&l->async);
}

void wr_loop_link_changed(struct wr_loop *l)
{
    atomic_store(&l->link_changed, true);
    uv_async_send(&l->async);
}

void wr_loop_stop(struct wr_loop *l, uint32_t drain_ms)
{
    atomic_store(&l->drain_ms, drain_ms);
    atomic_store(&l->stop, true);
    uv_async_send(&l->async);
}

/* --- from other workers --------------------------------------------------------------------------- */

void wr_loop_take_query(struct wr_loop *l, const struct wr_client *client, const uint8_t *bytes,
                        size_t size)
{
    struct wr_event event = {.kind = WR_EVENT_QUERY,
                             .client = *client,
                             .bytes = bytes,
                             .size = size,
                             .room = l->room + 2,
                             .room_size = client->transport == WR_CLIENT_UDP ? WR_NET_QUERY_MAX
                                                                             : WR_MSG_MAX};

    event.client.handed = true;
    loop_event(l, &event);
}

void wr_loop_take_reply(struct wr_loop *l, const struct wr_client *client, const uint8_t *bytes,
                        size_t size)
{
    loop_reply(l, client, bytes, size);
}

void wr_loop_take_drop(struct wr_loop *l, const struct wr_client *client)
{
    loop_reply(l, client, NULL, 0);
}

void wr_loop_take_datagram(struct wr_loop *l, const struct wr_client *client, const uint8_t *bytes,
                           size_t size)
{
    wr_doqsock_take(l->doq, client, bytes, size);
}

void wr_loop_set_limits(struct wr_loop *l, const struct wr_net_limits *limits)
{
    uint32_t ports = l->setup.limits.ports, doq = l->setup.limits.doq_connections;

    l->setup.limits = *limits;
    l->setup.limits.ports = ports; /* the pool is made once */
    l->setup.limits.doq_connections = doq;
}

void wr_loop_set_terms(struct wr_loop *l, const struct wr_terms *terms)
{
    wr_tcp_set_terms(l->tcp, terms);
    wr_doqsock_set_terms(l->doq, terms);
}

void wr_loop_inform(struct wr_loop *l)
{
    wr_udp_inform(l->udp);
    wr_doqsock_inform(l->doq);
}

void wr_loop_set_secrets(struct wr_loop *l, const struct wr_secrets *secrets)
{
    wr_doqsock_set_secrets(l->doq, secrets);
}
