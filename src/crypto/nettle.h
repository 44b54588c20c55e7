/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nettle: the backend over nettle and hogweed, for small systems that have no libcrypto.
 *
 * A key is an RSA modulus and exponent or a point on a curve, as the library keeps it (GMP's memory, until it is
 * closed); Edwards keys are their octets. nettle's RSA looks at the padding itself; ECDSA takes r and s as numbers.
 * crypto/backend.h has the contract.
 */
#ifndef WR_CRYPTO_NETTLE_H
#define WR_CRYPTO_NETTLE_H

#include "crypto/backend.h"

#endif
