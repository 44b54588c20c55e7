/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/stream.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/time.h"
#include "resolve/securestream.h"
#include "resolve/streamlife.h"

#define HOLD_US (WR_STREAM_HOLD_MS * WR_MS)
/* Questions out on one stream at once; ids on it stay far from collision. */
#define PIPELINE_MAX 128

#define ROOM_SIZE (WR_UPCONN_ROOM + WR_UPCONN_OUT)

/* How a stream ended, for the questions on it. */
enum end { BROKEN = 0, OWN, EVICTED, ANEW };

size_t wr_streams_size(uint32_t count)
{
    count += WR_STREAMS_SPARE;
    return wr_pool_size(sizeof(struct wr_stream), count) + wr_heap_size(count) +
           (size_t)count * ROOM_SIZE + WR_UPCONN_PLAIN + WR_TICKETBOX_SIZE + 192;
}

static uint8_t *align64(uint8_t *p)
{
    return p + (-(uintptr_t)p & 63);
}

void wr_streams_init(struct wr_streams *s, void *block, uint32_t count)
{
    uint8_t *at = align64(block);
    s->most = count;
    count += WR_STREAMS_SPARE;
    wr_pool_init(&s->pool, at, sizeof(struct wr_stream), count);
    at = align64(at + wr_pool_size(sizeof(struct wr_stream), count));
    wr_heap_init(&s->timers, at, count);
    s->rooms = align64(at + wr_heap_size(count));
    s->plain = s->rooms + (size_t)count * ROOM_SIZE;
    wr_ticketbox_init(&s->tickets, s->plain + WR_UPCONN_PLAIN);
    s->upstreams = NULL;
    s->conns = NULL;
    memset(s->odoh, 0, sizeof(s->odoh));
    s->unproven = 0;
    s->timed = false;
    s->rng = NULL;
    wr_list_init(&s->pending);
    wr_list_init(&s->orphans);
    s->reading = 0;
    s->reading_us = 0;
    s->opened = 0;
    s->evicted = 0;
}

static int start_conn(struct wr_streams *s, struct wr_stream *st)
{
    uint8_t *room = s->rooms + (size_t)(uint32_t)st->id * ROOM_SIZE;
    struct wr_upconn_setup setup = {.room = room, .out = room + WR_UPCONN_ROOM};
    int err = wr_securestream_set(s, st, &setup);
    if (err == WR_OK) {
        wr_upconn_start(&st->conn, &setup);
    }
    return err;
}

static struct wr_stream *open_new(struct wr_streams *s, const struct wr_exchange *x,
                                  uint64_t now_us)
{
    wr_id id;
    struct wr_stream *st = wr_pool_take(&s->pool, &id);
    if (!st) {
        return NULL;
    }
    wr_list_init(&st->node);
    wr_list_init(&st->waiting);
    wr_list_init(&st->asked);
    st->id = id;
    st->addr = x->addr;
    st->scheme = x->scheme;
    st->slot = x->slot;
    st->generation = x->generation;
    if (start_conn(s, st) != WR_OK) {
        wr_pool_give(&s->pool, id);
        return NULL;
    }
    st->state = WR_STREAM_CONNECTING;
    st->tell_open = true;
    st->since_us = now_us;
    st->idle_us = st->upstream ? WR_STREAMLIFE_IDLE_SECURE_US : WR_STREAMLIFE_IDLE_US;
    s->opened++;
    wr_streamlife_set(s, st, now_us + WR_STREAMLIFE_CONNECT_US);
    wr_streamlife_mark(s, st);
    return st;
}

/* What is there for a question to a server. */
struct survey {
    struct wr_stream *best; /* its stream with the most room, or NULL */
    struct wr_stream *full; /* likewise of those on which it would wait for others' answers */
    /* Who yields: a stream without questions, else the one without an answer for longest; or NULL. */
    struct wr_stream *victim;
    uint32_t live, same; /* streams, and of those to this address */
};

static bool yields_before(const struct wr_stream *a, const struct wr_stream *b)
{
    return (a->count == 0) != (b->count == 0) ? a->count == 0 : a->since_us < b->since_us;
}

/* Few questions are out at once by QUIC and ODoH, one by HTTP/1.1: names that are slow there would hold up all others. */
static bool is_full(const struct wr_stream *st)
{
    uint32_t spare = st->state == WR_STREAM_READY ? wr_upconn_spare(&st->conn) : UINT32_MAX;
    if (spare > PIPELINE_MAX) {
        return false;
    }
    for (const struct wr_list *n = st->waiting.next; n != &st->waiting && spare > 0; n = n->next) {
        spare--;
    }
    return spare == 0;
}

static struct survey look(const struct wr_streams *s, const struct wr_exchange *x, uint64_t now_us)
{
    struct survey v = {0};
    for (uint32_t i = 0; i < s->pool.count; i++) {
        wr_id id;
        struct wr_stream *st = wr_pool_at(&s->pool, i, &id);
        if (!st || st->state == WR_STREAM_CLOSING) {
            continue;
        }
        bool near = wr_addr_equal(&st->addr, &x->addr);
        bool same = near && st->scheme == x->scheme && st->slot == x->slot && !st->leaving &&
                    !st->doubted && (!st->upstream || st->generation == x->generation);
        v.live++;
        v.same += near;
        struct wr_stream **to = same && is_full(st) ? &v.full : &v.best;
        if (same && st->count < PIPELINE_MAX && (!*to || st->count < (*to)->count)) {
            *to = st;
        }
        if ((st->count == 0 || st->since_us + HOLD_US <= now_us) &&
            (!v.victim || yields_before(st, v.victim))) {
            v.victim = st;
        }
    }
    return v;
}

static bool id_taken(struct wr_list *list, uint16_t msg_id)
{
    for (struct wr_list *n = list->next; n != list; n = n->next) {
        if (WR_CONTAINER(n, struct wr_exchange, on_stream)->stream_msg_id == msg_id) {
            return true;
        }
    }
    return false;
}

/* At most PIPELINE_MAX of 65536 ids are taken: a few draws find a free one. */
static uint16_t free_msg_id(struct wr_stream *st, struct wr_rng *rng)
{
    uint16_t msg_id = wr_rng_u16(rng);
    while (id_taken(&st->waiting, msg_id) || id_taken(&st->asked, msg_id)) {
        msg_id++;
    }
    return msg_id;
}

static void orphan_all(struct wr_streams *s, struct wr_stream *st, struct wr_list *list,
                       enum end end)
{
    while (!wr_list_empty(list)) {
        struct wr_exchange *x = WR_CONTAINER(list->next, struct wr_exchange, on_stream);
        wr_list_remove(&x->on_stream);
        x->stream = 0;
        if (list == &st->waiting) {
            wr_streamlife_unplaced(st, x);
        }
        /* Its server had answered here before: idle time-outs race with questions (RFC 7766 section 6.2.4).
         * Or it had accepted, and broke off: that may be chance, once. */
        x->stream_again = end == ANEW || ((st->served > 0 || st->state == WR_STREAM_READY) &&
                                          !x->stream_retried && end != EVICTED);
        x->lost = end != BROKEN ? WR_LOST_OWN : WR_LOST_BROKEN;
        wr_list_append(&s->orphans, &x->on_stream);
    }
}

/* From our side: the questions leave now, the world is told at the next poll. */
static void give_up(struct wr_streams *s, struct wr_stream *st, enum end end)
{
    wr_upconn_close(&st->conn);
    wr_upconn_end(&st->conn);
    st->state = WR_STREAM_CLOSING;
    orphan_all(s, st, &st->asked, end);
    orphan_all(s, st, &st->waiting, end);
    wr_heap_clear(&s->timers, &st->timer);
    wr_streamlife_mark(s, st);
}

/* A new stream; when all places are taken somebody yields. NULL: nobody does, or this server has its share. */
static struct wr_stream *make_room(struct wr_streams *s, const struct survey *v,
                                   const struct wr_exchange *x, uint64_t now_us)
{
    uint32_t share = s->most / WR_STREAM_SHARE;
    if (v->same >= (share ? share : 1) || (v->live >= s->most && !v->victim)) {
        return NULL;
    }
    if (v->live >= s->most) {
        s->evicted++;
        give_up(s, v->victim, v->victim->count ? EVICTED : BROKEN);
    }
    return open_new(s, x, now_us);
}

int wr_streams_place(struct wr_streams *s, struct wr_exchange *x, struct wr_rng *rng,
                     uint64_t now_us)
{
    wr_assert(x->stream == 0);
    s->rng = rng;
    struct survey v = look(s, x, now_us);
    struct wr_stream *st = v.best;
    if (!st && (!v.full || (v.live < s->most && v.same < WR_UPCONN_CONNS))) { /* else it can wait */
        st = make_room(s, &v, x, now_us);
    }
    /* One that was out already, on a connection that is doubted, takes nobody's place. */
    struct wr_stream *left =
        !st && v.full && !x->old_stream ? wr_streamlife_yield(s, v.full, now_us) : NULL;
    st = st ? st : left ? left : v.full;
    if (!st) {
        return WR_E_FULL;
    }
    wr_streamlife_placed(st);
    x->stream_msg_id = free_msg_id(st, rng);
    x->stream = st->id;
    x->stream_owed = false;
    x->held_us += x->held_from_us ? now_us - x->held_from_us : 0;
    x->held_from_us = 0;
    x->waits_us = now_us;
    if (st->count++ == 0 && st->state == WR_STREAM_READY) {
        wr_streamlife_used(s, st, now_us);
    }
    wr_list_append(left ? st->waiting.next : &st->waiting,
                   &x->on_stream); /* the place is its own */
    wr_streamlife_mark(s, st);
    return WR_OK;
}

void wr_streams_leave(struct wr_streams *s, struct wr_exchange *x, uint64_t now_us)
{
    struct wr_stream *st = wr_pool_get(&s->pool, x->stream);
    wr_list_remove(&x->on_stream);
    x->stream = 0;
    wr_streamlife_forget(s, x);
    if (!st) {
        return;
    }
    if (x->stream_owed) {
        wr_streamlife_left(s, st, x);
    }
    if (--st->count == 0 && st->state == WR_STREAM_READY) {
        wr_streamlife_used(s, st, now_us);
    }
}

bool wr_streams_holds(const struct wr_streams *s, const struct wr_exchange *x)
{
    const struct wr_stream *st = wr_pool_get(&s->pool, x->stream);
    return st && st->state == WR_STREAM_READY && !x->stream_owed && x->written_us == 0;
}

static void now_open(struct wr_streams *s, struct wr_stream *st, uint64_t now_us)
{
    st->state = WR_STREAM_READY;
    st->took_us = now_us - st->since_us;
    st->since_us = st->ready_us = now_us;
    wr_streamlife_arm(s, st);
    wr_streamlife_mark(s, st);
}

void wr_streams_opened(struct wr_streams *s, wr_id id, uint64_t now_us)
{
    struct wr_stream *st = wr_pool_get(&s->pool, id);
    if (!st || st->state != WR_STREAM_CONNECTING) {
        return;
    }
    wr_securestream_begin(s, st, now_us);
    if (wr_upconn_can_ask(&st->conn)) {
        now_open(s, st, now_us);
        return;
    }
    st->state = WR_STREAM_SHAKING;
    wr_streamlife_set(s, st, now_us + WR_STREAMLIFE_SHAKE_US);
    s->reading = id; /* the handshake begins */
    s->reading_us = now_us;
}

static void release(struct wr_streams *s, struct wr_stream *st, enum end end)
{
    orphan_all(s, st, &st->asked, end);
    orphan_all(s, st, &st->waiting, end);
    wr_heap_clear(&s->timers, &st->timer);
    wr_list_remove(&st->node);
    if (s->reading == st->id) {
        s->reading = 0;
    }
    wr_upconn_end(&st->conn);
    wr_pool_give(&s->pool, st->id);
}

void wr_streams_closed(struct wr_streams *s, wr_id id, enum wr_lost lost, uint64_t now_us)
{
    struct wr_stream *st = wr_pool_get(&s->pool, id);
    if (st) {
        wr_securestream_failed(s, st, wr_streamlife_closed(st, lost), "", now_us);
        release(s, st, lost == WR_LOST_OWN ? OWN : BROKEN);
    }
}

/* May it speak now? A plain one has nothing to say that was not asked for; an encrypted one has, a little: tickets, new keys. */
static bool may_speak(struct wr_stream *st, size_t size)
{
    if (!wr_list_empty(&st->asked) || st->owed > 0 || st->state == WR_STREAM_SHAKING) {
        st->idle_octets = 0;
        return true;
    }
    st->idle_octets += size;
    return st->upstream && st->idle_octets <= WR_STREAM_IDLE_OCTETS_MAX;
}

void wr_streams_bytes(struct wr_streams *s, wr_id id, const uint8_t *bytes, size_t size,
                      const struct wr_now *now)
{
    struct wr_stream *st = wr_pool_get(&s->pool, id);
    if (!st || (st->state != WR_STREAM_READY && st->state != WR_STREAM_SHAKING)) {
        return;
    }
    if (!may_speak(st, size)) {
        give_up(s, st, BROKEN);
        return;
    }
    s->reading = id;
    s->reading_us = now->mono_us;
    wr_streamlife_spoke(st, now->mono_us);
    if (!wr_upconn_partial(&st->conn)) {
        st->begun_us = now->mono_us;
    }
    wr_upconn_feed(&st->conn, bytes, size, now);
}

/* The exchange that the message answers. NULL: to nobody, or too late. */
static struct wr_exchange *find_asked(struct wr_stream *st, uint16_t msg_id)
{
    for (struct wr_list *n = st->asked.next; n != &st->asked; n = n->next) {
        struct wr_exchange *x = WR_CONTAINER(n, struct wr_exchange, on_stream);
        if (x->stream_msg_id == msg_id) {
            return x;
        }
    }
    return NULL;
}

/* Whether it was asked for: then it is a sign of life. What nobody asked is not, and is heard a few times only. */
static struct wr_exchange *take(struct wr_streams *s, struct wr_stream *st, const uint8_t *msg)
{
    uint16_t msg_id = (uint16_t)(msg[0] << 8 | msg[1]);
    struct wr_exchange *x = find_asked(st, msg_id);
    struct wr_exchange *moved = x ? NULL : wr_streamlife_claim(s, st, msg_id);
    st->begun_us = s->reading_us;
    if (x || st->owed > 0) {
        wr_streamlife_heard(st, s->reading_us);
        st->served++;
    }
    if (x) {
        x->stream_owed = false;
    } else if (st->owed > 0) {
        st->owed--;
    } else if (++st->unasked >= WR_STREAM_UNASKED_MAX) {
        give_up(s, st, BROKEN);
    }
    return x ? x : moved;
}

static void conn_ended(struct wr_streams *s, struct wr_stream *st,
                       const struct wr_upconn_said *said, uint64_t now_us)
{
    bool farewell =
        said->why == WR_UPCONN_CLOSED && st->state == WR_STREAM_READY && wr_list_empty(&st->asked);
    wr_securestream_failed(s, st, farewell ? WR_UPCONN_FINE : said->why, said->text, now_us);
    give_up(s, st, said->why == WR_UPCONN_OWN ? OWN : BROKEN);
}

/* No answer comes to this question; the connection goes on. */
static void question_failed(struct wr_streams *s, struct wr_stream *st,
                            const struct wr_upconn_said *said, uint64_t now_us)
{
    struct wr_exchange *x = find_asked(st, said->id);
    if (!x) {
        wr_streamlife_failed(s, st, said->id);
        return;
    }
    wr_securestream_failed(s, st, WR_UPCONN_NOT_DNS, said->text, now_us);
    x->stream_owed = false;
    wr_streams_leave(s, x, now_us);
    x->stream_again = said->again && !x->stream_retried;
    x->lost = said->alone ? WR_LOST_ALONE : WR_LOST_BROKEN;
    wr_list_append(&s->orphans, &x->on_stream);
}

/* The stream whose octets, or whose beginning, are being looked at; NULL: it is over. */
static struct wr_stream *being_read(const struct wr_streams *s)
{
    struct wr_stream *st = wr_pool_get(&s->pool, s->reading);
    return st && (st->state == WR_STREAM_READY || st->state == WR_STREAM_SHAKING) ? st : NULL;
}

bool wr_streams_message(struct wr_streams *s, const struct wr_now *now,
                        struct wr_exchange **ret_exchange, const uint8_t **ret_msg,
                        size_t *ret_size)
{
    struct wr_upconn_said said;
    struct wr_stream *st;
    while ((st = being_read(s)) != NULL && wr_upconn_next(&st->conn, now, &said)) {
        switch (said.kind) {
        case WR_UPCONN_SAID_READY:
            if (st->state == WR_STREAM_SHAKING) {
                wr_securestream_ready(s, st, now);
                now_open(s, st, now->mono_us);
            }
            break;
        case WR_UPCONN_SAID_TICKET: wr_securestream_ticket(s, st, said.msg, said.size); break;
        case WR_UPCONN_SAID_FAILED: question_failed(s, st, &said, now->mono_us); break;
        case WR_UPCONN_SAID_ENDED: conn_ended(s, st, &said, now->mono_us); break;
        default:
            *ret_msg = said.msg;
            *ret_size = said.size;
            *ret_exchange = take(s, st, said.msg);
            return true;
        }
    }
    if (st) {
        if (st->state == WR_STREAM_READY) {
            wr_streamlife_arm(s, st);
        }
        bool goes_on = st->blocked && !wr_list_empty(&st->waiting);
        st->blocked = false;
        if (goes_on || wr_upconn_has_output(&st->conn)) {
            wr_streamlife_mark(s, st);
        }
    }
    s->reading = 0;
    return false;
}

bool wr_streams_wanting(const struct wr_streams *s)
{
    return !wr_list_empty(&s->pending);
}

struct wr_exchange *wr_streams_orphan(struct wr_streams *s, bool *ret_again)
{
    if (wr_list_empty(&s->orphans)) {
        return NULL;
    }
    struct wr_exchange *x = WR_CONTAINER(s->orphans.next, struct wr_exchange, on_stream);
    wr_list_remove(&x->on_stream);
    *ret_again = x->stream_again;
    x->stream_retried |= x->stream_again;
    return x;
}

/* One question onto an open stream. */
static struct wr_exchange *ask_one(struct wr_streams *s, struct wr_stream *st, uint64_t now_us)
{
    struct wr_exchange *x = WR_CONTAINER(st->waiting.next, struct wr_exchange, on_stream);
    wr_list_remove(&x->on_stream);
    if (wr_list_empty(&st->asked)) {
        wr_streamlife_used(s, st, now_us);
    }
    wr_list_append(&st->asked, &x->on_stream);
    x->stream_owed = true;
    wr_streamlife_written(st, x, now_us);
    if (x->silent_us == x->first_sent_us) {
        x->silent_us = now_us; /* the handshake was no silence */
    }
    x->written_us = now_us;
    return x;
}

/* The question named last did not get out: it waits for its turn, or fails alone. */
static void unask(struct wr_streams *s, struct wr_stream *st, bool waits)
{
    struct wr_exchange *x = WR_CONTAINER(st->asked.prev, struct wr_exchange, on_stream);
    x->stream_owed = false;
    x->written_us = 0;
    wr_list_remove(&x->on_stream);
    if (waits) {
        wr_list_append(&st->waiting, &x->on_stream);
        st->blocked = true;
        return;
    }
    st->count--;
    x->stream = 0;
    x->stream_again = false;
    x->lost = WR_LOST_OWN;
    wr_list_append(&s->orphans, &x->on_stream);
    wr_streamlife_arm(s, st);
}

void wr_streams_ask(struct wr_streams *s, wr_id id, const uint8_t *msg, size_t size)
{
    struct wr_stream *st = wr_pool_get(&s->pool, id);
    int err = st && st->state == WR_STREAM_READY ? wr_upconn_ask(&st->conn, msg, size) : WR_OK;
    if (err == WR_E_AGAIN) { /* as many are out as the server allows */
        unask(s, st, true);
    } else if (err == WR_E_NOMEM) { /* what is out gives its memory back */
        unask(s, st, st->asked.next != st->asked.prev);
    } else if (err != WR_OK) {
        give_up(s, st, OWN);
    }
}

/* Its connection is over by its own clock, or by an error of its own: nothing will be heard that says so. */
static bool is_at_end(struct wr_stream *st, uint64_t now_us)
{
    return (st->state == WR_STREAM_READY || st->state == WR_STREAM_SHAKING) &&
           !wr_upconn_time(&st->conn, now_us);
}

/* It says why. */
static void hear_end(struct wr_streams *s, struct wr_stream *st, uint64_t now_us)
{
    const struct wr_now now = {.mono_us = now_us};
    struct wr_upconn_said said;
    while (wr_upconn_next(&st->conn, &now, &said)) {
        if (said.kind == WR_UPCONN_SAID_ENDED) {
            conn_ended(s, st, &said, now_us);
            return;
        }
    }
    give_up(s, st, BROKEN);
}

/* What this stream wants done; NOTHING: it is taken off the list, or it has come to its end. */
static enum wr_stream_action poll_one(struct wr_streams *s, struct wr_stream *st, uint64_t now_us,
                                      struct wr_stream_out *ret_out)
{
    *ret_out = (struct wr_stream_out){.id = st->id};
    if (is_at_end(st, now_us)) {
        hear_end(s, st, now_us);
    }
    if (st->state == WR_STREAM_CLOSING && !wr_upconn_has_output(&st->conn)) {
        bool told = !st->tell_open; /* else the world never heard of it */
        release(s, st, BROKEN);
        return told ? WR_STREAM_CLOSE : WR_STREAM_NOTHING;
    }
    if (st->tell_open) {
        st->tell_open = false;
        ret_out->addr = st->addr;
        ret_out->datagrams = st->conn.kind == WR_UPCONN_DOQ;
        return WR_STREAM_OPEN;
    }
    if (st->state == WR_STREAM_READY && !wr_list_empty(&st->waiting) && !st->blocked &&
        wr_upconn_can_ask(&st->conn)) {
        ret_out->exchange = ask_one(s, st, now_us);
        return WR_STREAM_ASK;
    }
    if (wr_upconn_has_output(&st->conn)) {
        ret_out->size = wr_upconn_output(&st->conn, &ret_out->bytes);
        if (ret_out->size > 0) {
            return WR_STREAM_WRITE;
        }
    }
    if (!is_at_end(st, now_us)) {
        wr_list_remove(&st->node);
        wr_streamlife_again(s, st, now_us);
    }
    return WR_STREAM_NOTHING;
}

enum wr_stream_action wr_streams_poll(struct wr_streams *s, uint64_t now_us,
                                      struct wr_stream_out *ret_out)
{
    while (!wr_list_empty(&s->pending)) {
        struct wr_stream *st = WR_CONTAINER(s->pending.next, struct wr_stream, node);
        enum wr_stream_action action = poll_one(s, st, now_us, ret_out);
        if (action != WR_STREAM_NOTHING) {
            return action;
        }
    }
    return WR_STREAM_NOTHING;
}

void wr_streams_expire(struct wr_streams *s, uint64_t now_us)
{
    struct wr_timer *t;
    while ((t = wr_heap_expired(&s->timers, now_us)) != NULL) {
        struct wr_stream *st = WR_CONTAINER(t, struct wr_stream, timer);
        if (is_at_end(st, now_us)) {
            hear_end(s, st, now_us);
            continue;
        }
        if (wr_streamlife_goes_on(s, st, now_us) || wr_streamlife_doubt(s, st, now_us)) {
            wr_streamlife_mark(s, st);
            continue;
        }
        uint8_t why = wr_streamlife_is_slow(s, st) ? WR_UPCONN_FINE : wr_streamlife_expired(st);
        wr_securestream_failed(s, st, why, "", now_us);
        give_up(s, st, BROKEN);
    }
}

void wr_streams_keepalive(struct wr_streams *s, const struct wr_exchange *x, uint16_t keep_100ms)
{
    struct wr_stream *st = wr_pool_get(&s->pool, x->stream);
    if (!st || st->state != WR_STREAM_READY || st->conn.kind == WR_UPCONN_DOQ) {
        return; /* QUIC has its own (RFC 9250 section 5.5.2) */
    }
    st->leaving = keep_100ms == 0;
    st->idle_us = wr_time_min(keep_100ms * 100 * WR_MS, WR_STREAM_KEEP_MS * WR_MS);
}

void wr_streams_time_proven(struct wr_streams *s)
{
    for (uint32_t i = 0; i < s->pool.count; i++) {
        wr_id id;
        struct wr_stream *st = wr_pool_at(&s->pool, i, &id);
        bool shaking = st && st->upstream && st->state == WR_STREAM_SHAKING;
        if (st && (st->unproven || shaking) && st->state != WR_STREAM_CLOSING) {
            give_up(s, st, ANEW);
        }
    }
    wr_ticketbox_clear(&s->tickets);
    memset(s->odoh, 0, sizeof(s->odoh)); /* they came by those connections */
    s->unproven = 0;
}

void wr_streams_adopt(struct wr_streams *s, const struct wr_upstreams *upstreams)
{
    for (uint32_t i = 0; i < s->pool.count; i++) {
        wr_id id;
        struct wr_stream *st = wr_pool_at(&s->pool, i, &id);
        if (st && st->upstream && st->state != WR_STREAM_CLOSING &&
            !wr_securestream_adopt(s, st, upstreams)) {
            give_up(s, st, ANEW);
        }
    }
    wr_securestream_adopt_tickets(s, upstreams);
    s->upstreams = upstreams;
}

void wr_streams_stop(struct wr_streams *s)
{
    for (uint32_t i = 0; i < s->pool.count; i++) {
        wr_id id;
        struct wr_stream *st = wr_pool_at(&s->pool, i, &id);
        if (st) {
            wr_upconn_end(&st->conn);
        }
    }
}

uint64_t wr_streams_deadline(const struct wr_streams *s)
{
    return wr_heap_deadline(&s->timers);
}

void wr_streams_abandon(struct wr_streams *s)
{
    for (uint32_t i = 0; i < s->pool.count; i++) {
        wr_id id;
        struct wr_stream *st = wr_pool_at(&s->pool, i, &id);
        if (st && st->state != WR_STREAM_CLOSING) {
            give_up(s, st, ANEW);
        }
    }
}
