/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hmac.h"

#include <string.h>

#include "base/err.h"
#include "crypto/wipe.h"

#define INNER_PAD 0x36
#define OUTER_PAD 0x5c

static void add_pad(struct wr_hmac *h, uint8_t pad)
{
    uint8_t block[WR_HMAC_BLOCK_MAX];

    for (size_t i = 0; i < h->block; i++) {
        block[i] = h->key[i] ^ pad;
    }
    wr_digest_add(&h->digest, block, h->block);
}

size_t wr_hmac_block(enum wr_hash_alg alg)
{
    return alg == WR_HASH_SHA1 || alg == WR_HASH_SHA256 ? 64 : 128;
}

int wr_hmac_open(struct wr_hmac *ret_hmac, enum wr_hash_alg alg, const uint8_t *key, size_t size)
{
    struct wr_hmac *h = ret_hmac;
    int err;

    memset(h, 0, sizeof(*h));
    h->alg = alg;
    h->block = wr_hmac_block(alg);
    if (size > h->block) {
        err = wr_digest_of(alg, key, size, h->key);
        if (err) {
            return err;
        }
    } else if (size > 0) {
        memcpy(h->key, key, size);
    }
    err = wr_digest_open(&h->digest, alg);
    if (!err) {
        add_pad(h, INNER_PAD);
    }
    return err;
}

void wr_hmac_add(struct wr_hmac *h, const void *bytes, size_t n)
{
    wr_digest_add(&h->digest, bytes, n);
}

int wr_hmac_end(struct wr_hmac *h, uint8_t *ret)
{
    uint8_t inner[WR_DIGEST_MAX], outer[WR_DIGEST_MAX];
    int err = wr_digest_end(&h->digest, inner);

    if (!err) {
        add_pad(h, OUTER_PAD);
        wr_digest_add(&h->digest, inner, wr_digest_size(h->alg));
        err = wr_digest_end(&h->digest, outer);
    }
    if (!err) {
        memcpy(ret, outer, wr_digest_size(h->alg));
    }
    add_pad(h, INNER_PAD);
    return err;
}

void wr_hmac_close(struct wr_hmac *h)
{
    wr_digest_close(&h->digest);
    wr_wipe(h->key, sizeof(h->key));
}

bool wr_hmac_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
    volatile uint8_t differs = 0;

    for (size_t i = 0; i < size; i++) {
        differs = (uint8_t)(differs | (a[i] ^ b[i]));
    }
    return differs == 0;
}
