/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RRL: response rate limiting, so that weir is no use for reflection.
 *
 * A forged source address gets, in one second, at most `rate` responses of one kind; beyond that most are
 * dropped and every n-th (`slip`) goes out truncated, so that a real client behind the address comes back over
 * TCP, which cannot be forged. What counts as one kind is the caller's `what_hash` (name, type and response
 * code; all errors of one zone together); what counts as one address is a prefix. Queries with a good server
 * cookie, and TCP, are never asked about here.
 *
 * The decision is pure: the bucket lies in the shared quota table, and which of the limited responses slip is
 * a keyed hash of the moment, so nobody outside can time it and no counter is needed.
 */
#ifndef WR_POLICY_RRL_H
#define WR_POLICY_RRL_H

#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "policy/quota.h"

enum wr_rrl_verdict {
    WR_RRL_SEND = 0, /* within the rate */
    WR_RRL_SLIP = 1, /* send it empty with TC */
    WR_RRL_DROP = 2,
};

/* The bucket of one kind of response to one address; `prefix_len` bits of `client` count as one. */
uint64_t wr_rrl_bucket(const struct wr_hash_key *key, const struct wr_addr *client,
                       unsigned prefix_len, uint64_t what_hash);
/* `rate` responses a second (0: no limit, always SEND), burst of one second; one in `slip` of the limited ones
 * goes out truncated (0: none, 1: all). */
enum wr_rrl_verdict wr_rrl_decide(struct wr_quota *q, uint64_t bucket, uint32_t rate, uint32_t slip,
                                  uint64_t now_us);

#endif
