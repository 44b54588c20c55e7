/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/vectors.h"

static void test_key_sizes(void **state)
{
    assert_int_equal(wr_aead_key_size(0), 0);
    assert_int_equal(wr_aead_key_size(WR_AEAD_AES128GCM), 16);
    assert_int_equal(wr_aead_key_size(WR_AEAD_AES256GCM), 32);
    assert_int_equal(wr_aead_key_size(WR_AEAD_CHACHA20POLY1305), 32);
    assert_int_equal(wr_aead_key_size(4), 0);
    assert_int_equal(wr_aead_key_size(0xffff), 0); /* HPKE's "export only" */
}

/* Through the seam; and what does not open leaves nothing of it behind. */
static void test_seal_and_open(void **state)
{
    static const uint8_t key[32] = {1}, nonce[12] = {2}, aad[3] = {3}, none[40];

    for (unsigned alg = WR_AEAD_AES128GCM; alg <= WR_AEAD_CHACHA20POLY1305; alg++) {
        uint8_t text[40], sealed[40 + WR_AEAD_TAG], got[40];

        memset(text, 'x', sizeof(text));
        assert_int_equal(
            wr_aead_seal(alg, key, nonce, aad, sizeof(aad), text, sizeof(text), sealed), WR_OK);
        assert_int_equal(
            wr_aead_open(alg, key, nonce, aad, sizeof(aad), sealed, sizeof(sealed), got), WR_OK);
        assert_memory_equal(got, text, sizeof(text));
        sealed[50] ^= 1;
        assert_int_equal(
            wr_aead_open(alg, key, nonce, aad, sizeof(aad), sealed, sizeof(sealed), got),
            WR_E_CHECKSUM);
        assert_memory_equal(got, none, sizeof(none));
        assert_int_equal(wr_aead_open(alg, key, nonce, aad, sizeof(aad), sealed, 15, got),
                         WR_E_SHORT);
    }
}

#ifdef WR_TEST_BOTH
/* What one library seals, the other opens: every length up to some blocks, with and without associated data. */
static void test_backends_agree(void **state)
{
    uint8_t key[32], nonce[12], text[100], one[116], two[116], back[100];
    const struct wr_backend *a = &wr_backend_openssl, *b = &wr_backend_nettle;

    for (unsigned i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)(i * 7);
        key[i % 32] = (uint8_t)(i * 31);
        nonce[i % 12] = (uint8_t)(i * 3);
    }
    for (unsigned alg = WR_AEAD_AES128GCM; alg <= WR_AEAD_CHACHA20POLY1305; alg++) {
        for (size_t n = 0; n <= sizeof(text); n++) {
            const struct wr_backend_aead how = {alg, key, nonce, text, n % 40};

            assert_int_equal(a->aead_seal(&how, text, n, one), WR_OK);
            assert_int_equal(b->aead_seal(&how, text, n, two), WR_OK);
            assert_memory_equal(one, two, n + WR_AEAD_TAG);
            assert_int_equal(b->aead_open(&how, one, n, back), WR_OK);
            assert_memory_equal(back, text, n);
            assert_int_equal(a->aead_open(&how, two, n, back), WR_OK);
            assert_memory_equal(back, text, n);
        }
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_sizes),
        cmocka_unit_test(test_seal_and_open),
#ifdef WR_TEST_BOTH
        cmocka_unit_test(test_backends_agree),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
