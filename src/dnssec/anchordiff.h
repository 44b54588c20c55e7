/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anchor difference: what of the verdicts that were given by one table of anchors still holds by another.
 *
 * A verdict stands on the anchors at and above its name. Where two tables say something else of a name, whatever was judged at
 * or below it is to be judged again; and a file with verdicts carries the mark of the table that they were given by.
 * The order of anchors, and of the digests of one, says nothing. Pure.
 */
#ifndef WR_DNSSEC_ANCHORDIFF_H
#define WR_DNSSEC_ANCHORDIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "dnssec/anchor.h"

/* The same for tables that say the same, and never 0. */
uint64_t wr_anchordiff_mark(const struct wr_anchors *a);
/* Do they differ? `ret_below`: the closest name at or above all that does. */
bool wr_anchordiff_find(const struct wr_anchors *a, const struct wr_anchors *b,
                        struct wr_name *ret_below);

#endif
