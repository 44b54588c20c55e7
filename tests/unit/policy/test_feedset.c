/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "policy/feedset.h"

static const struct wr_hash_key key = {{9, 9}};
static uint64_t names_block[64], addrs_block[32];

static void test_by_label(void **state)
{
    struct wr_nametree_item name;
    struct wr_addrtree_item addr;
    struct wr_nametree names;
    struct wr_addrtree addrs;
    const struct wr_prefix p = {.addr = {.ip = {192, 0, 2, 1}, .family = WR_AF_V4}, .len = 32};
    const struct wr_addr other = {.ip = {192, 0, 2, 2}, .family = WR_AF_V4};
    size_t size;
    assert_int_equal(
        wr_nametree_item(&key, (const uint8_t *)"\3ads\7example", WR_NAMETREE_SELF, 5, &name), 0);
    assert_int_equal(wr_nametree_build(&key, &name, 1, names_block, sizeof(names_block), &size), 0);
    assert_int_equal(wr_nametree_open(&names, names_block, size), 0);
    wr_addrtree_item(&p, 6, &addr);
    assert_int_equal(wr_addrtree_build(&key, &addr, 1, addrs_block, sizeof(addrs_block), &size), 0);
    assert_int_equal(wr_addrtree_open(&addrs, addrs_block, size), 0);

    const struct wr_feedset set = {
        .count = 3,
        .item = {{.label = 7, .names = &names}, {.label = 3, .addrs = &addrs}, {.label = 9}}};
    const uint8_t *ads = (const uint8_t *)"\3ADS\7example";
    assert_int_equal(wr_feedset_name(&set, 7, ads), 5);
    assert_int_equal(wr_feedset_name(&set, 7, ads + 4), 0);
    assert_int_equal(wr_feedset_name(&set, 3, ads), 0);
    assert_int_equal(wr_feedset_name(&set, 9, ads), 0);
    assert_int_equal(wr_feedset_name(&set, 8, ads), 0);
    assert_int_equal(wr_feedset_name(NULL, 7, ads), 0);
    assert_int_equal(wr_feedset_address(&set, 3, &p.addr), 6);
    assert_int_equal(wr_feedset_address(&set, 3, &other), 0);
    assert_int_equal(wr_feedset_address(&set, 7, &p.addr), 0);
    assert_int_equal(wr_feedset_address(NULL, 3, &p.addr), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_label)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
