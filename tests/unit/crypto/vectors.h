/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both backends are asked: published digests and signatures, each as hex, and the same broken by one bit.
 * Included by the test of each backend.
 */
#ifndef WEIR_TESTS_VECTORS_H
#define WEIR_TESTS_VECTORS_H

#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/verify.h"

static inline size_t vec_hex(const char *text, uint8_t *ret, size_t cap)
{
    size_t n = 0;

    assert_int_equal(wr_enc_from_hex(text, strlen(text), ret, cap, &n), WR_OK);
    return n;
}

static inline size_t vec_base64(const char *text, uint8_t *ret, size_t cap)
{
    size_t n = 0;

    assert_int_equal(wr_enc_from_base64(text, strlen(text), ret, cap, &n), WR_OK);
    return n;
}

/* FIPS 180-4 example messages. */
static const struct vec_digest {
    enum wr_hash_alg alg;
    const char *message, *hex;
} vec_digests[] = {
    {WR_HASH_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {WR_HASH_SHA1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {WR_HASH_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {WR_HASH_SHA384, "abc",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7"},
    {WR_HASH_SHA512, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

static inline void vec_try_digests(const struct wr_backend *backend)
{
    for (size_t i = 0; i < sizeof(vec_digests) / sizeof(vec_digests[0]); i++) {
        const struct vec_digest *v = &vec_digests[i];
        uint8_t want[WR_DIGEST_MAX], got[WR_DIGEST_MAX];
        size_t n = vec_hex(v->hex, want, sizeof(want));
        struct wr_digest d;

        assert_int_equal(n, wr_digest_size(v->alg));
        assert_int_equal(wr_digest_open_with(&d, v->alg, backend), WR_OK);
        for (int round = 0; round < 2; round++) { /* the second: it began anew */
            memset(got, 0, sizeof(got));
            for (size_t c = 0; c < strlen(v->message); c++) {
                wr_digest_add(&d, v->message + c, 1);
            }
            assert_int_equal(wr_digest_end(&d, got), WR_OK);
            assert_memory_equal(got, want, n);
        }
        wr_digest_close(&d);
    }
}

/* The RRSIG's fields before the signature and the record it covers, as RFC 4034 section 3.1.8.1 puts them together. */
static const struct vec_signature {
    const char *what;
    uint8_t alg;
    const char *key, *data, *sig; /* base64, hex, base64 */
} vec_signatures[] = {
    {"RFC 5702 section 6.1", 8,
     "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObd"
     "k=",
     "0001080300000e1070dbd880386d43802349076578616d706c65036e65740003777777076578616d706c65036e"
     "6574000001000100000e100004c000025b",
     "kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiVYP4bwg=="},
    {"RFC 5702 section 6.2", 10,
     "AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/AyhqFDxj13tOnD9u/1kT"
     "g7cV6rklMrZDtJCQ5PCl/D7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQBlZ3PFY12ZTSncorffcGmhOL",
     "00010a0300000e1070dbd880386d43800e9c076578616d706c65036e65740003777777076578616d706c65036e"
     "6574000001000100000e100004c000025b",
     "tsb4wnjRUDnB1BUi+t6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRaeUw1ep94PzEWzr0iGYgZB"
     "Wm/zpq+9fOuagYJRfDqfReKBzMweOLDiNa8iP5g9vMhpuv6OPlvpXwm9Sa9ZXIbNl1MBGk0fthPgxdDLw="},
    {"RFC 6605 section 6.1", 13,
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
     "00010d0300000e104c88b1374c63c737d960076578616d706c65036e65740003777777076578616d706c65036e"
     "6574000001000100000e100004c0000201",
     "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw=="},
    {"RFC 6605 section 6.2", 14,
     "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/u"
     "X45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
     "00010e0300000e104c88b4e94c63cae92a13076578616d706c65036e65740003777777076578616d706c65036e"
     "6574000001000100000e100004c0000201",
     "/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuzWT"
     "SSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm"},
    {"RFC 8080 section 6.1", 15, "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
     "000f0f0300000e1055d4fc6055b94ce00e1d076578616d706c6503636f6d00076578616d706c6503636f6d0000"
     "0f000100000e100014000a046d61696c076578616d706c6503636f6d00",
     "Edk+IB9KNNWg0HAjm7FazXyrd5m3Rk8zNZbvNpAcM+eysqcUOMIjWoevFkjH5GaMWeG96GUVZu6ECKOQmemHDg=="},
    {"RFC 8080 section 6.1, erratum 4935", 15, "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
     "000f0f0200000e1055d4fc6055b94ce00e1d076578616d706c6503636f6d00076578616d706c6503636f6d0000"
     "0f000100000e100014000a046d61696c076578616d706c6503636f6d00",
     "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg=="},
    {"RFC 8080 section 6.2", 16,
     "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
     "000f100300000e1055d4fc6055b94ce025f1076578616d706c6503636f6d00076578616d706c6503636f6d0000"
     "0f000100000e100014000a046d61696c076578616d706c6503636f6d00",
     "Nmc0rgGKpr3GKYXcB1JmqqS4NYwhmechvJTqVzt3jR+Qy/lSLFoIk1L+9e39GPL+5tVzDPN3f9kAwiu8KCuPPjtl22"
     "7ayaCZtRKZuJax7n9NuYlZJIusX0SOIOKBGzG+yWYtz1/jjbzl5GGkWvREUCUA"},
};

struct vec_loaded {
    uint8_t key[600], data[600], sig[600];
    size_t key_n, data_n, sig_n;
};

static inline void vec_load(const struct vec_signature *v, struct vec_loaded *ret)
{
    ret->key_n = vec_base64(v->key, ret->key, sizeof(ret->key));
    ret->data_n = vec_hex(v->data, ret->data, sizeof(ret->data));
    ret->sig_n = vec_base64(v->sig, ret->sig, sizeof(ret->sig));
}

/* Each is good; with one bit of data or signature turned, a shorter signature, or a key that is cut, it is not. */
static inline void vec_try_signatures(const struct wr_backend *backend)
{
    for (size_t i = 0; i < sizeof(vec_signatures) / sizeof(vec_signatures[0]); i++) {
        struct wr_verify key, moved;
        struct vec_loaded v;

        vec_load(&vec_signatures[i], &v);
        assert_int_equal(wr_verify_open_with(&key, vec_signatures[i].alg, v.key, v.key_n, backend),
                         WR_OK);
        memcpy(&moved, &key, sizeof(key));
        assert_int_equal(wr_verify_check(&moved, v.data, v.data_n, v.sig, v.sig_n), WR_OK);
        for (size_t bit = 0; bit < 8 * v.sig_n; bit += 7) {
            v.sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (wr_verify_check(&moved, v.data, v.data_n, v.sig, v.sig_n) != WR_E_CHECKSUM) {
                fail_msg("%s: bit %zu of the signature does not matter", vec_signatures[i].what,
                         bit);
            }
            v.sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        v.data[3] ^= 0x20;
        assert_int_equal(wr_verify_check(&moved, v.data, v.data_n, v.sig, v.sig_n), WR_E_CHECKSUM);
        v.data[3] ^= 0x20;
        assert_int_equal(wr_verify_check(&moved, v.data, v.data_n, v.sig, v.sig_n - 1),
                         WR_E_CHECKSUM);
        assert_int_equal(wr_verify_check(&moved, v.data, v.data_n, v.sig, v.sig_n), WR_OK);
        wr_verify_close(&moved);
    }
}

/* Points off their curve, and octets that are no key. */
static inline void vec_try_bad_keys(const struct wr_backend *backend)
{
    uint8_t octets[96];
    struct wr_verify key;

    memset(octets, 0x11, sizeof(octets));
    assert_int_equal(wr_verify_open_with(&key, 13, octets, 64, backend), WR_E_FORMAT);
    assert_int_equal(wr_verify_open_with(&key, 14, octets, 96, backend), WR_E_FORMAT);
    memset(octets, 0, sizeof(octets)); /* the point at infinity is none */
    assert_int_equal(wr_verify_open_with(&key, 13, octets, 64, backend), WR_E_FORMAT);
    memset(octets, 0xff, sizeof(octets)); /* above the field's prime */
    assert_int_equal(wr_verify_open_with(&key, 14, octets, 96, backend), WR_E_FORMAT);
}

#define VEC_GCM_KEY   "feffe9928665731c6d6a8f9467308308"
#define VEC_GCM_NONCE "cafebabefacedbaddecaf888"
#define VEC_GCM_AAD   "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define VEC_GCM_TEXT                                                                               \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6" \
    "b525b16aedf5aa0de657ba637b39"

static const struct vec_aead {
    const char *what;
    enum wr_aead_alg alg;
    const char *key, *nonce, *aad, *text, *sealed; /* hex; the tag is the end of what is sealed */
} vec_aeads[] = {
    {"McGrew and Viega, GCM, test case 4", WR_AEAD_AES128GCM, VEC_GCM_KEY, VEC_GCM_NONCE,
     VEC_GCM_AAD, VEC_GCM_TEXT,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84"
     "aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    {"McGrew and Viega, GCM, test case 16", WR_AEAD_AES256GCM, VEC_GCM_KEY VEC_GCM_KEY,
     VEC_GCM_NONCE, VEC_GCM_AAD, VEC_GCM_TEXT,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682"
     "8838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
    {"RFC 8439 section 2.8.2", WR_AEAD_CHACHA20POLY1305,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a2049662049"
     "20636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c20"
     "73756e73637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92"
     "728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b"
     "4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"},
    {"GCM, test case 1: nothing at all", WR_AEAD_AES128GCM, "00000000000000000000000000000000",
     "000000000000000000000000", "", "", "58e2fccefa7e3061367f1d57a4e7455a"},
};

/* Each is sealed as published and opened again, in place too; turned by one bit anywhere it does not open. */
static inline void vec_try_aeads(const struct wr_backend *backend)
{
    for (size_t i = 0; i < sizeof(vec_aeads) / sizeof(vec_aeads[0]); i++) {
        const struct vec_aead *v = &vec_aeads[i];
        uint8_t key[32], nonce[12], aad[64], text[200], want[200], got[200];
        struct wr_backend_aead a = {v->alg, key, nonce, aad, 0};
        size_t n = vec_hex(v->text, text, sizeof(text)),
               sealed = vec_hex(v->sealed, want, sizeof(want));

        assert_int_equal(vec_hex(v->key, key, sizeof(key)), wr_aead_key_size(v->alg));
        vec_hex(v->nonce, nonce, sizeof(nonce));
        a.aad_size = vec_hex(v->aad, aad, sizeof(aad));
        assert_int_equal(sealed, n + WR_AEAD_TAG);
        memcpy(got, text, n);
        assert_int_equal(backend->aead_seal(&a, got, n, got), WR_OK);
        assert_memory_equal(got, want, sealed);
        for (size_t bit = 0; bit < 8 * sealed; bit += 5) {
            want[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(backend->aead_open(&a, want, n, got), WR_E_CHECKSUM);
            want[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        memcpy(got, want, sealed);
        assert_int_equal(backend->aead_open(&a, got, n, got), WR_OK);
        assert_memory_equal(got, text, n);
        if (a.aad_size) {
            aad[0] ^= 1;
            assert_int_equal(backend->aead_open(&a, want, n, got), WR_E_CHECKSUM);
        }
    }
}

/* RFC 7748 section 5.2, both rows, and points of small order, whose product is zero. */
static inline void vec_try_x25519(const struct wr_backend *backend)
{
    static const char *const rows[][3] = {
        {"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
         "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
         "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
        {"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
         "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
         "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
        {"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
         "0000000000000000000000000000000000000000000000000000000000000000",
         "0000000000000000000000000000000000000000000000000000000000000000"},
        {"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
         "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
         "0000000000000000000000000000000000000000000000000000000000000000"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t scalar[32], point[32], want[32], got[32];

        vec_hex(rows[i][0], scalar, 32);
        vec_hex(rows[i][1], point, 32);
        vec_hex(rows[i][2], want, 32);
        memset(got, 0xa5, sizeof(got));
        assert_int_equal(backend->x25519(scalar, point, got), WR_OK);
        assert_memory_equal(got, want, 32);
    }
}

#endif
