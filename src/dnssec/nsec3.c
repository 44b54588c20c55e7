/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/nsec3.h"

#include <string.h>

#include "base/buf.h"
#include "base/enc.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "dns/codes.h"
#include "dns/name.h"

#define HASH_SHA1       1
#define OWNER_TEXT_SIZE 32 /* twenty octets in base32hex */
#define SHA1_BLOCK      64
#define SHA1_TAIL       9 /* padding and length */

static int read_rdata(struct wr_reader *r, struct wr_nsec3 *n)
{
    uint8_t alg = wr_buf_get_u8(r), size;

    n->flags = wr_buf_get_u8(r);
    n->iterations = wr_buf_get_u16(r);
    n->salt_size = wr_buf_get_u8(r);
    n->salt = wr_buf_get_bytes(r, n->salt_size);
    size = wr_buf_get_u8(r);
    n->next = wr_buf_get_bytes(r, size);
    n->bitmap_size = (uint16_t)wr_buf_left(r);
    n->bitmap = wr_buf_get_bytes(r, n->bitmap_size);
    if (r->err) {
        return WR_E_FORMAT;
    }
    return alg == HASH_SHA1 && size == WR_NSEC3_HASH_SIZE && !(n->flags & ~WR_NSEC3_OPTOUT)
               ? WR_OK
               : WR_E_UNSUPPORTED;
}

int wr_nsec3_view(const uint8_t *owner, const uint8_t *rdata, size_t size, const uint8_t *zone,
                  struct wr_nsec3 *ret_nsec3)
{
    struct wr_nsec3 n;
    struct wr_reader r;
    size_t got = 0;
    int err;

    wr_buf_read_init(&r, rdata, size);
    err = read_rdata(&r, &n);
    if (err) {
        return err;
    }
    if (owner[0] != OWNER_TEXT_SIZE || !wr_name_equal(owner + 1 + OWNER_TEXT_SIZE, zone) ||
        wr_enc_from_base32hex((const char *)owner + 1, OWNER_TEXT_SIZE, n.owner, sizeof(n.owner),
                              &got) ||
        got != WR_NSEC3_HASH_SIZE) {
        return WR_E_FORMAT;
    }
    *ret_nsec3 = n;
    return WR_OK;
}

int wr_nsec3_hash(const uint8_t *name, const uint8_t *salt, size_t salt_size, uint16_t iterations,
                  uint8_t *ret)
{
    uint8_t lower[WR_NAME_MAX], hash[WR_DIGEST_MAX];
    struct wr_digest d;
    int err = wr_digest_open(&d, WR_HASH_SHA1);

    if (err) {
        return err;
    }
    wr_digest_add(&d, lower, wr_name_lower(name, lower));
    wr_digest_add(&d, salt, salt_size);
    err = wr_digest_end(&d, hash);
    for (uint16_t i = 0; i < iterations && !err; i++) {
        wr_digest_add(&d, hash, WR_NSEC3_HASH_SIZE);
        wr_digest_add(&d, salt, salt_size);
        err = wr_digest_end(&d, hash);
    }
    wr_digest_close(&d);
    if (!err) {
        memcpy(ret, hash, WR_NSEC3_HASH_SIZE);
    }
    return err;
}

static uint32_t blocks_of(size_t octets)
{
    return (uint32_t)((octets + SHA1_TAIL + SHA1_BLOCK - 1) / SHA1_BLOCK);
}

uint32_t wr_nsec3_blocks(const uint8_t *name, size_t salt_size, uint16_t iterations)
{
    return blocks_of(wr_name_size(name) + salt_size) +
           iterations * blocks_of(WR_NSEC3_HASH_SIZE + salt_size);
}

void wr_nsec3_start(struct wr_nsec3_check *c, const uint8_t *zone, const uint8_t *qname,
                    const struct wr_dnssec_policy *policy)
{
    c->zone = zone;
    c->qname = qname;
    c->policy = policy;
    c->work = NULL;
    c->labels = (uint8_t)wr_name_labels(qname);
    c->zone_labels = (uint8_t)wr_name_labels(zone);
    c->count = 0;
    memset(c->known, 0, sizeof(c->known));
}

static bool same_parameters(const struct wr_nsec3 *a, const struct wr_nsec3 *b)
{
    return a->iterations == b->iterations && a->salt_size == b->salt_size &&
           !memcmp(a->salt, b->salt, a->salt_size);
}

void wr_nsec3_add(struct wr_nsec3_check *c, const uint8_t *owner, const uint8_t *rdata, size_t size)
{
    struct wr_nsec3 n;

    if (c->count < WR_DNSSEC_SETS_MAX && wr_nsec3_view(owner, rdata, size, c->zone, &n) == WR_OK &&
        (c->count == 0 || same_parameters(&c->list[0], &n))) {
        c->list[c->count++] = n;
    }
}

/* The name that is hashed: qname's ancestor of so many labels, or "*" below it. False: too long to exist. */
static bool hashed_name(const struct wr_nsec3_check *c, unsigned labels, bool wild,
                        struct wr_name *ret_name)
{
    static const uint8_t star[] = {1, '*'};
    const uint8_t *ancestor = wr_name_skip_labels(c->qname, c->labels - labels);

    if (wild) {
        return wr_name_prepend(star, ancestor, ret_name) == WR_OK;
    }
    wr_name_set(ret_name, ancestor);
    return true;
}

/* WR_PROOF_SECURE: the hash is in the memo. */
static enum wr_proof hash(struct wr_nsec3_check *c, unsigned labels, bool wild,
                          const uint8_t **ret_hash)
{
    unsigned slot = 2 * labels + wild;
    const struct wr_nsec3 *p = &c->list[0];
    struct wr_name name;
    uint32_t blocks;

    *ret_hash = c->memo[slot];
    if (c->known[slot]) {
        return WR_PROOF_SECURE;
    }
    if (!hashed_name(c, labels, wild, &name)) {
        return WR_PROOF_NONE;
    }
    blocks = wr_nsec3_blocks(name.wire, p->salt_size, p->iterations);
    if (blocks > c->share && c->moved) {
        return WR_PROOF_AGAIN;
    }
    if (!wr_work_take_blocks(c->work, blocks) ||
        wr_nsec3_hash(name.wire, p->salt, p->salt_size, p->iterations, c->memo[slot])) {
        return WR_PROOF_SPENT;
    }
    c->share -= blocks < c->share ? blocks : c->share;
    c->moved = true;
    c->known[slot] = true;
    return WR_PROOF_SECURE;
}

static bool has(const struct wr_nsec3 *n, uint16_t type)
{
    return wr_nsec_bit(n->bitmap, n->bitmap_size, type);
}

static bool is_delegation(const struct wr_nsec3 *n)
{
    return has(n, WR_TYPE_NS) && !has(n, WR_TYPE_SOA);
}

/* The record whose owner is the hash of the name. WR_PROOF_NONE: none. */
static enum wr_proof find_match(struct wr_nsec3_check *c, unsigned labels, bool wild,
                                const struct wr_nsec3 **ret_match)
{
    const uint8_t *h;
    enum wr_proof got = hash(c, labels, wild, &h);

    for (unsigned i = 0; i < c->count && got == WR_PROOF_SECURE; i++) {
        if (!memcmp(c->list[i].owner, h, WR_NSEC3_HASH_SIZE)) {
            *ret_match = &c->list[i];
            return WR_PROOF_SECURE;
        }
    }
    return got == WR_PROOF_SECURE ? WR_PROOF_NONE : got;
}

static bool covers(const struct wr_nsec3 *n, const uint8_t *h)
{
    int after_owner = memcmp(h, n->owner, WR_NSEC3_HASH_SIZE);
    int before_next = memcmp(h, n->next, WR_NSEC3_HASH_SIZE);

    if (memcmp(n->owner, n->next, WR_NSEC3_HASH_SIZE) < 0) {
        return after_owner > 0 && before_next < 0;
    }
    return after_owner != 0 && (after_owner > 0 || before_next < 0); /* the last, or the only one */
}

static enum wr_proof find_cover(struct wr_nsec3_check *c, unsigned labels, bool wild,
                                const struct wr_nsec3 **ret_cover)
{
    const uint8_t *h;
    enum wr_proof got = hash(c, labels, wild, &h);

    for (unsigned i = 0; i < c->count && got == WR_PROOF_SECURE; i++) {
        if (covers(&c->list[i], h)) {
            *ret_cover = &c->list[i];
            return WR_PROOF_SECURE;
        }
    }
    return got == WR_PROOF_SECURE ? WR_PROOF_NONE : got;
}

/* What every proof begins with. WR_PROOF_SECURE: go on. */
static enum wr_proof begin(struct wr_nsec3_check *c, struct wr_dnssec_work *work)
{
    c->work = work;
    c->share = WR_DNSSEC_STEP_BLOCKS_MAX;
    c->moved = false;
    if (c->count == 0 || !wr_name_in(c->qname, c->zone)) {
        return WR_PROOF_NONE;
    }
    return c->list[0].iterations > c->policy->nsec3_iterations ? WR_PROOF_INSECURE
                                                               : WR_PROOF_SECURE;
}

struct encloser {
    const struct wr_nsec3 *match, *cover; /* of the closest encloser; of the next closer name */
    unsigned labels;
};

/* The closest encloser proof, section 8.3. What a delegation or a DNAME encloses is not this zone's to deny. */
static enum wr_proof find_encloser(struct wr_nsec3_check *c, struct encloser *ret)
{
    for (unsigned labels = c->labels; labels-- > c->zone_labels;) {
        enum wr_proof got = find_match(c, labels, false, &ret->match);

        if (got == WR_PROOF_SECURE) {
            ret->labels = labels;
            if (is_delegation(ret->match) || has(ret->match, WR_TYPE_DNAME)) {
                return WR_PROOF_NONE;
            }
            return find_cover(c, labels + 1, false, &ret->cover);
        }
        if (got != WR_PROOF_NONE) {
            return got;
        }
    }
    return WR_PROOF_NONE;
}

static enum wr_proof graded(const struct wr_nsec3 *cover)
{
    return cover->flags & WR_NSEC3_OPTOUT ? WR_PROOF_INSECURE : WR_PROOF_SECURE;
}

enum wr_proof wr_nsec3_nxdomain(struct wr_nsec3_check *c, struct wr_dnssec_work *work)
{
    enum wr_proof got = begin(c, work);
    const struct wr_nsec3 *wild;
    struct encloser e;

    if (got == WR_PROOF_SECURE) {
        got = find_encloser(c, &e);
    }
    if (got == WR_PROOF_SECURE) {
        got = find_cover(c, e.labels, true, &wild);
    }
    return got == WR_PROOF_SECURE ? graded(e.cover) : got;
}

static bool lacks(const struct wr_nsec3_check *c, const struct wr_nsec3 *n, uint16_t qtype)
{
    if (has(n, qtype) || has(n, WR_TYPE_CNAME) || qtype == WR_TYPE_ANY) {
        return false;
    }
    if (qtype == WR_TYPE_DS) {
        return !has(n, WR_TYPE_SOA) || c->qname[0] == 0;
    }
    return !is_delegation(n);
}

enum wr_proof wr_nsec3_nodata(struct wr_nsec3_check *c, uint16_t qtype, struct wr_dnssec_work *work)
{
    enum wr_proof got = begin(c, work);
    const struct wr_nsec3 *at = NULL;
    struct encloser e;

    if (got == WR_PROOF_SECURE) {
        got = find_match(c, c->labels, false, &at);
        if (got == WR_PROOF_SECURE) {
            return lacks(c, at, qtype) ? WR_PROOF_SECURE : WR_PROOF_NONE;
        }
        if (got == WR_PROOF_NONE) {
            got = find_encloser(c, &e);
        }
        if (got == WR_PROOF_SECURE) {
            got = find_match(c, e.labels, true, &at);
            if (got == WR_PROOF_SECURE) {
                return lacks(c, at, qtype) ? graded(e.cover) : WR_PROOF_NONE;
            }
            /* Section 8.6, and empty non-terminals that lead to unsigned delegations only (RFC 5155 erratum 3441). */
            if (got == WR_PROOF_NONE && (e.cover->flags & WR_NSEC3_OPTOUT)) {
                return WR_PROOF_INSECURE;
            }
        }
    }
    return got;
}

enum wr_proof wr_nsec3_expansion(struct wr_nsec3_check *c, unsigned labels,
                                 struct wr_dnssec_work *work)
{
    enum wr_proof got = begin(c, work);
    const struct wr_nsec3 *cover;

    if (got == WR_PROOF_SECURE && (labels >= c->labels || labels < c->zone_labels)) {
        got = WR_PROOF_NONE;
    }
    if (got == WR_PROOF_SECURE) {
        got = find_cover(c, labels + 1, false, &cover);
    }
    return got == WR_PROOF_SECURE ? graded(cover) : got;
}

enum wr_proof wr_nsec3_no_ds(struct wr_nsec3_check *c, struct wr_dnssec_work *work)
{
    enum wr_proof got = begin(c, work);
    const struct wr_nsec3 *at;
    struct encloser e;

    if (got != WR_PROOF_SECURE) {
        return got;
    }
    got = find_match(c, c->labels, false, &at);
    if (got == WR_PROOF_SECURE) {
        if (has(at, WR_TYPE_DS) || has(at, WR_TYPE_SOA)) {
            return WR_PROOF_NONE;
        }
        return has(at, WR_TYPE_NS) ? WR_PROOF_DELEGATION : WR_PROOF_NO_CUT;
    }
    if (got == WR_PROOF_NONE) {
        got = find_encloser(c, &e);
        if (got == WR_PROOF_SECURE) {
            return graded(e.cover) == WR_PROOF_SECURE ? WR_PROOF_NO_NAME : WR_PROOF_INSECURE;
        }
    }
    return got;
}
