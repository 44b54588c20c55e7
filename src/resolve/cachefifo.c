/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/cachefifo.h"

#include "base/err.h"
#include "base/limits.h"
#include "resolve/cacheentry.h"

/* An entry at the tail of a ring. */
struct oldest {
    unsigned ring;
    uint64_t pos;
    uint64_t n;
    uint64_t hash;
    wr_cacheword *slot; /* NULL: dead */
};

static void add(wr_cacheword *counter, int64_t n)
{
    wr_cacheword_set(counter, wr_cacheword_get(counter) + (uint64_t)n);
}

static uint64_t live(const struct wr_cacheblock_shard *sh, unsigned ring)
{
    return wr_cacheword_get(&sh->rings[ring].state->live);
}

/* Live units above which the tail is evicted instead of recycled. */
static uint64_t full(const struct wr_cacheblock_shard *sh, unsigned ring)
{
    return sh->rings[ring].units - sh->rings[ring].units / 8;
}

static bool make_room(const struct wr_cacheblock_shard *sh, unsigned ring, uint64_t n,
                      unsigned *moves, uint64_t *ret_pos);

void wr_cachefifo_remove(const struct wr_cacheblock_shard *sh, wr_cacheword *slot, uint64_t units)
{
    unsigned ring = wr_cacheindex_slot_ring(wr_cacheword_get(slot));

    wr_cacheword_publish(slot, 0);
    add(&sh->rings[ring].state->live, -(int64_t)units);
    add(&sh->state->entries, -1);
}

static void evict(const struct wr_cacheblock_shard *sh, const struct oldest *e)
{
    wr_cachefifo_remove(sh, e->slot, e->n);
    add(&sh->state->evicted, 1);
    if (e->ring == WR_CACHEBLOCK_SMALL) {
        wr_cacheindex_ghost_add(&sh->index, e->hash);
    }
    wr_cachering_drop(&sh->rings[e->ring], e->pos, e->n);
}

static void point(const struct oldest *e, unsigned ring, uint64_t pos, unsigned used)
{
    wr_cacheword_publish(e->slot, wr_cacheindex_slot_make(e->hash, ring, used, pos));
}

/* From the tail of a ring to its head. */
static void recycle(const struct wr_cacheblock_shard *sh, const struct oldest *e, unsigned used)
{
    const struct wr_cachering *r = &sh->rings[e->ring];
    uint64_t pos;
    bool roomy = wr_cachering_place(r, e->n, &pos);

    if (!roomy) {
        /* The gap is smaller than the entry: it is copied over itself, and misses for that moment. */
        wr_cachering_drop(r, e->pos, e->n);
        if (!wr_cachering_place(r, e->n, &pos)) {
            wr_cachefifo_remove(sh, e->slot, e->n);
            return;
        }
    }
    wr_cachering_open(r, pos);
    wr_cachering_copy(r, pos, r, e->pos, e->n);
    wr_cachering_close(r, pos, e->n);
    point(e, e->ring, pos, used);
    if (roomy) {
        wr_cachering_drop(r, e->pos, e->n);
    }
}

/* From the tail of the small ring to the head of the main ring. */
static void promote(const struct wr_cacheblock_shard *sh, const struct oldest *e, unsigned *moves)
{
    const struct wr_cachering *from = &sh->rings[WR_CACHEBLOCK_SMALL];
    const struct wr_cachering *to = &sh->rings[WR_CACHEBLOCK_MAIN];
    uint64_t pos;
    bool room = make_room(sh, WR_CACHEBLOCK_MAIN, e->n, moves, &pos);

    if (wr_cacheword_get(e->slot) == 0) {
        return; /* the main ring was torn, and the shard is empty now */
    }
    if (!room) {
        evict(sh, e);
        return;
    }
    wr_cachering_open(to, pos);
    wr_cachering_copy(to, pos, from, e->pos, e->n);
    wr_cachering_close(to, pos, e->n);
    point(e, WR_CACHEBLOCK_MAIN, pos, 0);
    add(&to->state->live, (int64_t)e->n);
    add(&from->state->live, -(int64_t)e->n);
    wr_cachering_drop(from, e->pos, e->n);
}

/* The rule at the small ring's tail. */
static void leave_small(const struct wr_cacheblock_shard *sh, const struct oldest *e, unsigned used,
                        unsigned *moves)
{
    if (used > 0) {
        add(&sh->state->promoted, 1);
        promote(sh, e, moves);
    } else if (live(sh, e->ring) <= full(sh, e->ring) && *moves > 0) {
        --*moves;
        recycle(sh, e, used);
    } else if (live(sh, WR_CACHEBLOCK_MAIN) + e->n <= full(sh, WR_CACHEBLOCK_MAIN)) {
        promote(sh, e, moves);
    } else {
        evict(sh, e);
    }
}

/* The rule at the main ring's tail. */
static void leave_main(const struct wr_cacheblock_shard *sh, const struct oldest *e, unsigned used,
                       unsigned *moves)
{
    bool roomy = live(sh, e->ring) <= full(sh, e->ring);

    if (*moves > 0 && (roomy || used > 0)) {
        --*moves;
        recycle(sh, e, roomy ? used : used - 1);
    } else {
        evict(sh, e);
    }
}

/* Moves the tail of a ring over one entry. False: it is empty (or was torn, and is now). */
static bool step(const struct wr_cacheblock_shard *sh, unsigned ring, unsigned *moves)
{
    struct oldest e = {.ring = ring};
    struct wr_name name;
    unsigned used;

    if (!wr_cachering_oldest(&sh->rings[ring], &e.pos, &e.n)) {
        return false;
    }
    if (e.n == 0) {
        add(&sh->state->torn, 1);
        wr_cacheblock_clear(sh);
        return false;
    }
    if (wr_cacheblock_hash_at(sh, ring, e.pos, e.n, &name, &e.hash)) {
        e.slot = wr_cacheindex_find(&sh->index, e.hash, ring, e.pos);
    }
    if (!e.slot) {
        wr_cachering_drop(&sh->rings[ring], e.pos, e.n);
        return true;
    }
    used = wr_cacheindex_slot_used(wr_cacheword_get(e.slot));
    if (ring == WR_CACHEBLOCK_SMALL) {
        leave_small(sh, &e, used, moves);
    } else {
        leave_main(sh, &e, used, moves);
    }
    return true;
}

/* Moves the tail until `n` units fit. Each step either takes from the ring or from `moves`, so it ends. */
static bool make_room(const struct wr_cacheblock_shard *sh, unsigned ring, uint64_t n,
                      unsigned *moves, uint64_t *ret_pos)
{
    while (!wr_cachering_place(&sh->rings[ring], n, ret_pos)) {
        if (!step(sh, ring, moves)) {
            return wr_cachering_place(&sh->rings[ring], n, ret_pos);
        }
    }
    return true;
}

/* Takes the dead entries out ahead of need, a little with each put: a ring of few live entries never fills. */
static void sweep(const struct wr_cacheblock_shard *sh, unsigned ring)
{
    unsigned moves = WR_CACHE_MOVES_MAX;

    for (unsigned i = 0; i < WR_CACHE_MOVES_MAX; i++) {
        uint64_t in_use = live(sh, ring);

        if (in_use > full(sh, ring) ||
            wr_cachering_gap(&sh->rings[ring]) >= (sh->rings[ring].units - in_use) / 2 ||
            !step(sh, ring, &moves)) {
            return;
        }
    }
}

wr_cacheword *wr_cachefifo_find(const struct wr_cacheblock_shard *sh,
                                const struct wr_cache_key *key, uint64_t *ret_units)
{
    size_t name_size = wr_name_size(key->name);

    for (unsigned i = 0; i < WR_CACHEINDEX_PAIR_SLOTS; i++) {
        wr_cacheword *slot = wr_cacheindex_at(&sh->index, key->hash, i);
        uint64_t seen = wr_cacheword_get(slot), pos = wr_cacheindex_slot_pos(seen), n;
        const struct wr_cachering *r = &sh->rings[wr_cacheindex_slot_ring(seen)];

        if (seen == 0 || wr_cacheindex_slot_tag(seen) != wr_cacheindex_tag(key->hash)) {
            continue;
        }
        n = wr_cachering_size_at(r, pos);
        if (n > 0 && wr_cacheentry_is(r->words + wr_cachering_offset(r, pos), n, key, name_size)) {
            *ret_units = n;
            return slot;
        }
    }
    return NULL;
}

/* The slot for a key that has none. */
static wr_cacheword *slot_for(const struct wr_cacheblock_shard *sh, uint64_t hash)
{
    wr_cacheword *slot = wr_cacheindex_empty(&sh->index, hash);
    uint64_t seen;

    if (!slot) {
        slot = wr_cacheindex_victim(&sh->index, hash);
        seen = wr_cacheword_get(slot);
        wr_cachefifo_remove(sh, slot,
                            wr_cachering_size_at(&sh->rings[wr_cacheindex_slot_ring(seen)],
                                                 wr_cacheindex_slot_pos(seen)));
        add(&sh->state->evicted, 1);
    }
    return slot;
}

static unsigned ring_for(const struct wr_cacheblock_shard *sh, const wr_cacheword *slot,
                         uint64_t hash, uint64_t n)
{
    if (n > sh->rings[WR_CACHEBLOCK_SMALL].units / 2) {
        return WR_CACHEBLOCK_MAIN;
    }
    if (slot) {
        return wr_cacheindex_slot_ring(wr_cacheword_get(slot));
    }
    if (wr_cacheindex_ghost_take(&sh->index, hash)) {
        add(&sh->state->ghost_hits, 1);
        return WR_CACHEBLOCK_MAIN;
    }
    return WR_CACHEBLOCK_SMALL;
}

int wr_cachefifo_put(const struct wr_cacheblock_shard *sh, const struct wr_cache_key *key,
                     const struct wr_cache_entry *entry)
{
    uint64_t n = wr_cacheentry_units(key, entry), old_n, pos;
    unsigned ring, used = 0, moves = WR_CACHE_MOVES_MAX;
    const struct wr_cachering *r;
    wr_cacheword *slot;

    if (n == 0 || n > sh->rings[WR_CACHEBLOCK_MAIN].units / 2) {
        return WR_E_LIMIT;
    }
    sweep(sh, WR_CACHEBLOCK_SMALL);
    sweep(sh, WR_CACHEBLOCK_MAIN);
    ring = ring_for(sh, wr_cachefifo_find(sh, key, &old_n), key->hash, n);
    r = &sh->rings[ring];
    if (!make_room(sh, ring, n, &moves, &pos)) {
        return WR_E_LIMIT;
    }
    wr_cachering_open(r, pos);
    wr_cacheentry_write(r->words + wr_cachering_offset(r, pos), key, entry);
    wr_cachering_close(r, pos, n);
    /* Making room may have moved or evicted the old version: it is looked up only now. */
    slot = wr_cachefifo_find(sh, key, &old_n);
    if (slot) {
        used = wr_cacheindex_slot_used(wr_cacheword_get(slot));
        add(&sh->rings[wr_cacheindex_slot_ring(wr_cacheword_get(slot))].state->live,
            -(int64_t)old_n);
    } else {
        slot = slot_for(sh, key->hash);
        add(&sh->state->entries, 1);
    }
    add(&r->state->live, (int64_t)n);
    add(&sh->state->inserted, 1);
    wr_cacheword_publish(slot, wr_cacheindex_slot_make(key->hash, ring, used, pos));
    return WR_OK;
}
