/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept set: which cache entries are worth flash, and what was last written of each.
 *
 * Worth it is what was asked twice (once to fetch it, and once since: used >= 1), or has half an hour or more to live; never failures, bogus data, or
 * what has been stale for longer than it may be served. What is remembered is a digest per key of everything but the
 * times and the order of records, so that a refresh that only moves the TTL, or turns the records, is not
 * written again until what is on flash is six hours old (stale answers are bounded by their age, so it must not grow
 * without end).
 *
 * Memory: a table handed in, 4 places a line, the oldest gives way; a forgotten key is written once more, no worse.
 */
#ifndef WR_RESOLVE_KEPTSET_H
#define WR_RESOLVE_KEPTSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolve/cache.h"

#define WR_KEPTSET_LONG_LIFE_S 1800
#define WR_KEPTSET_REWRITE_S   21600
#define WR_KEPTSET_WAYS        4

struct wr_keptset_place {
    uint64_t hash; /* of the key; 0: empty */
    uint32_t digest;
    uint32_t written_s; /* modulo 2^32 */
};

struct wr_keptset {
    struct wr_keptset_place *places;
    uint32_t lines; /* power of two */
};

/* Octets for at least `entries` keys. */
size_t wr_keptset_size(uint32_t entries);
/* The block is zeroed, and becomes real memory only where it is used. */
void wr_keptset_init(struct wr_keptset *set, void *block, uint32_t entries);
void wr_keptset_forget(struct wr_keptset *set); /* everything */

bool wr_keptset_worth(const struct wr_cache_entry *entry, uint32_t stale_max_s);
/* Not written yet in this form, or too long ago. */
bool wr_keptset_news(const struct wr_keptset *set, const struct wr_cache_key *key,
                     const struct wr_cache_entry *entry, uint32_t now_s);
void wr_keptset_written(struct wr_keptset *set, const struct wr_cache_key *key,
                        const struct wr_cache_entry *entry, uint32_t written_s);

#endif
