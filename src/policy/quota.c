/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/quota.h"

#include <stdatomic.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"

/* A bucket's word: 16 bits that tell who it is for, 48 bits of time (microseconds; 8.9 years) at which it is
 * full again. A time that has passed is a full bucket, whoever it was for. */
#define TIME_BITS 48
#define TIME_MASK (((uint64_t)1 << TIME_BITS) - 1)
/* Places that are tried: one line of the processor's cache, so a look costs one miss however big the table is. */
#define WAYS 8u

struct wr_quota {
    uint32_t mask;
    _Atomic uint64_t *bucket;
    _Atomic uint32_t *inflight;
};

static size_t header_size(void)
{
    return (sizeof(struct wr_quota) + 63) & ~(size_t)63;
}

size_t wr_quota_size(uint32_t buckets)
{
    return header_size() + (size_t)buckets * (sizeof(uint64_t) + sizeof(uint32_t));
}

struct wr_quota *wr_quota_init(void *block, uint32_t buckets)
{
    wr_assert(buckets >= 2 && (buckets & (buckets - 1)) == 0);
    struct wr_quota *q = block;
    uint8_t *at = (uint8_t *)block + header_size();
    q->mask = buckets - 1;
    q->bucket = (_Atomic uint64_t *)(void *)at;
    q->inflight = (_Atomic uint32_t *)(void *)(at + (size_t)buckets * sizeof(uint64_t));
    /* Zeros are full buckets. Fresh pages are zeros already and reading them costs no memory. */
    for (uint32_t i = 0; i < buckets; i++) {
        if (atomic_load_explicit(&q->bucket[i], memory_order_relaxed) != 0) {
            atomic_store_explicit(&q->bucket[i], 0, memory_order_relaxed);
        }
        if (atomic_load_explicit(&q->inflight[i], memory_order_relaxed) != 0) {
            atomic_store_explicit(&q->inflight[i], 0, memory_order_relaxed);
        }
    }
    return q;
}

static uint64_t full_at(uint64_t word, uint64_t now_us)
{
    uint64_t at = word & TIME_MASK;
    return at > now_us ? at : now_us;
}

/* The line of the cache that a hash means. */
static _Atomic uint64_t *line_of(const struct wr_quota *q, uint64_t hash, uint32_t ways)
{
    return &q->bucket[(uint32_t)hash & q->mask & ~(ways - 1)];
}

void wr_quota_foresee(const struct wr_quota *q, uint64_t hash)
{
    __builtin_prefetch(line_of(q, hash, WAYS));
}

/* The place that holds the bucket, or the one among its line's that is full the longest. */
static _Atomic uint64_t *find(struct wr_quota *q, uint64_t hash, uint64_t tag)
{
    uint32_t ways = q->mask + 1 < WAYS ? q->mask + 1 : WAYS;
    _Atomic uint64_t *line = line_of(q, hash, ways);
    _Atomic uint64_t *longest = line;
    uint64_t least_us = UINT64_MAX;
    for (uint32_t i = 0; i < ways; i++) {
        uint64_t word = atomic_load_explicit(&line[i], memory_order_relaxed);
        if (word >> TIME_BITS == tag) {
            return &line[i];
        }
        if ((word & TIME_MASK) < least_us) {
            least_us = word & TIME_MASK;
            longest = &line[i];
        }
    }
    return longest;
}

bool wr_quota_take(struct wr_quota *q, uint64_t hash, uint32_t rate, uint32_t burst,
                   uint64_t now_us)
{
    if (rate == 0 || burst == 0) {
        return false;
    }
    now_us &= TIME_MASK;
    uint64_t step_us = rate < 1000000 ? 1000000 / rate : 1;
    uint64_t room_us = step_us * (burst - 1);
    uint64_t tag = wr_hash_mix(hash) >> TIME_BITS;
    _Atomic uint64_t *bucket = find(q, hash, tag);
    uint64_t word = atomic_load_explicit(bucket, memory_order_relaxed);
    for (int i = 0; i < WR_QUOTA_TRIES_MAX; i++) {
        uint64_t full_us = word >> TIME_BITS == tag ? full_at(word, now_us) : now_us;
        if (full_us - now_us > room_us) {
            return false;
        }
        uint64_t next = tag << TIME_BITS | ((full_us + step_us) & TIME_MASK);
        if (atomic_compare_exchange_weak_explicit(bucket, &word, next, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

uint32_t wr_quota_inflight(struct wr_quota *q, uint64_t hash, int delta)
{
    _Atomic uint32_t *count = &q->inflight[(uint32_t)(hash >> 8) & q->mask];
    uint32_t was = atomic_load_explicit(count, memory_order_relaxed);
    uint32_t next;
    do {
        int64_t sum = (int64_t)was + delta;
        next = sum < 0 ? 0 : (uint32_t)sum;
    } while (next != was && !atomic_compare_exchange_weak_explicit(
                                count, &was, next, memory_order_relaxed, memory_order_relaxed));
    return next;
}
