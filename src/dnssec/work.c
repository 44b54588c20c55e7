/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/work.h"

#include "base/limits.h"
#include "dnssec/algo.h"

bool wr_work_take_check(struct wr_dnssec_work *w, uint8_t alg)
{
    unsigned cost = wr_algo_cost(alg);

    if (w->failures >= WR_DNSSEC_FAILURES_MAX || w->cost + cost > WR_DNSSEC_COST_MAX) {
        return false;
    }
    w->cost += cost;
    w->checks++;
    return true;
}

void wr_work_note_failure(struct wr_dnssec_work *w)
{
    w->failures++;
}

bool wr_work_take_blocks(struct wr_dnssec_work *w, uint32_t blocks)
{
    if (blocks > WR_DNSSEC_HASH_BLOCKS_MAX - w->blocks) {
        return false;
    }
    w->blocks += blocks;
    return true;
}

bool wr_work_take_fetch(struct wr_dnssec_work *w)
{
    if (w->fetches >= WR_DNSSEC_FETCHES_MAX) {
        return false;
    }
    w->fetches++;
    return true;
}
