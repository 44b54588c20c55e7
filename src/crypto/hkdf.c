/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hkdf.h"

#include <string.h>

#include "base/err.h"
#include "crypto/hmac.h"
#include "crypto/wipe.h"

#define ROUNDS_MAX 255

static void add_parts(struct wr_hmac *h, const struct wr_hkdf_part *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (parts[i].size > 0) {
            wr_hmac_add(h, parts[i].bytes, parts[i].size);
        }
    }
}

/* The salt is the key of an HMAC: one longer than the hash's block is its digest (RFC 2104), and so it need not be in one piece. */
static int salt_key(enum wr_hash_alg alg, const struct wr_hkdf_part *salt, size_t parts,
                    uint8_t ret[WR_HMAC_BLOCK_MAX], size_t *ret_size)
{
    struct wr_digest d;
    size_t total = 0, at = 0;
    int err;

    for (size_t i = 0; i < parts; i++) {
        total += salt[i].size;
    }
    if (total <= wr_hmac_block(alg)) {
        for (size_t i = 0; i < parts; i++) {
            if (salt[i].size > 0) {
                memcpy(ret + at, salt[i].bytes, salt[i].size);
                at += salt[i].size;
            }
        }
        *ret_size = total;
        return WR_OK;
    }
    err = wr_digest_open(&d, alg);
    if (err) {
        return err;
    }
    for (size_t i = 0; i < parts; i++) {
        wr_digest_add(&d, salt[i].bytes, salt[i].size);
    }
    err = wr_digest_end(&d, ret);
    wr_digest_close(&d);
    *ret_size = wr_digest_size(alg);
    return err;
}

int wr_hkdf_extract(enum wr_hash_alg alg, const struct wr_hkdf_part *salt, size_t salt_parts,
                    const struct wr_hkdf_part *ikm, size_t parts, uint8_t *ret_prk)
{
    uint8_t key[WR_HMAC_BLOCK_MAX];
    size_t size = 0;
    struct wr_hmac h;
    int err = salt_key(alg, salt, salt_parts, key, &size);

    if (!err) {
        err = wr_hmac_open(&h, alg, key, size);
    }
    wr_wipe(key, sizeof(key));
    if (err) {
        return err;
    }
    add_parts(&h, ikm, parts);
    err = wr_hmac_end(&h, ret_prk);
    wr_hmac_close(&h);
    return err;
}

int wr_hkdf_expand(enum wr_hash_alg alg, const uint8_t *prk, const struct wr_hkdf_part *info,
                   size_t parts, uint8_t *ret, size_t size)
{
    size_t digest = wr_digest_size(alg), done = 0;
    uint8_t block[WR_DIGEST_MAX];
    struct wr_hmac h;
    int err;

    if (size > ROUNDS_MAX * digest) {
        return WR_E_RANGE;
    }
    err = wr_hmac_open(&h, alg, prk, digest);
    if (err) {
        return err;
    }
    for (uint8_t round = 1; !err && done < size; round++) {
        size_t take = size - done < digest ? size - done : digest;

        if (round > 1) {
            wr_hmac_add(&h, block, digest);
        }
        add_parts(&h, info, parts);
        wr_hmac_add(&h, &round, 1);
        err = wr_hmac_end(&h, block);
        if (!err) {
            memcpy(ret + done, block, take);
            done += take;
        }
    }
    wr_hmac_close(&h);
    wr_wipe(block, sizeof(block));
    return err;
}
