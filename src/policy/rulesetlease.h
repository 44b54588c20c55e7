/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset, leases: the sets of the table that have leases in them, and what a segment's chain does with them (rulesetlease.c has the story).
 */
#ifndef WR_POLICY_RULESETLEASE_H
#define WR_POLICY_RULESETLEASE_H

#include "policy/ruleset.h"

/* Sets by kind and family: 2 * kind, + 1 for IPv6. */
enum wr_rulesetlease_kind {
    WR_RULESETLEASE_MAC = 0,  /* a neighbour: interface, MAC address, destination */
    WR_RULESETLEASE_MAC_PORT, /* and protocol and port */
    WR_RULESETLEASE_ROUTED,   /* behind another router: interface, source, destination */
    WR_RULESETLEASE_ROUTED_PORT,
    WR_RULESETLEASE_KINDS,
};
#define WR_RULESETLEASE_SETS (2 * WR_RULESETLEASE_KINDS)

/* Its name; "": there is no such set. */
const char *wr_rulesetlease_set(unsigned set);
/* Some segment reaches what was answered. */
bool wr_rulesetlease_wanted(const struct wr_ruleset_item *item, size_t count);
/* Their declarations, as lines of a table. */
void wr_rulesetlease_sets(struct wr_str *t);

#endif
