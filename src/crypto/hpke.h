/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPKE: messages encrypted to a public key (RFC 9180), base mode with DHKEM(X25519, HKDF-SHA256) and HKDF-SHA256.
 *
 *     sender:     err = wr_hpke_sender(&h, aead, their_public, info, info_size, ephemeral, enc);
 *                 err = wr_hpke_seal(&h, aad, aad_size, text, size, sealed);            size + 16 octets
 *     recipient:  err = wr_hpke_recipient(&h, aead, our_secret, our_public, enc, info, info_size);
 *                 err = wr_hpke_open(&h, aad, aad_size, sealed, size, text);            size - 16 octets
 *     either:     err = wr_hpke_export(&h, context, context_size, secret, secret_size);
 *                 wr_hpke_close(&h);
 *
 * `enc` travels with the message. `ephemeral` is 32 octets of fresh randomness, used once; the sender's key is one of those.
 * Messages are opened in the order in which they were sealed; one that does not open does not count. The AEADs are AES-128-GCM,
 * AES-256-GCM and ChaCha20-Poly1305; the modes with a pre-shared key or a sender's key, and other curves, are not done.
 *
 * Memory: the struct, which holds keys until wr_hpke_close wipes it. Errors: WR_E_FORMAT (a public key of small order: the
 * shared secret is zero, section 7.1.4), WR_E_CHECKSUM (it does not open), WR_E_LIMIT (too many messages), WR_E_NOMEM.
 */
#ifndef WR_CRYPTO_HPKE_H
#define WR_CRYPTO_HPKE_H

#include "crypto/aead.h"

#define WR_HPKE_KEY        32 /* octets of a secret key, a public key and enc */
#define WR_HPKE_KEM_X25519 0x0020
#define WR_HPKE_KDF_SHA256 0x0001

struct wr_hpke {
    enum wr_aead_alg aead;
    uint64_t seq;
    uint8_t key[WR_AEAD_KEY_MAX], nonce[WR_AEAD_NONCE], exporter[32];
};

/* DeriveKeyPair (section 7.1.3): the same seed gives the same keys; it has at least 32 octets. */
int wr_hpke_keys(const uint8_t *seed, size_t seed_size, uint8_t *ret_secret, uint8_t *ret_public);
int wr_hpke_public(const uint8_t *secret, uint8_t *ret_public);

int wr_hpke_sender(struct wr_hpke *ret_hpke, enum wr_aead_alg aead, const uint8_t *their_public,
                   const void *info, size_t info_size, const uint8_t *ephemeral, uint8_t *ret_enc);
/* `public` is that of `secret`: to work it out again would be half of the cost. */
int wr_hpke_recipient(struct wr_hpke *ret_hpke, enum wr_aead_alg aead, const uint8_t *secret,
                      const uint8_t *public, const uint8_t *enc, const void *info,
                      size_t info_size);
int wr_hpke_seal(struct wr_hpke *h, const uint8_t *aad, size_t aad_size, const uint8_t *text,
                 size_t size, uint8_t *ret_sealed);
int wr_hpke_open(struct wr_hpke *h, const uint8_t *aad, size_t aad_size, const uint8_t *sealed,
                 size_t size, uint8_t *ret_text);
int wr_hpke_export(const struct wr_hpke *h, const void *context, size_t context_size, uint8_t *ret,
                   size_t size);
void wr_hpke_close(struct wr_hpke *h);

#endif
