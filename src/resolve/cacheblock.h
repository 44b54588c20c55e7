/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache block: what lies where in the memory that all workers share, and how it is found again after a crash.
 *
 *   header (256)  | shard 0 | shard 1 | ...
 *   shard: state (256) | buckets | ghost lines | small ring (a tenth) | main ring
 *
 * Everything follows from the size alone, so a header that says otherwise is not ours. For each 4 buckets there is
 * one ghost line and 1536 octets of ring: at 8 slots a bucket, an average entry of 48 octets would just fill both.
 * A shard is at least 1 MiB (the block, if that is smaller), so that the largest entry is no great part of it.
 *
 * Attaching trusts nothing: each ring is walked from tail to head, each entry taken apart and looked at down to
 * its rdata, and a slot stays only if it names an entry that the walk met and that hashes to its bucket. What a
 * killed writer left half done is behind the head, or has no slot: it is gone.
 */
#ifndef WR_RESOLVE_CACHEBLOCK_H
#define WR_RESOLVE_CACHEBLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "dns/name.h"
#include "resolve/cache.h"
#include "resolve/cacheindex.h"
#include "resolve/cachering.h"

#define WR_CACHEBLOCK_SHARDS_MAX 256

enum { WR_CACHEBLOCK_SMALL = 0, WR_CACHEBLOCK_MAIN = 1, WR_CACHEBLOCK_RINGS = 2 };

struct wr_cacheblock_geometry {
    uint64_t size; /* of the block from the header on */
    uint64_t shards;
    uint64_t shard_size;
    uint64_t buckets; /* of one shard */
    uint64_t ghost_lines;
    uint64_t units[WR_CACHEBLOCK_RINGS];
    uint64_t masks[WR_CACHEBLOCK_RINGS]; /* wr_cachering_mask of them */
};

#define WR_CACHEBLOCK_HEADER_SIZE 256
#define WR_CACHEBLOCK_STATE_SIZE  256
#define WR_CACHEBLOCK_LINE        64

/* At the block's first multiple of 64. */
struct wr_cache {
    uint64_t magic;
    uint64_t version;
    struct wr_cacheblock_geometry geometry;
    struct wr_hash_key key;
    uint64_t sum; /* of all above */
    wr_cacheword flushes;
};

struct wr_cacheblock_state {
    _Alignas(64) _Atomic uint32_t writing; /* the try-flag */
    _Alignas(64) struct wr_cachering_state rings[WR_CACHEBLOCK_RINGS];
    _Alignas(64) wr_cacheword entries;
    wr_cacheword inserted, evicted, promoted, ghost_hits, skipped_busy, torn;
};

/* One shard, as pointers: made for a call. */
struct wr_cacheblock_shard {
    const struct wr_cache *cache;
    struct wr_cacheblock_state *state;
    struct wr_cacheindex index;
    struct wr_cachering rings[WR_CACHEBLOCK_RINGS];
};

int wr_cacheblock_format(void *block, size_t size, const struct wr_hash_key *key,
                         struct wr_cache **ret);
int wr_cacheblock_attach(void *block, size_t size, struct wr_cache **ret);
/* Inline, because a hit wants little of it. */
static inline struct wr_cacheblock_shard wr_cacheblock_shard(const struct wr_cache *c,
                                                             uint64_t number)
{
    const struct wr_cacheblock_geometry *g = &c->geometry;
    uint8_t *state = (uint8_t *)(uintptr_t)c + WR_CACHEBLOCK_HEADER_SIZE + number * g->shard_size;
    uint8_t *slots = state + WR_CACHEBLOCK_STATE_SIZE;
    uint8_t *ghosts = slots + g->buckets * WR_CACHEBLOCK_LINE;
    wr_cacheword *words = (void *)(ghosts + g->ghost_lines * WR_CACHEBLOCK_LINE);
    struct wr_cacheblock_state *st = (void *)state;

    return (struct wr_cacheblock_shard){
        .cache = c,
        .state = st,
        .index = {(void *)slots, g->buckets, (void *)ghosts, g->ghost_lines},
        .rings = {{&st->rings[0], words, g->units[0], g->masks[0]},
                  {&st->rings[1], words + g->units[0], g->units[1], g->masks[1]}},
    };
}
static inline uint64_t wr_cacheblock_shard_of(const struct wr_cache *c, uint64_t hash)
{
    return hash >> 56 & (c->geometry.shards - 1);
}
/* Empties the shard (under its flag): the way out of anything that cannot be. */
void wr_cacheblock_clear(const struct wr_cacheblock_shard *sh);
/* The hash of an entry in a ring, under the flag; false when it is no entry. */
bool wr_cacheblock_hash_at(const struct wr_cacheblock_shard *sh, unsigned ring, uint64_t pos,
                           uint64_t n, struct wr_name *ret_name, uint64_t *ret_hash);

#endif
