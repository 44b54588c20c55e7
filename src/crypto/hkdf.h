/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HKDF: from a shared secret to keys (RFC 5869), over HMAC.
 *
 *     err = wr_hkdf_extract(WR_HASH_SHA256, salt, 1, ikm, parts, prk);    wr_digest_size octets
 *     err = wr_hkdf_expand(WR_HASH_SHA256, prk, info, parts, key, sizeof(key));
 *
 * What goes in is given in parts, so that labels need not be put together in a buffer. Errors: WR_E_NOMEM,
 * WR_E_RANGE (more octets wanted than 255 digests).
 */
#ifndef WR_CRYPTO_HKDF_H
#define WR_CRYPTO_HKDF_H

#include "crypto/digest.h"

struct wr_hkdf_part {
    const void *bytes;
    size_t size;
};

/* No salt (0 parts) is one of zeros. */
int wr_hkdf_extract(enum wr_hash_alg alg, const struct wr_hkdf_part *salt, size_t salt_parts,
                    const struct wr_hkdf_part *ikm, size_t parts, uint8_t *ret_prk);
int wr_hkdf_expand(enum wr_hash_alg alg, const uint8_t *prk, const struct wr_hkdf_part *info,
                   size_t parts, uint8_t *ret, size_t size);

#endif
