/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include "base/err.h"

size_t wr_digest_size(enum wr_hash_alg alg)
{
    switch (alg) {
    case WR_HASH_SHA1: return 20;
    case WR_HASH_SHA256: return 32;
    case WR_HASH_SHA384: return 48;
    case WR_HASH_SHA512:
    case WR_HASH_BLAKE2B: return 64;
    }
    return 0;
}

int wr_digest_open_with(struct wr_digest *ret_digest, enum wr_hash_alg alg,
                        const struct wr_backend *backend)
{
    ret_digest->backend = backend;
    ret_digest->err = WR_OK;
    return backend->digest_open(ret_digest->state, alg);
}

int wr_digest_open(struct wr_digest *ret_digest, enum wr_hash_alg alg)
{
    return wr_digest_open_with(ret_digest, alg, WR_BACKEND);
}

void wr_digest_add(struct wr_digest *d, const void *bytes, size_t n)
{
    if (!d->err && n > 0) {
        d->err = d->backend->digest_add(d->state, bytes, n);
    }
}

int wr_digest_end(struct wr_digest *d, uint8_t *ret)
{
    uint8_t out[WR_DIGEST_MAX];
    int err = d->err;

    d->err = WR_OK;
    if (err) {
        (void)d->backend->digest_end(d->state, out);
        return err;
    }
    return d->backend->digest_end(d->state, ret);
}

void wr_digest_close(struct wr_digest *d)
{
    d->backend->digest_close(d->state);
}

int wr_digest_of(enum wr_hash_alg alg, const void *bytes, size_t n, uint8_t *ret)
{
    struct wr_digest d;
    int err = wr_digest_open(&d, alg);

    if (err) {
        return err;
    }
    wr_digest_add(&d, bytes, n);
    err = wr_digest_end(&d, ret);
    wr_digest_close(&d);
    return err;
}
