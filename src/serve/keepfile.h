/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keep file: the careful ways with the kept cache's files.
 *
 * A file is opened without following a link, must be a plain file of our own user, and is closed to others (0600).
 * The secret key of the checksums is a file of 16 octets beside the checkpoint, made once; it also carries the lock
 * by which two weirs do not write one checkpoint. What cannot be used is renamed to <path>.bad, for a person to look at.
 *
 * Errors: WR_E_NOTFOUND, WR_E_DENIED (not ours, no plain file, a link), WR_E_BUSY (locked), WR_E_IO; errno has the
 * system's reason.
 */
#ifndef WR_SERVE_KEEPFILE_H
#define WR_SERVE_KEEPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

/* Longest path, with ".bad" and the like behind it. */
#define WR_KEEPFILE_PATH_MAX 1024

/* Only for reading where the file system is read-only: wr_keepfile_is_read_only tells. */
int wr_keepfile_open(const char *path, bool create, int *ret_fd);
bool wr_keepfile_is_read_only(int fd);
int wr_keepfile_lock(int fd);
/* The whole file in memory of its own (free), at most `max` octets: WR_E_LIMIT. */
int wr_keepfile_read(int fd, size_t max, uint8_t **ret_bytes, size_t *ret_size);
/* Writes at an offset and syncs; on an error the file is cut back to the offset. `ret_written` (may be NULL): octets
 * that write() took, on an error too. */
int wr_keepfile_append(int fd, uint64_t at, const void *bytes, size_t size, size_t *ret_written);
/* Opens or makes <path>.key and locks it; keep the descriptor open as long as the file is used. */
int wr_keepfile_key(const char *path, int *ret_fd, struct wr_hash_key *ret_key);
/* path -> path.bad, in place of an older one. */
int wr_keepfile_aside(const char *path);
/* from -> to, and the directory synced. */
int wr_keepfile_replace(const char *from, const char *to);
int wr_keepfile_sync_dir(const char *path); /* the directory the path is in */
/* Octets that are the same as long as the machine is not started again; random when the kernel does not say. */
void wr_keepfile_boot(uint8_t ret_boot[16]);

#endif
