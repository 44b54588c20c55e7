/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cache block that somebody altered: the input is a list of edits (place, octets) to a block that was filled
 * before, or, when its first octet is odd, what the whole block repeats. Then: attach, walk, read, write on, flush.
 * Nothing outside the block may be touched, nothing may loop, and what is given must be inside the scratch.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/resolve/cachetest.h"
#include "base/check.h"
#include "resolve/cacheblock.h"

enum { SIZE = WR_CACHE_SIZE_MIN, EDITS_MAX = 4096 };

static _Alignas(64) uint8_t block[SIZE], filled[SIZE];
static _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];

static void fill(void)
{
    struct wr_cache *c;

    wr_assert(wr_cache_format(filled, SIZE, &cachetest_key, &c) == WR_OK);
    for (uint32_t i = 0; i < 3000; i++) {
        cachetest_put(c, i % 1700, i, i % 100 ? 40 : 9000, 100);
        cachetest_get(c, i % 90, 100, false);
    }
}

static void edit(const uint8_t *data, size_t size)
{
    struct wr_reader r;

    memcpy(block, filled, SIZE);
    wr_buf_read_init(&r, data, size);
    wr_buf_skip(&r, 1);
    for (int i = 0; i < EDITS_MAX && wr_buf_left(&r) > 4; i++) {
        uint32_t at = (wr_buf_get_u32(&r) >> 8) % (SIZE - 8);
        size_t n = 1 + data[r.pos - 1] % 8;
        const uint8_t *octets = wr_buf_get_bytes(&r, n < wr_buf_left(&r) ? n : wr_buf_left(&r));

        if (octets) {
            memcpy(block + at, octets, (size_t)(r.base + r.pos - octets));
        }
    }
}

static void repeat(const uint8_t *data, size_t size)
{
    memcpy(block, filled, sizeof(struct wr_cache));
    for (size_t at = sizeof(struct wr_cache); at < SIZE; at += size) {
        memcpy(block + at, data, size < SIZE - at ? size : SIZE - at);
    }
}

static void look_at(const struct wr_cache_entry *e)
{
    const uint8_t *data = e->kind == WR_CACHE_RRSET ? e->rrset.data : e->flat;
    size_t size = e->kind == WR_CACHE_RRSET ? e->rrset.size : e->flat_size;
    struct wr_rrset_walk walk = wr_rrset_walk(&e->rrset);
    const uint8_t *rdata;
    uint16_t n;

    wr_assert(data >= scratch && data + size <= scratch + sizeof(scratch));
    while (e->kind == WR_CACHE_RRSET && wr_rrset_next(&walk, &rdata, &n)) {
        wr_assert(rdata + n <= data + size);
    }
}

static void use(struct wr_cache *c)
{
    struct wr_cache_entry e;
    struct wr_cache_key key;
    struct wr_name name;
    uint64_t cursor = 0, count = 0;

    while (wr_cache_walk(c, &cursor, 100, scratch, &name, &key, &e) == WR_OK) {
        look_at(&e);
        wr_assert(++count <= SIZE / 64);
    }
    for (uint32_t i = 0; i < 200; i++) {
        uint8_t octets[32];

        cachetest_key_of(c, i, octets, &key);
        if (wr_cache_get(c, &key, 100, false, scratch, &e) == WR_OK) {
            look_at(&e);
        }
        wr_assert(cachetest_put(c, 5000 + i, 1, i == 9 ? 30000 : 40, 100) == WR_OK);
        wr_assert(cachetest_get(c, 5000 + i, 100, false) == 1);
    }
    wr_cache_flush(c, (const uint8_t *)"");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    struct wr_cache *c;

    if (!ready) {
        fill();
        ready = true;
    }
    if (size == 0) {
        return 0;
    }
    if (data[0] & 1) {
        repeat(data, size);
    } else {
        edit(data, size);
    }
    if (wr_cache_attach(block, SIZE, &c) == WR_OK) {
        use(c);
    }
    return 0;
}
