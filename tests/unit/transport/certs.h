/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates for tests: made when the test runs, good or broken as it wants them. ECDSA P-256 unless RSA is asked for.
 *
 *     struct certs_one ca, leaf;
 *     certs_make(&ca, &(struct certs_want){.cn = "test CA", .ca = true}, NULL);
 *     certs_make(&leaf, &(struct certs_want){.names = {"dns.example"}, .ips = {"192.0.2.1"}}, &ca);
 *     ... leaf.pem, leaf.key_pem, leaf.der ...      certs_free(&leaf); certs_free(&ca);
 *
 * Times are by CERTS_NOW_S; without from_s and until_s a certificate is good from a day before to ninety days after.
 */
#ifndef WEIR_TESTS_CERTS_H
#define WEIR_TESTS_CERTS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define CERTS_NOW_S INT64_C(1795780800) /* 2026-11-27 */
#define CERTS_DAY_S INT64_C(86400)

struct certs_want {
    const char *cn;
    const char *names[3], *ips[3]; /* alternatives, ended by NULL */
    int64_t from_s, until_s;       /* 0: see above */
    size_t bulk;                   /* octets of an extension that nobody knows */
    bool ca, rsa, client;          /* client: meant for clients only */
    const char *purpose;           /* another one than TLS's */
};

struct certs_one {
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
    gnutls_datum_t pem, key_pem, der;
};

#define certs_ok(call) certs_check((call), #call)

static inline void certs_check(int said, const char *call)
{
    if (said < 0) {
        fprintf(stderr, "%s: %s\n", call, gnutls_strerror(said));
        abort();
    }
}

static inline void certs_alternatives(gnutls_x509_crt_t crt, const struct certs_want *want)
{
    for (int i = 0; i < 3 && want->names[i] != NULL; i++) {
        certs_ok(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, want->names[i],
                                                      (unsigned)strlen(want->names[i]),
                                                      GNUTLS_FSAN_APPEND));
    }
    for (int i = 0; i < 3 && want->ips[i] != NULL; i++) {
        uint8_t ip[16];
        int family = strchr(want->ips[i], ':') != NULL ? AF_INET6 : AF_INET;

        certs_ok(inet_pton(family, want->ips[i], ip) == 1 ? 0 : -1);
        certs_ok(gnutls_x509_crt_set_subject_alt_name(
            crt, GNUTLS_SAN_IPADDRESS, ip, family == AF_INET ? 4 : 16, GNUTLS_FSAN_APPEND));
    }
}

static inline void certs_describe(gnutls_x509_crt_t crt, const struct certs_want *want)
{
    static uint8_t serial;
    const char *cn = want->cn != NULL ? want->cn : "test";
    int64_t from_s = want->from_s != 0 ? want->from_s : CERTS_NOW_S - CERTS_DAY_S;
    int64_t until_s = want->until_s != 0 ? want->until_s : CERTS_NOW_S + 90 * CERTS_DAY_S;

    serial++;
    certs_ok(gnutls_x509_crt_set_version(crt, 3));
    certs_ok(gnutls_x509_crt_set_serial(crt, &serial, 1));
    certs_ok(gnutls_x509_crt_set_activation_time(crt, (time_t)from_s));
    certs_ok(gnutls_x509_crt_set_expiration_time(crt, (time_t)until_s));
    certs_ok(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, cn,
                                           (unsigned)strlen(cn)));
    certs_ok(gnutls_x509_crt_set_basic_constraints(crt, want->ca, -1));
    certs_ok(gnutls_x509_crt_set_key_usage(crt, want->ca ? GNUTLS_KEY_KEY_CERT_SIGN
                                                         : GNUTLS_KEY_DIGITAL_SIGNATURE));
    if (!want->ca) {
        certs_ok(gnutls_x509_crt_set_key_purpose_oid(crt,
                                                     want->purpose != NULL ? want->purpose
                                                     : want->client ? GNUTLS_KP_TLS_WWW_CLIENT
                                                                    : GNUTLS_KP_TLS_WWW_SERVER,
                                                     0));
    }
    certs_alternatives(crt, want);
    if (want->bulk > 0) {
        uint8_t *octets = calloc(1, want->bulk);

        certs_ok(gnutls_x509_crt_set_extension_by_oid(crt, "1.3.6.1.4.1.32473.1", octets,
                                                      (unsigned)want->bulk, 0));
        free(octets);
    }
}

/* Without an issuer it signs itself. */
static inline void certs_make(struct certs_one *c, const struct certs_want *want,
                              const struct certs_one *issuer)
{
    unsigned bits = want->rsa ? 2048 : (unsigned)GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);

    *c = (struct certs_one){0};
    certs_ok(gnutls_x509_privkey_init(&c->key));
    certs_ok(
        gnutls_x509_privkey_generate(c->key, want->rsa ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA, bits, 0));
    certs_ok(gnutls_x509_crt_init(&c->crt));
    certs_describe(c->crt, want);
    certs_ok(gnutls_x509_crt_set_key(c->crt, c->key));
    certs_ok(gnutls_x509_crt_sign2(c->crt, issuer != NULL ? issuer->crt : c->crt,
                                   issuer != NULL ? issuer->key : c->key, GNUTLS_DIG_SHA256, 0));
    certs_ok(gnutls_x509_crt_export2(c->crt, GNUTLS_X509_FMT_PEM, &c->pem));
    certs_ok(gnutls_x509_crt_export2(c->crt, GNUTLS_X509_FMT_DER, &c->der));
    certs_ok(gnutls_x509_privkey_export2_pkcs8(c->key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
                                               &c->key_pem));
}

static inline void certs_free(struct certs_one *c)
{
    gnutls_x509_crt_deinit(c->crt);
    gnutls_x509_privkey_deinit(c->key);
    gnutls_free(c->pem.data);
    gnutls_free(c->der.data);
    gnutls_free(c->key_pem.data);
}

#endif
