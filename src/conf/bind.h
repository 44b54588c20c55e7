/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bind: a tree of nodes laid upon the schema, each value to its place.
 *
 * First every key gets its default (those of the profile that the file names), then the file's values
 * take their places. Every unknown key, wrong type, unit and range is a mistake in the list, with the nearest known
 * key or word; what is wrong keeps its default so that reading can go on. What several
 * keys say together is checked in conf/rules.
 *
 * Returns WR_OK (mistakes or not) or WR_E_NOMEM. Memory: what the values point to is taken from conf->mem.
 */
#ifndef WR_CONF_BIND_H
#define WR_CONF_BIND_H

#include "base/check.h"
#include "conf/conf.h"
#include "conf/mistakes.h"
#include "conf/renamed.h"
#include "conf/yaml.h"

WR_MUSTCHECK int wr_bind(const struct wr_yaml *yaml, struct wr_mistakes *mistakes,
                         struct wr_conf *conf);
/* The same with another table of renamed keys. */
WR_MUSTCHECK int wr_bind_renamed(const struct wr_yaml *yaml, const struct wr_renamed *renamed,
                                 struct wr_mistakes *mistakes, struct wr_conf *conf);

#endif
