/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/vectors.h"

#include "crypto/hkdf.h"

/* RFC 5869 appendix A, cases 1 to 3: SHA-256. */
static const struct {
    const char *ikm, *salt, *info, *prk, *okm;
} rows[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
     "f0f1f2f3f4f5f6f7f8f9", "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d"
     "2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d"
     "8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdd"
     "dedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e59"
     "0e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
     "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

/* Whole, and in three parts, of which one is empty. */
static void test_vectors(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t ikm[100], salt[100], info[100], prk[32], want_prk[32], want[100], okm[100];
        size_t n = vec_hex(rows[i].ikm, ikm, sizeof(ikm));
        size_t salt_n = vec_hex(rows[i].salt, salt, sizeof(salt));
        size_t info_n = vec_hex(rows[i].info, info, sizeof(info));
        size_t want_n = vec_hex(rows[i].okm, want, sizeof(want));
        const struct wr_hkdf_part parts[3] = {{ikm, 5}, {NULL, 0}, {ikm + 5, n - 5}};
        const struct wr_hkdf_part whole = {info, info_n};
        const struct wr_hkdf_part salts[3] = {
            {salt, salt_n / 3}, {NULL, 0}, {salt + salt_n / 3, salt_n - salt_n / 3}};

        vec_hex(rows[i].prk, want_prk, sizeof(want_prk));
        assert_int_equal(wr_hkdf_extract(WR_HASH_SHA256, salts, 3, parts, 3, prk), WR_OK);
        assert_memory_equal(prk, want_prk, sizeof(prk));
        assert_int_equal(wr_hkdf_expand(WR_HASH_SHA256, prk, &whole, 1, okm, want_n), WR_OK);
        assert_memory_equal(okm, want, want_n);
    }
}

/* A shorter result is the beginning of a longer one; 255 digests are the most. */
static void test_sizes(void **state)
{
    static uint8_t most[255 * 32 + 1];
    static const uint8_t prk[32] = {1};
    uint8_t some[33];

    assert_int_equal(wr_hkdf_expand(WR_HASH_SHA256, prk, NULL, 0, most, 255 * 32), WR_OK);
    assert_int_equal(most[255 * 32], 0);
    for (size_t n = 0; n <= sizeof(some); n++) {
        memset(some, 0xee, sizeof(some));
        assert_int_equal(wr_hkdf_expand(WR_HASH_SHA256, prk, NULL, 0, some, n), WR_OK);
        assert_memory_equal(some, most, n);
        assert_true(n == sizeof(some) || some[n] == 0xee);
    }
    assert_int_equal(wr_hkdf_expand(WR_HASH_SHA256, prk, NULL, 0, most, sizeof(most)), WR_E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
