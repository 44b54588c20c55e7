/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "base/err.h"
#include "transport/certmake.h"

#define DAY INT64_C(86400)

struct made {
    char ca_key[WR_CERTMAKE_PEM_SIZE], ca[WR_CERTMAKE_PEM_SIZE];
    char key[WR_CERTMAKE_PEM_SIZE], cert[WR_CERTMAKE_PEM_SIZE];
};

static const char *const names[] = {"dns.home", "*.dns.home"};

static void make(struct made *m, int64_t now_s)
{
    struct wr_addr addr[2];
    struct wr_certmake how = {now_s - DAY, now_s + 100 * DAY, NULL, 0, NULL, 0};

    assert_int_equal(wr_addr_from_text("192.0.2.1", &addr[0]), WR_OK);
    assert_int_equal(wr_addr_from_text("2001:db8::1", &addr[1]), WR_OK);
    assert_int_equal(wr_certmake_key(m->ca_key, sizeof(m->ca_key)), WR_OK);
    assert_int_equal(wr_certmake_key(m->key, sizeof(m->key)), WR_OK);
    assert_string_not_equal(m->key, m->ca_key);
    assert_int_equal(wr_certmake_ca(&how, m->ca_key, m->ca, sizeof(m->ca)), WR_OK);
    how.name = names;
    how.names = 2;
    how.addr = addr;
    how.addrs = 2;
    how.until_s = now_s + 50 * DAY;
    assert_int_equal(wr_certmake_server(&how, m->ca, m->ca_key, m->key, m->cert, sizeof(m->cert)),
                     WR_OK);
}

static gnutls_x509_crt_t load(const char *pem)
{
    gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
    gnutls_x509_crt_t cert;

    assert_int_equal(gnutls_x509_crt_init(&cert), 0);
    assert_int_equal(gnutls_x509_crt_import(cert, &text, GNUTLS_X509_FMT_PEM), 0);
    return cert;
}

/* What a client would say of it: trusted, for its names and no other. */
static void test_a_client_takes_it(void **state)
{
    static struct made m;
    gnutls_x509_crt_t ca, cert;
    gnutls_x509_trust_list_t list;
    static const uint8_t v4[4] = {192, 0, 2, 1}, other[4] = {192, 0, 2, 2};
    gnutls_typed_vdata_st host = {GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)(uintptr_t) "dns.home",
                                  0};
    unsigned verdict = 1;

    make(&m, time(NULL));
    ca = load(m.ca);
    cert = load(m.cert);
    assert_int_equal(gnutls_x509_trust_list_init(&list, 0), 0);
    assert_int_equal(gnutls_x509_trust_list_add_cas(list, &ca, 1, 0), 1);
    assert_int_equal(
        gnutls_x509_trust_list_verify_crt2(list, &cert, 1, &host, 1, 0, &verdict, NULL), 0);
    assert_int_equal(verdict, 0);
    host.data = (unsigned char *)(uintptr_t) "dns.work";
    assert_int_equal(
        gnutls_x509_trust_list_verify_crt2(list, &cert, 1, &host, 1, 0, &verdict, NULL), 0);
    assert_true(verdict & GNUTLS_CERT_UNEXPECTED_OWNER);
    assert_true(gnutls_x509_crt_check_hostname(cert, "tv.dns.home"));
    assert_true(gnutls_x509_crt_check_ip(cert, v4, 4, 0));
    assert_false(gnutls_x509_crt_check_ip(cert, other, 4, 0));
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_trust_list_deinit(list, 1);
}

/* An authority signs servers; a server signs nothing, and is for servers. */
static void test_what_for(void **state)
{
    static struct made m;
    gnutls_x509_crt_t ca, cert;
    unsigned usage = 0, critical = 0, is_ca = 0;
    int path = 0;
    char text[100];
    size_t n = sizeof(text);

    make(&m, 1800000000);
    ca = load(m.ca);
    cert = load(m.cert);
    assert_int_equal(gnutls_x509_crt_get_basic_constraints(ca, &critical, &is_ca, &path), 1);
    assert_true(critical && is_ca);
    assert_int_equal(path, 0);
    assert_int_equal(gnutls_x509_crt_get_key_usage(ca, &usage, &critical), 0);
    assert_int_equal(usage, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
    assert_int_equal(gnutls_x509_crt_get_ca_status(cert, &critical), 0);
    assert_int_equal(gnutls_x509_crt_get_key_usage(cert, &usage, &critical), 0);
    assert_int_equal(usage, GNUTLS_KEY_DIGITAL_SIGNATURE);
    assert_int_equal(gnutls_x509_crt_get_key_purpose_oid(cert, 0, text, &n, NULL), 0);
    assert_string_equal(text, GNUTLS_KP_TLS_WWW_SERVER);
    assert_int_equal(gnutls_x509_crt_get_pk_algorithm(cert, &usage), GNUTLS_PK_ECDSA);
    assert_int_equal(gnutls_x509_crt_get_activation_time(cert), 1800000000 - DAY);
    assert_int_equal(gnutls_x509_crt_get_expiration_time(cert), 1800000000 + 50 * DAY);
    gnutls_x509_crt_deinit(ca);
    gnutls_x509_crt_deinit(cert);
}

/* The pin of the key is the SHA-256 of the SubjectPublicKeyInfo in the certificate. */
static void test_pin(void **state)
{
    static struct made m;
    gnutls_x509_crt_t cert;
    gnutls_pubkey_t public;
    uint8_t spki[200];
    size_t n = sizeof(spki);
    struct wr_pin of_key, of_cert;

    make(&m, 1800000000);
    cert = load(m.cert);
    assert_int_equal(gnutls_pubkey_init(&public), 0);
    assert_int_equal(gnutls_pubkey_import_x509(public, cert, 0), 0);
    assert_int_equal(gnutls_pubkey_export(public, GNUTLS_X509_FMT_DER, spki, &n), 0);
    assert_int_equal(wr_pin_of(spki, n, &of_cert), WR_OK);
    assert_int_equal(wr_certmake_pin(m.key, &of_key), WR_OK);
    assert_true(wr_pin_equal(&of_key, &of_cert));
    assert_int_equal(wr_certmake_pin(m.cert, &of_key), WR_E_FORMAT);
    gnutls_pubkey_deinit(public);
    gnutls_x509_crt_deinit(cert);
}

/* Keys and certificates that do not belong together, a server as an authority, and what is no PEM. */
static void test_refused(void **state)
{
    static struct made m, other;
    struct wr_certmake how = {0, DAY, names, 1, NULL, 0};
    char room[WR_CERTMAKE_PEM_SIZE];
    int64_t until_s = 0;

    make(&m, 1800000000);
    make(&other, 1800000000);
    assert_int_equal(wr_certmake_ca_until(m.ca, m.ca_key, &until_s), WR_OK);
    assert_int_equal(until_s, 1800000000 + 100 * DAY);
    assert_int_equal(wr_certmake_ca_until(m.ca, other.ca_key, &until_s), WR_E_DENIED);
    assert_int_equal(wr_certmake_ca_until(m.cert, m.key, &until_s), WR_E_DENIED);
    assert_int_equal(wr_certmake_ca_until("", m.ca_key, &until_s), WR_E_FORMAT);
    assert_int_equal(wr_certmake_ca_until(m.ca, m.ca, &until_s), WR_E_FORMAT);
    assert_int_equal(wr_certmake_server(&how, m.cert, m.key, other.key, room, sizeof(room)),
                     WR_E_DENIED);
    assert_int_equal(wr_certmake_server(&how, m.ca, m.ca_key, "x", room, sizeof(room)),
                     WR_E_FORMAT);
    assert_int_equal(wr_certmake_server(&how, m.ca, m.ca_key, m.key, room, 300), WR_E_FULL);
    assert_int_equal(wr_certmake_ca(&how, m.ca_key, room, 10), WR_E_FULL);
    assert_int_equal(wr_certmake_key(room, 10), WR_E_FULL);
}

/* The most names that there may be fit into the room. */
static void test_many_names(void **state)
{
    static struct made m;
    static char text[WR_CERTMAKE_NAMES_MAX][260];
    const char *name[WR_CERTMAKE_NAMES_MAX];
    struct wr_certmake how = {0, DAY, name, WR_CERTMAKE_NAMES_MAX, NULL, 0};

    make(&m, 1800000000);
    for (unsigned i = 0; i < WR_CERTMAKE_NAMES_MAX; i++) {
        char label[64];

        memset(label, 'a' + (int)i, 61);
        label[61] = 0;
        snprintf(text[i], sizeof(text[i]), "%s.%s.%s.%s.x", label, label, label, label);
        name[i] = text[i];
        assert_true(wr_certmake_name(text[i]));
    }
    assert_int_equal(wr_certmake_server(&how, m.ca, m.ca_key, m.key, m.cert, sizeof(m.cert)),
                     WR_OK);
}

static void test_names(void **state)
{
    static const char *const good[] = {"a",     "dns.home",     "*.home", "xn--bcher-kva.example",
                                       "A-1.b", "1.2.3.example"};
    static const char *const bad[] = {
        "",  ".",  "a.",  ".a",   "a..b",         "-a",  "a-",  "a b",    "a_b.c",
        "*", "*.", "a.*", "*a.b", "b\xc3\xbc.de", "a\n", "a,b", "**.home"};
    char longest[260];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(wr_certmake_name(good[i]));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(wr_certmake_name(bad[i]));
    }
    memset(longest, 'a', sizeof(longest));
    for (size_t i = 50; i < sizeof(longest); i += 50) {
        longest[i] = '.';
    }
    longest[253] = 0;
    assert_true(wr_certmake_name(longest));
    longest[253] = 'a';
    longest[254] = 0;
    assert_false(wr_certmake_name(longest));
    memset(longest, 'a', 64);
    longest[64] = 0;
    assert_false(wr_certmake_name(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_client_takes_it),
        cmocka_unit_test(test_what_for),
        cmocka_unit_test(test_pin),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
