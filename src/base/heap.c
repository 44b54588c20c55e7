/* SPDX-License-Identifier: Apache-2.0 */
#include "base/check.h"
#include "base/heap.h"
#include "base/time.h"

struct wr_timer *wr_heap_first(const struct wr_heap *h)
{
    return h->count > 0 ? h->slots[0] : NULL;
}

size_t wr_heap_size(uint32_t cap)
{
    return cap * sizeof(struct wr_timer *);
}

void wr_heap_init(struct wr_heap *h, void *block, uint32_t cap)
{
    *h = (struct wr_heap){.slots = block, .cap = cap};
}

static bool earlier(const struct wr_timer *a, const struct wr_timer *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void place(struct wr_heap *h, uint32_t i, struct wr_timer *t)
{
    h->slots[i] = t;
    t->slot = i + 1;
}

static void sift_up(struct wr_heap *h, uint32_t i, struct wr_timer *t)
{
    while (i > 0 && earlier(t, h->slots[(i - 1) / 2])) {
        place(h, i, h->slots[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(h, i, t);
}

static void sift_down(struct wr_heap *h, uint32_t i, struct wr_timer *t)
{
    for (;;) {
        uint32_t child = 2 * i + 1;

        if (child >= h->count) {
            break;
        }
        if (child + 1 < h->count && earlier(h->slots[child + 1], h->slots[child])) {
            child++;
        }
        if (!earlier(h->slots[child], t)) {
            break;
        }
        place(h, i, h->slots[child]);
        i = child;
    }
    place(h, i, t);
}

/* Puts `t` where it belongs, starting from the hole at `i`. */
static void settle(struct wr_heap *h, uint32_t i, struct wr_timer *t)
{
    if (i > 0 && earlier(t, h->slots[(i - 1) / 2])) {
        sift_up(h, i, t);
    } else {
        sift_down(h, i, t);
    }
}

void wr_heap_set(struct wr_heap *h, struct wr_timer *t, uint64_t at_us)
{
    uint32_t i = t->slot ? t->slot - 1 : h->count;

    t->at_us = at_us;
    t->order = h->next_order++;
    if (t->slot == 0) {
        wr_assert(h->count < h->cap);
        h->count++;
    }
    settle(h, i, t);
}

void wr_heap_clear(struct wr_heap *h, struct wr_timer *t)
{
    uint32_t i = t->slot - 1;
    struct wr_timer *last;

    if (t->slot == 0) {
        return;
    }
    wr_assert(i < h->count && h->slots[i] == t);
    t->slot = 0;
    h->count--;
    last = h->slots[h->count];
    if (last != t) {
        settle(h, i, last);
    }
}

uint64_t wr_heap_deadline(const struct wr_heap *h)
{
    return h->count ? h->slots[0]->at_us : WR_TIME_NEVER;
}

struct wr_timer *wr_heap_expired(struct wr_heap *h, uint64_t now_us)
{
    struct wr_timer *first;

    if (h->count == 0 || h->slots[0]->at_us > now_us) {
        return NULL;
    }
    first = h->slots[0];
    wr_heap_clear(h, first);
    return first;
}
