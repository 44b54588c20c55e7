/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keyed hashing: SipHash-2-4 with 64 and 128 bits (the reference algorithm),
 * and SipHash-1-3 for tables.
 *
 * Everything that a stranger can choose is hashed under a secret key, so that
 * nobody can aim at one bucket. SipHash-2-4 is also the hash of server cookies
 * (RFC 9018 section 4.4) and of the kept cache's checksums.
 */
#ifndef WR_BASE_HASH_H
#define WR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct wr_hash_key {
    uint64_t k[2];
};

uint64_t wr_hash_sip24(const struct wr_hash_key *key, const void *bytes, size_t n);
void wr_hash_sip24_128(const struct wr_hash_key *key, const void *bytes, size_t n, uint64_t ret[2]);
uint64_t wr_hash_sip13(const struct wr_hash_key *key, const void *bytes, size_t n);
/* SipHash-1-3 over the octets with ASCII upper case lowered (names, RFC 4343). */
uint64_t wr_hash_sip13_fold(const struct wr_hash_key *key, const void *bytes, size_t n);
/* Spreads a 64-bit value (a finaliser, not keyed). */
uint64_t wr_hash_mix(uint64_t v);

#endif
