/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLSA: what a zone says of the certificate of one of its servers (RFC 6698, RFC 7671).
 *
 * A record names a usage (who it is about), a selector (the whole certificate or its public key) and a matching type (the octets themselves,
 * or a digest of them). Read from RDATA that DNSSEC has proven; what is not known, or has a digest of another length, is unusable
 * and as if it were not there (RFC 7671 section 4.1), and so are octets themselves beyond WR_TLSA_DATA_MAX (section 10.1.2 wants digests).
 *
 * Pure; GnuTLS reads certificates. Nothing is kept.
 */
#ifndef WR_TRANSPORT_TLSA_H
#define WR_TRANSPORT_TLSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum wr_tlsa_usage {
    WR_TLSA_PKIX_TA = 0, /* an authority that has to be in a chain that PKIX proves */
    WR_TLSA_PKIX_EE = 1, /* the server's own, and PKIX proves it too */
    WR_TLSA_DANE_TA = 2, /* an authority, which the chain has to bring along */
    WR_TLSA_DANE_EE = 3, /* the server's own; its names and dates do not count */
};

/* Longest data that is kept: a public key of 4096 bits; whole certificates are given by a digest. */
#define WR_TLSA_DATA_MAX 600

struct wr_tlsa {
    uint8_t usage, selector, matching;
    uint16_t size;
    uint8_t data[WR_TLSA_DATA_MAX];
};

/* WR_E_FORMAT: unusable. */
int wr_tlsa_read(const uint8_t *rdata, size_t size, struct wr_tlsa *ret);
/* Is the certificate, in DER, the one that the record means? */
bool wr_tlsa_matches(const struct wr_tlsa *record, const uint8_t *der, size_t size);

#endif
