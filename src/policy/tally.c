/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/tally.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"

/* One line of the processor's cache. */
#define WAYS 8u

struct wr_tally {
    _Alignas(64) uint32_t mask; /* of places, without those of one line */
    _Alignas(64) _Atomic uint64_t place[];
};

/* Twice as many as devices: those that are gone leave theirs behind until somebody needs it. */
static uint32_t places_for(uint32_t devices)
{
    uint32_t places = WAYS;
    while (places / 2 < devices && places < (uint32_t)1 << 24) {
        places *= 2;
    }
    return places;
}

size_t wr_tally_size(uint32_t devices)
{
    return sizeof(struct wr_tally) + places_for(devices) * sizeof(uint64_t);
}

struct wr_tally *wr_tally_init(void *block, uint32_t devices)
{
    struct wr_tally *t = block;
    wr_assert((uintptr_t)block % 64 == 0);
    t->mask = (places_for(devices) - 1) & ~(WAYS - 1);
    return t;
}

static uint32_t line_of(const struct wr_tally *t, uint32_t device)
{
    return (uint32_t)wr_hash_mix(device) & t->mask;
}

/* Its place in the line, or the one with the least. */
static uint32_t seek(const struct wr_tally *t, uint32_t device, uint64_t *ret_word)
{
    uint32_t line = line_of(t, device), least = line, count = UINT32_MAX;
    for (uint32_t i = line; i < line + WAYS; i++) {
        uint64_t word = atomic_load_explicit(&t->place[i], memory_order_relaxed);
        bool own = word >> 32 == device;
        if (own || (uint32_t)word < count || i == line) {
            *ret_word = word;
            least = i;
            count = (uint32_t)word;
        }
        if (own) {
            break;
        }
    }
    return least;
}

void wr_tally_add(struct wr_tally *t, uint32_t device)
{
    uint64_t word = 0;
    for (int i = 0; i < WR_QUOTA_TRIES_MAX; i++) {
        uint32_t at = seek(t, device, &word);
        uint32_t count = word >> 32 == device ? (uint32_t)word : 0;
        count += count < UINT32_MAX;
        if (atomic_compare_exchange_weak_explicit(&t->place[at], &word,
                                                  (uint64_t)device << 32 | count,
                                                  memory_order_relaxed, memory_order_relaxed)) {
            return;
        }
    }
}

uint32_t wr_tally_get(const struct wr_tally *t, uint32_t device)
{
    uint64_t word = 0;
    (void)seek(t, device, &word);
    return word >> 32 == device ? (uint32_t)word : 0;
}
