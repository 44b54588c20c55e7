/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/denials.h"

#include "dnssec/denial.h"

static struct denials_made nsec[DENIALS_NSEC], nsec3[DENIALS_NSEC3];
static struct wr_name zone;
static struct wr_dnssec_policy policy;
static struct wr_dnssec_work work;
static struct wr_denial d;

static void start(const char *name, bool with_nsec, bool with_nsec3)
{
    static struct wr_name qname;

    qname = denials_name(name);
    memset(&work, 0, sizeof(work));
    wr_denial_start(&d, zone.wire, qname.wire, &policy);
    assert_true(wr_denial_empty(&d));
    for (size_t i = 0; with_nsec && i < DENIALS_NSEC; i++) {
        wr_denial_add(&d, &nsec[i].set);
    }
    for (size_t i = 0; with_nsec3 && i < DENIALS_NSEC3; i++) {
        wr_denial_add(&d, &nsec3[i].set);
    }
    assert_int_equal(wr_denial_empty(&d), !with_nsec && !with_nsec3);
}

/* Either kind proves; NSEC is asked first, and costs no hash. */
static void test_either_kind(void **state)
{
    start("ml.example.", true, true);
    assert_int_equal(wr_denial_nxdomain(&d, &work), WR_PROOF_SECURE);
    assert_int_equal(work.blocks, 0);
    start("ns1.example.", false, true);
    assert_int_equal(wr_denial_nodata(&d, WR_TYPE_MX, &work), WR_PROOF_SECURE);
    assert_true(work.blocks > 0);
    start("ns1.example.", true, false);
    assert_int_equal(wr_denial_nodata(&d, WR_TYPE_MX, &work), WR_PROOF_SECURE);
    start("b.example.", true, false);
    assert_int_equal(wr_denial_no_ds(&d, &work), WR_PROOF_DELEGATION);
    start("c.example.", false, true);
    assert_int_equal(wr_denial_no_ds(&d, &work), WR_PROOF_INSECURE);
    start("a.z.w.example.", true, false);
    assert_int_equal(wr_denial_expansion(&d, 2, &work), WR_PROOF_SECURE);
    start("a.z.w.example.", false, true);
    assert_int_equal(wr_denial_expansion(&d, 2, &work), WR_PROOF_INSECURE);
    start("ml.example.", false, false);
    assert_int_equal(wr_denial_nxdomain(&d, &work), WR_PROOF_NONE);
    assert_int_equal(wr_denial_nodata(&d, WR_TYPE_A, &work), WR_PROOF_NONE);
}

static void test_other_sets_are_left_out(void **state)
{
    struct wr_rrset a = nsec[0].set;
    struct wr_rrset torn = nsec[0].set;

    start("ml.example.", false, false);
    a.type = WR_TYPE_A;
    wr_denial_add(&d, &a);
    torn.size = 10;
    wr_denial_add(&d, &torn);
    assert_true(wr_denial_empty(&d));
    for (unsigned i = 0; i < WR_DNSSEC_SETS_MAX + 5; i++) {
        wr_denial_add(&d, &nsec[0].set);
        wr_denial_add(&d, &nsec3[0].set);
    }
    assert_int_equal(d.count, WR_DNSSEC_SETS_MAX);
    assert_int_equal(d.nsec3.count, WR_DNSSEC_SETS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_either_kind),
        cmocka_unit_test(test_other_sets_are_left_out),
    };

    zone = denials_name("example.");
    policy = wr_algo_default_policy();
    for (size_t i = 0; i < DENIALS_NSEC; i++) {
        denials_make(&denials_nsec[i], WR_TYPE_NSEC, &nsec[i]);
    }
    for (size_t i = 0; i < DENIALS_NSEC3; i++) {
        denials_make(&denials_nsec3[i], WR_TYPE_NSEC3, &nsec3[i]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
