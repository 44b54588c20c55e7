/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache entry: one answer as words in a cache ring.
 *
 *   word 0   size in words (16) | type (16) | scope (16) | kind (3) | octets of padding (3) | with signatures (1)
 *            | class stands in the entry (1) | security (4) | rank (4)
 *   word 1   second it was stored, modulo 2^32 (32) | TTL in seconds (32)
 *   octets   name in lower case; class if it is not IN;
 *            RRSET: records (2), signatures (2), packed data; others: rcode (2), EDE (2), sets (2), flat sets
 *
 * An A record of a name of 18 octets takes 48. Times are seconds modulo 2^32, so that what was stored before the
 * box last started can have a date before zero.
 */
#ifndef WR_RESOLVE_CACHEENTRY_H
#define WR_RESOLVE_CACHEENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolve/cache.h"
#include "resolve/cacheword.h"

/* Words an entry of this key takes, 0 when it is malformed or too large. */
uint64_t wr_cacheentry_units(const struct wr_cache_key *key, const struct wr_cache_entry *entry);
/* Writes it at `words`, which has the room. */
void wr_cacheentry_write(wr_cacheword *words, const struct wr_cache_key *key,
                         const struct wr_cache_entry *entry);
/* The entry of `units` words is one of this key (name size given, case ignored). What it read may be torn: check the
 * ring afterwards. */
bool wr_cacheentry_is(const wr_cacheword *words, uint64_t units, const struct wr_cache_key *key,
                      size_t name_size);
/* Copies it out. */
void wr_cacheentry_copy(const wr_cacheword *words, uint64_t units, uint64_t *scratch);

/* The pieces of a copy. False when it is not an entry. `ret_entry` points into the copy. */
bool wr_cacheentry_read(const uint64_t *copy, uint64_t units, struct wr_cache_key *ret_key,
                        struct wr_cache_entry *ret_entry);
/* The same, of a copy whose name is known to be there and to have this size. */
bool wr_cacheentry_read_body(const uint64_t *copy, uint64_t units, size_t name_size,
                             struct wr_cache_entry *ret_entry);
/* Looks at everything in it, names and rdata included: for blocks that came from outside. */
bool wr_cacheentry_check(const struct wr_cache_entry *entry);

/* Of an entry in a ring, under the write flag. */
struct wr_cacheentry_brief {
    uint32_t stored_s;
    uint32_t ttl;
    uint8_t kind;
    uint8_t security;
    uint8_t rank;
};
struct wr_cacheentry_brief wr_cacheentry_brief(const wr_cacheword *words);

/* Seconds left at now_s; negative once it is stale. */
static inline int64_t wr_cacheentry_left(uint32_t stored_s, uint32_t ttl, uint32_t now_s)
{
    int32_t age = (int32_t)(now_s - stored_s);

    return (int64_t)ttl - (age > 0 ? age : 0);
}

#endif
