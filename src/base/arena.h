/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arena: memory for one request, taken in order and given back at once.
 *
 * Works in a block handed in by the owner; never grows. A refused request for
 * memory gives NULL and is counted in `refused`.
 */
#ifndef WR_BASE_ARENA_H
#define WR_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct wr_arena {
    uint8_t *base;
    size_t cap;
    size_t used;
    uint32_t refused;
};

void wr_arena_init(struct wr_arena *a, void *block, size_t cap);
void wr_arena_reset(struct wr_arena *a);
/* Aligned to 8, zeroed. NULL when there is no room. */
void *wr_arena_alloc(struct wr_arena *a, size_t size);
/* The same, not zeroed: for octets that are written at once. */
void *wr_arena_take(struct wr_arena *a, size_t size);
/* Gives back the end of what was taken last: `used` octets of `last` are kept. */
void wr_arena_trim(struct wr_arena *a, const void *last, size_t used);
void *wr_arena_copy(struct wr_arena *a, const void *bytes, size_t size);
/* Mark and release: gives back everything taken since the mark. */
size_t wr_arena_mark(const struct wr_arena *a);
void wr_arena_release(struct wr_arena *a, size_t mark);

#endif
