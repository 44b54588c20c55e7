/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/doctor/patient.h"

#include "doctor/service.h"

#define SOA "d. 300 SOA ns.d. host.d. 1 1 1 1 60\n"
#define BOX "box.d. 300 A 192.0.2.1\nbox.d. 300 AAAA 2001:db8::1\n"
#define OPEN                                                                                   \
    "192.0.2.1:631 tcp\n[2001:db8::1]:631 tcp\n192.0.2.1:3478 stun\n[2001:db8::1]:3478 stun\n" \
    "192.0.2.1:3478 tcp\n[2001:db8::1]:3478 tcp\n192.0.2.1:5349 tcp\n[2001:db8::1]:5349 tcp\n"

struct row {
    const char *records, *name, *expected;
};

static void run_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[4096];
        struct patient p = {.local = true, .open = OPEN};

        snprintf(text, sizeof(text), SOA "%s", rows[i].records);
        p.resolver = text;
        examine(&p, rows[i].name, rows[i].expected);
    }
}

static void test_kind(void **state)
{
    static const struct {
        const char *name;
        enum wr_service_kind kind;
    } rows[] = {
        {"_turn._udp.d.", WR_SERVICE_TYPE},
        {"_IPP._TCP.d.", WR_SERVICE_TYPE},
        {"Printer, 1st floor._ipp._tcp.d.", WR_SERVICE_INSTANCE},
        {"_universal._sub._ipp._tcp.d.", WR_SERVICE_SUBTYPE},
        {"_services._dns-sd._udp.d.", WR_SERVICE_TYPES},
        {"lb._dns-sd._udp.d.", WR_SERVICE_DOMAINS},
        {"b._dns-sd._udp.1.2.3.d.", WR_SERVICE_DOMAINS},
        {"x._dns-sd._udp.d.", WR_SERVICE_INSTANCE},
        {"_dmarc.d.", WR_SERVICE_NONE},
        {"d.", WR_SERVICE_NONE},
        {".", WR_SERVICE_NONE},
        {"a.b.c._sctp.d.", WR_SERVICE_NONE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_name name;

        assert_int_equal(wr_name_from_text(rows[i].name, strlen(rows[i].name), &name), WR_OK);
        if (wr_service_kind(name.wire) != rows[i].kind)
            fail_msg("%s", rows[i].name);
    }
}

static void test_srv(void **state)
{
    static const struct row rows[] = {
        {"_turn._udp.d. 300 SRV 0 0 3478 box.d.\n" BOX, "_turn._udp.d.", ""},
        {"_x._tcp.d. 300 SRV 0 0 0 box.d.\n" BOX, "_x._tcp.d.",
         ""}, /* port 0: a flag (RFC 6763 section 8) */
        {"", "_turn._udp.d.", "error nxdomain _turn._udp.d.\n"},
        {"_turn._udp.d. 300 TXT x\n", "_turn._udp.d.", "error no-data _turn._udp.d.\n"},
        {"_turn._udp.d. 300 SRV 0 0 3478 alias.d.\nalias.d. 300 CNAME box.d.\n" BOX,
         "_turn._udp.d.", "error alias-target _turn._udp.d.\n"},
        {"_turn._udp.d. 300 SRV 0 0 3478 gone.d.\n", "_turn._udp.d.",
         "error target-nxdomain _turn._udp.d.\n"},
        {"_turn._udp.d. 300 SRV 0 0 3478 box.d.\nbox.d. 300 TXT x\n", "_turn._udp.d.",
         "error no-address _turn._udp.d.\n"},
        {"_turn._udp.d. 300 SRV 0 0 3478 box.d.\nbox.d. 300 A 192.0.2.1\n", "_turn._udp.d.",
         "warning no-ipv6 box.d.\n"},
        {"_turn._udp.d. 300 SRV 0 0 3478 box.d.\nbox.d. 300 AAAA 2001:db8::1\n", "_turn._udp.d.",
         "warning no-ipv4 box.d.\n"},
        {"_turn._udp.d. 300 SRV 0 0 0 .\n", "_turn._udp.d.", "warning not-offered _turn._udp.d.\n"},
        {"_turn._udp.d. 300 SRV 0 0 0 .\n_turn._udp.d. 300 SRV 0 0 3478 box.d.\n" BOX,
         "_turn._udp.d.", "error root-target _turn._udp.d.\n"},
        {"_turn._udp.d. 86400 SRV 0 0 3478 box.d.\n" BOX, "_turn._udp.d.",
         "warning ttl-chain _turn._udp.d.\n"},
        {"_turn._udp.d. 300 SRV 0 0 3478 box.d.\n_turn._udp.d. 900 SRV 1 0 3478 box.d.\n" BOX,
         "_turn._udp.d.", "warning ttl-set _turn._udp.d.\n"},
        {"_turn._udp.d. 300 SRV 0 0 3479 box.d.\n" BOX, "_turn._udp.d.",
         "error dead box.d.\nerror dead box.d.\n"},
        {"_turns._udp.d. 300 SRV 0 0 5349 box.d.\n" BOX, "_turns._udp.d.",
         "note not-probed box.d.\n"},
        {"_sip._udp.d. 300 SRV 0 0 5060 box.d.\n" BOX, "_sip._udp.d.", "note not-probed box.d.\n"},
    };

    run_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

#define PRINTER "p._ipp._tcp.d. 300 SRV 0 0 631 box.d.\np._ipp._tcp.d. 300 TXT x\n"
#define LISTED  "_ipp._tcp.d. 300 PTR p._ipp._tcp.d.\n"
#define TYPES   "_services._dns-sd._udp.d. 300 PTR _ipp._tcp.d.\n"

static void test_dnssd(void **state)
{
    static const struct row rows[] = {
        {PRINTER LISTED BOX, "p._ipp._tcp.d.", ""},
        {PRINTER LISTED BOX, "_ipp._tcp.d.", ""},
        {PRINTER LISTED TYPES BOX, "_services._dns-sd._udp.d.", ""},
        {PRINTER LISTED TYPES BOX "lb._dns-sd._udp.d. 300 PTR d.\n", "lb._dns-sd._udp.d.", ""},
        {PRINTER LISTED BOX "_u._sub._ipp._tcp.d. 300 PTR p._ipp._tcp.d.\n", "_u._sub._ipp._tcp.d.",
         ""},
        {PRINTER BOX, "p._ipp._tcp.d.", "warning not-browsable p._ipp._tcp.d.\n"},
        {"p._ipp._tcp.d. 300 SRV 0 0 631 box.d.\n" LISTED BOX, "_ipp._tcp.d.",
         "warning no-txt p._ipp._tcp.d.\n"},
        {LISTED BOX, "_ipp._tcp.d.", "error target-nxdomain _ipp._tcp.d.\n"},
        {LISTED BOX, "p._ipp._tcp.d.", "error nxdomain p._ipp._tcp.d.\n"},
        {TYPES, "_services._dns-sd._udp.d.", "error target-nxdomain _services._dns-sd._udp.d.\n"},
        {"lb._dns-sd._udp.d. 300 PTR d.\n", "lb._dns-sd._udp.d.",
         "error target-nxdomain lb._dns-sd._udp.d.\n"},
        {"x._dns-sd._udp.d. 300 TXT x\n", "lb._dns-sd._udp.d.",
         "error nxdomain lb._dns-sd._udp.d.\n"},
    };

    run_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

#define NAPTR(flag, service, to) "d. 300 NAPTR 10 0 \"" flag "\" \"" service "\" \"\" " to "\n"
#define TURN                     "_turn._udp.d. 300 SRV 0 0 3478 box.d.\n"

static void test_relays(void **state)
{
    static const struct row rows[] = {
        {NAPTR("S", "RELAY:turn.udp", "_turn._udp.d.") TURN BOX, "d.", ""},
        {NAPTR("s", "relay:turn.tls",
               "_turns._tcp.d.") "_turns._tcp.d. 300 SRV 0 0 5349 box.d.\n" BOX,
         "d.", ""},
        {TURN BOX, "d.", ""},
        {NAPTR("A", "RELAY:turn.udp", "box.d.") BOX, "d.", ""},
        {NAPTR(
             "", "RELAY:turn.udp",
             "more.d.") "more.d. 300 NAPTR 10 0 \"S\" \"RELAY:turn.udp\" \"\" _turn._udp.d.\n" TURN
             BOX,
         "d.", ""},
        {NAPTR("S", "SIP+D2U", "_sip._udp.d.") TURN BOX, "d.", ""},
        {NAPTR("S", "RELAY:turn.udp", "_turn._udp.d."), "d.", "error target-nxdomain d.\n"},
        {NAPTR("S", "RELAY:turn.udp", "."), "d.", "error naptr d.\n"},
        {NAPTR("U", "RELAY:turn.udp", "x.d."), "d.", "error naptr d.\n"},
        {NAPTR("", "RELAY:turn.udp", "d."), "d.", "error naptr d.\n"},
        {NAPTR("", "RELAY:turn.udp", "box.d.") BOX, "d.", "error naptr d.\n"},
        {NAPTR("A", "RELAY:turn.udp", "alias.d.") "alias.d. 300 CNAME box.d.\n" BOX, "d.",
         "error alias-target d.\n"},
        {NAPTR("S", "RELAY:turn.udp", "x.d.") "x.d. 300 CNAME _turn._udp.d.\n" TURN BOX, "d.",
         "error alias-target d.\n"},
        {"d. 86400 NAPTR 10 0 \"S\" \"RELAY:turn.udp\" \"\" _turn._udp.d.\n" TURN BOX, "d.",
         "warning ttl-chain d.\n"},
        {PRINTER LISTED TYPES "b._dns-sd._udp.d. 300 PTR d.\n", "d.",
         "error target-nxdomain p._ipp._tcp.d.\n"},
    };

    run_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* Puts `lines` into the text `count` times, a number in place of each '#'. */
static void repeat(char *text, size_t cap, const char *lines, unsigned count)
{
    struct wr_str s;

    wr_str_init(&s, text, cap);
    for (unsigned i = 0; i < count; i++)
        for (const char *c = lines; *c; c++)
            if (*c == '#')
                wr_str_u64(&s, i);
            else
                wr_str_char(&s, *c);
    assert_false(s.cut);
}

/* Of a set with more than are looked at, what is beyond is not taken for good. */
static void test_beyond(void **state)
{
    static const char *const rows[][2] = {
        {"_x._tcp.d. 300 SRV # 0 631 box.d.\n", "_x._tcp.d."},
        {"_ipp._tcp.d. 300 PTR i#._ipp._tcp.d.\ni#._ipp._tcp.d. 300 SRV 0 0 631 box.d.\n"
         "i#._ipp._tcp.d. 300 TXT x\n",
         "_ipp._tcp.d."},
        {"_services._dns-sd._udp.d. 300 PTR _t#._tcp.d.\n_t#._tcp.d. 300 SRV 0 0 631 box.d.\n",
         "_services._dns-sd._udp.d."},
        {"lb._dns-sd._udp.d. 300 PTR d#.d.\n_services._dns-sd._udp.d#.d. 300 PTR _y._tcp.d.\n",
         "lb._dns-sd._udp.d."},
        {"d. 300 NAPTR # 0 \"A\" \"RELAY:turn.udp\" \"\" box.d.\n", "d."},
        {"d. 300 MX # box.d.\n", "d."},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (unsigned more = 0; more < 2; more++) {
            static char lines[8192], text[9000];
            struct patient p = {.local = true, .open = OPEN, .resolver = text};
            char expected[100];

            repeat(lines, sizeof(lines), rows[i][0], WR_DOCTOR_TARGETS_MAX + more);
            snprintf(text, sizeof(text), SOA BOX "_y._tcp.d. 300 SRV 0 0 631 box.d.\n%s", lines);
            snprintf(expected, sizeof(expected), "warning unfinished %s\n", rows[i][1]);
            examine(&p, rows[i][1], more ? expected : "");
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kind),   cmocka_unit_test(test_srv),    cmocka_unit_test(test_dnssd),
        cmocka_unit_test(test_relays), cmocka_unit_test(test_beyond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
