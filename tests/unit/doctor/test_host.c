/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/doctor/patient.h"

#include "doctor/host.h"

#define SOA "d. 300 SOA ns.d. host.d. 1 1 1 1 60\n"
#define BOX "box.d. 300 A 192.0.2.1\nbox.d. 300 AAAA 2001:db8::1\n"

static void test_addresses(void **state)
{
    static const struct {
        const char *records, *name, *expected;
    } rows[] = {
        {BOX, "box.d.", "note not-probed box.d.\n"},
        {"box.d. 300 A 192.0.2.1\n", "box.d.", "warning no-ipv6 box.d.\nnote not-probed box.d.\n"},
        {"", "box.d.", "error nxdomain box.d.\n"},
        {"box.d. 300 TXT x\n", "box.d.", ""},
        {"x.box.d. 300 TXT x\n", "box.d.", "error no-data box.d.\n"},
        {"a.d. 300 CNAME box.d.\n" BOX, "a.d.", "note not-probed a.d.\n"},
        {"a.d. 300 CNAME b.d.\nb.d. 300 CNAME a.d.\n", "a.d.", "error alias-loop a.d.\n"},
        {"a.d. 300 CNAME a.d.\n", "a.d.", "error alias-loop a.d.\n"},
        {"a1.d. 300 CNAME a2.d.\na2.d. 300 CNAME a3.d.\na3.d. 300 CNAME a4.d.\na4.d. 300 CNAME "
         "a5.d.\n"
         "a5.d. 300 CNAME a6.d.\na6.d. 300 CNAME a7.d.\na7.d. 300 CNAME a8.d.\na8.d. 300 CNAME "
         "a9.d.\n"
         "a9.d. 300 CNAME box.d.\n" BOX,
         "a1.d.", "warning alias-chain a1.d.\nnote not-probed a1.d.\n"},
        {"a2.d. 300 CNAME a3.d.\na3.d. 300 CNAME a4.d.\na4.d. 300 CNAME a5.d.\n"
         "a5.d. 300 CNAME a6.d.\na6.d. 300 CNAME a7.d.\na7.d. 300 CNAME a8.d.\na8.d. 300 CNAME "
         "a9.d.\n"
         "a9.d. 300 CNAME box.d.\n" BOX,
         "a2.d.", "note not-probed a2.d.\n"},
        {"box.d. 86400 A 192.0.2.1\nbox.d. 300 AAAA 2001:db8::1\n", "box.d.",
         "note ttl-families box.d.\nnote not-probed box.d.\n"},
        {"box.d. 300 A 192.0.2.1\nbox.d. 60 A 192.0.2.2\nbox.d. 300 AAAA 2001:db8::1\n", "box.d.",
         "warning ttl-set box.d.\nnote not-probed box.d.\n"},
        {BOX "1.2.0.192.in-addr.arpa. 300 PTR other.d.\n", "box.d.",
         "note ptr box.d.\nnote not-probed box.d.\n"},
        {BOX "1.2.0.192.in-addr.arpa. 300 PTR other.d.\n1.2.0.192.in-addr.arpa. 300 PTR BOX.d.\n",
         "box.d.", "note not-probed box.d.\n"},
        {"a.d. 300 CNAME box.d.\n" BOX "1.2.0.192.in-addr.arpa. 300 PTR box.d.\n", "a.d.",
         "note not-probed a.d.\n"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[4096];
        struct patient p = {.local = true};

        snprintf(text, sizeof(text), SOA "%s", rows[i].records);
        p.resolver = text;
        examine(&p, rows[i].name, rows[i].expected);
    }
}

/* `n` aliases, a0.d. to the last one's `to`. */
static void chain_of(unsigned n, const char *to, const char *expected)
{
    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof(text), SOA BOX);
    struct patient p = {.local = true, .resolver = text};

    for (unsigned i = 0; i + 1 < n; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "a%u.d. 300 CNAME a%u.d.\n", i,
                                 i + 1);
    snprintf(text + used, sizeof(text) - used, "a%u.d. 300 CNAME %s\n", n - 1, to);
    examine(&p, "a0.d.", expected);
}

/* Many aliases are no loop, and a loop may be long. */
static void test_chains(void **state)
{
    chain_of(WR_DOCTOR_RECORDS_MAX - 1, "box.d.",
             "warning alias-chain a0.d.\nnote not-probed a0.d.\n");
    chain_of(WR_DOCTOR_RECORDS_MAX, "box.d.",
             "error alias-endless a0.d.\nwarning unfinished a0.d.\n");
    chain_of(WR_DOCTOR_RECORDS_MAX + 4, "box.d.",
             "error alias-endless a0.d.\nwarning unfinished a0.d.\n");
    chain_of(WR_DOCTOR_RECORDS_MAX, "A0.D.", "error alias-loop a0.d.\n");
    chain_of(5, "a3.d.", "error alias-loop a0.d.\n");
    chain_of(3, "a2.d.", "error alias-loop a0.d.\n");
}

/* A server that has an alias for one family alone. */
static void test_one_family(void **state)
{
    struct patient p = {.local = true,
                        .resolver =
                            SOA "_x._tcp.d. 300 SRV 0 0 631 odd.d.\nodd.d. 300 A 192.0.2.1\n"
                                "odd.d. 300 CNAME box.d.\n" BOX,
                        .open = "192.0.2.1:631 tcp\n[2001:db8::1]:631 tcp\n"};

    examine(&p, "_x._tcp.d.", "error alias-target _x._tcp.d.\n");
    p.resolver = SOA "odd.d. 300 A 192.0.2.1\nodd.d. 300 CNAME odd.d.\n";
    examine(&p, "odd.d.", "error alias-loop odd.d.\nnote not-probed odd.d.\n");
    p.resolver = SOA "odd.d. 300 AAAA 2001:db8::1\nodd.d. 300 CNAME gone.d.\n";
    examine(&p, "odd.d.", "warning no-ipv4 odd.d.\n");
}

/* Ports of a bare host, and what keeps a probe from saying anything. */
static void test_probes(void **state)
{
    struct patient p = {.local = true,
                        .resolver = SOA BOX,
                        .port = 443,
                        .open = "192.0.2.1:443 tcp\n[2001:db8::1]:443 tcp\n"};

    examine(&p, "box.d.", "");
    p.open = "192.0.2.1:443 tcp\n";
    examine(&p, "box.d.", "error dead box.d.\n");
    assert_string_equal(words(0), "[2001:db8::1]:443 over TCP: no connection within 2503 ms.");
    p.refuses = "[2001:db8::1]:443 tcp\n";
    examine(&p, "box.d.", "error dead box.d.\n");
    assert_string_equal(words(0),
                        "[2001:db8::1]:443 over TCP: the machine says that nobody listens there.");
    p.refuses = NULL;
    p.unreachable = "[2001:db8::1]:443 tcp\n";
    examine(&p, "box.d.", "note not-probed box.d.\n");
    p.unreachable = NULL;
    p.open = "192.0.2.1:443 tcp\n[2001:db8::1]:443 tcp\n";
    p.resolver = SOA BOX "1.2.0.192.in-addr.arpa. 300 PTR other.d.\n";
    examine(&p, "box.d.", "note ptr box.d.\n");
    assert_string_equal(words(0),
                        "192.0.2.1 is called other.d."); /* the address, not one of its ports */
    p.resolver_only = true;
    p.resolver = SOA BOX;
    examine(&p, "box.d.", "");
}

/* More addresses than are tried: both families have their share, and it is said. */
static void test_many(void **state)
{
    char text[4096];
    size_t n = (size_t)snprintf(text, sizeof(text), SOA);
    struct patient p = {.local = true, .resolver = text, .port = 443};
    unsigned v6 = 0;

    for (unsigned i = 0; i < 13; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "box.d. 300 A 192.0.2.%u\n", i);
    snprintf(text + n, sizeof(text) - n,
             "box.d. 300 AAAA 2001:db8::1\nbox.d. 300 AAAA 2001:db8::2\n");
    run_exam(&p, "box.d.");
    assert_int_equal(findings.count, WR_DOCTOR_TARGETS_MAX + 1);
    for (unsigned i = 0; i < WR_DOCTOR_TARGETS_MAX; i++) {
        assert_string_equal(wr_finding_row(findings.item[i].code)->word, "dead");
        v6 += findings.item[i].type == WR_TYPE_AAAA;
    }
    assert_int_equal(v6, 2);
    assert_string_equal(wr_finding_row(findings.item[WR_DOCTOR_TARGETS_MAX].code)->word,
                        "unfinished");
    assert_string_equal(words(WR_DOCTOR_TARGETS_MAX), "There are more records than are looked at.");
}

#define ODD                                                                                    \
    "_stun._udp.d. 300 SRV 0 0 53 m.d.\nm.d. 300 A 224.0.0.251\nm.d. 300 A 255.255.255.255\n"  \
    "m.d. 300 A 0.0.0.0\nm.d. 300 A 127.0.0.1\nm.d. 300 A 169.254.1.1\nm.d. 300 A 192.0.2.1\n" \
    "m.d. 300 AAAA ff02::fb\nm.d. 300 AAAA ::ffff:127.0.0.1\nm.d. 300 AAAA ::1\n"              \
    "m.d. 300 AAAA fe80::1\nm.d. 300 AAAA ::\nm.d. 300 AAAA fd00::1\n"

static unsigned tried(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < facts.count; i++)
        n += facts.fact[i].want.kind >= WR_FACTS_ASK_AT;
    return n;
}

/* Addresses that are no machine's are wrong anywhere, and never tried; those of whoever reads them are right in local zones alone. */
static void test_odd_addresses(void **state)
{
    struct patient p = {.resolver = SOA ODD, .open = "192.0.2.1:53 stun\n[fd00::1]:53 stun\n"};
    static const char strange[] =
        "error bad-address m.d.\nerror bad-address m.d.\nerror bad-address m.d.\n"
        "warning local-address m.d.\nwarning local-address m.d.\n"
        "error bad-address m.d.\nerror bad-address m.d.\nwarning local-address m.d.\n"
        "warning local-address m.d.\nerror bad-address m.d.\n";

    examine(&p, "_stun._udp.d.", strange);
    assert_int_equal(tried(), 2);
    assert_string_equal(words(0), "224.0.0.251 is a multicast address, of a group and not of a "
                                  "machine. It was not tried.");
    p.local = p.far = true; /* AA of a server elsewhere */
    examine(&p, "_stun._udp.d.", strange);
    assert_int_equal(tried(), 2);
    p.far = false;
    p.open = "192.0.2.1:53 stun\n[fd00::1]:53 stun\n127.0.0.1:53 stun\n169.254.1.1:53 "
             "stun\n[::1]:53 stun\n[fe80::1]:53 stun\n";
    examine(&p, "_stun._udp.d.",
            "error bad-address m.d.\nerror bad-address m.d.\nerror bad-address m.d.\n"
            "error bad-address m.d.\nerror bad-address m.d.\nerror bad-address m.d.\n");
    assert_int_equal(tried(), 6);
    p = (struct patient){.resolver = "localhost. 300 A 127.0.0.1\nlocalhost. 300 AAAA ::1\n"};
    examine(&p, "localhost.", "note not-probed localhost.\n");
    p.resolver = SOA "m.d. 300 A 127.0.0.1\nm.d. 300 AAAA ::1\n"; /* no note that it has no port */
    examine(&p, "m.d.", "warning local-address m.d.\nwarning local-address m.d.\n");
}

/* TTLs out of a cache say nothing; those of the zone's servers do. */
static void test_exact(void **state)
{
    struct patient p = {.resolver = SOA
                        "d. 300 NS ns.d.\nns.d. 300 A 192.0.2.53\nns.d. 300 AAAA 2001:db8::53\n"
                        "_x._tcp.d. 86000 SRV 0 0 0 box.d.\nbox.d. 5 A 192.0.2.1\n"
                        "box.d. 5 AAAA 2001:db8::1\n",
                        .server = {{"192.0.2.53", SOA
                                    "_x._tcp.d. 86400 SRV 0 0 0 box.d.\nbox.d. 43200 A 192.0.2.1\n"
                                    "box.d. 43200 AAAA 2001:db8::1\n"}}};

    examine(&p, "_x._tcp.d.", "");
    p.server[0].records = SOA "_x._tcp.d. 86400 SRV 0 0 0 box.d.\nbox.d. 30 A 192.0.2.1\n"
                              "box.d. 30 AAAA 2001:db8::1\n";
    examine(&p, "_x._tcp.d.", "warning ttl-chain _x._tcp.d.\n");
    assert_string_equal(
        words(0), "It is kept for 86400 s, and the A record of box.d. that it leads to for 30 s.");
    p.resolver_only = true;
    examine(&p, "_x._tcp.d.", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),  cmocka_unit_test(test_chains),
        cmocka_unit_test(test_one_family), cmocka_unit_test(test_probes),
        cmocka_unit_test(test_many),       cmocka_unit_test(test_odd_addresses),
        cmocka_unit_test(test_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
