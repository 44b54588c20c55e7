/* SPDX-License-Identifier: Apache-2.0 */
/* Which ports may be taken at random. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "net/portset.h"

static void test_members(void **state)
{
    static const uint16_t avoid[] = {5300, 5300, 53, 65535};
    static uint8_t seen[65536];
    struct wr_portset *set;
    struct wr_rng rng;
    uint32_t before;

    wr_rng_seed_u64(&rng, 1);
    assert_int_equal(wr_portset_create(avoid, 4, &set), WR_OK);
    before = wr_portset_count(set);
    assert_true(before > 40000 && before <= 64512 - 13);
    wr_portset_reserve(set, "2000-2009,30000\n");
    assert_int_equal(wr_portset_count(set), before - 11);
    memset(seen, 0, sizeof(seen));
    for (int i = 0; i < 2000000; i++) {
        seen[wr_portset_pick(set, &rng)] = 1;
    }
    for (unsigned port = 0; port < 1024; port++) {
        assert_int_equal(seen[port], 0);
    }
    assert_int_equal(seen[5300] + seen[65535] + seen[5353] + seen[2000] + seen[2009] + seen[30000],
                     0);
    assert_int_equal(seen[1024], 1);
    assert_int_equal(seen[2010], 1);
    assert_int_equal(seen[65534], 1);
    wr_portset_destroy(set);
}

/* Nonsense is skipped, and whatever is reserved, some are left. */
static void test_reserve_nonsense(void **state)
{
    struct wr_portset *set;
    uint32_t before;

    assert_int_equal(wr_portset_create(NULL, 0, &set), WR_OK);
    before = wr_portset_count(set);
    wr_portset_reserve(set, "");
    wr_portset_reserve(set, ",,x, 99999999999999999999999-1 \n -");
    assert_int_equal(wr_portset_count(set), before);
    wr_portset_reserve(set, "9000-8000");
    assert_int_equal(wr_portset_count(set), before);
    wr_portset_reserve(set, "0-65535");
    assert_int_equal(wr_portset_count(set), 1024);
    wr_portset_destroy(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_reserve_nonsense),
    };

    return cmocka_run_group_tests_name("net/portset", tests, NULL, NULL);
}
