/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/ration.h"

#include <stddef.h>

static uint32_t less(uint32_t a, uint32_t b)
{
    if (a == 0 || b == 0) { /* no bound is more than any */
        return a | b;
    }
    return a < b ? a : b;
}

/* The least that is said from place `at` up to `end`; 0: nothing is. */
static uint32_t least(const struct wr_rations *r, uint32_t at, uint32_t end, uint64_t bits)
{
    uint32_t rate = 0;
    for (; at < end; at++) {
        if (bits & r->group[at].bit) {
            rate = less(rate, r->group[at].rate);
        }
    }
    return rate;
}

uint32_t wr_ration_of(const struct wr_rations *r, const struct wr_who *who, uint32_t otherwise)
{
    if (r == NULL || who->groups == 0) {
        return otherwise;
    }
    uint32_t own = least(r, 0, r->devices, who->groups);
    uint32_t shared = least(r, r->devices, r->groups, who->groups);
    if (who->state == WR_WHO_CONFLICT) {
        return less(less(own, shared), otherwise);
    }
    return own != 0 ? own : shared != 0 ? shared : otherwise;
}
