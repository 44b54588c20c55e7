/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/stream.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/time.h"

/* Time for a connection to open, and for a silent one with questions out. */
#define CONNECT_US (2 * WR_S)
#define SILENT_US  (2 * WR_S)
#define IDLE_US    (10 * WR_S)
/* Questions out on one stream at once; ids on it stay far from collision. */
#define PIPELINE_MAX 128

#define ROOM_SIZE (2 + WR_MSG_MAX + 7)

enum state { FREE = 0, CONNECTING, OPEN, CLOSING };

struct wr_stream {
    struct wr_list node;    /* in pending */
    struct wr_list waiting; /* exchanges not written yet */
    struct wr_list asked;   /* exchanges written */
    struct wr_timer timer;
    struct wr_frame frame;
    struct wr_addr addr;
    wr_id id;
    uint32_t count;  /* exchanges on it */
    uint32_t served; /* messages read */
    uint8_t state;
    bool tell_open; /* OPEN has not been given out yet */
};

size_t wr_streams_size(uint32_t count)
{
    return wr_pool_size(sizeof(struct wr_stream), count) + wr_heap_size(count) +
           (size_t)count * ROOM_SIZE + 192;
}

static uint8_t *align64(uint8_t *p)
{
    return p + (-(uintptr_t)p & 63);
}

void wr_streams_init(struct wr_streams *s, void *block, uint32_t count)
{
    uint8_t *at = align64(block);
    wr_pool_init(&s->pool, at, sizeof(struct wr_stream), count);
    at = align64(at + wr_pool_size(sizeof(struct wr_stream), count));
    wr_heap_init(&s->timers, at, count);
    s->rooms = align64(at + wr_heap_size(count));
    wr_list_init(&s->pending);
    wr_list_init(&s->orphans);
    s->reading = 0;
    s->opened = 0;
}

static void mark_pending(struct wr_streams *s, struct wr_stream *st)
{
    if (wr_list_empty(&st->node)) {
        wr_list_append(&s->pending, &st->node);
    }
}

static struct wr_stream *open_new(struct wr_streams *s, const struct wr_addr *addr, uint64_t now_us)
{
    wr_id id;
    struct wr_stream *st = wr_pool_take(&s->pool, &id);
    if (!st) {
        return NULL;
    }
    wr_list_init(&st->node);
    wr_list_init(&st->waiting);
    wr_list_init(&st->asked);
    wr_frame_init(&st->frame, s->rooms + (size_t)(uint32_t)id * ROOM_SIZE, 2 + WR_MSG_MAX);
    st->id = id;
    st->addr = *addr;
    st->state = CONNECTING;
    st->tell_open = true;
    s->opened++;
    wr_heap_set(&s->timers, &st->timer, now_us + CONNECT_US);
    mark_pending(s, st);
    return st;
}

/* The stream to this server with the most room, or NULL. */
static struct wr_stream *find(struct wr_streams *s, const struct wr_addr *addr)
{
    struct wr_stream *best = NULL;
    for (uint32_t i = 0; i < s->pool.count; i++) {
        wr_id id;
        struct wr_stream *st = wr_pool_at(&s->pool, i, &id);
        if (st && st->state != CLOSING && st->count < PIPELINE_MAX &&
            wr_addr_equal(&st->addr, addr) && (!best || st->count < best->count)) {
            best = st;
        }
    }
    return best;
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

int wr_streams_place(struct wr_streams *s, struct wr_exchange *x, struct wr_rng *rng,
                     uint64_t now_us)
{
    wr_assert(x->stream == 0);
    struct wr_stream *st = find(s, &x->addr);
    if (!st) {
        st = open_new(s, &x->addr, now_us);
    }
    if (!st) {
        return WR_E_FULL;
    }
    x->stream_msg_id = free_msg_id(st, rng);
    x->stream = st->id;
    st->count++;
    wr_list_append(&st->waiting, &x->on_stream);
    mark_pending(s, st);
    return WR_OK;
}

void wr_streams_leave(struct wr_streams *s, struct wr_exchange *x, uint64_t now_us)
{
    struct wr_stream *st = wr_pool_get(&s->pool, x->stream);
    wr_list_remove(&x->on_stream);
    x->stream = 0;
    if (st && --st->count == 0 && st->state == OPEN) {
        wr_heap_set(&s->timers, &st->timer, now_us + IDLE_US);
    }
}

void wr_streams_opened(struct wr_streams *s, wr_id id, uint64_t now_us)
{
    struct wr_stream *st = wr_pool_get(&s->pool, id);
    if (!st || st->state != CONNECTING) {
        return;
    }
    st->state = OPEN;
    wr_heap_set(&s->timers, &st->timer, now_us + SILENT_US);
    mark_pending(s, st);
}

static void orphan_all(struct wr_streams *s, struct wr_stream *st, struct wr_list *list, bool own)
{
    while (!wr_list_empty(list)) {
        struct wr_exchange *x = WR_CONTAINER(list->next, struct wr_exchange, on_stream);
        wr_list_remove(&x->on_stream);
        x->stream = 0;
        /* Its server had answered here before: idle time-outs race with questions (RFC 7766 section 6.2.4).
         * Or it had accepted, and broke off: that may be chance, once. */
        x->stream_again = (st->served > 0 || st->state == OPEN) && !x->stream_retried;
        x->lost_own = own;
        wr_list_append(&s->orphans, &x->on_stream);
    }
}

static void release(struct wr_streams *s, struct wr_stream *st, bool own)
{
    orphan_all(s, st, &st->asked, own);
    orphan_all(s, st, &st->waiting, own);
    wr_heap_clear(&s->timers, &st->timer);
    wr_list_remove(&st->node);
    if (s->reading == st->id) {
        s->reading = 0;
    }
    wr_pool_give(&s->pool, st->id);
}

void wr_streams_closed(struct wr_streams *s, wr_id id, enum wr_lost lost)
{
    struct wr_stream *st = wr_pool_get(&s->pool, id);
    if (st) {
        release(s, st, lost == WR_LOST_OWN);
    }
}

/* From our side: the questions leave now, the world is told at the next poll. */
static void give_up(struct wr_streams *s, struct wr_stream *st)
{
    st->state = CLOSING;
    orphan_all(s, st, &st->asked, false);
    orphan_all(s, st, &st->waiting, false);
    wr_heap_clear(&s->timers, &st->timer);
    mark_pending(s, st);
}

void wr_streams_bytes(struct wr_streams *s, wr_id id, const uint8_t *bytes, size_t size,
                      uint64_t now_us)
{
    struct wr_stream *st = wr_pool_get(&s->pool, id);
    if (!st || st->state != OPEN) {
        return;
    }
    s->reading = id;
    wr_frame_feed(&st->frame, bytes, size);
    wr_heap_set(&s->timers, &st->timer, now_us + (st->count ? SILENT_US : IDLE_US));
}

static struct wr_exchange *find_asked(struct wr_stream *st, const uint8_t *msg)
{
    uint16_t msg_id = (uint16_t)(msg[0] << 8 | msg[1]);
    for (struct wr_list *n = st->asked.next; n != &st->asked; n = n->next) {
        struct wr_exchange *x = WR_CONTAINER(n, struct wr_exchange, on_stream);
        if (x->stream_msg_id == msg_id) {
            return x;
        }
    }
    return NULL;
}

bool wr_streams_message(struct wr_streams *s, struct wr_exchange **ret_exchange,
                        const uint8_t **ret_msg, size_t *ret_size)
{
    struct wr_stream *st = wr_pool_get(&s->pool, s->reading);
    if (!st || st->state != OPEN) {
        s->reading = 0;
        return false;
    }
    int err = wr_frame_next(&st->frame, ret_msg, ret_size);
    if (err) {
        s->reading = 0;
        if (err != WR_E_AGAIN) {
            give_up(s, st);
        }
        return false;
    }
    st->served++;
    *ret_exchange = find_asked(st, *ret_msg);
    return true;
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
static struct wr_exchange *write_one(struct wr_streams *s, struct wr_stream *st, uint64_t now_us)
{
    struct wr_exchange *x = WR_CONTAINER(st->waiting.next, struct wr_exchange, on_stream);
    wr_list_remove(&x->on_stream);
    if (wr_list_empty(&st->asked)) {
        wr_heap_set(&s->timers, &st->timer, now_us + SILENT_US);
    }
    wr_list_append(&st->asked, &x->on_stream);
    return x;
}

enum wr_stream_action wr_streams_poll(struct wr_streams *s, uint64_t now_us, wr_id *ret_id,
                                      struct wr_addr *ret_addr, struct wr_exchange **ret_exchange)
{
    while (!wr_list_empty(&s->pending)) {
        struct wr_stream *st = WR_CONTAINER(s->pending.next, struct wr_stream, node);
        *ret_id = st->id;
        if (st->state == CLOSING) {
            bool told = st->tell_open; /* the world never heard of it */
            release(s, st, false);
            if (told) {
                continue;
            }
            return WR_STREAM_CLOSE;
        }
        if (st->tell_open) {
            st->tell_open = false;
            *ret_addr = st->addr;
            return WR_STREAM_OPEN;
        }
        if (st->state == OPEN && !wr_list_empty(&st->waiting)) {
            *ret_exchange = write_one(s, st, now_us);
            return WR_STREAM_WRITE;
        }
        wr_list_remove(&st->node);
    }
    return WR_STREAM_NOTHING;
}

void wr_streams_expire(struct wr_streams *s, uint64_t now_us)
{
    struct wr_timer *t;
    while ((t = wr_heap_expired(&s->timers, now_us)) != NULL) {
        struct wr_stream *st = WR_CONTAINER(t, struct wr_stream, timer);
        give_up(s, st);
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
        if (st && st->state != CLOSING) {
            give_up(s, st);
        }
    }
}
