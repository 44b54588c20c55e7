/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/nettle.h"

#include <string.h>

#include <nettle/bignum.h>
#include <nettle/chacha-poly1305.h>
#include <nettle/curve25519.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>
#include <nettle/gcm.h>
#include <nettle/memops.h>
#include <nettle/rsa.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "base/err.h"
#include "crypto/verify.h"
#include "crypto/wipe.h"

#define AEAD_TAG 16

struct digest {
    union {
        struct sha1_ctx sha1;
        struct sha256_ctx sha256;
        struct sha512_ctx sha512; /* SHA-384 too */
    } u;
    enum wr_hash_alg alg;
};

struct key {
    union {
        struct rsa_public_key rsa;
        struct ecc_point point;
        uint8_t octets[ED448_KEY_SIZE];
    } u;
    uint8_t kind, hash; /* enum wr_key_kind, enum wr_hash_alg */
};

_Static_assert(sizeof(struct digest) <= WR_BACKEND_STATE, "fits its room");
_Static_assert(sizeof(struct key) <= WR_VERIFY_STATE, "fits its room");

static int digest_open(void *state, enum wr_hash_alg alg)
{
    struct digest *d = state;

    d->alg = alg;
    switch (alg) {
    case WR_HASH_SHA1: sha1_init(&d->u.sha1); break;
    case WR_HASH_SHA256: sha256_init(&d->u.sha256); break;
    case WR_HASH_SHA384: sha384_init(&d->u.sha512); break;
    case WR_HASH_SHA512: sha512_init(&d->u.sha512); break;
    case WR_HASH_BLAKE2B: return WR_E_UNSUPPORTED;
    }
    return WR_OK;
}

static int digest_add(void *state, const void *bytes, size_t n)
{
    struct digest *d = state;

    switch (d->alg) {
    case WR_HASH_SHA1: sha1_update(&d->u.sha1, n, bytes); break;
    case WR_HASH_SHA256: sha256_update(&d->u.sha256, n, bytes); break;
    case WR_HASH_SHA384:
    case WR_HASH_SHA512: sha512_update(&d->u.sha512, n, bytes); break;
    case WR_HASH_BLAKE2B: break;
    }
    return WR_OK;
}

/* nettle's digest calls begin anew by themselves. */
static int digest_end(void *state, uint8_t *ret)
{
    struct digest *d = state;

    switch (d->alg) {
    case WR_HASH_SHA1: sha1_digest(&d->u.sha1, SHA1_DIGEST_SIZE, ret); break;
    case WR_HASH_SHA256: sha256_digest(&d->u.sha256, SHA256_DIGEST_SIZE, ret); break;
    case WR_HASH_SHA384: sha384_digest(&d->u.sha512, SHA384_DIGEST_SIZE, ret); break;
    case WR_HASH_SHA512: sha512_digest(&d->u.sha512, SHA512_DIGEST_SIZE, ret); break;
    case WR_HASH_BLAKE2B: break;
    }
    return WR_OK;
}

static void digest_close(void *state)
{
    (void)state;
}

static int open_rsa(struct key *key, const struct wr_backend_key *from)
{
    rsa_public_key_init(&key->u.rsa);
    nettle_mpz_set_str_256_u(key->u.rsa.n, from->modulus_size, from->modulus);
    nettle_mpz_set_str_256_u(key->u.rsa.e, from->exponent_size, from->exponent);
    if (!rsa_public_key_prepare(&key->u.rsa)) {
        rsa_public_key_clear(&key->u.rsa);
        return WR_E_FORMAT;
    }
    return WR_OK;
}

static int open_ec(struct key *key, const struct wr_backend_key *from)
{
    size_t half = from->size / 2;
    mpz_t x, y;
    int good;

    ecc_point_init(&key->u.point,
                   from->kind == WR_KEY_P256 ? nettle_get_secp_256r1() : nettle_get_secp_384r1());
    nettle_mpz_init_set_str_256_u(x, half, from->bytes);
    nettle_mpz_init_set_str_256_u(y, half, from->bytes + half);
    good = ecc_point_set(&key->u.point, x, y);
    mpz_clear(x);
    mpz_clear(y);
    if (!good) {
        ecc_point_clear(&key->u.point);
    }
    return good ? WR_OK : WR_E_FORMAT;
}

static int key_open(void *state, const struct wr_backend_key *from)
{
    struct key key = {.kind = (uint8_t)from->kind, .hash = (uint8_t)from->hash};
    int err = WR_OK;

    switch (from->kind) {
    case WR_KEY_RSA: err = open_rsa(&key, from); break;
    case WR_KEY_P256:
    case WR_KEY_P384: err = open_ec(&key, from); break;
    case WR_KEY_ED25519:
    case WR_KEY_ED448: memcpy(key.u.octets, from->bytes, from->size); break;
    }
    if (!err) {
        memcpy(state, &key, sizeof(key));
    }
    return err;
}

static void key_close(void *state)
{
    struct key *key = state;

    if (key->kind == WR_KEY_RSA) {
        rsa_public_key_clear(&key->u.rsa);
    } else if (key->kind == WR_KEY_P256 || key->kind == WR_KEY_P384) {
        ecc_point_clear(&key->u.point);
    }
}

static int check_rsa(const struct key *key, const uint8_t *md, const uint8_t *sig, size_t sig_n)
{
    mpz_t s;
    int good = 0;

    nettle_mpz_init_set_str_256_u(s, sig_n, sig);
    switch ((enum wr_hash_alg)key->hash) {
    case WR_HASH_SHA1: good = rsa_sha1_verify_digest(&key->u.rsa, md, s); break;
    case WR_HASH_SHA256: good = rsa_sha256_verify_digest(&key->u.rsa, md, s); break;
    case WR_HASH_SHA512: good = rsa_sha512_verify_digest(&key->u.rsa, md, s); break;
    case WR_HASH_SHA384:
    case WR_HASH_BLAKE2B: break; /* no DNSSEC algorithms */
    }
    mpz_clear(s);
    return good;
}

static int check_ec(const struct key *key, const uint8_t *md, size_t md_n, const uint8_t *sig,
                    size_t sig_n)
{
    struct dsa_signature s;
    int good;

    dsa_signature_init(&s);
    nettle_mpz_set_str_256_u(s.r, sig_n / 2, sig);
    nettle_mpz_set_str_256_u(s.s, sig_n / 2, sig + sig_n / 2);
    good = ecdsa_verify(&key->u.point, md_n, md, &s);
    dsa_signature_clear(&s);
    return good;
}

static int check_hashed(struct key *key, const uint8_t *data, size_t n, const uint8_t *sig,
                        size_t sig_n)
{
    uint8_t md[SHA512_DIGEST_SIZE];
    struct digest d;

    (void)digest_open(&d, (enum wr_hash_alg)key->hash);
    (void)digest_add(&d, data, n);
    (void)digest_end(&d, md);
    if (key->kind == WR_KEY_RSA) {
        return check_rsa(key, md, sig, sig_n);
    }
    return check_ec(key, md, key->kind == WR_KEY_P256 ? SHA256_DIGEST_SIZE : SHA384_DIGEST_SIZE,
                    sig, sig_n);
}

static int key_check(void *state, const uint8_t *data, size_t n, const uint8_t *sig, size_t sig_n)
{
    struct key *key = state;
    int good;

    if (key->kind == WR_KEY_ED25519) {
        good = ed25519_sha512_verify(key->u.octets, n, data, sig);
    } else if (key->kind == WR_KEY_ED448) {
        /* The last octet of S is zero (RFC 8032 section 5.2.7: S below the order); the library does not look at it. */
        good = sig[sig_n - 1] == 0 && ed448_shake256_verify(key->u.octets, n, data, sig);
    } else {
        good = check_hashed(key, data, n, sig, sig_n);
    }
    return good ? WR_OK : WR_E_CHECKSUM;
}

/* One direction of one message: `in` to `out`, and the tag of it. */
static void aead_run(const struct wr_backend_aead *a, bool seal, const uint8_t *in, size_t n,
                     uint8_t *out, uint8_t tag[AEAD_TAG])
{
    union {
        struct gcm_aes128_ctx aes128;
        struct gcm_aes256_ctx aes256;
        struct chacha_poly1305_ctx chacha;
    } u;

    switch (a->alg) {
    case WR_AEAD_AES128GCM:
        gcm_aes128_set_key(&u.aes128, a->key);
        gcm_aes128_set_iv(&u.aes128, GCM_IV_SIZE, a->nonce);
        gcm_aes128_update(&u.aes128, a->aad_size, a->aad);
        (seal ? gcm_aes128_encrypt : gcm_aes128_decrypt)(&u.aes128, n, out, in);
        gcm_aes128_digest(&u.aes128, AEAD_TAG, tag);
        break;
    case WR_AEAD_AES256GCM:
        gcm_aes256_set_key(&u.aes256, a->key);
        gcm_aes256_set_iv(&u.aes256, GCM_IV_SIZE, a->nonce);
        gcm_aes256_update(&u.aes256, a->aad_size, a->aad);
        (seal ? gcm_aes256_encrypt : gcm_aes256_decrypt)(&u.aes256, n, out, in);
        gcm_aes256_digest(&u.aes256, AEAD_TAG, tag);
        break;
    case WR_AEAD_CHACHA20POLY1305:
        chacha_poly1305_set_key(&u.chacha, a->key);
        chacha_poly1305_set_nonce(&u.chacha, a->nonce);
        chacha_poly1305_update(&u.chacha, a->aad_size, a->aad);
        (seal ? chacha_poly1305_encrypt : chacha_poly1305_decrypt)(&u.chacha, n, out, in);
        chacha_poly1305_digest(&u.chacha, AEAD_TAG, tag);
        break;
    }
    wr_wipe(&u, sizeof(u));
}

static int aead_seal(const struct wr_backend_aead *a, const uint8_t *text, size_t n, uint8_t *ret)
{
    aead_run(a, true, text, n, ret, ret + n);
    return WR_OK;
}

static int aead_open(const struct wr_backend_aead *a, const uint8_t *sealed, size_t n, uint8_t *ret)
{
    uint8_t got[AEAD_TAG], want[AEAD_TAG];

    memcpy(want, sealed + n, sizeof(want));
    aead_run(a, false, sealed, n, ret, got);
    return memeql_sec(got, want, sizeof(got)) ? WR_OK : WR_E_CHECKSUM;
}

static int x25519(const uint8_t *scalar, const uint8_t *point, uint8_t *ret)
{
    curve25519_mul(ret, scalar, point);
    return WR_OK;
}

const struct wr_backend wr_backend_nettle = {
    .name = "nettle",
    .digest_open = digest_open,
    .digest_add = digest_add,
    .digest_end = digest_end,
    .digest_close = digest_close,
    .key_open = key_open,
    .key_check = key_check,
    .key_close = key_close,
    .aead_seal = aead_seal,
    .aead_open = aead_open,
    .x25519 = x25519,
};
