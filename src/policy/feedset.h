/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed set: the compiled lists that are in force, by the label of the feed.
 *
 * One immutable snapshot for all workers, swapped by pointer; a feed that has no list yet is in it with nothing. Rules name feeds
 * (policy/policy), and ask here whether a name or an address is listed, and in which line.
 */
#ifndef WR_POLICY_FEEDSET_H
#define WR_POLICY_FEEDSET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "policy/addrtree.h"
#include "policy/nametree.h"

struct wr_feedset_item {
    uint16_t label;
    const struct wr_nametree *names; /* NULL: none */
    const struct wr_addrtree *addrs; /* NULL: none */
};

struct wr_feedset {
    uint32_t count;
    bool has_addresses; /* one of them lists some */
    struct wr_feedset_item item[WR_FEEDS_MAX];
};

/* Its place in the set; WR_FEEDS_MAX: there is no such feed. `set` may be NULL, here and below. */
uint32_t wr_feedset_place(const struct wr_feedset *set, uint16_t label);
/* The line of the feed that lists the name; 0: none does, or there is no such feed. */
uint32_t wr_feedset_name(const struct wr_feedset *set, uint16_t label, const uint8_t *name);
uint32_t wr_feedset_address(const struct wr_feedset *set, uint16_t label,
                            const struct wr_addr *addr);

#endif
