/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devicekinds: the owner's table of kinds (`registry.kinds`) as a file, for the census.
 *
 * It is read at the start and at each reload, with the list of vendors when it names some. A file that cannot be read leaves the last
 * one in force; lines that cannot are left out and told.
 */
#ifndef WR_SERVE_DEVICEKINDS_H
#define WR_SERVE_DEVICEKINDS_H

#include "conf/kindsfile.h"

struct wr_devicekinds {
    struct wr_kindsfile file; /* all 0: none */
};

/* The table at `path` ("": none) is what the census goes by. Paths may not be NULL. */
void wr_devicekinds_read(struct wr_devicekinds *kinds, const char *path, const char *oui_path,
                         struct wr_census *m);
void wr_devicekinds_free(struct wr_devicekinds *kinds);

#endif
