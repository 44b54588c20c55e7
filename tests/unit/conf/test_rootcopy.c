/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include "conf/rootcopy.h"

static void test_off(void **state)
{
    struct wr_conf *conf = good_conf("local: {zones: [{zone: a.example}]}\n");
    assert_int_equal(wr_rootcopy_zones(conf), 1);
    assert_int_equal(wr_rootcopy_zone(conf, 0)->name[0], 1);
    wr_conf_free(conf);
}

static void test_known_servers(void **state)
{
    struct wr_conf *conf = good_conf("recursion: {root_copy: {enable: true}}\n"
                                     "local: {zones: [{zone: a.example}]}\n");
    assert_int_equal(wr_rootcopy_zones(conf), 2);
    const struct wr_conf_zone *root = wr_rootcopy_zone(conf, 1);
    assert_int_equal(root->name[0], 0);
    assert_int_equal(root->use, WR_USE_RESOLUTION);
    assert_int_equal(root->zonemd, WR_ZONEMD_REQUIRE);
    assert_true(root->fallback);
    assert_int_equal(root->primaries.count, WR_XFER_PRIMARIES_MAX);
    unsigned v6 = 0;
    for (size_t i = 0; i < root->primaries.count; i++) {
        assert_int_equal(root->primaries.items[i].scheme, WR_URI_TCP);
        assert_int_equal(root->primaries.items[i].addr.port, 53);
        v6 += root->primaries.items[i].addr.family == WR_AF_V6;
    }
    assert_true(v6 > 0);
    wr_conf_free(conf);
}

static void test_own_servers(void **state)
{
    struct wr_conf *conf = good_conf("recursion:\n  root_copy:\n    enable: true\n"
                                     "    primaries: [\"tcp://192.0.2.7\"]\n");
    const struct wr_conf_zone *root = wr_rootcopy_zone(conf, 0);
    assert_int_equal(root->primaries.count, 1);
    assert_int_equal(root->primaries.items[0].addr.ip[3], 7);
    wr_conf_free(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_off),
                                       cmocka_unit_test(test_known_servers),
                                       cmocka_unit_test(test_own_servers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
