/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/vectors.h"

#include "crypto/openssl.h"

static void test_digests(void **state)
{
    vec_try_digests(&wr_backend_openssl);
}

static void test_signatures(void **state)
{
    vec_try_signatures(&wr_backend_openssl);
}

static void test_bad_keys(void **state)
{
    vec_try_bad_keys(&wr_backend_openssl);
}

static void test_aeads(void **state)
{
    vec_try_aeads(&wr_backend_openssl);
}

static void test_x25519(void **state)
{
    vec_try_x25519(&wr_backend_openssl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digests),  cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_bad_keys), cmocka_unit_test(test_aeads),
        cmocka_unit_test(test_x25519),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
