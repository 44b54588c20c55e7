/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lately: which questions were refreshed a moment ago.
 *
 * An entry near its end is refreshed at a hit. A name that is asked a thousand times a second is hit a thousand times
 * before the refresh has come back, and each hit would be handed to the name's worker. So the first hit leaves a mark, and
 * the others pass it by until the mark is old.
 *
 * A small table by the question's hash, a newcomer takes the place of what was there: at worst a refresh is asked for
 * once more. One a worker, no lock. Zeroed memory is an empty table.
 */
#ifndef WR_ENGINE_LATELY_H
#define WR_ENGINE_LATELY_H

#include <stdbool.h>
#include <stdint.h>

#define WR_LATELY_PLACES 256

struct wr_lately {
    struct {
        uint64_t hash, until_us;
    } place[WR_LATELY_PLACES];
};

/* True for the first who comes with this hash, and again when `for_us` has passed since. */
bool wr_lately_claim(struct wr_lately *l, uint64_t hash, uint64_t now_us, uint64_t for_us);

#endif
