/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/vectors.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/rng.h"

#ifdef WR_TEST_BOTH
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#endif

static void test_algorithms(void **state)
{
    static const uint8_t known[] = {5, 7, 8, 10, 13, 14, 15, 16};
    struct wr_verify key;
    uint8_t octets[64] = {0};

    for (unsigned alg = 0, i = 0; alg < 256; alg++) {
        bool is = i < sizeof(known) && known[i] == alg;

        i += is;
        assert_int_equal(wr_verify_knows((uint8_t)alg), is);
        if (!is) {
            assert_int_equal(wr_verify_open(&key, (uint8_t)alg, octets, 64), WR_E_UNSUPPORTED);
        }
    }
}

static void test_chosen_backend(void **state)
{
    struct wr_verify key;
    struct vec_loaded v;

    vec_load(&vec_signatures[2], &v);
    assert_int_equal(wr_verify_open(&key, 13, v.key, v.key_n), WR_OK);
    assert_int_equal(wr_verify_check(&key, v.data, v.data_n, v.sig, v.sig_n), WR_OK);
    wr_verify_close(&key);
}

/* exponent_n octets of exponent (first and last given), then modulus_n octets of modulus, all ones but the first. */
static size_t rsa_octets(uint8_t *ret, bool three, size_t exponent_n, uint8_t first, uint8_t last,
                         size_t modulus_n, uint8_t head, uint8_t tail)
{
    size_t at = 0;

    if (three) {
        ret[at++] = 0;
        ret[at++] = (uint8_t)(exponent_n >> 8);
    }
    ret[at++] = (uint8_t)exponent_n;
    memset(ret + at, 0, exponent_n);
    if (exponent_n) {
        ret[at] = first;
        ret[at + exponent_n - 1] |= last;
    }
    at += exponent_n;
    memset(ret + at, 0xff, modulus_n);
    if (modulus_n) {
        ret[at] = head;
        ret[at + modulus_n - 1] = tail;
    }
    return at + modulus_n;
}

static void test_rsa_encodings(void **state)
{
    static const struct {
        uint8_t alg;
        bool three;
        size_t exponent_n;
        uint8_t first, last;
        size_t modulus_n;
        uint8_t head, tail;
        int want;
    } rows[] = {
        {8, false, 3, 1, 1, 256, 0x80, 0xff, WR_OK},
        {8, true, 3, 1, 1, 256, 0x80, 0xff, WR_OK},
        {8, false, 1, 3, 3, 64, 0x80, 0xff, WR_OK},         /* 512 bits */
        {8, false, 1, 3, 3, 64, 0x7f, 0xff, WR_E_FORMAT},   /* 511 */
        {10, false, 1, 3, 3, 127, 0xff, 0xff, WR_E_FORMAT}, /* RFC 5702: 1024 at least */
        {10, false, 1, 3, 3, 128, 0x80, 0xff, WR_OK},
        {8, false, 3, 1, 1, 512, 0x80, 0xff, WR_OK},            /* 4096 bits */
        {8, false, 3, 1, 1, 513, 0x01, 0xff, WR_E_UNSUPPORTED}, /* 4097 */
        {8, false, 3, 1, 1, 514, 0, 0xff, WR_E_UNSUPPORTED},
        {8, false, 3, 1, 1, 257, 0, 0xff, WR_OK},               /* a leading zero */
        {8, false, 8, 0x80, 1, 256, 0x80, 0xff, WR_OK},         /* 64 bits */
        {8, false, 9, 1, 1, 256, 0x80, 0xff, WR_E_UNSUPPORTED}, /* 65 */
        {8, true, 300, 1, 1, 256, 0x80, 0xff, WR_E_UNSUPPORTED},
        {8, false, 9, 0, 3, 256, 0x80, 0xff, WR_OK},
        {8, false, 1, 1, 1, 256, 0x80, 0xff, WR_E_FORMAT}, /* exponent 1 */
        {8, false, 1, 2, 2, 256, 0x80, 0xff, WR_E_FORMAT}, /* even */
        {8, false, 3, 1, 1, 256, 0x80, 0xfe, WR_E_FORMAT},
        {8, false, 0, 0, 0, 256, 0x80, 0xff, WR_E_FORMAT},
        {8, false, 3, 1, 1, 0, 0, 0, WR_E_FORMAT},
    };
    uint8_t octets[1024];
    struct wr_verify key;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = rsa_octets(octets, rows[i].three, rows[i].exponent_n, rows[i].first,
                              rows[i].last, rows[i].modulus_n, rows[i].head, rows[i].tail);
        int got = wr_verify_open(&key, rows[i].alg, octets, n);

        if (got != rows[i].want) {
            fail_msg("row %zu: %d, not %d", i, got, rows[i].want);
        }
        if (got == WR_OK) {
            wr_verify_close(&key);
        }
    }
    octets[0] = 200; /* says more exponent than there is */
    assert_int_equal(wr_verify_open(&key, 8, octets, 100), WR_E_FORMAT);
    assert_int_equal(wr_verify_open(&key, 8, octets, 0), WR_E_FORMAT);
}

static void test_curve_sizes(void **state)
{
    static const struct {
        uint8_t alg;
        size_t n;
    } rows[] = {{13, 64}, {14, 96}, {15, 32}, {16, 57}};
    uint8_t octets[128] = {1};
    struct wr_verify key;

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(wr_verify_open(&key, rows[i].alg, octets, rows[i].n - 1), WR_E_FORMAT);
        assert_int_equal(wr_verify_open(&key, rows[i].alg, octets, rows[i].n + 1), WR_E_FORMAT);
        assert_int_equal(wr_verify_open(&key, rows[i].alg, octets, 0), WR_E_FORMAT);
    }
}

#ifdef WR_TEST_BOTH
static EVP_PKEY *make_key(uint8_t alg)
{
    switch (alg) {
    case 13: return EVP_EC_gen("P-256");
    case 14: return EVP_EC_gen("P-384");
    case 15: return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case 16: return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
    default: return EVP_RSA_gen(1024);
    }
}

static size_t public_octets(uint8_t alg, EVP_PKEY *pkey, uint8_t *ret, size_t cap)
{
    BIGNUM *n = NULL;
    size_t size = 0;

    if (alg >= 15) {
        size = cap;
        assert_int_equal(EVP_PKEY_get_raw_public_key(pkey, ret, &size), 1);
    } else if (alg >= 13) {
        uint8_t point[100];

        assert_int_equal(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                         sizeof(point), &size),
                         1);
        size -= 1;
        memcpy(ret, point + 1, size);
    } else {
        memcpy(ret, "\3\1\0\1", 4);
        assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n), 1);
        size = 4 + (size_t)BN_bn2bin(n, ret + 4);
        BN_free(n);
    }
    return size;
}

/* r or s out of DER, padded to its half. */
static const uint8_t *take_integer(const uint8_t *at, uint8_t *ret, size_t half)
{
    size_t n = at[1];

    at += 2;
    while (n > half) {
        at++;
        n--;
    }
    memset(ret, 0, half - n);
    memcpy(ret + half - n, at, n);
    return at + n;
}

static size_t sign(uint8_t alg, EVP_PKEY *pkey, const uint8_t *data, size_t n, uint8_t *ret)
{
    static const char *const md[] = {
        [5] = "SHA1",    [7] = "SHA1",    [8] = "SHA256", [10] = "SHA512",
        [13] = "SHA256", [14] = "SHA384", [15] = NULL,    [16] = NULL};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t out[256];
    size_t size = sizeof(out);

    assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, md[alg], NULL, NULL, pkey, NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, out, &size, data, n), 1);
    EVP_MD_CTX_free(ctx);
    if (alg == 13 || alg == 14) {
        size_t half = alg == 13 ? 32 : 48;

        take_integer(take_integer(out + 2, ret, half), ret + half, half);
        return 2 * half;
    }
    memcpy(ret, out, size);
    return size;
}

struct both {
    struct wr_verify a, b;
};

static int ask_both(struct both *keys, const uint8_t *data, size_t n, const uint8_t *sig,
                    size_t sig_n)
{
    int a = wr_verify_check(&keys->a, data, n, sig, sig_n);
    int b = wr_verify_check(&keys->b, data, n, sig, sig_n);

    assert_int_equal(a, b);
    return a;
}

/* One key: what it signed is good for both backends, and what was altered gets one verdict from the two. */
static void try_key(uint8_t alg, struct wr_rng *rng)
{
    EVP_PKEY *pkey = make_key(alg);
    uint8_t octets[600], data[700], sig[300];
    size_t n = public_octets(alg, pkey, octets, sizeof(octets));
    struct both keys;

    assert_int_equal(wr_verify_open_with(&keys.a, alg, octets, n, &wr_backend_openssl), WR_OK);
    assert_int_equal(wr_verify_open_with(&keys.b, alg, octets, n, &wr_backend_nettle), WR_OK);
    for (int round = 0; round < 8; round++) {
        size_t size = wr_rng_below(rng, sizeof(data)), sig_n, at;

        wr_rng_bytes(rng, data, size);
        sig_n = sign(alg, pkey, data, size, sig);
        assert_int_equal(ask_both(&keys, data, size, sig, sig_n), WR_OK);
        at = wr_rng_below(rng, (uint32_t)sig_n);
        sig[at] ^= (uint8_t)(1 + wr_rng_below(rng, 255));
        assert_int_equal(ask_both(&keys, data, size, sig, sig_n), WR_E_CHECKSUM);
        wr_rng_bytes(rng, sig, sig_n);
        assert_int_equal(ask_both(&keys, data, size, sig, sig_n), WR_E_CHECKSUM);
        memset(sig, round & 1 ? 0xff : 0, sig_n);
        assert_int_equal(ask_both(&keys, data, size, sig, sig_n), WR_E_CHECKSUM);
    }
    wr_verify_close(&keys.a);
    wr_verify_close(&keys.b);
    EVP_PKEY_free(pkey);
}

/* A public key altered at random: both take it or both refuse it (Edwards keys are looked at only when they check). */
static void try_altered_keys(uint8_t alg, struct wr_rng *rng)
{
    EVP_PKEY *pkey = make_key(alg);
    uint8_t octets[600];
    size_t n = public_octets(alg, pkey, octets, sizeof(octets));

    for (int round = 0; round < 50; round++) {
        struct wr_verify a, b;
        int err_a, err_b;

        octets[wr_rng_below(rng, (uint32_t)n)] ^= (uint8_t)(1 << wr_rng_below(rng, 8));
        err_a = wr_verify_open_with(&a, alg, octets, n, &wr_backend_openssl);
        err_b = wr_verify_open_with(&b, alg, octets, n, &wr_backend_nettle);
        assert_int_equal(err_a, err_b);
        if (err_a == WR_OK) {
            uint8_t sig[300] = {0};

            assert_int_equal(wr_verify_check(&a, octets, n, sig, a.signature_size), WR_E_CHECKSUM);
            assert_int_equal(wr_verify_check(&b, octets, n, sig, b.signature_size), WR_E_CHECKSUM);
            wr_verify_close(&a);
            wr_verify_close(&b);
        }
    }
    EVP_PKEY_free(pkey);
}

static void test_backends_agree(void **state)
{
    static const uint8_t algs[] = {5, 7, 8, 10, 13, 14, 15, 16};
    struct wr_rng rng;

    wr_rng_seed_u64(&rng, 20240806);
    for (size_t i = 0; i < sizeof(algs); i++) {
        for (int k = 0; k < 3; k++) {
            try_key(algs[i], &rng);
        }
        try_altered_keys(algs[i], &rng);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_algorithms),     cmocka_unit_test(test_chosen_backend),
        cmocka_unit_test(test_rsa_encodings),  cmocka_unit_test(test_curve_sizes),
#ifdef WR_TEST_BOTH
        cmocka_unit_test(test_backends_agree),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
