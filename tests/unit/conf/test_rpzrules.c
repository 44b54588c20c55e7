/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration of response policy zones must not say, each at its place. */
#include "unit/conf/conftest.h"

#include "conf/rpzrules.h"
#include "policy/rpz.h"

static void test_good(void **state)
{
    struct wr_conf *c = good_conf(
        "segments: [{name: cams, subnets: [192.0.2.0/24]}]\n"
        "policy:\n  rpz:\n"
        "    - {zone: one.rpz, file: /etc/weir/one.zone, segments: [cams], reason: filtered}\n"
        "    - {zone: two.rpz, primaries: [\"tcp://192.0.2.1\"], override: cname, cname: a.test}\n"
        "    - {zone: three.rpz, file: /x, override: disabled, without_ra: true}\n");
    const struct wr_conf_rpz *z = c->policy.rpz.items;
    assert_int_equal(c->policy.rpz.count, 3);
    assert_int_equal(z[0].override, WR_RPZ_OVERRIDE_NONE);
    assert_int_equal(z[0].cname[0], 0);
    assert_int_equal(z[0].segments.count, 1);
    assert_int_equal(z[1].override, WR_RPZ_OVERRIDE_CNAME);
    assert_int_equal(z[1].primaries.items[0].addr.port, 53);
    assert_int_equal(z[2].override, WR_RPZ_OVERRIDE_DISABLED);
    assert_true(z[2].without_ra);
    wr_conf_free(c);
    (void)state;
}

static void test_wrong(void **state)
{
    static const struct broken rows[] = {
        {"policy: {rpz: [{zone: a.rpz}]}\n", 1, 23, "no `file`"},
        {"policy: {rpz: [{zone: a.rpz, file: /x, primaries: [\"tcp://192.0.2.1\"]}]}\n", 1, 36,
         "from a file or from its primaries"},
        {"policy: {rpz: [{zone: a.rpz, file: /x}, {zone: A.rpz, file: /y}]}\n", 1, 48,
         "this zone stands here already"},
        {"policy: {rpz: [{zone: a.rpz, primaries: [\"udp://192.0.2.1\"]}]}\n", 1, 42,
         "transferred over TCP"},
        {"policy: {rpz: [{zone: a.rpz, primaries: [\"tcp://192.0.2.1\"], key: k}]}\n", 1, 67,
         "no key in local.keys"},
        {"policy: {rpz: [{zone: a.rpz, file: /x, override: cname}]}\n", 1, 50, "belong together"},
        {"policy: {rpz: [{zone: a.rpz, file: /x, cname: b.test}]}\n", 1, 47, "belong together"},
        {"policy: {rpz: [{zone: a.rpz, file: /x, segments: [none]}]}\n", 1, 51,
         "there is no segment \"none\""},
        {"policy: {rpz: [{zone: a.rpz, file: /x, groups: [none]}]}\n", 1, 49,
         "there is no group of devices \"none\""},
        {"policy: {rpz: [{zone: a.rpz, file: /x, override: maybe}]}\n", 1, 50, "override"},
        {"policy: {rpz: [{file: /x}]}\n", 1, 16, "zone"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_broken(&rows[i]);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
