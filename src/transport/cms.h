/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CMS: a detached signature over a file (RFC 5652), as `openssl cms -sign -binary -outform DER` writes it, and as RFC 8520 section 13 has it for MUD files.
 *
 *     wr_cms_verify(&proof, &who, &why)                    is it signed by somebody whom these anchors vouch for, now?
 *     wr_cms_sign(cert, key, text, n, sig, cap, &sig_n, &why)
 *
 * Good is a signature whose signer's certificate is in it (intermediate ones too), leads to an anchor, is good at the time that is given, and may sign (key usage digitalSignature, which
 * RFC 8520 wants to be there; extended key usage, where there is one: of files, mail or anything). SHA-1 and RSA below 2048 bits prove nothing. Each of several signatures has to be good. Who has signed is the certificate's subject, made printable.
 *
 * GnuTLS does the work, when the owner imports or exports something. Memory: its allocator's, bounded by the octets that are handed in (WR_MUD_SIGNATURE_MAX, WR_CREDS_ANCHORS_OCTETS_MAX).
 * Errors: WR_E_FORMAT (no CMS, no certificates, no key), WR_E_DENIED (not proven), WR_E_FULL, WR_E_NOMEM; `why` has a sentence.
 */
#ifndef WR_TRANSPORT_CMS_H
#define WR_TRANSPORT_CMS_H

#include <stddef.h>
#include <stdint.h>

#include "transport/creds.h"

#define WR_CMS_SIGNER_SIZE 256
/* Signatures in one of them that are looked at; certificates; purposes of one. */
#define WR_CMS_SIGNATURES_MAX   4
#define WR_CMS_CERTIFICATES_MAX 16
#define WR_CMS_PURPOSES_MAX     16

struct wr_cms_proof {
    const void *text, *sig; /* the signature in DER */
    size_t n, sig_n;
    const void *anchors; /* PEM */
    size_t anchors_n;
    int64_t now_s;
};

int wr_cms_verify(const struct wr_cms_proof *proof, char ret_signer[WR_CMS_SIGNER_SIZE],
                  struct wr_verdict_text *ret_why);
/* `cert`: PEM of the signer's certificate and those between it and an anchor; `key`: PEM. All with a NUL. */
int wr_cms_sign(const char *cert, const char *key, const void *text, size_t n, int64_t now_s,
                void *ret_sig, size_t cap, size_t *ret_n, struct wr_verdict_text *ret_why);

#endif
