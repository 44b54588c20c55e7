/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of name trees and address trees that somebody made or altered. An even first octet: what follows is the block, with its
 * checksum put right, so that the numbers behind it are believed in. An odd one: pairs of an offset and an octet that are changed in
 * a good block. Promised: whatever opens is looked up within its bounds, and what is found has a line.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "dns/name.h"
#include "policy/addrtree.h"
#include "policy/nametree.h"

enum {
    ROOM = 1 << 16,
    CHECKSUM_AT = 8,
    CHECKED_FROM = 16,
};

static const struct wr_hash_key key = {{3, 5}};

static void put_checksum_right(uint8_t *block, size_t size)
{
    struct wr_hash_key own;
    uint64_t sum;
    if (size < CHECKED_FROM + sizeof(own)) {
        return;
    }
    memcpy(&own, block + CHECKED_FROM, sizeof(own));
    sum = wr_hash_sip13(&own, block + CHECKED_FROM, size - CHECKED_FROM);
    memcpy(block + CHECKSUM_AT, &sum, sizeof(sum));
}

static size_t make_names(uint8_t *block)
{
    struct wr_nametree_item item[64];
    size_t size = 0;
    for (uint32_t i = 0; i < 64; i++) {
        uint8_t name[] = "\2a0\1x\7example";
        name[2] = (uint8_t)('0' + i % 40);
        promise(wr_nametree_item(&key, name + (i % 3 == 2 ? 3 : 0), (uint8_t)(1 + i % 15) | 1,
                                 i + 1, &item[i]) == WR_OK);
    }
    promise(wr_nametree_build(&key, item, 64, block, ROOM, &size) == WR_OK);
    return size;
}

static size_t make_addrs(uint8_t *block)
{
    struct wr_addrtree_item item[32];
    size_t size = 0;
    for (uint32_t i = 0; i < 32; i++) {
        struct wr_prefix p = {
            .addr = {.ip = {10, (uint8_t)i}, .family = i % 2 ? WR_AF_V4 : WR_AF_V6},
            .len = (uint8_t)(16 + i % 9)};
        wr_addrtree_item(&p, i + 1, &item[i]);
    }
    promise(wr_addrtree_build(&key, item, 32, block, ROOM, &size) == WR_OK);
    return size;
}

static void look(const uint8_t *block, size_t size)
{
    static const char *const names[] = {"\1x\7example", "\2a1\1x\7example", "\1q\2a2\1x\7EXAMPLE",
                                        ""};
    struct wr_nametree tree;
    struct wr_addrtree addrs;
    struct wr_nametree_hit hit;
    if (wr_nametree_open(&tree, block, size) == WR_OK) {
        for (size_t i = 0; i < 4; i++) {
            bool listed = wr_nametree_find(&tree, (const uint8_t *)names[i], &hit);
            promise(!listed || (hit.line > 0 && !(hit.flags & WR_NAMETREE_EXCEPT)));
        }
    }
    if (wr_addrtree_open(&addrs, block, size) == WR_OK) {
        for (uint8_t i = 0; i < 32; i++) {
            const struct wr_addr a = {.ip = {10, i, 1}, .family = i % 2 ? WR_AF_V4 : WR_AF_V6};
            (void)wr_addrtree_find(&addrs, &a);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t *block = malloc(ROOM);
    uint8_t *octets = (uint8_t *)block;
    size_t n = 0;
    promise(block != NULL);
    if (size > 0 && data[0] % 2 == 0) {
        n = size - 1 < ROOM ? size - 1 : ROOM;
        memcpy(octets, data + 1, n);
    } else if (size > 0) {
        n = data[0] & 2 ? make_addrs(octets) : make_names(octets);
        for (size_t i = 1; i + 2 < size; i += 3) {
            octets[(size_t)(data[i] << 8 | data[i + 1]) % n] ^= data[i + 2];
        }
    }
    uint64_t *exact = malloc(n + 1);
    promise(exact != NULL);
    memcpy(exact, block, n);
    put_checksum_right((uint8_t *)exact, n);
    look((uint8_t *)exact, n);
    free(exact);
    free(block);
    return 0;
}
