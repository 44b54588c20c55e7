/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/copybuild.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "dns/rdata.h"

/* --- finding a record --- */

/* Ignores the case of all octets, so of names too. */
static uint32_t hash_of(const struct wr_copybuild *b, const uint8_t *owner, uint16_t type,
                        const uint8_t *rdata, uint16_t size)
{
    uint64_t h = wr_name_hash(&b->key, owner) ^ wr_hash_sip13_fold(&b->key, rdata, size);

    return (uint32_t)wr_hash_mix(h + type);
}

static bool is_same(const struct wr_local_record *a, const struct wr_xfer_rr *rr)
{
    return a->type == rr->type && a->size == rr->size && wr_name_equal(a->owner, rr->owner) &&
           wr_rdata_order(a->type, a->rdata, a->size, rr->rdata, rr->size) == 0;
}

/* The record + 1, or 0. */
static uint32_t find(const struct wr_copybuild *b, const struct wr_xfer_rr *rr)
{
    uint32_t at = hash_of(b, rr->owner, rr->type, rr->rdata, rr->size) & b->mask;

    for (; b->slot[at]; at = (at + 1) & b->mask) {
        uint32_t i = b->slot[at] - 1;

        if (!b->gone[i] && is_same(&b->names.item[i].r, rr))
            return i + 1;
    }
    return 0;
}

static void place(struct wr_copybuild *b, uint32_t i)
{
    const struct wr_local_record *r = &b->names.item[i].r;
    uint32_t at = hash_of(b, r->owner, r->type, r->rdata, r->size) & b->mask;

    while (b->slot[at])
        at = (at + 1) & b->mask;
    b->slot[at] = i + 1;
}

/* Room in both tables for one record more. */
static int widen(struct wr_copybuild *b)
{
    uint32_t slots = b->mask + 1, *slot;
    bool *gone;

    if (b->names.count + 1 <= b->gone_room)
        return WR_OK;
    gone = realloc(b->gone, (size_t)slots * sizeof(*gone));
    if (!gone)
        return WR_E_NOMEM;
    b->gone = gone;
    slot = calloc(2 * (size_t)slots, sizeof(*slot));
    if (!slot)
        return WR_E_NOMEM;
    memset(gone + b->gone_room, 0, slots - b->gone_room);
    free(b->slot);
    b->slot = slot;
    b->gone_room = slots; /* so at most half of the slots are used */
    b->mask = 2 * slots - 1;
    for (uint32_t i = 0; i < b->names.count; i++)
        place(b, i);
    return WR_OK;
}

/* --- gathering --- */

static int append(struct wr_copybuild *b, const struct wr_xfer_rr *rr)
{
    int err = b->changes ? widen(b) : WR_OK;

    /* Compression makes a small message of long names: what is kept counts, not what came. */
    b->octets += sizeof(struct wr_names_record) + wr_name_size(rr->owner) + rr->size;
    if (!err && b->octets > WR_XFER_OCTETS_MAX)
        err = WR_E_LIMIT;
    if (err)
        return err;
    if (!wr_names_add(&b->names, rr->owner, rr->type, rr->ttl, rr->rdata, rr->size, 0))
        return b->names.count >= WR_NAMES_RECORDS_MAX ? WR_E_LIMIT : WR_E_NOMEM;
    b->names.item[b->names.count - 1].reverse = false; /* not the owner's words */
    if (b->changes)
        place(b, b->names.count - 1);
    return WR_OK;
}

static int copy_base(struct wr_copybuild *b, const struct wr_names *base)
{
    int err = WR_OK;

    b->changes = true;
    b->mask = 63;
    b->slot = calloc(64, sizeof(*b->slot));
    err = b->slot ? WR_OK : WR_E_NOMEM;
    for (uint32_t i = 0; !err && i < base->count; i++) {
        const struct wr_local_record *r = &base->item[i].r;
        const struct wr_xfer_rr rr = {r->owner, r->rdata, r->ttl, r->type, r->size};

        err = append(b, &rr);
    }
    return err;
}

int wr_copybuild_start(struct wr_copybuild *b, const struct wr_names *base,
                       const struct wr_hash_key *key)
{
    int err = WR_OK;

    memset(b, 0, sizeof(*b));
    wr_names_init(&b->names, "");
    b->key = *key;
    if (base)
        err = copy_base(b, base);
    if (err)
        wr_copybuild_drop(b);
    return err;
}

int wr_copybuild_add(struct wr_copybuild *b, const struct wr_xfer_rr *rr)
{
    return b->changes && find(b, rr) ? WR_E_EXISTS : append(b, rr);
}

int wr_copybuild_remove(struct wr_copybuild *b, const struct wr_xfer_rr *rr)
{
    uint32_t i = b->changes ? find(b, rr) : 0;

    if (!i)
        return WR_E_NOTFOUND;
    b->gone[i - 1] = true;
    return WR_OK;
}

/* --- the end --- */

static void let_tables_go(struct wr_copybuild *b)
{
    free(b->gone);
    free(b->slot);
    b->gone = NULL;
    b->slot = NULL;
}

void wr_copybuild_drop(struct wr_copybuild *b)
{
    let_tables_go(b);
    wr_names_free(&b->names);
}

const struct wr_local_record *wr_copybuild_soa(const struct wr_names *names, const uint8_t *zone)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (names->item[i].r.type == WR_TYPE_SOA && wr_name_equal(names->item[i].r.owner, zone))
            return &names->item[i].r;
    return NULL;
}

static bool is_zone(const struct wr_names *names, const uint8_t *zone)
{
    unsigned soas = 0, servers = 0;

    for (uint32_t i = 0; i < names->count; i++) {
        const struct wr_local_record *r = &names->item[i].r;

        if ((r->type == WR_TYPE_SOA || r->type == WR_TYPE_NS) && wr_name_equal(r->owner, zone)) {
            soas += r->type == WR_TYPE_SOA;
            servers += r->type == WR_TYPE_NS;
        }
    }
    return soas == 1 && servers > 0;
}

static void leave_gone_out(struct wr_copybuild *b)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < b->names.count; i++)
        if (!b->gone[i])
            b->names.item[kept++] = b->names.item[i];
    b->names.count = kept;
}

int wr_copybuild_end(struct wr_copybuild *b, const uint8_t *zone, struct wr_names *ret_names)
{
    if (b->gone)
        leave_gone_out(b);
    let_tables_go(b);
    if (!is_zone(&b->names, zone)) {
        wr_names_free(&b->names);
        return WR_E_FORMAT;
    }
    *ret_names = b->names;
    ret_names->copy = true;
    wr_names_init(&b->names, "");
    return WR_OK;
}
