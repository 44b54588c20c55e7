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
    assert_true(wr_askurl_is("tls://192.0.2.1"));
    assert_false(wr_askurl_is("192.0.2.1#53"));
    assert_false(wr_askurl_is(NULL));
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
    assert_int_equal(apply("odoh://t.example/q#proxy=p.example/proxy"), WR_E_USAGE);
    assert_non_null(strstr(why, "Oblivious"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is),
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_proofs),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
