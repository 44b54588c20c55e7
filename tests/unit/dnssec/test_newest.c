/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/world.h"

#include "dnssec/newest.h"
#include "dnssec/rrsig.h"

static uint64_t scratch[WR_RRSIG_SCRATCH_SIZE / 8 + 1];

static bool newest(const struct wr_rrset *set, const struct wr_rrset *keys, int64_t floor_s,
                   int64_t *ret)
{
    struct wr_trusttime time = wr_trusttime_of(WR_TRUSTTIME_UNPROVEN, 0, floor_s);
    return wr_newest_inception(set, keys, &time, scratch, ret);
}

static void test_the_root_says_what_has_passed(void **state)
{
    struct world_copy *soa = world_get(".", ".", WR_TYPE_SOA);
    struct world_copy *keys = world_get(".", ".", WR_TYPE_DNSKEY);
    int64_t at = 0;

    assert_true(newest(&keys->set, &keys->set, WORLD_INCEPTION - 86400, &at));
    assert_true(at == WORLD_INCEPTION);
    at = 0;
    assert_true(newest(&soa->set, &keys->set, WORLD_NOW, &at));
    assert_true(at == WORLD_INCEPTION);
    free(soa);
    free(keys);
}

/* What ended before the floor, and what the keys did not sign, says nothing. */
static void test_what_does_not_count(void **state)
{
    struct world_copy *soa = world_get(".", ".", WR_TYPE_SOA);
    struct world_copy *keys = world_get(".", ".", WR_TYPE_DNSKEY);
    struct world_copy *others = world_get("sec.", "sec.", WR_TYPE_DNSKEY);
    int64_t at = 7;
    uint16_t size;

    assert_false(newest(&soa->set, &keys->set, WORLD_EXPIRY + 1, &at));
    assert_false(newest(&soa->set, &others->set, WORLD_NOW, &at));
    world_rdata(soa, 0, &size)[size - 1] ^= 1;
    assert_false(newest(&soa->set, &keys->set, WORLD_NOW, &at));
    assert_true(at == 7);
    free(soa);
    free(keys);
    free(others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_root_says_what_has_passed),
        cmocka_unit_test(test_what_does_not_count),
    };
    int failed;

    world_load();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_free();
    return failed;
}
