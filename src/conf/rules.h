/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules: what several keys say together.
 *
 * Names that must exist (a route's group), bounds that must be in order, the same thing twice, a
 * forwarding loop (an upstream that is an address weir listens on), an open resolver. Each mistake is
 * put where the key stands in the file; warnings do not stop weir. Fills in the indexes of groups.
 */
#ifndef WR_CONF_RULES_H
#define WR_CONF_RULES_H

#include "conf/conf.h"
#include "conf/mistakes.h"
#include "conf/yaml.h"

/* The index of a group among the first `end`, or of a word that stands for one. Names of broken groups are NULL. */
bool wr_rules_find_group(const struct wr_conf *conf, const char *name, size_t end, uint32_t *ret);
void wr_rules_check(const struct wr_yaml *yaml, struct wr_mistakes *mistakes, struct wr_conf *conf);

#endif
