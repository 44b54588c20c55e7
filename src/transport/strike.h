/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strike register: has this been seen within the last window? For early data, which can be recorded and sent again
 * (RFC 8446 section 8.2).
 *
 * One block for all workers, lock-free: sets of eight words, each a fingerprint of 40 bits and the time at which it came. A
 * mark is taken for seen when it is there, when another thread is putting in the same at this moment, or when its set
 * is full of marks younger than the window: in doubt early data is refused, and the handshake goes on without it.
 *
 * Memory: handed in, zeroed; times are monotonic microseconds.
 */
#ifndef WR_TRANSPORT_STRIKE_H
#define WR_TRANSPORT_STRIKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

enum { WR_STRIKE_WAYS = 8 };

struct wr_strike {
    struct wr_hash_key key;
    uint64_t window_us;
    _Atomic uint64_t *words; /* sets * WR_STRIKE_WAYS */
    uint32_t mask;           /* sets - 1 */
};

/* `sets` is a power of two; marks that fit in a window are about 4 for each set. */
size_t wr_strike_size(uint32_t sets);
void wr_strike_init(struct wr_strike *s, void *block, uint32_t sets, const struct wr_hash_key *key,
                    uint64_t window_us);
/* Any thread. True: seen before, or not to be told. False: it is new, and seen from now on. */
bool wr_strike_seen(struct wr_strike *s, const void *mark, size_t size, uint64_t now_us);

#endif
