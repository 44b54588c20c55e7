/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/localtest.h"

#include <stdio.h>

static struct localtest t;

static struct wr_local_hit ask(const struct wr_local *l, const char *name, uint16_t type)
{
    static struct wr_name n;
    struct wr_local_hit hit;
    n = wire_name(name);
    wr_local_find(l, n.wire, type, WR_LOCAL_EVERYONE, &hit);
    return hit;
}

static void test_rejects(void **state)
{
    static const struct {
        const char *owner;
        uint16_t type;
        const char *rdata;
        enum wr_local_reject why;
    } rows[] = {
        {"a.z.", WR_TYPE_A, "192.0.2.1", 0},
        {"a.z.", WR_TYPE_CNAME, "b.z.", WR_LOCAL_REJECT_BESIDE_CNAME},
        {"c.z.", WR_TYPE_CNAME, "b.z.", 0},
        {"c.z.", WR_TYPE_CNAME, "b.z.", 0}, /* the same again */
        {"c.z.", WR_TYPE_CNAME, "d.z.", WR_LOCAL_REJECT_SECOND_CNAME},
        {"c.z.", WR_TYPE_A, "192.0.2.1", WR_LOCAL_REJECT_BESIDE_CNAME},
        {"z.", WR_TYPE_CNAME, "b.z.", WR_LOCAL_REJECT_BESIDE_CNAME},
        {"a.z.", WR_TYPE_SOA, "a. b. 1 2 3 4 5", WR_LOCAL_REJECT_SOA_PLACE},
        {"*.z.", WR_TYPE_NS, "b.z.", WR_LOCAL_REJECT_WILDCARD},
        {"*.z.", WR_TYPE_DNAME, "b.z.", WR_LOCAL_REJECT_WILDCARD},
        {"a.z.", WR_TYPE_NSEC3PARAM, "1 0 0 -", WR_LOCAL_REJECT_TYPE},
        {"c.z.", WR_TYPE_NSEC, "d.z. CNAME NSEC", 0}, /* may stand beside a CNAME, */
        {"d.z.", WR_TYPE_NSEC, "z. CNAME NSEC", 0},
        {"d.z.", WR_TYPE_CNAME, "b.z.", 0}, /* in either order */
        {"b.z.", WR_TYPE_DNAME, "b.y.", 0},
        {"b.z.", WR_TYPE_DNAME, "c.y.", WR_LOCAL_REJECT_SECOND_CNAME},
    };
    unsigned at = 0;
    localtest_zone(&t, "z.", WR_LOCAL_AUTHORITATIVE);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        localtest_add(&t, rows[i].owner, rows[i].type, rows[i].rdata);
    }
    localtest_add(&t, "bad.z.", WR_TYPE_A, "192.0.2.1")->size = 3;
    localtest_add(&t, "bad.z.", WR_TYPE_TXT, "x")->type = WR_TYPE_ANY;
    const struct wr_local *l = localtest_build(&t);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].why) {
            assert_int_equal(t.rejected[at], i);
            assert_int_equal(t.why[at], rows[i].why);
            assert_true(strlen(wr_local_reject_text(rows[i].why)) > 10);
            at++;
        }
    }
    assert_int_equal(t.why[at], WR_LOCAL_REJECT_RDATA);
    assert_int_equal(t.why[at + 1], WR_LOCAL_REJECT_TYPE);
    assert_int_equal(t.rejects, at + 2);
    assert_int_equal(ask(l, "bad.z.", WR_TYPE_A).verdict, WR_LOCAL_HIT_NXDOMAIN);
    assert_int_equal(ask(l, "c.z.", WR_TYPE_A).set.records, 1);
    assert_int_equal(ask(l, "c.z.", WR_TYPE_A).verdict, WR_LOCAL_HIT_ALIAS);
    assert_int_equal(ask(l, "c.z.", WR_TYPE_NSEC).verdict, WR_LOCAL_HIT_DATA);
    assert_int_equal(ask(l, "d.z.", WR_TYPE_NSEC).set.type, WR_TYPE_NSEC);
    assert_int_equal(ask(l, "d.z.", WR_TYPE_TXT).set.type, WR_TYPE_CNAME);
    localtest_free(&t);
}

static void test_too_many_at_a_name(void **state)
{
    localtest_zone(&t, "z.", WR_LOCAL_AUTHORITATIVE);
    for (unsigned i = 0; i < WR_RRSET_RECORDS_MAX + 5; i++) {
        char text[32];
        snprintf(text, sizeof(text), "10.0.%u.%u", i / 256, i % 256);
        localtest_add(&t, "a.z.", WR_TYPE_A, text);
    }
    const struct wr_local *l = localtest_build(&t);
    assert_int_equal(ask(l, "a.z.", WR_TYPE_A).set.records, WR_RRSET_RECORDS_MAX);
    assert_int_equal(t.rejects, 5);
    assert_int_equal(t.why[0], WR_LOCAL_REJECT_TOO_MANY);
    localtest_free(&t);
}

static void test_limits(void **state)
{
    struct wr_local_input in = {.zones = WR_LOCAL_ZONES_MAX + 1};
    const struct wr_local *l = NULL;
    _Alignas(8) uint8_t block[64];
    assert_true(wr_local_size(&in) == SIZE_MAX);
    assert_int_equal(wr_local_build(block, sizeof(block), &in, &l), WR_E_LIMIT);
    in = (struct wr_local_input){.records = WR_LOCAL_RECORDS_MAX + 1};
    assert_true(wr_local_size(&in) == SIZE_MAX);
    in = (struct wr_local_input){.records = 0};
    assert_int_equal(wr_local_build(block, sizeof(block), &in, &l), WR_E_FULL);
    assert_null(l);
}

/* Every size below the one asked for is refused, and the one asked for is never passed (ASan watches). */
static void test_fits(void **state)
{
    localtest_zone(&t, "a.very.deep.name.z.", WR_LOCAL_AUTHORITATIVE);
    for (unsigned i = 0; i < 200; i++) {
        char owner[64];
        snprintf(owner, sizeof(owner), "n%u.sub%u.a.very.deep.name.z.", i, i % 7);
        localtest_add(&t, owner, WR_TYPE_A, "192.0.2.1");
    }
    const struct wr_local *l = localtest_build(&t);
    for (unsigned i = 0; i < 200; i++) {
        char owner[64];
        snprintf(owner, sizeof(owner), "n%u.sub%u.a.very.deep.name.z.", i, i % 7);
        assert_int_equal(ask(l, owner, WR_TYPE_A).verdict, WR_LOCAL_HIT_DATA);
    }
    assert_int_equal(ask(l, "sub3.a.very.deep.name.z.", WR_TYPE_A).verdict, WR_LOCAL_HIT_NODATA);
    localtest_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rejects),
        cmocka_unit_test(test_too_many_at_a_name),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
