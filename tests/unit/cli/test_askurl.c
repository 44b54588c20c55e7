/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "cli/askurl.h"

#define PIN "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

static struct wr_askurl url;
static struct wr_askflags own;
static char why[WR_ASKFLAGS_WHY_SIZE];

static int apply(const char *server)
{
    struct wr_askflags flags = {.server = server};

    why[0] = 0;
    return wr_askurl_apply(&url, &flags, &own, why);
}

static void test_is(void **state)
{
    assert_true(wr_askurl_is(&(struct wr_askflags){.server = "tls://192.0.2.1"}));
    assert_false(wr_askurl_is(&(struct wr_askflags){.server = "192.0.2.1#53"}));
    assert_false(wr_askurl_is(&(struct wr_askflags){.server = NULL}));
    assert_true(wr_askurl_is(&(struct wr_askflags){.via = {.proxy = "p.example"}}));
}

static void test_apply(void **state)
{
    assert_int_equal(apply("tls://192.0.2.1#name=dns.example"), WR_OK);
    assert_string_equal(own.server, "192.0.2.1#853");
    assert_int_equal(own.via.scheme, WR_URI_TLS);
    assert_string_equal(own.via.host, "dns.example");
    assert_true(own.via.ca);
    assert_int_equal(apply("https://dns.example:8443/q#addr=[2001:db8::1]"), WR_OK);
    assert_string_equal(own.server, "2001:db8::1#8443");
    assert_int_equal(own.via.scheme, WR_URI_HTTPS);
    assert_string_equal(own.via.path, "/q");
    assert_string_equal(own.via.host, "dns.example");
    assert_int_equal(apply("quic://dns.example"), WR_OK); /* the system looks it up */
    assert_string_equal(own.server, "dns.example#853");
    assert_int_equal(apply("tcp://192.0.2.1:5300"), WR_OK);
    assert_true(own.tcp && own.via.scheme == 0);
    assert_int_equal(apply("udp://[fe80::1%eth0]"), WR_OK);
    assert_string_equal(own.server, "fe80::1%eth0#53");
    assert_false(own.tcp);
}

/* Ways of proving: a pin alone, either, each, none. */
static void test_proofs(void **state)
{
    assert_int_equal(apply("tls://192.0.2.1#pin=sha256/" PIN), WR_OK);
    assert_false(own.via.ca);
    assert_int_equal(own.via.pins, 1);
    assert_int_equal(own.via.pin[0].digest[31], 1);
    assert_int_equal(apply("tls://192.0.2.1#pkix&pin=sha256/" PIN), WR_OK);
    assert_true(own.via.ca && own.via.any && own.via.pins == 1);
    assert_int_equal(apply("tls://192.0.2.1#pkix&all&pin=sha256/" PIN), WR_OK);
    assert_true(own.via.ca && !own.via.any && own.via.pins == 1);
    assert_int_equal(apply("tls://192.0.2.1#opportunistic"), WR_OK);
    assert_false(own.via.ca || own.via.pins);
}

static void test_refused(void **state)
{
    assert_int_equal(apply("tls://"), WR_E_USAGE);
    assert_non_null(strstr(why, "at octet"));
    assert_int_equal(apply("tls://dns.example#dane"), WR_E_USAGE);
    assert_non_null(strstr(why, "TLSA"));
}

/* Who is connected to is the proxy, and what is proven is about it. */
static void test_odoh(void **state)
{
    assert_int_equal(apply("odoh://t.example/q#proxy=p.example:444/proxy&addr=192.0.2.1"), WR_OK);
    assert_string_equal(own.server, "192.0.2.1#444");
    assert_string_equal(own.via.host, "p.example");
    assert_true(own.via.ca);
    assert_ptr_equal(own.via.odoh, &url.uri);
    assert_int_equal(apply("odoh://t.example/q#proxy=p.example/proxy"), WR_OK);
    assert_string_equal(own.server, "p.example#443");
    assert_int_equal(apply("tls://192.0.2.1"), WR_OK);
    assert_null(own.via.odoh);
}

/* The flags say the same as a URL. */
static void test_odoh_flags(void **state)
{
    static const struct {
        const char *server, *port, *proxy, *path, *config, *says; /* the URL, or what is wrong */
    } rows[] = {
        {"t.example", NULL, "p.example", NULL, NULL,
         "odoh://t.example/dns-query#proxy=p.example/proxy"},
        {"t.example#444", NULL, "192.0.2.1:445/c", "/q", NULL,
         "odoh://t.example:444/q#proxy=192.0.2.1:445/c"},
        {"t.example", "444", "[2001:db8::1]", NULL,
         "ACwAAQAoACAAAQABACCx8bhA3noyQbAnSM+bBbdNyMXoRRKYc4gXvXaqjr6MKw==",
         "odoh://t.example:444/dns-query#proxy=[2001:db8::1]/"
         "proxy&config=ACwAAQAoACAAAQABACCx8bhA3noyQbAnSM+bBbdNyMXoRRKYc4gXvXaqjr6MKw=="},
        {NULL, NULL, "p.example", NULL, NULL, "by its name"},
        {"192.0.2.1", NULL, "p.example", NULL, NULL, "is a name"},
        {"2001:db8::1", NULL, "p.example", NULL, NULL, "by its name"},
        {"t.example/q", NULL, "p.example", NULL, NULL, "by its name"},
        {"t.example", NULL, NULL, "/q", NULL, "of +odoh=PROXY"},
        {"t.example", NULL, "T.example.", NULL, NULL, "same host"},
        {"t.example", NULL, "p.example", NULL, "AAAA", "publishes"},
        {"odoh://t.example#proxy=p.example/p", NULL, "p.example", NULL, NULL, "by itself"},
        {"t.example#x", NULL, "p.example", NULL, NULL, "port"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_askflags flags = {.server = rows[i].server,
                                    .port = rows[i].port,
                                    .via = {.scheme = WR_URI_ODOH,
                                            .host = "proven.example",
                                            .proxy = rows[i].proxy,
                                            .target_path = rows[i].path,
                                            .config = rows[i].config}};
        char text[WR_URI_TEXT_SIZE];
        int err = wr_askurl_apply(&url, &flags, &own, why);

        if (strncmp(rows[i].says, "odoh://", 7) != 0) {
            if (err != WR_E_USAGE || !strstr(why, rows[i].says))
                fail_msg("row %zu: %d %s", i, err, why);
            continue;
        }
        assert_int_equal(err, WR_OK);
        wr_uri_to_text(own.via.odoh, text, sizeof(text));
        assert_string_equal(text, rows[i].says);
        assert_string_equal(own.via.host, "proven.example");
        assert_false(own.via.ca);
    }
    struct wr_askflags two = {.server = "t.example",
                              .via = {.scheme = WR_URI_TLS, .proxy = "p.example"}};
    assert_int_equal(wr_askurl_apply(&url, &two, &own, why), WR_E_USAGE);
    assert_non_null(strstr(why, "one of them"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is),     cmocka_unit_test(test_apply),
        cmocka_unit_test(test_proofs), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_odoh),   cmocka_unit_test(test_odoh_flags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
