/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache FIFO: what stays and what leaves, in one shard: S3-FIFO over the two rings.
 *
 * (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.) New entries enter the small ring;
 * at its tail, what was asked since moves to the main ring, the rest leaves and its hash becomes a ghost; what a ghost
 * remembers enters the main ring at once. At the main ring's tail, what was asked since goes round again with
 * one use less. Two things are added because the rings hold octets and answers are refreshed:
 *   - as long as the main ring has room, nothing leaves: the small ring's tail moves there;
 *   - a new version of an entry leaves a dead one behind. While live entries fill less than 7/8 of a ring, its
 *     tail is recycled instead of evicted, so that refreshing few names for ever costs none of them its place.
 *
 * All calls are made under the shard's write flag. Work per call is bounded by WR_CACHE_MOVES_MAX copies and by
 * the entries that must leave to make the room.
 */
#ifndef WR_RESOLVE_CACHEFIFO_H
#define WR_RESOLVE_CACHEFIFO_H

#include <stdint.h>

#include "resolve/cacheblock.h"

/* Stores an entry as the newest of its ring and points its slot to it. WR_E_LIMIT: too large for this block. */
int wr_cachefifo_put(const struct wr_cacheblock_shard *sh, const struct wr_cache_key *key,
                     const struct wr_cache_entry *entry);
/* The slot of a key, or NULL; under the flag. `ret_units`: size of its entry. */
wr_cacheword *wr_cachefifo_find(const struct wr_cacheblock_shard *sh,
                                const struct wr_cache_key *key, uint64_t *ret_units);
/* Takes the slot's entry of that size out. */
void wr_cachefifo_remove(const struct wr_cacheblock_shard *sh, wr_cacheword *slot, uint64_t units);

#endif
