/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/doctor/patient.h"

#include "doctor/zone.h"

#define ROOT                                                                            \
    ". 300 SOA ns. host. 1 1 1 1 60\n. 300 NS ns.\nns. 300 A 192.0.2.53\nns. 300 AAAA " \
    "2001:db8::53\n"
#define SOA   "d. 300 SOA ns.d. host.d. 1 1 1 1 60\n"
#define ONE   "d. 300 NS ns1.d.\nns1.d. 300 A 192.0.2.1\nns1.d. 300 AAAA 2001:db8::1\n"
#define TWO   "d. 300 NS ns2.d.\nns2.d. 300 A 192.0.2.2\nns2.d. 300 AAAA 2001:db8::2\n"
#define NO_V6 "2001:db8::1\n2001:db8::2\n2001:db8::53\n"

static struct patient sound(void)
{
    return (struct patient){.resolver = ROOT SOA ONE TWO,
                            .unreachable = NO_V6,
                            .server = {{"192.0.2.53", ROOT ONE TWO},
                                       {"192.0.2.1", SOA ONE TWO},
                                       {"192.0.2.2", SOA ONE TWO}}};
}

static void test_sound(void **state)
{
    struct patient p = sound();

    examine(&p, "d.", "");
    p = (struct patient){.local = true, .resolver = SOA};
    examine(&p, "d.", "");
    p.resolver =
        SOA "d. 300 NS localhost.\n"; /* as special-use zones have it: nobody else is asked */
    examine(&p, "d.", "");
    p = sound();
    p.resolver_only = true;
    examine(&p, "d.", "");
    for (unsigned i = 0; i < facts.count; i++)
        assert_int_equal(facts.fact[i].want.kind, WR_FACTS_ASK);
}

static void test_servers(void **state)
{
    struct patient p = sound();

    p.server[2].records = "other. 300 SOA ns. host. 1 1 1 1 60\n";
    examine(&p, "d.", "error lame d.\n");
    assert_string_equal(words(0),
                        "ns2.d. (192.0.2.2) answers REFUSED without authority (AA) for the zone.");
    p.server[2].records = ". 300 SOA ns. host. 1 1 1 1 60\nx. 300 A 192.0.2.3\n";
    examine(&p, "d.", "error lame d.\n");
    p.server[2].records = ROOT ONE; /* a referral to itself: no authority */
    examine(&p, "d.", "error lame d.\n");
    p.server[2].at = NULL;
    examine(&p, "d.", "error server-silent d.\n");
    assert_string_equal(words(0), "ns2.d. (192.0.2.2) gives no answer within 3002 ms.");
    for (unsigned i = 0; i < 3; i++)
        p.server[i].at = NULL;
    examine(&p, "d.", "note servers-unheard d.\n");
    p.unreachable = NO_V6 "192.0.2.1\n192.0.2.2\n192.0.2.53\n";
    examine(&p, "d.", "note servers-unheard d.\n");
}

static void test_sets(void **state)
{
    struct patient p = sound();

    p.server[0].records = ROOT ONE;
    examine(&p, "d.", "warning ns-differ d.\n");
    assert_string_equal(words(0), "ns2.d. is named by the zone and not by the parent.");
    p.server[0].records = ROOT ONE TWO "d. 300 NS ns1.d.\nd. 300 NS gone.d.\n";
    examine(&p, "d.", "warning ns-differ d.\nerror target-nxdomain d.\n");
    p = sound();
    p.resolver = ROOT SOA ONE TWO "d. 300 NS alias.d.\nalias.d. 300 CNAME ns1.d.\n";
    p.server[1].records = SOA ONE TWO "d. 300 NS alias.d.\nalias.d. 300 CNAME ns1.d.\n";
    examine(&p, "d.", "error alias-target d.\nwarning ns-differ d.\n");
    p = sound();
    p.resolver =
        ROOT SOA ONE; /* the parent's set, kept by the resolver: the zone's servers tell better */
    p.server[0].records = ROOT ONE;
    examine(&p, "d.", "warning ns-differ d.\n");
    p.server[0].records = ROOT SOA ONE; /* parent and child on one server */
    p.resolver = ROOT SOA ONE;
    examine(&p, "d.", "");
}

/* The resolver only says that it failed; why, the servers tell. */
static void test_failed(void **state)
{
    struct patient p = sound();

    p.says = "www.d. SERVFAIL 22\nd. SERVFAIL 22\n";
    p.server[1].at = p.server[2].at = NULL;
    examine(&p, "www.d.", "error failed www.d.\nerror server-silent d.\nerror server-silent d.\n");
}

/* More servers than are looked at. */
static void test_beyond(void **state)
{
    char set[2048] = "", records[4096], root[4096];
    struct patient p = sound();

    for (unsigned i = 0; i <= WR_DOCTOR_TARGETS_MAX; i++)
        snprintf(set + strlen(set), sizeof(set) - strlen(set),
                 "d. 300 NS n%u.d.\nn%u.d. 300 A 192.0.2.1\nn%u.d. 300 AAAA 2001:db8::1\n", i, i,
                 i);
    snprintf(records, sizeof(records), ROOT SOA "%s", set);
    snprintf(root, sizeof(root), ROOT "%s", set);
    p.resolver = p.server[1].records = records;
    p.server[0].records = root;
    examine(&p, "d.", "warning unfinished d.\n");
    p.resolver = ROOT SOA ONE; /* only the parent has so many */
    run_exam(&p, "d.");
    assert_int_equal(findings.item[findings.count - 1].code, WR_FINDING_UNFINISHED);
}

/* A delegation to this machine itself, or to a group: nobody there is asked, whatever answers. */
static void test_odd_servers(void **state)
{
    struct patient p = sound();

    p.resolver =
        ROOT SOA ONE "d. 300 NS ns2.d.\nns2.d. 300 A 127.0.0.1\nns2.d. 300 A 224.0.0.1\nns2.d. "
                     "300 AAAA 2001:db8::2\n";
    p.server[0].records =
        ROOT ONE "d. 300 NS ns2.d.\nns2.d. 300 A 127.0.0.1\nns2.d. 300 A 224.0.0.1\n";
    p.server[1].records = p.resolver;
    p.server[2].at = "127.0.0.1";
    p.server[3].at = "224.0.0.1";
    p.server[2].records = p.server[3].records = p.resolver;
    examine(&p, "d.", "warning local-address ns2.d.\nerror bad-address ns2.d.\n");
    for (unsigned i = 0; i < facts.count; i++)
        if (facts.fact[i].want.kind == WR_FACTS_ASK_AT)
            assert_true(wr_addr_kind(&facts.fact[i].want.to) == WR_ADDR_MACHINE);
}

static void test_mail(void **state)
{
    static const struct {
        const char *records, *expected;
    } rows[] = {
        {"d. 300 MX 10 box.d.\nbox.d. 300 A 192.0.2.1\nbox.d. 300 AAAA 2001:db8::1\n", ""},
        {"d. 300 MX 0 .\n", ""},
        {"d. 300 MX 10 a.d.\na.d. 300 CNAME box.d.\nbox.d. 300 A 192.0.2.1\nbox.d. 300 AAAA "
         "2001:db8::1\n",
         "error alias-target d.\n"},
        {"d. 300 MX 10 gone.d.\n", "error target-nxdomain d.\n"},
        {"d. 300 MX 10 box.d.\nbox.d. 300 TXT x\n", "error no-address d.\n"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[2048];
        struct patient p = {.local = true};

        snprintf(text, sizeof(text), SOA "%s", rows[i].records);
        p.resolver = text;
        examine(&p, "d.", rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),       cmocka_unit_test(test_servers),
        cmocka_unit_test(test_sets),        cmocka_unit_test(test_failed),
        cmocka_unit_test(test_mail),        cmocka_unit_test(test_beyond),
        cmocka_unit_test(test_odd_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
