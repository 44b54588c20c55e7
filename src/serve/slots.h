/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots: which upstream has which place in the state that all workers share.
 *
 * A server is the same as long as its whole URL is, what it has to prove included: then it keeps its slot over a reload, and what was
 * learned about it. Another server in a used slot gets a new generation, so that late reports for the old one, and connections that
 * were proven to be the old one, are of no use to it.
 *
 * Likewise the bits of groups of devices, and of devices and kinds that rules name: workers take new settings one by one, and the table of devices follows; what a bit meant before
 * it means meanwhile, and a new group's is nobody's yet.
 */
#ifndef WR_SERVE_SLOTS_H
#define WR_SERVE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "policy/who.h"
#include "resolve/upstream.h"

/* Views that a program can have had. */
#define WR_SLOTS_VIEWS 128

/* Who holds which slot; lives as long as the program. All zero: nobody yet. */
struct wr_gate_slots {
    char url[WR_UPSTREAMS_MAX][96]; /* for people; "": never used */
    uint64_t identity[WR_UPSTREAMS_MAX];
    uint16_t generation[WR_UPSTREAMS_MAX];
    uint64_t held[WR_UPSTREAMS_MAX]; /* serial of the last snapshot that held it */
    char view[WR_SLOTS_VIEWS]
             [66]; /* the group of view n + 1, and "!" behind it when it is a whole one */
    char devgroup[WR_WHO_GROUPS_MAX]
                 [72]; /* what bit n stands for (conf/policybits.h); "": nothing yet */
};

/* What two servers differ in, from the whole text of a URL. Never 0. */
uint64_t wr_slots_identity(const char *url);
/* The same for a server whose addresses were found: where it is now is part of what it is. */
uint64_t wr_slots_identity_at(const struct wr_upstream *upstream);
/* A slot and its generation for each server of the snapshot with that serial. */
void wr_slots_assign(struct wr_gate_slots *slots, struct wr_upstreams *upstreams, uint64_t serial);
/* The number of the view of a group; 0: so many have been before that none is left. */
uint16_t wr_slots_view(struct wr_gate_slots *slots, const char *group, bool whole);
uint32_t wr_slots_views(const struct wr_gate_slots *slots); /* how many there have been */
/* A bit for each of the groups, which are WR_WHO_GROUPS_MAX at most: the one that it has; else one that nobody had, or who is no more. */
void wr_slots_devgroups(struct wr_gate_slots *slots, const char *const *groups, size_t count);
/* Which bit that is; -1: none. */
int wr_slots_devgroup(const struct wr_gate_slots *slots, const char *group);

#endif
