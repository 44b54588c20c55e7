/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/vectors.h"

#include "crypto/nettle.h"

static void test_digests(void **state)
{
    vec_try_digests(&wr_backend_nettle);
}

static void test_signatures(void **state)
{
    vec_try_signatures(&wr_backend_nettle);
}

static void test_bad_keys(void **state)
{
    vec_try_bad_keys(&wr_backend_nettle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_bad_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
