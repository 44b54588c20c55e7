/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/lately.h"

bool wr_lately_claim(struct wr_lately *l, uint64_t hash, uint64_t now_us, uint64_t for_us)
{
    unsigned at = (unsigned)(hash % WR_LATELY_PLACES);
    if (l->place[at].hash == hash && now_us < l->place[at].until_us) {
        return false;
    }
    l->place[at].hash = hash;
    l->place[at].until_us = now_us + for_us;
    return true;
}
