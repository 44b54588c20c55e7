/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log stream: the log for one reader, from disk and memory as if they were one.
 *
 * First what is on disk, then what memory has behind the last event there, by their numbers; nothing comes twice. With a filter and a
 * count the log is gone through twice: to count those that are wanted, and to give the last of them. Each call does a bounded piece
 * of work and never waits but for the disk, so the daemon's main thread may do it.
 */
#ifndef WR_SERVE_LOGSTREAM_H
#define WR_SERVE_LOGSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/ledger.h"
#include "serve/logfilter.h"

struct wr_logstream;

struct wr_logstream_want {
    struct wr_logfilter filter;
    uint64_t count; /* the last so many; UINT64_MAX: all */
    bool
        follow; /* it goes on with those that come; else it ends where the log ended when it was opened */
    const char *folder; /* NULL: memory alone */
    uint64_t after;     /* numbers of events up to this one are not wanted */
};

enum wr_logstream_state {
    WR_LOGSTREAM_MORE, /* call again */
    WR_LOGSTREAM_WAIT, /* follow: until the ledger has grown */
    WR_LOGSTREAM_END,
};

int wr_logstream_open(struct wr_ledger *ledger, const struct wr_logstream_want *want,
                      struct wr_logstream **ret_stream); /* WR_E_NOMEM */
void wr_logstream_close(struct wr_logstream *s);         /* NULL is fine */
/* Up to `cap` events that are wanted; their texts stay until the next call. */
enum wr_logstream_state wr_logstream_next(struct wr_logstream *s,
                                          struct wr_ledger_event *ret_events, uint32_t cap,
                                          uint32_t *ret_count);
/* Events that left memory before they were read, and blocks of the disk that could not be. */
uint64_t wr_logstream_missing(const struct wr_logstream *s);

#endif
