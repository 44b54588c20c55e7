/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time file: the moment that has certainly passed, kept over a restart.
 *
 * One line, `weir-time 1 <seconds since 1970>`. It is replaced whole, so a power cut leaves the old one or the new one. A file
 * that says anything else is put aside (<path>.bad) and weir goes on without. Errors as of serve/keepfile.h, WR_E_FORMAT.
 */
#ifndef WR_SERVE_TIMEFILE_H
#define WR_SERVE_TIMEFILE_H

#include <stdint.h>

/* WR_E_NOTFOUND: there is none yet. */
int wr_timefile_read(const char *path, int64_t *ret_seconds);
int wr_timefile_write(const char *path, int64_t seconds);

#endif
