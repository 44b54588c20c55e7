/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/arena.h"
#include "base/check.h"

#define ALIGN 8

void wr_arena_init(struct wr_arena *a, void *block, size_t cap)
{
    size_t skew = (size_t)(-(uintptr_t)block & (ALIGN - 1));

    skew = skew < cap ? skew : cap;
    *a = (struct wr_arena){.base = (uint8_t *)block + skew, .cap = cap - skew};
}

void wr_arena_reset(struct wr_arena *a)
{
    a->used = 0;
}

/* `used` stays a multiple of ALIGN, or is at the end. */
void *wr_arena_take(struct wr_arena *a, size_t size)
{
    size_t left = a->cap - a->used;
    size_t padded = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    void *at;

    if (size > left) {
        a->refused++;
        return NULL;
    }
    at = a->base + a->used;
    a->used += padded <= left ? padded : left;
    return at;
}

void *wr_arena_alloc(struct wr_arena *a, size_t size)
{
    void *at = wr_arena_take(a, size);

    if (at) {
        memset(at, 0, size);
    }
    return at;
}

void *wr_arena_copy(struct wr_arena *a, const void *bytes, size_t size)
{
    void *at = wr_arena_take(a, size);

    if (at && size) {
        memcpy(at, bytes, size);
    }
    return at;
}

size_t wr_arena_mark(const struct wr_arena *a)
{
    return a->used;
}

void wr_arena_release(struct wr_arena *a, size_t mark)
{
    wr_assert(mark <= a->used);
    a->used = mark;
}

void wr_arena_trim(struct wr_arena *a, const void *last, size_t used)
{
    size_t start = (size_t)((const uint8_t *)last - a->base);
    size_t end = start + ((used + ALIGN - 1) & ~(size_t)(ALIGN - 1));

    wr_assert((const uint8_t *)last >= a->base && start + used <= a->used);
    if (end < a->used) {
        a->used = end;
    }
}
