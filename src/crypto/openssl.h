/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL: the backend over libcrypto 3, through EVP alone (nothing that version 3 calls deprecated).
 *
 * A key holds an EVP_PKEY and, for RSA and ECDSA, an EVP_PKEY_CTX that was told its digest once: a check is then
 * one hash and one EVP_PKEY_verify. Edwards keys have no digest of their own; each check makes a context. What a
 * failed check leaves in the thread's queue of errors is cleared. crypto/backend.h has the contract.
 */
#ifndef WR_CRYPTO_OPENSSL_H
#define WR_CRYPTO_OPENSSL_H

#include "crypto/backend.h"

#endif
