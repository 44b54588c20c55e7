/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TSIG: messages under a shared secret (RFC 8945), the side that asks.
 *
 *     struct wr_tsig t;
 *     err = wr_tsig_sign(&t, &key, wire, cap, &size, now);      a finished message gets its TSIG record, the last of all
 *     for each message of the response:
 *         got = wr_tsig_check(&t, &msg, now, &failure);         GOOD, LATER or REFUSED
 *     complete = wr_tsig_is_settled(&t);                        nothing unsigned is left
 *     wr_tsig_close(&t);
 *
 * A response may have many messages (a zone transfer, section 5.3.1). The first and the last are signed, and of a hundred
 * in a row at least one; each MAC is over all since the one before. LATER says: not signed itself, believe it when a
 * later one is GOOD. What was LATER at the end is not proven. wr_tsig_is_settled says so.
 *
 * Keys are HMAC-SHA256, -SHA384 and -SHA512. The others of the registry (MD5, SHA-1, SHA-224) and truncated MACs are not done.
 *
 * The time of a response is looked at only when ours is proven: that the MAC covers that of the request already says that this is
 * the answer to it. A server for which our clock is wrong says BADTIME, with its own time, signed.
 *
 * Memory: the struct; the digest's library may hold some behind it until wr_tsig_close.
 */
#ifndef WR_TRANSPORT_TSIG_H
#define WR_TRANSPORT_TSIG_H

#include "base/limits.h"
#include "base/time.h"
#include "crypto/hmac.h"
#include "dns/msg.h"
#include "dns/name.h"

struct wr_tsig_key {
    struct wr_name name;  /* lower case */
    enum wr_hash_alg alg; /* SHA256, SHA384 or SHA512 */
    uint16_t size;        /* octets of the secret */
    uint8_t secret[WR_TSIG_SECRET_MAX];
};

enum wr_tsig_result { WR_TSIG_GOOD = 0, WR_TSIG_LATER, WR_TSIG_REFUSED };

/* Why a message is refused. */
struct wr_tsig_failure {
    const char *reason; /* static text */
    uint16_t
        error; /* what the server said (BADKEY ...), or 0; believed only of BADTIME, which is signed */
    int64_t server_s; /* BADTIME: the server's time */
};

struct wr_tsig {
    const struct wr_tsig_key *key;
    struct wr_hmac hmac; /* over what followed the last MAC */
    bool open, first;
    unsigned unsigned_; /* messages since the last signature */
};

/* "hmac-sha256" and its kin to the hash; false: not done here. */
bool wr_tsig_alg_of(const char *word, enum wr_hash_alg *ret_alg);
/* Octets that a TSIG record by this key takes. */
size_t wr_tsig_size(const struct wr_tsig_key *key);

/* `wire` of `cap` octets holds a message of *size, whose id and counts are final. `time_s`: what is said to be the time.
 * WR_E_FULL: no room; WR_E_NOMEM. Nothing is open then. `key` must stay until the close. */
int wr_tsig_sign(struct wr_tsig *ret_tsig, const struct wr_tsig_key *key, uint8_t *wire, size_t cap,
                 size_t *size, int64_t time_s);
enum wr_tsig_result wr_tsig_check(struct wr_tsig *t, const struct wr_msg *m,
                                  const struct wr_now *now, struct wr_tsig_failure *ret_failure);
bool wr_tsig_is_settled(const struct wr_tsig *t);
/* A zeroed one, or one that is closed, is fine. */
void wr_tsig_close(struct wr_tsig *t);

#endif
