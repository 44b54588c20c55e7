/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/cms.h"

#include <gnutls/abstract.h>
#include <gnutls/pkcs7.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

/* RSA of 2048 bits and its like: a signature is to last for years. */
#define STRENGTH GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM)

/* What a call has open. */
struct look {
    gnutls_pkcs7_t p7;
    gnutls_x509_trust_list_t anchors;
    gnutls_x509_crt_t cert[WR_CMS_CERTIFICATES_MAX];
    unsigned certs;
    struct wr_verdict_text *why;
};

static int refuse(struct look *l, int err, const char *text)
{
    if (l->why->text[0] == 0) {
        struct wr_str s;
        wr_str_init(&s, l->why->text, sizeof(l->why->text));
        wr_str_text(&s, text);
    }
    return err;
}

static gnutls_datum_t datum(const void *bytes, size_t n)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)bytes, (unsigned)n};
}

/* --- verifying --- */

static int open_all(struct look *l, const struct wr_cms_proof *p)
{
    gnutls_datum_t sig = datum(p->sig, p->sig_n), anchors = datum(p->anchors, p->anchors_n);
    if (gnutls_pkcs7_init(&l->p7) < 0 || gnutls_x509_trust_list_init(&l->anchors, 0) < 0) {
        return refuse(l, WR_E_NOMEM, "not enough memory");
    }
    if (p->sig_n > WR_MUD_SIGNATURE_MAX || gnutls_pkcs7_import(l->p7, &sig, GNUTLS_X509_FMT_DER)) {
        return refuse(l, WR_E_FORMAT, "this is no CMS signature in DER");
    }
    if (p->anchors_n > WR_CREDS_ANCHORS_OCTETS_MAX ||
        gnutls_x509_trust_list_add_trust_mem(l->anchors, &anchors, NULL, GNUTLS_X509_FMT_PEM, 0,
                                             0) <= 0) {
        return refuse(l, WR_E_FORMAT, "there are no certificates among the anchors");
    }
    return WR_OK;
}

/* Is this the certificate that the signature names: by issuer and number, or by the identifier of its key? */
static bool is_named(gnutls_x509_crt_t cert, const gnutls_pkcs7_signature_info_st *info)
{
    uint8_t id[64];
    size_t n = sizeof(id);
    gnutls_datum_t issuer = {NULL, 0};
    if (info->signer_serial.size == 0) {
        return info->issuer_keyid.size > 0 &&
               gnutls_x509_crt_get_subject_key_id(cert, id, &n, NULL) == 0 &&
               n == info->issuer_keyid.size && memcmp(id, info->issuer_keyid.data, n) == 0;
    }
    bool same = gnutls_x509_crt_get_serial(cert, id, &n) == 0 && n == info->signer_serial.size &&
                memcmp(id, info->signer_serial.data, n) == 0 &&
                gnutls_x509_crt_get_raw_issuer_dn(cert, &issuer) == 0 &&
                issuer.size == info->issuer_dn.size &&
                memcmp(issuer.data, info->issuer_dn.data, issuer.size) == 0;
    gnutls_free(issuer.data);
    return same;
}

/* All certificates of the signature, the signer's first. */
static int read_chain(struct look *l, const gnutls_pkcs7_signature_info_st *info)
{
    int count = gnutls_pkcs7_get_crt_count(l->p7);
    bool found = false;
    for (int i = 0; i < count && l->certs < WR_CMS_CERTIFICATES_MAX; i++) {
        gnutls_datum_t der = {NULL, 0};
        gnutls_x509_crt_t *at = &l->cert[l->certs];
        if (gnutls_pkcs7_get_crt_raw2(l->p7, (unsigned)i, &der) != 0) {
            continue;
        }
        if (gnutls_x509_crt_init(at) == 0) {
            l->certs++;
            if (gnutls_x509_crt_import(*at, &der, GNUTLS_X509_FMT_DER) != 0) {
                gnutls_x509_crt_deinit(*at);
                l->certs--;
            } else if (!found && is_named(*at, info)) {
                gnutls_x509_crt_t first = l->cert[0];
                l->cert[0] = *at;
                *at = first;
                found = true;
            }
        }
        gnutls_free(der.data);
    }
    return found ? WR_OK
                 : refuse(l, WR_E_DENIED, "the signer's certificate is not in the signature");
}

static void free_chain(struct look *l)
{
    while (l->certs > 0) {
        gnutls_x509_crt_deinit(l->cert[--l->certs]);
    }
}

/* Where a certificate says what it is for, files have to be among it: the key of a web server signs no profiles. */
static bool is_for_files(gnutls_x509_crt_t cert)
{
    static const char *const good[] = {GNUTLS_KP_ANY, GNUTLS_KP_CODE_SIGNING,
                                       GNUTLS_KP_EMAIL_PROTECTION,
                                       "1.3.6.1.5.5.7.3.36" /* RFC 9336 */};
    char oid[64];
    for (unsigned i = 0; i < WR_CMS_PURPOSES_MAX; i++) {
        size_t n = sizeof(oid);
        int err = gnutls_x509_crt_get_key_purpose_oid(cert, i, oid, &n, NULL);
        for (size_t k = 0; err == 0 && k < sizeof(good) / sizeof(good[0]); k++) {
            if (strcmp(oid, good[k]) == 0) {
                return true;
            }
        }
        if (err == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
            return i == 0; /* it says nothing */
        }
    }
    return false;
}

/* May it sign, and does somebody vouch for it now? */
static int judge_signer(struct look *l)
{
    unsigned usage = 0, status = 0;
    if (gnutls_x509_crt_get_key_usage(l->cert[0], &usage, NULL) != 0 ||
        (usage & GNUTLS_KEY_DIGITAL_SIGNATURE) == 0 || !is_for_files(l->cert[0])) {
        return refuse(l, WR_E_DENIED, "the signer's certificate is not for signing");
    }
    int err = gnutls_x509_trust_list_verify_crt(l->anchors, l->cert, l->certs,
                                                GNUTLS_VERIFY_ALLOW_UNSORTED_CHAIN | STRENGTH,
                                                &status, NULL);
    return err < 0 ? refuse(l, WR_E_DENIED, gnutls_strerror(err))
           : status & GNUTLS_CERT_EXPIRED
               ? refuse(l, WR_E_DENIED, "the signer's certificate has expired")
           : status & GNUTLS_CERT_NOT_ACTIVATED
               ? refuse(l, WR_E_DENIED, "the signer's certificate is not good yet")
           : status & GNUTLS_CERT_INSECURE_ALGORITHM
               ? refuse(l, WR_E_DENIED,
                        "a key or a digest of the signer's certificates is too weak")
           : status != 0 ? refuse(l, WR_E_DENIED, "no anchor vouches for the signer")
                         : WR_OK;
}

static void say_signer(const struct look *l, char ret_signer[WR_CMS_SIGNER_SIZE])
{
    gnutls_datum_t subject = {NULL, 0};
    struct wr_str s;
    wr_str_init(&s, ret_signer, WR_CMS_SIGNER_SIZE);
    if (gnutls_x509_crt_get_dn3(l->cert[0], &subject, 0) == 0) {
        wr_utf8_safe(&s, (const char *)subject.data, subject.size);
    }
    gnutls_free(subject.data);
}

static int verify_one(struct look *l, const gnutls_datum_t *text, unsigned i,
                      char ret_signer[WR_CMS_SIGNER_SIZE])
{
    gnutls_pkcs7_signature_info_st info;
    memset(&info, 0, sizeof(info));
    int err = gnutls_pkcs7_get_signature_info(l->p7, i, &info);
    if (err < 0) {
        return refuse(l, WR_E_FORMAT, gnutls_strerror(err));
    }
    err = gnutls_sign_is_secure2(info.algo, GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS)
              ? read_chain(l, &info)
              : refuse(l, WR_E_DENIED, "it is signed with something too weak");
    gnutls_pkcs7_signature_info_deinit(&info);
    if (err == WR_OK) {
        err = judge_signer(l);
    }
    if (err == WR_OK && gnutls_pkcs7_verify_direct(l->p7, l->cert[0], i, text, 0) < 0) {
        err = refuse(l, WR_E_DENIED, "it is not a signature over this file");
    }
    if (err == WR_OK) {
        say_signer(l, ret_signer);
    }
    free_chain(l);
    return err;
}

static int verify(struct look *l, const struct wr_cms_proof *p, char ret_signer[WR_CMS_SIGNER_SIZE])
{
    gnutls_datum_t text = datum(p->text, p->n);
    int count = gnutls_pkcs7_get_signature_count(l->p7), err = WR_OK;
    if (count < 1 || count > WR_CMS_SIGNATURES_MAX) {
        return refuse(l, WR_E_FORMAT,
                      count < 1 ? "there is no signature in it"
                                : "there are too many signatures in it");
    }
    wr_creds_clock(p->now_s);
    for (int i = 0; i < count && err == WR_OK; i++) {
        err = verify_one(l, &text, (unsigned)i, ret_signer);
    }
    return err;
}

int wr_cms_verify(const struct wr_cms_proof *proof, char ret_signer[WR_CMS_SIGNER_SIZE],
                  struct wr_verdict_text *ret_why)
{
    struct look l = {.why = ret_why};
    char signer[WR_CMS_SIGNER_SIZE] = "";
    ret_why->text[0] = 0;
    int err = open_all(&l, proof);
    if (err == WR_OK) {
        err = verify(&l, proof, signer);
    }
    if (err == WR_OK) {
        memcpy(ret_signer, signer, sizeof(signer));
    }
    if (l.p7 != NULL) {
        gnutls_pkcs7_deinit(l.p7);
    }
    if (l.anchors != NULL) {
        gnutls_x509_trust_list_deinit(l.anchors, 1);
    }
    return err;
}

/* --- signing --- */

struct signing {
    gnutls_x509_crt_t *cert;
    unsigned certs;
    gnutls_privkey_t key;
};

static int read_signer(struct look *l, const char *cert, const char *key, struct signing *s)
{
    gnutls_datum_t c = datum(cert, strlen(cert)), k = datum(key, strlen(key));
    if (gnutls_x509_crt_list_import2(&s->cert, &s->certs, &c, GNUTLS_X509_FMT_PEM, 0) < 0) {
        return refuse(l, WR_E_FORMAT, "this is no certificate in PEM");
    }
    if (gnutls_privkey_init(&s->key) < 0) {
        return refuse(l, WR_E_NOMEM, "not enough memory");
    }
    if (gnutls_privkey_import_x509_raw(s->key, &k, GNUTLS_X509_FMT_PEM, NULL, 0) < 0) {
        return refuse(l, WR_E_FORMAT, "this is no key in PEM");
    }
    return WR_OK;
}

/* Do key and certificate belong together? */
static bool fits(const struct signing *s)
{
    uint8_t a[20], b[20];
    size_t n = sizeof(a), m = sizeof(b);
    gnutls_pubkey_t own;
    if (gnutls_pubkey_init(&own) < 0) {
        return false;
    }
    bool same = gnutls_pubkey_import_privkey(own, s->key, 0, 0) == 0 &&
                gnutls_pubkey_get_key_id(own, 0, a, &n) == 0 &&
                gnutls_x509_crt_get_key_id(s->cert[0], 0, b, &m) == 0 && n == m &&
                memcmp(a, b, n) == 0;
    gnutls_pubkey_deinit(own);
    return same;
}

static int write_signature(struct look *l, const struct signing *s, gnutls_datum_t *text,
                           void *ret_sig, size_t cap, size_t *ret_n)
{
    gnutls_datum_t out = {NULL, 0};
    int err = gnutls_pkcs7_init(&l->p7);
    if (err == 0) {
        err = gnutls_pkcs7_sign(l->p7, s->cert[0], s->key, text, NULL, NULL, GNUTLS_DIG_SHA256,
                                GNUTLS_PKCS7_INCLUDE_TIME | GNUTLS_PKCS7_INCLUDE_CERT);
    }
    for (unsigned i = 1; i < s->certs && err == 0; i++) {
        err = gnutls_pkcs7_set_crt(l->p7, s->cert[i]);
    }
    if (err == 0) {
        err = gnutls_pkcs7_export2(l->p7, GNUTLS_X509_FMT_DER, &out);
    }
    if (err < 0) {
        return refuse(l, WR_E_FORMAT, gnutls_strerror(err));
    }
    bool room = out.size <= cap;
    if (room) {
        memcpy(ret_sig, out.data, out.size);
        *ret_n = out.size;
    }
    gnutls_free(out.data);
    return room ? WR_OK : refuse(l, WR_E_FULL, "the signature is too long");
}

int wr_cms_sign(const char *cert, const char *key, const void *text, size_t n, int64_t now_s,
                void *ret_sig, size_t cap, size_t *ret_n, struct wr_verdict_text *ret_why)
{
    struct look l = {.why = ret_why};
    struct signing s = {NULL, 0, NULL};
    gnutls_datum_t what = datum(text, n);
    ret_why->text[0] = 0;
    wr_creds_clock(now_s);
    int err = read_signer(&l, cert, key, &s);
    if (err == WR_OK && !fits(&s)) {
        err = refuse(&l, WR_E_DENIED, "the key is not the one of this certificate");
    }
    if (err == WR_OK) {
        err = write_signature(&l, &s, &what, ret_sig, cap, ret_n);
    }
    for (unsigned i = 0; i < s.certs; i++) {
        gnutls_x509_crt_deinit(s.cert[i]);
    }
    gnutls_free(s.cert);
    if (s.key != NULL) {
        gnutls_privkey_deinit(s.key);
    }
    if (l.p7 != NULL) {
        gnutls_pkcs7_deinit(l.p7);
    }
    return err;
}
