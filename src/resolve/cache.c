/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/cache.h"

#include "base/err.h"
#include "base/limits.h"
#include "dns/name.h"
#include "resolve/cacheblock.h"
#include "resolve/cacheentry.h"
#include "resolve/cachefifo.h"

/* Copies of an entry that moved away under the reader's hands. */
#define READ_TRIES 8

int wr_cache_format(void *block, size_t size, const struct wr_hash_key *key, struct wr_cache **ret)
{
    return wr_cacheblock_format(block, size, key, ret);
}

int wr_cache_attach(void *block, size_t size, struct wr_cache **ret)
{
    return wr_cacheblock_attach(block, size, ret);
}

uint64_t wr_cache_hash(const struct wr_cache *c, const uint8_t *name, uint16_t type, uint16_t scope)
{
    uint64_t rest = (uint64_t)type | (uint64_t)scope << 16, hash = wr_name_hash(&c->key, name);

    /* All types of a name lie in one bucket and differ by their tag: looking for the type, the alias and the
     * absence of the name costs one miss of the processor's cache and not three. The name's hash is keyed
     * and secret, so what is mixed in need not be. */
    return (hash & ~WR_CACHEINDEX_TAG_BITS) |
           (wr_hash_mix(hash + rest * UINT64_C(0x9e3779b97f4a7c15)) & WR_CACHEINDEX_TAG_BITS);
}

void wr_cache_key_init(const struct wr_cache *c, const uint8_t *name, uint16_t type, uint16_t scope,
                       struct wr_cache_key *ret_key)
{
    ret_key->name = name;
    ret_key->type = type;
    ret_key->scope = scope;
    ret_key->hash = wr_cache_hash(c, name, type, scope);
}

void wr_cache_foresee(const struct wr_cache *c, uint64_t hash)
{
    struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, wr_cacheblock_shard_of(c, hash));

    __builtin_prefetch(wr_cacheindex_at(&sh.index, hash, 0));
}

void wr_cache_foresee_entry(const struct wr_cache *c, uint64_t hash)
{
    struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, wr_cacheblock_shard_of(c, hash));
    uint64_t tag = wr_cacheindex_tag(hash);

    for (unsigned i = 0; i < WR_CACHEINDEX_BUCKET_SLOTS; i++) {
        uint64_t seen = wr_cacheword_get(wr_cacheindex_at(&sh.index, hash, i));

        if (wr_cacheindex_slot_tag(seen) == tag) {
            const struct wr_cachering *r = &sh.rings[wr_cacheindex_slot_ring(seen)];
            const wr_cacheword *words =
                r->words + wr_cachering_offset(r, wr_cacheindex_slot_pos(seen));

            __builtin_prefetch(words);
            __builtin_prefetch(words + 8);
            return;
        }
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

enum outcome { MISSED, TORN, FOUND };

/* Copies what a slot names, if it is (still) there and of this key; key NULL: any. */
static enum outcome copy_slot(const struct wr_cacheblock_shard *sh, uint64_t seen,
                              const struct wr_cache_key *key, size_t name_size, uint64_t *scratch,
                              uint64_t *ret_units)
{
    const struct wr_cachering *r = &sh->rings[wr_cacheindex_slot_ring(seen)];
    uint64_t pos = wr_cacheindex_slot_pos(seen), n = wr_cachering_size_at(r, pos);
    const wr_cacheword *words = r->words + wr_cachering_offset(r, pos);
    bool same = n >= 3 && n <= WR_CACHE_SCRATCH_SIZE / 8 &&
                (!key || wr_cacheentry_is(words, n, key, name_size));

    if (same) {
        wr_cacheentry_copy(words, n, scratch);
    }
    wr_cacheword_loaded();
    if (!wr_cachering_holds(r, pos)) {
        return TORN;
    }
    *ret_units = n;
    return same ? FOUND : MISSED;
}

static enum outcome look_up(const struct wr_cacheblock_shard *sh, const struct wr_cache_key *key,
                            size_t name_size, uint64_t *scratch, uint64_t *ret_units,
                            uint64_t *ret_seen, wr_cacheword **ret_slot)
{
    uint64_t tag = wr_cacheindex_tag(key->hash), seen;
    enum outcome result = MISSED, outcome;

    for (unsigned i = 0; i < WR_CACHEINDEX_PAIR_SLOTS; i++) {
        wr_cacheword *slot = wr_cacheindex_at(&sh->index, key->hash, i);

        if (wr_cacheindex_slot_tag(wr_cacheword_get(slot)) != tag) {
            continue;
        }
        seen = wr_cacheword_get_acquire(slot);
        if (wr_cacheindex_slot_tag(seen) != tag) {
            result = TORN;
            continue;
        }
        outcome = copy_slot(sh, seen, key, name_size, scratch, ret_units);
        if (outcome == FOUND) {
            *ret_seen = seen;
            *ret_slot = slot;
            return FOUND;
        }
        result = outcome == TORN ? TORN : result;
    }
    return result;
}

static void finish(struct wr_cache_entry *entry, uint64_t seen, uint32_t now_s)
{
    entry->used = (uint8_t)wr_cacheindex_slot_used(seen);
    entry->ttl_left = wr_cacheentry_left(entry->stored_s, entry->ttl, now_s);
}

int wr_cache_get(struct wr_cache *c, const struct wr_cache_key *key, uint32_t now_s, bool peek,
                 void *scratch, struct wr_cache_entry *ret_entry)
{
    struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, wr_cacheblock_shard_of(c, key->hash));
    size_t name_size = wr_name_size(key->name);
    uint64_t units, seen;
    wr_cacheword *slot;
    enum outcome outcome = TORN;

    for (int tries = 0; tries < READ_TRIES && outcome == TORN; tries++) {
        outcome = look_up(&sh, key, name_size, scratch, &units, &seen, &slot);
    }
    if (outcome != FOUND || !wr_cacheentry_read_body(scratch, units, name_size, ret_entry)) {
        return WR_E_NOTFOUND;
    }
    if (!peek) {
        wr_cacheindex_use(slot, seen);
    }
    finish(ret_entry, seen, now_s);
    return WR_OK;
}

int wr_cache_walk(struct wr_cache *c, uint64_t *cursor, uint32_t now_s, void *scratch,
                  struct wr_name *ret_name, struct wr_cache_key *ret_key,
                  struct wr_cache_entry *ret_entry)
{
    uint64_t slots = c->geometry.buckets * WR_CACHEINDEX_BUCKET_SLOTS, units;

    for (; *cursor < slots * c->geometry.shards; ++*cursor) {
        struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, *cursor / slots);
        uint64_t seen = wr_cacheword_get_acquire(&sh.index.slots[*cursor % slots]);

        if (seen == 0 || copy_slot(&sh, seen, NULL, 0, scratch, &units) != FOUND ||
            !wr_cacheentry_read(scratch, units, ret_key, ret_entry)) {
            continue;
        }
        wr_name_set(ret_name, ret_key->name);
        wr_cache_key_init(c, ret_name->wire, ret_key->type, ret_key->scope, ret_key);
        finish(ret_entry, seen, now_s);
        ++*cursor;
        return WR_OK;
    }
    return WR_E_NOTFOUND;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool try_write(const struct wr_cacheblock_shard *sh)
{
    if (atomic_exchange_explicit(&sh->state->writing, 1, memory_order_acquire) == 0) {
        return true;
    }
    atomic_fetch_add_explicit(&sh->state->skipped_busy, 1, memory_order_relaxed);
    return false;
}

static void end_write(const struct wr_cacheblock_shard *sh)
{
    atomic_store_explicit(&sh->state->writing, 0, memory_order_release);
}

/* RFC 2181 section 5.4.1: what is there and fresh stays when the new is less credible. */
static bool stays(const struct wr_cacheblock_shard *sh, wr_cacheword *slot, uint32_t now_s,
                  const struct wr_cache_entry *entry)
{
    uint64_t seen = wr_cacheword_get(slot);
    const struct wr_cachering *r = &sh->rings[wr_cacheindex_slot_ring(seen)];
    struct wr_cacheentry_brief old =
        wr_cacheentry_brief(r->words + wr_cachering_offset(r, wr_cacheindex_slot_pos(seen)));

    if (old.kind == WR_CACHE_FAILURE) {
        return false;
    }
    if (entry->kind == WR_CACHE_FAILURE) {
        return true; /* stale data outlives a failure: RFC 8767 needs it just then */
    }
    if (wr_cacheentry_left(old.stored_s, old.ttl, now_s) <= 0) {
        return false;
    }
    return entry->rank < old.rank || entry->security < old.security;
}

static int put_locked(const struct wr_cacheblock_shard *sh, const struct wr_cache_key *key,
                      uint32_t now_s, const struct wr_cache_entry *entry)
{
    uint64_t units;
    wr_cacheword *slot = wr_cachefifo_find(sh, key, &units);

    if (slot && stays(sh, slot, now_s, entry)) {
        return WR_E_EXISTS;
    }
    return wr_cachefifo_put(sh, key, entry);
}

int wr_cache_put(struct wr_cache *c, const struct wr_cache_key *key, uint32_t now_s,
                 const struct wr_cache_entry *entry)
{
    struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, wr_cacheblock_shard_of(c, key->hash));
    int err;

    if (!try_write(&sh)) {
        return WR_E_BUSY;
    }
    err = put_locked(&sh, key, now_s, entry);
    end_write(&sh);
    return err;
}

int wr_cache_remove(struct wr_cache *c, const struct wr_cache_key *key)
{
    struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, wr_cacheblock_shard_of(c, key->hash));
    wr_cacheword *slot;
    uint64_t units;

    if (!wr_cachefifo_find(&sh, key, &units)) {
        return WR_E_NOTFOUND; /* the usual case: no need to write */
    }
    if (!try_write(&sh)) {
        return WR_E_BUSY;
    }
    slot = wr_cachefifo_find(&sh, key, &units);
    if (slot) {
        wr_cachefifo_remove(&sh, slot, units);
    }
    end_write(&sh);
    return slot ? WR_OK : WR_E_NOTFOUND;
}

static uint64_t flush_shard(const struct wr_cacheblock_shard *sh, const uint8_t *ancestor)
{
    uint64_t removed = 0, hash;
    struct wr_name name;

    for (uint64_t i = 0; i < sh->index.buckets * WR_CACHEINDEX_BUCKET_SLOTS; i++) {
        wr_cacheword *slot = &sh->index.slots[i];
        uint64_t seen = wr_cacheword_get(slot), pos = wr_cacheindex_slot_pos(seen), n;
        unsigned ring = wr_cacheindex_slot_ring(seen);

        if (seen == 0) {
            continue;
        }
        n = wr_cachering_size_at(&sh->rings[ring], pos);
        if (wr_cacheblock_hash_at(sh, ring, pos, n, &name, &hash) &&
            wr_name_in(name.wire, ancestor)) {
            wr_cachefifo_remove(sh, slot, n);
            removed++;
        }
    }
    return removed;
}

void wr_cache_note_flush(struct wr_cache *c)
{
    atomic_fetch_add_explicit(&c->flushes, 1, memory_order_release);
}

uint64_t wr_cache_flushes(const struct wr_cache *c)
{
    return wr_cacheword_get_acquire(&c->flushes);
}

uint64_t wr_cache_flush(struct wr_cache *c, const uint8_t *name)
{
    uint64_t removed = 0;

    for (uint64_t i = 0; i < c->geometry.shards; i++) {
        struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, i);

        for (uint32_t spins = 0; spins < WR_CACHE_FLUSH_SPINS_MAX; spins++) {
            if (atomic_load_explicit(&sh.state->writing, memory_order_relaxed) == 0 &&
                try_write(&sh)) {
                removed += flush_shard(&sh, name);
                end_write(&sh);
                break;
            }
        }
    }
    wr_cache_note_flush(c);
    return removed;
}

void wr_cache_stats(const struct wr_cache *c, struct wr_cache_stats *ret_stats)
{
    struct wr_cache_stats stats = {.size_bytes = c->geometry.size};

    for (uint64_t i = 0; i < c->geometry.shards; i++) {
        struct wr_cacheblock_shard sh = wr_cacheblock_shard(c, i);
        struct wr_cacheblock_state *state = sh.state;
        uint64_t entries = wr_cacheword_get(&state->entries);

        stats.entries += entries;
        stats.used_bytes += 8 * (entries + wr_cacheword_get(&state->rings[0].live) +
                                 wr_cacheword_get(&state->rings[1].live));
        stats.inserted += wr_cacheword_get(&state->inserted);
        stats.evicted += wr_cacheword_get(&state->evicted);
        stats.promoted += wr_cacheword_get(&state->promoted);
        stats.ghost_hits += wr_cacheword_get(&state->ghost_hits);
        stats.skipped_busy += wr_cacheword_get(&state->skipped_busy);
        stats.torn += wr_cacheword_get(&state->torn);
    }
    *ret_stats = stats;
}
