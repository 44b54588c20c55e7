/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges that were made up, put into a small table and asked for in any order: the table stays within its places, what it gives stands at or before
 * what was asked and in its zone, is found again by its own owner, and lives no longer than it was put for.
 *
 * Input, again and again: an octet (0x80 put, 0x40 clear; else ask; the rest is the zone's labels counted from the root), then for put a
 * flat set, for ask a name.
 */
#include "fuzz.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "resolve/ranges.h"

#define PLACES 6
#define T0     1000u

static struct wr_ranges t;
static _Alignas(64) uint8_t block[64 * 1024];

static const uint8_t *zone_of(const uint8_t *name, unsigned labels)
{
    unsigned own = wr_name_labels(name);
    return wr_name_skip_labels(name, own > labels ? own - labels : 0);
}

static void put(const struct wr_rrset *set, unsigned zone_labels)
{
    int err = wr_ranges_put(&t, zone_of(set->owner, zone_labels), set, T0, set->ttl);
    promise(err == WR_OK || err == WR_E_FORMAT || err == WR_E_LIMIT || err == WR_E_UNSUPPORTED);
    promise(t.count <= PLACES && t.zones.taken <= t.count);
    promise(err != WR_OK || t.count > 0);
}

static void ask(const uint8_t *name)
{
    struct wr_rrset set, again;
    uint8_t hash[WR_NSEC3_HASH_SIZE] = {0};
    wr_id id = wr_ranges_zone(&t, name);
    if (id == 0) {
        return;
    }
    const struct wr_ranges_zone *z = wr_ranges_zone_of(&t, id);
    promise(wr_name_in(name, z->name.wire) && z->ranges > 0 && z->hashed <= z->ranges);
    if (wr_ranges_before(&t, id, name, T0, &set)) {
        promise(set.type == WR_TYPE_NSEC && set.ttl > 0 && set.ttl <= WR_RANGES_TTL_MAX);
        promise(wr_name_in(set.owner, z->name.wire) && wr_name_order(set.owner, name) <= 0);
        promise(wr_ranges_before(&t, id, set.owner, T0, &again) && again.owner == set.owner);
        promise(!wr_ranges_before(&t, id, name, T0 + WR_RANGES_TTL_MAX, &again));
    }
    memcpy(hash, name, wr_name_size(name) < sizeof(hash) ? wr_name_size(name) : sizeof(hash));
    if (wr_ranges_before_hash(&t, id, hash, T0, &set)) {
        promise(set.type == WR_TYPE_NSEC3 && z->hashed > 0 && wr_name_in(set.owner, z->name.wire));
    } else {
        promise(z->hashed == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wr_hash_key key = {{7, 8}};
    struct wr_reader r;
    promise(wr_ranges_size(PLACES) <= sizeof(block));
    wr_ranges_init(&t, block, PLACES, &key);
    wr_buf_read_init(&r, data, size);
    while (!r.err && r.pos < r.size) {
        uint8_t what = wr_buf_get_u8(&r);
        struct wr_name name;
        struct wr_rrset set;
        if (what & 0x80) {
            if (wr_rrset_get_flat(&r, &set) == WR_OK) {
                put(&set, what & 0x3f);
            }
        } else if (what & 0x40) {
            wr_ranges_clear(&t);
            promise(t.count == 0 && t.zones.taken == 0);
        } else if (wr_name_read_plain(&r, &name) == WR_OK) {
            ask(name.wire);
        }
    }
    return 0;
}
