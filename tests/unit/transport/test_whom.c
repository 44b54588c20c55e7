/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a server has to be: each way alone, together, and with a clock that nobody has confirmed. */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "base/err.h"
#include "transport/whom.h"
#include "unit/transport/certs.h"

static struct certs_one ca, other_ca, leaf, old, young, alone;
static struct wr_creds *anchors, *none;

static int setup_certs(void **state)
{
    struct wr_creds_setup setup = {0};
    struct wr_verdict_text why;

    certs_make(&ca,
               &(struct certs_want){.cn = "test CA",
                                    .ca = true,
                                    .from_s = CERTS_NOW_S - 4000 * CERTS_DAY_S,
                                    .until_s = CERTS_NOW_S + 4000 * CERTS_DAY_S},
               NULL);
    certs_make(&other_ca, &(struct certs_want){.cn = "other CA", .ca = true}, NULL);
    certs_make(&leaf, &(struct certs_want){.names = {"dns.example"}, .ips = {"192.0.2.1"}}, &ca);
    certs_make(&old,
               &(struct certs_want){.names = {"dns.example"},
                                    .from_s = CERTS_NOW_S - 300 * CERTS_DAY_S,
                                    .until_s = CERTS_NOW_S - 200 * CERTS_DAY_S},
               &ca);
    certs_make(&young,
               &(struct certs_want){.names = {"dns.example"},
                                    .from_s = CERTS_NOW_S + 10 * CERTS_DAY_S,
                                    .until_s = CERTS_NOW_S + 20 * CERTS_DAY_S},
               &ca);
    certs_make(&alone, &(struct certs_want){.names = {"dns.example"}}, NULL);
    assert_int_equal(wr_creds_make(&setup, &why, &none), WR_OK);
    setup.anchors = ca.pem.data;
    setup.anchors_size = ca.pem.size;
    assert_int_equal(wr_creds_make(&setup, &why, &anchors), WR_OK);
    return 0;
}

static int teardown_certs(void **state)
{
    struct certs_one *all[] = {&ca, &other_ca, &leaf, &old, &young, &alone};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        certs_free(all[i]);
    }
    wr_creds_drop(anchors);
    wr_creds_drop(none);
    return 0;
}

/* What the chain of `cert` (and the CA behind it) is worth; the words are `want` or begin so. */
static void judge(const struct wr_whom *whom, const struct certs_one *cert, struct wr_now now,
                  int err, const char *want)
{
    struct wr_certs chain = {.cert = {{cert->der.data, cert->der.size}, {ca.der.data, ca.der.size}},
                             .count = cert == &alone ? 1 : 2,
                             .of_server = true,
                             .now = now};
    struct wr_verdict_text why = {""};
    int got = wr_whom_verify((void *)(uintptr_t)whom, &chain, &why);

    if (got != err || strncmp(why.text, want, strlen(want)) != 0 || why.text[0] == '\0') {
        fail_msg("%d, \"%s\", where \"%s\" was expected", got, why.text, want);
    }
}

static const struct wr_now proven = {.mono_us = 1, .wall_s = CERTS_NOW_S, .wall_proven = true};
/* A box without a battery. */
static const struct wr_now unset = {.mono_us = 1, .wall_s = 86400, .wall_proven = false};

static struct wr_whom whom_of(const char *text, struct wr_uri *uri)
{
    struct wr_uri_error error = {"", 0};

    if (wr_uri_from_text(text, strlen(text), uri, &error) != WR_OK) {
        fail_msg("%s: %s", text, error.why);
    }
    return wr_whom_of(uri, anchors);
}

static void test_pkix(void **state)
{
    struct wr_uri uri;
    struct wr_whom w = whom_of("tls://192.0.2.1#name=dns.example", &uri);

    judge(&w, &leaf, proven, WR_OK, "proven by pkix");
    judge(&w, &old, proven, WR_E_DENIED, "the certificate expired on ");
    judge(&w, &young, proven, WR_E_DENIED, "the certificate is good only from ");
    judge(&w, &alone, proven, WR_E_DENIED, "the certificate is self-signed");
    w.creds = none;
    judge(&w, &leaf, proven, WR_E_DENIED, "there are no certificate authorities");
    w = whom_of("tls://192.0.2.1#name=other.example", &uri);
    judge(&w, &leaf, proven, WR_E_DENIED, "the certificate is not for other.example");
    w = whom_of("tls://192.0.2.1:8853", &uri); /* without a name its address is to be proven */
    judge(&w, &leaf, proven, WR_OK, "proven by pkix");
    w = whom_of("tls://192.0.2.2", &uri);
    judge(&w, &leaf, proven, WR_E_DENIED, "the certificate is not for 192.0.2.2");
}

static struct wr_whom pinned(const struct certs_one *cert, const char *more, struct wr_uri *uri)
{
    char text[WR_URI_TEXT_SIZE];
    struct wr_whom w;
    size_t n = WR_URI_PIN_SIZE;

    snprintf(text, sizeof(text),
             "tls://192.0.2.1#name=dns.example&pin=sha256/"
             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=&pin=sha256/"
             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=%s",
             more);
    w = whom_of(text, uri);
    certs_ok(gnutls_x509_crt_get_key_id(cert->crt, GNUTLS_KEYID_USE_SHA256, uri->pin[1], &n));
    return w;
}

static void test_pins(void **state)
{
    struct wr_uri uri;
    struct wr_whom w = pinned(&leaf, "", &uri);

    judge(&w, &leaf, proven, WR_OK, "proven by pin");
    judge(&w, &old, proven, WR_E_DENIED, "its public key is none of those that are pinned");
    w = pinned(&alone, "", &uri); /* nobody signs for it */
    judge(&w, &alone, proven, WR_OK, "proven by pin");
    judge(&w, &alone, unset, WR_OK, "proven by pin");
    w = pinned(&ca, "", &uri); /* the server's own key is meant */
    judge(&w, &leaf, proven, WR_E_DENIED, "its public key");
}

static void test_several(void **state)
{
    struct wr_uri uri;
    struct wr_whom w = pinned(&alone, "&pkix", &uri);

    judge(&w, &alone, proven, WR_OK, "proven by pin");
    judge(&w, &leaf, proven, WR_OK, "proven by pkix");
    judge(&w, &old, proven, WR_E_DENIED, "its public key");
    w = pinned(&leaf, "&pkix&all", &uri);
    judge(&w, &leaf, proven, WR_OK, "proven by pin and pkix");
    w = pinned(&alone, "&pkix&all", &uri);
    judge(&w, &alone, proven, WR_E_DENIED, "the certificate is self-signed");
    judge(&w, &leaf, proven, WR_E_DENIED, "its public key");
    w = whom_of("tls://192.0.2.1#opportunistic", &uri);
    judge(&w, &alone, proven, WR_OK, "not proven: opportunistic");
}

/* A record about the whole certificate, by SHA-256. */
static struct wr_tlsa record(uint8_t usage, const struct certs_one *cert)
{
    uint8_t rdata[35] = {usage, 0, 1};
    struct wr_tlsa r;

    certs_ok(gnutls_hash_fast(GNUTLS_DIG_SHA256, cert->der.data, cert->der.size, rdata + 3));
    assert_int_equal(wr_tlsa_read(rdata, sizeof(rdata), &r), WR_OK);
    return r;
}

static void judge_dane(const struct wr_tlsa *r, const char *name, const struct certs_one *cert,
                       struct wr_now now, int err, const char *want)
{
    char text[128];
    struct wr_uri uri;
    struct wr_whom w;

    snprintf(text, sizeof(text), "tls://192.0.2.1#name=%s&dane", name);
    w = whom_of(text, &uri);
    w.tlsa = r;
    w.tlsas = 1;
    w.tlsa_known = true;
    judge(&w, cert, now, err, want);
    w.tlsa_known = false; /* what DNSSEC has not proven is nothing */
    judge(&w, cert, now, WR_E_DENIED, "there are no TLSA records of");
}

static void test_dane(void **state)
{
    struct wr_tlsa r = record(WR_TLSA_DANE_EE, &alone);

    judge_dane(&r, "dns.example", &alone, proven, WR_OK, "proven by dane");
    judge_dane(&r, "other.example", &alone, proven, WR_OK, "proven by dane"); /* RFC 7671 5.1 */
    judge_dane(&r, "dns.example", &leaf, proven, WR_E_DENIED, "its certificate is none");
    r = record(WR_TLSA_DANE_EE, &old);
    judge_dane(&r, "dns.example", &old, proven, WR_OK, "proven by dane");
    r = record(WR_TLSA_DANE_TA, &ca);
    judge_dane(&r, "dns.example", &leaf, proven, WR_OK, "proven by dane");
    judge_dane(&r, "other.example", &leaf, proven, WR_E_DENIED, "the certificate is not for");
    judge_dane(&r, "dns.example", &old, proven, WR_E_DENIED, "the certificate expired on");
    judge_dane(&r, "dns.example", &alone, proven, WR_E_DENIED, "its certificate is none");
    r = record(WR_TLSA_DANE_TA, &other_ca);
    judge_dane(&r, "dns.example", &leaf, proven, WR_E_DENIED, "its certificate is none");
    r = record(WR_TLSA_PKIX_EE, &leaf);
    judge_dane(&r, "dns.example", &leaf, proven, WR_OK, "proven by dane");
    r = record(WR_TLSA_PKIX_EE, &alone);
    judge_dane(&r, "dns.example", &alone, proven, WR_E_DENIED, "the certificate is self-signed");
    r = record(WR_TLSA_PKIX_TA, &ca);
    judge_dane(&r, "dns.example", &leaf, proven, WR_OK, "proven by dane");
    r = record(WR_TLSA_PKIX_TA, &leaf); /* the server is no authority */
    judge_dane(&r, "dns.example", &leaf, proven, WR_E_DENIED, "its certificate is none");
}

/* A server that some authority of the owner's vouches for sends along the one that the record names, which never signed for it. */
static void test_authority_that_did_not_sign(void **state)
{
    struct wr_certs chain = {.of_server = true, .now = proven, .count = 3};
    const struct certs_one *sent[] = {&leaf, &ca, &other_ca};
    struct wr_verdict_text why = {""};
    struct wr_uri uri;
    struct wr_whom w = whom_of("tls://192.0.2.1#name=dns.example&dane", &uri);
    struct wr_tlsa r = record(WR_TLSA_PKIX_TA, &ca);

    for (unsigned i = 0; i < 3; i++)
        chain.cert[i] = (struct wr_certs_one){sent[i]->der.data, sent[i]->der.size};
    w.tlsa = &r;
    w.tlsas = 1;
    w.tlsa_known = true;
    assert_int_equal(wr_whom_verify(&w, &chain, &why), WR_OK);
    r = record(WR_TLSA_PKIX_TA, &other_ca);
    assert_int_equal(wr_whom_verify(&w, &chain, &why), WR_E_DENIED);
    r = record(WR_TLSA_DANE_TA, &other_ca);
    assert_int_equal(wr_whom_verify(&w, &chain, &why), WR_E_DENIED);
}

/* While the time is not known only the floor counts: what ended before it has expired, and nothing else is said of dates. */
static void test_time(void **state)
{
    struct wr_uri uri;
    struct wr_whom w = whom_of("tls://192.0.2.1#name=dns.example", &uri);

    w.floor_s = CERTS_NOW_S - 100 * CERTS_DAY_S;
    assert_true(wr_whom_is_unproven(&w, &unset));
    assert_false(wr_whom_is_unproven(&w, &proven));
    judge(&w, &leaf, unset, WR_OK, "proven by pkix, before the time was known");
    judge(&w, &young, unset, WR_OK, "proven by pkix, before the time was known");
    judge(&w, &old, unset, WR_E_DENIED, "a certificate of the chain expired before");
    judge(&w, &alone, unset, WR_E_DENIED,
          "the certificate is self-signed"); /* only dates are spared */
    w.floor_s = CERTS_NOW_S - 250 * CERTS_DAY_S;
    judge(&w, &old, unset, WR_OK, "proven by pkix, before the time was known");
    judge(&w, &old, proven, WR_E_DENIED, "the certificate expired on");
    w.system_clock = true; /* the owner says that 1970 it is */
    assert_false(wr_whom_is_unproven(&w, &unset));
    judge(&w, &leaf, unset, WR_E_DENIED, "the certificate is good only from");
    struct wr_tlsa r = record(WR_TLSA_DANE_TA, &ca);
    w = whom_of("tls://192.0.2.1#name=dns.example&dane", &uri);
    w.tlsa = &r;
    w.tlsas = 1;
    w.tlsa_known = true;
    w.floor_s = CERTS_NOW_S - 100 * CERTS_DAY_S;
    judge(&w, &leaf, unset, WR_OK, "proven by dane, before the time was known");
    judge(&w, &old, unset, WR_E_DENIED, "its certificate is none");
}

static void test_no_chain(void **state)
{
    static const uint8_t junk[] = {0x30, 0x82, 1, 0};
    struct wr_certs chain = {.of_server = true, .now = proven};
    struct wr_uri uri;
    struct wr_whom w = pinned(&leaf, "&pkix&dane", &uri);
    struct wr_verdict_text why = {""};

    for (int i = 0; i < 2; i++) {
        assert_int_equal(wr_whom_verify(&w, &chain, &why), WR_E_DENIED);
        assert_true(why.text[0] != '\0');
        chain.now = unset;
        assert_int_equal(wr_whom_verify(&w, &chain, &why), WR_E_DENIED);
        chain.cert[0] = (struct wr_certs_one){junk, sizeof(junk)};
        chain.count = 1;
    }
}

static void test_tlsa_name(void **state)
{
    static const char *const rows[][2] = {
        {"tls://dns.example", "_853._tcp.dns.example"},
        {"quic://dns.example:8853", "_8853._udp.dns.example"},
        {"https://192.0.2.1/#name=dns.example", "_443._tcp.dns.example"},
        {"odoh://t.example#proxy=p.example/p", "_443._tcp.p.example"},
        {"tls://192.0.2.1", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char name[300];
        struct wr_uri uri;

        (void)whom_of(rows[i][0], &uri);
        assert_int_equal(wr_whom_tlsa_name(&uri, name, sizeof(name)), strlen(rows[i][1]));
        assert_string_equal(name, rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pkix),     cmocka_unit_test(test_pins),
        cmocka_unit_test(test_several),  cmocka_unit_test(test_dane),
        cmocka_unit_test(test_time),     cmocka_unit_test(test_authority_that_did_not_sign),
        cmocka_unit_test(test_no_chain), cmocka_unit_test(test_tlsa_name),
    };

    return cmocka_run_group_tests(tests, setup_certs, teardown_certs);
}
