/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/certlook.h"
#include "transport/certmake.h"

static char ca_key[WR_CERTMAKE_PEM_SIZE], key[WR_CERTMAKE_PEM_SIZE];
static char both[8 * WR_CERTMAKE_PEM_SIZE]; /* server, authority */

static int make(void **state)
{
    static char ca[WR_CERTMAKE_PEM_SIZE], cert[WR_CERTMAKE_PEM_SIZE];
    static const char *const names[] = {"dns.home"};
    struct wr_addr addr;
    struct wr_certmake how = {1000, 2000, names, 1, &addr, 1};

    assert_int_equal(wr_addr_from_text("192.0.2.1", &addr), WR_OK);
    assert_int_equal(wr_certmake_key(ca_key, sizeof(ca_key)), WR_OK);
    assert_int_equal(wr_certmake_key(key, sizeof(key)), WR_OK);
    assert_int_equal(wr_certmake_ca(&how, ca_key, ca, sizeof(ca)), WR_OK);
    assert_int_equal(wr_certmake_server(&how, ca, ca_key, key, cert, sizeof(cert)), WR_OK);
    strcpy(both, cert);
    strcat(both, ca);
    return 0;
}

static void test_both(void **state)
{
    struct wr_certlook server, ca;
    struct wr_pin pin;

    assert_int_equal(wr_certlook(both, 0, &server), WR_OK);
    assert_int_equal(wr_certlook(both, 1, &ca), WR_OK);
    assert_string_equal(server.subject, "CN=dns.home");
    assert_string_equal(server.issuer, ca.subject);
    assert_string_equal(ca.issuer, ca.subject);
    assert_true(ca.authority && ca.self_signed && !server.authority && !server.self_signed);
    assert_int_equal(server.facts.not_before_s, 1000);
    assert_int_equal(server.facts.not_after_s, 2000);
    assert_string_equal(server.facts.names, "dns.home");
    assert_int_equal(server.facts.addrs, 1);
    assert_int_equal(wr_certmake_pin(key, &pin), WR_OK);
    assert_memory_equal(server.facts.pin, pin.digest, sizeof(pin.digest));
    assert_memory_not_equal(server.digest, ca.digest, sizeof(ca.digest));
    assert_int_equal(wr_certlook(both, 2, &ca), WR_E_NOTFOUND);
}

static void test_refused(void **state)
{
    static char many[(WR_TLS_CERTS_MAX + 1) * WR_CERTMAKE_PEM_SIZE];
    struct wr_certlook look;

    assert_int_equal(wr_certlook("", 0, &look), WR_E_FORMAT);
    assert_int_equal(wr_certlook(key, 0, &look), WR_E_FORMAT);
    assert_int_equal(
        wr_certlook("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0, &look),
        WR_E_FORMAT);
    while (strlen(many) + strlen(both) < sizeof(many))
        strcat(many, both);
    assert_int_equal(wr_certlook(many, 0, &look), WR_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, make, NULL);
}
