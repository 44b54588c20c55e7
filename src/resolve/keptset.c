/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/keptset.h"

#include <string.h>

#include "base/hash.h"
#include "dns/rrset.h"

static uint32_t lines_for(uint32_t entries)
{
    uint32_t lines = 1;

    while (lines < (1u << 24) && lines * WR_KEPTSET_WAYS < entries) {
        lines *= 2;
    }
    return lines;
}

size_t wr_keptset_size(uint32_t entries)
{
    return (size_t)lines_for(entries) * WR_KEPTSET_WAYS * sizeof(struct wr_keptset_place);
}

void wr_keptset_init(struct wr_keptset *set, void *block, uint32_t entries)
{
    set->places = block;
    set->lines = lines_for(entries);
}

void wr_keptset_forget(struct wr_keptset *set)
{
    memset(set->places, 0, (size_t)set->lines * WR_KEPTSET_WAYS * sizeof(struct wr_keptset_place));
}

bool wr_keptset_worth(const struct wr_cache_entry *entry, uint32_t stale_max_s)
{
    if (entry->kind == WR_CACHE_FAILURE || entry->security == WR_SECURITY_BOGUS ||
        entry->ttl_left + (int64_t)stale_max_s <= 0) {
        return false;
    }
    return entry->used >= 1 || entry->ttl_left >= WR_KEPTSET_LONG_LIFE_S;
}

static uint64_t octets_hash(const void *bytes, size_t n)
{
    static const struct wr_hash_key fixed = {{0x6b65707473657431, 0x6b65707473657432}};

    return wr_hash_sip13(&fixed, bytes, n);
}

/* Of a negative answer: its sets without their TTLs. */
static uint64_t flat_hash(const struct wr_cache_entry *entry)
{
    struct wr_reader r;
    struct wr_rrset set;
    uint64_t sum = 0;

    wr_buf_read_init(&r, entry->flat, entry->flat_size);
    for (uint16_t i = 0; i < entry->sets && wr_rrset_get_flat(&r, &set) == 0; i++) {
        sum += octets_hash(set.data, set.size) ^ wr_hash_mix(set.type);
    }
    return sum;
}

static uint64_t set_hash(const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint64_t sum = set->class_;
    uint16_t size;

    for (uint32_t i = 0; wr_rrset_next(&walk, &rdata, &size); i++) {
        /* Signatures are made anew with the same records: only that they are there counts. */
        sum += i < set->records ? octets_hash(rdata, size) : 1;
    }
    return sum;
}

static uint32_t digest_of(const struct wr_cache_entry *entry)
{
    uint64_t head[2] = {(uint64_t)entry->kind | (uint64_t)entry->flags << 8 |
                            (uint64_t)entry->security << 16 | (uint64_t)entry->rank << 24 |
                            (uint64_t)entry->rcode << 32 | (uint64_t)(uint16_t)entry->ede << 48,
                        entry->kind == WR_CACHE_RRSET ? set_hash(&entry->rrset) : flat_hash(entry)};

    return (uint32_t)octets_hash(head, sizeof(head));
}

static struct wr_keptset_place *line_of(const struct wr_keptset *set, uint64_t hash)
{
    return set->places + (wr_hash_mix(hash) & (set->lines - 1)) * WR_KEPTSET_WAYS;
}

static struct wr_keptset_place *find(const struct wr_keptset *set, uint64_t hash)
{
    struct wr_keptset_place *line = line_of(set, hash);

    for (int i = 0; i < WR_KEPTSET_WAYS; i++) {
        if (line[i].hash == hash) {
            return &line[i];
        }
    }
    return NULL;
}

bool wr_keptset_news(const struct wr_keptset *set, const struct wr_cache_key *key,
                     const struct wr_cache_entry *entry, uint32_t now_s)
{
    const struct wr_keptset_place *place = find(set, key->hash);

    if (!place || place->digest != digest_of(entry)) {
        return true;
    }
    /* Old on flash, and something newer to write. */
    return now_s - place->written_s >= WR_KEPTSET_REWRITE_S &&
           (int32_t)(entry->stored_s - place->written_s) > 0;
}

void wr_keptset_written(struct wr_keptset *set, const struct wr_cache_key *key,
                        const struct wr_cache_entry *entry, uint32_t written_s)
{
    struct wr_keptset_place *place = find(set, key->hash), *line = line_of(set, key->hash);

    if (!place) {
        place = line;
        for (int i = 1; i < WR_KEPTSET_WAYS; i++) {
            bool older = (int32_t)(line[i].written_s - place->written_s) < 0;

            if (place->hash != 0 && (line[i].hash == 0 || older)) {
                place = &line[i];
            }
        }
    }
    *place = (struct wr_keptset_place){key->hash, digest_of(entry), written_s};
}
