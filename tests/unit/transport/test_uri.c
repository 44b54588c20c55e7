/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/uri.h"

static int read_uri(const char *text, struct wr_uri *uri, struct wr_uri_error *error)
{
    return wr_uri_from_text(text, strlen(text), uri, error);
}

static void test_good(void **state)
{
    static const struct {
        const char *text, *printed;
        uint8_t scheme, family;
        uint16_t port;
        const char *zone;
    } rows[] = {
        {"udp://192.0.2.1", "udp://192.0.2.1", WR_URI_UDP, WR_AF_V4, 53, ""},
        {"UDP://192.0.2.1:53", "udp://192.0.2.1", WR_URI_UDP, WR_AF_V4, 53, ""},
        {"udp://192.0.2.1:5353/", "udp://192.0.2.1:5353", WR_URI_UDP, WR_AF_V4, 5353, ""},
        {"tcp://[2001:db8::1]", "tcp://[2001:db8::1]", WR_URI_TCP, WR_AF_V6, 53, ""},
        {"tcp://[2001:DB8:0::1]:65535", "tcp://[2001:db8::1]:65535", WR_URI_TCP, WR_AF_V6, 65535,
         ""},
        {"udp://[fe80::1%br-wan]", "udp://[fe80::1%br-wan]", WR_URI_UDP, WR_AF_V6, 53, "br-wan"},
        {"udp://[fe80::1%2525a]", "udp://[fe80::1%2525a]", WR_URI_UDP, WR_AF_V6, 53, "25a"},
        {"udp://[fe80::1%25]", "udp://[fe80::1%2525]", WR_URI_UDP, WR_AF_V6, 53, "25"},
        {"udp://[fe80::1%25br-wan]:1", "udp://[fe80::1%br-wan]:1", WR_URI_UDP, WR_AF_V6, 1,
         "br-wan"},
        {"udp://[fe80::1%2]", "udp://[fe80::1%2]", WR_URI_UDP, WR_AF_V6, 53, "2"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_uri uri, again;
        char text[WR_URI_TEXT_SIZE];

        assert_int_equal(read_uri(rows[i].text, &uri, NULL), WR_OK);
        assert_int_equal(uri.scheme, rows[i].scheme);
        assert_int_equal(uri.addr.family, rows[i].family);
        assert_int_equal(uri.addr.port, rows[i].port);
        assert_int_equal(uri.addr.scope, 0);
        assert_string_equal(uri.zone, rows[i].zone);
        assert_int_equal(wr_uri_to_text(&uri, text, sizeof(text)), strlen(rows[i].printed));
        assert_string_equal(text, rows[i].printed);
        assert_int_equal(read_uri(text, &again, NULL), WR_OK);
        assert_memory_equal(&uri, &again, sizeof(uri));
    }
}

static void test_bad(void **state)
{
    static const struct {
        const char *text;
        int err;
        size_t at;
        const char *says; /* a piece of the reason */
    } rows[] = {
        {"", WR_E_FORMAT, 0, "empty"},
        {"192.0.2.1", WR_E_FORMAT, 0, "no scheme; write tls://"},
        {"udp:192.0.2.1", WR_E_FORMAT, 0, "no scheme"},
        {"udp://", WR_E_FORMAT, 6, "no IPv4"},
        {"ftp://192.0.2.1", WR_E_FORMAT, 0, "unknown scheme"},
        {"odoh://192.0.2.1", WR_E_FORMAT, 7, "is a name"},
        {"udp://dns.example", WR_E_FORMAT, 6, "a name"},
        {"udp://2001:db8::1", WR_E_FORMAT, 6, "brackets"},
        {"udp://[2001:db8::1", WR_E_FORMAT, 6, "closing bracket"},
        {"udp://[192.0.2.1]", WR_E_FORMAT, 7, "brackets"},
        {"udp://[]", WR_E_FORMAT, 7, "no IPv4 or IPv6"},
        {"udp://192.0.2.1:0", WR_E_RANGE, 16, "port"},
        {"udp://192.0.2.1:65536", WR_E_RANGE, 16, "port"},
        {"udp://192.0.2.1:", WR_E_RANGE, 16, "port"},
        {"udp://192.0.2.1:53x", WR_E_RANGE, 16, "port"},
        {"udp://[2001:db8::1]53", WR_E_FORMAT, 19, "behind the address"},
        {"udp://192.0.2.256", WR_E_FORMAT, 6, "no IPv4"},
        {"udp://0.0.0.0", WR_E_FORMAT, 6, "nobody's"},
        {"udp://224.0.0.251", WR_E_FORMAT, 6, "nobody's"},
        {"udp://255.255.255.255", WR_E_FORMAT, 6, "nobody's"},
        {"udp://[::]", WR_E_FORMAT, 7, "nobody's"},
        {"udp://[ff02::fb]", WR_E_FORMAT, 7, "nobody's"},
        {"udp://[fe80::1]", WR_E_FORMAT, 7, "needs its interface"},
        {"udp://[2001:db8::1%eth0]", WR_E_FORMAT, 7, "only a link-local"},
        {"udp://[fe80::1%]", WR_E_FORMAT, 14, "interface name"},
        {"udp://[fe80::1%sixteencharacters]", WR_E_FORMAT, 14, "interface name"},
        {"udp://[fe80::1%a/b]", WR_E_FORMAT, 16, "no path"},
        {"tls://192.0.2.1/dns-query", WR_E_FORMAT, 15, "no path"},
        {"tls://192.0.2.1#", WR_E_FORMAT, 15, "nothing behind"},
        {"https://dns.example/q?x=1", WR_E_FORMAT, 21, "query"},
        {"https://user@dns.example/", WR_E_FORMAT, 12, "user name"},
        {"https://dns.example:0/", WR_E_RANGE, 20, "port"},
        {"tls://#name=dns.example", WR_E_FORMAT, 6, "no IPv4"},
        {"odoh://target.example", WR_E_FORMAT, 21, "who passes"},
        {"odoh://a.example#proxy=a.example/p", WR_E_FORMAT, 17, "same host"},
        {"udp://192.0.2.1/dns-query", WR_E_FORMAT, 15, "no path"},
        {"udp://user@192.0.2.1", WR_E_FORMAT, 10, "user name"},
        {"udp://192.0.2.1?x=1", WR_E_FORMAT, 15, "query"},
        {"udp://192.0.2.1#name=dns.example", WR_E_FORMAT, 15, "encrypted"},
        {"udp://192.0.2.1 ", WR_E_FORMAT, 15, "character"},
        {" udp://192.0.2.1", WR_E_FORMAT, 0, "character"},
        {"udp://192.0.2.1\x80", WR_E_FORMAT, 15, "character"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_uri uri;
        struct wr_uri_error error = {NULL, 999};

        memset(&uri, 0x5a, sizeof(uri));
        assert_int_equal(read_uri(rows[i].text, &uri, &error), rows[i].err);
        if (!strstr(error.why, rows[i].says) || error.at != rows[i].at)
            fail_msg("%s: \"%s\" at %zu", rows[i].text, error.why, error.at);
        /* Untouched on failure. */
        for (size_t k = 0; k < sizeof(uri); k++)
            assert_int_equal(((const unsigned char *)&uri)[k], 0x5a);
    }
}

static void test_octets(void **state)
{
    char text[WR_URI_TEXT_SIZE + 8];
    struct wr_uri uri;

    /* A NUL must not hide what follows it. */
    assert_int_equal(wr_uri_from_text("udp://192.0.2.1\0junk", 20, &uri, NULL), WR_E_FORMAT);
    /* No NUL is needed, and nothing behind the length is read. */
    assert_int_equal(wr_uri_from_text("udp://192.0.2.1junk", 15, &uri, NULL), WR_OK);
    memset(text, '1', sizeof(text));
    memcpy(text, "udp://", 6);
    assert_int_equal(wr_uri_from_text(text, sizeof(text), &uri, NULL), WR_E_FORMAT);
    /* Longer than any address, shorter than the limit. */
    assert_int_equal(wr_uri_from_text(text, 300, &uri, NULL), WR_E_FORMAT);
}

/* What a server must prove is read, kept and printed; each row prints as it is written. */
static void test_encrypted(void **state)
{
    static const struct {
        const char *text, *peer, *path;
        uint8_t addrs, pins, proof;
        uint16_t port;
    } rows[] = {
        {"tls://192.0.2.1", "", "", 1, 0, WR_URI_PKIX, 853},
        {"tls://192.0.2.1#name=dns.example", "dns.example", "", 1, 0, WR_URI_PKIX, 853},
        {"tls://[fe80::1%br-wan]:8853#opportunistic", "", "", 1, 0, WR_URI_OPPORTUNISTIC, 8853},
        {"quic://dns.example", "dns.example", "", 0, 0, WR_URI_PKIX, 853},
        {"quic://dns.example:1853#addr=192.0.2.1&addr=[2001:db8::1]&dane", "dns.example", "", 2, 0,
         WR_URI_DANE, 1853},
        {"https://dns.example/dns-query", "dns.example", "/dns-query", 0, 0, WR_URI_PKIX, 443},
        {"https://192.0.2.1:4443/#name=dns.example", "dns.example", "/", 1, 0, WR_URI_PKIX, 4443},
        {"tls://192.0.2.1#pin=sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "", "", 1, 1,
         WR_URI_PINS, 853},
        {"tls://192.0.2.1#name=dns.example&pin=sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
         "&pin=sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=&pkix&dane&all",
         "dns.example", "", 1, 2, WR_URI_PINS | WR_URI_PKIX | WR_URI_DANE | WR_URI_ALL, 853},
        {"odoh://target.example/dns-query#proxy=proxy.example/proxy&addr=192.0.2.1",
         "proxy.example", "/dns-query", 1, 0, WR_URI_PKIX, 443},
        {"odoh://target.example:444/q#proxy=192.0.2.1:8443/p&name=proxy.example", "proxy.example",
         "/q", 1, 0, WR_URI_PKIX, 8443},
        {"odoh://t.example/q#proxy=p.example/p&"
         "config=ACwAAQAoACAAAQABACCx8bhA3noyQbAnSM+bBbdNyMXoRRKYc4gXvXaqjr6MKw==",
         "p.example", "/q", 0, 0, WR_URI_PKIX, 443},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[WR_URI_TEXT_SIZE];
        struct wr_uri uri, again;

        assert_int_equal(read_uri(rows[i].text, &uri, NULL), WR_OK);
        assert_string_equal(wr_uri_peer_name(&uri), rows[i].peer);
        assert_string_equal(uri.path, rows[i].path);
        assert_int_equal(uri.addrs, rows[i].addrs);
        assert_int_equal(uri.pins, rows[i].pins);
        assert_int_equal(uri.proof, rows[i].proof);
        assert_int_equal(uri.addr.port, rows[i].port);
        for (unsigned k = 0; k < uri.addrs; k++)
            assert_int_equal(wr_uri_addr(&uri, k)->port, rows[i].port);
        wr_uri_to_text(&uri, text, sizeof(text));
        assert_string_equal(text, rows[i].text);
        assert_int_equal(read_uri(text, &again, NULL), WR_OK);
        assert_memory_equal(&uri, &again, sizeof(uri));
    }
}

/* Other ways to write the same. */
static void test_canonical(void **state)
{
    static const char *const rows[][3] = {
        {"HTTPS://DNS.Example.", "https://dns.example/dns-query", "https://dns.example/dns-query"},
        {"https://dns.example/q{?dns}", "https://dns.example/q", "https://dns.example/q"},
        {"tls://192.0.2.1:853/#pkix&name=DNS.example", "tls://192.0.2.1#name=dns.example",
         "tls://192.0.2.1"},
        {"tls://dns.example#opportunistic&addr=192.0.2.1",
         "tls://dns.example#addr=192.0.2.1&opportunistic", "tls://dns.example"},
        {"odoh://t.example#proxy=p.example:443/p", "odoh://t.example/dns-query#proxy=p.example/p",
         "odoh://t.example/dns-query"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[WR_URI_TEXT_SIZE];
        struct wr_uri uri;

        assert_int_equal(read_uri(rows[i][0], &uri, NULL), WR_OK);
        wr_uri_to_text(&uri, text, sizeof(text));
        assert_string_equal(text, rows[i][1]);
        wr_uri_to_short(&uri, text, sizeof(text));
        assert_string_equal(text, rows[i][2]);
    }
}

static void test_schemes(void **state)
{
    assert_true(wr_uri_is_encrypted(WR_URI_TLS) && wr_uri_is_encrypted(WR_URI_ODOH));
    assert_false(wr_uri_is_encrypted(WR_URI_TCP) || wr_uri_is_encrypted(0));
    assert_true(wr_uri_is_served(WR_URI_UDP) && wr_uri_is_served(WR_URI_TLS));
    assert_true(wr_uri_is_served(WR_URI_ODOH));
    assert_false(wr_uri_is_served(0) || wr_uri_is_served(200));
    assert_string_equal(wr_uri_scheme_name(WR_URI_TLS), "tls");
    assert_int_equal(wr_uri_scheme_port(WR_URI_QUIC), 853);
    assert_int_equal(wr_uri_scheme_port(WR_URI_HTTPS), 443);
    assert_null(wr_uri_scheme_name(0));
    assert_null(wr_uri_scheme_name(200));
    assert_int_equal(wr_uri_scheme_port(200), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),      cmocka_unit_test(test_bad),
        cmocka_unit_test(test_octets),    cmocka_unit_test(test_encrypted),
        cmocka_unit_test(test_canonical), cmocka_unit_test(test_schemes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
