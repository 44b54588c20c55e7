/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/cacheblock.h"

#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "resolve/cacheentry.h"

#define MAGIC          UINT64_C(0x31656863616372) /* "rcache1" */
#define VERSION        1
#define SHARD_SIZE_MIN ((uint64_t)1 << 20)
#define SIZE_MAX_BLOCK ((uint64_t)1 << 36)
#define GROUP_BUCKETS  4
#define GROUP_RING     1536
#define SMALL_PART     10

_Static_assert(sizeof(struct wr_cache) <= WR_CACHEBLOCK_HEADER_SIZE, "header");
_Static_assert(sizeof(struct wr_cacheblock_state) <= WR_CACHEBLOCK_STATE_SIZE, "state");

static void *align_up(void *block, size_t *size)
{
    size_t skip = (WR_CACHEBLOCK_LINE - ((uintptr_t)block & (WR_CACHEBLOCK_LINE - 1))) &
                  (WR_CACHEBLOCK_LINE - 1);

    if (*size < WR_CACHE_SIZE_MIN || *size > SIZE_MAX_BLOCK) {
        return NULL;
    }
    *size -= skip;
    return (uint8_t *)block + skip;
}

static struct wr_cacheblock_geometry geometry_of(uint64_t size)
{
    struct wr_cacheblock_geometry g = {.size = size, .shards = 1};
    uint64_t groups, units;

    while (g.shards < WR_CACHEBLOCK_SHARDS_MAX && size / (2 * g.shards) >= SHARD_SIZE_MIN) {
        g.shards *= 2;
    }
    g.shard_size =
        (size - WR_CACHEBLOCK_HEADER_SIZE) / g.shards / WR_CACHEBLOCK_LINE * WR_CACHEBLOCK_LINE;
    groups = (g.shard_size - WR_CACHEBLOCK_STATE_SIZE) /
             ((GROUP_BUCKETS + 1) * WR_CACHEBLOCK_LINE + GROUP_RING);
    g.buckets = groups * GROUP_BUCKETS;
    g.ghost_lines = groups;
    units = (g.shard_size - WR_CACHEBLOCK_STATE_SIZE -
             groups * (GROUP_BUCKETS + 1) * WR_CACHEBLOCK_LINE) /
            8;
    g.units[WR_CACHEBLOCK_SMALL] = units / SMALL_PART;
    g.units[WR_CACHEBLOCK_MAIN] = units - g.units[WR_CACHEBLOCK_SMALL];
    g.masks[WR_CACHEBLOCK_SMALL] = wr_cachering_mask(g.units[WR_CACHEBLOCK_SMALL]);
    g.masks[WR_CACHEBLOCK_MAIN] = wr_cachering_mask(g.units[WR_CACHEBLOCK_MAIN]);
    return g;
}

static uint64_t header_sum(const struct wr_cache *c)
{
    return wr_hash_sip24(&c->key, c, offsetof(struct wr_cache, key));
}

void wr_cacheblock_clear(const struct wr_cacheblock_shard *sh)
{
    for (uint64_t i = 0; i < sh->index.buckets * WR_CACHEINDEX_BUCKET_SLOTS; i++) {
        if (wr_cacheword_get(&sh->index.slots[i]) != 0) {
            wr_cacheword_set(&sh->index.slots[i], 0);
        }
    }
    wr_cachering_reset(&sh->rings[WR_CACHEBLOCK_SMALL]);
    wr_cachering_reset(&sh->rings[WR_CACHEBLOCK_MAIN]);
    wr_cacheword_set(&sh->state->entries, 0);
}

int wr_cacheblock_format(void *block, size_t size, const struct wr_hash_key *key,
                         struct wr_cache **ret)
{
    struct wr_cache *c = align_up(block, &size);

    if (!c) {
        return WR_E_RANGE;
    }
    memset(c, 0, WR_CACHEBLOCK_HEADER_SIZE);
    c->geometry = geometry_of(size);
    c->key = *key;
    for (uint64_t i = 0; i < c->geometry.shards; i++) {
        struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, i);

        memset(sh.state, 0, WR_CACHEBLOCK_STATE_SIZE);
        memset(sh.index.ghosts, 0, sh.index.ghost_lines * WR_CACHEBLOCK_LINE);
        wr_cacheblock_clear(&sh);
    }
    c->version = VERSION;
    c->sum = 0;
    c->magic = MAGIC;
    c->sum = header_sum(c);
    *ret = c;
    return WR_OK;
}

bool wr_cacheblock_hash_at(const struct wr_cacheblock_shard *sh, unsigned ring, uint64_t pos,
                           uint64_t n, struct wr_name *ret_name, uint64_t *ret_hash)
{
    const struct wr_cachering *r = &sh->rings[ring];
    const wr_cacheword *words = r->words + wr_cachering_offset(r, pos);
    uint64_t copy[2 + (WR_NAME_MAX + 7) / 8];
    uint64_t take = n < WR_ARRAY_LEN(copy) ? n : WR_ARRAY_LEN(copy);
    struct wr_reader reader;

    if (n < 3) {
        return false;
    }
    wr_cacheentry_copy(words, take, copy);
    wr_buf_read_init(&reader, copy + 2, (take - 2) * 8);
    if (wr_name_read_plain(&reader, ret_name)) {
        return false;
    }
    *ret_hash = wr_cache_hash(sh->cache, ret_name->wire, (uint16_t)(copy[0] >> 16),
                              (uint16_t)(copy[0] >> 32));
    return true;
}

/* --- attaching ------------------------------------------------------------------------------- */

/* The walk met this entry: is it whole, and is there a slot that names it? */
static void mark_entry(const struct wr_cacheblock_shard *sh, unsigned ring, uint64_t pos,
                       uint64_t n, uint64_t *live)
{
    const struct wr_cachering *r = &sh->rings[ring];
    uint64_t copy[WR_CACHE_SCRATCH_SIZE / 8];
    struct wr_cache_key key;
    struct wr_cache_entry entry;
    wr_cacheword *slot;
    uint64_t hash;
    uint8_t lower[WR_NAME_MAX];

    if (n > WR_ARRAY_LEN(copy)) {
        return;
    }
    wr_cacheentry_copy(r->words + wr_cachering_offset(r, pos), n, copy);
    if (!wr_cacheentry_read(copy, n, &key, &entry) || !wr_cacheentry_check(&entry) ||
        memcmp(lower, key.name, wr_name_lower(key.name, lower)) != 0) {
        return;
    }
    hash = wr_cache_hash(sh->cache, key.name, key.type, key.scope);
    slot = wr_cacheindex_find(&sh->index, hash, ring, pos);
    if (slot && wr_cacheblock_shard_of(sh->cache, hash) ==
                    (uint64_t)((uint8_t *)sh->state - (const uint8_t *)sh->cache -
                               WR_CACHEBLOCK_HEADER_SIZE) /
                        sh->cache->geometry.shard_size) {
        wr_cacheword_set(slot, wr_cacheword_get(slot) | WR_CACHEINDEX_MARK);
        *live += n;
    }
}

/* Walks one ring; where the chain of entries breaks, the ring ends. */
static void mark_ring(const struct wr_cacheblock_shard *sh, unsigned ring)
{
    const struct wr_cachering *r = &sh->rings[ring];
    uint64_t tail = wr_cacheword_get(&r->state->tail) & WR_CACHERING_POS_MASK;
    uint64_t head = wr_cacheword_get(&r->state->head) & WR_CACHERING_POS_MASK;
    uint64_t pos, n, live = 0;

    wr_cacheword_set(&r->state->tail, tail);
    wr_cacheword_set(&r->state->head, head);
    if (wr_cachering_diff(head, tail) < 0 ||
        wr_cachering_diff(head, tail) > (int64_t)(r->mask + 1)) {
        wr_cachering_reset(r);
        return;
    }
    while (wr_cachering_oldest(r, &pos, &n)) {
        if (n == 0) {
            wr_cacheword_set(&r->state->head, pos);
            head = pos;
            break;
        }
        mark_entry(sh, ring, pos, n, &live);
        wr_cachering_drop(r, pos, n);
    }
    /* The tail was moved by the walk: put back, unless nothing is there any more. */
    wr_cacheword_set(&r->state->tail, live ? tail : head);
    wr_cacheword_set(&r->state->live, live);
}

static void attach_shard(const struct wr_cacheblock_shard *sh)
{
    uint64_t slots = sh->index.buckets * WR_CACHEINDEX_BUCKET_SLOTS, entries = 0;

    for (uint64_t i = 0; i < slots; i++) {
        uint64_t slot = wr_cacheword_get(&sh->index.slots[i]);

        wr_cacheword_set(&sh->index.slots[i], slot & ~WR_CACHEINDEX_MARK);
    }
    mark_ring(sh, WR_CACHEBLOCK_SMALL);
    mark_ring(sh, WR_CACHEBLOCK_MAIN);
    for (uint64_t i = 0; i < slots; i++) {
        uint64_t slot = wr_cacheword_get(&sh->index.slots[i]);

        wr_cacheword_set(&sh->index.slots[i],
                         slot & WR_CACHEINDEX_MARK ? slot & ~WR_CACHEINDEX_MARK : 0);
        entries += (slot & WR_CACHEINDEX_MARK) != 0;
    }
    wr_cacheword_set(&sh->state->entries, entries);
    atomic_store_explicit(&sh->state->writing, 0, memory_order_release);
}

int wr_cacheblock_attach(void *block, size_t size, struct wr_cache **ret)
{
    struct wr_cache *c = align_up(block, &size);
    struct wr_cacheblock_geometry g;

    if (!c) {
        return WR_E_RANGE;
    }
    if (c->magic != MAGIC || c->version != VERSION) {
        return WR_E_VERSION;
    }
    g = geometry_of(size);
    if (memcmp(&g, &c->geometry, sizeof(g)) != 0) {
        return WR_E_VERSION;
    }
    if (c->sum != header_sum(c)) {
        return WR_E_CHECKSUM;
    }
    for (uint64_t i = 0; i < g.shards; i++) {
        struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, i);

        attach_shard(&sh);
    }
    *ret = c;
    return WR_OK;
}
