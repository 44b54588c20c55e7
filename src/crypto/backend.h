/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backend: the table that a cryptographic library fills in, so that digest, verify, aead and hpke can stand on either of two.
 *
 * `openssl.c` (libcrypto 3, EVP) and `nettle.c` (nettle, hogweed) each have one. The meson option `crypto` says
 * which one wr_digest and wr_verify use; where both libraries are installed both tables are built, and a unit test
 * holds them against each other. Encodings, sizes and the table of algorithms are verify.c's: a backend is only
 * given numbers that were looked at.
 *
 * Memory: a state lies in the room given (WR_BACKEND_STATE octets, aligned to 8) and may hold memory of its library
 * until it is closed. No state is shared between threads. Errors: WR_E_FORMAT (no such key: a point off its curve),
 * WR_E_CHECKSUM (it does not open), WR_E_NOMEM.
 */
#ifndef WR_CRYPTO_BACKEND_H
#define WR_CRYPTO_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#define WR_BACKEND_STATE \
    256 /* nettle's SHA-512 context and which hash it is need the most: 216 octets */

enum wr_hash_alg {
    WR_HASH_SHA1 = 1,
    WR_HASH_SHA256,
    WR_HASH_SHA384,
    WR_HASH_SHA512,
    WR_HASH_BLAKE2B /* of 64 octets (RFC 7693); nettle has none: WR_E_UNSUPPORTED */
};

/* The kinds of keys; `bytes` of one that is no RSA key are its public key's octets as DNSKEY has them. */
enum wr_key_kind { WR_KEY_RSA = 1, WR_KEY_P256, WR_KEY_P384, WR_KEY_ED25519, WR_KEY_ED448 };

/* The numbers of RFC 9180 section 7.3. */
enum wr_aead_alg { WR_AEAD_AES128GCM = 1, WR_AEAD_AES256GCM, WR_AEAD_CHACHA20POLY1305 };

struct wr_backend_aead {
    enum wr_aead_alg alg;
    const uint8_t *key, *nonce, *aad;
    size_t aad_size;
};

struct wr_backend_key {
    enum wr_key_kind kind;
    enum wr_hash_alg hash;             /* what is signed; not for the Edwards curves */
    const uint8_t *modulus, *exponent; /* RSA, without leading zeros */
    size_t modulus_size, exponent_size;
    const uint8_t *bytes;
    size_t size;
};

struct wr_backend {
    const char *name;
    int (*digest_open)(void *state, enum wr_hash_alg alg);
    int (*digest_add)(void *state, const void *bytes, size_t n);
    int (*digest_end)(void *state, uint8_t *ret); /* and begins anew */
    void (*digest_close)(void *state);
    int (*key_open)(void *state, const struct wr_backend_key *key);
    /* WR_OK: it is a signature over the data; WR_E_CHECKSUM: it is not. */
    int (*key_check)(void *state, const uint8_t *data, size_t n, const uint8_t *sig, size_t sig_n);
    void (*key_close)(void *state);
    /* `n` octets of text; behind the sealed ones stands the tag of 16. Both may be the same place. */
    int (*aead_seal)(const struct wr_backend_aead *aead, const uint8_t *text, size_t n,
                     uint8_t *ret);
    int (*aead_open)(const struct wr_backend_aead *aead, const uint8_t *sealed, size_t n,
                     uint8_t *ret);
    /* RFC 7748 section 5: 32 octets each. A result of zeros is not looked at. */
    int (*x25519)(const uint8_t *scalar, const uint8_t *point, uint8_t *ret);
};

extern const struct wr_backend wr_backend_openssl, wr_backend_nettle;

/* The one that was chosen when weir was built. */
#ifdef WR_CRYPTO_NETTLE
#define WR_BACKEND (&wr_backend_nettle)
#else
#define WR_BACKEND (&wr_backend_openssl)
#endif

#endif
