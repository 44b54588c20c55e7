/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include "base/err.h"
#include "crypto/wipe.h"

size_t wr_aead_key_size(unsigned alg)
{
    switch (alg) {
    case WR_AEAD_AES128GCM: return 16;
    case WR_AEAD_AES256GCM:
    case WR_AEAD_CHACHA20POLY1305: return 32;
    default: return 0;
    }
}

int wr_aead_seal(enum wr_aead_alg alg, const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                 size_t aad_size, const uint8_t *text, size_t size, uint8_t *ret_sealed)
{
    const struct wr_backend_aead a = {alg, key, nonce, aad, aad_size};

    return WR_BACKEND->aead_seal(&a, text, size, ret_sealed);
}

int wr_aead_open(enum wr_aead_alg alg, const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                 size_t aad_size, const uint8_t *sealed, size_t size, uint8_t *ret_text)
{
    const struct wr_backend_aead a = {alg, key, nonce, aad, aad_size};
    int err;

    if (size < WR_AEAD_TAG) {
        return WR_E_SHORT;
    }
    err = WR_BACKEND->aead_open(&a, sealed, size - WR_AEAD_TAG, ret_text);
    if (err) {
        wr_wipe(ret_text, size - WR_AEAD_TAG);
    }
    return err;
}
