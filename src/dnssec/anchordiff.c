/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/anchordiff.h"

#include "base/hash.h"

/* Of texts that only the owner writes: no secret is wanted, and it must be the same after a restart. */
static const struct wr_hash_key key = {{0}};

static uint64_t mark_of(const struct wr_anchor *at)
{
    uint64_t mark = wr_name_hash(&key, at->name.wire);

    for (unsigned i = 0; i < at->ds.count; i++) {
        const struct wr_ds *ds = &at->ds.ds[i];

        mark += wr_hash_mix(wr_hash_sip13(&key, ds->digest, ds->size) ^
                            ((uint64_t)ds->tag << 16 | (uint64_t)ds->alg << 8 | ds->digest_type));
    }
    mark ^= wr_hash_mix((uint64_t)at->until_s);
    return wr_hash_mix(mark + (uint64_t)(1 + at->negative + 2 * at->closed + 4 * at->ds.broken));
}

uint64_t wr_anchordiff_mark(const struct wr_anchors *a)
{
    uint64_t mark = 0;

    for (unsigned i = 0; i < a->count; i++) {
        mark += mark_of(&a->list[i]);
    }
    return mark ? mark : 1;
}

static bool has(const struct wr_anchors *a, const struct wr_anchor *at)
{
    uint64_t mark = mark_of(at);
    bool any = false;

    for (unsigned i = 0; i < a->count && !any; i++) {
        any = mark_of(&a->list[i]) == mark && wr_name_equal(a->list[i].name.wire, at->name.wire);
    }
    return any;
}

/* Widens what is below for each anchor of `a` that `b` has not. */
static bool lacks(const struct wr_anchors *a, const struct wr_anchors *b, bool found,
                  struct wr_name *below)
{
    for (unsigned i = 0; i < a->count; i++) {
        const uint8_t *name = a->list[i].name.wire;

        if (has(b, &a->list[i])) {
            continue;
        }
        if (found) {
            const struct wr_name before = *below;
            unsigned common = wr_name_common(before.wire, name);

            name = wr_name_skip_labels(before.wire, wr_name_labels(before.wire) - common);
            wr_name_set(below, name);
        } else {
            wr_name_set(below, name);
        }
        found = true;
    }
    return found;
}

bool wr_anchordiff_find(const struct wr_anchors *a, const struct wr_anchors *b,
                        struct wr_name *ret_below)
{
    return lacks(b, a, lacks(a, b, false, ret_below), ret_below);
}
