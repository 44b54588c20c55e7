/* SPDX-License-Identifier: Apache-2.0 */
/* The queue is a binary heap over (time, order). */
#include "clock.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void clock_init(struct sim_clock *c, uint64_t start_us, int64_t wall_s)
{
    *c = (struct sim_clock){.now = {.mono_us = start_us, .wall_s = wall_s, .wall_proven = true}};
}

void clock_free(struct sim_clock *c)
{
    while (c->count) {
        free(c->heap[--c->count]);
    }
    free(c->heap);
    c->heap = NULL;
    c->cap = 0;
}

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(struct sim_clock *c, size_t i, size_t k)
{
    struct sim_event *e = c->heap[i];
    c->heap[i] = c->heap[k];
    c->heap[k] = e;
}

void clock_post(struct sim_clock *c, uint64_t delay_us, const struct sim_event *event,
                const uint8_t *bytes, size_t size)
{
    struct sim_event *e = malloc(sizeof *e + size);
    assert(e);
    *e = *event;
    e->at_us = c->now.mono_us + delay_us;
    e->order = c->order++;
    e->epoch = c->epoch;
    e->bytes = (uint8_t *)(e + 1);
    e->size = size;
    if (size) {
        memcpy(e->bytes, bytes, size);
    }
    if (c->count == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 256;
        c->heap = realloc(c->heap, c->cap * sizeof c->heap[0]);
        assert(c->heap);
    }
    size_t i = c->count++;
    c->heap[i] = e;
    for (; i && before(c->heap[i], c->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        swap(c, i, (i - 1) / 2);
    }
}

uint64_t clock_next(const struct sim_clock *c)
{
    return c->count ? c->heap[0]->at_us : WR_TIME_NEVER;
}

struct sim_event *clock_take(struct sim_clock *c)
{
    struct sim_event *first = c->heap[0];
    c->heap[0] = c->heap[--c->count];
    for (size_t i = 0;;) {
        size_t least = i, left = 2 * i + 1;
        if (left < c->count && before(c->heap[left], c->heap[least])) {
            least = left;
        }
        if (left + 1 < c->count && before(c->heap[left + 1], c->heap[least])) {
            least = left + 1;
        }
        if (least == i) {
            return first;
        }
        swap(c, i, least);
        i = least;
    }
}

void clock_advance(struct sim_clock *c, uint64_t to_us)
{
    assert(to_us >= c->now.mono_us);
    c->now.wall_s += (int64_t)(to_us / WR_S - c->now.mono_us / WR_S);
    c->now.mono_us = to_us;
}
