/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/gather.h"

#include <string.h>

#include "base/limits.h"
#include "dns/rdata.h"

bool wr_gather_charge(struct wr_gather *g, uint32_t n)
{
    g->looks -= n < g->looks ? n : g->looks;
    return g->looks > 0;
}

bool wr_gather_next(struct wr_gather *g, struct wr_msg_walk *walk, struct wr_msg_rr *ret_rr)
{
    return wr_gather_charge(g, 1) && wr_msg_next(walk, ret_rr);
}

static bool covers(const struct wr_msg *msg, const struct wr_msg_rr *rr, uint16_t type)
{
    struct wr_reader r = wr_msg_reader(msg, rr->rdata);
    return rr->type == WR_TYPE_RRSIG && rr->rdlength >= 18 && wr_buf_get_u16(&r) == type;
}

/* An address whose length is wrong is no address: it is left out, the others are none the worse. */
static bool is_broken_address(const struct wr_msg_rr *rr)
{
    return (rr->type == WR_TYPE_A && rr->rdlength != 4) ||
           (rr->type == WR_TYPE_AAAA && rr->rdlength != 16);
}

/* Is this record of the set (owner, type), as a record (sigs false) or as a signature over it? */
static bool belongs(const struct wr_gather *g, const struct wr_msg_rr *rr, const uint8_t *owner,
                    uint16_t type, bool sigs)
{
    if (rr->class_ != WR_CLASS_IN || !wr_name_equal(rr->owner.wire, owner) ||
        is_broken_address(rr)) {
        return false;
    }
    return sigs ? covers(g->msg, rr, type) : rr->type == type;
}

static bool packed_before(const struct wr_rrset *set, const uint8_t *rdata, size_t size)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *have;
    uint16_t have_size;
    while (wr_rrset_next(&walk, &have, &have_size)) {
        if (have_size == size && memcmp(have, rdata, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Appends one record to the set that `w` is filling; a duplicate is dropped (RFC 2181 section 5). */
static int pack_one(const struct wr_gather *g, const struct wr_msg_rr *rr, struct wr_writer *w,
                    struct wr_rrset *set, uint16_t *count)
{
    size_t start = w->pos;
    wr_buf_put_u16(w, 0);
    struct wr_reader r = wr_msg_reader(g->msg, rr->rdata);
    int err = wr_rdata_expand(&r, wr_rdata_form(rr->class_, rr->type), rr->rdlength, w);
    if (err) {
        return err == WR_E_FULL ? WR_E_LIMIT : WR_E_FORMAT;
    }
    if (w->err) {
        return WR_E_LIMIT;
    }
    size_t size = w->pos - start - 2;
    set->data = w->base;
    set->size = (uint32_t)start;
    if (packed_before(set, w->base + start + 2, size)) {
        w->pos = start;
        return WR_OK;
    }
    wr_buf_patch_u16(w, start, (uint16_t)size);
    if (++*count > WR_RRSET_RECORDS_MAX) {
        return WR_E_LIMIT;
    }
    set->ttl = rr->ttl < set->ttl ? rr->ttl : set->ttl;
    return WR_OK;
}

static int pack_section(struct wr_gather *g, enum wr_section section, const uint8_t *owner,
                        struct wr_writer *w, struct wr_rrset *set, bool sigs)
{
    struct wr_msg_walk walk = wr_msg_walk(g->msg, section);
    struct wr_msg_rr rr;
    while (wr_gather_next(g, &walk, &rr)) {
        if (belongs(g, &rr, owner, set->type, sigs)) {
            int err = pack_one(g, &rr, w, set, sigs ? &set->sigs : &set->records);
            if (err) {
                return err;
            }
        }
    }
    return WR_OK;
}

/* The signatures of the same section. A server that put them into another has them found there: what a signature proves does
 * not depend on where it stands. */
static int pack_sigs(struct wr_gather *g, enum wr_section section, const uint8_t *owner,
                     struct wr_writer *w, struct wr_rrset *set)
{
    int err = pack_section(g, section, owner, w, set, true);
    for (unsigned other = WR_SECTION_ANSWER; other <= WR_SECTION_ADDITIONAL && !err; other++) {
        if (set->sigs == 0 && other != section && g->msg->edns.dnssec_ok) {
            err = pack_section(g, (enum wr_section)other, owner, w, set, true);
        }
    }
    return err;
}

int wr_gather(struct wr_gather *g, enum wr_section section, const struct wr_name *owner,
              uint16_t type, uint8_t rank, struct wr_rrset *ret_set)
{
    struct wr_rrset set = {.type = type, .class_ = WR_CLASS_IN, .ttl = UINT32_MAX, .rank = rank};
    size_t mark = wr_arena_mark(g->arena);
    size_t room = g->arena->cap - mark;
    uint8_t *copy = wr_arena_copy(g->arena, owner->wire, owner->size);
    room = room > WR_RRSET_SIZE_MAX + 512 ? WR_RRSET_SIZE_MAX : room > 1024 ? room - 512 : 0;
    uint8_t *data = copy ? wr_arena_take(g->arena, room) : NULL;
    if (!data) {
        wr_arena_release(g->arena, mark);
        return WR_E_NOMEM;
    }
    struct wr_writer w;
    wr_buf_write_init(&w, data, room);
    int err = pack_section(g, section, owner->wire, &w, &set, false);
    if (!err && set.records > 0) {
        err = pack_sigs(g, section, owner->wire, &w, &set);
    } else if (!err) {
        err = WR_E_NOTFOUND;
    }
    if (err) {
        wr_arena_release(g->arena, mark);
        return err;
    }
    wr_arena_trim(g->arena, data, w.pos);
    set.owner = copy;
    set.data = data;
    set.size = (uint32_t)w.pos;
    *ret_set = set;
    return WR_OK;
}
