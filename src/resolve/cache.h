/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache: RRsets, negative answers and failures, in one block that all workers share.
 *
 * The block is handed in as a pointer and a size; whether it is plain memory or
 * a file on tmpfs, and what is saved of it, is serve's business. Nothing in it
 * is a pointer, so it can be mapped anywhere, and found again after a crash.
 *
 * Layout: a header, then shards chosen by the key's hash. A shard is an index of
 * 64-octet buckets (8 slots of 8 octets: a tag of the hash, two bits of use, and
 * the virtual position of the entry) and two rings of octets, entries behind one
 * another. The rings are the two queues of S3-FIFO: what is new enters the small
 * ring; what was asked again before it falls off the end moves to the main ring;
 * the rest leaves, and only its hash is remembered for a while (the ghosts), so
 * that its return goes straight to the main ring. In the main ring, what was asked since
 * goes round again. A scan of names asked once passes through the small ring and
 * evicts nothing that is used. There is no fragmentation and no list to lock.
 *
 * Reading takes no lock: take the slot, copy the entry out word by word (relaxed atomics), fence, and check that
 * the ring's tail has not passed the entry's position: virtual positions only grow, so the check cannot be
 * fooled. An entry is never changed once its slot is published: a new version is a new entry. A hit on an entry
 * that is just being moved tries again a few times, then misses.
 * Writing takes the shard's try-flag; when it is taken the write is skipped and counted (WR_E_BUSY): nobody waits.
 * A flag left by a killed process is cleared by wr_cache_attach.
 *
 * A failure (RFC 9520) never takes the place of data, not even of stale data, which is needed just then (RFC 8767):
 * put gives WR_E_EXISTS. To remember one beside stale data, store it under a scope of its own.
 *
 * Keys are a name (case ignored), a type (0 for NXDOMAIN, which holds for all types) and a scope: the view an
 * answer was got under (upstream group, checking disabled), so that no answer crosses from one to another.
 */
#ifndef WR_RESOLVE_CACHE_H
#define WR_RESOLVE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "dns/rrset.h"

struct wr_cache; /* lies inside the block */

/* Smallest block that can be formatted. */
#define WR_CACHE_SIZE_MIN ((size_t)256 * 1024)
/* Octets of scratch that wr_cache_get wants: the largest entry. 8-aligned. */
#define WR_CACHE_SCRATCH_SIZE 53248

enum wr_cache_kind {
    WR_CACHE_RRSET = 1,    /* one RRset */
    WR_CACHE_NODATA = 2,   /* the name exists, the type does not (RFC 2308) */
    WR_CACHE_NXDOMAIN = 3, /* the name does not exist */
    WR_CACHE_FAILURE = 4,  /* resolution failed a moment ago (RFC 9520) */
    WR_CACHE_CUT = 5,      /* a delegation and its glue (resolve/cut) */
};

struct wr_cache_key {
    const uint8_t *name;
    uint64_t hash; /* wr_cache_hash of the rest */
    uint16_t type;
    uint16_t scope;
};

#define WR_CACHE_BY_SILENCE 0x02 /* a failure for want of upstreams: over when one answers */
#define WR_CACHE_WITH_SIGS  0x01 /* was fetched with DO: an absent signature is absent */

struct wr_cache_entry {
    enum wr_cache_kind kind;
    uint8_t flags;     /* WR_CACHE_WITH_SIGS, WR_CACHE_BY_SILENCE */
    uint8_t security;  /* enum wr_security */
    uint8_t rank;      /* enum wr_rank */
    uint8_t used;      /* 0 to 3: how often asked lately */
    uint16_t rcode;    /* of a negative or a failure */
    int16_t ede;       /* extended error that goes with it, or WR_EDE_NONE */
    uint32_t stored_s; /* second (monotonic, modulo 2^32) it was stored */
    uint32_t ttl;      /* seconds it lives from then */
    int64_t ttl_left;  /* set by get: seconds left, negative once it is stale */
    /* RRSET: rrset.data points into the scratch (get) or the caller's octets (put); owner is the key's.
     * Others: `sets` RRsets in flat form (SOA, proofs), to be read with wr_rrset_get_flat. */
    struct wr_rrset rrset;
    const uint8_t *flat;
    uint32_t flat_size;
    uint16_t sets;
};

/* Formats the block. The key is secret, random, and kept in the header. WR_E_RANGE when too small. */
int wr_cache_format(void *block, size_t size, const struct wr_hash_key *key, struct wr_cache **ret);
/* Takes over a block that a process left behind: checks magic, version, size and every index; clears write flags.
 * WR_E_VERSION, WR_E_CHECKSUM: format it instead. */
int wr_cache_attach(void *block, size_t size, struct wr_cache **ret);

uint64_t wr_cache_hash(const struct wr_cache *c, const uint8_t *name, uint16_t type,
                       uint16_t scope);
/* Fills key->hash. */
/* Hints for a reader that knows what it will look up soon: they fetch the place in the index, and the entry it
 * names, into the processor's cache. Nothing is read that matters. */
void wr_cache_foresee(const struct wr_cache *c, uint64_t hash);
void wr_cache_foresee_entry(const struct wr_cache *c, uint64_t hash);
void wr_cache_key_init(const struct wr_cache *c, const uint8_t *name, uint16_t type, uint16_t scope,
                       struct wr_cache_key *ret_key);

/* Copies the entry into the scratch. WR_E_NOTFOUND. Counts the use (not with `peek`). now_s: monotonic seconds. */
int wr_cache_get(struct wr_cache *c, const struct wr_cache_key *key, uint32_t now_s, bool peek,
                 void *scratch, struct wr_cache_entry *ret_entry);
/* Stores a new version. Refuses (WR_E_EXISTS) to replace fresh data of a higher rank or better security by worse (RFC 2181 5.4.1).
 * WR_E_BUSY: another writer was there; WR_E_LIMIT: larger than an entry may be. entry->stored_s is honoured (kept entries are re-aged). */
int wr_cache_put(struct wr_cache *c, const struct wr_cache_key *key, uint32_t now_s,
                 const struct wr_cache_entry *entry);
int wr_cache_remove(struct wr_cache *c, const struct wr_cache_key *key);
/* Removes the name and all below it, all types and scopes, by a walk of the whole block; waits for each shard (bounded). Returns how many. */
uint64_t wr_cache_flush(struct wr_cache *c, const uint8_t *name);

/* Notes that something was flushed, for those who keep what they learnt beside the cache; wr_cache_flush does it. */
void wr_cache_note_flush(struct wr_cache *c);
uint64_t wr_cache_flushes(const struct wr_cache *c);

/* Walk over all entries, shard by shard; entries written meanwhile may be missed or seen. Start with cursor 0; WR_E_NOTFOUND at the end.
 * The name (lower case) is written to ret_name; ret_key->name points to it. */
int wr_cache_walk(struct wr_cache *c, uint64_t *cursor, uint32_t now_s, void *scratch,
                  struct wr_name *ret_name, struct wr_cache_key *ret_key,
                  struct wr_cache_entry *ret_entry);

struct wr_cache_stats {
    uint64_t size_bytes;
    uint64_t used_bytes; /* by live entries and their slots */
    uint64_t entries;
    uint64_t inserted, evicted, promoted, ghost_hits;
    uint64_t skipped_busy; /* writes that met another writer */
    uint64_t torn;         /* shards emptied because a ring was not what it must be */
};
/* Hits and misses are counted by the caller, per worker: a counter that all share would cost more than the hit. */
void wr_cache_stats(const struct wr_cache *c, struct wr_cache_stats *ret_stats);

#endif
