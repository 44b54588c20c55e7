/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/rrset.h"

#include "base/err.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/rdata.h"

/* Behind the owner: type, class, TTL, records, sigs, security, rank, size of data. */
#define FLAT_FIXED_SIZE 18
#define TTL_MAX         0x7fffffffu /* RFC 2181 section 8 */

struct wr_rrset_walk wr_rrset_walk(const struct wr_rrset *set)
{
    struct wr_rrset_walk walk;

    wr_buf_read_init(&walk.r, set->data, set->size);
    walk.left = (uint32_t)set->records + set->sigs;
    return walk;
}

bool wr_rrset_next(struct wr_rrset_walk *walk, const uint8_t **ret_rdata, uint16_t *ret_size)
{
    uint16_t size;
    const uint8_t *rdata;

    if (walk->left == 0) {
        return false;
    }
    size = wr_buf_get_u16(&walk->r);
    rdata = wr_buf_get_bytes(&walk->r, size);
    if (walk->r.err || !rdata) {
        walk->left = 0;
        return false;
    }
    walk->left--;
    *ret_rdata = rdata;
    *ret_size = size;
    return true;
}

/* Writes up to `count` of what the walk gives; fewer is torn data. */
static int build_some(struct wr_build *b, enum wr_section section, const struct wr_rrset *set,
                      uint16_t type, uint32_t ttl, struct wr_rrset_walk *walk, uint32_t count)
{
    const uint8_t *rdata;
    uint16_t size;
    int err;

    for (uint32_t i = 0; i < count; i++) {
        if (!wr_rrset_next(walk, &rdata, &size)) {
            return WR_E_FORMAT;
        }
        err = wr_build_rr(b, section, set->owner, type, set->class_, ttl, rdata, size);
        if (err) {
            return err;
        }
    }
    return WR_OK;
}

static int skip_some(struct wr_rrset_walk *walk, uint32_t count)
{
    const uint8_t *rdata;
    uint16_t size;

    for (uint32_t i = 0; i < count; i++) {
        if (!wr_rrset_next(walk, &rdata, &size)) {
            return WR_E_FORMAT;
        }
    }
    return WR_OK;
}

static int build_all(struct wr_build *b, enum wr_section section, const struct wr_rrset *set,
                     uint32_t ttl, bool with_sigs, uint32_t turn)
{
    uint32_t first = set->records ? turn % set->records : 0;
    struct wr_rrset_walk behind = wr_rrset_walk(set), before = behind;
    int err = skip_some(&behind, first);

    if (!err) {
        err = build_some(b, section, set, set->type, ttl, &behind, set->records - first);
    }
    if (!err) {
        err = build_some(b, section, set, set->type, ttl, &before, first);
    }
    if (!err && with_sigs) {
        err = build_some(b, section, set, WR_TYPE_RRSIG, ttl, &behind, set->sigs);
    }
    return err;
}

int wr_rrset_build(struct wr_build *b, enum wr_section section, const struct wr_rrset *set,
                   uint32_t ttl, bool with_sigs, uint32_t turn)
{
    struct wr_build_mark mark = wr_build_mark(b);
    int err = build_all(b, section, set, ttl, with_sigs, turn);

    if (err) {
        wr_build_rewind(b, &mark);
    }
    return err;
}

const uint8_t *wr_rrset_prover(const struct wr_rrset *set)
{
    unsigned labels = wr_name_labels(set->owner);

    return set->security == WR_SECURITY_SECURE && set->prover > 0 && set->prover - 1u <= labels
               ? wr_name_skip_labels(set->owner, labels - (set->prover - 1u))
               : NULL;
}

void wr_rrset_set_prover(struct wr_rrset *set, const uint8_t *zone)
{
    set->prover = zone ? (uint8_t)(wr_name_labels(zone) + 1) : 0;
}

size_t wr_rrset_flat_size(const struct wr_rrset *set)
{
    return wr_name_size(set->owner) + FLAT_FIXED_SIZE + set->size;
}

void wr_rrset_put_flat(struct wr_writer *w, const struct wr_rrset *set)
{
    wr_buf_put_bytes(w, set->owner, wr_name_size(set->owner));
    wr_buf_put_u16(w, set->type);
    wr_buf_put_u16(w, set->class_);
    wr_buf_put_u32(w, set->ttl);
    wr_buf_put_u16(w, set->records);
    wr_buf_put_u16(w, set->sigs);
    wr_buf_put_u8(w, set->security);
    wr_buf_put_u8(w, set->rank);
    wr_buf_put_u32(w, set->size);
    wr_buf_put_bytes(w, set->data, set->size);
}

int wr_rrset_check(const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;

    if (set->records > WR_RRSET_RECORDS_MAX || set->sigs > WR_RRSET_RECORDS_MAX ||
        set->size > WR_RRSET_SIZE_MAX) {
        return WR_E_LIMIT;
    }
    if (wr_codes_type_is_meta(set->type) || set->ttl > TTL_MAX ||
        set->security > WR_SECURITY_SECURE || set->rank > WR_RANK_AUTH_ANSWER) {
        return WR_E_FORMAT;
    }
    for (uint32_t i = 0; wr_rrset_next(&walk, &rdata, &size); i++) {
        if (wr_rdata_check(i < set->records ? wr_rdata_form(set->class_, set->type) : WR_TYPE_RRSIG,
                           rdata, size)) {
            return WR_E_FORMAT;
        }
    }
    /* Too few records, or octets behind the last. */
    return walk.r.err || wr_buf_left(&walk.r) ? WR_E_FORMAT : WR_OK;
}

static int read_flat(struct wr_reader *r, struct wr_rrset *set)
{
    struct wr_name owner;
    size_t start = r->pos;

    if (wr_name_read_plain(r, &owner)) {
        return WR_E_FORMAT;
    }
    set->owner = r->base + start;
    set->type = wr_buf_get_u16(r);
    set->class_ = wr_buf_get_u16(r);
    set->ttl = wr_buf_get_u32(r);
    set->records = wr_buf_get_u16(r);
    set->sigs = wr_buf_get_u16(r);
    set->security = wr_buf_get_u8(r);
    set->rank = wr_buf_get_u8(r);
    set->prover = 0;
    set->size = wr_buf_get_u32(r);
    set->data = wr_buf_get_bytes(r, set->size);
    return r->err ? r->err : wr_rrset_check(set);
}

int wr_rrset_get_flat(struct wr_reader *r, struct wr_rrset *ret_set)
{
    struct wr_rrset set;
    int err = read_flat(r, &set);

    if (err) {
        if (!r->err) {
            r->err = err;
        }
        return err;
    }
    *ret_set = set;
    return WR_OK;
}
