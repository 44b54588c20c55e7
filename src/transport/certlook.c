/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/certlook.h"

#include <string.h>

#include <gnutls/x509.h>

#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"

static void keep_name(int err, gnutls_datum_t *name, char ret[WR_CERTLOOK_NAME_SIZE])
{
    struct wr_str s;

    wr_str_init(&s, ret, WR_CERTLOOK_NAME_SIZE);
    if (!err && name->data) {
        wr_str_bytes(&s, (const char *)name->data, name->size);
        gnutls_free(name->data);
    }
}

static int look(gnutls_x509_crt_t cert, struct wr_certlook *ret)
{
    gnutls_datum_t der = {NULL, 0}, name = {NULL, 0};
    int err = gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_DER, &der);

    if (err) {
        return err == GNUTLS_E_MEMORY_ERROR ? WR_E_NOMEM : WR_E_FORMAT;
    }
    memset(ret, 0, sizeof(*ret));
    err = wr_creds_facts_of(der.data, der.size, &ret->facts);
    if (!err) {
        err = wr_digest_of(WR_HASH_SHA256, der.data, der.size, ret->digest);
    }
    gnutls_free(der.data);
    ret->authority = gnutls_x509_crt_get_ca_status(cert, NULL) > 0;
    ret->self_signed = gnutls_x509_crt_check_issuer(cert, cert) == 1;
    keep_name(gnutls_x509_crt_get_dn3(cert, &name, 0), &name, ret->subject);
    keep_name(gnutls_x509_crt_get_issuer_dn3(cert, &name, 0), &name, ret->issuer);
    return err;
}

int wr_certlook(const char *pem, unsigned index, struct wr_certlook *ret_look)
{
    const gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
    gnutls_x509_crt_t cert[WR_TLS_CERTS_MAX];
    unsigned n = WR_TLS_CERTS_MAX;
    int err = gnutls_x509_crt_list_import(cert, &n, &text, GNUTLS_X509_FMT_PEM,
                                          GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);

    if (err < 0) {
        return err == GNUTLS_E_SHORT_MEMORY_BUFFER ? WR_E_LIMIT
               : err == GNUTLS_E_MEMORY_ERROR      ? WR_E_NOMEM
                                                   : WR_E_FORMAT;
    }
    n = (unsigned)err;
    err = index < n ? look(cert[index], ret_look) : WR_E_NOTFOUND;
    for (unsigned i = 0; i < n; i++) {
        gnutls_x509_crt_deinit(cert[i]);
    }
    return err;
}
