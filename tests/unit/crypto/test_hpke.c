/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/vectors.h"

#include "crypto/hpke.h"

#define INFO "4f6465206f6e2061204772656369616e2055726e"
#define TEXT "4265617574792069732074727574682c20747275746820626561757479"

/*
 * RFC 9180 appendix A.1.1 and A.2.1. The RFC has none with X25519 and AES-256-GCM: that row is what BoringSSL publishes (a public
 * key and no secret one, so it is only sealed).
 */
static const struct row {
    enum wr_aead_alg aead;
    const char *public, *secret, *ephemeral, *enc;
    const char *sealed[3];   /* aad "Count-0" and on */
    const char *exported[3]; /* contexts "", 00, "TestContext" */
} rows[] = {
    {WR_AEAD_AES128GCM,
     "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
     "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
     "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
     "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
     {"f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
      "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84",
      "498dfcabd92e8acedc281e85af1cb4e3e31c7dc394a1ca20e173cb72516491588d96a19ad4a683518973dcc180"},
     {"3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee",
      "2e8f0b54673c7029649d4eb9d5e33bf1872cf76d623ff164ac185da9e88c21a5",
      "e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931"}},
    {WR_AEAD_CHACHA20POLY1305,
     "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
     "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
     "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
     "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
     {"1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
      "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c",
      "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b"},
     {"4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e",
      "8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69",
      "5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53"}},
    {WR_AEAD_AES256GCM,
     "ac66bae9ffa270cf4a89ed9f274e30c0456babae2572aaaf002ff0d8884ab018",
     NULL,
     "28e212563a8b6f068af7ff17400ff1baf23612b7a738bbaf5dfb321b2b5b431a",
     NULL,
     {"23ded2d5d90ea89d975dac4792b297240f194952d7421aacbff0474100052b6bb8aa58d18ef6c42b6960e2e28f"},
     {NULL}},
};

static void check_exports(const struct wr_hpke *h, const struct row *row)
{
    static const struct {
        const char *bytes;
        size_t size;
    } contexts[3] = {{"", 0}, {"\0", 1}, {"TestContext", 11}};

    for (size_t i = 0; i < 3 && row->exported[i]; i++) {
        uint8_t want[32], got[32];

        vec_hex(row->exported[i], want, sizeof(want));
        assert_int_equal(wr_hpke_export(h, contexts[i].bytes, contexts[i].size, got, sizeof(got)),
                         WR_OK);
        assert_memory_equal(got, want, sizeof(got));
    }
}

static void check_sender(const struct row *row)
{
    uint8_t public[32], ephemeral[32], enc[32], want[64], got[64], info[32], text[40];
    uint8_t aad[] = "Count-0";
    size_t info_n = vec_hex(INFO, info, sizeof(info)), n = vec_hex(TEXT, text, sizeof(text));
    struct wr_hpke h;

    vec_hex(row->public, public, 32);
    vec_hex(row->ephemeral, ephemeral, 32);
    assert_int_equal(wr_hpke_sender(&h, row->aead, public, info, info_n, ephemeral, enc), WR_OK);
    if (row->enc) {
        vec_hex(row->enc, want, 32);
        assert_memory_equal(enc, want, 32);
    }
    for (size_t i = 0; i < 3 && row->sealed[i]; i++) {
        size_t sealed = vec_hex(row->sealed[i], want, sizeof(want));

        aad[6] = (uint8_t)('0' + i);
        assert_int_equal(sealed, n + WR_AEAD_TAG);
        assert_int_equal(wr_hpke_seal(&h, aad, 7, text, n, got), WR_OK);
        assert_memory_equal(got, want, sealed);
    }
    check_exports(&h, row);
    wr_hpke_close(&h);
}

static void check_recipient(const struct row *row)
{
    uint8_t secret[32], public[32], enc[32], sealed[64], want[64], got[64], info[32];
    uint8_t aad[] = "Count-0";
    size_t info_n = vec_hex(INFO, info, sizeof(info)), n = vec_hex(TEXT, want, sizeof(want));
    struct wr_hpke h;

    vec_hex(row->secret, secret, 32);
    vec_hex(row->enc, enc, 32);
    assert_int_equal(wr_hpke_public(secret, public), WR_OK);
    vec_hex(row->public, sealed, 32);
    assert_memory_equal(public, sealed, 32);
    assert_int_equal(wr_hpke_recipient(&h, row->aead, secret, public, enc, info, info_n), WR_OK);
    for (size_t i = 0; i < 3; i++) {
        size_t size = vec_hex(row->sealed[i], sealed, sizeof(sealed));

        aad[6] = (uint8_t)('0' + i);
        sealed[i] ^= 1; /* one that does not open does not count */
        assert_int_equal(wr_hpke_open(&h, aad, 7, sealed, size, got), WR_E_CHECKSUM);
        sealed[i] ^= 1;
        assert_int_equal(wr_hpke_open(&h, aad, 7, sealed, size, got), WR_OK);
        assert_memory_equal(got, want, n);
    }
    check_exports(&h, row);
    wr_hpke_close(&h);
}

static void test_vectors(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_sender(&rows[i]);
        if (rows[i].secret) {
            check_recipient(&rows[i]);
        }
    }
}

/* Section 7.1.3, from the seeds of A.1.1 and A.2.1. */
static void test_derived_keys(void **state)
{
    static const char *const seeds[][3] = {
        {"6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037",
         "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
         "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"},
        {"909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b",
         "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
         "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"},
    };

    for (size_t i = 0; i < 2; i++) {
        uint8_t seed[32], want[32], secret[32], public[32];

        vec_hex(seeds[i][0], seed, 32);
        assert_int_equal(wr_hpke_keys(seed, 32, secret, public), WR_OK);
        vec_hex(seeds[i][1], want, 32);
        assert_memory_equal(secret, want, 32);
        vec_hex(seeds[i][2], want, 32);
        assert_memory_equal(public, want, 32);
    }
}

/* A point of small order gives a secret that everybody knows. */
static void test_small_order(void **state)
{
    static const uint8_t zero[32], secret[32] = {77};
    static const char order8[] = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    uint8_t point[32], enc[32], public[32];
    struct wr_hpke h;

    assert_int_equal(wr_hpke_public(secret, public), WR_OK);
    vec_hex(order8, point, 32);
    assert_int_equal(wr_hpke_sender(&h, WR_AEAD_AES128GCM, zero, "", 0, secret, enc), WR_E_FORMAT);
    assert_int_equal(wr_hpke_sender(&h, WR_AEAD_AES128GCM, point, "", 0, secret, enc), WR_E_FORMAT);
    assert_int_equal(wr_hpke_recipient(&h, WR_AEAD_AES128GCM, secret, public, zero, "", 0),
                     WR_E_FORMAT);
    assert_int_equal(wr_hpke_recipient(&h, WR_AEAD_AES128GCM, secret, public, point, "", 0),
                     WR_E_FORMAT);
}

/* The 256th message and its like carry into the next octet of the nonce; the last number is never used. */
static void test_many_messages(void **state)
{
    static const uint8_t seed[32] = {5};
    uint8_t secret[32], public[32], enc[32], sealed[20], text[4];
    struct wr_hpke to, from;

    assert_int_equal(wr_hpke_keys(seed, 32, secret, public), WR_OK);
    assert_int_equal(wr_hpke_sender(&to, WR_AEAD_AES256GCM, public, "x", 1, seed, enc), WR_OK);
    assert_int_equal(wr_hpke_recipient(&from, WR_AEAD_AES256GCM, secret, public, enc, "x", 1),
                     WR_OK);
    for (unsigned i = 0; i < 300; i++) {
        assert_int_equal(wr_hpke_seal(&to, NULL, 0, (const uint8_t *)"text", 4, sealed), WR_OK);
        assert_int_equal(wr_hpke_open(&from, NULL, 0, sealed, 20, text), WR_OK);
        assert_memory_equal(text, "text", 4);
    }
    to.seq = from.seq = UINT64_MAX;
    assert_int_equal(wr_hpke_seal(&to, NULL, 0, (const uint8_t *)"text", 4, sealed), WR_E_LIMIT);
    assert_int_equal(wr_hpke_open(&from, NULL, 0, sealed, 20, text), WR_E_LIMIT);
}

static void test_close_wipes(void **state)
{
    static const uint8_t seed[32] = {5};
    static const struct wr_hpke none;
    uint8_t secret[32], public[32], enc[32];
    struct wr_hpke h;

    assert_int_equal(wr_hpke_keys(seed, 32, secret, public), WR_OK);
    assert_int_equal(wr_hpke_sender(&h, WR_AEAD_AES128GCM, public, "x", 1, seed, enc), WR_OK);
    wr_hpke_close(&h);
    assert_memory_equal(&h, &none, sizeof(h));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),     cmocka_unit_test(test_derived_keys),
        cmocka_unit_test(test_small_order), cmocka_unit_test(test_many_messages),
        cmocka_unit_test(test_close_wipes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
