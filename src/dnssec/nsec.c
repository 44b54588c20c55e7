/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/nsec.h"

#include "base/buf.h"
#include "base/err.h"
#include "dns/codes.h"
#include "dns/name.h"

bool wr_nsec_bit(const uint8_t *bitmap, size_t size, uint16_t type)
{
    struct wr_reader r;

    wr_buf_read_init(&r, bitmap, size);
    while (wr_buf_left(&r) > 0) {
        uint8_t window = wr_buf_get_u8(&r), n = wr_buf_get_u8(&r);
        const uint8_t *bits = wr_buf_get_bytes(&r, n);

        if (!bits || window > type >> 8) {
            return false;
        }
        if (window == type >> 8) {
            unsigned low = type & 255;

            return low / 8 < n && (bits[low / 8] & 0x80 >> low % 8);
        }
    }
    return false;
}

static bool has(const struct wr_nsec *n, uint16_t type)
{
    return wr_nsec_bit(n->bitmap, n->bitmap_size, type);
}

int wr_nsec_view(const uint8_t *owner, const uint8_t *rdata, size_t size, const uint8_t *zone,
                 struct wr_nsec *ret_nsec)
{
    struct wr_reader r;

    wr_buf_read_init(&r, rdata, size);
    if (wr_name_skip_plain(&r) || !wr_name_in(owner, zone) || !wr_name_in(rdata, zone)) {
        return WR_E_FORMAT;
    }
    *ret_nsec = (struct wr_nsec){.owner = owner,
                                 .next = rdata,
                                 .zone = zone,
                                 .bitmap = rdata + r.pos,
                                 .bitmap_size = (uint16_t)wr_buf_left(&r)};
    return WR_OK;
}

/* The parent's side of a zone cut. */
static bool is_delegation(const struct wr_nsec *n)
{
    return has(n, WR_TYPE_NS) && !has(n, WR_TYPE_SOA);
}

bool wr_nsec_covers(const struct wr_nsec *n, const uint8_t *name)
{
    if (!wr_name_in(name, n->zone) || wr_name_order(n->owner, name) >= 0) {
        return false;
    }
    /* The last one of the zone points at the apex, and covers all behind it. */
    return wr_name_equal(n->next, n->zone) || wr_name_order(name, n->next) < 0;
}

/* It covers the name, and may speak of what is below its owner. */
static bool denies(const struct wr_nsec *n, const uint8_t *name)
{
    if (!wr_nsec_covers(n, name)) {
        return false;
    }
    return !wr_name_in(name, n->owner) || (!is_delegation(n) && !has(n, WR_TYPE_DNAME));
}

static const struct wr_nsec *find_denier(const struct wr_nsec *list, size_t n, const uint8_t *name)
{
    for (size_t i = 0; i < n; i++) {
        if (denies(&list[i], name)) {
            return &list[i];
        }
    }
    return NULL;
}

static const struct wr_nsec *find_owner(const struct wr_nsec *list, size_t n, const uint8_t *name)
{
    for (size_t i = 0; i < n; i++) {
        if (wr_name_equal(list[i].owner, name)) {
            return &list[i];
        }
    }
    return NULL;
}

/* Labels of the closest name above a denied one that exists: what it shares with either neighbour. */
static unsigned encloser_labels(const struct wr_nsec *denier, const uint8_t *name)
{
    unsigned a = wr_name_common(name, denier->owner), b = wr_name_common(name, denier->next);

    return a > b ? a : b;
}

/* "*" below the ancestor of that many labels. False: too long, so it cannot exist. */
static bool wildcard_of(const uint8_t *name, unsigned labels, struct wr_name *ret_name)
{
    static const uint8_t star[] = {1, '*'};

    return wr_name_prepend(star, wr_name_skip_labels(name, wr_name_labels(name) - labels),
                           ret_name) == WR_OK;
}

enum wr_proof wr_nsec_nxdomain(const struct wr_nsec *list, size_t n, const uint8_t *qname)
{
    const struct wr_nsec *denier = find_denier(list, n, qname);
    struct wr_name wildcard;

    if (!denier || wr_name_in(denier->next, qname)) { /* the latter: an empty non-terminal */
        return WR_PROOF_NONE;
    }
    if (wildcard_of(qname, encloser_labels(denier, qname), &wildcard) &&
        !find_denier(list, n, wildcard.wire)) {
        return WR_PROOF_NONE;
    }
    return WR_PROOF_SECURE;
}

/* The record at a name says that the type is not there. */
static bool lacks(const struct wr_nsec *n, uint16_t qtype)
{
    if (has(n, qtype) || has(n, WR_TYPE_CNAME) || qtype == WR_TYPE_ANY) {
        return false;
    }
    if (qtype == WR_TYPE_DS) {
        return !has(n, WR_TYPE_SOA) || n->owner[0] == 0; /* the root has no parent to ask */
    }
    return !is_delegation(n);
}

enum wr_proof wr_nsec_nodata(const struct wr_nsec *list, size_t n, const uint8_t *qname,
                             uint16_t qtype)
{
    const struct wr_nsec *at = find_owner(list, n, qname), *denier;
    struct wr_name wildcard;

    if (at) {
        return lacks(at, qtype) ? WR_PROOF_SECURE : WR_PROOF_NONE;
    }
    denier = find_denier(list, n, qname);
    if (!denier) {
        return WR_PROOF_NONE;
    }
    if (wr_name_in(denier->next, qname)) {
        return WR_PROOF_SECURE;
    }
    if (!wildcard_of(qname, encloser_labels(denier, qname), &wildcard)) {
        return WR_PROOF_NONE;
    }
    at = find_owner(list, n, wildcard.wire);
    if (!at) { /* it may be there because of what is below it, and have no type at all (RFC 4592 section 2.2.2) */
        denier = find_denier(list, n, wildcard.wire);
        return denier && wr_name_in(denier->next, wildcard.wire) ? WR_PROOF_SECURE : WR_PROOF_NONE;
    }
    return lacks(at, qtype) ? WR_PROOF_SECURE : WR_PROOF_NONE;
}

enum wr_proof wr_nsec_expansion(const struct wr_nsec *list, size_t n, const uint8_t *qname,
                                unsigned labels)
{
    const struct wr_nsec *denier = find_denier(list, n, qname);

    /* Neither neighbour is at or below the next closer name: the closest encloser is where the wildcard is. */
    return denier && encloser_labels(denier, qname) == labels ? WR_PROOF_SECURE : WR_PROOF_NONE;
}

enum wr_proof wr_nsec_no_ds(const struct wr_nsec *list, size_t n, const uint8_t *name)
{
    const struct wr_nsec *at = find_owner(list, n, name), *denier;

    if (at) {
        if (has(at, WR_TYPE_DS) || has(at, WR_TYPE_SOA)) {
            return WR_PROOF_NONE;
        }
        return has(at, WR_TYPE_NS) ? WR_PROOF_DELEGATION : WR_PROOF_NO_CUT;
    }
    denier = find_denier(list, n, name);
    if (!denier) {
        return WR_PROOF_NONE;
    }
    return wr_name_in(denier->next, name) ? WR_PROOF_NO_CUT : WR_PROOF_NO_NAME;
}
