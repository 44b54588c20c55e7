/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Algorithms: for each number two separate facts, "can verify" and "may rely on" (the columns of RFC 9904).
 *
 * What is not relied on counts as if it were unknown: a zone that has nothing else is insecure (RFC 4035 section
 * 5.2), with an extended error that says so. 5 and 7 (SHA-1 signatures) can be verified and are not relied on
 * unless the owner says so (RFC 9905); 1, 3, 6 and 12 are neither (RFC 9906). A DS digest by SHA-1 is relied on
 * where the parent has no better one: to forge it takes a second preimage, which SHA-1 still resists, and calling
 * the zone insecure would take away what protection there is.
 */
#ifndef WR_DNSSEC_ALGO_H
#define WR_DNSSEC_ALGO_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/digest.h"

/* What the owner decides. */
struct wr_dnssec_policy {
    bool sha1_rely;            /* `dnssec.sha1: rely`: algorithms 5 and 7 count */
    uint16_t nsec3_iterations; /* above it NSEC3 makes insecure; at most WR_DNSSEC_ITERATIONS_MAX */
};

struct wr_dnssec_policy wr_algo_default_policy(void);
bool wr_algo_can_verify(uint8_t alg);
bool wr_algo_may_rely(const struct wr_dnssec_policy *p, uint8_t alg);
/* What one check costs, in halves of an RSA check. */
unsigned wr_algo_cost(uint8_t alg);

/* DS digest types. WR_E_UNSUPPORTED: not one that is known. */
int wr_algo_digest(uint8_t digest_type, enum wr_hash_alg *ret_hash);

#endif
