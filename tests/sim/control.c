/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control: a resolver without defences, behind the same four calls as the engine.
 *
 * It forwards each query to the first upstream with a random id, believes the first datagram with that id that
 * comes to the port, and keeps the answer for its TTL: as a forwarder of the 1990s did. It shows that the checks
 * see what they should (an attack poisons it, a cut upstream leaves its clients without an answer), and is the
 * control in the spoofing run. It is no part of weir.
 */
#include <string.h>

#include "gate.h"
#include "wire.h"

#define OPEN_MAX   512
#define KEPT_MAX   256
#define QUEUE_MAX  8
#define TIMEOUT_US (4 * WR_S)

struct question {
    bool used;
    wr_id id;
    uint64_t ends_us;
    struct wr_client client;
    uint16_t wire_id, client_id;
    size_t size;
    uint8_t query[600];
};

struct kept {
    uint64_t ends_us;
    size_t query_size, size;
    uint8_t query[300], bytes[1300];
};

struct control {
    struct wr_rng rng;
    struct wr_addr upstream;
    uint64_t next_id;
    unsigned queued, given;
    struct wr_action queue[QUEUE_MAX];
    struct question open[OPEN_MAX];
    struct kept kept[KEPT_MAX];
    unsigned next_kept;
    uint8_t out[65536];
};

static size_t control_size(const struct wr_engine_setup *setup)
{
    (void)setup;
    return sizeof(struct control);
}

static void *control_start(void *block, const struct wr_engine_setup *setup,
                           const struct wr_now *now)
{
    struct control *c = block;
    (void)now;
    memset(c, 0, sizeof *c);
    c->rng = setup->rng;
    c->upstream = setup->settings->upstreams.upstream[0].addr;
    return c;
}

static struct wr_action *queue(struct control *c, enum wr_action_kind kind)
{
    if (c->queued == QUEUE_MAX) {
        __builtin_trap();
    }
    struct wr_action *a = &c->queue[c->queued++];
    *a = (struct wr_action){.kind = kind, .bytes = c->out};
    return a;
}

static void finish(struct control *c, struct question *q, size_t size)
{
    wire_set_u16(c->out, q->client_id);
    struct wr_action *a = queue(c, WR_ACTION_REPLY);
    a->client = q->client;
    a->size = size;
    queue(c, WR_ACTION_FORGET)->id = q->id;
    q->used = false;
}

static void take_query(struct control *c, const struct wr_event *e, const struct wr_now *now)
{
    struct question *q = NULL;
    for (unsigned i = 0; i < KEPT_MAX && e->size > 12; i++) {
        struct kept *k = &c->kept[i];
        if (k->ends_us > now->mono_us && k->query_size == e->size &&
            memcmp(k->query + 2, e->bytes + 2, e->size - 2) == 0) {
            memcpy(c->out, k->bytes, k->size);
            memcpy(c->out, e->bytes, 2);
            struct wr_action *a = queue(c, WR_ACTION_REPLY);
            a->client = e->client;
            a->size = k->size;
            return;
        }
    }
    for (unsigned i = 0; i < OPEN_MAX && !q; i++) {
        q = c->open[i].used ? NULL : &c->open[i];
    }
    if (!q || e->size < 12 || e->size > sizeof q->query || e->bytes[2] & 0x80) {
        queue(c, WR_ACTION_DROP)->client = e->client;
        return;
    }
    *q = (struct question){.used = true, .id = ++c->next_id, .client = e->client, .size = e->size};
    q->ends_us = now->mono_us + TIMEOUT_US;
    memcpy(q->query, e->bytes, e->size);
    q->client_id = wire_u16(e->bytes);
    q->wire_id = wr_rng_u16(&c->rng);
    memcpy(c->out, e->bytes, e->size);
    wire_set_u16(c->out, q->wire_id);
    struct wr_action *a = queue(c, WR_ACTION_DATAGRAM);
    a->id = q->id;
    a->to = c->upstream;
    a->size = e->size;
}

static void take_datagram(struct control *c, const struct wr_event *e, const struct wr_now *now)
{
    for (unsigned i = 0; i < OPEN_MAX; i++) {
        struct question *q = &c->open[i];
        if (!q->used || q->id != e->id || e->size < 12 || wire_u16(e->bytes) != q->wire_id) {
            continue;
        }
        memcpy(c->out, e->bytes, e->size);
        if (q->size <= sizeof c->kept[0].query && e->size <= sizeof c->kept[0].bytes) {
            struct kept *k = &c->kept[c->next_kept++ % KEPT_MAX];
            *k = (struct kept){
                .ends_us = now->mono_us + 60 * WR_S, .query_size = q->size, .size = e->size};
            memcpy(k->query, q->query, q->size);
            memcpy(k->bytes, e->bytes, e->size);
        }
        finish(c, q, e->size);
        return;
    }
}

static void take_time(struct control *c, const struct wr_now *now)
{
    for (unsigned i = 0; i < OPEN_MAX; i++) {
        struct question *q = &c->open[i];
        if (q->used && q->ends_us <= now->mono_us) {
            memcpy(c->out, q->query, q->size);
            c->out[2] |= 0x80;
            c->out[3] = 0x80 | RCODE_SERVFAIL;
            finish(c, q, q->size);
            return; /* one a call: the octets of an action last until the next */
        }
    }
}

static void control_feed(void *e, const struct wr_event *event, const struct wr_now *now)
{
    struct control *c = e;
    c->queued = c->given = 0;
    switch (event->kind) {
    case WR_EVENT_QUERY: take_query(c, event, now); break;
    case WR_EVENT_DATAGRAM: take_datagram(c, event, now); break;
    case WR_EVENT_TIME: take_time(c, now); break;
    default: break;
    }
}

static bool control_poll(void *e, const struct wr_now *now, struct wr_action *ret_action)
{
    struct control *c = e;
    (void)now;
    if (c->given == c->queued) {
        return false;
    }
    *ret_action = c->queue[c->given++];
    return true;
}

static uint64_t control_deadline(const void *e)
{
    const struct control *c = e;
    uint64_t at = WR_TIME_NEVER;
    for (unsigned i = 0; i < OPEN_MAX; i++) {
        at = c->open[i].used ? wr_time_min(at, c->open[i].ends_us) : at;
    }
    return at;
}

static void control_adopt(void *e, const struct wr_settings *settings, const struct wr_now *now)
{
    (void)e, (void)settings, (void)now;
}

static uint32_t control_inflight(const void *e)
{
    const struct control *c = e;
    uint32_t n = 0;
    for (unsigned i = 0; i < OPEN_MAX; i++) {
        n += c->open[i].used;
    }
    return n;
}

static struct wr_cache *control_cache(void *block, size_t size, bool attach)
{
    (void)block, (void)size, (void)attach;
    return NULL;
}

const struct gate_machine gate_control = {
    "control",        control_size,  control_start,    control_feed, control_poll,
    control_deadline, control_adopt, control_inflight, NULL,         control_cache};
