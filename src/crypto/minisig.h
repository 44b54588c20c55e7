/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Minisig: signatures of files as signify (OpenBSD) and minisign write them: Ed25519, with the number of the key.
 *
 *     untrusted comment: ...                       anybody's words, passed over
 *     RWQ...                                       base64: "Ed" or "ED", number of the key (8), signature (64)
 *     trusted comment: ...                         minisign alone: signed together with the signature
 *     ...                                          base64: that second signature (64)
 *
 * "Ed" signs the file itself, "ED" its BLAKE2b-512 digest. A key is one line of base64: "Ed", its number (8), the key (32).
 *
 *     err = wr_minisig_key(text, n, &key)                  the line, or a whole .pub file
 *     err = wr_minisig_read(text, n, &sig, &why)           `sig` points into the text
 *     err = wr_minisig_check(&sig, keys, count, data, n, &why)
 *
 * The first letters are not signed, so a file of 64 octets, which may be another's digest, is not taken with "Ed".
 *
 * `data` is the file, or the digest where sig.prehashed says so. Whose key it is comes first: a signature of an unknown key says nothing. Errors:
 * WR_E_FORMAT, WR_E_LIMIT (WR_MINISIG_TEXT_MAX), WR_E_NOTFOUND (another key's), WR_E_CHECKSUM (of another text), WR_E_NOMEM; *ret_why is
 * a static sentence then.
 */
#ifndef WR_CRYPTO_MINISIG_H
#define WR_CRYPTO_MINISIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WR_MINISIG_ID     8
#define WR_MINISIG_PUBLIC 32
#define WR_MINISIG_SIZE   64

struct wr_minisig_key {
    uint8_t id[WR_MINISIG_ID];
    uint8_t octets[WR_MINISIG_PUBLIC];
};

struct wr_minisig {
    bool prehashed;
    uint8_t id[WR_MINISIG_ID];
    uint8_t octets[WR_MINISIG_SIZE];
    const char *comment; /* what is trusted once it is checked; NULL: there is none */
    size_t comment_size;
    uint8_t whole[WR_MINISIG_SIZE]; /* over `octets` and the comment */
};

int wr_minisig_key(const char *text, size_t n, struct wr_minisig_key *ret_key);
int wr_minisig_read(const char *text, size_t n, struct wr_minisig *ret_sig, const char **ret_why);
int wr_minisig_check(const struct wr_minisig *sig, const struct wr_minisig_key *keys,
                     unsigned count, const uint8_t *data, size_t n, const char **ret_why);
/* "timestamp:1700000000" in the trusted comment, as minisign writes it; 0: none. */
int64_t wr_minisig_time(const struct wr_minisig *sig);

#endif
