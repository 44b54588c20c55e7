/* SPDX-License-Identifier: Apache-2.0 */
#include "base/check.h"
#include "base/err.h"
#include "base/time.h"
#include "transport/doqserver_state.h"

static void stream_give_up(struct doq_stream *st, uint64_t code)
{
    struct wr_doqserver *s = st->conn->server;

    wr_list_remove(&st->queue);
    wr_chunks_give(&s->chunks, &st->in);
    if (st->state == DOQ_ASKED) {
        st->conn->owed--;
    }
    st->state = DOQ_SHUT; /* what is on its way stays until the library has let go of it */
    st->since_us = s->now_us;
    wr_quic_shut(&st->conn->quic, st->number, code);
}

static struct doq_stream *stream_begin(struct doq_conn *c, int64_t number)
{
    struct wr_doqserver *s = c->server;
    wr_id id;
    struct doq_stream *st = wr_pool_take(&s->streams, &id);

    if (st == NULL && wr_doqserver_find_room(c)) {
        st = wr_pool_take(&s->streams, &id);
    }
    if (st == NULL) {
        return NULL;
    }
    st->id = id;
    st->conn = c;
    st->number = number;
    st->since_us = s->now_us;
    wr_list_init(&st->node);
    wr_list_init(&st->queue);
    wr_list_append(&c->streams, &st->node);
    wr_list_remove(&c->seat); /* not idle */
    c->open++;
    wr_quic_attach(&c->quic, number, st);
    return st;
}

static void stream_end(struct doq_stream *st)
{
    struct doq_conn *c = st->conn;
    struct wr_doqserver *s = c->server;

    if (st->state == DOQ_ASKED) {
        c->owed--;
    }
    wr_list_remove(&st->node);
    wr_list_remove(&st->queue);
    wr_chunks_give(&s->chunks, &st->in);
    wr_chunks_give(&s->chunks, &st->out);
    c->open--;
    wr_pool_give(&s->streams, st->id);
}

void wr_doqserver_end_streams(struct doq_conn *c)
{
    while (!wr_list_empty(&c->streams)) {
        stream_end(WR_CONTAINER(c->streams.next, struct doq_stream, node));
    }
}

void wr_doqserver_unblock(struct doq_conn *c)
{
    while (!wr_list_empty(&c->blocked)) {
        struct wr_list *n = c->blocked.next;

        wr_list_remove(n);
        wr_list_append(&c->sends, n);
    }
}

/* A stream of which nothing becomes holds room that is of all clients, and its connection is not idle. */
uint64_t wr_doqserver_patience(const struct doq_conn *c)
{
    const struct wr_doqserver_setup *u = &c->server->setup;
    uint64_t at_us = WR_TIME_NEVER;

    for (const struct wr_list *n = c->streams.next; n != &c->streams; n = n->next) {
        const struct doq_stream *st = WR_CONTAINER(n, struct doq_stream, node);

        if (st->state == DOQ_READING) {
            at_us = wr_time_min(at_us, st->since_us + u->message_ms * WR_MS);
        } else if (st->state >= DOQ_SENDING) {
            at_us = wr_time_min(at_us, st->since_us + u->read_ms * WR_MS);
        }
    }
    return at_us;
}

uint64_t wr_doqserver_unread(const struct doq_conn *c, bool all)
{
    const struct wr_doqserver *s = c->server;
    uint64_t octets = 0;

    for (const struct wr_list *n = c->streams.next; n != &c->streams; n = n->next) {
        const struct doq_stream *st = WR_CONTAINER(n, struct doq_stream, node);

        if (s->now_us < st->since_us + WR_UNREAD_MS * WR_MS) {
            continue;
        }
        if (st->state >= DOQ_SENDING) {
            octets += st->out.size;
        } else if (all && st->state <= DOQ_HELD) {
            octets += WR_CHUNK_SIZE + st->in.size; /* its place counts as well */
        }
    }
    return octets;
}

/* Octets that wait; for want of chunks somebody makes room who does not read. */
static int stream_keep(struct doq_stream *st, struct wr_chain_octets *to, const uint8_t *bytes,
                       size_t size)
{
    struct wr_doqserver *s = st->conn->server;
    int err = wr_chunks_append(&s->chunks, to, bytes, size);

    return err != WR_OK && wr_doqserver_find_room(st->conn)
               ? wr_chunks_append(&s->chunks, to, bytes, size)
               : err;
}

/* --- what the connection tells -------------------------------------------------------------------- */

static void stream_whole(struct doq_stream *st)
{
    struct wr_doqserver *s = st->conn->server;
    uint8_t head[5] = {0};

    wr_chunks_read(&s->chunks, &st->in, 0, head, sizeof(head));
    st->conn->lively_us = s->now_us;
    if (st->early && (!st->conn->vouched || wr_quic_has_certificate(&st->conn->quic) ||
                      !wr_doq_may_be_early(head + 2, sizeof(head) - 2))) {
        st->state = DOQ_HELD;
        s->stats.held++;
        return;
    }
    s->stats.early += st->early;
    st->state = DOQ_READY;
    wr_list_append(&s->ready, &st->queue);
}

static int doq_on_octets(void *user, int64_t number, void *of, const uint8_t *bytes, size_t size,
                         bool fin, bool early)
{
    struct doq_conn *c = user;
    struct wr_doqserver *s = c->server;
    struct doq_stream *st = of;

    wr_quic_consumed(&c->quic, number, size);
    if (st == NULL) {
        if ((st = stream_begin(c, number)) == NULL) {
            s->stats.overload++;
            wr_quic_shut(&c->quic, number, WR_DOQ_EXCESSIVE_LOAD);
            return WR_OK;
        }
    } else if (st->state != DOQ_READING) {
        return WR_OK; /* given up */
    }
    st->early = st->early || (early && c->quic.state == WR_QUIC_OPENING);
    if (wr_doq_count(&st->count, bytes, size, fin, s->setup.query_max) != WR_OK) {
        s->stats.broken++;
        c->quic.fail_code = WR_DOQ_PROTOCOL_ERROR;
        return WR_E_FORMAT;
    }
    if (stream_keep(st, &st->in, bytes, size) != WR_OK) {
        s->stats.overload++;
        stream_give_up(st, WR_DOQ_EXCESSIVE_LOAD);
        return WR_OK;
    }
    if (st->count.whole && st->count.ended) {
        stream_whole(st);
    }
    return WR_OK;
}

static void doq_on_closed(void *user, int64_t number, void *of, uint64_t code)
{
    struct doq_conn *c = user;
    struct doq_stream *st = of;

    if (st != NULL) {
        /* Section 4.3.1: the client has cancelled (STOP_SENDING), and ngtcp2 has reset the stream. */
        c->server->stats.cancelled += st->state < DOQ_SENDING;
        if (st->state == DOQ_SENDING) {
            c->lively_us = c->server->now_us;
        }
        stream_end(st);
        if (c->open == 0 && c->quic.state == WR_QUIC_OPEN) {
            wr_list_append(&c->server->idle, &c->seat);
        }
    }
    wr_quic_more_streams(&c->quic);
}

/* A client that does not send the rest of its question gets no answer. */
static void doq_on_reset(void *user, int64_t number, void *of, uint64_t code)
{
    struct doq_conn *c = user;
    struct doq_stream *st = of;

    if (st != NULL && st->state != DOQ_SHUT) {
        c->server->stats.cancelled++;
        stream_give_up(st, WR_DOQ_REQUEST_CANCELLED);
    } else if (st == NULL) {
        wr_quic_shut(&c->quic, number, WR_DOQ_REQUEST_CANCELLED);
    }
}

static void doq_on_ready(void *user)
{
    struct doq_conn *c = user;
    struct wr_doqserver *s = c->server;

    s->stats.completed++;
    s->stats.resumed += c->quic.resumed;
    s->opening -= c->was_opening;
    c->was_opening = false;
    c->lively_us = s->now_us;
    for (struct wr_list *n = c->streams.next; n != &c->streams; n = n->next) {
        struct doq_stream *st = WR_CONTAINER(n, struct doq_stream, node);

        if (st->state == DOQ_HELD) {
            st->state = DOQ_READY;
            wr_list_append(&s->ready, &st->queue);
        }
    }
    if (c->open == 0) {
        wr_list_append(&s->idle, &c->seat);
    }
    if (!c->admitted && s->setup.admit != NULL) {
        c->admitted = s->setup.admit(s->setup.user, &c->proven);
        c->counted = c->proven;
        if (!c->admitted) {
            s->stats.refused++;
            c->refuse = true;
            return;
        }
    }
    wr_quic_send_token(&c->quic, &c->proven);
}

/* A packet from a new address says nothing of who asks before that address is known to be the client's: it could be forged
 * to be let in. */
static void doq_on_proven(void *user, const struct wr_addr *from, bool is_its_own)
{
    struct doq_conn *c = user;

    if (!is_its_own) {
        return;
    }
    c->server->stats.moved += !wr_addr_equal(&c->proven, from);
    c->proven = *from;
}

static uint64_t cid_hash(const struct wr_doqserver *s, const uint8_t *cid, size_t size)
{
    uint64_t hash = wr_hash_sip13(&s->key, cid, size);

    return hash == 0 ? 1 : hash;
}

static int doq_on_cid(void *user, const uint8_t *cid, size_t size)
{
    struct doq_conn *c = user;
    uint64_t hash = cid_hash(c->server, cid, size);

    for (unsigned i = 0; i < WR_DOQ_CIDS; i++) {
        if (c->cid[i] == 0) {
            int err = wr_map_put(&c->server->cids, hash, c->id);

            c->cid[i] = err == WR_OK ? hash : 0;
            return err;
        }
    }
    return WR_E_LIMIT;
}

static void doq_on_cid_gone(void *user, const uint8_t *cid, size_t size)
{
    struct doq_conn *c = user;
    uint64_t hash = cid_hash(c->server, cid, size);

    for (unsigned i = 0; i < WR_DOQ_CIDS; i++) {
        if (c->cid[i] == hash) {
            wr_map_remove(&c->server->cids, hash, c->id);
            c->cid[i] = 0;
            return;
        }
    }
}

static bool doq_wants(void *user, struct wr_quic_want *ret_want)
{
    struct doq_conn *c = user;
    struct doq_stream *st;

    if (wr_list_empty(&c->sends)) {
        return false;
    }
    st = WR_CONTAINER(c->sends.next, struct doq_stream, queue);
    ret_want->stream = st->number;
    ret_want->parts =
        wr_chunks_parts(&c->server->chunks, &st->out, st->sent, ret_want->part, WR_QUIC_PARTS);
    size_t size = 0;
    for (size_t i = 0; i < ret_want->parts; i++) {
        size += ret_want->part[i].size;
    }
    ret_want->fin = st->sent + size == st->out.size;
    return true;
}

static void doq_took(void *user, int64_t number, size_t size, bool blocked)
{
    struct doq_conn *c = user;
    struct doq_stream *st = WR_CONTAINER(c->sends.next, struct doq_stream, queue);

    wr_assert(!wr_list_empty(&c->sends) && st->number == number);
    st->sent += (uint32_t)size;
    if (blocked) {
        wr_list_remove(&st->queue);
        wr_list_append(&c->blocked, &st->queue);
    } else if (st->sent == st->out.size) {
        wr_list_remove(&st->queue);
    }
}

/* An octet now and then is nothing: who takes less than WR_READ_RATE is as who takes none. */
static void doq_confirmed(void *user, uint64_t size)
{
    struct doq_conn *c = user;

    c->taken += size;
    if (c->taken >= WR_READ_RATE * WR_UNREAD_MS / 1000) {
        c->taken = 0;
        c->taken_us = c->server->now_us;
    }
}

const struct wr_quic_calls wr_doqserver_calls = {
    .octets = doq_on_octets,
    .closed = doq_on_closed,
    .reset = doq_on_reset,
    .ready = doq_on_ready,
    .proven = doq_on_proven,
    .cid_added = doq_on_cid,
    .cid_gone = doq_on_cid_gone,
    .wants = doq_wants,
    .took = doq_took,
    .confirmed = doq_confirmed,
};

/* --- queries and answers -------------------------------------------------------------------------- */

static bool stream_take(struct wr_doqserver *s, struct doq_stream *st,
                        struct wr_doq_query *ret_query)
{
    struct doq_conn *c = st->conn;
    size_t size = st->in.size - 2u;

    wr_list_remove(&st->queue);
    wr_chunks_read(&s->chunks, &st->in, 2, s->room, s->setup.query_max);
    wr_chunks_give(&s->chunks, &st->in);
    if (wr_doq_check(s->room, size) != WR_OK) {
        s->stats.broken++;
        st->state = DOQ_SHUT;
        wr_quic_close(&c->quic, WR_DOQ_PROTOCOL_ERROR);
        wr_doqserver_touch(c);
        return false;
    }
    st->state = DOQ_ASKED;
    c->owed++;
    s->stats.queries++;
    *ret_query = (struct wr_doq_query){
        .said = WR_DOQ_QUERY,
        .msg = s->room,
        .size = size,
        .conn = c->id,
        .stream = st->id,
        .from = c->proven,
        .local = c->way.local,
        .ifindex = c->way.ifindex,
        .listener = c->way.listener,
        .early = st->early && c->quic.state == WR_QUIC_OPENING,
        .claim = wr_doqserver_claim(c),
    };
    return true;
}

enum wr_doq_said wr_doqserver_next(struct wr_doqserver *s, struct wr_doq_query *ret_query)
{
    while (!wr_list_empty(&s->ready)) {
        struct doq_stream *st = WR_CONTAINER(s->ready.next, struct doq_stream, queue);

        if (stream_take(s, st, ret_query)) {
            return WR_DOQ_QUERY;
        }
    }
    if (!wr_list_empty(&s->gone)) {
        struct doq_conn *c = WR_CONTAINER(s->gone.next, struct doq_conn, seat);

        wr_list_remove(&c->seat);
        *ret_query = (struct wr_doq_query){
            .said = WR_DOQ_GONE, .conn = c->id, .from = c->proven, .local = c->way.local};
        wr_pool_give(&s->conns, c->id);
        s->gone_count--;
        return WR_DOQ_GONE;
    }
    return WR_DOQ_NOTHING;
}

void wr_doqserver_answer(struct wr_doqserver *s, uint64_t conn, uint64_t stream,
                         const uint8_t *bytes, size_t size, uint64_t now_us)
{
    struct doq_stream *st = wr_pool_get(&s->streams, stream);
    uint8_t length[2] = {(uint8_t)(size >> 8), (uint8_t)size};

    if (st == NULL || st->conn->id != conn || st->state != DOQ_ASKED || size > WR_MSG_MAX) {
        return;
    }
    s->now_us = now_us;
    if (bytes == NULL || stream_keep(st, &st->out, length, 2) != WR_OK ||
        stream_keep(st, &st->out, bytes, size) != WR_OK) {
        s->stats.overload += bytes != NULL;
        stream_give_up(st, WR_DOQ_EXCESSIVE_LOAD);
    } else {
        st->conn->owed--;
        st->state = DOQ_SENDING;
        st->since_us = now_us;
        wr_list_append(&st->conn->sends, &st->queue);
    }
    wr_doqserver_touch(st->conn);
}
