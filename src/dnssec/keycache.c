/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/keycache.h"

#include <string.h>

#include "base/check.h"

static uint32_t rows_of(uint32_t zones)
{
    return zones < WR_KEYCACHE_WAYS ? 1 : zones / WR_KEYCACHE_WAYS;
}

static uint32_t places_of(uint32_t zones)
{
    return rows_of(zones) * WR_KEYCACHE_WAYS;
}

size_t wr_keycache_size(uint32_t zones)
{
    return (size_t)places_of(zones) *
           (sizeof(uint32_t) + sizeof(struct wr_zone_entry) + sizeof(struct wr_keyset));
}

void wr_keycache_init(struct wr_keycache *c, void *block, uint32_t zones,
                      const struct wr_hash_key *key)
{
    uint32_t places = places_of(zones);
    size_t front = places * (sizeof(uint32_t) + sizeof(struct wr_zone_entry));

    memset(block, 0, front);
    c->rows = rows_of(zones);
    c->key = *key;
    c->hashes = block;
    c->entries = (struct wr_zone_entry *)(void *)(c->hashes + places);
    c->keysets = (struct wr_keyset *)(void *)((uint8_t *)block + front);
    for (uint32_t i = 0; i < places; i++) {
        c->entries[i].keys = &c->keysets[i];
    }
}

static void drop_keys(struct wr_zone_entry *e)
{
    if (e->keyed) {
        wr_keyset_close(e->keys);
        e->keyed = false;
    }
}

void wr_keycache_close(struct wr_keycache *c)
{
    for (uint32_t i = 0; i < c->rows * WR_KEYCACHE_WAYS; i++) {
        wr_assert(c->entries[i].holds == 0);
        drop_keys(&c->entries[i]);
    }
}

static uint32_t hash_of(const struct wr_keycache *c, const uint8_t *zone)
{
    return (uint32_t)wr_name_hash(&c->key, zone);
}

/* The first place of the row. */
static size_t row_of(const struct wr_keycache *c, uint32_t hash)
{
    return (size_t)(hash % c->rows) * WR_KEYCACHE_WAYS;
}

static bool is_of(const struct wr_keycache *c, size_t at, uint32_t hash, const uint8_t *zone)
{
    const struct wr_zone_entry *e = &c->entries[at];

    return c->hashes[at] == hash && e->zone.size > 0 && wr_name_equal(e->zone.wire, zone);
}

struct wr_zone_entry *wr_keycache_find(struct wr_keycache *c, const uint8_t *zone, uint64_t now_us)
{
    uint32_t hash = hash_of(c, zone);
    size_t first = row_of(c, hash);

    for (size_t i = first; i < first + WR_KEYCACHE_WAYS; i++) {
        if (is_of(c, i, hash, zone) && c->entries[i].until_us > now_us) {
            c->entries[i].used_us = now_us;
            return &c->entries[i];
        }
    }
    return NULL;
}

/* The zone's own place, else the one that is missed least: free or expired ones first. NULL: all are held. */
static struct wr_zone_entry *place(struct wr_keycache *c, uint32_t hash, const uint8_t *zone,
                                   uint64_t now_us)
{
    size_t first = row_of(c, hash);
    struct wr_zone_entry *best = NULL;
    uint64_t best_used = 0;

    for (size_t i = first; i < first + WR_KEYCACHE_WAYS; i++) {
        struct wr_zone_entry *e = &c->entries[i];
        bool dead = e->zone.size == 0 || e->until_us <= now_us;
        uint64_t used = dead ? 0 : e->used_us;

        if (e->holds > 0) {
            continue;
        }
        if (is_of(c, i, hash, zone)) {
            return e;
        }
        if (!best || used < best_used) {
            best = e;
            best_used = used;
        }
    }
    return best;
}

/* Entries of the zone that are held cannot be replaced; they end here, so that the new one is found. */
static void outdate(struct wr_keycache *c, uint32_t hash, const uint8_t *zone)
{
    size_t first = row_of(c, hash);

    for (size_t i = first; i < first + WR_KEYCACHE_WAYS; i++) {
        if (is_of(c, i, hash, zone)) {
            c->entries[i].until_us = 0;
        }
    }
}

struct wr_zone_entry *wr_keycache_put(struct wr_keycache *c, const uint8_t *zone, uint8_t security,
                                      int16_t ede, const char *reason, struct wr_keyset *keys,
                                      uint64_t now_us, uint64_t until_us)
{
    uint32_t hash = hash_of(c, zone);
    struct wr_zone_entry *e = place(c, hash, zone, now_us);

    if (!e) {
        return NULL;
    }
    outdate(c, hash, zone);
    drop_keys(e);
    c->hashes[e - c->entries] = hash;
    wr_name_set(&e->zone, zone);
    e->security = security;
    e->ede = ede;
    e->reason = reason;
    e->used_us = now_us;
    e->until_us = until_us;
    if (keys) {
        wr_keyset_move(e->keys, keys);
        e->keyed = true;
    }
    return e;
}

void wr_keycache_hold(struct wr_zone_entry *e)
{
    e->holds++;
}

void wr_keycache_drop(struct wr_zone_entry *e)
{
    wr_assert(e->holds > 0);
    e->holds--;
}

void wr_keycache_clear(struct wr_keycache *c)
{
    for (uint32_t i = 0; i < c->rows * WR_KEYCACHE_WAYS; i++) {
        c->entries[i].until_us = 0;
    }
}
