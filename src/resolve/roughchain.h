/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rough chain: replies of Roughtime servers in the order in which they were had, so that who lies can be convicted
 * (draft-ietf-ntp-roughtime section 8.2).
 *
 *     wr_roughchain_next    the nonce of the next question: the hash of the last reply and of random octets, the blind
 *     wr_roughchain_add     its reply
 *     wr_roughchain_convict is there an earlier reply that is surely later than this one? Then one of the two signed a lie
 *
 * A nonce that is a hash of a reply proves that the question was made after it. So when the first says noon at the earliest and the second, who was asked
 * later, eleven at the latest, both signatures cannot be true, and anybody can check that who knows the keys. The links from the first
 * to the second are the proof: key, question (it follows from key and nonce), blind and reply of each.
 *
 * Ask one server after the other: what is added must be the reply to the last nonce. Pure. Memory: the struct, zeroed before its first use; the
 * oldest link leaves when it is full.
 */
#ifndef WR_RESOLVE_ROUGHCHAIN_H
#define WR_RESOLVE_ROUGHCHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/rng.h"
#include "transport/roughtime.h"

struct wr_roughchain_nonce {
    uint8_t blind[WR_ROUGHTIME_NONCE_SIZE], nonce[WR_ROUGHTIME_NONCE_SIZE];
    bool follows; /* the reply that was the last then; false: the nonce is random */
};

struct wr_roughchain_link {
    uint8_t key[WR_ROUGHTIME_KEY_SIZE];
    struct wr_roughchain_nonce question;
    struct wr_roughtime_reply said;
    uint16_t size;
    uint8_t reply[WR_ROUGHTIME_REPLY_MAX];
};

struct wr_roughchain {
    struct wr_roughchain_link link[WR_ROUGHCHAIN_MAX];
    unsigned links;
};

void wr_roughchain_next(const struct wr_roughchain *c, struct wr_rng *rng,
                        struct wr_roughchain_nonce *ret_nonce);
/* A reply longer than WR_ROUGHTIME_REPLY_MAX ends the chain: the next nonce follows nothing. */
void wr_roughchain_add(struct wr_roughchain *c, const uint8_t key[WR_ROUGHTIME_KEY_SIZE],
                       const struct wr_roughchain_nonce *question, const uint8_t *reply,
                       size_t size, const struct wr_roughtime_reply *said);
/* The last link against all that lead to it without a gap. True: `*ret_first` contradicts it. */
bool wr_roughchain_convict(const struct wr_roughchain *c, unsigned *ret_first);

#endif
