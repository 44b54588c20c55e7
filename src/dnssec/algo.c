/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/algo.h"

#include "base/err.h"
#include "base/limits.h"
#include "crypto/verify.h"

struct wr_dnssec_policy wr_algo_default_policy(void)
{
    return (struct wr_dnssec_policy){.sha1_rely = false,
                                     .nsec3_iterations = WR_DNSSEC_ITERATIONS_MAX};
}

bool wr_algo_can_verify(uint8_t alg)
{
    return wr_verify_knows(alg);
}

bool wr_algo_may_rely(const struct wr_dnssec_policy *p, uint8_t alg)
{
    return wr_verify_knows(alg) && (p->sha1_rely || (alg != 5 && alg != 7));
}

/* Measured with libcrypto 3.0 and 2048-bit RSA as 1: P-256 3.5, Ed25519 4.7, Ed448 9.8, P-384 27. */
unsigned wr_algo_cost(uint8_t alg)
{
    switch (alg) {
    case 13: return 7;
    case 14: return 54;
    case 15: return 10;
    case 16: return 20;
    default: return 2;
    }
}

int wr_algo_digest(uint8_t digest_type, enum wr_hash_alg *ret_hash)
{
    switch (digest_type) {
    case 1: *ret_hash = WR_HASH_SHA1; return WR_OK;
    case 2: *ret_hash = WR_HASH_SHA256; return WR_OK;
    case 4: *ret_hash = WR_HASH_SHA384; return WR_OK;
    default: return WR_E_UNSUPPORTED;
    }
}
