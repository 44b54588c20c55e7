/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/keycache.h"

#include <string.h>

#include "base/check.h"

static uint32_t rows_of(uint32_t zones)
{
    return zones < WR_KEYCACHE_WAYS ? 1 : zones / WR_KEYCACHE_WAYS;
}

size_t wr_keycache_size(uint32_t zones)
{
    return (size_t)rows_of(zones) * WR_KEYCACHE_WAYS * sizeof(struct wr_zone_entry);
}

void wr_keycache_init(struct wr_keycache *c, void *block, uint32_t zones,
                      const struct wr_hash_key *key)
{
    c->entries = block;
    c->rows = rows_of(zones);
    c->key = *key;
    memset(block, 0, wr_keycache_size(zones));
}

void wr_keycache_close(struct wr_keycache *c)
{
    for (uint32_t i = 0; i < c->rows * WR_KEYCACHE_WAYS; i++) {
        wr_assert(c->entries[i].holds == 0);
        wr_keyset_close(&c->entries[i].keys);
    }
}

static struct wr_zone_entry *row(struct wr_keycache *c, const uint8_t *zone)
{
    return &c->entries[wr_name_hash(&c->key, zone) % c->rows * WR_KEYCACHE_WAYS];
}

struct wr_zone_entry *wr_keycache_find(struct wr_keycache *c, const uint8_t *zone, uint64_t now_us)
{
    struct wr_zone_entry *at = row(c, zone);

    for (int i = 0; i < WR_KEYCACHE_WAYS; i++) {
        if (at[i].zone.size > 0 && at[i].until_us > now_us &&
            wr_name_equal(at[i].zone.wire, zone)) {
            at[i].used_us = now_us;
            return &at[i];
        }
    }
    return NULL;
}

/* The zone's own place, else the one that is missed least: free or expired ones first. */
static struct wr_zone_entry *place(struct wr_keycache *c, const uint8_t *zone, uint64_t now_us)
{
    struct wr_zone_entry *at = row(c, zone), *best = NULL;
    uint64_t best_used = 0;

    for (int i = 0; i < WR_KEYCACHE_WAYS; i++) {
        bool dead = at[i].zone.size == 0 || at[i].until_us <= now_us;
        uint64_t used = dead ? 0 : at[i].used_us;

        if (at[i].holds > 0) {
            continue;
        }
        if (at[i].zone.size > 0 && wr_name_equal(at[i].zone.wire, zone)) {
            return &at[i];
        }
        if (!best || used < best_used) {
            best = &at[i];
            best_used = used;
        }
    }
    return best;
}

/* Entries of the zone that are held cannot be replaced; they end here, so that the new one is found. */
static void outdate(struct wr_keycache *c, const uint8_t *zone)
{
    struct wr_zone_entry *at = row(c, zone);

    for (int i = 0; i < WR_KEYCACHE_WAYS; i++) {
        if (at[i].zone.size > 0 && wr_name_equal(at[i].zone.wire, zone)) {
            at[i].until_us = 0;
        }
    }
}

struct wr_zone_entry *wr_keycache_put(struct wr_keycache *c, const uint8_t *zone, uint8_t security,
                                      int16_t ede, const char *reason, struct wr_keyset *keys,
                                      uint64_t now_us, uint64_t until_us)
{
    struct wr_zone_entry *e = place(c, zone, now_us);

    if (!e) {
        return NULL;
    }
    outdate(c, zone);
    wr_keyset_close(&e->keys);
    wr_name_set(&e->zone, zone);
    e->security = security;
    e->ede = ede;
    e->reason = reason;
    e->used_us = now_us;
    e->until_us = until_us;
    if (keys) {
        e->keys = *keys;
        keys->count = keys->entries = keys->unsupported = 0;
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
