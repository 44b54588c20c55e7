/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/vectors.h"

static void test_chosen_backend(void **state)
{
    for (size_t i = 0; i < sizeof(vec_digests) / sizeof(vec_digests[0]); i++) {
        const struct vec_digest *v = &vec_digests[i];
        uint8_t want[WR_DIGEST_MAX], got[WR_DIGEST_MAX];
        size_t n = vec_hex(v->hex, want, sizeof(want));

        assert_int_equal(wr_digest_of(v->alg, v->message, strlen(v->message), got), WR_OK);
        assert_memory_equal(got, want, n);
    }
}

static int broken_open(void *state, enum wr_hash_alg alg)
{
    return WR_OK;
}

static int broken_add(void *state, const void *bytes, size_t n)
{
    return WR_E_NOMEM;
}

static int broken_end(void *state, uint8_t *ret)
{
    ret[0] = 1;
    return WR_OK;
}

/* What add could not do is told by end, once, and nothing is given. */
static void test_error_sticks_until_end(void **state)
{
    static const struct wr_backend broken = {
        .digest_open = broken_open, .digest_add = broken_add, .digest_end = broken_end};
    struct wr_digest d;
    uint8_t got[WR_DIGEST_MAX] = {0};

    assert_int_equal(wr_digest_open_with(&d, WR_HASH_SHA1, &broken), WR_OK);
    wr_digest_add(&d, "a", 1);
    assert_int_equal(wr_digest_end(&d, got), WR_E_NOMEM);
    assert_int_equal(got[0], 0);
    wr_digest_add(&d, "", 0); /* nothing to add, nothing that fails */
    assert_int_equal(wr_digest_end(&d, got), WR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chosen_backend),
        cmocka_unit_test(test_error_sticks_until_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
