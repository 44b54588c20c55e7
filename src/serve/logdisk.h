/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log on disk: what the ledger takes in, in segments of a folder, by a thread of its own.
 *
 * The thread is a reader of the ledger (wr_ledger_follow), so a disk that stalls holds up nobody; what leaves the ledger's memory
 * meanwhile is lost and counted. A block is written when it is full or `interval` old, and synced; the oldest segments leave when
 * all together are larger than `size`.
 *
 * Little may be written: a day's budget (resolve/writebudget). When it runs short, and while the disk refuses, queries are no longer
 * written one by one but as counts (serve/rollup); decisions of policy and what changed still are, as long as there is
 * room. Whoever reads the log is told by an event in it, the operator by one line, and `weir status` as long as it lasts.
 *
 * Errors: from open WR_E_NOMEM alone; a folder that cannot be used is said once and in the status, and tried again.
 */
#ifndef WR_SERVE_LOGDISK_H
#define WR_SERVE_LOGDISK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "serve/ledger.h"
#include "serve/logblock.h"

struct wr_logdisk;

struct wr_logdisk_conf {
    const char *path; /* of the folder */
    uint64_t size_bytes, budget_per_day_bytes, interval_ms;
};

/* Before the ledger runs: its numbers go on where those on disk end. The path must stay. */
int wr_logdisk_open(const struct wr_logdisk_conf *conf, struct wr_ledger *ledger,
                    const struct wr_now *now, struct wr_logdisk **ret_disk);
int wr_logdisk_run(struct wr_logdisk *d); /* starts the thread: WR_E_NOMEM */
/* Ends the thread, and nothing else. */
void wr_logdisk_halt(struct wr_logdisk *d);
/* One turn of the thread, for tests: takes in and writes what is due. `all`: also a block that is not full or old. */
void wr_logdisk_turn(struct wr_logdisk *d, const struct wr_now *now, bool all);
/* A reload: size, budget and interval. */
void wr_logdisk_change(struct wr_logdisk *d, const struct wr_logdisk_conf *conf);
/* Ends the thread after everything is written (the ledger has stopped). NULL is fine. */
void wr_logdisk_close(struct wr_logdisk *d, const struct wr_now *now);

struct wr_logdisk_status {
    bool writing;              /* the folder can be written */
    bool coarse;               /* counts in place of queries */
    char problem[160];         /* why not, or "" */
    uint64_t written, counted; /* events on disk since the start; queries that went into counts */
    uint64_t lost;             /* events that are in neither */
    uint64_t failures;         /* writes that were refused */
    uint64_t bytes, blocks;    /* written since the start */
    uint64_t budget_bytes, bytes_today, size_bytes, folder_bytes, segments;
    uint64_t last;                  /* number of the last event on disk */
    uint8_t head[WR_LOGBLOCK_HASH]; /* of the last block */
};
void wr_logdisk_status(struct wr_logdisk *d, const struct wr_now *now,
                       struct wr_logdisk_status *ret_status);

#endif
