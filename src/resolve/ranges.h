/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges: NSEC and NSEC3 RRsets that were proven, in order, so that the one that stands before a name is found (RFC 8198).
 *
 * A bounded table, the property of one worker: one array of places sorted by zone, kind and owner (canonical order, or the hash), searched by
 * halves. What is put where another has the same owner takes its place; what it contradicts, an owner within the new range or an older range
 * that holds the new owner, leaves. When it is full a range leaves that was not used lately. A zone lives as long as it has ranges. NSEC3 of
 * one zone have one salt and one count of iterations: others come with a new chain, and the old chain leaves.
 *
 * Opt-out NSEC3 is refused (WR_E_UNSUPPORTED), what is larger than a place too (WR_E_LIMIT), and what says something of
 * names outside the zone (WR_E_FORMAT). That a set is secure, and was not expanded from a wildcard, is what the caller promises.
 *
 * Times are monotonic seconds modulo 2^32. Memory is handed in; what is given back points into it, until the next put.
 */
#ifndef WR_RESOLVE_RANGES_H
#define WR_RESOLVE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/pool.h"
#include "dns/rrset.h"
#include "dnssec/nsec3.h"

/* Octets of a longer salt are not worth a place: RFC 9276 wants none. */
#define WR_RANGES_SALT_MAX 32

struct wr_ranges_zone {
    struct wr_name name;
    uint32_t ranges, hashed; /* all, and those that are NSEC3 */
    uint16_t iterations;     /* while hashed > 0 */
    uint8_t salt_size;
    uint8_t salt[WR_RANGES_SALT_MAX];
};

struct wr_range; /* a place */

struct wr_ranges {
    struct wr_range *range;
    uint32_t *order; /* a permutation of the places: `count` in order, then those that are free */
    uint32_t places, count, hand;
    struct wr_pool zones;
    struct wr_map map; /* from the hash of a name to its zone */
    struct wr_hash_key key;
};

size_t wr_ranges_size(uint32_t places);
void wr_ranges_init(struct wr_ranges *t, void *block, uint32_t places,
                    const struct wr_hash_key *key);
void wr_ranges_clear(struct wr_ranges *t);

int wr_ranges_put(struct wr_ranges *t, const uint8_t *zone, const struct wr_rrset *set,
                  uint32_t now_s, uint32_t ttl);
/* The deepest zone that has ranges, at or above the name; 0: none. */
wr_id wr_ranges_zone(const struct wr_ranges *t, const uint8_t *name);
const struct wr_ranges_zone *wr_ranges_zone_of(const struct wr_ranges *t, wr_id zone);
/* The NSEC of the name, or the one that stands before it, whether it covers the name or not; its TTL is what is left. */
bool wr_ranges_before(struct wr_ranges *t, wr_id zone, const uint8_t *name, uint32_t now_s,
                      struct wr_rrset *ret_set);
/* The same for a hash: what stands before the first is the last. */
bool wr_ranges_before_hash(struct wr_ranges *t, wr_id zone, const uint8_t *hash, uint32_t now_s,
                           struct wr_rrset *ret_set);

#endif
