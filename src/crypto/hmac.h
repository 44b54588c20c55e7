/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HMAC: a keyed digest of a message (RFC 2104), piece by piece, over the hashes of crypto/digest.
 *
 *     struct wr_hmac h;
 *     if (wr_hmac_open(&h, WR_HASH_SHA256, key, key_size) == WR_OK) {
 *         wr_hmac_add(&h, bytes, n);
 *         err = wr_hmac_end(&h, mac);     // wr_digest_size(alg) octets; `h` begins anew with the same key
 *         wr_hmac_close(&h);
 *     }
 *     if (wr_hmac_equal(mac, received, size)) ...
 *
 * An error of add sticks until end, which gives it. Whoever opened it closes it. The struct holds the key until it is
 * closed, which wipes it. MACs are compared with wr_hmac_equal, whose time says nothing of where they differ.
 */
#ifndef WR_CRYPTO_HMAC_H
#define WR_CRYPTO_HMAC_H

#include <stdbool.h>

#include "crypto/digest.h"

#define WR_HMAC_BLOCK_MAX 128

struct wr_hmac {
    struct wr_digest digest;
    enum wr_hash_alg alg;
    uint8_t key[WR_HMAC_BLOCK_MAX]; /* filled up with zeros */
    size_t block;                   /* octets of the hash's block */
};

/* Octets of the hash's block: a key that is longer is hashed first. */
size_t wr_hmac_block(enum wr_hash_alg alg);
/* WR_E_NOMEM. */
int wr_hmac_open(struct wr_hmac *ret_hmac, enum wr_hash_alg alg, const uint8_t *key, size_t size);
void wr_hmac_add(struct wr_hmac *h, const void *bytes, size_t n);
int wr_hmac_end(struct wr_hmac *h, uint8_t *ret);
void wr_hmac_close(struct wr_hmac *h);
bool wr_hmac_equal(const uint8_t *a, const uint8_t *b, size_t size);

#endif
