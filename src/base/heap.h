/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timer heap: a binary min-heap of deadlines, intrusive, in memory handed in.
 *
 * The owner embeds a wr_timer in its object and is given it back by
 * wr_heap_expired. Setting a timer that is set moves it; clearing one that is
 * not set does nothing. Equal deadlines come out in the order they were set.
 */
#ifndef WR_BASE_HEAP_H
#define WR_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wr_timer {
    uint64_t at_us; /* monotonic microseconds */
    uint64_t order; /* given by the heap */
    uint32_t slot;  /* place in the heap + 1; 0: not set */
};

struct wr_heap {
    struct wr_timer **slots;
    uint32_t count;
    uint32_t cap;
    uint64_t next_order;
};

size_t wr_heap_size(uint32_t cap);
void wr_heap_init(struct wr_heap *h, void *block, uint32_t cap);
void wr_heap_set(struct wr_heap *h, struct wr_timer *t, uint64_t at_us); /* asserts room */
void wr_heap_clear(struct wr_heap *h, struct wr_timer *t);
uint64_t wr_heap_deadline(const struct wr_heap *h);      /* WR_TIME_NEVER when empty */
struct wr_timer *wr_heap_first(const struct wr_heap *h); /* the one with that deadline, or NULL */
/* Takes out and gives the first timer with at_us <= now_us, or NULL. */
struct wr_timer *wr_heap_expired(struct wr_heap *h, uint64_t now_us);

#endif
