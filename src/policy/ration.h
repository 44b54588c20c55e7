/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ration: how many queries a second one client may ask, when the owner has said it for some apart.
 *
 * The nearest word counts: that for the device itself, else that for groups it is in (of several the least), else that for its segment, else that for everybody.
 * Of a device in conflict two things are said, and the less of them holds.
 *
 * Compiled once in the caller's memory, immutable afterwards.
 */
#ifndef WR_POLICY_RATION_H
#define WR_POLICY_RATION_H

#include "policy/who.h"

struct wr_ration_group {
    uint64_t bit;  /* of the group, or of one device */
    uint32_t rate; /* queries a second */
};

struct wr_rations {
    const struct wr_ration_group *group;
    uint32_t groups, devices; /* the first `devices` are of one device each */
};

/* Queries a second for `who`; `otherwise` for whom nothing is said in `r` (NULL: for nobody). 0: no bound. */
uint32_t wr_ration_of(const struct wr_rations *r, const struct wr_who *who, uint32_t otherwise);

#endif
