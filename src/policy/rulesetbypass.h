/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset, bypass: the sets in which the kernel notes who tries what past weir.
 *
 * The story is in rulesetbypass.c; policy/bypass reads their keys.
 */
#ifndef WR_POLICY_RULESETBYPASS_H
#define WR_POLICY_RULESETBYPASS_H

#include "base/str.h"

/* Of port 53 and 853, of known addresses of DNS over HTTPS, of what was not answered; IPv4 and IPv6 in turn. */
#define WR_RULESETBYPASS_SETS 6

/* Two rules: what opens a connection, and every packet where there is none, jumps to this chain (tried_dns, tried_unleased, a segment's). */
void wr_rulesetbypass_jump(struct wr_str *t, const char *to);
/* "tried_dns4". */
void wr_rulesetbypass_set(unsigned set, struct wr_str *name);

#endif
