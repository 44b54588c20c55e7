/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/budget.h"

#include "base/check.h"
#include "base/limits.h"

bool wr_budget_take(struct wr_budget *b, uint64_t octets, uint64_t limit)
{
    uint64_t used = atomic_load_explicit(&b->used, memory_order_relaxed);

    do {
        if (used > limit || octets > limit - used) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&b->used, &used, used + octets,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

void wr_budget_add(struct wr_budget *b, uint64_t octets)
{
    atomic_fetch_add_explicit(&b->used, octets, memory_order_relaxed);
}

void wr_budget_give(struct wr_budget *b, uint64_t octets)
{
    uint64_t before = atomic_fetch_sub_explicit(&b->used, octets, memory_order_relaxed);

    wr_assert(before >= octets); /* what was not taken cannot be given back */
}

uint64_t wr_budget_used(const struct wr_budget *b)
{
    return atomic_load_explicit(&b->used, memory_order_relaxed);
}

bool wr_budget_win(struct wr_budget *b, uint64_t octets, uint64_t limit,
                   uint64_t (*yield)(void *user), void *user)
{
    for (unsigned left = WR_RELIEFS_MAX; !wr_budget_take(b, octets, limit);) {
        uint64_t freed = left > 0 ? yield(user) : 0, used;

        if (freed == 0) {
            return false;
        }
        left--;
        used = wr_budget_used(b);
        if (used + octets > limit && !wr_budget_is_near(used + octets - limit, freed, left)) {
            wr_budget_add(b, freed >= octets ? octets : 0); /* in the place of who went */
            return freed >= octets;
        }
    }
    return true;
}

bool wr_budget_is_near(uint64_t lack, uint64_t freed, unsigned left)
{
    return left > 0 && freed > 0 && (lack + left - 1) / left <= freed;
}
