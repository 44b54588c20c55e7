/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/doctor/patient.h"

#define SOA "d. 300 SOA ns.d. host.d. 1 1 1 1 60\n"
#define BOX "box.d. 300 A 192.0.2.1\nbox.d. 300 AAAA 2001:db8::1\n"
#define WWW "www.d. 300 A 192.0.2.1\nwww.d. 300 AAAA 2001:db8::1\n"
#define OPEN                                                                                 \
    "192.0.2.1:443 tcp\n[2001:db8::1]:443 tcp\n192.0.2.1:8443 tcp\n[2001:db8::1]:8443 tcp\n" \
    "192.0.2.1:853 tcp\n[2001:db8::1]:853 tcp\n"

struct row {
    const char *records, *name, *expected;
};

static void run_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[4096];
        struct patient p = {.local = true, .open = OPEN, .resolver = text};

        snprintf(text, sizeof(text), SOA "%s", rows[i].records);
        examine(&p, rows[i].name, rows[i].expected);
    }
}

static void test_endpoints(void **state)
{
    static const struct row rows[] = {
        {WWW "www.d. 300 HTTPS 1 . alpn=h2,h3\n", "www.d.", ""},
        {WWW "www.d. 300 HTTPS 1 . port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1\n", "www.d.",
         ""},
        {WWW BOX "www.d. 300 HTTPS 1 box.d. alpn=h2\nwww.d. 300 HTTPS 2 . alpn=h2\n", "www.d.", ""},
        {WWW BOX "www.d. 300 HTTPS 1 alias.d.\nalias.d. 300 CNAME box.d.\n", "www.d.", ""},
        {WWW "www.d. 300 HTTPS 1 gone.d.\n", "www.d.", "error target-nxdomain www.d.\n"},
        {WWW "www.d. 300 HTTPS 1 text.d.\ntext.d. 300 TXT x\n", "www.d.",
         "error no-address www.d.\n"},
        {WWW "www.d. 300 HTTPS 1 . port=444\n", "www.d.", "error dead www.d.\nerror dead www.d.\n"},
        {WWW "www.d. 300 HTTPS 1 . port=0\n", "www.d.", "note not-probed www.d.\n"},
        {WWW "www.d. 300 HTTPS 1 . alpn=h3 no-default-alpn port=444\n", "www.d.",
         "note not-probed www.d.\n"},
        {WWW "www.d. 300 HTTPS 1 . alpn=h3,h2 no-default-alpn\n", "www.d.", ""},
        {"_8443._https.d. 300 HTTPS 1 box.d.\n" BOX, "_8443._https.d.", ""},
        {"_444._https.d. 300 HTTPS 1 box.d.\n" BOX, "_444._https.d.",
         "error dead box.d.\nerror dead box.d.\n"},
        {"_8443._https.d. 300 HTTPS 0 s.d.\ns.d. 300 HTTPS 1 box.d.\n" BOX, "_8443._https.d.", ""},
        {"_444._https.d. 300 HTTPS 0 s.d.\ns.d. 300 HTTPS 1 box.d.\n" BOX, "_444._https.d.",
         "error dead box.d.\nerror dead box.d.\n"},
        {"_444._https.d. 300 HTTPS 0 box.d.\n" BOX, "_444._https.d.",
         "error dead box.d.\nerror dead box.d.\n"},
        {"_dns.d. 300 SVCB 1 box.d. alpn=dot\n" BOX, "_dns.d.", ""},
        {"_dns.d. 300 SVCB 1 box.d. alpn=h2 dohpath=/q{?dns}\n" BOX, "_dns.d.", ""},
        {"_dns.d. 300 SVCB 1 box.d. alpn=doq\n" BOX, "_dns.d.", "note not-probed box.d.\n"},
        {"_x.d. 300 SVCB 1 box.d.\n" BOX, "_x.d.", "note not-probed box.d.\n"},
        {"www.d. 300 HTTPS 1 box.d.\n" BOX, "www.d.", "warning svcb-only www.d.\n"},
        {WWW "www.d. 86400 HTTPS 1 .\nwww.d. 300 HTTPS 2 . port=8443\n", "www.d.",
         "warning ttl-set www.d.\nwarning ttl-chain www.d.\n"},
    };

    run_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_parameters(void **state)
{
    static const struct row rows[] = {
        {WWW "www.d. 300 HTTPS 1 . alpn=h2 mandatory=alpn\n", "www.d.", ""},
        {WWW "www.d. 300 HTTPS 1 . key700=x mandatory=key700\n", "www.d.",
         "warning svcb-mandatory www.d.\n"},
        {WWW "www.d. 300 HTTPS 1 . key700=x\n", "www.d.", ""},
        /* by their octets, for the text form takes no such thing: mandatory without its key, no-default-alpn alone, keys backwards */
        {WWW "www.d. 300 HTTPS \\# 9 0001 00 0000 0002 0001\n", "www.d.",
         "error svcb-broken www.d.\n"},
        {WWW "www.d. 300 HTTPS \\# 7 0001 00 0002 0000\n", "www.d.", "error svcb-broken www.d.\n"},
        {WWW "www.d. 300 HTTPS 1 . ipv4hint=192.0.2.9\n", "www.d.", "warning svcb-hint www.d.\n"},
        {WWW "www.d. 300 HTTPS 1 . ipv6hint=2001:db8::1,2001:db8::9\n", "www.d.",
         "warning svcb-hint www.d.\n"},
        {WWW "www.d. 300 HTTPS 1 .\nwww.d. 300 HTTPS 1 . alpn=h2\n", "www.d.",
         "note svcb-equal www.d.\n"},
        {WWW "www.d. 300 HTTPS 1 .\nwww.d. 300 HTTPS 1 . port=8443\n", "www.d.", ""},
    };

    run_rows(rows, sizeof(rows) / sizeof(rows[0]));
    run_exam(&(struct patient){.local = true,
                               .open = OPEN,
                               .resolver = SOA WWW "www.d. 300 HTTPS 1 . ipv4hint=192.0.2.9\n"},
             "www.d.");
    assert_string_equal(words(0), "192.0.2.9 is hinted at and is no address of www.d.");
}

static void test_aliases(void **state)
{
    static const struct row rows[] = {
        {"d. 300 HTTPS 0 box.d.\nd. 300 A 192.0.2.1\nd. 300 AAAA 2001:db8::1\n" BOX, "d.",
         ""}, /* at an apex, beside SOA */
        {WWW BOX "www.d. 300 HTTPS 0 box.d.\nbox.d. 300 HTTPS 1 . alpn=h2\n", "www.d.", ""},
        {WWW BOX "www.d. 300 HTTPS 0 alias.d.\nalias.d. 300 CNAME box.d.\n", "www.d.", ""},
        {WWW "www.d. 300 HTTPS 0 gone.d.\n", "www.d.", "error target-nxdomain www.d.\n"},
        {WWW "www.d. 300 HTTPS 0 text.d.\ntext.d. 300 TXT x\n", "www.d.",
         "error no-address www.d.\n"},
        {WWW BOX "www.d. 300 HTTPS 0 svc.d.\nsvc.d. 300 HTTPS 1 box.d.\n", "www.d.",
         ""}, /* svc needs no address */
        {WWW "www.d. 300 HTTPS 0 .\n", "www.d.", "warning not-offered www.d.\n"},
        {WWW "www.d. 300 HTTPS 0 www.d.\n", "www.d.", "error alias-loop www.d.\n"},
        {WWW BOX "www.d. 300 HTTPS 0 a.d.\na.d. 300 HTTPS 0 b.d.\nb.d. 300 HTTPS 0 A.D.\n",
         "www.d.", "warning svcb-chain a.d.\nerror alias-loop b.d.\n"},
        {WWW BOX "www.d. 300 HTTPS 0 a.d.\na.d. 300 HTTPS 0 box.d.\n", "www.d.",
         "warning svcb-chain a.d.\n"},
        {WWW BOX "www.d. 300 HTTPS 0 box.d.\nwww.d. 300 HTTPS 1 . port=444\n", "www.d.",
         "warning svcb-mixed www.d.\n"},
        {WWW BOX "www.d. 300 HTTPS 0 box.d.\nwww.d. 300 HTTPS 0 gone.d.\n", "www.d.",
         "warning svcb-aliases www.d.\nerror target-nxdomain www.d.\n"},
        {WWW BOX "www.d. 300 HTTPS 0 box.d. alpn=h2\n", "www.d.", "note svcb-ignored www.d.\n"},
        {"_dns.d. 300 SVCB 0 box.d.\n" BOX, "_dns.d.", "note not-probed box.d.\n"},
    };

    run_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* Aliases that lead on and on, and sets of aliases that multiply: bounded, and said. */
static void test_bounds(void **state)
{
    static char text[65536];
    size_t n = (size_t)snprintf(text, sizeof(text), SOA WWW "www.d. 300 HTTPS 0 a0.d.\n");
    struct patient p = {.local = true, .open = OPEN, .resolver = text};

    for (unsigned i = 0; i < WR_DOCTOR_BINDINGS_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "a%u.d. 300 HTTPS 0 a%u.d.\n", i, i + 1);
    examine(&p, "www.d.",
            "warning svcb-chain a0.d.\nwarning svcb-chain a1.d.\nwarning svcb-chain a2.d.\nerror "
            "alias-endless a3.d.\n");
    n = (size_t)snprintf(text, sizeof(text), SOA WWW);
    for (unsigned i = 0; i < WR_DOCTOR_TARGETS_MAX; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "www.d. 300 HTTPS 0 a%u.d.\n", i);
        for (unsigned j = 0; j < WR_DOCTOR_TARGETS_MAX; j++)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "a%u.d. 300 HTTPS 0 a%u.d.\n", i, j);
    }
    run_exam(&p, "www.d.");
    assert_true(exam.cut);
    assert_true(p.asked < 3 * WR_DOCTOR_TARGETS_MAX);
    assert_true(wr_findings_count(&findings, WR_SEVERITY_ERROR) > 0);
}

/* A record that breaks its format is not kept, and spoils its set all the same. */
static void test_garbled(void **state)
{
    static const uint8_t rdata[] = {0,   1, 0, 0, 3, 0, 2,   1,
                                    187, 0, 1, 0, 3, 2, 'h', '2'}; /* port before alpn */
    struct wr_facts_want want = {.kind = WR_FACTS_ASK, .type = WR_TYPE_HTTPS};
    struct patient p = {.local = true, .open = OPEN, .resolver = SOA WWW};
    uint8_t wire[512];
    struct wr_build b;

    assert_int_equal(wr_name_from_text("www.d.", 6, &want.name), WR_OK);
    run_exam(&p, "www.d.");
    for (unsigned i = 0; i < facts.count; i++)
        if (facts.fact[i].want.type == WR_TYPE_HTTPS)
            facts.fact[i].want.type = 1000; /* asked anew below */
    wr_build_start(&b, wire, sizeof(wire), 1, WR_FLAG_QR);
    wr_build_question(&b, want.name.wire, want.type, WR_CLASS_IN);
    memcpy(wire + b.w.pos, "\xc0\x0c\0\x41\0\1\0\0\0\x3c\0\x10", 12);
    memcpy(wire + b.w.pos + 12, rdata, sizeof(rdata));
    b.w.pos += 12 + sizeof(rdata);
    wr_build_finish(&b, WR_RCODE_NOERROR);
    wire[7] = 1;
    assert_int_equal(wr_facts_reply(&facts, &want, wire, b.w.pos), WR_OK);
    wr_exam_run(&exam, &options, want.name.wire, &facts, &findings);
    assert_int_equal(exam.wants, 0);
    assert_string_equal(wr_finding_row(findings.item[0].code)->word, "svcb-broken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoints), cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_aliases),   cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_garbled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
