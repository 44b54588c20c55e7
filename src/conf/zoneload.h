/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone load: a zone file and what it includes, from the disk into the reader of dns/zonefile.
 *
 *     struct wr_zoneload_sink sink = {&mine, take_record, take_mistake};
 *     err = wr_zoneload(path, &options, &sink);
 *
 * $INCLUDE is confined to the folder that the first file is in: a path there is relative to that folder, has no "..", and no
 * part of it is a symbolic link. Only plain files are read; a device or a pipe is refused before it can block.
 * An include that is refused, or that cannot be read, is a mistake with its place, and the rest loads; so is what is
 * beyond WR_ZONE_FILE_MAX octets in all. The first file
 * may be anything that leads to a plain file: its path is the owner's own.
 *
 * Memory: one reader and a buffer for each open file, whatever the size of the files; freed before the return.
 */
#ifndef WR_CONF_ZONELOAD_H
#define WR_CONF_ZONELOAD_H

#include "dns/zonefile.h"

struct wr_zoneload_sink {
    void *data;
    /* `file` is the path for messages, valid during the call. A result other than WR_OK ends the reading. */
    int (*record)(void *data, const struct wr_zonefile_event *rr, const char *file);
    void (*mistake)(void *data, const struct wr_zonefile_event *mistake,
                    const char *file); /* may be NULL */
};

/* WR_OK: all was read, mistakes or not; WR_E_IO: the first file cannot be read (errno); WR_E_DENIED: it is no plain file;
 * WR_E_NOMEM; or what `record` said. */
int wr_zoneload(const char *path, const struct wr_zonefile_options *options,
                const struct wr_zoneload_sink *sink);

#endif
