/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/cacheentry.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "dns/name.h"

#define HEAD_SIZE   16 /* octets of the two words */
#define UNITS_MAX   (WR_CACHE_SCRATCH_SIZE / 8)
#define KIND_AT     48
#define PAD_AT      51
#define SIGS_BIT    ((uint64_t)1 << 54)
#define CLASS_BIT   ((uint64_t)1 << 55)
#define SEC_AT      56 /* three bits */
#define SILENCE_BIT ((uint64_t)1 << 59)
#define RANK_AT     60

/* Octets into words, with the octets of an unfinished word kept. */
struct stream {
    wr_cacheword *next;
    uint8_t pending[8];
    size_t fill;
};

static void stream_put(struct stream *s, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    uint64_t word;

    while (n > 0) {
        size_t take = 8 - s->fill < n ? 8 - s->fill : n;

        memcpy(s->pending + s->fill, from, take);
        s->fill += take;
        from += take;
        n -= take;
        if (s->fill == 8) {
            memcpy(&word, s->pending, 8);
            wr_cacheword_store(s->next++, word);
            s->fill = 0;
        }
    }
}

static void stream_put_u16(struct stream *s, uint16_t v)
{
    stream_put(s, &v, sizeof(v)); /* host order: the block never leaves the machine */
}

static void stream_end(struct stream *s)
{
    static const uint8_t zero[8];

    if (s->fill > 0) {
        stream_put(s, zero, 8 - s->fill);
    }
}

static bool class_is_kept(const struct wr_cache_entry *entry)
{
    return entry->kind == WR_CACHE_RRSET && entry->rrset.class_ != WR_CLASS_IN;
}

static size_t octets(const struct wr_cache_key *key, const struct wr_cache_entry *entry)
{
    size_t body = entry->kind == WR_CACHE_RRSET ? (size_t)4 + entry->rrset.size
                                                : (size_t)6 + entry->flat_size;

    return HEAD_SIZE + wr_name_size(key->name) + (class_is_kept(entry) ? 2 : 0) + body;
}

uint64_t wr_cacheentry_units(const struct wr_cache_key *key, const struct wr_cache_entry *entry)
{
    size_t size;

    if (entry->kind < WR_CACHE_RRSET || entry->kind > WR_CACHE_CUT ||
        entry->security > WR_SECURITY_SECURE || entry->rank > WR_RANK_AUTH_ANSWER ||
        entry->rrset.size > WR_RRSET_SIZE_MAX || entry->flat_size > WR_RRSET_SIZE_MAX) {
        return 0;
    }
    size = octets(key, entry);
    return size <= WR_CACHE_SCRATCH_SIZE ? (size + 7) / 8 : 0;
}

void wr_cacheentry_write(wr_cacheword *words, const struct wr_cache_key *key,
                         const struct wr_cache_entry *entry)
{
    struct stream s = {.next = words + 2};
    size_t size = octets(key, entry);
    uint64_t units = (size + 7) / 8;
    uint8_t name[WR_NAME_MAX];
    uint64_t word = units | (uint64_t)key->type << 16 | (uint64_t)key->scope << 32 |
                    (uint64_t)entry->kind << KIND_AT | (units * 8 - size) << PAD_AT |
                    (uint64_t)entry->security << SEC_AT | (uint64_t)entry->rank << RANK_AT;

    word |= (entry->flags & WR_CACHE_WITH_SIGS ? SIGS_BIT : 0);
    word |= (entry->flags & WR_CACHE_BY_SILENCE ? SILENCE_BIT : 0);
    word |= (class_is_kept(entry) ? CLASS_BIT : 0);
    stream_put(&s, name, wr_name_lower(key->name, name));
    if (class_is_kept(entry)) {
        stream_put_u16(&s, entry->rrset.class_);
    }
    if (entry->kind == WR_CACHE_RRSET) {
        stream_put_u16(&s, entry->rrset.records);
        stream_put_u16(&s, entry->rrset.sigs);
        stream_put(&s, entry->rrset.data, entry->rrset.size);
    } else {
        stream_put_u16(&s, entry->rcode);
        stream_put_u16(&s, (uint16_t)entry->ede);
        stream_put_u16(&s, entry->sets);
        stream_put(&s, entry->flat, entry->flat_size);
    }
    stream_end(&s);
    wr_cacheword_store(&words[1], entry->stored_s | (uint64_t)entry->ttl << 32);
    wr_cacheword_store(&words[0], word);
}

/* Eight octets with ASCII capitals lowered. A label's length is below 'A', so it stays. */
static uint64_t fold8(uint64_t v)
{
    uint64_t ascii = v & 0x7f7f7f7f7f7f7f7fu;
    uint64_t from_a = ascii + 0x3f3f3f3f3f3f3f3fu; /* bit 7: >= 'A' */
    uint64_t over_z = ascii + 0x2525252525252525u; /* bit 7: > 'Z' */

    return v | ((from_a & ~over_z & ~v & 0x8080808080808080u) >> 2);
}

bool wr_cacheentry_is(const wr_cacheword *words, uint64_t units, const struct wr_cache_key *key,
                      size_t name_size)
{
    uint64_t want = key->type | (uint64_t)key->scope << 16, part;
    const wr_cacheword *next = words + 2;
    const uint8_t *name = key->name;
    uint8_t rest[8] = {0}, mine[8];

    if (units * 8 < HEAD_SIZE + name_size ||
        (wr_cacheword_load(&words[0]) >> 16 & 0xffffffffu) != want) {
        return false;
    }
    for (; name_size >= 8; name_size -= 8, name += 8) {
        memcpy(&part, name, 8);
        if (wr_cacheword_load(next++) != fold8(part)) {
            return false;
        }
    }
    if (name_size == 0) {
        return true;
    }
    memcpy(rest, name, name_size);
    memcpy(&part, rest, 8);
    part = fold8(part);
    memcpy(rest, &part, 8);
    part = wr_cacheword_load(next);
    memcpy(mine, &part, 8);
    return memcmp(mine, rest, name_size) == 0;
}

void wr_cacheentry_copy(const wr_cacheword *words, uint64_t units, uint64_t *scratch)
{
    for (uint64_t i = 0; i < units; i++) {
        scratch[i] = wr_cacheword_load(&words[i]);
    }
}

static uint16_t take_u16(const uint8_t **at)
{
    uint16_t v;

    memcpy(&v, *at, sizeof(v));
    *at += sizeof(v);
    return v;
}

/* What the two words say. */
static void read_head(const uint64_t *copy, struct wr_cache_entry *entry)
{
    memset(entry, 0, sizeof(*entry));
    entry->kind = (enum wr_cache_kind)(copy[0] >> KIND_AT & 7);
    entry->flags = copy[0] & SIGS_BIT ? WR_CACHE_WITH_SIGS : 0;
    entry->flags |= copy[0] & SILENCE_BIT ? WR_CACHE_BY_SILENCE : 0;
    entry->security = copy[0] >> SEC_AT & 7;
    entry->rank = copy[0] >> RANK_AT & 15;
    entry->ede = WR_EDE_NONE;
    entry->stored_s = (uint32_t)copy[1];
    entry->ttl = (uint32_t)(copy[1] >> 32);
}

bool wr_cacheentry_read_body(const uint64_t *copy, uint64_t units, size_t name_size,
                             struct wr_cache_entry *ret_entry)
{
    const uint8_t *at = (const uint8_t *)copy + HEAD_SIZE + name_size;
    const uint8_t *end = (const uint8_t *)copy + units * 8 - (copy[0] >> PAD_AT & 7);
    struct wr_rrset *set = &ret_entry->rrset;

    read_head(copy, ret_entry);
    if (ret_entry->kind < WR_CACHE_RRSET || ret_entry->kind > WR_CACHE_CUT ||
        end - at < (ret_entry->kind == WR_CACHE_RRSET ? 4 : 6) + (copy[0] & CLASS_BIT ? 2 : 0)) {
        return false;
    }
    if (ret_entry->kind != WR_CACHE_RRSET) {
        ret_entry->rcode = take_u16(&at);
        ret_entry->ede = (int16_t)take_u16(&at);
        ret_entry->sets = take_u16(&at);
        ret_entry->flat = at;
        ret_entry->flat_size = (uint32_t)(end - at);
        return true;
    }
    set->class_ = copy[0] & CLASS_BIT ? take_u16(&at) : WR_CLASS_IN;
    set->records = take_u16(&at);
    set->sigs = take_u16(&at);
    set->data = at;
    set->size = (uint32_t)(end - at);
    set->type = copy[0] >> 16 & 0xffff;
    set->owner = (const uint8_t *)copy + HEAD_SIZE;
    set->ttl = ret_entry->ttl;
    set->security = ret_entry->security;
    set->rank = ret_entry->rank;
    set->prover = 0;
    return true;
}

bool wr_cacheentry_read(const uint64_t *copy, uint64_t units, struct wr_cache_key *ret_key,
                        struct wr_cache_entry *ret_entry)
{
    struct wr_name name;
    struct wr_reader r;

    if (units < 3 || units > UNITS_MAX) {
        return false;
    }
    wr_buf_read_init(&r, copy, units * 8);
    wr_buf_skip(&r, HEAD_SIZE);
    if (wr_name_read_plain(&r, &name) ||
        !wr_cacheentry_read_body(copy, units, name.size, ret_entry)) {
        return false;
    }
    ret_key->name = (const uint8_t *)copy + HEAD_SIZE;
    ret_key->type = copy[0] >> 16 & 0xffff;
    ret_key->scope = copy[0] >> 32 & 0xffff;
    ret_key->hash = 0;
    return true;
}

bool wr_cacheentry_check(const struct wr_cache_entry *entry)
{
    struct wr_rrset set;
    struct wr_reader r;

    if (entry->security > WR_SECURITY_SECURE || entry->rank > WR_RANK_AUTH_ANSWER ||
        entry->ttl > 0x7fffffff) {
        return false;
    }
    if (entry->kind == WR_CACHE_RRSET) {
        return wr_rrset_check(&entry->rrset) == 0;
    }
    /* Any extended error may be there: codes from 32768, which read as below zero, include the private ones. */
    if (entry->rcode > 4095 || entry->sets > WR_ANSWER_RRSETS_MAX) {
        return false;
    }
    wr_buf_read_init(&r, entry->flat, entry->flat_size);
    for (unsigned i = 0; i < entry->sets; i++) {
        if (wr_rrset_get_flat(&r, &set)) {
            return false;
        }
    }
    return wr_buf_left(&r) == 0;
}

struct wr_cacheentry_brief wr_cacheentry_brief(const wr_cacheword *words)
{
    uint64_t copy[2] = {wr_cacheword_get(&words[0]), wr_cacheword_get(&words[1])};

    return (struct wr_cacheentry_brief){.stored_s = (uint32_t)copy[1],
                                        .ttl = (uint32_t)(copy[1] >> 32),
                                        .kind = copy[0] >> KIND_AT & 7,
                                        .security = copy[0] >> SEC_AT & 7,
                                        .rank = copy[0] >> RANK_AT & 15};
}
