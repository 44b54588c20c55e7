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

void wr_rules_check(const struct wr_yaml *yaml, struct wr_mistakes *mistakes, struct wr_conf *conf);

#endif
