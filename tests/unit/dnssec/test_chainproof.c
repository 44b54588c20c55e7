/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/judge.h"

#include "dnssec/chainproof.h"

static void test_negative(void **state)
{
    static const struct {
        const char *zone, *name;
        uint16_t type, rcode;
    } rows[] = {
        {"sec.", "none.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"sec.", "x.y.none.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"sec.", "none.a.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"sec.", "a.sec.", WR_TYPE_AAAA, 0},
        {"sec.", "sec.", WR_TYPE_TXT, 0},
        {"sec.", "ent.sec.", WR_TYPE_A, 0},       /* an empty non-terminal */
        {"sec.", "z.wild.sec.", WR_TYPE_AAAA, 0}, /* a wildcard without the type */
        {"sec.", "n3.sec.", WR_TYPE_DS, 0},       /* replaced below: uns.sec. */
        {".", ".", WR_TYPE_DS, 0},
        {"n3.sec.", "none.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"n3.sec.", "x.y.none.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"n3.sec.", "www.n3.sec.", WR_TYPE_AAAA, 0},
        {"n3.sec.", "ent.n3.sec.", WR_TYPE_A, 0},
        {"n3.sec.", "z.w.n3.sec.", WR_TYPE_AAAA, 0},
        {"n3.sec.", "uns.n3.sec.", WR_TYPE_DS, 0},
        {"many.sec.", "none.many.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"opt.sec.", "www.opt.sec.", WR_TYPE_AAAA, 0},
    };

    begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name = rows[i].type == WR_TYPE_DS && i == 7 ? "uns.sec." : rows[i].name;

        question(name, rows[i].type, rows[i].rcode);
        deny(rows[i].zone, name);
        SECURE();
        assert_false(ch.verdict.no_name);
        if (rows[i].rcode ==
            WR_RCODE_NXDOMAIN) { /* the RCODE was turned on the way: it is known what is true */
            question(name, rows[i].type, WR_RCODE_NOERROR);
            deny(rows[i].zone, name);
            SECURE();
            assert_true(ch.verdict.no_name);
        }
        /* Without the proof it is bogus. */
        question(name, rows[i].type, rows[i].rcode);
        expect(WR_SECURITY_BOGUS, WR_EDE_NSEC_MISSING);
    }
    end();
}

static void test_false_denials(void **state)
{
    static const struct {
        const char *zone, *around, *name;
        uint16_t type, rcode;
    } rows[] = {
        {"sec.", "a.sec.", "a.sec.", WR_TYPE_A, 0}, /* it is there */
        {"sec.", "none.sec.", "a.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"sec.", "a.sec.", "a.sec.", WR_TYPE_AAAA, WR_RCODE_NXDOMAIN}, /* no data is not no name */
        {"sec.", "ent.sec.", "ent.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"sec.", "z.wild.sec.", "z.wild.sec.", WR_TYPE_A,
         WR_RCODE_NXDOMAIN}, /* a wildcard is there */
        {"sec.", "z.wild.sec.", "z.wild.sec.", WR_TYPE_A, 0},
        {"sec.", "alias.sec.", "alias.sec.", WR_TYPE_A, 0},               /* a CNAME is there */
        {"sec.", "n3.sec.", "n3.sec.", WR_TYPE_A, 0},                     /* the parent's side */
        {"sec.", "n3.sec.", "www.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN}, /* of names below a cut */
        {"sec.", "dn.sec.", "x.dn.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN}, /* of names below a DNAME */
        {"n3.sec.", "n3.sec.", "n3.sec.", WR_TYPE_DS, 0},               /* the child's side */
        {"n3.sec.", "www.n3.sec.", "www.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"n3.sec.", "www.n3.sec.", "www.n3.sec.", WR_TYPE_A, 0},
        {"n3.sec.", "z.w.n3.sec.", "z.w.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
        {"n3.sec.", "z.w.n3.sec.", "z.w.n3.sec.", WR_TYPE_A, 0},
        {"n3.sec.", "none.n3.sec.", "a.sec.", WR_TYPE_AAAA, 0}, /* another zone's */
        {"sec.", "none.sec.", "www.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN},
    };

    begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        question(rows[i].name, rows[i].type, rows[i].rcode);
        deny(rows[i].zone, rows[i].around);
        if (judge() != WR_SECURITY_BOGUS) {
            fail_msg("row %zu: %u (%s)", i, ch.verdict.security, ch.verdict.reason);
        }
    }
    end();
}

static void test_denied_from_outside(void **state)
{
    begin();
    b.anchors.count = 0;
    bench_anchor(&b, "n3.sec.");
    question("none.n3.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    deny("sec.", "none.sec.");
    expect(WR_SECURITY_INDETERMINATE, WR_EDE_INDETERMINATE);
    question("www.n3.sec.", WR_TYPE_A, 0);
    say_as("sec.", "a.sec.", WR_TYPE_A, "www.n3.sec.");
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    end();
}

static void test_denied_by_a_delegation(void **state)
{
    begin();
    question("uns.sec.", WR_TYPE_A, 0);
    deny("sec.", "uns.sec.");
    s.name = "uns.sec."; /* nothing more is asked */
    s.type = WR_TYPE_DS;
    INSECURE();
    assert_int_equal(s.broken, 0);
    end();
}

static void test_broken_denials(void **state)
{
    struct world_copy *c;

    begin();
    question("z.wild.sec.", WR_TYPE_AAAA, 0); /* the wildcard's NSEC, as if it stood at the name */
    c = server_copy(
        &s, world_find(world_name("sec.").wire, world_name("*.wild.sec.").wire, WR_TYPE_NSEC));
    world_rename(c, "z.wild.sec.");
    authority[ask.authorities++] = c->set;
    assert_int_equal(judge(), WR_SECURITY_BOGUS);
    question("none.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN); /* a SOA of a zone that is not signed */
    deny("sec.", "none.sec.");
    for (uint8_t i = 0; i < ask.authorities; i++) {
        if (authority[i].type == WR_TYPE_SOA) {
            authority[i] = server_foreign_soa(&s, "uns.sec.");
        }
    }
    expect(WR_SECURITY_BOGUS, WR_EDE_RRSIGS_MISSING);
    for (int mode = SERVER_STRIP; mode <= SERVER_CORRUPT; mode++) {
        question("none.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
        deny("sec.", "none.sec.");
        server_break(&s, mode, authority, ask.authorities);
        assert_int_equal(judge(), WR_SECURITY_BOGUS);
        assert_int_equal(ch.verdict.ede,
                         mode == SERVER_STRIP ? WR_EDE_RRSIGS_MISSING : WR_EDE_BOGUS);
    }
    question("none.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN); /* the proof stands, the SOA does not */
    deny("sec.", "none.sec.");
    for (uint8_t i = 0; i < ask.authorities; i++) {
        if (authority[i].type == WR_TYPE_SOA) {
            server_break(&s, SERVER_ALTER, &authority[i], 1);
        }
    }
    expect(WR_SECURITY_BOGUS, WR_EDE_BOGUS);
    end();
}

static void test_denials_that_make_insecure(void **state)
{
    begin();
    question("none.opt.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    deny("opt.sec.", "none.opt.sec.");
    INSECURE();
    question("u.opt.sec.", WR_TYPE_DS, 0);
    deny("opt.sec.", "u.opt.sec.");
    INSECURE();
    question("optent.opt.sec.", WR_TYPE_A, 0);
    deny("opt.sec.", "optent.opt.sec.");
    INSECURE();
    question("z.w.opt.sec.", WR_TYPE_A, 0);
    say_as("opt.sec.", "*.w.opt.sec.", WR_TYPE_A, "z.w.opt.sec.");
    deny("opt.sec.", "z.w.opt.sec.");
    INSECURE();
    b.policy.nsec3_iterations = 99;
    question("none.many.sec.", WR_TYPE_A, WR_RCODE_NXDOMAIN);
    deny("many.sec.", "none.many.sec.");
    expect(WR_SECURITY_INSECURE, WR_EDE_NSEC3_ITERATIONS);
    end();
}

static void test_wildcards(void **state)
{
    begin();
    question("z.wild.sec.", WR_TYPE_A, 0);
    say_as("sec.", "*.wild.sec.", WR_TYPE_A, "z.wild.sec.");
    deny("sec.", "z.wild.sec.");
    SECURE();
    question("z.wild.sec.", WR_TYPE_A, 0); /* without the proof */
    say_as("sec.", "*.wild.sec.", WR_TYPE_A, "z.wild.sec.");
    expect(WR_SECURITY_BOGUS, WR_EDE_NSEC_MISSING);
    question("*.wild.sec.", WR_TYPE_A, 0); /* asked for itself it is no expansion */
    say("sec.", "*.wild.sec.", WR_TYPE_A);
    SECURE();
    question("q.r.w.n3.sec.", WR_TYPE_A, 0);
    say_as("n3.sec.", "*.w.n3.sec.", WR_TYPE_A, "q.r.w.n3.sec.");
    deny("n3.sec.", "q.r.w.n3.sec.");
    SECURE();
    question("z.walias.sec.", WR_TYPE_A, 0); /* a CNAME from a wildcard */
    say_as("sec.", "*.walias.sec.", WR_TYPE_CNAME, "z.walias.sec.");
    say("sec.", "a.sec.", WR_TYPE_A);
    expect(WR_SECURITY_BOGUS, WR_EDE_NSEC_MISSING);
    deny("sec.", "z.walias.sec.");
    SECURE();
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_negative),
        cmocka_unit_test(test_false_denials),
        cmocka_unit_test(test_denied_from_outside),
        cmocka_unit_test(test_denied_by_a_delegation),
        cmocka_unit_test(test_broken_denials),
        cmocka_unit_test(test_denials_that_make_insecure),
        cmocka_unit_test(test_wildcards),
    };
    int failed;

    world_load();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_free();
    return failed;
}
