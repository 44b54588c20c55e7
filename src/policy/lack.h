/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lack: what decides for a segment by the owner's word, and is not there: a feed that a rule names and that has no list yet, a
 * response policy zone that has never come.
 *
 * A rule that would only give more (allow), and one in the shadow, are not missed. One for some devices counts for every segment, for they may
 * be in it.
 */
#ifndef WR_POLICY_LACK_H
#define WR_POLICY_LACK_H

#include "policy/policy.h"
#include "policy/rpz.h"

/* The label of the first of them; 0: all is there. `p` and `feeds` may be NULL. */
uint16_t wr_lack_of(const struct wr_policy *p, const struct wr_feedset *feeds,
                    const struct wr_rpz_zones *zones, uint16_t segment);

#endif
