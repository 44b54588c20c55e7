/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include <stdio.h>
#include <stdlib.h>

#include "conf/localset.h"
#include "conf/services.h"
#include "dns/present.h"

static char out[16384], said[2048];

/* The records of a configuration, one a line, owners without the zone's end where it is home.arpa. */
static const char *expand(const char *yaml)
{
    struct wr_conf *conf = good_conf(yaml);
    struct wr_names names;
    wr_names_init(&names, "");
    wr_services_expand(&names, conf);
    out[0] = 0;
    for (uint32_t i = 0; i < names.count; i++) {
        const struct wr_names_record *n = &names.item[i];
        char row[1024];
        struct wr_str s;
        wr_str_init(&s, row, sizeof(row));
        wr_present_rr(&s, n->r.owner, n->r.ttl, 1, n->r.type, n->r.rdata, n->r.size);
        wr_str_char(&s, '\n');
        strncat(out, row, sizeof(out) - strlen(out) - 1);
    }
    wr_names_free(&names);
    wr_conf_free(conf);
    return out;
}

static void test_dnssd(void **state)
{
    assert_string_equal(
        expand(
            "local:\n  registration: [reg.example, home.arpa]\n  services:\n"
            "  - {name: \"Caf\xc3\xa9 1.2\", type: _ipp._tcp, host: printer.home.arpa, port: 631,\n"
            "     txt: [\"rp=ipp/print\", \"note=two words\", air], subtypes: [_universal], ttl: "
            "75s}\n"),
        "_ipp._tcp.home.arpa. 75 IN PTR Caf\\195\\169\\0321\\.2._ipp._tcp.home.arpa.\n"
        "_universal._sub._ipp._tcp.home.arpa. 75 IN PTR "
        "Caf\\195\\169\\0321\\.2._ipp._tcp.home.arpa.\n"
        "Caf\\195\\169\\0321\\.2._ipp._tcp.home.arpa. 75 IN SRV 0 0 631 printer.home.arpa.\n"
        "Caf\\195\\169\\0321\\.2._ipp._tcp.home.arpa. 75 IN TXT \"rp=ipp/print\" \"note=two "
        "words\" "
        "\"air\"\n"
        "_services._dns-sd._udp.home.arpa. 75 IN PTR _ipp._tcp.home.arpa.\n"
        "b._dns-sd._udp.home.arpa. 75 IN PTR home.arpa.\n"
        "db._dns-sd._udp.home.arpa. 75 IN PTR home.arpa.\n"
        "lb._dns-sd._udp.home.arpa. 75 IN PTR home.arpa.\n"
        "r._dns-sd._udp.home.arpa. 75 IN PTR reg.example.\n"
        "dr._dns-sd._udp.home.arpa. 75 IN PTR reg.example.\n"
        "r._dns-sd._udp.home.arpa. 75 IN PTR home.arpa.\n");
}

/* A service without TXT has one empty string (RFC 6763 section 6.1). */
static void test_empty_txt(void **state)
{
    expand(
        "local: {services: [{zone: a.example, name: x, type: _mqtt._tcp, host: h.a.example, port: "
        "1883, priority: 1, weight: 2}]}");
    assert_non_null(strstr(out, "x._mqtt._tcp.a.example. 120 IN TXT \"\"\n"));
    assert_non_null(strstr(out, "x._mqtt._tcp.a.example. 120 IN SRV 1 2 1883 h.a.example.\n"));
}

/* RFC 5928 section 3 by its own example, RFC 7350 for DTLS: SRV and NAPTR for every transport. */
static void test_turn(void **state)
{
    assert_string_equal(
        expand("local: {relays: [{zone: example.net, host: a.example.net, protocols: [turn]}]}"),
        "_turn._udp.example.net. 300 IN SRV 0 0 3478 a.example.net.\n"
        "example.net. 300 IN NAPTR 100 10 \"S\" \"RELAY:turn.udp\" \"\" _turn._udp.example.net.\n"
        "_turn._tcp.example.net. 300 IN SRV 0 0 3478 a.example.net.\n"
        "example.net. 300 IN NAPTR 110 10 \"S\" \"RELAY:turn.tcp\" \"\" _turn._tcp.example.net.\n"
        "_turns._tcp.example.net. 300 IN SRV 0 0 5349 a.example.net.\n"
        "example.net. 300 IN NAPTR 120 10 \"S\" \"RELAY:turn.tls\" \"\" _turns._tcp.example.net.\n"
        "_turns._udp.example.net. 300 IN SRV 0 0 5349 a.example.net.\n"
        "example.net. 300 IN NAPTR 130 10 \"S\" \"RELAY:turn.dtls\" \"\" "
        "_turns._udp.example.net.\n");
}

/* STUN is found by SRV alone: RFC 8489 section 8 knows no NAPTR. */
static void test_stun(void **state)
{
    assert_string_equal(
        expand(
            "local: {relays: [{host: s.home.arpa, protocols: [stun], transports: [dtls, tls, udp, "
            "tcp], port: 1, secure_port: 2, ttl: 1h}]}"),
        "_stuns._udp.home.arpa. 3600 IN SRV 0 0 2 s.home.arpa.\n"
        "_stuns._tcp.home.arpa. 3600 IN SRV 0 0 2 s.home.arpa.\n"
        "_stun._udp.home.arpa. 3600 IN SRV 0 0 1 s.home.arpa.\n"
        "_stun._tcp.home.arpa. 3600 IN SRV 0 0 1 s.home.arpa.\n");
}

static void test_words(void **state)
{
    static const char *const types[] = {"_ipp._tcp", "_a-b1._udp", "_abcdefghijklmno._TCP",
                                        "_9a._tcp"};
    static const char *const no_types[] = {"",
                                           "_ipp",
                                           "ipp._tcp",
                                           "_ipp._sctp",
                                           "_ipp._tcp.x",
                                           "_-a._tcp",
                                           "_a-._tcp",
                                           "_123._tcp",
                                           "_._tcp",
                                           "_a--b._tcp",
                                           "_abcdefghijklmnop._tcp",
                                           "_a_b._tcp"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        assert_true(wr_services_is_type(types[i]));
    }
    for (size_t i = 0; i < sizeof(no_types) / sizeof(no_types[0]); i++) {
        if (wr_services_is_type(no_types[i])) {
            fail_msg("%s", no_types[i]);
        }
    }
    assert_true(wr_services_is_txt("a=b") && wr_services_is_txt("a") &&
                wr_services_is_txt("a=\xc3\xa9"));
    assert_false(wr_services_is_txt("") || wr_services_is_txt("=a") ||
                 wr_services_is_txt("\xc3\xa9=a"));
}

static void test_mistakes(void **state)
{
    static const struct broken rows[] = {
        {"local: {services: [{name: a, type: ipp, host: h.home.arpa, port: 1}]}", 1, 36,
         "as _ipp._tcp"},
        {"local: {services: [{name: a, type: _ipp._tcp, host: h.home.arpa, port: 1, txt: "
         "[\"=x\"]}]}",
         1, 81, "expected key=value"},
        {"local: {services: [{name: a, type: _ipp._tcp, host: h.home.arpa}]}", 1, 20,
         "port is missing"},
        {"local:\n  services:\n  - {name: a, type: _ipp._tcp, host: h.home.arpa, port: 1}\n"
         "  - {name: A, type: _IPP._tcp, host: H.home.arpa, port: 2}\n",
         4, 12, "stands here already"},
        {"local: {relays: [{host: h.home.arpa, transports: [udp, udp]}]}", 1, 50, "twice"},
        {"local: {relays: [{host: h.home.arpa, zone: .}]}", 1, 44, "below the root"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_broken(&rows[i]);
    }
}

static void judged(void *user, const char *key, const uint8_t *host, const char *what)
{
    char row[1400], text[WR_NAME_TEXT_SIZE];
    wr_name_to_text(host, text, sizeof(text));
    snprintf(row, sizeof(row), "%s %s %s\n", key, text, what);
    strncat(said, row, sizeof(said) - strlen(said) - 1);
}

static void tell(void *user, enum wr_names_said what, const char *file, uint32_t line,
                 const char *text)
{
    strncat(said, text, sizeof(said) - strlen(said) - 1);
}

static void test_judge(void **state)
{
    static const struct wr_hash_key key = {{1, 2}};
    const struct wr_names_hooks hooks = {.tell = tell};
    struct wr_conf *conf =
        good_conf("local:\n  zones: [{zone: home.arpa, records: [good AAAA 2001:db8::1, alias "
                  "CNAME good, none TXT "
                  "x]}]\n  services:\n"
                  "  - {name: a, type: _a._tcp, host: good.home.arpa, port: 1}\n"
                  "  - {name: b, type: _a._tcp, host: alias.home.arpa, port: 1}\n"
                  "  - {name: c, type: _a._tcp, host: none.home.arpa, port: 1}\n"
                  "  - {name: d, type: _a._tcp, host: missing.home.arpa, port: 1}\n"
                  "  - {name: e, type: _a._tcp, host: www.example, port: 1}\n"
                  "  relays: [{host: alias.home.arpa}]\n");
    struct wr_names names;
    const struct wr_names *source = &names;
    struct wr_localset set;
    wr_names_init(&names, "");
    wr_names_read_conf(&names, conf);
    assert_int_equal(wr_localset_build(conf, &source, 1, 0, &key, NULL, &hooks, &set), WR_OK);
    assert_non_null(strstr(said, "alias.home.arpa.: the host of a service is an alias"));
    said[0] = 0;
    wr_services_judge(conf, set.local, judged, NULL);
    assert_string_equal(
        said,
        "local.services[1].host alias.home.arpa. is an alias; a service points to a machine's own "
        "name (RFC 2782)\n"
        "local.services[2].host none.home.arpa. has no address in its local zone\n"
        "local.services[3].host missing.home.arpa. has no address in its local zone\n"
        "local.relays[0].host alias.home.arpa. is an alias; a service points to a machine's own "
        "name (RFC 2782)\n");
    wr_localset_free(&set);
    wr_names_free(&names);
    wr_conf_free(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dnssd), cmocka_unit_test(test_empty_txt),
        cmocka_unit_test(test_turn),  cmocka_unit_test(test_stun),
        cmocka_unit_test(test_words), cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_judge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
