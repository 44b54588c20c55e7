/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/askplus.h"

static struct wr_askflags flags;
static char why[WR_ASKFLAGS_WHY_SIZE];

static int take(const char *word)
{
    why[0] = '\0';
    return wr_askplus_take(&flags, word, why);
}

static void test_take(void **state)
{
    memset(&flags, 0, sizeof(flags));
    assert_int_equal(take("tcp"), WR_OK);
    assert_true(flags.tcp);
    assert_int_equal(take("notcp"), WR_OK);
    assert_false(flags.tcp);
    assert_int_equal(take("dnss"), WR_OK); /* begun, and one alone fits; brings EDNS */
    assert_true(flags.dnssec_ok && flags.edns);
    assert_int_equal(take("timeout=0.5"), WR_OK);
    assert_int_equal(flags.timeout_ms, 500);
    assert_int_equal(take("padding"), WR_OK);
    assert_int_equal(flags.padding, 128);
    assert_int_equal(take("nopadding"), WR_OK);
    assert_int_equal(flags.padding, 0);
    assert_int_equal(take("all"), WR_OK);
    assert_true(flags.stats && flags.header);
    assert_int_equal(take("noall"), WR_OK);
    assert_false(flags.stats || flags.header);
}

#define PIN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* kdig's words: by which transport, and what the server proves. */
static void test_via(void **state)
{
    memset(&flags, 0, sizeof(flags));
    assert_int_equal(take("tls"), WR_OK);
    assert_int_equal(flags.via.scheme, WR_URI_TLS);
    assert_false(flags.via.ca);
    assert_int_equal(take("https=/q"), WR_OK);
    assert_int_equal(flags.via.scheme, WR_URI_HTTPS);
    assert_string_equal(flags.via.path, "/q");
    assert_false(flags.via.get);
    assert_int_equal(take("tls-ca"), WR_OK); /* of whichever transport */
    assert_int_equal(flags.via.scheme, WR_URI_HTTPS);
    assert_true(flags.via.ca && !flags.via.ca_file);
    assert_int_equal(take("nohttps"), WR_OK);
    assert_null(flags.via.path);
    assert_int_equal(take("https-get"), WR_OK); /* enough alone */
    assert_int_equal(flags.via.scheme, WR_URI_HTTPS);
    assert_true(flags.via.get);
    assert_int_equal(take("notls"), WR_OK);
    assert_int_equal(flags.via.scheme, 0);
    assert_false(flags.via.ca);
    assert_int_equal(take("tls-hostname=dns.example"), WR_OK); /* without one: DoT */
    assert_int_equal(flags.via.scheme, WR_URI_TLS);
    assert_string_equal(flags.via.host, "dns.example");
    assert_true(flags.via.ca);
    assert_int_equal(take("tls-ca=/ca.pem"), WR_OK);
    assert_string_equal(flags.via.ca_file, "/ca.pem");
    assert_int_equal(take("tls-sni=other.example"), WR_OK);
    assert_string_equal(flags.via.sni, "other.example");
    for (unsigned i = 0; i < WR_URI_PINS_MAX; i++)
        assert_int_equal(take(i % 2 ? "pin=" PIN : "tls-pin=" PIN), WR_OK);
    assert_int_equal(flags.via.pins, WR_URI_PINS_MAX);
    assert_int_equal(take("pin=" PIN), WR_E_USAGE);
    assert_int_equal(take("odoh=p.example/proxy"), WR_OK); /* what is proven is about the proxy */
    assert_int_equal(flags.via.scheme, WR_URI_ODOH);
    assert_string_equal(flags.via.proxy, "p.example/proxy");
    assert_true(flags.via.ca && flags.via.pins);
    assert_int_equal(take("odoh-path=/q"), WR_OK);
    assert_string_equal(flags.via.target_path, "/q");
    assert_int_equal(take("odoh-config=AAAA"), WR_OK);
    assert_string_equal(flags.via.config, "AAAA");
    assert_int_equal(take("noodoh"), WR_OK);
    assert_null(flags.via.proxy);
    assert_int_equal(take("quic"), WR_OK);
    assert_int_equal(flags.via.scheme, WR_URI_QUIC);
    assert_int_equal(take("noquic"), WR_OK);
    assert_int_equal(flags.via.scheme, 0);
}

static void test_wrong(void **state)
{
    static const struct {
        const char *word, *says;
    } rows[] = {
        {"", "unknown"},
        {"tpc", "did you mean +tcp"},
        {"tcp=1", "takes no value"},
        {"a", "more than one"},
        {"notimeout", "no meaning"},
        {"noretry", "no meaning"},
        {"retry=x", "number"},
        {"notcp=1", "no value"},
        {"cookie=0", "hexadecimal"},
        {"tls=1", "no value"},
        {"quic=1", "no value"},
        {"pin=abcd", "44"},
        {"tls-h", "wants the name"},
        {"https=q", "a path"},
        {"https=a.b/q", "+tls-host=a.b"},
        {"https=/q?x", "a path"},
        {"https=/\xc3", "a path"},
        {"https-get=1", "no value"},
        {"nohttps-get", "no meaning"},
        {"tls-", "than one"},
        {"tls-sni=", "wants"},
        {"nopin", "no meaning"},
        {"odoh", "the proxy"},
        {"odoh=p.example&config=x", "the proxy"},
        {"odoh-path=q", "target's path"},
        {"odoh-config=A&B", "base64"},
        {"noodoh-path", "no meaning"},
    };

    memset(&flags, 0, sizeof(flags));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (take(rows[i].word) != WR_E_USAGE || !strstr(why, rows[i].says))
            fail_msg("%s: %s", rows[i].word, why);
}

/* What the table says can be typed can be typed: each row, with a value where it names one, and its "no". */
static void test_rows(void **state)
{
    static const struct {
        const char *meta, *value;
    } values[] = {{"[=VERSION]", "=0"},
                  {"[=HEX]", "=0011223344556677"},
                  {"PREFIX", "=192.0.2.0/24"},
                  {"[=N]", "=12"},
                  {"N", "=12"},
                  {"SECONDS", "=2"},
                  {"ADDRESS", "=192.0.2.1,2001:db8::1#5300"},
                  {"KEY", "=. DS 1 8 2 00"},
                  {"[=PATH]", "=/q"},
                  {"[=FILE]", "=/ca.pem"},
                  {"HOST", "=dns.example"},
                  {"PIN", "=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
                  {"PROXY", "=p.example"},
                  {"PATH", "=/q"},
                  {"CONFIG", "=AAAA"}};
    struct wr_opt rows[WR_ASKPLUS_MAX];
    size_t count = wr_askplus_opts(rows);
    char word[64];

    assert_true(count > 30);
    for (size_t i = 0; i < count; i++) {
        bool no = !strncmp(rows[i].name, "+[no]", 5);
        const char *name = rows[i].name + (no ? 5 : 1), *value = rows[i].meta ? NULL : "";

        for (size_t j = 0; rows[i].meta && j < sizeof(values) / sizeof(values[0]); j++)
            if (!strcmp(rows[i].meta, values[j].meta))
                value = values[j].value;
        assert_non_null(value);
        snprintf(word, sizeof(word), "%s%s", name, value);
        if (take(word) != WR_OK)
            fail_msg("+%s: %s", word, why);
        snprintf(word, sizeof(word), "no%s", name);
        if ((take(word) == WR_OK) != no)
            fail_msg("+%s: %s", word, why);
        if (rows[i].meta && rows[i].meta[0] == '[' && take(name) != WR_OK)
            fail_msg("+%s: %s", name, why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_via),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
