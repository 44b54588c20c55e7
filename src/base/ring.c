/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head and tail count octets since the start and never wrap in practice (2^64); their low bits are
 * the place in `data`. A record is a header of 8 octets (length, zero) and its octets, padded to 8.
 * A record that would cross the end is put at the start, behind a header of length WRAP that the
 * consumer jumps over; both are published by the same store to `head`.
 */
#include <string.h>

#include "base/check.h"
#include "base/ring.h"

#define HEADER 8
#define WRAP   UINT32_MAX

void wr_ring_init(struct wr_ring *r, void *block, size_t size_bytes)
{
    size_t skew = (size_t)(-(uintptr_t)block & (HEADER - 1));
    uint32_t size = 2048;

    wr_assert(size_bytes >= 4096);
    while (size < UINT32_C(1) << 31 && (size_t)size * 2 <= size_bytes - skew) {
        size *= 2;
    }
    r->data = (uint8_t *)block + skew;
    r->size = size;
    r->pending = 0;
    atomic_init(&r->head, 0);
    atomic_init(&r->tail, 0);
    atomic_init(&r->dropped, 0);
}

static void put_header(struct wr_ring *r, uint64_t at, uint32_t n)
{
    uint32_t header[2] = {n, 0};

    memcpy(r->data + (at & (r->size - 1)), header, sizeof(header));
}

static void *drop(struct wr_ring *r)
{
    r->pending = 0;
    atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
    return NULL;
}

void *wr_ring_reserve(struct wr_ring *r, uint32_t n)
{
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
    uint32_t to_end = r->size - (uint32_t)(head & (r->size - 1));
    uint32_t need;
    uint32_t skip;

    if (n > r->size / 4 - HEADER) {
        return drop(r);
    }
    need = HEADER + ((n + 7) & ~UINT32_C(7));
    skip = need > to_end ? to_end : 0;
    if (head - tail + skip + need > r->size) {
        return drop(r);
    }
    if (skip) {
        put_header(r, head, WRAP);
        head += skip;
    }
    put_header(r, head, n);
    r->pending = skip + need;
    return r->data + (head & (r->size - 1)) + HEADER;
}

void wr_ring_commit(struct wr_ring *r)
{
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

    wr_assert(r->pending != 0);
    atomic_store_explicit(&r->head, head + r->pending, memory_order_release);
    r->pending = 0;
}

static uint32_t get_header(const struct wr_ring *r, uint64_t at)
{
    uint32_t n;

    memcpy(&n, r->data + (at & (r->size - 1)), sizeof(n));
    return n;
}

const void *wr_ring_peek(struct wr_ring *r, uint32_t *ret_n)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&r->head, memory_order_acquire);
    uint32_t n;

    if (tail == head) {
        return NULL;
    }
    n = get_header(r, tail);
    if (n == WRAP) {
        tail += r->size - (tail & (r->size - 1));
        atomic_store_explicit(&r->tail, tail, memory_order_release);
        n = get_header(r, tail);
    }
    *ret_n = n;
    return r->data + (tail & (r->size - 1)) + HEADER;
}

void wr_ring_pop(struct wr_ring *r)
{
    uint64_t tail;
    uint32_t n = 0;

    wr_assert(wr_ring_peek(r, &n) != NULL);
    tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    atomic_store_explicit(&r->tail, tail + HEADER + ((n + 7) & ~UINT32_C(7)), memory_order_release);
}
