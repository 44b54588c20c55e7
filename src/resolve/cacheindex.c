/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/cacheindex.h"

#include <stddef.h>
#include <string.h>

wr_cacheword *wr_cacheindex_find(const struct wr_cacheindex *ix, uint64_t hash, unsigned ring,
                                 uint64_t pos)
{
    uint64_t ignored = WR_CACHEINDEX_MARK | (uint64_t)3 << 48;
    uint64_t want = wr_cacheindex_slot_make(hash, ring, 0, pos);

    for (unsigned i = 0; i < WR_CACHEINDEX_PAIR_SLOTS; i++) {
        wr_cacheword *slot = wr_cacheindex_at(ix, hash, i);

        if ((wr_cacheword_get(slot) & ~ignored) == want) {
            return slot;
        }
    }
    return NULL;
}

wr_cacheword *wr_cacheindex_empty(const struct wr_cacheindex *ix, uint64_t hash)
{
    for (unsigned i = 0; i < WR_CACHEINDEX_PAIR_SLOTS; i++) {
        wr_cacheword *slot = wr_cacheindex_at(ix, hash, i);

        if (wr_cacheword_get(slot) == 0) {
            return slot;
        }
    }
    return NULL;
}

/* a gives way before b. */
static bool before(uint64_t a, uint64_t b)
{
    unsigned value_a = wr_cacheindex_slot_used(a) * 2 + wr_cacheindex_slot_ring(a);
    unsigned value_b = wr_cacheindex_slot_used(b) * 2 + wr_cacheindex_slot_ring(b);

    if (value_a != value_b) {
        return value_a < value_b;
    }
    return wr_cachering_diff(wr_cacheindex_slot_pos(a), wr_cacheindex_slot_pos(b)) < 0;
}

wr_cacheword *wr_cacheindex_victim(const struct wr_cacheindex *ix, uint64_t hash)
{
    wr_cacheword *victim = wr_cacheindex_at(ix, hash, 0);

    for (unsigned i = 1; i < WR_CACHEINDEX_PAIR_SLOTS; i++) {
        wr_cacheword *slot = wr_cacheindex_at(ix, hash, i);

        if (before(wr_cacheword_get(slot), wr_cacheword_get(victim))) {
            victim = slot;
        }
    }
    return victim;
}

void wr_cacheindex_use(wr_cacheword *slot, uint64_t seen)
{
    if (wr_cacheindex_slot_used(seen) < WR_CACHEINDEX_USED_MAX) {
        atomic_compare_exchange_strong_explicit(slot, &seen, seen + WR_CACHEINDEX_USED_ONE,
                                                memory_order_relaxed, memory_order_relaxed);
    }
}

static uint32_t *ghost_line(const struct wr_cacheindex *ix, uint64_t hash)
{
    uint64_t line = ((hash >> 12 & 0xffffffffu) * ix->ghost_lines) >> 32;

    return ix->ghosts + line * WR_CACHEINDEX_GHOSTS;
}

/* The bits that choose neither line nor bucket; never 0, which is an empty place. */
static uint32_t fragment(uint64_t hash)
{
    uint32_t f = (uint32_t)(hash >> 44 << 12 | (hash & 0xfff));

    return f ? f : 1;
}

void wr_cacheindex_ghost_add(const struct wr_cacheindex *ix, uint64_t hash)
{
    uint32_t *line = ghost_line(ix, hash);

    memmove(line + 1, line, (WR_CACHEINDEX_GHOSTS - 1) * sizeof(*line));
    line[0] = fragment(hash);
}

bool wr_cacheindex_ghost_take(const struct wr_cacheindex *ix, uint64_t hash)
{
    uint32_t *line = ghost_line(ix, hash), want = fragment(hash);

    for (unsigned i = 0; i < WR_CACHEINDEX_GHOSTS; i++) {
        if (line[i] == want) {
            memmove(line + i, line + i + 1, (WR_CACHEINDEX_GHOSTS - 1 - i) * sizeof(*line));
            line[WR_CACHEINDEX_GHOSTS - 1] = 0;
            return true;
        }
    }
    return false;
}
