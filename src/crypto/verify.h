/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verify: public keys as DNSKEY records have them, and signatures as RRSIG records have them.
 *
 * Algorithms by their DNSSEC numbers: RSA/SHA-1 (5, 7), RSA/SHA-256 (8), RSA/SHA-512 (10) of RFC 3110 and RFC 5702,
 * ECDSA P-256 (13) and P-384 (14) of RFC 6605, Ed25519 (15) and Ed448 (16) of RFC 8080. A key is prepared once and
 * then checks any number of signatures; the prepared state is what the library made of it.
 *
 *     struct wr_verify key;
 *     if (wr_verify_open(&key, 13, octets, n) == WR_OK) {
 *         if (wr_verify_check(&key, data, size, sig, sig_size) == WR_OK) ...
 *         wr_verify_close(&key);
 *     }
 * The data is one piece, for the Edwards curves hash it twice. An opened key may be moved (memcpy) and closed at
 * its new place; it belongs to one thread. It holds one to three KiB of the library's memory until it is closed.
 *
 * Errors of open: WR_E_UNSUPPORTED (another algorithm, RSA above WR_RSA_BITS_MAX or with an exponent above
 * WR_RSA_EXPONENT_BITS_MAX: not done here, which says nothing of the zone), WR_E_FORMAT (no key at all), WR_E_NOMEM.
 */
#ifndef WR_CRYPTO_VERIFY_H
#define WR_CRYPTO_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/backend.h"

#define WR_VERIFY_STATE \
    72 /* nettle's Edwards key of 57 octets, or two numbers of GMP, and its kind */

struct wr_verify {
    const struct wr_backend *backend;
    uint16_t signature_size; /* octets; any other length is no signature */
    uint8_t alg;
    uint64_t state[WR_VERIFY_STATE / 8];
};

/* There is code for the algorithm. */
bool wr_verify_knows(uint8_t alg);
int wr_verify_open(struct wr_verify *ret_key, uint8_t alg, const uint8_t *octets, size_t n);
int wr_verify_open_with(struct wr_verify *ret_key, uint8_t alg, const uint8_t *octets, size_t n,
                        const struct wr_backend *backend);
/* WR_OK: the signature is the key's over the data. WR_E_CHECKSUM: it is not. WR_E_NOMEM. */
int wr_verify_check(struct wr_verify *key, const uint8_t *data, size_t n, const uint8_t *sig,
                    size_t sig_n);
void wr_verify_close(struct wr_verify *key);

#endif
