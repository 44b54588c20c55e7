/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed rules: what must hold among the keys of `feeds`.
 *
 * Two feeds have no name in common, whatever its case, and none begins with a dot: each is the name of a file. It is a file, by its whole path, or an https
 * URL; pins are of a URL.
 */
#ifndef WR_CONF_FEEDRULES_H
#define WR_CONF_FEEDRULES_H

#include <stdbool.h>

#include "conf/conf.h"

typedef void wr_feedrules_put(void *user, const char *path, bool warning, const char *text);

/* `path` is the place of the mistake: "feeds[1].name". */
void wr_feedrules_check(const struct wr_conf *conf, wr_feedrules_put *put, void *user);

#endif
