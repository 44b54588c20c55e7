/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/doctor/patient.h"

#include "doctor/look.h"

#define SOA "d. 300 SOA ns.d. host.d. 1 1 1 1 60\n"
#define BOX "box.d. 300 A 192.0.2.1\nbox.d. 300 AAAA 2001:db8::1\n"

/* What the resolver says instead of an answer, and what it means. */
static void test_failures(void **state)
{
    static const struct {
        const char *says, *expected, *words;
    } rows[] = {
        {"box.d. SILENT -1\n", "error no-reply box.d.\n",
         "No reply within 8001 ms to the question for A."},
        {"box.d. REFUSED 18\n", "error refused box.d.\n", "(EDE 18)"},
        {"box.d. SERVFAIL 22\n", "error failed box.d.\n", "No Reachable Authority (EDE 22)"},
        {"box.d. SERVFAIL 7\n", "error bogus box.d.\n", "Signature Expired (EDE 7)"},
        {"box.d. SERVFAIL -1\n", "error bogus box.d.\n", "with checking disabled (CD)"},
        {"box.d. NXDOMAIN 15\n", "error blocked box.d.\n", "Blocked (EDE 15)"},
        {"box.d. NOTIMP -1\n", "error failed box.d.\n", "is answered NOTIMP."},
        {"box.d. NOERROR 3\n", "warning stale box.d.\n", "Stale Answer (EDE 3)"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct patient p = {
            .local = true, .resolver_only = true, .resolver = SOA BOX, .says = rows[i].says};
        char *text, *end;

        run_exam(&p, "box.d.");
        assert_true(findings.count > 0);
        if (!strstr(words(0), rows[i].words))
            fail_msg("%s: %s", rows[i].says, words(0));
        text = strdup(
            rows[i].expected); /* the AAAA question fails likewise: here the first is looked at */
        end = strchr(text, ' ') + 1;
        end[strcspn(end, " ")] = '\0';
        assert_string_equal(wr_finding_row(findings.item[0].code)->word, end);
        free(text);
    }
}

/* A resolver that gives up on a loop says SERVFAIL: the aliases are looked at one by one. */
static void test_loop(void **state)
{
    struct patient p = {.local = true,
                        .resolver_only = true,
                        .says = "a.d. SERVFAIL 0\n",
                        .resolver =
                            SOA "a.d. 300 CNAME b.d.\nb.d. 300 CNAME c.d.\nc.d. 300 CNAME b.d.\n"};

    run_exam(&p, "a.d.");
    /* the question for the alias itself fails as well: nothing can be said of a loop */
    assert_string_equal(wr_finding_row(findings.item[0].code)->word, "bogus");
    p.says = "b.d. NOERROR -1\n";
    examine(&p, "a.d.", "error alias-loop a.d.\n");
}

/* One that gives up on many aliases says SERVFAIL too: they are counted, and called what they are. */
static void test_endless(void **state)
{
    char text[2048];
    size_t n = (size_t)snprintf(text, sizeof(text), SOA BOX);
    struct patient p = {
        .local = true, .resolver_only = true, .resolver = text, .says = "a0.d. SERVFAIL 0 A\n"};

    for (unsigned i = 0; i < WR_CHAIN_MAX + 2; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "a%u.d. 300 CNAME a%u.d.\n", i, i + 1);
    examine(&p, "a0.d.", "error alias-endless a0.d.\n");
    assert_non_null(strstr(words(0), "12 aliases lead to a12.d."));
}

/* Why a name does not exist is passed on: it may be the gateway that says so. */
static void test_reason(void **state)
{
    struct patient p = {.local = true,
                        .resolver = SOA BOX,
                        .says = "gone.d. NXDOMAIN 21\n_x._tcp.d. NXDOMAIN 21\n"};

    examine(&p, "gone.d.", "error nxdomain gone.d.\n");
    assert_non_null(strstr(words(0), "gone.d. does not exist. It says: Not Supported (EDE 21)."));
    examine(&p, "_x._tcp.d.", "error nxdomain _x._tcp.d.\n");
    assert_non_null(
        strstr(words(0), "does not exist; wanted: SRV. It says: Not Supported (EDE 21)."));
}

static void test_zone(void **state)
{
    struct patient p = {.resolver = SOA "x.d. 300 SOA ns. h. 1 1 1 1 60\n" BOX};
    struct wr_name name;

    run_exam(&p, "a.x.d.");
    assert_int_equal(wr_name_from_text("x.d.", 4, &name), WR_OK);
    exam.wants = 0;
    (void)wr_look_zone(&exam, name.wire);
    for (unsigned i = 0; i < exam.wants; i++)
        reply(&exam.want[i], &p);
    assert_true(wr_name_equal(wr_look_zone(&exam, name.wire), name.wire));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failures), cmocka_unit_test(test_loop),
        cmocka_unit_test(test_endless),  cmocka_unit_test(test_reason),
        cmocka_unit_test(test_zone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
