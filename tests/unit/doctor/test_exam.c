/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/doctor/patient.h"

#define SOA "d. 300 SOA ns.d. host.d. 1 1 1 1 60\n"

/* Nothing is wanted twice, and a world without end ends. */
static void test_bounded(void **state)
{
    size_t cap = 1 << 20, used;
    char *text = malloc(cap);
    struct patient p = {.local = true, .resolver = text};

    used = (size_t)snprintf(text, cap, SOA);
    for (unsigned t = 0; t < 12; t++) {
        used += (size_t)snprintf(text + used, cap - used,
                                 "_services._dns-sd._udp.d. 300 PTR _t%u._tcp.d.\n", t);
        for (unsigned i = 0; i < 12; i++)
            used += (size_t)snprintf(
                text + used, cap - used,
                "_t%u._tcp.d. 300 PTR i%u._t%u._tcp.d.\ni%u._t%u._tcp.d. 300 SRV 0 0 1 h%u-%u.d.\n",
                t, i, t, i, t, t, i);
    }
    run_exam(&p, "_services._dns-sd._udp.d.");
    assert_true(p.asked <= WR_DOCTOR_FACTS_MAX);
    assert_true(p.asked > WR_DOCTOR_FACTS_MAX / 2);
    assert_true(exam.full);
    assert_true(findings.beyond > 0); /* the last of them says so, and is beyond */
    for (unsigned i = 0; i < facts.count; i++)
        assert_ptr_equal(wr_facts_find(&facts, &facts.fact[i].want), &facts.fact[i]);
    free(text);
}

/* Whatever a zone says, one address is not knocked at without end; what is left is said. */
static void test_one_address(void **state)
{
    size_t cap = 1 << 16, used;
    char *text = malloc(cap);
    struct patient p = {.local = true, .resolver = text};
    struct wr_addr one;
    unsigned n = 0;

    wr_addr_from_text("192.0.2.1", &one);
    used = (size_t)snprintf(text, cap, SOA "box.d. 300 A 192.0.2.1\nbox.d. 300 AAAA 2001:db8::1\n");
    for (unsigned t = 0; t < 12; t++) {
        used += (size_t)snprintf(text + used, cap - used,
                                 "_services._dns-sd._udp.d. 300 PTR _t%u._tcp.d.\n", t);
        for (unsigned i = 0; i < 12; i++)
            used += (size_t)snprintf(text + used, cap - used,
                                     "_t%u._tcp.d. 300 SRV 0 0 %u box.d.\n", t, 1000 + 12 * t + i);
    }
    run_exam(&p, "_services._dns-sd._udp.d.");
    for (unsigned i = 0; i < facts.count; i++)
        n += wr_addr_same_ip(&facts.fact[i].want.to, &one);
    assert_int_equal(n, WR_DOCTOR_ADDRESS_MAX);
    assert_true(exam.full);
    assert_true(wr_findings_count(&findings, WR_SEVERITY_WARNING) > 0);
    free(text);
}

/* Out of time: no wants, and it is said. */
static void test_hurried(void **state)
{
    struct wr_name name;

    assert_int_equal(wr_name_from_text("box.d.", 6, &name), WR_OK);
    options = (struct wr_exam_options){.hurried = true};
    wr_facts_start(&facts);
    wr_exam_run(&exam, &options, name.wire, &facts, &findings);
    assert_int_equal(exam.wants, 0);
    assert_int_equal(findings.count, 1);
    assert_string_equal(wr_finding_row(findings.item[0].code)->word, "no-time");
    assert_string_equal(words(0), "The time was up.");
    options.hurried = false;
    wr_exam_run(&exam, &options, name.wire, &facts, &findings);
    assert_true(exam.wants > 0);
    assert_int_equal(findings.count, 0);
}

/* What did not answer before the time was up is not blamed on it; a resolver that said nothing at all is not good. */
static void test_hurried_silence(void **state)
{
    struct patient p = {.local = true,
                        .hurried = true,
                        .port = 443,
                        .resolver = SOA "box.d. 300 A 192.0.2.1\nbox.d. 300 AAAA 2001:db8::1\n",
                        .open = "192.0.2.1:443 tcp\n"};

    examine(&p, "box.d.", "warning unfinished box.d.\n");
    assert_string_equal(
        words(0),
        "The time was up, 2503 ms after the last that was tried, which had not answered.");
    p.says = "box.d. SILENT -1 AAAA\n";
    examine(&p, "box.d.", "warning unfinished box.d.\n");
    p.resolver = SOA
        "box.d. 300 AAAA 2001:db8::1\nx.box.d. 300 TXT x\n"; /* what it may have is not missing */
    examine(&p, "box.d.", "warning unfinished box.d.\n");
    p.says = "box.d. SERVFAIL 22 AAAA\n";
    examine(&p, "box.d.", "error failed box.d.\n");
    p.says = "box.d. SILENT -1\n";
    examine(&p, "box.d.", "error no-time box.d.\n");
    p.hurried = false;
    examine(&p, "box.d.", "error no-reply box.d.\n");
    p = (struct patient){
        .hurried = true, /* its server has not answered yet, and the parent's neither */
        .resolver = ". 300 SOA ns. host. 1 1 1 1 60\n. 300 NS ns.\nns. 300 A 192.0.2.53\n" SOA
                    "d. 300 NS ns.d.\nns.d. 300 A 192.0.2.54\nns.d. 300 AAAA 2001:db8::54\n"};
    examine(&p, "d.", "warning unfinished d.\n");
    p.server[0].at = "192.0.2.53";
    p.server[0].records =
        ". 300 SOA ns. host. 1 1 1 1 60\nd. 300 NS ns.d.\nns.d. 300 A 192.0.2.54\n";
    examine(&p, "d.", "warning unfinished d.\n");
}

/* The same in every order in which facts may come. */
static void test_order(void **state)
{
    struct patient p = {
        .local = true,
        .resolver = SOA
        "_turn._udp.d. 300 SRV 0 0 3478 a.d.\na.d. 300 CNAME box.d.\nbox.d. 300 A 192.0.2.1\n"};

    examine(&p, "_turn._udp.d.",
            "error alias-target _turn._udp.d.\nwarning no-ipv6 a.d.\nerror dead a.d.\n");
    for (unsigned skip = 1; skip < 4; skip++) {
        struct wr_name name;

        assert_int_equal(wr_name_from_text("_turn._udp.d.", 13, &name), WR_OK);
        wr_facts_start(&facts);
        for (unsigned round = 0; round < 100; round++) {
            unsigned i;

            wr_exam_run(&exam, &options, name.wire, &facts, &findings);
            if (!exam.wants)
                break;
            i = skip % exam.wants;
            if (exam.want[i].kind >= WR_FACTS_TCP)
                probe(&exam.want[i], &p);
            else
                reply(&exam.want[i], &p);
        }
        assert_int_equal(exam.wants, 0);
        assert_int_equal(findings.count, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounded), cmocka_unit_test(test_one_address),
        cmocka_unit_test(test_hurried), cmocka_unit_test(test_hurried_silence),
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
