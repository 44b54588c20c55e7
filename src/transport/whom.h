/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom: is the server at the other end the one that the owner means? (RFC 8310, RFC 7858 section 4.2, RFC 7671)
 *
 * The URL of an upstream says what proves it: a certificate for its name (or its address) from an authority that is trusted, one of
 * several public keys, TLSA records that DNSSEC has proven; one of the ways named is enough, unless each is wanted. It is strict: when
 * nothing is proven the session ends. Only `opportunistic` goes on, and says so.
 *
 *     setup.verify = wr_whom_verify;   setup.user = &whom;       (transport/tls, transport/quic)
 *
 * TLSA: usages 0 and 1 want PKIX as well; 2 makes a certificate of the chain the anchor, and the name counts; with 3 neither name nor
 * dates count (RFC 7671 sections 5.1 to 5.4). Without proven records DANE proves nothing.
 *
 * Time: a certificate is judged at the time that the box believes in. While nobody has confirmed that (1970 after a power cut), by the
 * floor, a moment that has certainly passed: a certificate of the chain whose end lies before it has expired, whatever the clock says;
 * that it is good already is not judged. So the box gets out and can ask for the time; what is not proven meanwhile is that a certificate has not expired since the floor. `unproven` in the
 * verdict says so, and its owner ends such sessions when the time is known. Pins and TLSA usage 3 need no time.
 *
 * The struct is the owner's, immutable while sessions use it, and may be shared by threads. On success the sentence in `ret_why` says
 * what proved it, else what is wrong and what to do.
 */
#ifndef WR_TRANSPORT_WHOM_H
#define WR_TRANSPORT_WHOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "transport/creds.h"
#include "transport/tlsa.h"
#include "transport/uri.h"

struct wr_whom {
    uint8_t proof;     /* enum wr_uri_proof, or-ed */
    bool tlsa_known;   /* the records below are all there are, proven by DNSSEC */
    bool system_clock; /* the time is right, whatever it is (time.trust: system) */
    int64_t floor_s;   /* a moment that has certainly passed */
    const char *name;  /* what it has to prove to be; "": `addr` */
    struct wr_addr addr;
    const struct wr_creds *creds; /* the trust anchors; needed for PKIX */
    const uint8_t (*pin)[WR_URI_PIN_SIZE];
    const struct wr_tlsa *tlsa;
    uint8_t pins, tlsas;
};

/* What the URL says, with the anchors; no TLSA records yet. Points into `uri`, which lives as long. */
struct wr_whom wr_whom_of(const struct wr_uri *uri, const struct wr_creds *creds);
/* The hook of wr_tls_setup; `user` is a const struct wr_whom *. WR_OK, or WR_E_DENIED and why. */
int wr_whom_verify(void *user, const struct wr_certs *chain, struct wr_verdict_text *ret_why);
/* Would the verdict at this moment rest on a time that nobody has confirmed? */
bool wr_whom_is_unproven(const struct wr_whom *whom, const struct wr_now *now);
/* Have both the same TLSA records, in the same order? */
bool wr_whom_has_records_of(const struct wr_whom *whom, const struct wr_whom *other);
/* "_853._tcp.dns.example": where the TLSA records of the server are, as text. 0: it has no name, or too long a one. */
size_t wr_whom_tlsa_name(const struct wr_uri *uri, char *ret_name, size_t cap);

#endif
