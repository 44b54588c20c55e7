/* SPDX-License-Identifier: Apache-2.0 */
/* The firewall of a story: what it says to asks for leases, and what it was asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "story.h"

/* Longer than an answer waits. */
#define SLOW_US  (2 * (uint64_t)WR_LEASE_WAIT_US)
#define QUICK_US 200

bool story_leases_says(struct story *s, const char *what)
{
    static const char *const words[] = {"grants", "none", "refuses", "silent", "slow"};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(what, words[i]) == 0) {
            s->leases.says = (enum story_leases_say)i;
            return true;
        }
    }
    return false;
}

bool story_leases_asked(struct story *s, const struct wr_lease_ask *ask,
                        struct wr_lease_said *ret_said, uint64_t *ret_delay_us)
{
    struct story_leases *l = &s->leases;
    *ret_said = (struct wr_lease_said){.id = ask->id};
    *ret_delay_us = l->says == STORY_LEASES_SLOW ? SLOW_US : QUICK_US;
    l->asked += ask->dests;
    l->last = *ask;
    switch (l->says) {
    case STORY_LEASES_SILENT: return false;
    case STORY_LEASES_REFUSES: ret_said->err = WR_E_IO; break;
    case STORY_LEASES_NONE: break;
    default: ret_said->granted = UINT32_MAX; break;
    }
    return true;
}

bool story_leases_has(const struct story *s, const struct wr_addr *addr, uint32_t *ret_for_s)
{
    const struct wr_lease_ask *ask = &s->leases.last;
    for (unsigned i = 0; i < ask->dests; i++) {
        if (ask->dest[i].family == addr->family &&
            memcmp(ask->dest[i].ip, addr->ip, sizeof addr->ip) == 0) {
            *ret_for_s = ask->dest[i].for_s;
            return true;
        }
    }
    return false;
}
