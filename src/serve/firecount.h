/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fire count: what the firewall has counted since weir's start, though the kernel's counters begin again whenever the table is written anew.
 *
 *     wr_firecount_plan(c, conf)     a table for these segments is on its way
 *     wr_firecount_take(c, counts)   what the table that is in force has counted so far
 *     wr_firecount_begin(c)          the planned one is in force now
 *
 * A counter that is less than it was has begun again. Segments are numbers in the table and names here: a reload may number them otherwise,
 * and what is counted of one that is gone is forgotten.
 */
#ifndef WR_SERVE_FIRECOUNT_H
#define WR_SERVE_FIRECOUNT_H

#include <stdint.h>

#include "conf/conf.h"
#include "serve/firelook.h"

struct wr_firecount_segment {
    char name[64];
    uint64_t before[WR_RULESET_COUNTERS], last[WR_RULESET_COUNTERS];
};

struct wr_firecount {
    struct wr_firecount_segment segment[WR_SEGMENTS_MAX], planned[WR_SEGMENTS_MAX];
    uint64_t quarantine_before, quarantine_last;
};

void wr_firecount_plan(struct wr_firecount *c, const struct wr_conf *conf);
void wr_firecount_take(struct wr_firecount *c, const struct wr_firecounts *counts);
void wr_firecount_begin(struct wr_firecount *c);
/* Packets since the start; 0: nothing is counted of such a segment. */
uint64_t wr_firecount_get(const struct wr_firecount *c, const char *segment, unsigned counter);
uint64_t wr_firecount_quarantine(const struct wr_firecount *c);

#endif
