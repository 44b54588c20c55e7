/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/limits.h"
#include "base/pool.h"
#include "net/sock.h"
#include "net/wqueue.h"
#include "net/yield.h"
#include "transport/frame.h"

enum {
    FRAME_ROOM = WR_NET_QUERY_MAX + 2,
    READ_SIZE = 4096, /* octets read from one connection in one turn: fair to the others */
    POOL_MIN = 1024,  /* so that a reload may raise the limit; untouched memory costs nothing */
    POOL_MAX = 65536,
    OWED_MS = 30000, /* longest wait for the engine; a lost hand-over ends here */
};

enum conn_state {
    CONN_IDLE = 0, /* nothing asked, nothing owed */
    CONN_PARTIAL,  /* part of a message is here */
    CONN_BUSY,     /* the engine owes an answer */
    CONN_STUCK,    /* answers wait for the client to read */
    CONN_CLOSED,   /* over; libuv still has the handle */
};

struct conn {
    uv_poll_t poll;
    struct wr_tcp *tcp;
    wr_id id;
    struct wr_timer timer; /* all states but IDLE */
    struct wr_yield_seat seat;
    uint64_t message_us; /* when the first octet of the unfinished message came */
    uint64_t stuck_us;   /* STUCK: since when */
    struct wr_frame frame;
    struct wr_wqueue queue;
    struct wr_client client;      /* the way back */
    struct wr_net_limits counted; /* prefix lengths under which it was counted */
    int fd;
    int events;    /* what libuv polls for */
    uint32_t owed; /* questions without an answer */
    enum conn_state state;
    bool ended; /* the client has closed its sending side */
};

struct tcp_listener {
    uv_poll_t poll;
    struct wr_tcp *tcp;
    struct wr_addr addr;
    int fd; /* -1: none */
    uint16_t number;
    bool closing;
};

struct wr_tcp {
    uv_loop_t *loop;
    struct wr_feed feed;
    struct wr_net_shared *shared;
    uint8_t *room; /* two octets of length and an answer */
    size_t room_size;
    struct wr_pool pool;
    struct wr_heap heap;
    struct wr_yield yield;
    uv_timer_t timer;
    uint64_t timer_us; /* what the timer is set to */
    uint64_t now_us;
    uint8_t *frames; /* FRAME_ROOM for each object of the pool */
    size_t frames_size;
    void *blocks[2];
    int spare_fd; /* given up for a moment when there are no others, to refuse a client */
    bool draining;
    uint8_t bytes[READ_SIZE];
    struct tcp_listener listener[WR_NET_LISTENERS_MAX];
};

static void conn_on_poll(uv_poll_t *poll, int status, int events);

static void *tcp_map(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

static int tcp_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

uint32_t wr_tcp_room(uint32_t connections)
{
    uint32_t count = connections < POOL_MAX / 2 ? connections * 2 : POOL_MAX;

    return count < POOL_MIN ? POOL_MIN : count;
}

int wr_tcp_create(uv_loop_t *loop, const struct wr_feed *feed, struct wr_net_shared *shared,
                  uint8_t *room, size_t room_size, struct wr_tcp **ret_tcp)
{
    uint32_t count = wr_tcp_room(feed->limits->tcp_connections);
    struct wr_tcp *t = calloc(1, sizeof(*t));

    if (t == NULL) {
        return WR_E_NOMEM;
    }
    t->frames_size = (size_t)count * FRAME_ROOM;
    t->frames = tcp_map(t->frames_size);
    t->blocks[0] = malloc(wr_pool_size(sizeof(struct conn), count));
    t->blocks[1] = malloc(wr_heap_size(count));
    if (t->frames == NULL || t->blocks[0] == NULL || t->blocks[1] == NULL) {
        wr_tcp_destroy(t);
        return WR_E_NOMEM;
    }
    wr_pool_init(&t->pool, t->blocks[0], sizeof(struct conn), count);
    wr_heap_init(&t->heap, t->blocks[1], count);
    wr_yield_init(&t->yield);
    t->loop = loop;
    t->feed = *feed;
    t->shared = shared;
    t->room = room;
    t->room_size = room_size;
    t->timer_us = WR_TIME_NEVER;
    t->spare_fd = tcp_spare();
    for (unsigned i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        t->listener[i].fd = -1;
    }
    uv_timer_init(loop, &t->timer);
    t->timer.data = t;
    *ret_tcp = t;
    return WR_OK;
}

void wr_tcp_destroy(struct wr_tcp *t)
{
    if (t == NULL) {
        return;
    }
    if (t->frames != NULL) {
        munmap(t->frames, t->frames_size);
    }
    free(t->blocks[0]);
    free(t->blocks[1]);
    if (t->spare_fd > 0) {
        close(t->spare_fd);
    }
    free(t);
}

uint32_t wr_tcp_open(const struct wr_tcp *t)
{
    return t->yield.seats;
}

static uint64_t tcp_now(struct wr_tcp *t)
{
    t->now_us = t->feed.tick(t->feed.user)->mono_us;
    return t->now_us;
}

/* --- one connection ------------------------------------------------------------------------------- */

static struct conn *conn_find(const struct wr_tcp *t, wr_id id)
{
    struct conn *c = wr_pool_get(&t->pool, id);

    return c != NULL && c->state != CONN_CLOSED ? c : NULL;
}

static void conn_on_close(uv_handle_t *handle)
{
    struct conn *c = handle->data;

    wr_pool_give(&c->tcp->pool, c->id);
}

static void conn_close(struct conn *c)
{
    struct wr_tcp *t = c->tcp;
    uint32_t owed = c->owed;
    struct wr_event event = {.kind = WR_EVENT_CLIENT_GONE, .client = c->client};

    wr_heap_clear(&t->heap, &c->timer);
    wr_yield_leave(&t->yield, &c->seat);
    atomic_fetch_sub(&t->shared->outsiders, c->seat.outsider);
    wr_limits_leave(t->shared, &c->counted, &c->client.from);
    wr_net_stats_set(&t->feed.stats->gauge_tcp_clients, t->yield.seats);
    uv_poll_stop(&c->poll);
    wr_wqueue_free(&c->queue);
    c->state = CONN_CLOSED;
    /* Before the descriptor is closed: libuv takes it out of its epoll set once more, and the number may be
     * another worker's by then. */
    uv_close((uv_handle_t *)&c->poll, conn_on_close);
    close(c->fd);
    if (owed > 0) {
        t->feed.event(t->feed.user, &event);
    }
}

static enum conn_state conn_next_state(const struct conn *c)
{
    if (wr_wqueue_waiting(&c->queue) > 0) {
        return CONN_STUCK;
    }
    if (wr_frame_partial(&c->frame) && !c->ended) {
        return CONN_PARTIAL;
    }
    return c->owed > 0 ? CONN_BUSY : CONN_IDLE;
}

static void conn_poll(struct conn *c)
{
    bool full = c->owed >= c->tcp->feed.limits->tcp_pipeline;
    int events = 0;

    if (c->state == CONN_STUCK) {
        events = UV_WRITABLE; /* who does not read is not read */
    } else if (!c->ended && !c->tcp->draining && !full) {
        events = UV_READABLE;
    }
    if (events == c->events) {
        return;
    }
    c->events = events;
    if (events == 0) {
        uv_poll_stop(&c->poll);
    } else {
        uv_poll_start(&c->poll, events, conn_on_poll);
    }
}

static void conn_set_quiet(struct conn *c)
{
    bool idle = c->state == CONN_IDLE, partial = c->state == CONN_PARTIAL && c->owed == 0;
    enum wr_yield_kind kind = idle ? WR_YIELD_IDLE : partial ? WR_YIELD_PARTIAL : WR_YIELD_BUSY;

    wr_yield_set(&c->tcp->yield, &c->seat, kind, idle ? c->tcp->now_us : c->message_us);
}

static void conn_set_timer(struct conn *c)
{
    const struct wr_net_limits *limits = c->tcp->feed.limits;
    uint64_t now_us = c->tcp->now_us, at_us = now_us + OWED_MS * WR_MS;

    conn_set_quiet(c);
    if (c->state == CONN_IDLE) {
        wr_heap_clear(&c->tcp->heap, &c->timer);
        return;
    }
    if (c->state == CONN_PARTIAL) {
        at_us = c->message_us + limits->tcp_message_ms * WR_MS;
    } else if (c->state == CONN_STUCK) {
        uint64_t end_us = c->stuck_us + limits->tcp_read_ms * WR_MS;
        at_us = now_us + limits->tcp_message_ms * WR_MS;
        at_us = at_us < end_us ? at_us : end_us; /* an octet now and then does not hold it open */
    }
    wr_heap_set(&c->tcp->heap, &c->timer, at_us);
}

/* After anything that happened: the state it is in now, its time-out, what is polled for. */
static void conn_settle(struct conn *c)
{
    bool was_stuck = c->state == CONN_STUCK;

    c->state = conn_next_state(c);
    if (c->state == CONN_STUCK && !was_stuck) {
        c->stuck_us = c->tcp->now_us;
    }
    if (c->state == CONN_IDLE && (c->ended || c->tcp->draining)) {
        conn_close(c);
        return;
    }
    conn_set_timer(c);
    conn_poll(c);
}

static void conn_feed(struct conn *c, const uint8_t *msg, size_t size)
{
    struct wr_tcp *t = c->tcp;
    struct wr_event event = {
        .kind = WR_EVENT_QUERY,
        .client = c->client,
        .bytes = msg,
        .size = size,
        .room = t->room + 2,
        .room_size = t->room_size - 2 < WR_MSG_MAX ? t->room_size - 2 : WR_MSG_MAX,
    };

    c->owed++;
    t->feed.event(t->feed.user, &event);
}

/* Gives the whole messages to the engine. False: the connection is gone. */
static bool conn_messages(struct conn *c)
{
    struct wr_tcp *t = c->tcp;
    wr_id id = c->id;
    const uint8_t *msg;
    size_t size;
    int err;

    while ((err = wr_frame_next(&c->frame, &msg, &size)) == WR_OK) {
        c->message_us = t->now_us;
        conn_feed(c, msg, size);
        if (conn_find(t, id) == NULL) {
            return false;
        }
    }
    if (err != WR_E_AGAIN) {
        wr_stats_add(&t->feed.stats->tcp_malformed, 1);
        conn_close(c);
        return false;
    }
    return true;
}

static void conn_read(struct conn *c)
{
    struct wr_tcp *t = c->tcp;
    ssize_t n = recv(c->fd, t->bytes, sizeof(t->bytes), MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return;
    }
    if (n < 0) {
        conn_close(c);
        return;
    }
    if (n == 0) {
        c->ended = true;
        conn_settle(c);
        return;
    }
    if (!wr_frame_partial(&c->frame)) {
        c->message_us = t->now_us;
    }
    wr_frame_feed(&c->frame, t->bytes, (size_t)n);
    if (conn_messages(c)) {
        conn_settle(c);
    }
}

static void conn_on_poll(uv_poll_t *poll, int status, int events)
{
    struct conn *c = poll->data;

    tcp_now(c->tcp);
    if (status < 0) { /* reset by the client */
        conn_close(c);
        return;
    }
    if (events & UV_WRITABLE) {
        if (wr_wqueue_flush(&c->queue, c->fd) == WR_E_CLOSED) {
            conn_close(c);
        } else {
            conn_settle(c);
        }
        return;
    }
    conn_read(c);
}

void wr_tcp_reply(struct wr_tcp *t, const struct wr_client *client, const uint8_t *bytes,
                  size_t size)
{
    struct conn *c = conn_find(t, client->conn);
    uint8_t length[2] = {(uint8_t)(size >> 8), (uint8_t)size};
    int err = WR_OK;

    if (c == NULL || size > WR_MSG_MAX) {
        return;
    }
    c->owed -= c->owed > 0;
    if (bytes != NULL && bytes == t->room + 2) {
        memcpy(t->room, length, sizeof(length));
        err =
            wr_wqueue_send(&c->queue, c->fd, t->room, size + 2, NULL, 0, t->feed.limits->tcp_queue);
    } else if (bytes != NULL) {
        err = wr_wqueue_send(&c->queue, c->fd, length, 2, bytes, size, t->feed.limits->tcp_queue);
    }
    if (err != WR_OK) {
        if (err == WR_E_FULL) {
            wr_stats_add(&t->feed.stats->tcp_unread, 1);
        }
        conn_close(c);
        return;
    }
    conn_settle(c);
}

/* --- time-outs ------------------------------------------------------------------------------------ */

static uint64_t tcp_idle_us(const struct wr_tcp *t)
{
    return wr_yield_idle_us(t->feed.limits->tcp_connections, atomic_load(&t->shared->connections),
                            t->feed.limits->tcp_idle_ms);
}

/* A worker that was held up finds the time-out over and a query in the socket: it came in time. */
static bool conn_has_octets(const struct conn *c)
{
    uint8_t octet;

    return recv(c->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void tcp_expire_idle(struct wr_tcp *t, uint64_t now_us)
{
    for (uint32_t left = t->yield.seats; left > 0; left--) {
        struct wr_yield_seat *oldest = wr_yield_oldest_idle(&t->yield);
        struct conn *c;

        if (oldest == NULL || oldest->since_us + tcp_idle_us(t) > now_us) {
            return;
        }
        c = WR_CONTAINER(oldest, struct conn, seat);
        if (conn_has_octets(c)) {
            conn_set_timer(c);
            continue;
        }
        wr_stats_add(&t->feed.stats->tcp_idle, 1);
        conn_close(c);
    }
}

static void tcp_expire(struct wr_tcp *t, uint64_t now_us)
{
    struct wr_timer *timer;

    while ((timer = wr_heap_expired(&t->heap, now_us)) != NULL) {
        struct conn *c = WR_CONTAINER(timer, struct conn, timer);

        if (c->state == CONN_STUCK) {
            wr_stats_add(&t->feed.stats->tcp_unread, 1);
        } else if (c->state == CONN_PARTIAL) {
            wr_stats_add(&t->feed.stats->tcp_slow, 1);
        }
        conn_close(c);
    }
    tcp_expire_idle(t, now_us);
}

static void tcp_on_timer(uv_timer_t *timer)
{
    struct wr_tcp *t = timer->data;

    t->timer_us = WR_TIME_NEVER;
    tcp_expire(t, tcp_now(t));
}

void wr_tcp_turn(struct wr_tcp *t, uint64_t now_us)
{
    const struct wr_yield_seat *oldest = wr_yield_oldest_idle(&t->yield);
    uint64_t at_us = wr_heap_deadline(&t->heap);

    if (oldest != NULL) {
        at_us = wr_time_min(at_us, oldest->since_us + tcp_idle_us(t));
    }
    if (at_us == t->timer_us) {
        return;
    }
    t->timer_us = at_us;
    if (at_us == WR_TIME_NEVER) {
        uv_timer_stop(&t->timer);
    } else {
        /* One more: the loop's clock is cut to whole milliseconds. */
        uv_timer_start(&t->timer, tcp_on_timer, at_us <= now_us ? 1 : (at_us - now_us) / WR_MS + 1,
                       0);
    }
}

/* --- listeners ------------------------------------------------------------------------------------ */

static void tcp_yield(struct wr_tcp *t, struct wr_yield_seat *who)
{
    if (who != NULL) {
        wr_stats_add(&t->feed.stats->tcp_yielded, 1);
        conn_close(WR_CONTAINER(who, struct conn, seat));
    }
}

static struct wr_yield_places tcp_places(const struct wr_tcp *t)
{
    return (struct wr_yield_places){.limit = t->feed.limits->tcp_connections,
                                    .connections = atomic_load(&t->shared->connections),
                                    .outsiders = atomic_load(&t->shared->outsiders)};
}

/* A place for who has entered; perhaps a connection of this worker yields for it, or one for each of the two bounds. */
static bool tcp_make_place(struct wr_tcp *t, bool outsider)
{
    struct wr_yield_places places = tcp_places(t);
    struct wr_yield_seat *who;

    if (outsider) {
        if (!wr_yield_for_outsider(&t->yield, &places, &who)) {
            return false;
        }
        tcp_yield(t, who);
        places = tcp_places(t);
    }
    if (!wr_yield_for(&t->yield, &places, outsider, &who)) {
        return false;
    }
    tcp_yield(t, who);
    return true;
}

static bool conn_begin(struct wr_tcp *t, const struct tcp_listener *listener, int fd,
                       const struct wr_client *client, bool outsider)
{
    wr_id id;
    struct conn *c = wr_pool_take(&t->pool, &id);

    if (c == NULL) {
        return false;
    }
    if (uv_poll_init(t->loop, &c->poll, fd) != 0) {
        wr_pool_give(&t->pool, id);
        return false;
    }
    c->poll.data = c;
    c->tcp = t;
    c->id = id;
    c->fd = fd;
    c->client = *client;
    c->client.conn = id;
    c->client.listener = listener->number;
    c->counted = *t->feed.limits;
    c->message_us = t->now_us;
    wr_frame_init(&c->frame, t->frames + (size_t)(uint32_t)id * FRAME_ROOM, FRAME_ROOM);
    wr_yield_enter(&t->yield, &c->seat, outsider);
    wr_net_stats_set(&t->feed.stats->gauge_tcp_clients, t->yield.seats);
    wr_stats_add(&t->feed.stats->tcp_accepted, 1);
    conn_settle(c);
    return true;
}

/* No descriptors: the client in front is refused with the spare one, or the listener would be ready for ever. */
static bool tcp_refuse_without_files(struct wr_tcp *t, const struct tcp_listener *listener)
{
    int fd;

    if (t->spare_fd <= 0) {
        t->spare_fd = tcp_spare();
        return false;
    }
    close(t->spare_fd);
    fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        wr_stats_add(&t->feed.stats->tcp_refused, 1);
        close(fd);
    }
    t->spare_fd = tcp_spare();
    return fd >= 0;
}

/* A place for the client who is here, and the connection in it. False: there is none for it. */
static bool tcp_seat(struct wr_tcp *t, const struct tcp_listener *listener, int fd,
                     const struct wr_client *client)
{
    bool outsider = t->feed.engine != NULL && !wr_engine_may_ask(t->feed.engine, &client->from);

    if (!wr_limits_enter(t->shared, t->feed.limits, &client->from)) {
        return false;
    }
    atomic_fetch_add(&t->shared->outsiders, outsider);
    if (tcp_make_place(t, outsider) && conn_begin(t, listener, fd, client, outsider)) {
        return true;
    }
    atomic_fetch_sub(&t->shared->outsiders, outsider);
    wr_limits_leave(t->shared, t->feed.limits, &client->from);
    return false;
}

/* Accepts one connection. False: there is none. */
static bool tcp_accept(struct wr_tcp *t, const struct tcp_listener *listener)
{
    union wr_sockaddr from, local;
    socklen_t from_size = sizeof(from), local_size = sizeof(local);
    int fd = accept4(listener->fd, &from.any, &from_size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct wr_client client = {.transport = WR_CLIENT_TCP, .worker = t->feed.worker};

    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        return tcp_refuse_without_files(t, listener);
    }
    if (fd < 0) {
        return errno == ECONNABORTED || errno == EINTR;
    }
    if (getsockname(fd, &local.any, &local_size) == 0 &&
        wr_sock_to_addr(&from, &client.from) == WR_OK &&
        wr_sock_to_addr(&local, &client.local) == WR_OK && tcp_seat(t, listener, fd, &client)) {
        return true;
    }
    wr_stats_add(&t->feed.stats->tcp_refused, 1);
    close(fd);
    return true;
}

static void tcp_on_accept(uv_poll_t *poll, int status, int events)
{
    struct tcp_listener *listener = poll->data;

    tcp_now(listener->tcp);
    if (status < 0) { /* libuv has stopped to poll */
        uv_poll_start(&listener->poll, UV_READABLE, tcp_on_accept);
    }
    for (int i = 0; i < WR_NET_ACCEPTS_TURN && listener->fd >= 0; i++) {
        if (!tcp_accept(listener->tcp, listener)) {
            return;
        }
    }
}

int wr_tcp_add(struct wr_tcp *t, uint16_t number, int fd, const struct wr_addr *addr)
{
    struct tcp_listener *listener;

    if (number >= WR_NET_LISTENERS_MAX) {
        return WR_E_RANGE;
    }
    listener = &t->listener[number];
    if (listener->fd >= 0 || listener->closing) {
        return WR_E_EXISTS;
    }
    listener->tcp = t;
    listener->addr = *addr;
    listener->number = number;
    if (uv_poll_init(t->loop, &listener->poll, fd) != 0) {
        return WR_E_IO;
    }
    listener->poll.data = listener;
    listener->fd = fd;
    if (uv_poll_start(&listener->poll, UV_READABLE, tcp_on_accept) != 0) {
        wr_tcp_remove(t, number);
        return WR_E_IO;
    }
    return WR_OK;
}

static void tcp_on_listener_close(uv_handle_t *handle)
{
    struct tcp_listener *listener = handle->data;

    listener->closing = false;
}

bool wr_tcp_remove(struct wr_tcp *t, uint16_t number)
{
    struct tcp_listener *listener;

    if (number >= WR_NET_LISTENERS_MAX || t->listener[number].fd < 0) {
        return false;
    }
    listener = &t->listener[number];
    uv_poll_stop(&listener->poll);
    uv_close((uv_handle_t *)&listener->poll, tcp_on_listener_close);
    close(listener->fd);
    listener->fd = -1;
    listener->closing = true;
    return true;
}

void wr_tcp_drain(struct wr_tcp *t)
{
    wr_id id;

    t->draining = true;
    tcp_now(t);
    for (uint16_t i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        wr_tcp_remove(t, i);
    }
    for (uint32_t i = 0; i < t->pool.count && t->yield.seats > 0; i++) {
        struct conn *c = wr_pool_at(&t->pool, i, &id);

        if (c != NULL && c->state != CONN_CLOSED) {
            if (c->state == CONN_PARTIAL && c->owed == 0) {
                conn_close(c); /* the rest of its question will not be read */
            } else {
                conn_settle(c);
            }
        }
    }
}

void wr_tcp_close(struct wr_tcp *t)
{
    wr_id id;

    wr_tcp_drain(t);
    for (uint32_t i = 0; i < t->pool.count && t->yield.seats > 0; i++) {
        struct conn *c = wr_pool_at(&t->pool, i, &id);

        if (c != NULL && c->state != CONN_CLOSED) {
            conn_close(c);
        }
    }
    uv_timer_stop(&t->timer);
    if (!uv_is_closing((uv_handle_t *)&t->timer)) {
        uv_close((uv_handle_t *)&t->timer, NULL);
    }
}
