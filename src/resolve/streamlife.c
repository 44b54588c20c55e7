/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/streamlife.h"

#include "base/limits.h"
#include "base/time.h"

#define MESSAGE_US (WR_STREAM_MESSAGE_MS * WR_MS)

static void set_timer(struct wr_streams *s, struct wr_stream *st)
{
    wr_heap_set(&s->timers, &st->timer, wr_time_min(st->due_us, wr_upconn_deadline(&st->conn)));
}

void wr_streamlife_set(struct wr_streams *s, struct wr_stream *st, uint64_t due_us)
{
    st->due_us = due_us;
    set_timer(s, st);
}

/* How long it may be silent now. */
static uint64_t silence(const struct wr_stream *st)
{
    uint64_t doubt_us = WR_STREAMLIFE_DOUBT_US + st->took_us;
    return st->doubted ? WR_STREAMLIFE_SILENT_US : wr_time_min(doubt_us, WR_STREAMLIFE_SILENT_US);
}

/* One time for each thing that may last; octets that trickle in move none but that for the silence in a message. */
void wr_streamlife_arm(struct wr_streams *s, struct wr_stream *st)
{
    uint64_t at_us = st->since_us + (st->count || st->unheard ? silence(st) : st->idle_us);
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
    bool is_early = now_us < st->since_us + WR_STREAMLIFE_SILENT_US;
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

struct wr_exchange *wr_streamlife_claim(struct wr_streams *s, const struct wr_stream *st,
                                        uint16_t msg_id)
{
    struct wr_exchange *x = NULL;
    for (uint32_t i = 0; i < s->pool.count && st->owed > 0 && x == NULL; i++) {
        wr_id id;
        struct wr_stream *other = wr_pool_at(&s->pool, i, &id);
        if (other && other != st && other->state != WR_STREAM_CLOSING && other->slot == st->slot) {
            x = find_moved(&other->asked, st->id, msg_id);
            x = x ? x : find_moved(&other->waiting, st->id, msg_id);
        }
    }
    if (x) {
        x->old_stream = 0;
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
    if (st->state == WR_STREAM_CONNECTING) {
        return WR_UPCONN_REFUSED;
    }
    return st->state == WR_STREAM_READY && wr_list_empty(&st->asked) ? WR_UPCONN_FINE
                                                                     : WR_UPCONN_CLOSED;
}
