/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds: the numbers and words of the configuration that the engine takes as they are.
 *
 * How long answers live, what one client may take, how large and how polite answers are. Part of making a gate (serve/gate); nothing
 * is checked here, conf/rules has done it.
 */
#ifndef WR_SERVE_BOUNDS_H
#define WR_SERVE_BOUNDS_H

#include "conf/conf.h"
#include "engine/settings.h"

/* One for each of `cache.ttl`; free() it. NULL: no memory. */
struct wr_ttl_rule *wr_bounds_ttl_rules(const struct wr_conf *conf);
void wr_bounds_copy(const struct wr_conf *conf, struct wr_settings *settings);

#endif
