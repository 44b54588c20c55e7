/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keep: the cache outlives the process, and what is worth it outlives a power cut.
 *
 * Two layers, each optional. The live block (keeplive.h) is the cache itself as a file on tmpfs: after kill -9 it
 * is simply taken over. The checkpoint file (resolve/checkpoint.h) is on flash: once in 60 s to 1 h, as the write budget
 * allows, what is new and worth it is appended, under a checksum, and synced. When the file has grown to several
 * times of what lives, everything is written anew, within the same budget, into <path>.new, which then takes its place.
 *
 * Use: open (after privileges are dropped: the files are the user's), load, tick once a second, close. All calls may come
 * from one thread or several. load, tick and close may wait for the disk: never from a worker. The others do not: they
 * leave a note for the next tick, and read what the last one said. tick does a bounded piece of work.
 * A file that cannot be used is said once and the service goes on without it; writing is tried again later.
 *
 * Errors: WR_E_NOMEM and WR_E_IO (no randomness) from open; nothing else fails outwards.
 */
#ifndef WR_SERVE_KEEP_H
#define WR_SERVE_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "resolve/cache.h"

struct wr_keep;

struct wr_keep_conf {
    size_t cache_size;           /* octets of the block */
    const char *live_path;       /* on tmpfs; "" or NULL: plain memory */
    const char *checkpoint_path; /* "" or NULL: none */
    uint64_t min_interval_ms, max_interval_ms;
    uint64_t budget_per_day_bytes;
    uint32_t stale_max_s; /* 0: stale answers are not served, so nothing stale is kept */
    uint64_t anchors;     /* the mark of those in force (dnssec/anchordiff) */
};

/* The cache is formatted, or taken over from the live file, when this returns. */
int wr_keep_open(const struct wr_keep_conf *conf, const struct wr_now *now,
                 struct wr_keep **ret_keep);
struct wr_cache *wr_keep_cache(const struct wr_keep *keep);
/* The block itself, for who maps or counts it. */
void *wr_keep_block(const struct wr_keep *keep, size_t *ret_size);
bool wr_keep_warm(const struct wr_keep *keep); /* the live block was taken over */
/* Reads the checkpoint into the cache (unless it is warm) and stands ready to append. Returns entries read. */
uint64_t wr_keep_load(struct wr_keep *keep, const struct wr_now *now);
void wr_keep_tick(struct wr_keep *keep, const struct wr_now *now);
/* To be called beside wr_cache_flush: what was flushed must not come back from flash. */
void wr_keep_flushed(struct wr_keep *keep, const uint8_t *name);
/* Others are in force now, and what rested on the ones before has been flushed. */
void wr_keep_anchors(struct wr_keep *keep, uint64_t mark);
/* A reload: intervals, budget and stale bound; paths and size stay. */
void wr_keep_change(struct wr_keep *keep, const struct wr_keep_conf *conf);
/* A last checkpoint, then everything is given back; the cache pointer is dead. NULL is fine. */
void wr_keep_close(struct wr_keep *keep, const struct wr_now *now);

struct wr_keep_status {
    bool live; /* the block is a file on tmpfs */
    bool warm;
    bool checkpoints;    /* a path is configured */
    bool writing;        /* and can be written */
    char problem[160];   /* why not, "" when all is well */
    uint64_t loaded;     /* entries read at the start */
    uint64_t last_age_s; /* since the last checkpoint that had everything; UINT64_MAX: none yet */
    uint64_t interval_s;
    uint64_t budget_bytes, bytes_today, bytes_total, file_bytes;
    uint64_t batches, failures;
};
void wr_keep_status(struct wr_keep *keep, const struct wr_now *now,
                    struct wr_keep_status *ret_status);

#endif
