/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/keeppass.h"

#include <errno.h>

#include "base/err.h"

/* A file below this is never written anew, nor one that is less than three times what lives. */
#define RENEW_MIN ((uint64_t)256 << 10)
#define RENEW_MAX ((uint64_t)32 << 20)
/* Not worth a batch of its own while more octets flow into the budget. */
#define BATCH_MIN 512

static void failed(struct wr_keep *k, const char *what)
{
    k->failures++;
    wr_keep_problem(k, what, "weir goes on and tries again later", errno);
    wr_keptset_forget(&k->kept); /* what this pass thought written is not */
    k->renews = false;
    k->cursor = 0;
}

static void spend(struct wr_keep *k, uint64_t bytes, const struct wr_now *now)
{
    wr_writebudget_spend(&k->budget, now->mono_us, bytes);
    k->bytes_total += bytes;
}

static int begin_file(struct wr_keep *k, const char *path, struct wr_keeplog *log,
                      const struct wr_now *now)
{
    int err = wr_keeplog_begin(log, path, &k->key);

    if (!err) {
        spend(k, WR_CHECKPOINT_FILE_HEADER, now);
    }
    return err;
}

static struct wr_keeplog *target(struct wr_keep *k)
{
    return k->renewing ? &k->renewed : &k->file;
}

/* Writes the batch, if there is anything in it. */
static int write_batch(struct wr_keep *k, const struct wr_now *now)
{
    struct wr_checkpoint_clock clock = wr_keep_clock(k, now);
    struct wr_keeplog *log = target(k);
    uint64_t bytes;
    int err;

    if (k->batch.records == 0) {
        return WR_OK;
    }
    if (log->fd < 0 && begin_file(k, k->renewing ? k->path_new : k->path, log, now)) {
        failed(k, "cannot be made");
        return WR_E_IO;
    }
    err = wr_keeplog_append(log, &k->batch, &clock, &bytes);
    spend(k, bytes, now);
    if (err) {
        failed(k, err == WR_E_STALE ? "was removed" : "cannot be written");
        return err;
    }
    wr_keep_no_problem(k);
    k->batches++;
    k->flush_count = 0;
    return WR_OK;
}

/* The file is several times what lives: everything is to be written anew, into another. */
static void begin_renewal(struct wr_keep *k, const struct wr_now *now)
{
    uint64_t limit = 3 * k->living;

    limit = limit < RENEW_MIN ? RENEW_MIN : limit > RENEW_MAX ? RENEW_MAX : limit;
    if (k->renewing || k->file.size <= limit ||
        wr_writebudget_allowed(&k->budget, now->mono_us) < BATCH_MIN) {
        return;
    }
    if (begin_file(k, k->path_new, &k->renewed, now)) {
        failed(k, "its successor cannot be made");
        return;
    }
    k->renewing = true;
    wr_keptset_forget(&k->kept);
}

static void end_renewal(struct wr_keep *k)
{
    if (wr_keepfile_replace(k->path_new, k->path)) {
        failed(k, "its successor cannot take its place");
        return;
    }
    wr_keeplog_close(&k->file);
    k->file = k->renewed;
    wr_keeplog_init(&k->renewed);
    k->renewing = false;
}

/* A new batch, no larger than the budget allows. */
static bool start_batch(struct wr_keep *k, const struct wr_now *now)
{
    uint64_t allowed = wr_writebudget_allowed(&k->budget, now->mono_us);
    uint64_t head = target(k)->fd < 0 ? WR_CHECKPOINT_FILE_HEADER : 0;

    if (allowed < BATCH_MIN + head) {
        return false;
    }
    allowed -= head;
    wr_checkpoint_start(&k->batch, k->room,
                        allowed < WR_CHECKPOINT_BATCH_MAX ? allowed : WR_CHECKPOINT_BATCH_MAX);
    return true;
}

void wr_keeppass_start(struct wr_keep *k, const struct wr_now *now)
{
    if (!start_batch(k, now)) {
        wr_writebudget_done(&k->budget, now->mono_us, false);
        return;
    }
    k->passing = true;
    if (k->cursor == 0) {
        k->renews = k->renewing;
        k->living = 0;
    }
    for (unsigned i = 0; i < k->flush_count; i++) {
        (void)wr_checkpoint_add_flush(&k->batch, k->flushes[i].wire);
    }
}

static void end_pass(struct wr_keep *k, const struct wr_now *now, bool whole, int err)
{
    k->passing = false;
    if (whole && !err) {
        k->cursor = 0;
        k->whole_us = now->mono_us;
        if (k->renewing && k->renews) {
            end_renewal(k);
        }
        begin_renewal(k, now);
    }
    wr_writebudget_done(&k->budget, now->mono_us, err != 0);
}

/* One entry of the pass. WR_E_FULL: the batch must be written first, then this entry again. */
static int consider(struct wr_keep *k, const struct wr_cache_key *key,
                    const struct wr_cache_entry *e, uint32_t now_s)
{
    int err;

    if (!wr_keptset_worth(e, k->conf.stale_max_s)) {
        return WR_OK;
    }
    k->living += 32u + (e->kind == WR_CACHE_RRSET ? e->rrset.size : e->flat_size);
    if (!wr_keptset_news(&k->kept, key, e, now_s)) {
        return WR_OK;
    }
    err = wr_checkpoint_add(&k->batch, key, e, now_s);
    if (err == WR_OK) {
        wr_keptset_written(&k->kept, key, e, e->stored_s);
    }
    return err == WR_E_FULL && k->batch.records > 0 ? WR_E_FULL : WR_OK;
}

/* A bounded piece of the pass. */
void wr_keeppass_step(struct wr_keep *k, const struct wr_now *now)
{
    struct wr_cache_entry e;
    struct wr_cache_key key;
    struct wr_name name;
    uint64_t before;
    int err;

    for (unsigned i = 0; i < WR_KEEP_STEP_MAX; i++) {
        before = k->cursor;
        if (wr_cache_walk(k->cache, &k->cursor, wr_keep_seconds(now), k->scratch, &name, &key,
                          &e)) {
            end_pass(k, now, true, write_batch(k, now));
            return;
        }
        if (consider(k, &key, &e, wr_keep_seconds(now)) == WR_OK) {
            continue;
        }
        k->cursor = before;
        err = write_batch(k, now);
        if (err || !start_batch(k, now)) {
            end_pass(k, now, false, err);
            return;
        }
    }
}
