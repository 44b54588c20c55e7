/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keep log: one checkpoint file, read once from its start and then appended to.
 *
 * Load it, or begin a new one; append batches. What is behind the last whole batch when it is loaded was never
 * finished, and is cut off. A file that was removed under our hands is noticed at the next append (WR_E_STALE).
 *
 * Errors: those of keepfile.h; errno has the system's reason. Nothing here speaks to the operator: that is keep's.
 */
#ifndef WR_SERVE_KEEPLOG_H
#define WR_SERVE_KEEPLOG_H

#include <stdint.h>

#include "resolve/checkpoint.h"

struct wr_keeplog {
    int fd;        /* -1: no file (yet) */
    uint64_t size; /* octets up to the end of the last whole batch */
    struct wr_checkpoint_chain chain;
};

/* What loading found. From FOREIGN on the file cannot be appended to. */
enum wr_keeplog_found {
    WR_KEEPLOG_NONE, /* no file */
    WR_KEEPLOG_WHOLE,
    WR_KEEPLOG_UNFINISHED, /* its last batch was cut off */
    WR_KEEPLOG_DENIED,     /* not ours, a link, no plain file: leave it where it is */
    WR_KEEPLOG_FOREIGN,
    WR_KEEPLOG_VERSION,
    WR_KEEPLOG_CUT,     /* in its header */
    WR_KEEPLOG_ALTERED, /* what is whole in it was given */
    WR_KEEPLOG_TOO_LARGE,
    WR_KEEPLOG_UNREADABLE,
};

/* In words for the operator, as what follows "kept cache PATH ". Static. */
const char *wr_keeplog_found_text(enum wr_keeplog_found found);

/* Is given the reader at each record; the reader's clock and `good` are of the record's batch. */
typedef void wr_keeplog_visit(void *user, const struct wr_checkpoint_reader *r,
                              struct wr_checkpoint_record *record);

void wr_keeplog_init(struct wr_keeplog *log);
/* Afterwards the log is open if what was found can be appended to. */
enum wr_keeplog_found wr_keeplog_load(struct wr_keeplog *log, const char *path,
                                      const struct wr_hash_key *key, wr_keeplog_visit *visit,
                                      void *user);
/* Makes an empty file of it, in place of what is there: header and sync. WR_CHECKPOINT_FILE_HEADER octets are written. */
int wr_keeplog_begin(struct wr_keeplog *log, const char *path, const struct wr_hash_key *key);
/* Ends the batch and writes it. `ret_bytes` were taken by write(), on an error too. */
int wr_keeplog_append(struct wr_keeplog *log, struct wr_checkpoint_batch *batch,
                      const struct wr_checkpoint_clock *clock, uint64_t *ret_bytes);
void wr_keeplog_close(struct wr_keeplog *log);

#endif
