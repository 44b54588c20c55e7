/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/vectors.h"

#include "crypto/hmac.h"

/* RFC 4231: cases 1, 2, 3, 6 and 7. */
static const struct {
    const char *key, *message, *sha256, *sha384, *sha512; /* base16 */
} rows[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
     "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9"
     "c"
     "b6",
     "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f"
     "4"
     "e4be9d914eeb61f1702e696c203a126854"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21"
     "6"
     "49",
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e"
     "6"
     "fdcaeab1a34d4a6b4b636e070a38bce737"},
};

/* A key longer than the block is its digest (cases 6 and 7). */
static const char long_message[] =
    "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b65"
    "79204669727374";
static const char long_sha256[] =
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
static const char long_sha512[] = "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
                                  "6b56d037e05f2598bd0fd2215d6a1e52"
                                  "95e64f73f63f0aec8b915a985d786598";

static void check(enum wr_hash_alg alg, const uint8_t *key, size_t key_size, const char *message,
                  const char *want_hex)
{
    uint8_t text[200], want[WR_DIGEST_MAX], got[WR_DIGEST_MAX];
    size_t n = vec_hex(message, text, sizeof(text));
    struct wr_hmac h;

    assert_int_equal(vec_hex(want_hex, want, sizeof(want)), wr_digest_size(alg));
    assert_int_equal(wr_hmac_open(&h, alg, key, key_size), WR_OK);
    for (unsigned turn = 0; turn < 2; turn++) { /* it begins anew */
        wr_hmac_add(&h, text, n / 2);
        wr_hmac_add(&h, text + n / 2, n - n / 2);
        assert_int_equal(wr_hmac_end(&h, got), WR_OK);
        assert_true(wr_hmac_equal(got, want, wr_digest_size(alg)));
        memset(got, 0, sizeof(got));
    }
    wr_hmac_close(&h);
}

static void test_vectors(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t key[64];
        size_t n = vec_hex(rows[i].key, key, sizeof(key));

        check(WR_HASH_SHA256, key, n, rows[i].message, rows[i].sha256);
        check(WR_HASH_SHA384, key, n, rows[i].message, rows[i].sha384);
        check(WR_HASH_SHA512, key, n, rows[i].message, rows[i].sha512);
    }
}

static void test_long_key(void **state)
{
    uint8_t key[131];

    memset(key, 0xaa, sizeof(key));
    check(WR_HASH_SHA256, key, sizeof(key), long_message, long_sha256);
    check(WR_HASH_SHA512, key, sizeof(key), long_message, long_sha512);
}

static void test_equal(void **state)
{
    static const uint8_t a[3] = {1, 2, 3}, b[3] = {1, 2, 2};

    assert_true(wr_hmac_equal(a, a, 3) && wr_hmac_equal(a, b, 2) && wr_hmac_equal(a, b, 0));
    assert_false(wr_hmac_equal(a, b, 3));
}

/* The key does not stay in memory that is done with. */
static void test_close_wipes(void **state)
{
    static const uint8_t none[WR_HMAC_BLOCK_MAX];
    struct wr_hmac h;

    assert_int_equal(wr_hmac_open(&h, WR_HASH_SHA256, (const uint8_t *)"secret", 6), WR_OK);
    wr_hmac_close(&h);
    assert_memory_equal(h.key, none, sizeof(none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_long_key),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_close_wipes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
