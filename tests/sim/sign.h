/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sign: a signer of zones for the simulated world: Ed25519 keys, DNSKEY, DS and RRSIG (RFC 4034, RFC 8080).
 *
 * A second, plain reading of the RFCs: it shares nothing with what it will be used to judge, and asks libcrypto itself. A key
 * follows from a seed, and Ed25519 has no randomness of its own, so a world is the same each time. What was signed once is
 * remembered, for a version of a set is said many times.
 *
 * Names are uncompressed wire octets, times seconds since 1970. A failure of libcrypto ends the program.
 */
#ifndef WEIR_SIM_SIGN_H
#define WEIR_SIM_SIGN_H

#include "wire.h"

#define SIGN_ALG         15 /* Ed25519 */
#define SIGN_DNSKEY_SIZE 36
#define SIGN_DS_SIZE     36                         /* SHA-256 */
#define SIGN_RRSIG_MAX   (18 + WIRE_NAME_SIZE + 64) /* octets of rdata */

struct sign_key {
    void *pkey; /* libcrypto's */
    uint16_t tag;
    uint8_t dnskey[SIGN_DNSKEY_SIZE]; /* rdata: a key that signs everything in its zone */
};

/* How one signature is made. */
struct sign_with {
    const struct sign_key *key;
    uint16_t tag; /* that it names: its key's, but for liars */
    const uint8_t *signer;
    uint32_t inception, expiration;
};

void sign_key_make(struct sign_key *ret_key, uint64_t seed);
void sign_key_free(struct sign_key *key);
void sign_ds(const struct sign_key *key, const uint8_t *zone, uint8_t ret_rdata[SIGN_DS_SIZE]);
/* The RRSIG over `n` records of one owner and type; returns the size of its rdata. */
size_t sign_set(const struct sign_with *with, const struct wire_rr *rr, unsigned n,
                uint32_t original_ttl, uint8_t ret_rdata[SIGN_RRSIG_MAX]);

#endif
