/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making certificates: a certificate authority of the owner's own, and a server's certificate by it (RFC 5280).
 *
 *     err = wr_certmake_key(key, cap, &n);                                     a key, PKCS #8 in PEM
 *     err = wr_certmake_ca(&how, ca_key, cert, cap, &n);
 *     err = wr_certmake_server(&how, ca_cert, ca_key, server_key, cert, cap, &n);
 *     err = wr_certmake_pin(server_key, &pin);
 *
 * Keys are ECDSA P-256: a signature costs a tenth of what RSA's does, and everything that speaks TLS 1.2 knows them. The authority
 * may sign servers and nothing below (path length 0); a server's certificate is for servers alone. Names and addresses
 * stand in the subject's alternative names, where clients look (RFC 6125); the common name is for people.
 *
 * PEM goes in and out as text with a NUL. Time and names are arguments; keys and serial numbers are random, by GnuTLS. Whoever keeps
 * a key wipes its room. Errors: WR_E_FORMAT (PEM that cannot be read), WR_E_DENIED (key and certificate do not belong
 * together, or it is no authority), WR_E_FULL, WR_E_NOMEM.
 */
#ifndef WR_TRANSPORT_CERTMAKE_H
#define WR_TRANSPORT_CERTMAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "crypto/pin.h"

#define WR_CERTMAKE_PEM_SIZE \
    8192 /* room that is enough for any of them with WR_CERTMAKE_NAMES_MAX */
/* Names and addresses of one certificate. */
#define WR_CERTMAKE_NAMES_MAX 16

struct wr_certmake {
    int64_t from_s, until_s;
    const char *const *name; /* DNS names that wr_certmake_name took */
    size_t names;
    const struct wr_addr *addr;
    size_t addrs;
};

/* Whether a certificate may carry it: letters, digits, hyphens and dots, at most 253, a "*" as the first label. */
bool wr_certmake_name(const char *text);

int wr_certmake_key(char *ret_key, size_t cap);
int wr_certmake_ca(const struct wr_certmake *how, const char *key, char *ret_cert, size_t cap);
int wr_certmake_server(const struct wr_certmake *how, const char *ca_cert, const char *ca_key,
                       const char *key, char *ret_cert, size_t cap);
int wr_certmake_pin(const char *key, struct wr_pin *ret_pin);
/* Until when a certificate is good; WR_E_DENIED: it is no authority's, or `key` is not its key. */
int wr_certmake_ca_until(const char *ca_cert, const char *ca_key, int64_t *ret_until_s);

#endif
