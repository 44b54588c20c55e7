/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in engine for the tests of net: the same calls, and it does what octet 12 of a query says.
 *
 *   'h'  answers at once, in the room that it was given
 *   'o'  answers at once, from memory of its own
 *   'l'  answers 5 ms later
 *   'u'  asks the upstream (fake.upstream) and answers with what comes back
 *   's'  asks the upstream over a stream, likewise
 *   'f'  asks the firewall for a lease, and answers with what it says
 *   'd'  gives no answer, on purpose
 *   'e'  the same, and the connection is to be closed
 *   'n'  never answers
 *   'x'  hands the query to worker 1; one that was handed is answered with an 'H'
 *   'p'  answers at once, and hands worker 1 a refresh; a refresh that is fed here is handed there again
 * An answer is the query with the QR bit set and, in octet 13, a word about how it came about.
 *
 * Included by one file of a test program: it defines the wr_engine_* functions themselves.
 */
#ifndef WEIR_TESTS_NET_FAKE_H
#define WEIR_TESTS_NET_FAKE_H

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"
#include "engine/engine.h"

enum { FAKE_ASKS = 512, FAKE_ACTIONS = 1024, FAKE_BYTES = 4096 };

struct fake_ask {
    struct wr_client client;
    uint8_t bytes[64];
    size_t size;
    uint64_t due_us; /* 0: none */
    wr_id id;        /* of the exchange or stream; 0: free */
};

struct fake_action {
    struct wr_action action;
    struct wr_lease_ask lease;
    uint8_t bytes[FAKE_BYTES];
};

struct wr_engine {
    struct wr_addr upstream;
    _Atomic uint32_t events[16]; /* by kind */
    _Atomic uint32_t lost;       /* enum wr_lost of the last UNREACHABLE or STREAM_CLOSED */
    _Atomic uint32_t inflight;
    uint32_t generation;
    struct fake_ask ask[FAKE_ASKS];
    struct fake_action action[FAKE_ACTIONS];
    uint32_t first, count;
    bool keep;        /* exchanges are not forgotten after their answer */
    bool busy;        /* there is always something due */
    uint32_t feeding; /* must never nest */
    bool wants;       /* to know by what interface a query came in; the last: */
    _Atomic uint32_t ifindex;
};

static struct wr_engine *fake_new(void)
{
    struct wr_engine *e = calloc(1, sizeof(*e));

    wr_assert(e != NULL);
    return e;
}

static struct wr_action *fake_push(struct wr_engine *e, enum wr_action_kind kind,
                                   const uint8_t *bytes, size_t size)
{
    struct fake_action *a = &e->action[(e->first + e->count++) % FAKE_ACTIONS];

    wr_assert(e->count <= FAKE_ACTIONS && size <= FAKE_BYTES);
    a->action = (struct wr_action){.kind = kind, .bytes = a->bytes, .size = size};
    if (size > 0) {
        memcpy(a->bytes, bytes, size);
    }
    return &a->action;
}

static struct fake_ask *fake_find(struct wr_engine *e, wr_id id)
{
    struct fake_ask *a = &e->ask[(uint32_t)id % FAKE_ASKS];

    return a->id == id ? a : NULL;
}

static struct fake_ask *fake_wait(struct wr_engine *e, const struct wr_event *event)
{
    for (uint32_t i = 0; i < FAKE_ASKS; i++) {
        struct fake_ask *a = &e->ask[i];

        if (a->id == 0) {
            a->client = event->client;
            a->size = event->size < sizeof(a->bytes) ? event->size : sizeof(a->bytes);
            memcpy(a->bytes, event->bytes, a->size);
            a->due_us = 0;
            a->id = (wr_id)++e->generation << 32 | i;
            e->inflight++;
            return a;
        }
    }
    wr_assert(false);
    return NULL;
}

static void fake_answer(struct wr_engine *e, struct fake_ask *a, uint8_t word)
{
    struct wr_action *reply;

    a->bytes[2] |= 0x80;
    a->bytes[13] = word;
    reply = fake_push(e, WR_ACTION_REPLY, a->bytes, a->size);
    reply->client = a->client;
    a->id = 0;
    e->inflight--;
}

static void fake_now(struct wr_engine *e, const struct wr_event *event, bool in_room)
{
    struct wr_action *reply;
    uint8_t copy[FAKE_BYTES];

    memcpy(copy, event->bytes, event->size);
    copy[2] |= 0x80;
    copy[13] = event->client.handed ? 'H' : in_room ? 'r' : 'o';
    reply = fake_push(e, WR_ACTION_REPLY, copy, event->size);
    reply->client = event->client;
    if (in_room && event->room != NULL) {
        wr_assert(event->room_size >= event->size);
        memcpy(event->room, copy, event->size);
        reply->bytes = event->room;
    }
}

static void fake_refresh(struct wr_engine *e, const struct wr_event *event)
{
    struct wr_action *action = fake_push(e, WR_ACTION_HANDOVER, event->bytes, event->size);

    action->client = event->client;
    action->client.handed = action->client.refresh = true;
    action->worker = 1;
}

static void fake_lease(struct wr_engine *e, const struct wr_event *event)
{
    struct fake_ask *a = fake_wait(e, event);
    struct fake_action *f =
        WR_CONTAINER(fake_push(e, WR_ACTION_LEASE, NULL, 0), struct fake_action, action);

    f->lease = (struct wr_lease_ask){.id = a->id, .client = event->client.from, .dests = 1};
    f->lease.client.port = 0;
    f->lease.dest[0] =
        (struct wr_lease_dest){.family = WR_AF_V4, .ip = {198, 51, 100, 7}, .for_s = 120};
    f->action.lease = &f->lease;
}

static void fake_query(struct wr_engine *e, const struct wr_event *event, const struct wr_now *now)
{
    struct wr_action *action;
    struct fake_ask *a;
    uint8_t word = event->size > 13 ? event->bytes[12] : 'd';

    atomic_store(&e->ifindex, event->client.ifindex);

    if (event->client.refresh) {
        fake_refresh(e, event);
    } else if (event->client.handed || word == 'h' || word == 'o') {
        fake_now(e, event, word == 'h');
    } else if (word == 'p') {
        fake_now(e, event, false);
        fake_refresh(e, event);
    } else if (word == 'l') {
        fake_wait(e, event)->due_us = now->mono_us + 5 * WR_MS;
    } else if (word == 'u' || word == 's') {
        a = fake_wait(e, event);
        action = fake_push(e, word == 'u' ? WR_ACTION_DATAGRAM : WR_ACTION_STREAM_OPEN, a->bytes,
                           a->size);
        action->id = a->id;
        action->to = e->upstream;
    } else if (word == 'f') {
        fake_lease(e, event);
    } else if (word == 'd' || word == 'e') {
        action = fake_push(e, WR_ACTION_DROP, NULL, 0);
        action->client = event->client;
        action->hang_up = word == 'e';
    } else if (word == 'x') {
        action = fake_push(e, WR_ACTION_HANDOVER, event->bytes, event->size);
        action->client = event->client;
        action->worker = 1;
    }
}

static void fake_upstream(struct wr_engine *e, const struct wr_event *event)
{
    struct fake_ask *a = fake_find(e, event->id);

    if (a == NULL) {
        return;
    }
    if (event->kind == WR_EVENT_STREAM_OPEN) {
        fake_push(e, WR_ACTION_STREAM_WRITE, a->bytes, a->size)->id = a->id;
        return;
    }
    if (event->kind == WR_EVENT_DATAGRAM && !e->keep) {
        fake_push(e, WR_ACTION_FORGET, NULL, 0)->id = a->id;
    } else if (event->kind == WR_EVENT_UNREACHABLE) {
        fake_push(e, WR_ACTION_FORGET, NULL, 0)->id = a->id;
    } else if (event->kind == WR_EVENT_STREAM_BYTES) {
        fake_push(e, WR_ACTION_STREAM_CLOSE, NULL, 0)->id = a->id;
    }
    fake_answer(e, a,
                event->kind == WR_EVENT_UNREACHABLE || event->kind == WR_EVENT_STREAM_CLOSED
                    ? '!'
                    : event->bytes[13]);
}

void wr_engine_feed(struct wr_engine *e, const struct wr_event *event, const struct wr_now *now)
{
    wr_assert(e->feeding++ == 0);
    wr_assert(e->count == 0);
    e->events[event->kind]++;
    if (event->kind == WR_EVENT_UNREACHABLE || event->kind == WR_EVENT_STREAM_CLOSED) {
        e->lost = event->lost;
    }
    switch (event->kind) {
    case WR_EVENT_QUERY: fake_query(e, event, now); break;
    case WR_EVENT_TIME:
        for (uint32_t i = 0; i < FAKE_ASKS; i++) {
            if (e->ask[i].id != 0 && e->ask[i].due_us != 0 && e->ask[i].due_us <= now->mono_us) {
                fake_answer(e, &e->ask[i], 'l');
            }
        }
        break;
    case WR_EVENT_DATAGRAM:
    case WR_EVENT_UNREACHABLE:
    case WR_EVENT_STREAM_OPEN:
    case WR_EVENT_STREAM_BYTES:
    case WR_EVENT_STREAM_CLOSED: fake_upstream(e, event); break;
    case WR_EVENT_LEASE:
        if (fake_find(e, event->lease.id) != NULL) {
            fake_answer(e, fake_find(e, event->lease.id), event->lease.err == 0 ? 'F' : '!');
        }
        break;
    default: break;
    }
    e->feeding--;
}

bool wr_engine_poll(struct wr_engine *e, const struct wr_now *now, struct wr_action *ret_action)
{
    if (e->count == 0) {
        return false;
    }
    *ret_action = e->action[e->first].action;
    e->first = (e->first + 1) % FAKE_ACTIONS;
    e->count--;
    return true;
}

/* A hint must be for octets that are there, and is given before the query. */
uint64_t wr_engine_foresee(const struct wr_engine *e, const uint8_t *bytes, size_t size)
{
    return size > 0 ? (uint64_t)bytes[0] << 8 | bytes[size - 1] : 0;
}

void wr_engine_foresee_entry(const struct wr_engine *e, uint64_t word)
{
}

/* 127.9.0.0/16 may not ask. */
bool wr_engine_wants_interface(const struct wr_engine *e)
{
    return e->wants;
}

bool wr_engine_may_ask(const struct wr_engine *e, const struct wr_addr *from)
{
    return from->ip[1] != 9;
}

uint64_t wr_engine_deadline(const struct wr_engine *e)
{
    uint64_t at_us = e->busy ? 0 : WR_TIME_NEVER;

    for (uint32_t i = 0; i < FAKE_ASKS; i++) {
        if (e->ask[i].id != 0 && e->ask[i].due_us != 0) {
            at_us = wr_time_min(at_us, e->ask[i].due_us);
        }
    }
    return at_us;
}

uint32_t wr_engine_inflight(const struct wr_engine *e)
{
    return e->inflight;
}

#endif
