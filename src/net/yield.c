/* SPDX-License-Identifier: Apache-2.0 */
#include "net/yield.h"

#include <stddef.h>

#include "base/time.h"

/* The idle time-out when the last places go. */
#define IDLE_MIN_MS 250

size_t wr_yield_size(uint32_t seats)
{
    return 4 * wr_heap_size(seats);
}

void wr_yield_init(struct wr_yield *y, void *block, uint32_t seats)
{
    uint8_t *at = block;

    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 2; k++) {
            wr_heap_init(&y->idle[i][k], at, seats);
            at += wr_heap_size(seats);
        }
        wr_list_init(&y->partial[i]);
    }
    y->seats = y->outsiders = 0;
}

void wr_yield_enter(struct wr_yield *y, struct wr_yield_seat *s, bool outsider, bool sealed)
{
    *s = (struct wr_yield_seat){.outsider = outsider, .sealed = sealed};
    wr_list_init(&s->node);
    y->seats++;
    y->outsiders += outsider;
}

void wr_yield_leave(struct wr_yield *y, struct wr_yield_seat *s)
{
    wr_list_remove(&s->node);
    wr_heap_clear(&y->idle[s->outsider][s->sealed], &s->idle);
    y->seats--;
    y->outsiders -= s->outsider;
}

void wr_yield_set(struct wr_yield *y, struct wr_yield_seat *s, enum wr_yield_kind kind,
                  uint64_t since_us)
{
    if (kind == WR_YIELD_PARTIAL && s->kind == WR_YIELD_PARTIAL && s->since_us == since_us) {
        return;
    }
    s->kind = (uint8_t)kind;
    s->since_us = since_us;
    wr_list_remove(&s->node);
    if (kind == WR_YIELD_IDLE) {
        wr_heap_set(&y->idle[s->outsider][s->sealed], &s->idle, since_us);
    } else {
        wr_heap_clear(&y->idle[s->outsider][s->sealed], &s->idle);
    }
    if (kind == WR_YIELD_PARTIAL) {
        wr_list_append(&y->partial[s->outsider], &s->node);
    }
}

static struct wr_yield_seat *older(struct wr_yield_seat *a, struct wr_yield_seat *b)
{
    return a == NULL || (b != NULL && b->since_us < a->since_us) ? b : a;
}

static struct wr_yield_seat *oldest_of(const struct wr_heap *heap)
{
    struct wr_timer *first = wr_heap_first(heap);

    return first == NULL ? NULL : WR_CONTAINER(first, struct wr_yield_seat, idle);
}

static struct wr_yield_seat *oldest_idle(const struct wr_yield *y, bool outsider)
{
    return older(oldest_of(&y->idle[outsider][0]), oldest_of(&y->idle[outsider][1]));
}

struct wr_yield_seat *wr_yield_oldest_idle(const struct wr_yield *y)
{
    return older(oldest_idle(y, false), oldest_idle(y, true));
}

struct wr_yield_seat *wr_yield_oldest_sealed(const struct wr_yield *y)
{
    return older(oldest_of(&y->idle[0][1]), oldest_of(&y->idle[1][1]));
}

static struct wr_yield_seat *oldest_quiet(const struct wr_yield *y, bool outsider)
{
    const struct wr_list *list = &y->partial[outsider];
    struct wr_yield_seat *partial =
        wr_list_empty(list) ? NULL : WR_CONTAINER(list->next, struct wr_yield_seat, node);

    return older(oldest_idle(y, outsider), partial);
}

uint64_t wr_yield_idle_us(uint32_t limit, uint32_t connections, uint32_t idle_ms)
{
    uint64_t ms = idle_ms, left = connections < limit ? limit - connections : 0;

    if (left * 4 < limit) {
        ms = ms * left * 4 / limit;
        ms = ms < IDLE_MIN_MS ? IDLE_MIN_MS : ms;
    }
    return ms * WR_MS;
}

/* Others came first and took all: what they took they give up soon, and a worker without a place serves nobody. */
static bool has_own_place(const struct wr_yield *y, const struct wr_yield_places *places)
{
    uint32_t own = places->limit / 2;

    own = own < WR_NET_CONNECTIONS_OWN ? own : WR_NET_CONNECTIONS_OWN;
    return y->seats < own && places->connections > y->seats + 1;
}

/* One of them is each worker's own. */
bool wr_yield_for_outsider(const struct wr_yield *y, const struct wr_yield_places *places,
                           struct wr_yield_seat **ret_who)
{
    uint32_t most = places->limit / WR_NET_OUTSIDERS_SHARE;

    if (y->outsiders == 0 || places->outsiders <= (most > 0 ? most : 1)) {
        *ret_who = NULL;
        return true;
    }
    *ret_who = oldest_quiet(y, true);
    return *ret_who != NULL;
}

bool wr_yield_for(const struct wr_yield *y, const struct wr_yield_places *places, bool outsider,
                  struct wr_yield_seat **ret_who)
{
    if (places->connections <= places->limit || has_own_place(y, places)) {
        *ret_who = NULL;
        return true;
    }
    *ret_who = oldest_quiet(y, true);
    if (*ret_who == NULL && !outsider) {
        *ret_who = oldest_quiet(y, false);
    }
    return *ret_who != NULL;
}
