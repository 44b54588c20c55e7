/* SPDX-License-Identifier: Apache-2.0 */
#include "net/yield.h"

#include <stddef.h>

#include "base/time.h"

/* The idle time-out when the last places go. */
#define IDLE_MIN_MS 250

void wr_yield_init(struct wr_yield *y)
{
    for (int i = 0; i < 2; i++) {
        wr_list_init(&y->idle[i]);
        wr_list_init(&y->partial[i]);
    }
    y->seats = y->outsiders = 0;
}

void wr_yield_enter(struct wr_yield *y, struct wr_yield_seat *s, bool outsider)
{
    *s = (struct wr_yield_seat){.outsider = outsider};
    wr_list_init(&s->node);
    y->seats++;
    y->outsiders += outsider;
}

void wr_yield_leave(struct wr_yield *y, struct wr_yield_seat *s)
{
    wr_list_remove(&s->node);
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
    if (kind != WR_YIELD_BUSY) {
        wr_list_append(kind == WR_YIELD_IDLE ? &y->idle[s->outsider] : &y->partial[s->outsider],
                       &s->node);
    }
}

static struct wr_yield_seat *older(struct wr_yield_seat *a, const struct wr_list *list)
{
    struct wr_yield_seat *b =
        wr_list_empty(list) ? NULL : WR_CONTAINER(list->next, struct wr_yield_seat, node);

    return a == NULL || (b != NULL && b->since_us < a->since_us) ? b : a;
}

struct wr_yield_seat *wr_yield_oldest_idle(const struct wr_yield *y)
{
    return older(older(NULL, &y->idle[0]), &y->idle[1]);
}

static struct wr_yield_seat *oldest_quiet(const struct wr_yield *y, bool outsider)
{
    return older(older(NULL, &y->idle[outsider]), &y->partial[outsider]);
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
