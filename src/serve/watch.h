/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watch: says that something happened in the folders of some files (inotify), a short while after it did.
 *
 * Folders and not files are watched: a file is usually replaced by another one of its name. What happened is not looked
 * at; the caller compares the files. Bursts become one call: 20 ms after the first event, so that a file that is
 * emptied and written again is whole, and no more than ten calls a second. A folder that is not there, or a kernel without
 * inotify, is no error: the caller looks at the files every second as well.
 */
#ifndef WR_SERVE_WATCH_H
#define WR_SERVE_WATCH_H

#include <uv.h>

struct wr_watch;

/* NULL: no memory. */
struct wr_watch *wr_watch_create(uv_loop_t *loop, void (*hook)(void *user), void *user);
/* From here on the folders of these files and no others. */
void wr_watch_begin(struct wr_watch *w);
void wr_watch_add(struct wr_watch *w, const char *file);
void wr_watch_end(struct wr_watch *w);
unsigned wr_watch_folders(const struct wr_watch *w);
/* Closes; the memory is freed when the loop has turned once more. NULL is fine. */
void wr_watch_close(struct wr_watch *w);

#endif
