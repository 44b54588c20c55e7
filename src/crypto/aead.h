/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AEAD: one message encrypted and made unforgeable at once (RFC 5116), by AES-GCM or ChaCha20-Poly1305.
 *
 *     err = wr_aead_seal(WR_AEAD_AES128GCM, key, nonce, aad, aad_size, text, size, sealed);    size + 16 octets
 *     err = wr_aead_open(WR_AEAD_AES128GCM, key, nonce, aad, aad_size, sealed, n, text);       n - 16 octets
 *
 * Key and nonce are as long as wr_aead_key_size and WR_AEAD_NONCE say; a nonce is used once with a key, which is the
 * caller's to see to. `text` and `sealed` may be the same place. What does not open is WR_E_CHECKSUM, and nothing of it may be
 * used; the text's room holds zeros then. The numbers of the algorithms are those of RFC 9180 section 7.3.
 */
#ifndef WR_CRYPTO_AEAD_H
#define WR_CRYPTO_AEAD_H

#include <stdbool.h>

#include "crypto/backend.h"

#define WR_AEAD_KEY_MAX 32
#define WR_AEAD_NONCE   12
#define WR_AEAD_TAG     16

/* 0: no such algorithm here. */
size_t wr_aead_key_size(unsigned alg);
/* WR_E_NOMEM. */
int wr_aead_seal(enum wr_aead_alg alg, const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                 size_t aad_size, const uint8_t *text, size_t size, uint8_t *ret_sealed);
/* WR_E_CHECKSUM; WR_E_SHORT: no room for a tag; WR_E_NOMEM. */
int wr_aead_open(enum wr_aead_alg alg, const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                 size_t aad_size, const uint8_t *sealed, size_t size, uint8_t *ret_text);

#endif
