/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache ring: octets in the order they came, entries behind one another, taken out at the tail.
 *
 * Positions are virtual: they count up for ever, in units of 8 octets (a word). A lap has a power of two of
 * them, of which the first `units` exist; so the place of a position is its low bits, and a position names one
 * moment of one place: a reader that holds an old one can tell that the tail has passed it. They are 48 bits
 * wide and compared by difference; going round all of them takes 2^51 octets of writing in one shard.
 *
 * The first word of an entry has its size in words in the low 16 bits; a word that is zero there says that
 * the next entry is at the start of the next lap. An entry is never split.
 *
 * Ownership: `state` and the words lie in the cache block; the struct is a view made for one call. Only the
 * holder of the shard's write flag calls what changes it.
 */
#ifndef WR_RESOLVE_CACHERING_H
#define WR_RESOLVE_CACHERING_H

#include <stdbool.h>
#include <stdint.h>

#include "resolve/cacheword.h"

#define WR_CACHERING_POS_BITS  48
#define WR_CACHERING_POS_MASK  (((uint64_t)1 << WR_CACHERING_POS_BITS) - 1)
#define WR_CACHERING_SIZE_MASK 0xffffu

struct wr_cachering_state {
    wr_cacheword head; /* where the next entry goes */
    wr_cacheword tail; /* the oldest entry; == head: empty */
    wr_cacheword live; /* units of entries that have a slot */
};

struct wr_cachering {
    struct wr_cachering_state *state;
    wr_cacheword *words;
    uint64_t units; /* words that exist */
    uint64_t mask;  /* virtual units in a lap - 1, >= units - 1 */
};

/* The mask of a ring of that many units. */
static inline uint64_t wr_cachering_mask(uint64_t units)
{
    return ((uint64_t)1 << (64 - __builtin_clzll(units - 1))) - 1;
}
void wr_cachering_reset(const struct wr_cachering *r);
/* a - b, for positions that are less than half the space apart. */
static inline int64_t wr_cachering_diff(uint64_t a, uint64_t b)
{
    return (int64_t)((a - b) << (64 - WR_CACHERING_POS_BITS)) >> (64 - WR_CACHERING_POS_BITS);
}
static inline uint64_t wr_cachering_offset(const struct wr_cachering *r, uint64_t pos)
{
    return pos & r->mask;
}
/* The tail has not passed it, and the head has. */
static inline bool wr_cachering_holds(const struct wr_cachering *r, uint64_t pos)
{
    uint64_t tail = wr_cacheword_get_acquire(&r->state->tail);
    uint64_t head = wr_cacheword_get(&r->state->head);

    return wr_cachering_diff(pos, tail) >= 0 && wr_cachering_diff(pos, head) < 0;
}
/* The size at a position that a slot names: 0 when it cannot be an entry. */
static inline uint64_t wr_cachering_size_at(const struct wr_cachering *r, uint64_t pos)
{
    uint64_t offset = wr_cachering_offset(r, pos), n;

    if (offset >= r->units) {
        return 0;
    }
    n = wr_cacheword_load(&r->words[offset]) & WR_CACHERING_SIZE_MASK;
    return n <= r->units - offset ? n : 0;
}
/* Where `n` units (at most half the ring) would go; false: the tail must move first. Changes nothing. */
bool wr_cachering_place(const struct wr_cachering *r, uint64_t n, uint64_t *ret_pos);
/* To be called before the first word is written at a place just given: ends the lap when the place is in the next. */
void wr_cachering_open(const struct wr_cachering *r, uint64_t pos);
/* The entry at `pos` is written: the head moves behind it. */
void wr_cachering_close(const struct wr_cachering *r, uint64_t pos, uint64_t n);
/* The entry at the tail, after skipping the end of a lap. False when the ring is empty; `ret_n` is 0 when what
 * stands there is no entry (a torn block: the ring must be reset). */
bool wr_cachering_oldest(const struct wr_cachering *r, uint64_t *ret_pos, uint64_t *ret_n);
/* Moves the tail behind the entry just given by wr_cachering_oldest. */
void wr_cachering_drop(const struct wr_cachering *r, uint64_t pos, uint64_t n);
/* Units between head and tail that nobody holds. */
uint64_t wr_cachering_gap(const struct wr_cachering *r);
/* Copies forward, lowest word first: the two may overlap when `to` lies before `from`. */
void wr_cachering_copy(const struct wr_cachering *to_ring, uint64_t to,
                       const struct wr_cachering *from_ring, uint64_t from, uint64_t n);

#endif
