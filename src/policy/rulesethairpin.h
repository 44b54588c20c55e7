/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset, hairpin: what whoever loads the table has to know of it (the rules: rulesethairpin.c).
 *
 *     wr_rulesethairpin_wanted(item, count)      a segment is answered in place of others: packets are marked, and want a way (net/markroute)
 *     wr_rulesethairpin_define(text, mark)       in front of the table: the mark, which is nobody's to choose who only has facts
 */
#ifndef WR_POLICY_RULESETHAIRPIN_H
#define WR_POLICY_RULESETHAIRPIN_H

#include "policy/ruleset.h"

bool wr_rulesethairpin_wanted(const struct wr_ruleset_item *item, size_t count);
void wr_rulesethairpin_define(struct wr_str *t, uint32_t mark);

#endif
