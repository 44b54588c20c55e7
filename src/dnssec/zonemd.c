/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/zonemd.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "crypto/digest.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/rdata.h"

/* RFC 8976 section 2.2. */
#define SCHEME_SIMPLE 1
#define HASH_SHA384   1
#define HASH_SHA512   2
#define DIGEST_AT     6
#define DIGEST_LEAST  12

/* --- canonical order --- */

static int order(const struct wr_zonemd_rr *a, const struct wr_zonemd_rr *b)
{
    int by = wr_name_order(a->owner, b->owner);

    if (by == 0 && a->type != b->type) {
        by = a->type < b->type ? -1 : 1;
    }
    return by ? by : wr_rdata_order(a->type, a->rdata, a->size, b->rdata, b->size);
}

/* Of equal records the one with the lower TTL stands first, so that the result does not hang on the order given. */
static int full_order(const struct wr_zonemd_rr *a, const struct wr_zonemd_rr *b)
{
    int by = order(a, b);

    return by ? by : (a->ttl > b->ttl) - (a->ttl < b->ttl);
}

static void swap(struct wr_zonemd_rr *a, struct wr_zonemd_rr *b)
{
    struct wr_zonemd_rr keep = *a;

    *a = *b;
    *b = keep;
}

static void sift_down(struct wr_zonemd_rr *rr, uint32_t at, uint32_t count)
{
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && full_order(&rr[child], &rr[child + 1]) < 0) {
            child++;
        }
        if (full_order(&rr[at], &rr[child]) >= 0) {
            return;
        }
        swap(&rr[at], &rr[child]);
    }
}

/* A heap: no memory of its own, and no order of a stranger's makes it slow. */
static void sort(struct wr_zonemd_rr *rr, uint32_t count)
{
    for (uint32_t i = count / 2; i > 0; i--) {
        sift_down(rr, i - 1, count);
    }
    for (uint32_t left = count; left > 1; left--) {
        swap(&rr[0], &rr[left - 1]);
        sift_down(rr, 0, left - 1);
    }
}

/* --- the digest --- */

static bool is_left_out(const struct wr_zonemd_rr *r, const uint8_t *apex)
{
    if (!wr_name_in(r->owner, apex)) {
        return true;
    }
    if ((r->type != WR_TYPE_ZONEMD && r->type != WR_TYPE_RRSIG) || !wr_name_equal(r->owner, apex)) {
        return false;
    }
    return r->type == WR_TYPE_ZONEMD || (r->size >= 2 && r->rdata[0] == WR_TYPE_ZONEMD >> 8 &&
                                         r->rdata[1] == (WR_TYPE_ZONEMD & 0xff));
}

static void add_record(struct wr_digest *d, const struct wr_zonemd_rr *r, uint8_t *scratch)
{
    uint8_t owner[WR_NAME_MAX], fixed[10];
    struct wr_writer w;

    wr_digest_add(d, owner, wr_name_lower(r->owner, owner));
    wr_buf_write_init(&w, fixed, sizeof(fixed));
    wr_buf_put_u16(&w, r->type);
    wr_buf_put_u16(&w, WR_CLASS_IN);
    wr_buf_put_u32(&w, r->ttl);
    wr_buf_put_u16(&w, r->size);
    wr_digest_add(d, fixed, w.pos);
    if (r->size > 0) {
        memcpy(scratch, r->rdata, r->size);
        wr_rdata_canonical(r->type, scratch, r->size);
        wr_digest_add(d, scratch, r->size);
    }
}

static int digest(const struct wr_zonemd_rr *rr, uint32_t count, const uint8_t *apex,
                  enum wr_hash_alg alg, uint8_t *scratch, uint8_t ret[WR_DIGEST_MAX])
{
    struct wr_digest d;
    int err = wr_digest_open(&d, alg);

    if (err) {
        return err;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!is_left_out(&rr[i], apex) && (i == 0 || order(&rr[i - 1], &rr[i]) != 0)) {
            add_record(&d, &rr[i], scratch);
        }
    }
    err = wr_digest_end(&d, ret);
    wr_digest_close(&d);
    return err;
}

/* --- what the zone says --- */

static uint32_t u32_at(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The apex' records of a type, one after another; they stand together. */
static const struct wr_zonemd_rr *next_of(const struct wr_zonemd_rr *rr, uint32_t count,
                                          const uint8_t *apex, uint16_t type, uint32_t *at)
{
    while (*at < count) {
        const struct wr_zonemd_rr *r = &rr[(*at)++];

        if (r->type == type && wr_name_equal(r->owner, apex)) {
            return r;
        }
    }
    return NULL;
}

static bool has_serial(const struct wr_zonemd_rr *rr, uint32_t count, const uint8_t *apex,
                       uint32_t *ret_serial)
{
    uint32_t at = 0;
    const struct wr_zonemd_rr *soa = next_of(rr, count, apex, WR_TYPE_SOA, &at);

    if (!soa || soa->size < 20) {
        return false;
    }
    *ret_serial = u32_at(soa->rdata + soa->size - 20);
    return true;
}

struct claims {
    const struct wr_zonemd_rr *by[HASH_SHA512 + 1]; /* of scheme SIMPLE */
    bool present, twice;
};

static enum wr_hash_alg alg_of(unsigned hash)
{
    return hash == HASH_SHA384 ? WR_HASH_SHA384 : WR_HASH_SHA512;
}

static void collect(const struct wr_zonemd_rr *rr, uint32_t count, const uint8_t *apex,
                    struct claims *ret)
{
    const struct wr_zonemd_rr *r;
    uint32_t at = 0;
    bool many[HASH_SHA512 + 1] = {false};

    memset(ret, 0, sizeof(*ret));
    while ((r = next_of(rr, count, apex, WR_TYPE_ZONEMD, &at))) {
        ret->present = true;
        if (r->size < DIGEST_AT + DIGEST_LEAST || r->rdata[4] != SCHEME_SIMPLE ||
            r->rdata[5] < HASH_SHA384 || r->rdata[5] > HASH_SHA512 ||
            (ret->by[r->rdata[5]] && order(ret->by[r->rdata[5]], r) == 0)) {
            continue;
        }
        many[r->rdata[5]] = ret->by[r->rdata[5]] != NULL;
        ret->by[r->rdata[5]] = r;
    }
    for (unsigned hash = HASH_SHA384; hash <= HASH_SHA512; hash++) {
        if (many[hash]) {
            ret->by[hash] = NULL;
            ret->twice = true;
        }
    }
}

static int judge(const struct wr_zonemd_rr *rr, uint32_t count, const uint8_t *apex,
                 const struct claims *claims, uint8_t *scratch, struct wr_zonemd_result *result)
{
    uint8_t made[WR_DIGEST_MAX];
    uint32_t serial;

    result->verdict = WR_ZONEMD_WRONG;
    if (!has_serial(rr, count, apex, &serial)) {
        result->reason = "ZONEMD, and no SOA record at the zone's name";
        return WR_OK;
    }
    for (unsigned hash = HASH_SHA384; hash <= HASH_SHA512; hash++) {
        const struct wr_zonemd_rr *r = claims->by[hash];
        size_t size = wr_digest_size(alg_of(hash));
        int err;

        if (!r) {
            continue;
        }
        if (u32_at(r->rdata) != serial) {
            result->reason = "the ZONEMD record is not of this serial";
            continue;
        }
        if (r->size != DIGEST_AT + size) {
            result->reason = "the ZONEMD record's digest has not the length of its hash";
            continue;
        }
        err = digest(rr, count, apex, alg_of(hash), scratch, made);
        if (err) {
            return err;
        }
        if (memcmp(made, r->rdata + DIGEST_AT, size) == 0) {
            *result = (struct wr_zonemd_result){.verdict = WR_ZONEMD_GOOD};
            return WR_OK;
        }
        result->reason = "the zone does not match the digest in its ZONEMD record";
    }
    return WR_OK;
}

int wr_zonemd_check(struct wr_zonemd_rr *rr, uint32_t count, const uint8_t *apex,
                    uint8_t scratch[WR_ZONEMD_SCRATCH], struct wr_zonemd_result *ret_result)
{
    struct wr_zonemd_result result = {.verdict = WR_ZONEMD_NONE};
    struct claims claims;
    int err = WR_OK;

    sort(rr, count);
    collect(rr, count, apex, &claims);
    if (claims.by[HASH_SHA384] || claims.by[HASH_SHA512]) {
        err = judge(rr, count, apex, &claims, scratch, &result);
    } else if (claims.twice) {
        result.verdict = WR_ZONEMD_WRONG;
        result.reason = "ZONEMD records with the same scheme and hash";
    } else if (claims.present) {
        result.verdict = WR_ZONEMD_UNKNOWN;
        result.reason = "no ZONEMD record by a scheme and a hash that are known here";
    }
    if (!err) {
        *ret_result = result;
    }
    return err;
}
