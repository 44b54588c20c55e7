/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the cache share: a block, names by number, and entries that say which version they are.
 *
 * An entry's data is a TXT-less opaque RRset of any size whose octets follow from (name, version), so that a
 * reader can tell a torn or a foreign copy from a whole one.
 */
#ifndef WEIR_TESTS_CACHETEST_H
#define WEIR_TESTS_CACHETEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "resolve/cache.h"

#define TYPE_OPAQUE 65280 /* RFC 3597: any rdata */

static const struct wr_hash_key cachetest_key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};

static inline struct wr_cache *cachetest_open(size_t size, void **ret_block)
{
    struct wr_cache *c;

    *ret_block = aligned_alloc(64, size);
    if (!*ret_block || wr_cache_format(*ret_block, size, &cachetest_key, &c)) {
        abort();
    }
    return c;
}

/* h000123.iot.test */
static inline void cachetest_name(uint32_t number, uint8_t *name)
{
    static const uint8_t form[] = "\7h000000\3iot\4test";

    memcpy(name, form, sizeof(form));
    for (int i = 7; i > 1; i--, number /= 10) {
        name[i] = (uint8_t)('0' + number % 10);
    }
}

static inline void cachetest_key_of(const struct wr_cache *c, uint32_t number, uint8_t *name,
                                    struct wr_cache_key *ret_key)
{
    cachetest_name(number, name);
    wr_cache_key_init(c, name, TYPE_OPAQUE, 0, ret_key);
}

static inline uint8_t cachetest_octet(uint32_t number, uint32_t version, uint32_t at)
{
    return (uint8_t)((number * 31 + version * 7 + at * 13) >> 2);
}

/* `size` octets of data: one record, which begins with number and version. */
static inline int cachetest_put(struct wr_cache *c, uint32_t number, uint32_t version,
                                uint32_t size, uint32_t now_s)
{
    static _Thread_local uint8_t data[49152];
    uint8_t name[32];
    struct wr_cache_key key;
    struct wr_cache_entry e = {.kind = WR_CACHE_RRSET, .rank = WR_RANK_ANSWER, .ede = WR_EDE_NONE};

    size = size < 10 ? 10 : size;
    data[0] = (uint8_t)((size - 2) >> 8);
    data[1] = (uint8_t)(size - 2);
    memcpy(data + 2, &number, 4);
    memcpy(data + 6, &version, 4);
    for (uint32_t i = 10; i < size; i++) {
        data[i] = cachetest_octet(number, version, i);
    }
    e.stored_s = now_s;
    e.ttl = 300;
    e.rrset.type = TYPE_OPAQUE;
    e.rrset.class_ = WR_CLASS_IN;
    e.rrset.data = data;
    e.rrset.size = size;
    e.rrset.records = 1;
    cachetest_key_of(c, number, name, &key);
    return wr_cache_put(c, &key, now_s, &e);
}

/* The version that is there, or an error; aborts on octets that are not of (number, version). */
static inline int64_t cachetest_version(const struct wr_cache_entry *e, uint32_t number)
{
    uint32_t version, is;

    if (e->kind != WR_CACHE_RRSET || e->rrset.size < 10 || e->rrset.records != 1) {
        abort();
    }
    memcpy(&is, e->rrset.data + 2, 4);
    memcpy(&version, e->rrset.data + 6, 4);
    if (is != number) {
        fprintf(stderr, "asked for %u, got %u\n", number, is);
        abort();
    }
    for (uint32_t i = 10; i < e->rrset.size; i++) {
        if (e->rrset.data[i] != cachetest_octet(number, version, i)) {
            fprintf(stderr, "torn at %u of %u\n", i, e->rrset.size);
            abort();
        }
    }
    return version;
}

static inline int64_t cachetest_get(struct wr_cache *c, uint32_t number, uint32_t now_s, bool peek)
{
    static _Thread_local _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
    uint8_t name[32];
    struct wr_cache_key key;
    struct wr_cache_entry e;
    int err;

    cachetest_key_of(c, number, name, &key);
    err = wr_cache_get(c, &key, now_s, peek, scratch, &e);
    return err ? err : cachetest_version(&e, number);
}

/* Ranks drawn by Zipf's law (exponent 0.9) over `names`, from a table made once. */
struct cachetest_zipf {
    double *sums;
    uint32_t names;
};

static inline double cachetest_power(double x)
{
    /* x^-0.9 by x^-1 * x^0.1, the root by Newton: no libm wanted for so little. */
    double y = 1;

    for (int i = 0; i < 60; i++) {
        double y9 = y * y * y;

        y9 = y9 * y9 * y9;
        y = y - (y * y9 - x) / (10 * y9);
    }
    return y / x;
}

static inline struct cachetest_zipf cachetest_zipf_open(uint32_t names)
{
    struct cachetest_zipf z = {.sums = malloc(sizeof(double) * names), .names = names};
    double sum = 0;

    if (!z.sums) {
        abort();
    }
    for (uint32_t i = 0; i < names; i++) {
        sum += cachetest_power(i + 1.0);
        z.sums[i] = sum;
    }
    return z;
}

static inline uint32_t cachetest_zipf_next(const struct cachetest_zipf *z, struct wr_rng *rng)
{
    double at = z->sums[z->names - 1] * (double)wr_rng_u32(rng) / 4294967296.0;
    uint32_t low = 0, high = z->names - 1;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (z->sums[middle] > at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

#endif
