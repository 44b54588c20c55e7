/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: what one side of TLS proves itself with, and whom it believes.
 *
 * A server has pairs of a chain and its key (which one is used follows from the name that the client wants); a client has trust
 * anchors, a server too when it asks for client certificates. All are made from PEM octets that somebody else has read; they do not
 * change afterwards, so threads share them, and the last one that drops them frees them.
 *
 *     err = wr_creds_make(&setup, &why, &creds);   wr_creds_keep(creds);   ...   wr_creds_drop(creds);
 *
 * Of each pair there are facts: until when it is good, which names and addresses it carries, what kind of key, its pin (SHA-256 of
 * the SubjectPublicKeyInfo, RFC 7858 section 4.2). Whether a certificate is good at this time is not looked at when credentials are
 * made, for the time may be unknown; wr_creds_verify judges the chain of a peer at the time that it is given (RFC 5280, RFC 6125).
 *
 * GnuTLS does the work. Memory: its allocator's, when a configuration is loaded, not when a query comes. GnuTLS has one clock for
 * the process: wr_creds_clock sets it, and every call that is given the time does so by itself.
 * Errors: WR_E_FORMAT (not PEM, not a certificate), WR_E_DENIED (key and chain do not belong together; a chain that proves nothing),
 * WR_E_LIMIT, WR_E_NOMEM; `why` has a sentence for people.
 */
#ifndef WR_TRANSPORT_CREDS_H
#define WR_TRANSPORT_CREDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "base/time.h"

#define WR_CREDS_PIN_SIZE 32
/* Names of one certificate that are kept as facts, in octets with a NUL behind each, and its addresses. */
#define WR_CREDS_NAMES_SIZE 1024
#define WR_CREDS_ADDRS_MAX  16

struct wr_creds;

struct wr_verdict_text {
    char text[160]; /* a sentence, without a full stop; "" when there is nothing to say */
};

struct wr_creds_pem {
    const uint8_t *chain, *key; /* PEM */
    size_t chain_size, key_size;
};

struct wr_creds_setup {
    const struct wr_creds_pem *pairs; /* a server's, or what a client shows when it is asked */
    size_t count;
    const uint8_t *anchors; /* PEM of many certificates, or NULL */
    size_t anchors_size;
};

enum wr_creds_key { WR_CREDS_OTHER = 0, WR_CREDS_RSA, WR_CREDS_ECDSA, WR_CREDS_EDDSA };

struct wr_creds_facts {
    int64_t not_before_s, not_after_s; /* of the whole chain: the latest start, the earliest end */
    struct wr_addr addr[WR_CREDS_ADDRS_MAX];
    uint16_t key_bits;
    uint8_t key;   /* enum wr_creds_key */
    uint8_t addrs; /* of addr */
    uint8_t certs; /* of the chain */
    uint8_t pin[WR_CREDS_PIN_SIZE];
    char names[WR_CREDS_NAMES_SIZE]; /* "a.example\0*.b.example\0\0" */
};

/* One certificate of a peer, in DER, while the hook that judges it is called. */
struct wr_certs_one {
    const uint8_t *der;
    size_t size;
};

struct wr_certs {
    struct wr_certs_one cert[WR_TLS_CERTS_MAX]; /* the peer's own first */
    size_t count;
    struct wr_now now; /* the time at which it is to be judged */
    bool timeless;     /* its dates are somebody else's to judge (transport/whom) */
    bool of_server;    /* the peer is a server */
};

int wr_creds_make(const struct wr_creds_setup *setup, struct wr_verdict_text *ret_why,
                  struct wr_creds **ret_creds);
struct wr_creds *wr_creds_keep(struct wr_creds *creds);
void wr_creds_drop(struct wr_creds *creds); /* NULL does nothing */

size_t wr_creds_count(const struct wr_creds *creds); /* pairs */
const struct wr_creds_facts *wr_creds_facts(const struct wr_creds *creds, size_t i);
/* Whether one of the pairs carries the address (not: a name that has it). */
bool wr_creds_has_addr(const struct wr_creds *creds, const struct wr_addr *addr);
size_t wr_creds_anchors(const struct wr_creds *creds);

/* PKIX: the chain leads to an anchor, is good now and meant for what it is used for; with `host` (a name, or the text of an address) it
 * carries that. WR_OK, or WR_E_DENIED and why. */
int wr_creds_verify(const struct wr_creds *creds, const struct wr_certs *chain, const char *host,
                    struct wr_verdict_text *ret_why);
/* The same with certificate `anchor` of the chain itself as the one anchor (RFC 7671 section 5.2). */
int wr_creds_verify_own(const struct wr_certs *chain, size_t anchor, const char *host,
                        struct wr_verdict_text *ret_why);
/* The pin of one certificate in DER. WR_E_FORMAT: it is none. */
int wr_creds_pin(const uint8_t *der, size_t size, uint8_t ret_pin[WR_CREDS_PIN_SIZE]);
/* The facts of one certificate in DER, by themselves. WR_E_FORMAT. */
int wr_creds_facts_of(const uint8_t *der, size_t size, struct wr_creds_facts *ret_facts);
/* What GnuTLS takes for the time from now on, in every thread. */
void wr_creds_clock(int64_t wall_s);

/* For tls and quic: the library's objects (gnutls_certificate_credentials_t, gnutls_priority_t). */
void *wr_creds_library(const struct wr_creds *creds);
void *wr_creds_priority(const struct wr_creds *creds);
/* The same as text, without TLS 1.2. */
const char *wr_creds_newest(void);

#endif
