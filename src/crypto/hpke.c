/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hpke.h"

#include <string.h>

#include "base/err.h"
#include "crypto/hkdf.h"
#include "crypto/wipe.h"

#define MODE_BASE   0
#define DIGEST_SIZE 32
#define SUITE_MAX   10
#define PARTS       4

/* The suite as it goes into every label (sections 4.1 and 5.1). */
struct suite {
    uint8_t id[SUITE_MAX];
    size_t size;
};

static const char version[] = "HPKE-v1";

static struct suite kem_suite(void)
{
    struct suite s = {{'K', 'E', 'M', 0, WR_HPKE_KEM_X25519}, 5};

    return s;
}

static struct suite hpke_suite(enum wr_aead_alg aead)
{
    struct suite s = {
        {'H', 'P', 'K', 'E', 0, WR_HPKE_KEM_X25519, 0, WR_HPKE_KDF_SHA256, 0, (uint8_t)aead}, 10};

    return s;
}

/* LabeledExtract, section 4. */
static int extract(const struct suite *suite, const uint8_t *salt, const char *label,
                   const void *ikm, size_t ikm_size, uint8_t ret[DIGEST_SIZE])
{
    const struct wr_hkdf_part parts[PARTS] = {{version, sizeof(version) - 1},
                                              {suite->id, suite->size},
                                              {label, strlen(label)},
                                              {ikm, ikm_size}};
    const struct wr_hkdf_part salted = {salt, DIGEST_SIZE};

    return wr_hkdf_extract(WR_HASH_SHA256, &salted, salt ? 1 : 0, parts, PARTS, ret);
}

/* LabeledExpand, section 4. */
static int expand(const struct suite *suite, const uint8_t *prk, const char *label,
                  const void *info, size_t info_size, uint8_t *ret, size_t size)
{
    const uint8_t length[2] = {(uint8_t)(size >> 8), (uint8_t)size};
    const struct wr_hkdf_part parts[PARTS + 1] = {{length, sizeof(length)},
                                                  {version, sizeof(version) - 1},
                                                  {suite->id, suite->size},
                                                  {label, strlen(label)},
                                                  {info, info_size}};

    return wr_hkdf_expand(WR_HASH_SHA256, prk, parts, PARTS + 1, ret, size);
}

int wr_hpke_public(const uint8_t *secret, uint8_t *ret_public)
{
    static const uint8_t base[WR_HPKE_KEY] = {9};

    return WR_BACKEND->x25519(secret, base, ret_public);
}

int wr_hpke_keys(const uint8_t *seed, size_t seed_size, uint8_t *ret_secret, uint8_t *ret_public)
{
    struct suite suite = kem_suite();
    uint8_t prk[DIGEST_SIZE];
    int err = extract(&suite, NULL, "dkp_prk", seed, seed_size, prk);

    if (!err) {
        err = expand(&suite, prk, "sk", NULL, 0, ret_secret, WR_HPKE_KEY);
    }
    wr_wipe(prk, sizeof(prk));
    return err ? err : wr_hpke_public(ret_secret, ret_public);
}

/* What both have in common: the product of their keys, bound to enc and the recipient's public key (ExtractAndExpand). */
static int agree(const uint8_t *secret, const uint8_t *their_public, const uint8_t *enc,
                 const uint8_t *recipient, uint8_t ret[DIGEST_SIZE])
{
    struct suite suite = kem_suite();
    uint8_t dh[WR_HPKE_KEY], prk[DIGEST_SIZE], context[2 * WR_HPKE_KEY], any = 0;
    int err = WR_BACKEND->x25519(secret, their_public, dh);

    if (err) {
        return err;
    }
    for (size_t i = 0; i < sizeof(dh); i++) {
        any |= dh[i];
    }
    memcpy(context, enc, WR_HPKE_KEY);
    memcpy(context + WR_HPKE_KEY, recipient, WR_HPKE_KEY);
    err = any ? extract(&suite, NULL, "eae_prk", dh, sizeof(dh), prk) : WR_E_FORMAT;
    if (!err) {
        err = expand(&suite, prk, "shared_secret", context, sizeof(context), ret, DIGEST_SIZE);
    }
    wr_wipe(dh, sizeof(dh));
    wr_wipe(prk, sizeof(prk));
    return err;
}

/* KeySchedule, section 5.1, without a pre-shared key. */
static int schedule(struct wr_hpke *h, enum wr_aead_alg aead, const uint8_t shared[DIGEST_SIZE],
                    const void *info, size_t info_size)
{
    struct suite suite = hpke_suite(aead);
    uint8_t context[1 + 2 * DIGEST_SIZE] = {MODE_BASE}, secret[DIGEST_SIZE];
    int err = extract(&suite, NULL, "psk_id_hash", NULL, 0, context + 1);

    memset(h, 0, sizeof(*h));
    h->aead = aead;
    if (!err) {
        err = extract(&suite, NULL, "info_hash", info, info_size, context + 1 + DIGEST_SIZE);
    }
    if (!err) {
        err = extract(&suite, shared, "secret", NULL, 0, secret);
    }
    if (!err) {
        err =
            expand(&suite, secret, "key", context, sizeof(context), h->key, wr_aead_key_size(aead));
    }
    if (!err) {
        err = expand(&suite, secret, "base_nonce", context, sizeof(context), h->nonce,
                     sizeof(h->nonce));
    }
    if (!err) {
        err = expand(&suite, secret, "exp", context, sizeof(context), h->exporter,
                     sizeof(h->exporter));
    }
    wr_wipe(secret, sizeof(secret));
    if (err) {
        wr_hpke_close(h);
    }
    return err;
}

int wr_hpke_sender(struct wr_hpke *ret_hpke, enum wr_aead_alg aead, const uint8_t *their_public,
                   const void *info, size_t info_size, const uint8_t *ephemeral, uint8_t *ret_enc)
{
    uint8_t shared[DIGEST_SIZE], enc[WR_HPKE_KEY];
    int err = wr_hpke_public(ephemeral, enc);

    if (!err) {
        err = agree(ephemeral, their_public, enc, their_public, shared);
    }
    if (!err) {
        err = schedule(ret_hpke, aead, shared, info, info_size);
    }
    if (!err) {
        memcpy(ret_enc, enc, sizeof(enc));
    }
    wr_wipe(shared, sizeof(shared));
    return err;
}

int wr_hpke_recipient(struct wr_hpke *ret_hpke, enum wr_aead_alg aead, const uint8_t *secret,
                      const uint8_t *public, const uint8_t *enc, const void *info, size_t info_size)
{
    uint8_t shared[DIGEST_SIZE];
    int err = agree(secret, enc, enc, public, shared);

    if (!err) {
        err = schedule(ret_hpke, aead, shared, info, info_size);
    }
    wr_wipe(shared, sizeof(shared));
    return err;
}

/* ComputeNonce, section 5.2: the number of the message in the last octets. */
static void nonce_of(const struct wr_hpke *h, uint8_t ret[WR_AEAD_NONCE])
{
    memcpy(ret, h->nonce, WR_AEAD_NONCE);
    for (unsigned i = 0; i < sizeof(h->seq); i++) {
        ret[WR_AEAD_NONCE - 1 - i] ^= (uint8_t)(h->seq >> (8 * i));
    }
}

int wr_hpke_seal(struct wr_hpke *h, const uint8_t *aad, size_t aad_size, const uint8_t *text,
                 size_t size, uint8_t *ret_sealed)
{
    uint8_t nonce[WR_AEAD_NONCE];
    int err;

    if (h->seq == UINT64_MAX) {
        return WR_E_LIMIT;
    }
    nonce_of(h, nonce);
    err = wr_aead_seal(h->aead, h->key, nonce, aad, aad_size, text, size, ret_sealed);
    h->seq += !err;
    return err;
}

int wr_hpke_open(struct wr_hpke *h, const uint8_t *aad, size_t aad_size, const uint8_t *sealed,
                 size_t size, uint8_t *ret_text)
{
    uint8_t nonce[WR_AEAD_NONCE];
    int err;

    if (h->seq == UINT64_MAX) {
        return WR_E_LIMIT;
    }
    nonce_of(h, nonce);
    err = wr_aead_open(h->aead, h->key, nonce, aad, aad_size, sealed, size, ret_text);
    h->seq += !err;
    return err;
}

int wr_hpke_export(const struct wr_hpke *h, const void *context, size_t context_size, uint8_t *ret,
                   size_t size)
{
    struct suite suite = hpke_suite(h->aead);

    return expand(&suite, h->exporter, "sec", context, context_size, ret, size);
}

void wr_hpke_close(struct wr_hpke *h)
{
    wr_wipe(h, sizeof(*h));
}
