/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "unit/conf/mudtext.h"

#define ACCEPT "\"actions\": {\"forwarding\": \"accept\"}}"

/* Everything that an ACE can match, in the form of RFC 8519. */
static void test_all(void **state)
{
    struct wr_mud *m = read_aces(
        "{\"name\": \"a\", \"matches\": {\"ipv4\": {\"protocol\": 6, "
        "\"ietf-acldns:dst-dnsname\": \"Cloud.Example.\"}, \"tcp\": "
        "{\"ietf-mud:direction-initiated\": \"from-device\", \"destination-port\": {\"operator\": "
        "\"eq\", \"port\": 443}, \"source-port\": {\"lower-port\": 1024, \"upper-port\": "
        "65535}}}, " ACCEPT ",{\"name\": \"b\", \"matches\": {\"ietf-mud:mud\": {\"controller\": "
        "\"urn:ietf:params:mud:dns\", \"my-controller\": [null], \"local-networks\": [null], "
        "\"same-manufacturer\": [null], \"manufacturer\": \"Other.example\", \"model\": "
        "\"https://things.example/hub\"}}, " ACCEPT ",{\"name\": \"c\", \"matches\": {\"ipv4\": "
        "{\"source-ipv4-network\": \"10.1.2.3/8\", \"destination-ipv4-network\": "
        "\"192.0.2.0/24\"}, \"icmp\": {\"type\": 8, \"code\": 0}}, \"actions\": {\"forwarding\": "
        "\"reject\"}},{\"name\": \"d\", \"matches\": {\"udp\": {\"destination-port\": "
        "{\"operator\": \"gte\", \"port\": 1000}, \"source-port\": {\"operator\": \"neq\", "
        "\"port\": 5}}}, \"actions\": {\"forwarding\": \"ietf-access-control-list:drop\"}}",
        "ipv4-acl-type");
    const struct wr_mud_ace *a = m->ace;
    assert_int_equal(m->aces, 4);
    assert_string_equal(wr_mud_at(m, a[0].dst_name), "cloud.example");
    assert_int_equal(a[0].protocol, 6);
    assert_int_equal(a[0].begins, WR_MUD_DEVICE_BEGINS);
    assert_true(a[0].dst_port.op == WR_MUD_PORT_IN && a[0].dst_port.low == 443 &&
                a[0].dst_port.high == 443);
    assert_true(a[0].src_port.low == 1024 && a[0].src_port.high == 65535);
    assert_int_equal(a[1].classes, 63);
    assert_string_equal(wr_mud_at(m, a[1].manufacturer), "other.example");
    assert_string_equal(wr_mud_at(m, a[1].model), "https://things.example/hub");
    assert_int_equal(a[2].src_net.len, 8);
    assert_memory_equal(a[2].src_net.addr.ip, "\x0a\0\0\0",
                        4); /* RFC 6991: these bits do not count */
    assert_true(a[2].icmp_type == 8 && a[2].icmp_code == 0 && a[2].protocol == 1);
    assert_int_equal(a[2].action, WR_MUD_REJECT);
    assert_true(a[3].dst_port.low == 1000 && a[3].dst_port.high == 65535);
    assert_int_equal(a[3].src_port.op, WR_MUD_PORT_NOT);
    assert_int_equal(a[3].action, WR_MUD_DROP);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(a[i].family == WR_AF_V4 && a[i].odd == 0);
    }
    wr_mudfile_free(m);
}

/* What is not known, or excludes itself, is kept: without it an ACE would permit more. */
static void test_odd(void **state)
{
    static const struct {
        const char *matches, *odd;
    } rows[] = {
        {"\"ipv4\": {\"dscp\": 3}", "dscp"},
        {"\"tcp\": {\"flags\": \"syn\"}", "flags"},
        {"\"ingress-interface\": \"eth0\"", "ingress-interface"},
        {"\"ietf-mud:mud\": {\"proximity\": 1}", "proximity"},
        {"\"ipv6\": {\"protocol\": 6}", "IPv4 and IPv6 at once"},
        {"\"ipv4\": {\"destination-ipv4-network\": \"2001:db8::/32\"}", "IPv4 and IPv6 at once"},
        {"\"tcp\": {}, \"udp\": {}", "two protocols at once"},
        {"\"ipv4\": {\"protocol\": 17}, \"tcp\": {}", "two protocols at once"},
        {"\"tcp\": {\"source-port\": {\"operator\": \"eq\", \"lower-port\": 1, \"upper-port\": "
         "9}}",
         "a range of ports and an operator"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char ace[512];
        snprintf(ace, sizeof(ace), "{\"name\": \"a\", \"matches\": {%s}, " ACCEPT, rows[i].matches);
        struct wr_mud *m = read_aces(ace, "ipv4-acl-type");
        assert_string_equal(wr_mud_at(m, m->ace[0].odd), rows[i].odd);
        wr_mudfile_free(m);
    }
}

/* Each is refused at its place. */
static void test_bad(void **state)
{
    static const char *const bad[] = {
        "\"ipv4\": {\"protocol\": 256}",
        "\"ipv4\": {\"protocol\": \"tcp\"}",
        "\"ipv4\": {\"ietf-acldns:dst-dnsname\": \"a..b\"}",
        "\"ipv4\": {\"ietf-acldns:dst-dnsname\": \"\"}",
        "\"ipv4\": {\"ietf-acldns:dst-dnsname\": \"*.\"}",
        "\"ipv4\": {\"ietf-acldns:dst-dnsname\": \"a b\"}",
        "\"ipv4\": {\"destination-ipv4-network\": \"192.0.2.0/33\"}",
        "\"ipv4\": {\"destination-ipv4-network\": \"192.0.2.0:53/24\"}",
        "\"tcp\": {\"destination-port\": {\"operator\": \"eq\", \"port\": 65536}}",
        "\"tcp\": {\"destination-port\": {\"operator\": \"near\", \"port\": 1}}",
        "\"tcp\": {\"destination-port\": {\"lower-port\": 9, \"upper-port\": 1}}",
        "\"tcp\": {\"destination-port\": 443}",
        "\"tcp\": {\"ietf-mud:direction-initiated\": \"both\"}",
        "\"tcp\": 6",
        "\"eth\": {\"ethertype\": \"0x10000\"}",
        "\"icmp\": {\"type\": -1}",
        "\"ipv4\": {\"ietf-acldns:dst-dnsname\": \"a.*.example\"}",
        "\"ipv4\": {\"ietf-acldns:dst-dnsname\": \"*\"}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct wr_mudfile_mistake mistake;
        struct wr_mud *m = NULL;
        char ace[512];
        snprintf(ace, sizeof(ace), "{\"name\": \"a\", \"matches\":\n\n{%s}, " ACCEPT, bad[i]);
        char *text = mud_text(ace, "", "ipv4-acl-type");
        assert_int_not_equal(wr_mudfile_read(text, strlen(text), &m, &mistake), WR_OK);
        assert_null(m);
        assert_int_equal(mistake.line, 5);
        assert_true(mistake.column > 1 && mistake.text[0] != 0);
        free(text);
    }
}

/* ICMP is ICMP by whichever name of it; else its ACE would be about all protocols. */
static void test_icmp(void **state)
{
    static const char *const names[] = {"icmp", "ietf-packet-fields:icmp", "icmp-acl"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct wr_mudfile_mistake mistake;
        struct wr_mud *m = NULL;
        char ace[512];
        snprintf(ace, sizeof(ace),
                 "{\"name\": \"a\", \"matches\": {\"%s\": {\"type\": 8}}, " ACCEPT, names[i]);
        char *text = mud_text(ace, "", "ipv4-acl-type");
        assert_int_equal(wr_mudfile_read(text, strlen(text), &m, &mistake), WR_OK);
        assert_int_equal(m->ace[0].protocol, 1);
        wr_mudfile_free(m);
        free(text);
    }
}

/* The words of drafts before RFC 8519. */
static void test_old(void **state)
{
    static const char text[] = "{\"ietf-mud:mud\": {" MUD_ABOUT MUD_FROM(
        "f") "}, \"ietf-access-control-list:access-lists\": {\"acl\": [{\"acl-name\": \"f\", "
             "\"acl-type\": \"ipv4-acl\", \"access-list-entries\": {\"ace\": [{\"rule-name\": "
             "\"r\", \"matches\": {\"ipv4-acl\": {\"protocol\": 6, \"ietf-acldns:dst-dnsname\": "
             "\"cloud.example\", \"destination-port-range\": {\"lower-port\": 443, "
             "\"upper-port\": 443}}, \"tcp-acl\": {\"ietf-mud:direction-initiated\": "
             "\"from-device\"}}, \"actions\": {\"permit\": [null]}}]}}]}}";
    struct wr_mudfile_mistake mistake;
    struct wr_mud *m = NULL;
    assert_int_equal(wr_mudfile_read(text, strlen(text), &m, &mistake), WR_OK);
    assert_true(m->old_form && m->aces == 1);
    assert_string_equal(wr_mud_at(m, m->ace[0].dst_name), "cloud.example");
    assert_true(m->ace[0].family == WR_AF_V4 && m->ace[0].dst_port.low == 443 &&
                m->ace[0].begins == WR_MUD_DEVICE_BEGINS && m->ace[0].odd == 0);
    wr_mudfile_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),  cmocka_unit_test(test_odd), cmocka_unit_test(test_bad),
        cmocka_unit_test(test_icmp), cmocka_unit_test(test_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
