/* SPDX-License-Identifier: Apache-2.0 */
/* D. J. Bernstein, "Fast-key-erasure random-number generators", 2017; ChaCha20 as in RFC 8439. */
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/rng.h"

#define BLOCK_SIZE 64
#define KEY_SIZE   32

static inline uint32_t rotate(uint32_t x, unsigned by)
{
    return x << by | x >> (32 - by);
}

static inline void quarter(uint32_t *x, unsigned a, unsigned b, unsigned c, unsigned d)
{
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 7);
}

static uint32_t load_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void store_le32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

void wr_rng_chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3],
                           uint8_t ret[64])
{
    uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    uint32_t x[16];

    memcpy(start + 4, key, KEY_SIZE);
    start[12] = counter;
    memcpy(start + 13, nonce, 12);
    memcpy(x, start, sizeof(x));
    for (unsigned round = 0; round < 10; round++) {
        quarter(x, 0, 4, 8, 12);
        quarter(x, 1, 5, 9, 13);
        quarter(x, 2, 6, 10, 14);
        quarter(x, 3, 7, 11, 15);
        quarter(x, 0, 5, 10, 15);
        quarter(x, 1, 6, 11, 12);
        quarter(x, 2, 7, 8, 13);
        quarter(x, 3, 4, 9, 14);
    }
    for (unsigned i = 0; i < 16; i++) {
        store_le32(ret + (size_t)4 * i, x[i] + start[i]);
    }
}

/* New output; its first octets are the next key and are erased at once, so that what was given out
 * cannot be computed again from the state. */
static void refill(struct wr_rng *rng)
{
    static const uint32_t nonce[3];

    for (uint32_t i = 0; i < sizeof(rng->block) / BLOCK_SIZE; i++) {
        wr_rng_chacha20_block(rng->key, i, nonce, rng->block + (size_t)i * BLOCK_SIZE);
    }
    for (unsigned i = 0; i < 8; i++) {
        rng->key[i] = load_le32(rng->block + (size_t)4 * i);
    }
    memset(rng->block, 0, KEY_SIZE);
    rng->used = KEY_SIZE;
}

void wr_rng_seed(struct wr_rng *rng, const uint8_t seed[32])
{
    for (unsigned i = 0; i < 8; i++) {
        rng->key[i] = load_le32(seed + (size_t)4 * i);
    }
    memset(rng->block, 0, sizeof(rng->block));
    rng->used = sizeof(rng->block);
}

void wr_rng_seed_u64(struct wr_rng *rng, uint64_t seed)
{
    uint8_t bytes[KEY_SIZE];

    for (unsigned i = 0; i < 4; i++) {
        uint64_t v = wr_hash_mix(seed + (i + 1) * 0x9e3779b97f4a7c15ULL);

        store_le32(bytes + (size_t)8 * i, (uint32_t)v);
        store_le32(bytes + (size_t)8 * i + 4, (uint32_t)(v >> 32));
    }
    wr_rng_seed(rng, bytes);
}

void wr_rng_bytes(struct wr_rng *rng, void *ret, size_t n)
{
    uint8_t *to = ret;

    while (n > 0) {
        size_t part = sizeof(rng->block) - rng->used;

        if (part == 0) {
            refill(rng);
            continue;
        }
        part = part < n ? part : n;
        memcpy(to, rng->block + rng->used, part);
        memset(rng->block + rng->used, 0, part);
        rng->used += part;
        to += part;
        n -= part;
    }
}

uint16_t wr_rng_u16(struct wr_rng *rng)
{
    uint8_t b[2];

    wr_rng_bytes(rng, b, sizeof(b));
    return (uint16_t)(b[0] | b[1] << 8);
}

uint32_t wr_rng_u32(struct wr_rng *rng)
{
    uint8_t b[4];

    wr_rng_bytes(rng, b, sizeof(b));
    return load_le32(b);
}

uint64_t wr_rng_u64(struct wr_rng *rng)
{
    uint8_t b[8];

    wr_rng_bytes(rng, b, sizeof(b));
    return load_le32(b) | (uint64_t)load_le32(b + 4) << 32;
}

/* Multiply and take the high half; the few low products that would favour some results are drawn
 * again (D. Lemire, "Fast random integer generation in an interval", 2019). */
uint32_t wr_rng_below(struct wr_rng *rng, uint32_t bound)
{
    uint64_t product;

    wr_assert(bound > 0);
    product = (uint64_t)wr_rng_u32(rng) * bound;
    if ((uint32_t)product < bound) {
        uint32_t threshold = (0u - bound) % bound;

        while ((uint32_t)product < threshold) {
            product = (uint64_t)wr_rng_u32(rng) * bound;
        }
    }
    return (uint32_t)(product >> 32);
}
