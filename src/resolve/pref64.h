/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PREF64: which translator's prefix the routers of a link tell, and for how long (RFC 8781 sections 4.1 and 5).
 *
 *     wr_pref64_hear     what one router said: prefixes, each with a lifetime; 0 ends what that router said of it
 *     wr_pref64_look     what has ended is dropped; is another prefix in use now than before?
 *
 * A prefix lives as long as one router stands by it. One is used at a time: the one in use while it lives, so that two routers do not
 * make answers flap; then the one that lives longest. A table that is full drops what ends first of those not in use: who floods it
 * with routers of his own could as well have withdrawn the others in their name.
 *
 * Pure. Memory: the struct, zeroed before its first use.
 */
#ifndef WR_RESOLVE_PREF64_H
#define WR_RESOLVE_PREF64_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "transport/routeradv.h"

struct wr_pref64_entry {
    struct wr_prefix prefix;
    struct wr_addr router; /* link-local, its scope the interface */
    uint64_t until_us;
};

struct wr_pref64 {
    struct wr_pref64_entry entry[WR_PREF64_MAX];
    uint32_t entries;
    struct wr_prefix used; /* family WR_AF_NONE: none */
};

/* Follow it by a look. */
void wr_pref64_hear(struct wr_pref64 *p, const struct wr_addr *router,
                    const struct wr_routeradv *adv, uint64_t now_us);
/* The interface is gone, and with it what its routers said. */
void wr_pref64_forget(struct wr_pref64 *p, uint32_t ifindex);
bool wr_pref64_look(struct wr_pref64 *p, uint64_t now_us);
/* When the next entry ends; WR_TIME_NEVER: there is none. */
uint64_t wr_pref64_deadline(const struct wr_pref64 *p);
bool wr_pref64_same(const struct wr_prefix *a, const struct wr_prefix *b);

#endif
