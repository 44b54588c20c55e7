/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset, bypass: the sets in which the kernel notes who tries what past weir.
 *
 * The story is in rulesetbypass.c; policy/bypass reads their keys.
 */
#ifndef WR_POLICY_RULESETBYPASS_H
#define WR_POLICY_RULESETBYPASS_H

#include <stdint.h>

#include "base/str.h"

/* Of port 53 and 853, of known addresses of DNS over HTTPS, of what was not answered; IPv4 and IPv6 in turn. */
#define WR_RULESETBYPASS_SETS 6

/* "tried_dns4". */
void wr_rulesetbypass_set(unsigned set, struct wr_str *name);
/* The rules, of a chain of this segment's packets, that note who tries another's resolver. */
void wr_rulesetbypass_noted(struct wr_str *t, uint16_t segment);

#endif
