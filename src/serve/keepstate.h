/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keep state: what keep.c, keepload.c and keeppass.c have in common: one struct, and the few words about problems.
 *
 * keep.c opens and closes it and answers the other threads; keepload.c reads the files back; keeppass.c goes over the
 * cache and writes. Everything but `front` is under `lock`, which is held over waits for the disk.
 */
#ifndef WR_SERVE_KEEPSTATE_H
#define WR_SERVE_KEEPSTATE_H

#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "resolve/checkpoint.h"
#include "resolve/keptset.h"
#include "resolve/writebudget.h"
#include "serve/keep.h"
#include "serve/keepfile.h"
#include "serve/keeplive.h"
#include "serve/keeplog.h"

/* What others leave for the next tick, and what the last one said: never held over a wait for the disk. */
struct wr_keep_front {
    pthread_mutex_t lock;
    struct wr_name flushes[WR_KEEP_FLUSHES_MAX];
    unsigned flush_count;
    bool changed; /* conf is new */
    struct wr_keep_conf conf;
    uint64_t anchors;
    struct wr_keep_status status;
    uint64_t whole_us;
};

struct wr_keep {
    pthread_mutex_t lock; /* of all but `front` */
    struct wr_keep_front front;
    struct wr_keep_conf conf;
    struct wr_keeplive live;
    struct wr_cache *cache;
    bool warm;
    uint8_t boot[WR_CHECKPOINT_BOOT_SIZE];

    char path[WR_KEEPFILE_PATH_MAX], path_new[WR_KEEPFILE_PATH_MAX];
    bool on;   /* checkpoints are wanted and possible */
    bool late; /* they became possible while running: the cache knows better than the file */
    uint64_t retry_us;
    int key_fd; /* carries the lock */
    struct wr_hash_key key;
    struct wr_keeplog file, renewed; /* the second while the first is being written anew */
    bool renewing;

    struct wr_writebudget budget;
    struct wr_keptset kept;
    void *kept_block;
    uint8_t *room; /* of the batch */

    bool passing; /* a pass over the cache goes on */
    bool renews;  /* the first entry was met after the renewal began */
    uint64_t cursor;
    uint64_t living; /* octets of what is worth it, as the pass met it */
    struct wr_checkpoint_batch batch;
    struct wr_name flushes[WR_KEEP_FLUSHES_MAX];
    unsigned flush_count;

    char problem[160];
    int said;         /* errno that was said last, not to say it each minute */
    uint64_t foreign; /* entries of a file that were judged by other anchors */
    uint64_t loaded, whole_us, bytes_total, batches, failures;
    _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
};

/* Says it once per reason of the system, and remembers it for the status. */
void wr_keep_problem(struct wr_keep *k, const char *what, const char *remedy, int saved);
void wr_keep_no_problem(struct wr_keep *k);

static inline uint32_t wr_keep_seconds(const struct wr_now *now)
{
    return (uint32_t)(now->mono_us / WR_S);
}

static inline struct wr_checkpoint_clock wr_keep_clock(const struct wr_keep *k,
                                                       const struct wr_now *now)
{
    struct wr_checkpoint_clock clock = {.now = *now, .anchors = k->conf.anchors};

    memcpy(clock.boot, k->boot, sizeof(clock.boot));
    return clock;
}

/* keep.c: opens the key file; `on` says whether that went well. */
void wr_keep_open_key(struct wr_keep *k);

#endif
