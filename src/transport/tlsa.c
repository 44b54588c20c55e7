/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/tlsa.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/err.h"

enum {
    USAGE_MAX = 3,
    SELECT_ALL = 0,
    SELECT_KEY = 1,
    MATCH_OCTETS = 0,
    MATCH_256 = 1,
    MATCH_512 = 2
};

int wr_tlsa_read(const uint8_t *rdata, size_t size, struct wr_tlsa *ret)
{
    size_t n = size - 3;

    if (size < 4 || rdata[0] > USAGE_MAX || rdata[1] > SELECT_KEY || rdata[2] > MATCH_512) {
        return WR_E_FORMAT;
    }
    if ((rdata[2] == MATCH_256 && n != 32) || (rdata[2] == MATCH_512 && n != 64) ||
        n > sizeof(ret->data)) {
        return WR_E_FORMAT;
    }
    *ret = (struct wr_tlsa){
        .usage = rdata[0], .selector = rdata[1], .matching = rdata[2], .size = (uint16_t)n};
    memcpy(ret->data, rdata + 3, n);
    return WR_OK;
}

static bool octets_match(const struct wr_tlsa *r, const uint8_t *bytes, size_t size)
{
    uint8_t digest[64];

    if (r->matching == MATCH_OCTETS) {
        return size == r->size && memcmp(bytes, r->data, size) == 0;
    }
    return gnutls_hash_fast(r->matching == MATCH_256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA512, bytes,
                            size, digest) == 0 &&
           memcmp(digest, r->data, r->size) == 0;
}

/* The SubjectPublicKeyInfo as it stands in the certificate. */
static bool key_matches(const struct wr_tlsa *r, gnutls_x509_crt_t crt)
{
    gnutls_datum_t spki = {NULL, 0};
    gnutls_pubkey_t key;
    bool same = false;

    if (gnutls_pubkey_init(&key) != 0) {
        return false;
    }
    if (gnutls_pubkey_import_x509(key, crt, 0) == 0 &&
        gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &spki) == 0) {
        same = octets_match(r, spki.data, spki.size);
        gnutls_free(spki.data);
    }
    gnutls_pubkey_deinit(key);
    return same;
}

bool wr_tlsa_matches(const struct wr_tlsa *record, const uint8_t *der, size_t size)
{
    gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der, (unsigned)size};
    gnutls_x509_crt_t crt;
    bool same = false;

    if (record->selector == SELECT_ALL) {
        return octets_match(record, der, size);
    }
    if (size > WR_TLS_CHAIN_OCTETS_MAX || gnutls_x509_crt_init(&crt) != 0) {
        return false;
    }
    if (gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) == 0) {
        same = key_matches(record, crt);
    }
    gnutls_x509_crt_deinit(crt);
    return same;
}
