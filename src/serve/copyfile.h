/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copy file: the copy of a zone on the disk, for the next start.
 *
 * It is a zone file, which a person can read and `weir zone check` understands: <folder>/<zone>.copy, written beside and moved into
 * its place, so that there is always a whole one. When a primary last confirmed it is the file's time of change; the epoch
 * (0) means that nobody knew the time then. A file that has a mistake in it is put aside as <name>.bad.
 *
 * Only plain files of our own user are read (serve/keepfile). Everything here may wait for the disk.
 */
#ifndef WR_SERVE_COPYFILE_H
#define WR_SERVE_COPYFILE_H

#include "conf/names.h"
#include "serve/keepfile.h"

/* The path of a zone's file; WR_E_RANGE: it would be too long for a file's name, and the copy is not kept. */
int wr_copyfile_path(const char *folder, const uint8_t *zone, char ret_path[WR_KEEPFILE_PATH_MAX]);
/* `confirmed_s` 0: the time is not known. WR_E_IO (errno), WR_E_DENIED. */
int wr_copyfile_write(const char *path, const struct wr_names *names, int64_t confirmed_s);
/* Only the time. */
int wr_copyfile_touch(const char *path, int64_t confirmed_s);
/* WR_E_NOTFOUND; WR_E_FORMAT: it was no good and is put aside. *ret_confirmed_s 0: not known. */
int wr_copyfile_read(const char *path, const uint8_t *zone, struct wr_names *ret_names,
                     int64_t *ret_confirmed_s);

#endif
