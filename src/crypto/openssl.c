/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/openssl.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/err.h"
#include "crypto/verify.h"

#define MD_SIZE_MAX 64
#define EC_HALF_MAX 48 /* octets of r or s of P-384 */
#define DER_SIZE_MAX \
    (6 + 2 * (EC_HALF_MAX + 3)) /* SEQUENCE of two INTEGERs, each perhaps with a zero before */
#define EC_POINT_MAX (1 + 2 * EC_HALF_MAX)
#define AEAD_TAG     16
#define X25519_SIZE  32

struct digest {
    EVP_MD_CTX *ctx;
};

struct key {
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *verify; /* RSA, ECDSA: ready; NULL for the Edwards curves */
    EVP_MD *md;           /* fetched once: by its name it would be looked up for every check */
    enum wr_key_kind kind;
};

_Static_assert(sizeof(struct digest) <= WR_BACKEND_STATE, "fits its room");
_Static_assert(sizeof(struct key) <= WR_VERIFY_STATE, "fits its room");

static const EVP_MD *md_of(enum wr_hash_alg alg)
{
    switch (alg) {
    case WR_HASH_SHA1: return EVP_sha1();
    case WR_HASH_SHA256: return EVP_sha256();
    case WR_HASH_SHA384: return EVP_sha384();
    case WR_HASH_SHA512: return EVP_sha512();
    case WR_HASH_BLAKE2B: return EVP_blake2b512();
    }
    return NULL;
}

static int digest_open(void *state, enum wr_hash_alg alg)
{
    struct digest *d = state;

    d->ctx = EVP_MD_CTX_new();
    if (!d->ctx || !EVP_DigestInit_ex(d->ctx, md_of(alg), NULL)) {
        EVP_MD_CTX_free(d->ctx);
        ERR_clear_error();
        return WR_E_NOMEM;
    }
    return WR_OK;
}

static int digest_add(void *state, const void *bytes, size_t n)
{
    struct digest *d = state;

    return EVP_DigestUpdate(d->ctx, bytes, n) ? WR_OK : WR_E_NOMEM;
}

static int digest_end(void *state, uint8_t *ret)
{
    struct digest *d = state;
    unsigned size;

    /* Without a type the context keeps the one it has, and nothing is looked up again. */
    return EVP_DigestFinal_ex(d->ctx, ret, &size) && EVP_DigestInit_ex(d->ctx, NULL, NULL)
               ? WR_OK
               : WR_E_NOMEM;
}

static void digest_close(void *state)
{
    struct digest *d = state;

    EVP_MD_CTX_free(d->ctx);
}

static EVP_PKEY *pkey_from(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = params ? EVP_PKEY_CTX_new_from_name(NULL, type, NULL) : NULL;
    EVP_PKEY *pkey = NULL;

    if (ctx && EVP_PKEY_fromdata_init(ctx) > 0) {
        (void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
    }
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *open_rsa(const struct wr_backend_key *from)
{
    BIGNUM *n = BN_bin2bn(from->modulus, (int)from->modulus_size, NULL);
    BIGNUM *e = BN_bin2bn(from->exponent, (int)from->exponent_size, NULL);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey;

    if (n && e && bld && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e)) {
        params = OSSL_PARAM_BLD_to_param(bld);
    }
    pkey = pkey_from("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    BN_free(e);
    BN_free(n);
    return pkey;
}

static EVP_PKEY *open_ec(const struct wr_backend_key *from)
{
    char group[] = "P-256";
    uint8_t point[EC_POINT_MAX] = {4}; /* uncompressed, SEC 1 section 2.3.3 */
    OSSL_PARAM params[3];

    if (from->kind == WR_KEY_P384) {
        memcpy(group, "P-384", sizeof(group));
    }
    memcpy(point + 1, from->bytes, from->size);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + from->size);
    params[2] = OSSL_PARAM_construct_end();
    return pkey_from("EC", params);
}

static EVP_PKEY *open_pkey(const struct wr_backend_key *from)
{
    switch (from->kind) {
    case WR_KEY_RSA: return open_rsa(from);
    case WR_KEY_P256:
    case WR_KEY_P384: return open_ec(from);
    case WR_KEY_ED25519:
        return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, from->bytes, from->size);
    case WR_KEY_ED448:
        return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED448, NULL, from->bytes, from->size);
    }
    return NULL;
}

static void key_close(void *state)
{
    struct key *key = state;

    EVP_PKEY_CTX_free(key->verify);
    EVP_PKEY_free(key->pkey);
    EVP_MD_free(key->md);
}

static int key_open(void *state, const struct wr_backend_key *from)
{
    struct key key = {.pkey = open_pkey(from), .kind = from->kind};
    bool edwards = from->kind == WR_KEY_ED25519 || from->kind == WR_KEY_ED448;

    if (!key.pkey) {
        ERR_clear_error();
        return WR_E_FORMAT;
    }
    if (!edwards) {
        key.md = EVP_MD_fetch(NULL, EVP_MD_get0_name(md_of(from->hash)), NULL);
        key.verify = EVP_PKEY_CTX_new_from_pkey(NULL, key.pkey, NULL);
        if (!key.md || !key.verify || EVP_PKEY_verify_init(key.verify) <= 0 ||
            EVP_PKEY_CTX_set_signature_md(key.verify, key.md) <= 0) {
            key_close(&key);
            ERR_clear_error();
            return WR_E_NOMEM;
        }
    }
    memcpy(state, &key, sizeof(key));
    return WR_OK;
}

/* One INTEGER of DER, X.690 section 8.3: no needless zeros, none that would make it negative. */
static uint8_t *put_integer(uint8_t *at, const uint8_t *half, size_t n)
{
    while (n > 1 && half[0] == 0) {
        half++;
        n--;
    }
    *at++ = 2;
    *at++ = (uint8_t)(n + (half[0] >> 7));
    if (half[0] & 0x80) {
        *at++ = 0;
    }
    memcpy(at, half, n);
    return at + n;
}

/* RFC 6605 section 4 has r and s plain; libcrypto wants them in a SEQUENCE. Below 128 octets of content. */
static size_t to_der(const uint8_t *sig, size_t n, uint8_t *ret)
{
    uint8_t *end = put_integer(ret + 2, sig, n / 2);

    end = put_integer(end, sig + n / 2, n / 2);
    ret[0] = 0x30;
    ret[1] = (uint8_t)(end - ret - 2);
    return (size_t)(end - ret);
}

static bool check_edwards(struct key *key, const uint8_t *data, size_t n, const uint8_t *sig,
                          size_t sig_n)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) > 0 &&
                EVP_DigestVerify(ctx, sig, sig_n, data, n) == 1;

    EVP_MD_CTX_free(ctx);
    return good;
}

static bool check_hashed(struct key *key, const uint8_t *data, size_t n, const uint8_t *sig,
                         size_t sig_n)
{
    uint8_t md[MD_SIZE_MAX], der[DER_SIZE_MAX];
    unsigned md_n;

    if (!EVP_Digest(data, n, md, &md_n, key->md, NULL)) {
        return false;
    }
    if (key->kind != WR_KEY_RSA) {
        sig_n = to_der(sig, sig_n, der);
        sig = der;
    }
    return EVP_PKEY_verify(key->verify, sig, sig_n, md, md_n) == 1;
}

static int key_check(void *state, const uint8_t *data, size_t n, const uint8_t *sig, size_t sig_n)
{
    struct key *key = state;
    bool good = key->verify ? check_hashed(key, data, n, sig, sig_n)
                            : check_edwards(key, data, n, sig, sig_n);

    if (!good) {
        ERR_clear_error();
    }
    return good ? WR_OK : WR_E_CHECKSUM;
}

static const EVP_CIPHER *cipher_of(enum wr_aead_alg alg)
{
    switch (alg) {
    case WR_AEAD_AES128GCM: return EVP_aes_128_gcm();
    case WR_AEAD_AES256GCM: return EVP_aes_256_gcm();
    case WR_AEAD_CHACHA20POLY1305: return EVP_chacha20_poly1305();
    }
    return NULL;
}

/* The context with the key, the nonce and the associated data in it; its own nonce is of the 12 octets that we have. */
static bool aead_begin(EVP_CIPHER_CTX *ctx, const struct wr_backend_aead *a, int seal)
{
    int n;

    return ctx && EVP_CipherInit_ex(ctx, cipher_of(a->alg), NULL, a->key, a->nonce, seal) &&
           (a->aad_size == 0 || EVP_CipherUpdate(ctx, NULL, &n, a->aad, (int)a->aad_size));
}

static int aead_seal(const struct wr_backend_aead *a, const uint8_t *text, size_t size,
                     uint8_t *ret)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n;
    bool good = aead_begin(ctx, a, 1) &&
                (size == 0 || EVP_CipherUpdate(ctx, ret, &n, text, (int)size)) &&
                EVP_CipherFinal_ex(ctx, ret + size, &n) &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG, ret + size) > 0;

    EVP_CIPHER_CTX_free(ctx);
    return good ? WR_OK : WR_E_NOMEM;
}

static int aead_open(const struct wr_backend_aead *a, const uint8_t *sealed, size_t size,
                     uint8_t *ret)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t tag[AEAD_TAG];
    int n, err = WR_E_NOMEM;

    memcpy(tag, sealed + size, sizeof(tag));
    if (aead_begin(ctx, a, 0) && (size == 0 || EVP_CipherUpdate(ctx, ret, &n, sealed, (int)size)) &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG, tag) > 0) {
        err = EVP_CipherFinal_ex(ctx, ret + size, &n) > 0 ? WR_OK : WR_E_CHECKSUM;
    }
    EVP_CIPHER_CTX_free(ctx);
    if (err) {
        ERR_clear_error();
    }
    return err;
}

/* A result of zeros is no success to libcrypto; it is the caller's to refuse, and is handed up as such. */
static int x25519(const uint8_t *scalar, const uint8_t *point, uint8_t *ret)
{
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, X25519_SIZE);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, X25519_SIZE);
    EVP_PKEY_CTX *ctx = own && peer ? EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL) : NULL;
    size_t n = X25519_SIZE;
    int err = WR_E_NOMEM;

    if (ctx && EVP_PKEY_derive_init(ctx) > 0 && EVP_PKEY_derive_set_peer(ctx, peer) > 0) {
        if (EVP_PKEY_derive(ctx, ret, &n) <= 0) {
            memset(ret, 0, X25519_SIZE);
        }
        err = WR_OK;
    }
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    ERR_clear_error();
    return err;
}

const struct wr_backend wr_backend_openssl = {
    .name = "openssl",
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
