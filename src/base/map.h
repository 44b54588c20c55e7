/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Map: 64-bit hash to 64-bit value, open addressing, in memory handed in.
 *
 * The hash is the key (keyed by the caller, so nobody outside can aim). Values
 * are ids; the caller verifies the full key behind the id, and several entries
 * may carry one hash: wr_map_first/next walk them.
 */
#ifndef WR_BASE_MAP_H
#define WR_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wr_map_slot {
    uint64_t hash;
    uint64_t value; /* 0: empty */
};

struct wr_map {
    struct wr_map_slot *slots;
    uint32_t mask; /* slots - 1 */
    uint32_t count;
    uint32_t cap; /* most entries: half the slots */
};

size_t wr_map_size(uint32_t cap);
void wr_map_init(struct wr_map *m, void *block, uint32_t cap);
int wr_map_put(struct wr_map *m, uint64_t hash, uint64_t value); /* WR_E_FULL at cap */
/* The first value under the hash, or 0; then the next ones by the same cursor. */
uint64_t wr_map_first(const struct wr_map *m, uint64_t hash, uint32_t *ret_cursor);
uint64_t wr_map_next(const struct wr_map *m, uint64_t hash, uint32_t *cursor);
bool wr_map_remove(struct wr_map *m, uint64_t hash, uint64_t value);

#endif
