/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD check: what is wrong with the files that `mud` names, before it is in force: a folder that cannot be written, authorities of whom none can be
 * read, a file of offers that is none.
 *
 *     wr_mudcheck(conf, &hooks)
 *
 * The daemon starts without all three, and says what is wrong when somebody imports a profile; that is late. A file of offers that is not there yet is
 * a note, for its helper makes it; so is what this user may not read, and the daemon perhaps may.
 */
#ifndef WR_SERVE_MUDCHECK_H
#define WR_SERVE_MUDCHECK_H

#include "conf/conf.h"
#include "conf/names.h"

/* The file that is told is the key of the configuration: "mud.anchors". */
void wr_mudcheck(const struct wr_conf *conf, const struct wr_names_hooks *hooks);

#endif
