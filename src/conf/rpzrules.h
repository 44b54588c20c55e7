/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPZ rules: what the configuration of response policy zones must not say.
 *
 * The same zone twice, no place to have it from or two, keys and segments that are not there, an override to nowhere. Part of
 * conf/rules; the mistakes are put where it says. That a zone's triggers cannot work is known when it is read (serve/policyzones).
 */
#ifndef WR_CONF_RPZRULES_H
#define WR_CONF_RPZRULES_H

#include "conf/conf.h"

/* Called for each mistake with the key's path and words for people. */
typedef void wr_rpzrules_wrong(void *user, const char *path, bool warning, const char *text);

void wr_rpzrules_check(const struct wr_conf *conf, wr_rpzrules_wrong *wrong, void *user);

#endif
