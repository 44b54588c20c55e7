/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/certmake.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "base/err.h"
#include "base/str.h"
#include "crypto/wipe.h"

#define SERIAL_SIZE  16
#define KEY_ID_SIZE  20
#define CA_NAME_SIZE 40
#define COMMON_MAX   64 /* RFC 5280, ub-common-name */
#define DNS_NAME_MAX 253
#define LABEL_MAX    63

static int error_of(int gnutls_err)
{
    switch (gnutls_err) {
    case GNUTLS_E_SUCCESS: return WR_OK;
    case GNUTLS_E_MEMORY_ERROR: return WR_E_NOMEM;
    case GNUTLS_E_SHORT_MEMORY_BUFFER: return WR_E_FULL;
    default: return WR_E_FORMAT;
    }
}

static bool label_is_good(const char *label, size_t n)
{
    if (n == 0 || n > LABEL_MAX || label[0] == '-' || label[n - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char c = label[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-')) {
            return false;
        }
    }
    return true;
}

bool wr_certmake_name(const char *text)
{
    size_t n = strlen(text), begin = 0;

    if (n > DNS_NAME_MAX) {
        return false;
    }
    if (text[0] == '*' && text[1] == '.') {
        begin = 2;
    }
    for (size_t at = begin; at <= n; at++) {
        if (at < n && text[at] != '.') {
            continue;
        }
        if (!label_is_good(text + begin, at - begin)) {
            return false;
        }
        begin = at + 1;
    }
    return true;
}

static int read_key(const char *pem, gnutls_x509_privkey_t *ret_key)
{
    const gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
    gnutls_x509_privkey_t key;
    int err = gnutls_x509_privkey_init(&key);

    if (!err) {
        err = gnutls_x509_privkey_import2(key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
        if (err) {
            gnutls_x509_privkey_deinit(key);
        }
    }
    if (!err) {
        *ret_key = key;
    }
    return error_of(err);
}

static int read_cert(const char *pem, gnutls_x509_crt_t *ret_cert)
{
    const gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
    gnutls_x509_crt_t cert;
    int err = gnutls_x509_crt_init(&cert);

    if (!err) {
        err = gnutls_x509_crt_import(cert, &text, GNUTLS_X509_FMT_PEM);
        if (err) {
            gnutls_x509_crt_deinit(cert);
        }
    }
    if (!err) {
        *ret_cert = cert;
    }
    return error_of(err);
}

int wr_certmake_key(char *ret_key, size_t cap)
{
    gnutls_x509_privkey_t key;
    size_t n = cap;
    int err = gnutls_x509_privkey_init(&key);

    if (err) {
        return error_of(err);
    }
    err = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                       GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (!err) {
        err = gnutls_x509_privkey_export_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
                                               ret_key, &n);
    }
    gnutls_x509_privkey_deinit(key);
    if (!err && n >= cap) {
        return WR_E_FULL;
    }
    if (!err) {
        ret_key[n] = '\0';
    }
    return error_of(err);
}

/* What every certificate has: version, number, time, key, and the id of the key. */
static int begin(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key, const struct wr_certmake *how,
                 uint8_t key_id[KEY_ID_SIZE])
{
    uint8_t serial[SERIAL_SIZE];
    size_t n = KEY_ID_SIZE;
    int err = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and always as long */
    if (!err) {
        err = gnutls_x509_crt_set_version(cert, 3);
    }
    if (!err) {
        err = gnutls_x509_crt_set_serial(cert, serial, sizeof(serial));
    }
    if (!err) {
        err = gnutls_x509_crt_set_activation_time(cert, how->from_s);
    }
    if (!err) {
        err = gnutls_x509_crt_set_expiration_time(cert, how->until_s);
    }
    if (!err) {
        err = gnutls_x509_crt_set_key(cert, key);
    }
    if (!err) {
        err = gnutls_x509_crt_get_key_id(cert, 0, key_id, &n);
    }
    return err ? err : gnutls_x509_crt_set_subject_key_id(cert, key_id, n);
}

static int set_common_name(gnutls_x509_crt_t cert, const char *name)
{
    return gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                         (unsigned)strlen(name));
}

/* Signs and writes. */
static int finish(gnutls_x509_crt_t cert, gnutls_x509_crt_t issuer, gnutls_x509_privkey_t key,
                  char *ret_cert, size_t cap)
{
    size_t n = cap;
    int err = gnutls_x509_crt_sign2(cert, issuer, key, GNUTLS_DIG_SHA256, 0);

    if (!err) {
        err = gnutls_x509_crt_export(cert, GNUTLS_X509_FMT_PEM, ret_cert, &n);
    }
    if (err) {
        return error_of(err);
    }
    if (n >= cap) {
        return WR_E_FULL;
    }
    ret_cert[n] = '\0';
    return WR_OK;
}

/* Two authorities of one owner are told apart by a piece of their keys' ids. */
static int set_ca(gnutls_x509_crt_t cert, const uint8_t *key_id)
{
    char name[CA_NAME_SIZE];
    struct wr_str s;
    int err;

    wr_str_init(&s, name, sizeof(name));
    wr_str_text(&s, "weir local CA ");
    wr_str_hex(&s, key_id, 4);
    err = set_common_name(cert, name);
    if (!err) {
        err = gnutls_x509_crt_set_basic_constraints(cert, 1, 0);
    }
    return err ? err
               : gnutls_x509_crt_set_key_usage(cert,
                                               GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
}

int wr_certmake_ca(const struct wr_certmake *how, const char *key, char *ret_cert, size_t cap)
{
    gnutls_x509_privkey_t own;
    gnutls_x509_crt_t cert;
    uint8_t key_id[KEY_ID_SIZE];
    int err = read_key(key, &own);

    if (err) {
        return err;
    }
    err = gnutls_x509_crt_init(&cert);
    if (err) {
        gnutls_x509_privkey_deinit(own);
        return error_of(err);
    }
    err = begin(cert, own, how, key_id);
    if (!err) {
        err = set_ca(cert, key_id);
    }
    err = err ? error_of(err) : finish(cert, cert, own, ret_cert, cap);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(own);
    return err;
}

static int add_names(gnutls_x509_crt_t cert, const struct wr_certmake *how)
{
    int err = 0;

    for (size_t i = 0; !err && i < how->names; i++) {
        err = gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, how->name[i],
                                                   (unsigned)strlen(how->name[i]),
                                                   GNUTLS_FSAN_APPEND);
    }
    for (size_t i = 0; !err && i < how->addrs; i++) {
        err = gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_IPADDRESS, how->addr[i].ip,
                                                   (unsigned)wr_addr_ip_size(&how->addr[i]),
                                                   GNUTLS_FSAN_APPEND);
    }
    return err;
}

static int set_server(gnutls_x509_crt_t cert, const struct wr_certmake *how)
{
    char text[WR_ADDR_TEXT_SIZE] = "weir";
    const char *common = how->names > 0 ? how->name[0] : text;
    int err;

    if (how->names == 0 && how->addrs > 0) {
        wr_addr_to_text(&how->addr[0], text, sizeof(text));
    }
    err = set_common_name(cert, strlen(common) > COMMON_MAX ? "weir" : common);
    if (!err) {
        err = add_names(cert, how);
    }
    if (!err) {
        err = gnutls_x509_crt_set_basic_constraints(cert, 0, -1);
    }
    if (!err) {
        err = gnutls_x509_crt_set_key_usage(cert, GNUTLS_KEY_DIGITAL_SIGNATURE);
    }
    return err ? err : gnutls_x509_crt_set_key_purpose_oid(cert, GNUTLS_KP_TLS_WWW_SERVER, 0);
}

/* The authority's certificate and key, which must belong together. */
static int read_ca(const char *ca_cert, const char *ca_key, gnutls_x509_crt_t *ret_cert,
                   gnutls_x509_privkey_t *ret_key, uint8_t key_id[KEY_ID_SIZE])
{
    uint8_t of_key[KEY_ID_SIZE];
    size_t n = KEY_ID_SIZE, of_key_n = KEY_ID_SIZE;
    int err = read_cert(ca_cert, ret_cert);

    if (err) {
        return err;
    }
    err = read_key(ca_key, ret_key);
    if (err) {
        gnutls_x509_crt_deinit(*ret_cert);
        return err;
    }
    if (gnutls_x509_crt_get_key_id(*ret_cert, 0, key_id, &n) ||
        gnutls_x509_privkey_get_key_id(*ret_key, 0, of_key, &of_key_n) || n != of_key_n ||
        memcmp(key_id, of_key, n) != 0 || gnutls_x509_crt_get_ca_status(*ret_cert, NULL) <= 0) {
        gnutls_x509_privkey_deinit(*ret_key);
        gnutls_x509_crt_deinit(*ret_cert);
        return WR_E_DENIED;
    }
    return WR_OK;
}

int wr_certmake_server(const struct wr_certmake *how, const char *ca_cert, const char *ca_key,
                       const char *key, char *ret_cert, size_t cap)
{
    gnutls_x509_privkey_t signer, own;
    gnutls_x509_crt_t ca, cert;
    uint8_t ca_id[KEY_ID_SIZE], key_id[KEY_ID_SIZE];
    int err = read_ca(ca_cert, ca_key, &ca, &signer, ca_id);

    if (err) {
        return err;
    }
    err = read_key(key, &own);
    if (!err) {
        err = error_of(gnutls_x509_crt_init(&cert));
        if (!err) {
            err = begin(cert, own, how, key_id);
            if (!err) {
                err = set_server(cert, how);
            }
            if (!err) {
                err = gnutls_x509_crt_set_authority_key_id(cert, ca_id, sizeof(ca_id));
            }
            err = err ? error_of(err) : finish(cert, ca, signer, ret_cert, cap);
            gnutls_x509_crt_deinit(cert);
        }
        gnutls_x509_privkey_deinit(own);
    }
    gnutls_x509_privkey_deinit(signer);
    gnutls_x509_crt_deinit(ca);
    return err;
}

int wr_certmake_ca_until(const char *ca_cert, const char *ca_key, int64_t *ret_until_s)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
    uint8_t key_id[KEY_ID_SIZE];
    int err = read_ca(ca_cert, ca_key, &cert, &key, key_id);

    if (!err) {
        *ret_until_s = gnutls_x509_crt_get_expiration_time(cert);
        gnutls_x509_privkey_deinit(key);
        gnutls_x509_crt_deinit(cert);
    }
    return err;
}

/* With this flag the key's id is the SHA-256 of its SubjectPublicKeyInfo, which is what a pin is. */
int wr_certmake_pin(const char *key, struct wr_pin *ret_pin)
{
    gnutls_x509_privkey_t own;
    size_t n = sizeof(ret_pin->digest);
    int err = read_key(key, &own);

    if (err) {
        return err;
    }
    err = gnutls_x509_privkey_get_key_id(own, GNUTLS_KEYID_USE_SHA256, ret_pin->digest, &n);
    gnutls_x509_privkey_deinit(own);
    return error_of(err);
}
