/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy look: rules that are of no use, found without asking anybody anything.
 *
 * A rule is shadowed when another decides whatever it would: one above it that holds for all that it holds for, or, when it looks at
 * answers, one that denies the question. It is dead when nothing can be left for it: all of its names are excepted, or the segments it is about
 * have approved names and none of its names is among them. Only what is certain is told; a rule of which nothing is said may still be of no use.
 */
#ifndef WR_CONF_POLICYLOOK_H
#define WR_CONF_POLICYLOOK_H

#include "conf/conf.h"

/* Called once for each useless rule, in order, with words for people. */
typedef void wr_policylook_found(void *user, size_t rule, const char *text);

void wr_policylook_find(const struct wr_conf *conf, wr_policylook_found *found, void *user);

#endif
