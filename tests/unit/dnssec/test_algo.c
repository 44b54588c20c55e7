/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/err.h"
#include "base/limits.h"
#include "dnssec/algo.h"

/* The two columns, number by number: y can and may, s only with sha1: rely, - neither. */
static void test_columns(void **state)
{
    static const char want[] = "-----s-sy-y--yyyy-";
    struct wr_dnssec_policy p = wr_algo_default_policy();

    assert_int_equal(p.nsec3_iterations, WR_DNSSEC_ITERATIONS_MAX);
    for (unsigned alg = 0; alg < 256; alg++) {
        char is = alg < sizeof(want) - 1 ? want[alg] : '-';

        p.sha1_rely = false;
        assert_int_equal(wr_algo_can_verify((uint8_t)alg), is != '-');
        assert_int_equal(wr_algo_may_rely(&p, (uint8_t)alg), is == 'y');
        p.sha1_rely = true;
        assert_int_equal(wr_algo_may_rely(&p, (uint8_t)alg), is != '-');
    }
}

static void test_digests(void **state)
{
    for (unsigned type = 0; type < 256; type++) {
        enum wr_hash_alg hash = 0;
        int err = wr_algo_digest((uint8_t)type, &hash);

        assert_int_equal(err, type == 1 || type == 2 || type == 4 ? WR_OK : WR_E_UNSUPPORTED);
        assert_int_equal(hash, type == 1   ? WR_HASH_SHA1
                               : type == 2 ? WR_HASH_SHA256
                               : type == 4 ? WR_HASH_SHA384
                                           : 0);
    }
}

static void test_costs(void **state)
{
    assert_true(wr_algo_cost(14) > wr_algo_cost(16));
    assert_true(wr_algo_cost(16) > wr_algo_cost(15));
    assert_true(wr_algo_cost(13) > wr_algo_cost(8));
    assert_true(wr_algo_cost(8) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_costs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
