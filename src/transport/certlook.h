/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look at certificates: what stands in a PEM file, one after the other, for people.
 *
 *     for (unsigned i = 0; wr_certlook(pem, i, &look) == WR_OK; i++) ...
 *
 * The facts are those by which weir judges its own (transport/creds); beside them who it is for, who signed it, and its SHA-256, by which
 * two are told apart. Nothing is verified. Errors: WR_E_NOTFOUND (there are not so many), WR_E_FORMAT (a file that cannot be
 * read), WR_E_LIMIT (more than WR_TLS_CERTS_MAX), WR_E_NOMEM.
 */
#ifndef WR_TRANSPORT_CERTLOOK_H
#define WR_TRANSPORT_CERTLOOK_H

#include "transport/creds.h"

#define WR_CERTLOOK_NAME_SIZE 256

struct wr_certlook {
    struct wr_creds_facts facts;
    bool authority;   /* it may sign others */
    bool self_signed; /* by its own key's name; nobody else vouches for it */
    uint8_t digest[32];
    char subject[WR_CERTLOOK_NAME_SIZE], issuer[WR_CERTLOOK_NAME_SIZE]; /* RFC 4514, perhaps cut */
};

int wr_certlook(const char *pem, unsigned index, struct wr_certlook *ret_look);

#endif
