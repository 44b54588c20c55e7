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

uint32_t wr_ration_of(const struct wr_rations *r, const struct wr_who *who, uint32_t otherwise)
{
    uint32_t rate = 0;
    for (uint32_t i = 0; r != NULL && who->groups != 0 && i < r->groups; i++) {
        if (who->groups & r->group[i].bit) {
            rate = less(rate, r->group[i].rate);
        }
    }
    if (rate == 0) {
        return otherwise;
    }
    return who->state == WR_WHO_CONFLICT ? less(rate, otherwise) : rate;
}
