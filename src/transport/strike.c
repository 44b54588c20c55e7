/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/strike.h"

#include "base/check.h"

/* A word: 40 bits of fingerprint, then the time in quarters of a second, never 0 as a whole. */
enum { TIME_BITS = 24, TICK_SHIFT = 18, TRIES = 2 * WR_STRIKE_WAYS };
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

size_t wr_strike_size(uint32_t sets)
{
    return (size_t)sets * WR_STRIKE_WAYS * sizeof(uint64_t);
}

void wr_strike_init(struct wr_strike *s, void *block, uint32_t sets, const struct wr_hash_key *key,
                    uint64_t window_us)
{
    wr_assert(sets > 0 && (sets & (sets - 1)) == 0);
    *s = (struct wr_strike){.key = *key, .window_us = window_us, .words = block, .mask = sets - 1};
}

/* The window reaches back so many ticks; one more, for a mark put in late in its tick. */
static bool word_lives(const struct wr_strike *s, uint64_t word, uint64_t tick)
{
    return word != 0 && ((tick - word) & TIME_MASK) <= (s->window_us >> TICK_SHIFT) + 1;
}

/* The place of a live word with this fingerprint, but not `but`; WR_STRIKE_WAYS: none. */
static unsigned set_find(const struct wr_strike *s, _Atomic uint64_t *set, uint64_t mark,
                         uint64_t tick, unsigned but)
{
    for (unsigned i = 0; i < WR_STRIKE_WAYS; i++) {
        uint64_t word = atomic_load(&set[i]);

        if (i != but && word >> TIME_BITS == mark && word_lives(s, word, tick)) {
            return i;
        }
    }
    return WR_STRIKE_WAYS;
}

bool wr_strike_seen(struct wr_strike *s, const void *mark, size_t size, uint64_t now_us)
{
    uint64_t hash[2], print, tick = (now_us >> TICK_SHIFT) & TIME_MASK;
    _Atomic uint64_t *set;
    unsigned at = 0;

    wr_hash_sip24_128(&s->key, mark, size, hash);
    set = s->words + (size_t)(hash[0] & s->mask) * WR_STRIKE_WAYS;
    print = hash[1] >> TIME_BITS;
    print += print == 0;
    if (set_find(s, set, print, tick, WR_STRIKE_WAYS) < WR_STRIKE_WAYS) {
        return true;
    }
    for (unsigned tries = 0; tries < TRIES && at < WR_STRIKE_WAYS; tries++) {
        uint64_t word = atomic_load(&set[at]);

        if (word_lives(s, word, tick)) {
            if (word >> TIME_BITS == print) {
                return true;
            }
            at++;
        } else if (atomic_compare_exchange_strong(&set[at], &word, print << TIME_BITS | tick)) {
            /* Another thread may have put the same in a place that was free for it alone. */
            return set_find(s, set, print, tick, at) < WR_STRIKE_WAYS;
        }
    }
    return true;
}
