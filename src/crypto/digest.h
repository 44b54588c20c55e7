/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digest: SHA-1, SHA-256, SHA-384 and SHA-512 (FIPS 180-4), and BLAKE2b (RFC 7693) where the library has it (else WR_E_UNSUPPORTED), piece by piece.
 *
 *     struct wr_digest d;
 *     if (wr_digest_open(&d, WR_HASH_SHA256) == WR_OK) {
 *         wr_digest_add(&d, bytes, n);
 *         err = wr_digest_end(&d, out);   // wr_digest_size() octets; `d` begins anew
 *         wr_digest_close(&d);
 *     }
 * One opened digest serves many messages in a row: that is what the iterations of NSEC3 need. An error of add
 * sticks until end, which gives it. Whoever opened it closes it, for the library may hold memory behind it
 * (WR_E_NOMEM when it gets none).
 */
#ifndef WR_CRYPTO_DIGEST_H
#define WR_CRYPTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/backend.h"

#define WR_DIGEST_MAX 64 /* octets of the longest */

struct wr_digest {
    const struct wr_backend *backend;
    int err;
    uint64_t state[WR_BACKEND_STATE / 8];
};

size_t wr_digest_size(enum wr_hash_alg alg);
int wr_digest_open(struct wr_digest *ret_digest, enum wr_hash_alg alg);
/* The same with a backend named, to hold one against the other. */
int wr_digest_open_with(struct wr_digest *ret_digest, enum wr_hash_alg alg,
                        const struct wr_backend *backend);
void wr_digest_add(struct wr_digest *d, const void *bytes, size_t n);
int wr_digest_end(struct wr_digest *d, uint8_t *ret);
void wr_digest_close(struct wr_digest *d);
/* Of one piece at once. */
int wr_digest_of(enum wr_hash_alg alg, const void *bytes, size_t n, uint8_t *ret);

#endif
