/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy rules: what the configuration of segments and rules must not say.
 *
 * Names that must exist (a rule's segments), the same name or place twice, types that are none, rules that could never hold.
 * Fills in the indexes of groups. Part of conf/rules; the mistakes are put where it says. What is no mistake and still of no use is found by conf/policylook.
 */
#ifndef WR_CONF_POLICYRULES_H
#define WR_CONF_POLICYRULES_H

#include "conf/conf.h"

/* Called for each mistake with the key's path and words for people. */
typedef void wr_policyrules_wrong(void *user, const char *path, bool warning, const char *text);

void wr_policyrules_check(struct wr_conf *conf, wr_policyrules_wrong *wrong, void *user);

#endif
