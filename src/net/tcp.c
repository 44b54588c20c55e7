/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tcp.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "net/sock.h"
#include "net/tcpstate.h"

static void conn_on_poll(uv_poll_t *poll, int status, int events);

uint32_t wr_tcp_open(const struct wr_tcp *t)
{
    return t->yield.seats;
}

uint64_t wr_tcp_now(struct wr_tcp *t)
{
    t->now = t->feed.tick(t->feed.user);
    t->now_us = t->now->mono_us;
    return t->now_us;
}

/* --- one connection ------------------------------------------------------------------------------- */

struct conn *wr_tcp_find(const struct wr_tcp *t, wr_id id)
{
    struct conn *c = wr_pool_get(&t->pool, id);

    return c != NULL && c->state != CONN_CLOSED ? c : NULL;
}

static void conn_on_close(uv_handle_t *handle)
{
    struct conn *c = handle->data;

    wr_pool_give(&c->tcp->pool, c->id);
}

/* Gives what is gathered for a connection to the kernel. */
static int conn_send(struct conn *c)
{
    struct wr_tcp *t = c->tcp;
    size_t n = t->out.pos;

    wr_assert(t->out_of == c);
    t->out_of = NULL;
    wr_buf_write_init(&t->out, t->out_room, OUT_ROOM);
    c->said += n;
    return n == 0 ? WR_OK
                  : wr_wqueue_send(&c->queue, c->fd, t->out_room, n, NULL, 0,
                                   t->feed.limits->tcp_queue);
}

static void conn_close(struct conn *c);

/* The same, and a connection for which that does not go well is closed. */
static void tcp_flush(struct wr_tcp *t)
{
    struct conn *c = t->out_of;
    int err = c == NULL ? WR_OK : conn_send(c);

    if (err == WR_E_FULL) {
        wr_stats_add(&t->feed.stats->tcp_unread, 1);
    }
    if (err != WR_OK) {
        conn_close(c);
    }
}

/* Where octets for this connection go; those of another leave first. */
static struct wr_writer *tcp_out(struct wr_tcp *t, struct conn *c)
{
    if (t->out_of != c) {
        tcp_flush(t);
        t->out_of = c;
    }
    return &t->out;
}

/* The last words: what is gathered, and that nothing more comes. Whoever does not take them does not get them. */
static void conn_part(struct conn *c)
{
    wr_conn_close(&c->wire, tcp_out(c->tcp, c));
    (void)conn_send(c);
    wr_conn_end(&c->wire);
    free(c->wire_room);
    c->wire_room = NULL;
}

/* Among the TLS connections that may give way, and what it costs. Those that are idle are known by their seats. */
static void conn_seal(struct conn *c)
{
    struct wr_tcp *t = c->tcp;
    uint64_t cost = WR_TLS_SESSION_COST + wr_conn_memory(&c->wire) +
                    (wr_wqueue_waiting(&c->queue) > 0 ? c->queue.cap : 0);
    bool opens = c->state == CONN_OPENING;

    if (wr_conn_session(&c->wire) == NULL) {
        return;
    }
    if (cost > c->cost) {
        wr_budget_add(&t->shared->budget, cost - c->cost);
    } else {
        wr_budget_give(&t->shared->budget, c->cost - cost);
    }
    c->cost = cost;
    if (opens != c->opens) {
        atomic_fetch_add(&t->shared->opening, opens ? 1u : UINT32_MAX);
        c->opens = opens;
    } else if (opens) {
        return; /* it keeps its place */
    }
    wr_list_remove(&c->sealed);
    if (opens || c->state == CONN_STUCK || c->state == CONN_WINDOW) {
        wr_list_append(opens ? &t->opening : &t->unread, &c->sealed);
    }
}

static void conn_unseal(struct conn *c)
{
    wr_list_remove(&c->sealed);
    wr_budget_give(&c->tcp->shared->budget, c->cost);
    atomic_fetch_sub(&c->tcp->shared->opening, c->opens);
    c->cost = 0;
    c->opens = false;
}

static void conn_close(struct conn *c)
{
    struct wr_tcp *t = c->tcp;
    uint32_t owed = c->owed;
    struct wr_event event = {.kind = WR_EVENT_CLIENT_GONE, .client = c->client};

    wr_heap_clear(&t->heap, &c->timer);
    conn_part(c);
    conn_unseal(c);
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
    if (wr_conn_opening(&c->wire) && !c->ended) {
        return CONN_OPENING;
    }
    if (wr_conn_waiting(&c->wire) != 0) {
        return CONN_WINDOW;
    }
    if (wr_conn_partial(&c->wire) && !c->ended && !c->full) {
        return CONN_PARTIAL;
    }
    return c->owed > 0 ? CONN_BUSY : CONN_IDLE;
}

static void conn_poll(struct conn *c)
{
    int events = 0;

    if (c->state == CONN_STUCK) {
        events = UV_WRITABLE; /* who does not read is not read */
    } else if (!c->ended && !c->tcp->draining && !c->full) {
        events = UV_READABLE;
    }
    if (wr_conn_more(&c->wire) && !c->full) {
        events |= UV_WRITABLE; /* so that what waits here is looked at in the next turn */
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
    bool idle = c->state == CONN_IDLE;
    bool partial = (c->state == CONN_PARTIAL || c->state == CONN_OPENING) && c->owed == 0;
    enum wr_yield_kind kind = idle ? WR_YIELD_IDLE : partial ? WR_YIELD_PARTIAL : WR_YIELD_BUSY;

    wr_yield_set(&c->tcp->yield, &c->seat, kind, idle ? c->lively_us : c->message_us);
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
    if (c->state == CONN_OPENING) {
        at_us = c->message_us + limits->handshake_ms * WR_MS;
    } else if (c->state == CONN_PARTIAL) {
        at_us =
            wr_time_min(c->message_us, wr_conn_since(&c->wire)) + limits->tcp_message_ms * WR_MS;
    } else if (c->state == CONN_WINDOW) {
        at_us = c->stuck_us + limits->tcp_read_ms * WR_MS;
    } else if (c->state == CONN_STUCK) {
        uint64_t end_us = c->stuck_us + limits->tcp_read_ms * WR_MS;
        at_us = now_us + limits->tcp_message_ms * WR_MS;
        at_us = at_us < end_us ? at_us : end_us; /* an octet now and then does not hold it open */
    }
    if (c->state == CONN_WINDOW || c->state == CONN_STUCK) { /* nor an answer now and then */
        at_us = wr_time_min(at_us, wr_unread_end(&c->unread, limits->tcp_read_ms));
    }
    wr_heap_set(&c->tcp->heap, &c->timer, at_us);
}

/* Whether it is read. What is partly here while it is not waits for us, and its time begins when it is read again. */
static void conn_set_full(struct conn *c)
{
    bool was_full = c->full;

    c->full = c->owed >= c->tcp->feed.limits->tcp_pipeline || wr_conn_full(&c->wire);
    if (was_full && !c->full) {
        c->message_us = c->tcp->now_us;
    }
}

/* How it takes its answers, while some wait. */
static void conn_set_unread(struct conn *c, bool unread, bool was_unread)
{
    uint64_t carried = wr_conn_carried(&c->wire);

    if (unread && was_unread) {
        wr_unread_took(&c->unread, carried - c->carried, c->tcp->now_us);
    } else if (unread) {
        wr_unread_begin(&c->unread, c->tcp->now_us);
    }
    c->carried = carried;
}

/* After anything that happened: the state it is in now, its time-out, what is polled for. */
static void conn_settle(struct conn *c)
{
    enum conn_state was = c->state;
    bool unread;

    c->ended = c->ended || wr_conn_done(&c->wire);
    conn_set_full(c);
    c->state = conn_next_state(c);
    if ((c->state == CONN_STUCK && was != CONN_STUCK) ||
        (c->state == CONN_WINDOW && c->waiting != wr_conn_waiting(&c->wire))) {
        c->stuck_us = c->tcp->now_us;
    }
    unread = c->state == CONN_STUCK || c->state == CONN_WINDOW;
    conn_set_unread(c, unread, was == CONN_STUCK || was == CONN_WINDOW);
    if (c->state == CONN_STUCK && was != CONN_STUCK) {
        c->heard = wr_tcp_heard(c);
    }
    if (c->lively || was == CONN_OPENING ||
        (!unread && (was == CONN_STUCK || was == CONN_WINDOW))) {
        c->lively_us = c->tcp->now_us;
    }
    c->waiting = wr_conn_waiting(&c->wire);
    if (c->state == CONN_PARTIAL) {
        /* A client that writes a message in two pieces, and whose kernel holds the second back until the first is acknowledged
         * (Nagle), would wait for our delayed acknowledgement: 40 ms a message. */
        int on = 1;
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
    }
    if (c->state == CONN_IDLE && (c->ended || c->tcp->draining)) {
        conn_close(c);
        return;
    }
    /* Records without a question, whole or in pieces, do not make an idle one young again. */
    if (c->state != CONN_IDLE || was != CONN_IDLE || c->lively) {
        conn_set_timer(c);
        conn_seal(c);
    }
    c->lively = false;
    conn_poll(c);
}

/* A path names who asks, for this question; a certificate goes before it. */
static void conn_claim_path(struct wr_client *client, const struct wr_str_part *claim)
{
    if (claim->n == 0 || claim->n >= WR_CLAIM_SIZE || client->claim_kind == WR_CLAIM_CERTIFICATE) {
        return;
    }
    for (size_t i = 0; i < claim->n; i++) {
        client->claim[i] = (char)wr_name_fold((uint8_t)claim->at[i]);
    }
    client->claim[claim->n] = '\0';
    client->claim_kind = WR_CLAIM_PATH;
}

static void conn_feed(struct conn *c, const struct wr_conn_query *query)
{
    struct wr_tcp *t = c->tcp;
    struct wr_event event = {
        .kind = WR_EVENT_QUERY,
        .client = c->client,
        .bytes = query->bytes,
        .size = query->size,
        .room = t->room + 2,
        .room_size = t->room_size - 2 < WR_MSG_MAX ? t->room_size - 2 : WR_MSG_MAX,
    };

    event.client.stream = query->stream;
    conn_claim_path(&event.client, &query->claim);
    c->owed++;
    c->lively = true;
    if (query->carry) {
        wr_tcp_carry(t, &c->client, query);
    } else {
        t->feed.event(t->feed.user, &event);
    }
}

/* What the client says it is goes with each question from now on. */
static void conn_claim(struct conn *c)
{
    _Static_assert(sizeof(c->client.claim) == sizeof(c->wire.claim.text) &&
                       (int)WR_CLAIM_SNI == (int)WR_IDENTITY_SNI &&
                       (int)WR_CLAIM_CERTIFICATE == (int)WR_IDENTITY_CERTIFICATE,
                   "one is the other's");
    if (c->client.claim_kind == WR_CLAIM_NONE && c->wire.claim.kind != WR_CLAIM_NONE) {
        c->client.claim_kind = c->wire.claim.kind;
        memcpy(c->client.claim, c->wire.claim.text, sizeof(c->client.claim));
    }
}

/* The handshake came to its end. */
static void conn_opened(struct conn *c, int err)
{
    struct wr_net_stats *stats = c->tcp->feed.stats;
    const struct wr_tls *session = wr_conn_session(&c->wire);

    if (session != NULL && session->state != WR_TLS_FAILED) {
        wr_stats_add(session->resumed ? &stats->tls_resumed : &stats->tls_full, 1);
    }
}

/* What there was no room for goes out as long as the kernel takes it. False: the connection is gone. */
static bool conn_drain(struct conn *c)
{
    struct wr_tcp *t = c->tcp;
    wr_id id = c->id;
    size_t left = WR_HTTP_CONNECTION_MAX; /* octets that it may hold: all of them are out then */

    while (wr_conn_has_output(&c->wire) && wr_wqueue_waiting(&c->queue) == 0 && left > 0) {
        struct wr_writer *out = tcp_out(t, c);
        int err = wr_conn_output(&c->wire, out);

        left -= out->pos < left ? out->pos : left;
        if (err != WR_OK) {
            conn_close(c);
            return false;
        }
        if (out->pos == 0) {
            break;
        }
        tcp_flush(t);
        if (wr_tcp_find(t, id) == NULL) {
            return false;
        }
    }
    return true;
}

/* Gives the whole messages to the engine. False: the connection is gone. */
static bool conn_messages(struct conn *c)
{
    struct wr_tcp *t = c->tcp;
    wr_id id = c->id;
    struct wr_conn_query query;
    bool opening = wr_conn_opening(&c->wire);
    int err;

    while ((err = wr_conn_next(&c->wire, tcp_out(t, c), &query)) == WR_OK) {
        c->message_us = t->now_us;
        conn_claim(c);
        t->reading = id;
        conn_feed(c, &query);
        t->reading = 0;
        if (wr_tcp_find(t, id) == NULL) {
            return false;
        }
    }
    if (opening && !wr_conn_opening(&c->wire)) {
        conn_opened(c, err);
    }
    if (err == WR_E_CLOSED) {
        c->ended = true;
    } else if (err != WR_E_AGAIN) {
        wr_stats_add(opening ? &t->feed.stats->tls_failed : &t->feed.stats->tcp_malformed, 1);
        conn_close(c);
        return false;
    }
    if (t->out_of == c) {
        tcp_flush(t);
    }
    return wr_tcp_find(t, id) != NULL && conn_drain(c);
}

void wr_tcp_read(struct conn *c)
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
    if (!wr_conn_partial(&c->wire) && !wr_conn_opening(&c->wire)) {
        c->message_us = t->now_us;
    }
    wr_conn_feed(&c->wire, t->bytes, (size_t)n, t->now);
    if (conn_messages(c)) {
        conn_settle(c);
    }
}

static void conn_on_poll(uv_poll_t *poll, int status, int events)
{
    struct conn *c = poll->data;

    wr_tcp_now(c->tcp);
    if (status < 0) { /* reset by the client */
        conn_close(c);
        return;
    }
    if (events & UV_WRITABLE) {
        if (wr_wqueue_flush(&c->queue, c->fd) == WR_E_CLOSED) {
            conn_close(c);
            return;
        }
        if (c->state == CONN_STUCK) {
            wr_tcp_look(c);
        }
        if (!conn_drain(c) || (wr_conn_more(&c->wire) && !conn_messages(c))) {
            return;
        }
        conn_settle(c);
        return;
    }
    wr_tcp_read(c);
}

/* An answer into what is gathered for its client. */
static int conn_answer(struct conn *c, uint64_t stream, const uint8_t *bytes, size_t size)
{
    struct wr_tcp *t = c->tcp;
    struct wr_writer *out = tcp_out(t, c);
    int err = WR_OK;

    if (out->cap - out->pos < wr_conn_answer_room(&c->wire, size)) {
        err = conn_send(c);
        out = tcp_out(t, c);
    }
    if (err == WR_OK) {
        err = wr_conn_answer(&c->wire, stream, bytes, size, out);
    }
    if (err == WR_OK && t->reading != c->id) {
        err = conn_send(c);
    }
    return err;
}

/* An answer went out, or err says why not. */
static void conn_replied(struct conn *c, int err)
{
    struct wr_tcp *t = c->tcp;

    if (err != WR_OK) {
        if (err == WR_E_FULL) {
            wr_stats_add(&t->feed.stats->tcp_unread, 1);
        }
        conn_close(c);
    } else if (t->reading != c->id && conn_drain(c)) {
        conn_settle(c);
    }
}

void wr_tcp_carried(struct wr_tcp *t, wr_id conn, uint64_t stream,
                    const struct wr_http_reply *reply)
{
    struct conn *c = wr_tcp_find(t, conn);
    int err;

    if (c == NULL) {
        return;
    }
    c->owed -= c->owed > 0;
    c->lively = true;
    err = wr_conn_reply(&c->wire, stream, reply, tcp_out(t, c));
    if (err == WR_OK && t->reading != c->id) {
        err = conn_send(c);
    }
    conn_replied(c, err);
}

void wr_tcp_reply(struct wr_tcp *t, const struct wr_client *client, const uint8_t *bytes,
                  size_t size)
{
    struct conn *c = wr_tcp_find(t, client->conn);
    int err;

    if (c == NULL || size > WR_MSG_MAX) {
        return;
    }
    c->owed -= c->owed > 0;
    c->lively = true;
    err = conn_answer(c, client->stream, bytes, bytes == NULL ? 0 : size);
    conn_replied(c, err);
}

void wr_tcp_hang_up(struct wr_tcp *t, const struct wr_client *client)
{
    struct conn *c = wr_tcp_find(t, client->conn);

    if (c != NULL) {
        c->owed -= c->owed > 0;
        conn_close(c);
    }
}

/* --- to begin and to end --- */

void wr_tcp_yield(struct wr_tcp *t, struct wr_yield_seat *who)
{
    if (who != NULL) {
        wr_stats_add(&t->feed.stats->tcp_yielded, 1);
        conn_close(WR_CONTAINER(who, struct conn, seat));
    }
}

/* Memory of HTTP sessions, which count what they hold. */
static void *tcp_resize(void *user, void *at, size_t size)
{
    if (size == 0) {
        free(at);
        return NULL;
    }
    return realloc(at, size);
}

/* What octets mean on this connection. */
static bool conn_wire(struct conn *c)
{
    struct wr_tcp *t = c->tcp;
    struct wr_conn_setup setup = {
        .kind = c->client.transport == WR_CLIENT_DOT   ? WR_CONN_DOT
                : c->client.transport == WR_CLIENT_DOH ? WR_CONN_DOH
                                                       : WR_CONN_PLAIN,
        .terms = &t->terms,
        .frame = t->frames + (size_t)(uint32_t)c->id * FRAME_ROOM,
        .frame_size = FRAME_ROOM,
        .scratch = t->scratch,
        .site = &t->site,
        .memory = {tcp_resize, NULL},
        .oblivious = t->oblivious,
    };
    size_t room = wr_conn_room(setup.kind);

    if (room > 0) {
        setup.room = t->terms.creds == NULL ? NULL : malloc(room);
        if (setup.room == NULL) {
            return false;
        }
    }
    c->wire_room = setup.room;
    if (wr_conn_start(&c->wire, &setup, t->now) != WR_OK) {
        wr_conn_end(&c->wire);
        free(c->wire_room);
        c->wire_room = NULL;
        return false;
    }
    return true;
}

void wr_tcp_end(struct conn *c)
{
    conn_close(c);
}

bool wr_tcp_begin(struct wr_tcp *t, const struct wr_listener *listener, int fd,
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
    wr_list_init(&c->sealed);
    if (!conn_wire(c)) {
        uv_close((uv_handle_t *)&c->poll, conn_on_close);
        c->state = CONN_CLOSED;
        return false;
    }
    wr_yield_enter(&t->yield, &c->seat, outsider, wr_conn_session(&c->wire) != NULL);
    wr_net_stats_set(&t->feed.stats->gauge_tcp_clients, t->yield.seats);
    wr_stats_add(&t->feed.stats->tcp_accepted, 1);
    c->lively = true; /* so that its time begins */
    c->cost =
        wr_conn_session(&c->wire) == NULL ? 0 : WR_TLS_SESSION_COST; /* taken by who let it in */
    conn_settle(c);
    return true;
}

void wr_tcp_drain(struct wr_tcp *t)
{
    wr_id id;

    t->draining = true;
    wr_tcp_now(t);
    for (uint16_t i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        wr_tcp_remove(t, i);
    }
    for (uint32_t i = 0; i < t->pool.count && t->yield.seats > 0; i++) {
        struct conn *c = wr_pool_at(&t->pool, i, &id);

        if (c != NULL && c->state != CONN_CLOSED) {
            if ((c->state == CONN_PARTIAL || c->state == CONN_OPENING) && c->owed == 0) {
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
        wr_carrier_close(t->carrier);
    }
}
