/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Randomness: a fast-key-erasure ChaCha20 generator that is handed in.
 *
 * The daemon seeds one per worker from the kernel; the simulator seeds it from
 * its number, and then the same seed gives the same trace. Message ids, ports,
 * 0x20 bits and jitter all come from here. Not thread-safe: one owner each.
 */
#ifndef WR_BASE_RNG_H
#define WR_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct wr_rng {
    uint32_t key[8];
    uint8_t block[512];
    size_t used; /* bytes of block given out and erased */
};

void wr_rng_seed(struct wr_rng *rng, const uint8_t seed[32]);
void wr_rng_seed_u64(struct wr_rng *rng, uint64_t seed); /* for tests and the simulator */
void wr_rng_bytes(struct wr_rng *rng, void *ret, size_t n);
uint16_t wr_rng_u16(struct wr_rng *rng);
uint32_t wr_rng_u32(struct wr_rng *rng);
uint64_t wr_rng_u64(struct wr_rng *rng);
/* Uniform in [0, bound), without modulo bias; bound >= 1. */
uint32_t wr_rng_below(struct wr_rng *rng, uint32_t bound);
/* The block function (RFC 8439 section 2.3), on words as the RFC prints them. */
void wr_rng_chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3],
                           uint8_t ret[64]);

#endif
