/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/cachering.h"

static uint64_t next_lap(const struct wr_cachering *r, uint64_t pos)
{
    return ((pos | r->mask) + 1) & WR_CACHERING_POS_MASK;
}

static uint64_t after(uint64_t pos, uint64_t n)
{
    return (pos + n) & WR_CACHERING_POS_MASK;
}

void wr_cachering_reset(const struct wr_cachering *r)
{
    /* To a lap that no slot can name: readers on the way see that the tail has passed them. */
    uint64_t pos = next_lap(r, next_lap(r, wr_cacheword_get(&r->state->head)));

    wr_cacheword_publish(&r->state->tail, pos);
    wr_cacheword_publish(&r->state->head, pos);
    wr_cacheword_set(&r->state->live, 0);
    wr_cacheword_freed();
}

bool wr_cachering_place(const struct wr_cachering *r, uint64_t n, uint64_t *ret_pos)
{
    uint64_t head = wr_cacheword_get(&r->state->head);
    uint64_t tail = wr_cacheword_get(&r->state->tail);
    uint64_t pos = wr_cachering_offset(r, head) + n <= r->units ? head : next_lap(r, head);

    /* The same words served one lap ago: the tail must be behind them. */
    if (wr_cachering_diff(after(pos, n), after(tail, r->mask + 1)) > 0) {
        return false;
    }
    *ret_pos = pos;
    return true;
}

void wr_cachering_open(const struct wr_cachering *r, uint64_t pos)
{
    uint64_t head = wr_cacheword_get(&r->state->head);
    uint64_t offset = wr_cachering_offset(r, head);

    if (pos == head) {
        return;
    }
    if (offset < r->units) {
        wr_cacheword_store(&r->words[offset], 0);
    }
    wr_cacheword_publish(&r->state->head, pos);
}

void wr_cachering_close(const struct wr_cachering *r, uint64_t pos, uint64_t n)
{
    wr_cacheword_publish(&r->state->head, after(pos, n));
}

static void set_tail(const struct wr_cachering *r, uint64_t pos)
{
    wr_cacheword_publish(&r->state->tail, pos);
    wr_cacheword_freed();
}

bool wr_cachering_oldest(const struct wr_cachering *r, uint64_t *ret_pos, uint64_t *ret_n)
{
    uint64_t head = wr_cacheword_get(&r->state->head);
    uint64_t tail = wr_cacheword_get(&r->state->tail);
    uint64_t offset = wr_cachering_offset(r, tail), n;

    if (tail == head) {
        return false;
    }
    if (offset >= r->units || (wr_cacheword_get(&r->words[offset]) & WR_CACHERING_SIZE_MASK) == 0) {
        tail = next_lap(r, tail);
        if (wr_cachering_diff(tail, head) <= 0) {
            set_tail(r, tail);
        }
        if (tail == head) {
            return false;
        }
    }
    n = wr_cachering_size_at(r, tail);
    *ret_pos = tail;
    *ret_n = wr_cachering_diff(after(tail, n), head) <= 0 ? n : 0;
    return true;
}

void wr_cachering_drop(const struct wr_cachering *r, uint64_t pos, uint64_t n)
{
    set_tail(r, after(pos, n));
}

uint64_t wr_cachering_gap(const struct wr_cachering *r)
{
    uint64_t head = wr_cacheword_get(&r->state->head);
    uint64_t tail = wr_cacheword_get(&r->state->tail);
    uint64_t at_head = wr_cachering_offset(r, head), at_tail = wr_cachering_offset(r, tail);

    at_head = at_head < r->units ? at_head : r->units;
    at_tail = at_tail < r->units ? at_tail : r->units;
    if ((head | r->mask) == (tail | r->mask)) {
        return r->units - (at_head - at_tail);
    }
    return at_tail > at_head ? at_tail - at_head : 0;
}

void wr_cachering_copy(const struct wr_cachering *to_ring, uint64_t to,
                       const struct wr_cachering *from_ring, uint64_t from, uint64_t n)
{
    wr_cacheword *target = to_ring->words + wr_cachering_offset(to_ring, to);
    const wr_cacheword *source = from_ring->words + wr_cachering_offset(from_ring, from);

    for (uint64_t i = 0; i < n; i++) {
        wr_cacheword_store(&target[i], wr_cacheword_get(&source[i]));
    }
}
