/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/askflags.h"
#include "dns/codes.h"

static struct wr_asklist list;

/* Reads one line of words; words are parted by blanks. */
static int read_line(const char *line)
{
    static char copy[1024];
    char *words[64];
    int n = 0;

    assert_true(strlen(line) < sizeof(copy));
    strcpy(copy, line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        words[n++] = word;
    return wr_askflags_read(&list, n, words);
}

static const struct wr_askflags *one(const char *line)
{
    if (read_line(line) != WR_OK)
        fail_msg("%s: %s", line, list.why);
    assert_int_equal(list.count, 1);
    return &list.item[0];
}

static void check_name(const struct wr_askflags *f, const char *want)
{
    char text[WR_NAME_TEXT_SIZE];

    wr_name_to_text(f->name.wire, text, sizeof(text));
    assert_string_equal(text, want);
}

static void test_words(void **state)
{
    static const struct {
        const char *line, *name;
        uint16_t type, class_;
    } rows[] = {
        {"www.example", "www.example.", WR_TYPE_A, WR_CLASS_IN},
        {"www.example AAAA", "www.example.", WR_TYPE_AAAA, WR_CLASS_IN},
        {"www.example aaaa ch", "www.example.", WR_TYPE_AAAA, WR_CLASS_CH},
        {"AAAA www.example", "www.example.", WR_TYPE_AAAA, WR_CLASS_IN},
        {"ch txt id.server", "id.server.", WR_TYPE_TXT, WR_CLASS_CH},
        {"www.example TYPE65280", "www.example.", 65280, WR_CLASS_IN},
        {"localhost", "localhost.", WR_TYPE_A, WR_CLASS_IN},
        {"-q ns -t ns", "ns.", WR_TYPE_NS, WR_CLASS_IN},
        {"-t mx -c in -q www.example", "www.example.", WR_TYPE_MX, WR_CLASS_IN},
        {". DNSKEY", ".", WR_TYPE_DNSKEY, WR_CLASS_IN},
        {"@192.0.2.1", ".", WR_TYPE_NS, WR_CLASS_IN},
        {"-x 192.0.2.1", "1.2.0.192.in-addr.arpa.", WR_TYPE_PTR, WR_CLASS_IN},
        {"-x 2001:db8::1",
         "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", WR_TYPE_PTR,
         WR_CLASS_IN},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct wr_askflags *f = one(rows[i].line);

        check_name(f, rows[i].name);
        assert_int_equal(f->type, rows[i].type);
        assert_int_equal(f->class_, rows[i].class_);
    }
}

static void test_defaults(void **state)
{
    const struct wr_askflags *f = one("www.example");

    assert_true(f->rd && f->ad && f->edns && f->badcookie);
    assert_false(f->tcp || f->dnssec_ok || f->cd || f->ignore || f->json || f->brief);
    assert_true(f->header && f->question && f->answer && f->authority && f->additional && f->stats);
    assert_int_equal(f->bufsize, 1232);
    assert_int_equal(f->timeout_ms, 5000);
    assert_int_equal(f->retry, 2);
    assert_null(f->server);
}

static void test_flags(void **state)
{
    const struct wr_askflags *f =
        one("www.example +tcp +norec +noad +cd +dnssec +short +json +ignore +nsid +timeout=0.25 "
            "+retry=0 +bufsize=4096 +noedns +padding +subnet=192.0.2.0/24 "
            "+cookie=0102030405060708 +noall +answer +nottl +nobadcookie");

    assert_true(f->tcp && f->cd && f->dnssec_ok && f->brief && f->json && f->ignore && f->nsid);
    assert_false(f->rd || f->ad || f->edns || f->badcookie);
    assert_int_equal(f->timeout_ms, 250);
    assert_int_equal(f->retry, 0);
    assert_int_equal(f->bufsize, 4096);
    assert_int_equal(f->padding, 128);
    assert_true(f->ecs);
    assert_int_equal(f->subnet.len, 24);
    assert_int_equal(f->cookie_size, 8);
    assert_int_equal(f->cookie_bytes[7], 8);
    assert_true(f->answer);
    assert_false(f->question || f->header || f->stats || f->show_ttl);
    assert_true(f->show_class);
}

/* A flag may be cut while one alone fits; two names of the same thing are no doubt. */
static void test_short_flags(void **state)
{
    assert_true(one("a.b +dns")->dnssec_ok);
    assert_true(one("a.b +do")->dnssec_ok);
    assert_false(one("a.b +nord")->rd);
    assert_int_equal(one("a.b +tim=7")->timeout_ms, 7000);
    assert_int_equal(read_line("a.b +a"), WR_E_USAGE);
    assert_non_null(strstr(list.why, "more than one"));
    assert_int_equal(read_line("a.b +ret=1"), WR_OK);
    assert_int_equal(read_line("a.b +t"), WR_E_USAGE);
}

/* What stands before the first name holds for all, what is behind a name for that one. */
static void test_several(void **state)
{
    assert_int_equal(read_line("@192.0.2.1 +tcp mx a.example b.example +notcp +short c.example txt "
                               "ch"),
                     WR_OK);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.item[0].type, WR_TYPE_MX);
    assert_int_equal(list.item[1].type, WR_TYPE_A);
    assert_int_equal(list.item[2].type, WR_TYPE_TXT);
    assert_int_equal(list.item[2].class_, WR_CLASS_CH);
    assert_true(list.item[0].tcp);
    assert_false(list.item[1].tcp);
    assert_true(list.item[1].brief);
    assert_true(list.item[2].tcp);
    assert_false(list.item[2].brief);
    for (unsigned i = 0; i < 3; i++)
        assert_string_equal(list.item[i].server, "192.0.2.1");
}

static void test_misused(void **state)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"", "no name"},
        {"+short", "no name"},
        {"www.example NOSUCHTYPE", "\"NOSUCHTYPE\": no record type"},
        {"www.example A A", "no record type"},
        {"+nosuchflag www.example", "unknown flag \"nosuchflag\""},
        {"www.example +dnsec", "did you mean +dnssec?"},
        {"www.example +noqestion", "unknown flag"},
        {"www.example +tcp=1", "takes no value"},
        {"www.example +notcp=1", "takes no value"},
        {"www.example +notimeout", "no meaning"},
        {"www.example +timeout=0", "never see an answer"},
        {"www.example +timeout=-1", "wants seconds"},
        {"www.example +timeout=1.2345", "wants seconds"},
        {"www.example +timeout", "wants seconds"},
        {"www.example +retry=x", "a number up to"},
        {"www.example +bufsize=65536", "a number up to 65535"},
        {"www.example +edns=256", "a number up to 255"},
        {"www.example +cookie=0102", "8, or 16 to 40"},
        {"www.example +cookie=xyz", "hexadecimal"},
        {"www.example +cookie=0102030405060708090a", "8, or 16 to 40"},
        {"www.example +subnet=192.0.2.1/24", "a prefix"},
        {"www.example +subnet", "a prefix"},
        {"www.example +", "unknown flag"},
        {"www.example AXFR", "zone transfers"},
        {"www..example", "no domain name"},
        {"@ www.example", "wants a server"},
        {"@192.0.2.1#notaport www.example", "the port"},
        {"@192.0.2.1#0 www.example", "the port"},
        {"www.example -p 0", "no port"},
        {"www.example -p", "wants a value"},
        {"www.example -z", "unknown option"},
        {"-x www.example", "wants an address"},
        {"-x 192.0.2.1:53", "wants an address"},
        {"-t nosuch www.example", "no record type"},
        {"-c nosuch www.example", "no class"},
    };
    char label[80];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (read_line(rows[i].line) != WR_E_USAGE || !strstr(list.why, rows[i].says))
            fail_msg("%s: \"%s\"", rows[i].line, list.why);
    }
    memset(label, 'a', 64);
    strcpy(label + 64, ".example");
    assert_int_equal(read_line(label), WR_E_USAGE);
}

static void test_too_many(void **state)
{
    char *words[WR_ASKFLAGS_MAX + 1];

    for (size_t i = 0; i <= WR_ASKFLAGS_MAX; i++)
        words[i] = (char *)(uintptr_t) "a.example";
    assert_int_equal(wr_askflags_read(&list, WR_ASKFLAGS_MAX, words), WR_OK);
    assert_int_equal(list.count, WR_ASKFLAGS_MAX);
    assert_int_equal(wr_askflags_read(&list, WR_ASKFLAGS_MAX + 1, words), WR_E_USAGE);
}

static void test_options(void **state)
{
    const struct wr_askflags *f = one("-6 -p5353 -b 192.0.2.9 www.example --json");

    assert_int_equal(f->family, WR_AF_V6);
    assert_string_equal(f->port, "5353");
    assert_string_equal(f->from, "192.0.2.9");
    assert_true(f->json);
    assert_int_equal(read_line("www.example --help +nosuchflag"), WR_OK);
    assert_true(list.help);
}

static void test_server(void **state)
{
    static const struct {
        const char *text;
        int err;
        const char *addr, *zone;
    } rows[] = {
        {"192.0.2.1", WR_OK, "192.0.2.1:53", ""},
        {"192.0.2.1#5353", WR_OK, "192.0.2.1:5353", ""},
        {"192.0.2.1:5353", WR_OK, "192.0.2.1:5353", ""},
        {"::1", WR_OK, "[::1]:53", ""},
        {"::1#54", WR_OK, "[::1]:54", ""},
        {"[::1]:54", WR_OK, "[::1]:54", ""},
        {"fe80::1%eth0", WR_OK, "[fe80::1]:53", "eth0"},
        {"fe80::1%eth0#54", WR_OK, "[fe80::1]:54", "eth0"},
        {"[fe80::1%eth0]:54", WR_OK, "[fe80::1]:54", "eth0"},
        {"dns.example", WR_E_FORMAT, NULL, NULL},
        {"192.0.2.1#", WR_E_RANGE, NULL, NULL},
        {"192.0.2.1#65536", WR_E_RANGE, NULL, NULL},
        {"fe80::1%", WR_E_FORMAT, NULL, NULL},
        {"fe80::1%sixteencharacters", WR_E_FORMAT, NULL, NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_addr addr, want;
        char zone[16];

        assert_int_equal(wr_askflags_server(rows[i].text, 53, &addr, zone), rows[i].err);
        if (rows[i].err)
            continue;
        assert_int_equal(wr_addr_from_text(rows[i].addr, &want), WR_OK);
        assert_true(wr_addr_equal(&addr, &want));
        assert_string_equal(zone, rows[i].zone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),    cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_flags),    cmocka_unit_test(test_short_flags),
        cmocka_unit_test(test_several),  cmocka_unit_test(test_misused),
        cmocka_unit_test(test_too_many), cmocka_unit_test(test_options),
        cmocka_unit_test(test_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
