/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/streamlife.h"

#include "base/limits.h"
#include "base/time.h"

#define MESSAGE_US (WR_STREAM_MESSAGE_MS * WR_MS)

void wr_streamlife_set(struct wr_streams *s, struct wr_stream *st, uint64_t due_us)
{
    st->due_us = due_us;
    wr_heap_set(&s->timers, &st->timer, wr_time_min(due_us, wr_upconn_deadline(&st->conn)));
}

/* How long it may be silent now. */
static uint64_t silence(const struct wr_stream *st)
{
    uint64_t doubt_us = WR_STREAMLIFE_DOUBT_US + st->took_us;
    return st->doubted ? WR_STREAMLIFE_SILENT_US : wr_time_min(doubt_us, WR_STREAMLIFE_SILENT_US);
}

/* Since when it is silent. A name that is slow at the server is no silence of a connection by QUIC. */
static uint64_t quiet_since(const struct wr_stream *st)
{
    uint64_t heard_us = wr_time_min(st->heard_us, st->since_us + WR_STREAMLIFE_ACKED_US);
    return st->conn.kind == WR_UPCONN_DOQ && heard_us > st->since_us ? heard_us : st->since_us;
}

/* One time for each thing that may last; octets that trickle in move none but that for the silence in a message. */
void wr_streamlife_arm(struct wr_streams *s, struct wr_stream *st)
{
    uint64_t at_us =
        st->count || st->unheard ? quiet_since(st) + silence(st) : st->since_us + st->idle_us;
    if (wr_upconn_partial(&st->conn)) {
        uint64_t rest_us =
            wr_time_min(st->begun_us + MESSAGE_US, st->heard_us + WR_STREAMLIFE_SILENT_US);
        at_us = st->count ? rest_us : wr_time_min(at_us, rest_us);
    }
    wr_streamlife_set(s, st, at_us);
}

void wr_streamlife_used(struct wr_streams *s, struct wr_stream *st, uint64_t now_us)
{
    if (st->unheard == 0) { /* else its silence goes on, whoever waits */
        st->since_us = now_us;
    }
    wr_streamlife_arm(s, st);
}

void wr_streamlife_heard(struct wr_stream *st, uint64_t now_us)
{
    st->since_us = now_us;
    st->unheard = 0;
    st->doubted = false;
}

void wr_streamlife_spoke(struct wr_stream *st, uint64_t now_us)
{
    st->heard_us = now_us;
    if (st->conn.kind == WR_UPCONN_DOQ && now_us < st->since_us + WR_STREAMLIFE_ACKED_US) {
        st->unheard = 0;
        st->doubted = false;
    }
}

/* Whether another stream to this server may be had without taking anybody's place. */
static bool has_room(const struct wr_streams *s, const struct wr_stream *st)
{
    uint32_t live = 0, near = 0;
    for (uint32_t i = 0; i < s->pool.count; i++) {
        wr_id id;
        const struct wr_stream *other = wr_pool_at(&s->pool, i, &id);
        if (other && other->state != WR_STREAM_CLOSING) {
            live++;
            near += wr_addr_equal(&other->addr, &st->addr);
        }
    }
    return live < s->most && near < s->most / WR_STREAM_SHARE;
}

/* Since when it is our connection that it waits for, and not the server's handshake. */
static uint64_t waits_since(const struct wr_stream *st, const struct wr_exchange *x)
{
    return st->ready_us > x->waits_us ? st->ready_us : x->waits_us;
}

void wr_streamlife_unplaced(const struct wr_stream *st, struct wr_exchange *x)
{
    x->held_from_us = st->ready_us ? waits_since(st, x) : 0;
}

void wr_streamlife_written(const struct wr_stream *st, struct wr_exchange *x, uint64_t now_us)
{
    x->held_us += now_us - waits_since(st, x);
    x->waits_us = now_us;
}

/* Those that have not been moved before. */
static void move(struct wr_streams *s, struct wr_stream *st, struct wr_list *list)
{
    struct wr_list *next;
    for (struct wr_list *n = list->next; n != list; n = next) {
        struct wr_exchange *x = WR_CONTAINER(n, struct wr_exchange, on_stream);
        next = n->next;
        if (!x->stream_retried) {
            wr_list_remove(&x->on_stream);
            st->count--;
            st->owed += x->stream_owed;
            st->unheard += x->stream_owed;
            if (!x->stream_owed) {
                wr_streamlife_unplaced(st, x);
            }
            x->stream = 0;
            x->old_stream = x->stream_owed ? st->id : 0;
            x->old_msg_id = x->stream_msg_id;
            x->stream_owed = false;
            x->stream_again = true;
            wr_list_append(&s->orphans, &x->on_stream);
        }
    }
}

bool wr_streamlife_doubt(struct wr_streams *s, struct wr_stream *st, uint64_t now_us)
{
    bool is_early = now_us < quiet_since(st) + WR_STREAMLIFE_SILENT_US;
    if (st->state != WR_STREAM_READY || st->doubted || !is_early || !(st->count || st->unheard) ||
        wr_upconn_partial(&st->conn)) {
        return false;
    }
    st->doubted = true;
    if (has_room(s, st)) {
        move(s, st, &st->asked);
        move(s, st, &st->waiting);
    }
    wr_streamlife_arm(s, st);
    return true;
}

static struct wr_exchange *find_moved(struct wr_list *list, wr_id from, uint16_t msg_id)
{
    for (struct wr_list *n = list->next; n != list; n = n->next) {
        struct wr_exchange *x = WR_CONTAINER(n, struct wr_exchange, on_stream);
        if (x->old_stream == from && x->old_msg_id == msg_id) {
            return x;
        }
    }
    return NULL;
}

void wr_streamlife_mark(struct wr_streams *s, struct wr_stream *st)
{
    if (wr_list_empty(&st->node)) {
        wr_list_append(&s->pending, &st->node);
    }
}

void wr_streamlife_left(struct wr_streams *s, struct wr_stream *st, const struct wr_exchange *x)
{
    st->unheard += x->written_us >= quiet_since(st);
    if (wr_upconn_cancel(&st->conn, x->stream_msg_id)) {
        wr_streamlife_mark(s, st);
    } else {
        st->owed++;
    }
}

void wr_streamlife_forget(struct wr_streams *s, struct wr_exchange *x)
{
    struct wr_stream *old = wr_pool_get(&s->pool, x->old_stream);
    if (old && old->state == WR_STREAM_READY && wr_upconn_cancel(&old->conn, x->old_msg_id)) {
        x->old_stream = 0;
        old->owed -= old->owed > 0;
        wr_streamlife_mark(s, old);
    }
}

static bool is_like(const struct wr_stream *a, const struct wr_stream *b)
{
    return a->slot == b->slot && a->generation == b->generation && a->scheme == b->scheme &&
           wr_addr_equal(&a->addr, &b->addr);
}

/* Since when its server could have answered it, here or on a doubted connection. A handshake is not counted: it was not out yet. */
static uint64_t out_since(const struct wr_exchange *x)
{
    return x->old_stream ? x->first_sent_us + x->held_us : x->written_us;
}

/* The question that is out there for longest, and so long that it is more likely silence than a slow answer. */
static struct wr_exchange *overdue(struct wr_stream *st, uint64_t now_us)
{
    struct wr_exchange *late = NULL;
    if (st->conn.kind != WR_UPCONN_DOQ || st->state != WR_STREAM_READY || st->doubted ||
        st->leaving) {
        return NULL;
    }
    for (struct wr_list *n = st->asked.next; n != &st->asked; n = n->next) {
        struct wr_exchange *x = WR_CONTAINER(n, struct wr_exchange, on_stream);
        if (x->stream_owed && out_since(x) + WR_STREAMLIFE_DOUBT_US <= now_us &&
            (!late || out_since(x) < out_since(late))) {
            late = x;
        }
    }
    return late;
}

struct wr_stream *wr_streamlife_yield(struct wr_streams *s, const struct wr_stream *like,
                                      uint64_t now_us)
{
    struct wr_exchange *late = NULL;
    struct wr_stream *from = NULL;
    for (uint32_t i = 0; i < s->pool.count; i++) {
        wr_id id;
        struct wr_stream *st = wr_pool_at(&s->pool, i, &id);
        struct wr_exchange *x = st && is_like(st, like) ? overdue(st, now_us) : NULL;
        if (x && (!late || out_since(x) < out_since(late))) {
            late = x;
            from = st;
        }
    }
    if (late) {
        wr_list_remove(&late->on_stream);
        late->stream = 0;
        wr_streamlife_forget(s, late);
        wr_streamlife_left(s, from, late);
        from->count--;
        late->stream_owed = false;
        late->stream_again = false;
        late->lost = WR_LOST_OWN;
        wr_list_append(&s->orphans, &late->on_stream);
    }
    return from;
}

/* The question that was moved from there, with the connection that it is on now. */
static struct wr_exchange *moved_from(struct wr_streams *s, const struct wr_stream *st,
                                      uint16_t msg_id, struct wr_stream **ret_other)
{
    struct wr_exchange *x = NULL;
    for (uint32_t i = 0; i < s->pool.count && st->owed > 0 && x == NULL; i++) {
        wr_id id;
        struct wr_stream *other = wr_pool_at(&s->pool, i, &id);
        if (other && other != st && other->state != WR_STREAM_CLOSING && other->slot == st->slot) {
            x = find_moved(&other->asked, st->id, msg_id);
            x = x ? x : find_moved(&other->waiting, st->id, msg_id);
            *ret_other = other;
        }
    }
    return x;
}

void wr_streamlife_failed(struct wr_streams *s, struct wr_stream *st, uint16_t msg_id)
{
    struct wr_stream *other = NULL;
    struct wr_exchange *x = moved_from(s, st, msg_id, &other);
    x = x ? x : find_moved(&s->orphans, st->id, msg_id);
    if (x) {
        x->old_stream = 0; /* else it would be taken back, and counted, once more */
    }
    st->owed -= st->owed > 0;
    st->unheard = st->unheard < st->owed ? st->unheard : st->owed; /* that is heard of */
}

struct wr_exchange *wr_streamlife_claim(struct wr_streams *s, const struct wr_stream *st,
                                        uint16_t msg_id)
{
    struct wr_stream *other = NULL;
    struct wr_exchange *x = moved_from(s, st, msg_id, &other);
    if (x) {
        x->old_stream = 0;
        if (x->stream_owed && wr_upconn_cancel(&other->conn, x->stream_msg_id)) {
            x->stream_owed = false;
            wr_streamlife_mark(s, other);
        }
        x->stream_msg_id = msg_id; /* it is judged by that, and leaves the other stream */
        x->written_us = 0;         /* when this one was written is not known any more */
    }
    return x;
}

bool wr_streamlife_is_slow(const struct wr_streams *s, const struct wr_stream *st)
{
    bool is_slow = false;
    for (uint32_t i = 0; i < s->pool.count && st->doubted; i++) {
        wr_id id;
        const struct wr_stream *other = wr_pool_at(&s->pool, i, &id);
        if (other && other != st && other->slot == st->slot &&
            other->generation == st->generation && other->state == WR_STREAM_READY &&
            other->ready_us >= st->since_us) {
            if (other->served > 0) {
                return false;
            }
            is_slow = true;
        }
    }
    return is_slow;
}

void wr_streamlife_again(struct wr_streams *s, struct wr_stream *st, uint64_t now_us)
{
    if (wr_upconn_deadline(&st->conn) != WR_TIME_NEVER) {
        uint64_t at_us = wr_upconn_deadline(&st->conn);
        at_us = at_us > now_us ? at_us : now_us + WR_MS; /* it has nothing to say now */
        wr_heap_set(&s->timers, &st->timer, wr_time_min(st->due_us, at_us));
    }
}

bool wr_streamlife_goes_on(struct wr_streams *s, struct wr_stream *st, uint64_t now_us)
{
    if (now_us >= st->due_us || !wr_upconn_time(&st->conn, now_us)) {
        return false;
    }
    wr_heap_set(&s->timers, &st->timer, wr_time_min(st->due_us, now_us + WR_MS));
    return true;
}

void wr_streamlife_placed(struct wr_stream *st)
{
    if (++st->placed >= WR_UPDOQ_ASKS_MAX && st->conn.kind == WR_UPCONN_DOQ) {
        st->leaving = true;
        st->idle_us = 0;
    }
}

uint8_t wr_streamlife_expired(const struct wr_stream *st)
{
    switch (st->state) {
    case WR_STREAM_CONNECTING: return WR_UPCONN_DEAF;
    case WR_STREAM_SHAKING: return st->heard_us ? WR_UPCONN_HUNG : WR_UPCONN_MUTE;
    default: return st->count || st->unheard ? WR_UPCONN_HUNG : WR_UPCONN_FINE;
    }
}

uint8_t wr_streamlife_closed(const struct wr_stream *st, enum wr_lost lost)
{
    if (lost == WR_LOST_OWN) {
        return WR_UPCONN_OWN;
    }
    bool shaking = st->state == WR_STREAM_SHAKING && !st->heard_us;
    if (st->state == WR_STREAM_CONNECTING || (shaking && st->conn.kind == WR_UPCONN_DOQ)) {
        return WR_UPCONN_REFUSED; /* a datagram needs no connection: the refusal comes to the first */
    }
    if (shaking) {
        return WR_UPCONN_SHUT;
    }
    return st->state == WR_STREAM_READY && wr_list_empty(&st->asked) ? WR_UPCONN_FINE
                                                                     : WR_UPCONN_CLOSED;
}
