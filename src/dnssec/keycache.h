/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key cache: what is known of zones: keys that were proven, that a zone is insecure, or that it is bogus for a while.
 *
 * One a worker, without locks. Memory of a size that the configuration says is handed in; a zone's hash picks a row
 * of sixteen places, and the one that was not used for the longest makes room. An entry that a validation holds
 * (wr_keycache_hold) stays where it is until it is dropped, even when it has expired or the cache was cleared. Time
 * is the monotonic clock's, in microseconds.
 *
 * Keys lie apart from the entries, and what nobody wrote to takes no memory where the system gives pages as they are
 * touched: most zones are insecure and need 320 octets. Prepared keys hold memory of the crypto library as well:
 * up to WR_DNSSEC_KEYS_MAX keys of some three KiB an entry, usually two. wr_keycache_close frees it all; nothing may be held then.
 */
#ifndef WR_DNSSEC_KEYCACHE_H
#define WR_DNSSEC_KEYCACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "dns/name.h"
#include "dns/rrset.h"
#include "dnssec/keys.h"

#define WR_KEYCACHE_WAYS 16

struct wr_zone_entry {
    uint8_t security; /* enum wr_security: SECURE with keys, INSECURE, BOGUS */
    bool keyed;       /* there is something in `keys` */
    int16_t ede;
    uint16_t holds;
    const char *reason; /* static text */
    uint64_t until_us, used_us;
    struct wr_keyset *keys; /* the place for them that goes with this entry */
    struct wr_name zone;    /* size 0: the place is free */
};

struct wr_keycache {
    struct wr_zone_entry *entries;
    struct wr_keyset *keysets; /* one an entry; not written to before there are keys */
    uint32_t *hashes; /* of the zones: those of a row are one line of the processor's cache */
    uint32_t rows;
    struct wr_hash_key key;
};

size_t wr_keycache_size(uint32_t zones);
/* `block` of wr_keycache_size(zones) octets, aligned to 8; at least one row. */
void wr_keycache_init(struct wr_keycache *c, void *block, uint32_t zones,
                      const struct wr_hash_key *key);
void wr_keycache_close(struct wr_keycache *c);
/* The entry of exactly this zone, not expired; or NULL. */
struct wr_zone_entry *wr_keycache_find(struct wr_keycache *c, const uint8_t *zone, uint64_t now_us);
/* Takes the keys over when it gives an entry (NULL keys: none). NULL: every place of the row is held. */
struct wr_zone_entry *wr_keycache_put(struct wr_keycache *c, const uint8_t *zone, uint8_t security,
                                      int16_t ede, const char *reason, struct wr_keyset *keys,
                                      uint64_t now_us, uint64_t until_us);
void wr_keycache_hold(struct wr_zone_entry *e);
void wr_keycache_drop(struct wr_zone_entry *e);
/* Forgets all: anchors changed, or time was proven (what was judged before is judged again). */
void wr_keycache_clear(struct wr_keycache *c);

#endif
