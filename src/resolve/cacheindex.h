/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache index: from a key's hash to where its entry stands, and what was there lately (the ghosts).
 *
 * A bucket is one cache line of 8 slots. A hash names one bucket; when that is full, its neighbour (the other of
 * its pair) takes over; when both are full, the slot least used gives way. A slot is one atomic word:
 *   tag of the hash (12) | ring (1) | mark (1) | uses (2) | virtual position in the ring (48);   0: empty.
 * The uses are counted in the slot by readers, so that a hit writes nothing once they have reached 3.
 *
 * The ghosts are lines of 16 hash fragments, the newest first: what left the small ring lately. Only the holder of
 * the write flag looks at them.
 */
#ifndef WR_RESOLVE_CACHEINDEX_H
#define WR_RESOLVE_CACHEINDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "resolve/cachering.h"
#include "resolve/cacheword.h"

#define WR_CACHEINDEX_BUCKET_SLOTS 8
#define WR_CACHEINDEX_PAIR_SLOTS   16
#define WR_CACHEINDEX_GHOSTS       16 /* of one line */
#define WR_CACHEINDEX_USED_MAX     3

struct wr_cacheindex {
    wr_cacheword *slots;
    uint64_t buckets; /* even */
    uint32_t *ghosts;
    uint64_t ghost_lines;
};

/* The bits of a hash that are the tag, and choose neither bucket nor shard. */
#define WR_CACHEINDEX_TAG_BITS UINT64_C(0xfff)

static inline uint64_t wr_cacheindex_tag(uint64_t hash)
{
    uint64_t tag = hash & WR_CACHEINDEX_TAG_BITS;

    return tag ? tag : 1;
}

static inline uint64_t wr_cacheindex_slot_make(uint64_t hash, unsigned ring, unsigned used,
                                               uint64_t pos)
{
    return wr_cacheindex_tag(hash) << 52 | (uint64_t)ring << 51 | (uint64_t)used << 48 | pos;
}

static inline uint64_t wr_cacheindex_slot_tag(uint64_t slot)
{
    return slot >> 52;
}

static inline unsigned wr_cacheindex_slot_ring(uint64_t slot)
{
    return slot >> 51 & 1;
}

static inline unsigned wr_cacheindex_slot_used(uint64_t slot)
{
    return slot >> 48 & 3;
}

static inline uint64_t wr_cacheindex_slot_pos(uint64_t slot)
{
    return slot & WR_CACHERING_POS_MASK;
}

#define WR_CACHEINDEX_MARK     ((uint64_t)1 << 50)
#define WR_CACHEINDEX_USED_ONE ((uint64_t)1 << 48)

/* The i-th slot (0 to 15) a hash may be in: its bucket, then the neighbour. */
static inline wr_cacheword *wr_cacheindex_at(const struct wr_cacheindex *ix, uint64_t hash,
                                             unsigned i)
{
    uint64_t bucket = ((hash >> 12 & 0xffffffffu) * ix->buckets) >> 32;

    return ix->slots + (bucket ^ i >> 3) * WR_CACHEINDEX_BUCKET_SLOTS + (i & 7);
}

/* The slot that names exactly this entry, or NULL. */
wr_cacheword *wr_cacheindex_find(const struct wr_cacheindex *ix, uint64_t hash, unsigned ring,
                                 uint64_t pos);
/* An empty slot for the hash, or NULL. */
wr_cacheword *wr_cacheindex_empty(const struct wr_cacheindex *ix, uint64_t hash);
/* When there is none: the one that gives way (least used, small ring before main, oldest). */
wr_cacheword *wr_cacheindex_victim(const struct wr_cacheindex *ix, uint64_t hash);
/* Counts a use; a lost race loses the count and nothing else. */
void wr_cacheindex_use(wr_cacheword *slot, uint64_t seen);

void wr_cacheindex_ghost_add(const struct wr_cacheindex *ix, uint64_t hash);
/* Was it there? It is not afterwards. */
bool wr_cacheindex_ghost_take(const struct wr_cacheindex *ix, uint64_t hash);

#endif
