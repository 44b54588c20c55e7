/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root copy: the copy of the root zone (RFC 8806) is a zone like those of `local.zones`, but for where it is written.
 *
 *     wr_rootcopy_fill(conf)                   when the configuration was read
 *     for (i < wr_rootcopy_zones(conf)) wr_rootcopy_zone(conf, i)
 *
 * goes through all zones that are local or held: those of `local.zones`, and behind them the root, where a copy of it is wanted. It
 * is for resolution alone, wants a digest, and its servers are asked when it is not there.
 */
#ifndef WR_CONF_ROOTCOPY_H
#define WR_CONF_ROOTCOPY_H

#include "conf/conf.h"

/* WR_E_NOMEM. */
int wr_rootcopy_fill(struct wr_conf *conf);
size_t wr_rootcopy_zones(const struct wr_conf *conf);
const struct wr_conf_zone *wr_rootcopy_zone(const struct wr_conf *conf, size_t i);

#endif
