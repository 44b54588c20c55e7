/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quota: token buckets for whoever asks, in one table that all workers share.
 *
 * A bucket is found by a keyed hash of what it is for (a client prefix; a prefix and the kind of response, for
 * response rate limiting). N workers together grant what one would: a bucket is one atomic word, 16 bits that say
 * whose it is and 48 for the microsecond at which it is full again ("generic cell rate"), taken by
 * compare-and-swap. The table has a fixed size; eight places are tried and the one that is full the longest is
 * taken over, so a flood of addresses can make buckets forget, never make the table grow. A forgotten bucket is a
 * full one. Two owners of the same eight places with the same 16 bits share a bucket: 1 in 65536 of the pairs.
 *
 * `inflight` counts unanswered questions by client prefix in a second, equally sized array.
 *
 * Memory: a block handed in, all zeros or not; it is read at the start and touched only where it is used.
 */
#ifndef WR_POLICY_QUOTA_H
#define WR_POLICY_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wr_quota;

size_t wr_quota_size(uint32_t buckets); /* power of two; octets of memory */
struct wr_quota *wr_quota_init(void *block, uint32_t buckets);

/* A hint that the bucket will be asked for soon. */
void wr_quota_foresee(const struct wr_quota *q, uint64_t hash);
/* Takes one token of the bucket `hash`, which refills at `rate` a second up to `burst`. False: none left. */
bool wr_quota_take(struct wr_quota *q, uint64_t hash, uint32_t rate, uint32_t burst,
                   uint64_t now_us);

/* Unanswered questions under `hash` after adding `delta` (+1, -1); never below 0. Collisions add up: a bound, not a ledger. */
uint32_t wr_quota_inflight(struct wr_quota *q, uint64_t hash, int delta);

#endif
