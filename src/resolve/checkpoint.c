/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/checkpoint.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "resolve/cacheentry.h"

#define BATCH_MAGIC 0x574b6231u /* "WKb1" */
/* Ages beyond this are this: 24 days; so that sums stay far from 2^32. */
#define AGE_MAX ((uint32_t)1 << 21)

static const uint8_t file_magic[8] = {'w', 'e', 'i', 'r', 'k', 'e', 'e', 'p'};

/* --- writing ---------------------------------------------------------------------------------- */

void wr_checkpoint_file(struct wr_checkpoint_chain *chain, const struct wr_hash_key *key,
                        const uint8_t id[WR_CHECKPOINT_ID_SIZE], uint8_t *ret_header)
{
    struct wr_writer w;

    memset(chain, 0, sizeof(*chain));
    chain->key = *key;
    memcpy(chain->id, id, WR_CHECKPOINT_ID_SIZE);
    wr_buf_write_init(&w, ret_header, WR_CHECKPOINT_FILE_HEADER);
    wr_buf_put_bytes(&w, file_magic, sizeof(file_magic));
    wr_buf_put_u32(&w, WR_CHECKPOINT_VERSION);
    wr_buf_put_u32(&w, 0);
    wr_buf_put_bytes(&w, id, WR_CHECKPOINT_ID_SIZE);
}

void wr_checkpoint_start(struct wr_checkpoint_batch *batch, void *room, size_t cap)
{
    wr_assert(cap > WR_CHECKPOINT_BATCH_EXTRA);
    wr_buf_write_init(&batch->w, room, cap - WR_CHECKPOINT_TAG_SIZE);
    batch->w.pos = WR_CHECKPOINT_BATCH_HEAD;
    batch->records = 0;
}

/* Ends a record that began at `start`, or takes it back. */
static int end_record(struct wr_checkpoint_batch *batch, size_t start)
{
    size_t size = batch->w.pos - start - 2;

    if (batch->w.err) {
        batch->w.pos = start;
        batch->w.err = 0;
        return WR_E_FULL;
    }
    if (size > UINT16_MAX) {
        batch->w.pos = start;
        return WR_E_LIMIT;
    }
    wr_buf_patch_u16(&batch->w, start, (uint16_t)size);
    batch->records++;
    return WR_OK;
}

static uint32_t age_at(const struct wr_cache_entry *entry, uint32_t now_s)
{
    int32_t age = (int32_t)(now_s - entry->stored_s);

    return age < 0 ? 0 : (uint32_t)age < AGE_MAX ? (uint32_t)age : AGE_MAX;
}

int wr_checkpoint_add(struct wr_checkpoint_batch *batch, const struct wr_cache_key *key,
                      const struct wr_cache_entry *entry, uint32_t now_s)
{
    struct wr_writer *w = &batch->w;
    size_t start = w->pos;
    bool set = entry->kind == WR_CACHE_RRSET;

    wr_buf_put_u16(w, 0);
    wr_buf_put_u8(w, WR_CHECKPOINT_ENTRY);
    wr_buf_put_u8(w, (uint8_t)entry->kind);
    wr_buf_put_u8(w, entry->flags);
    wr_buf_put_u8(w, (uint8_t)(entry->security << 4 | entry->rank));
    wr_buf_put_u16(w, key->type);
    wr_buf_put_u16(w, key->scope);
    wr_buf_put_u32(w, entry->ttl);
    wr_buf_put_u32(w, age_at(entry, now_s));
    wr_buf_put_u16(w, set ? entry->rrset.class_ : entry->rcode);
    wr_buf_put_u16(w, set ? entry->rrset.records : (uint16_t)entry->ede);
    wr_buf_put_u16(w, set ? entry->rrset.sigs : entry->sets);
    wr_buf_put_bytes(w, key->name, wr_name_size(key->name));
    wr_buf_put_bytes(w, set ? entry->rrset.data : entry->flat,
                     set ? entry->rrset.size : entry->flat_size);
    return end_record(batch, start);
}

int wr_checkpoint_add_flush(struct wr_checkpoint_batch *batch, const uint8_t *name)
{
    size_t start = batch->w.pos;

    wr_buf_put_u16(&batch->w, 0);
    wr_buf_put_u8(&batch->w, WR_CHECKPOINT_FLUSH);
    wr_buf_put_bytes(&batch->w, name, wr_name_size(name));
    return end_record(batch, start);
}

/* The tag of the `size` octets of header and records. */
static void tag_of(const struct wr_checkpoint_chain *chain, const uint8_t *batch, size_t size,
                   uint8_t ret_tag[WR_CHECKPOINT_TAG_SIZE])
{
    /* One hash over two: the chain's part has a fixed size, so the pieces cannot be confused. */
    uint8_t head[WR_CHECKPOINT_ID_SIZE + WR_CHECKPOINT_TAG_SIZE + 16];
    uint64_t sum[2];

    wr_hash_sip24_128(&chain->key, batch, size, sum);
    memcpy(head, chain->id, WR_CHECKPOINT_ID_SIZE);
    memcpy(head + WR_CHECKPOINT_ID_SIZE, chain->tag, WR_CHECKPOINT_TAG_SIZE);
    memcpy(head + WR_CHECKPOINT_ID_SIZE + WR_CHECKPOINT_TAG_SIZE, sum, 16);
    wr_hash_sip24_128(&chain->key, head, sizeof(head), sum);
    memcpy(ret_tag, sum, WR_CHECKPOINT_TAG_SIZE);
}

size_t wr_checkpoint_finish(struct wr_checkpoint_batch *batch, struct wr_checkpoint_chain *chain,
                            const struct wr_checkpoint_clock *clock)
{
    uint8_t *start = batch->w.base;
    size_t size = batch->w.pos;
    struct wr_writer w;

    memset(start, 0, WR_CHECKPOINT_BATCH_HEAD);
    wr_buf_write_init(&w, start, WR_CHECKPOINT_BATCH_HEAD);
    wr_buf_put_u32(&w, BATCH_MAGIC);
    wr_buf_put_u32(&w, (uint32_t)(size - WR_CHECKPOINT_BATCH_HEAD));
    wr_buf_put_u32(&w, batch->records);
    wr_buf_put_u32(&w, chain->number);
    wr_buf_put_u64(&w, (uint64_t)clock->now.wall_s);
    wr_buf_put_u64(&w, clock->now.mono_us / WR_S);
    wr_buf_put_bytes(&w, clock->boot, WR_CHECKPOINT_BOOT_SIZE);
    wr_buf_put_u8(&w, clock->now.wall_proven);
    wr_buf_put_u64(&w, clock->anchors);
    tag_of(chain, start, size, start + size);
    memcpy(chain->tag, start + size, WR_CHECKPOINT_TAG_SIZE);
    chain->number++;
    return size + WR_CHECKPOINT_TAG_SIZE;
}

/* --- reading ---------------------------------------------------------------------------------- */

struct head {
    uint32_t size, records, number;
    struct wr_checkpoint_clock clock;
};

int wr_checkpoint_open(struct wr_checkpoint_reader *r, const struct wr_hash_key *key,
                       const void *bytes, size_t size)
{
    struct wr_reader head;
    const uint8_t *magic, *id;
    uint32_t version;

    wr_buf_read_init(&head, bytes, size);
    magic = wr_buf_get_bytes(&head, sizeof(file_magic));
    version = wr_buf_get_u32(&head);
    wr_buf_skip(&head, 4);
    id = wr_buf_get_bytes(&head, WR_CHECKPOINT_ID_SIZE);
    if (magic && memcmp(magic, file_magic, sizeof(file_magic)) != 0) {
        return WR_E_FORMAT;
    }
    if (head.err || !id) {
        return WR_E_SHORT;
    }
    if (version != WR_CHECKPOINT_VERSION) {
        return WR_E_VERSION;
    }
    memset(r, 0, sizeof(*r));
    r->bytes = bytes;
    r->size = size;
    r->pos = r->good = WR_CHECKPOINT_FILE_HEADER;
    r->chain.key = *key;
    memcpy(r->chain.id, id, WR_CHECKPOINT_ID_SIZE);
    return WR_OK;
}

/* Reads the header of a batch at `pos`; false when there can be none. */
static bool read_head(struct wr_checkpoint_reader *r, size_t pos, struct head *ret_head)
{
    struct wr_reader in;
    struct head h;

    wr_buf_read_init(&in, r->bytes + pos, r->size - pos);
    if (wr_buf_get_u32(&in) != BATCH_MAGIC) {
        return false;
    }
    h.size = wr_buf_get_u32(&in);
    h.records = wr_buf_get_u32(&in);
    h.number = wr_buf_get_u32(&in);
    h.clock.now.wall_s = (int64_t)wr_buf_get_u64(&in);
    h.clock.now.mono_us = wr_buf_get_u64(&in);
    const uint8_t *boot = wr_buf_get_bytes(&in, WR_CHECKPOINT_BOOT_SIZE);
    h.clock.now.wall_proven = wr_buf_get_u8(&in) == 1;
    h.clock.anchors = wr_buf_get_u64(&in);
    wr_buf_skip(&in, 7);
    if (in.err || !boot || h.size > WR_CHECKPOINT_BATCH_MAX || wr_buf_left(&in) < h.size ||
        wr_buf_left(&in) - h.size < WR_CHECKPOINT_TAG_SIZE ||
        h.clock.now.mono_us > UINT64_MAX / WR_S) {
        return false;
    }
    h.clock.now.mono_us *= WR_S;
    memcpy(h.clock.boot, boot, WR_CHECKPOINT_BOOT_SIZE);
    *ret_head = h;
    return true;
}

/* Is its tag right, behind a batch with the tag `before`? `ret_tag`: what the tag is or should be. */
static bool tag_is_right(const struct wr_checkpoint_reader *r, size_t pos, uint32_t size,
                         const uint8_t *before, uint8_t ret_tag[WR_CHECKPOINT_TAG_SIZE])
{
    struct wr_checkpoint_chain chain = r->chain;

    memcpy(chain.tag, before, sizeof(chain.tag));
    tag_of(&chain, r->bytes + pos, WR_CHECKPOINT_BATCH_HEAD + size, ret_tag);
    return memcmp(ret_tag, r->bytes + pos + WR_CHECKPOINT_BATCH_HEAD + size,
                  WR_CHECKPOINT_TAG_SIZE) == 0;
}

/* The batch at `pos`, if it is whole and true; moves on behind it. When octets were skipped to get here, the tag before
 * is what stands in the file, or what it should have been: then this batch vouches for it. */
static bool take_batch(struct wr_checkpoint_reader *r, size_t pos, bool skipped)
{
    uint8_t tag[WR_CHECKPOINT_TAG_SIZE];
    struct head h;
    bool right;

    if (!read_head(r, pos, &h)) {
        return false;
    }
    if (skipped) {
        right = h.number >= r->chain.number &&
                (tag_is_right(r, pos, h.size, r->bytes + pos - sizeof(tag), tag) ||
                 tag_is_right(r, pos, h.size, r->should, tag));
    } else {
        right = tag_is_right(r, pos, h.size, r->chain.tag, tag) && h.number == r->chain.number;
        memcpy(r->should, tag, sizeof(tag));
    }
    if (!right) {
        return false;
    }
    r->clock = h.clock;
    memcpy(r->chain.tag, tag, sizeof(tag));
    r->chain.number = h.number + 1;
    wr_buf_read_init(&r->records, r->bytes + pos + WR_CHECKPOINT_BATCH_HEAD, h.size);
    r->left = h.records;
    r->pos = r->good = pos + WR_CHECKPOINT_BATCH_EXTRA + h.size;
    return true;
}

/* Searches behind a damaged place for a batch that is true. */
static bool find_batch(struct wr_checkpoint_reader *r)
{
    uint32_t tries = 0;

    for (size_t pos = r->pos + 1; pos + WR_CHECKPOINT_BATCH_EXTRA <= r->size; pos++) {
        if (r->bytes[pos] == BATCH_MAGIC >> 24 && r->bytes[pos + 1] == (BATCH_MAGIC >> 16 & 255) &&
            r->bytes[pos + 2] == (BATCH_MAGIC >> 8 & 255) &&
            r->bytes[pos + 3] == (BATCH_MAGIC & 255)) {
            if (take_batch(r, pos, true)) {
                r->damaged++;
                return true;
            }
            if (++tries == WR_CHECKPOINT_SEARCH_MAX) {
                return false;
            }
        }
    }
    return false;
}

static int read_entry(struct wr_reader *r, struct wr_checkpoint_record *record)
{
    struct wr_cache_entry *e = &record->entry;
    uint16_t word[3];
    uint8_t status;

    memset(e, 0, sizeof(*e));
    e->kind = (enum wr_cache_kind)wr_buf_get_u8(r);
    e->flags = wr_buf_get_u8(r) & WR_CACHE_WITH_SIGS;
    status = wr_buf_get_u8(r);
    e->security = status >> 4;
    e->rank = status & 15;
    record->key.type = wr_buf_get_u16(r);
    record->key.scope = wr_buf_get_u16(r);
    e->ttl = wr_buf_get_u32(r);
    record->age_s = wr_buf_get_u32(r);
    for (int i = 0; i < 3; i++) {
        word[i] = wr_buf_get_u16(r);
    }
    if (wr_name_read_plain(r, &record->name) || record->age_s > AGE_MAX ||
        e->kind < WR_CACHE_RRSET || e->kind == WR_CACHE_FAILURE || e->kind > WR_CACHE_CUT) {
        return WR_E_FORMAT;
    }
    e->ede = WR_EDE_NONE;
    if (e->kind == WR_CACHE_RRSET) {
        e->rrset = (struct wr_rrset){.owner = record->name.wire,
                                     .size = (uint32_t)wr_buf_left(r),
                                     .ttl = e->ttl,
                                     .type = record->key.type,
                                     .class_ = word[0],
                                     .records = word[1],
                                     .sigs = word[2],
                                     .security = e->security,
                                     .rank = e->rank};
        e->rrset.data = wr_buf_get_bytes(r, e->rrset.size);
    } else {
        e->rcode = word[0];
        e->ede = (int16_t)word[1];
        e->sets = word[2];
        e->flat_size = (uint32_t)wr_buf_left(r);
        e->flat = wr_buf_get_bytes(r, e->flat_size);
    }
    return r->err || !wr_cacheentry_check(e) ? WR_E_FORMAT : WR_OK;
}

static int read_record(struct wr_checkpoint_reader *r, struct wr_checkpoint_record *record)
{
    uint16_t size = wr_buf_get_u16(&r->records);
    const uint8_t *octets = wr_buf_get_bytes(&r->records, size);
    struct wr_reader one;
    uint8_t what;

    if (!octets) {
        return WR_E_SHORT;
    }
    wr_buf_read_init(&one, octets, size);
    what = wr_buf_get_u8(&one);
    record->what = (enum wr_checkpoint_what)what;
    if (what == WR_CHECKPOINT_FLUSH) {
        return wr_name_read_plain(&one, &record->name) || wr_buf_left(&one) ? WR_E_FORMAT : WR_OK;
    }
    return what == WR_CHECKPOINT_ENTRY ? read_entry(&one, record) : WR_E_FORMAT;
}

int wr_checkpoint_next(struct wr_checkpoint_reader *r, struct wr_checkpoint_record *ret_record)
{
    for (;;) {
        while (r->left > 0) {
            r->left--;
            if (read_record(r, ret_record) == WR_OK) {
                ret_record->key.name = ret_record->name.wire;
                ret_record->key.hash = 0;
                return WR_OK;
            }
            r->left = 0;
        }
        if (r->pos >= r->size || (!take_batch(r, r->pos, false) && !find_batch(r))) {
            return WR_E_NOTFOUND;
        }
    }
}

/* --- time ------------------------------------------------------------------------------------- */

bool wr_checkpoint_passed(const struct wr_checkpoint_clock *then,
                          const struct wr_checkpoint_clock *now, uint64_t *ret_s)
{
    uint64_t by_mono = 0, by_wall = 0;
    bool same_boot = memcmp(then->boot, now->boot, sizeof(then->boot)) == 0 &&
                     now->now.mono_us >= then->now.mono_us;
    bool same_wall = then->now.wall_proven && now->now.wall_proven &&
                     now->now.wall_s >= then->now.wall_s && then->now.wall_s > 0;

    if (same_boot) {
        by_mono = (now->now.mono_us - then->now.mono_us + WR_S - 1) / WR_S;
    }
    if (same_wall) {
        by_wall = (uint64_t)(now->now.wall_s - then->now.wall_s);
    }
    *ret_s = by_mono > by_wall ? by_mono : by_wall; /* never fresher than either says */
    return same_boot || same_wall;
}

bool wr_checkpoint_age(const struct wr_checkpoint_clock *then,
                       const struct wr_checkpoint_clock *now, uint32_t stale_max_s,
                       struct wr_checkpoint_record *record)
{
    uint64_t age = record->age_s, since;

    if (wr_checkpoint_passed(then, now, &since)) {
        age += since;
    } else if (age < record->entry.ttl) {
        age = record->entry.ttl;
    }
    if (age > AGE_MAX && age > record->entry.ttl) {
        return false;
    }
    if (age >= record->entry.ttl && age - record->entry.ttl > stale_max_s) {
        return false;
    }
    record->entry.stored_s = (uint32_t)(now->now.mono_us / WR_S - age);
    return true;
}
