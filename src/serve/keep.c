/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/keep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/err.h"
#include "resolve/question.h"
#include "serve/keepload.h"
#include "serve/keeppass.h"
#include "serve/keepstate.h"
#include "serve/say.h"

/* Keys whose written form is remembered, 16 octets each: one in 256 octets of cache, as far as this. */
#define KEPT_KEYS_MIN 4096
#define KEPT_KEYS_MAX 65536

void wr_keep_problem(struct wr_keep *k, const char *what, const char *remedy, int saved)
{
    if (k->problem[0] != 0 && k->said == saved) {
        return;
    }
    snprintf(k->problem, sizeof(k->problem), "%s: %s", what, strerror(saved));
    k->said = saved;
    wr_say(WR_LOG_WARN, "kept cache %s: %s; %s", k->path, k->problem, remedy);
}

void wr_keep_no_problem(struct wr_keep *k)
{
    if (k->problem[0] != 0) {
        k->problem[0] = 0;
        k->said = 0;
        wr_say(WR_LOG_INFO, "kept cache %s is written again", k->path);
    }
}

/* --- opening ---------------------------------------------------------------------------------- */

static int open_block(struct wr_keep *k)
{
    const char *path = k->conf.live_path;
    bool same = false;
    int err = WR_E_NOTFOUND;

    if (path && path[0] != 0) {
        err = wr_keeplive_open(path, k->conf.cache_size, k->boot, k->conf.anchors, &k->live, &same);
        if (err == WR_E_UNSUPPORTED) {
            wr_say(WR_LOG_WARN,
                   "live cache %s is not on tmpfs, it would wear out flash: kept in memory", path);
        } else if (err) {
            wr_say(WR_LOG_WARN, "live cache %s: %s: kept in memory; is another weir running?", path,
                   err == WR_E_BUSY ? "in use" : strerror(errno));
        }
    }
    if (err) {
        err = wr_keeplive_plain(k->conf.cache_size, &k->live);
    }
    k->warm = !err && same && wr_cache_attach(k->live.block, k->live.size, &k->cache) == WR_OK;
    return err;
}

/* What was answered to some clients alone was so under numbers that mean something else now. */
static int forget_views(struct wr_cache *cache)
{
    void *scratch = malloc(WR_CACHE_SCRATCH_SIZE);
    struct wr_cache_key key;
    struct wr_cache_entry e;
    struct wr_name name;
    uint64_t cursor = 0;

    while (scratch && wr_cache_walk(cache, &cursor, 0, scratch, &name, &key, &e) == WR_OK)
        if ((key.scope & WR_SCOPE_VIEWS) != 0)
            (void)wr_cache_remove(cache, &key);
    free(scratch);
    return scratch ? WR_OK : WR_E_NOMEM;
}

static int format_block(struct wr_keep *k)
{
    struct wr_hash_key key;

    if (k->warm) {
        return forget_views(k->cache);
    }
    if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key)) {
        return WR_E_IO;
    }
    return wr_cache_format(k->live.block, k->live.size, &key, &k->cache);
}

static void name_files(struct wr_keep *k, const char *path)
{
    if (strlen(path) + 16 > sizeof(k->path)) {
        wr_say(WR_LOG_WARN, "cache.keep.path is too long: the cache is not kept");
        return;
    }
    snprintf(k->path, sizeof(k->path), "%s", path);
    snprintf(k->path_new, sizeof(k->path_new), "%.*s.new", (int)sizeof(k->path_new) - 5, path);
}

void wr_keep_open_key(struct wr_keep *k)
{
    int err;

    if (k->path[0] == 0) {
        return;
    }
    err = wr_keepfile_key(k->path, &k->key_fd, &k->key);
    if (err == WR_E_BUSY) {
        wr_keep_problem(k, "in use", "another weir keeps its cache there", EBUSY);
    } else if (err) {
        wr_keep_problem(k, "its key file cannot be used",
                        "the directory must exist and be writable for weir's user", errno);
    }
    k->on = err == WR_OK;
}

static struct wr_keep *allocate(size_t cache_size)
{
    struct wr_keep *k = calloc(1, sizeof(*k));
    size_t keys = cache_size / 256;

    if (!k) {
        return NULL;
    }
    keys = keys < KEPT_KEYS_MIN ? KEPT_KEYS_MIN : keys > KEPT_KEYS_MAX ? KEPT_KEYS_MAX : keys;
    k->live.fd = k->key_fd = -1;
    wr_keeplog_init(&k->file);
    wr_keeplog_init(&k->renewed);
    k->kept_block = calloc(1, wr_keptset_size((uint32_t)keys));
    k->room = malloc(WR_CHECKPOINT_BATCH_MAX);
    if (!k->kept_block || !k->room) {
        free(k->kept_block);
        free(k->room);
        free(k);
        return NULL;
    }
    wr_keptset_init(&k->kept, k->kept_block, (uint32_t)keys);
    pthread_mutex_init(&k->lock, NULL);
    pthread_mutex_init(&k->front.lock, NULL);
    return k;
}

static void release(struct wr_keep *k)
{
    wr_keeplog_close(&k->file);
    wr_keeplog_close(&k->renewed);
    if (k->key_fd >= 0) {
        close(k->key_fd);
    }
    wr_keeplive_close(&k->live);
    pthread_mutex_destroy(&k->lock);
    pthread_mutex_destroy(&k->front.lock);
    free(k->kept_block);
    free(k->room);
    free(k);
}

static void publish(struct wr_keep *k, const struct wr_now *now);

int wr_keep_open(const struct wr_keep_conf *conf, const struct wr_now *now,
                 struct wr_keep **ret_keep)
{
    struct wr_keep *k = allocate(conf->cache_size);
    int err;

    if (!k) {
        return WR_E_NOMEM;
    }
    k->conf = *conf;
    k->front.anchors = conf->anchors;
    wr_keepfile_boot(k->boot);
    err = open_block(k);
    err = err ? err : format_block(k);
    if (err) {
        release(k);
        return err;
    }
    if (conf->checkpoint_path) {
        name_files(k, conf->checkpoint_path);
    }
    wr_keep_open_key(k);
    k->retry_us = now->mono_us + 60 * WR_S;
    wr_writebudget_init(&k->budget, conf->budget_per_day_bytes, conf->min_interval_ms * WR_MS,
                        conf->max_interval_ms * WR_MS, now->mono_us);
    k->conf.live_path = k->conf.checkpoint_path = NULL; /* the caller's, not kept */
    publish(k, now);
    *ret_keep = k;
    return WR_OK;
}

struct wr_cache *wr_keep_cache(const struct wr_keep *keep)
{
    return keep->cache;
}

void *wr_keep_block(const struct wr_keep *keep, size_t *ret_size)
{
    *ret_size = keep->live.size;
    return keep->live.block;
}

bool wr_keep_warm(const struct wr_keep *keep)
{
    return keep->warm;
}

/* --- running ---------------------------------------------------------------------------------- */

/* The notes that were left. A batch begun before a flush would stand behind it: it is begun anew. */
static void take_notes(struct wr_keep *k)
{
    struct wr_keep_front *front = &k->front;

    pthread_mutex_lock(&front->lock);
    if (front->flush_count > 0) {
        if (k->flush_count + front->flush_count > WR_KEEP_FLUSHES_MAX) {
            k->flush_count = 0;
            wr_name_set(&front->flushes[0], (const uint8_t *)""); /* the root: all of it */
            front->flush_count = 1;
        }
        memcpy(k->flushes + k->flush_count, front->flushes,
               front->flush_count * sizeof(k->flushes[0]));
        k->flush_count += front->flush_count;
        front->flush_count = 0;
        wr_keptset_forget(&k->kept);
        k->passing = false;
        k->cursor = 0;
        k->budget.next_us = 0;
    }
    k->conf.anchors = front->anchors;
    if (front->changed) {
        front->changed = false;
        k->conf.stale_max_s = front->conf.stale_max_s;
        wr_writebudget_change(&k->budget, front->conf.budget_per_day_bytes,
                              front->conf.min_interval_ms * WR_MS,
                              front->conf.max_interval_ms * WR_MS);
    }
    pthread_mutex_unlock(&front->lock);
}

static void publish(struct wr_keep *k, const struct wr_now *now)
{
    struct wr_keep_status status = {
        .live = k->live.fd >= 0,
        .warm = k->warm,
        .checkpoints = k->path[0] != 0,
        .writing = k->on && k->problem[0] == 0,
        .loaded = k->loaded,
        .interval_s = k->budget.interval_us / WR_S,
        .budget_bytes = k->budget.per_day,
        .bytes_today = wr_writebudget_today(&k->budget, now->mono_us),
        .bytes_total = k->bytes_total,
        .file_bytes = k->file.size,
        .batches = k->batches,
        .failures = k->failures,
    };

    memcpy(status.problem, k->problem, sizeof(status.problem));
    pthread_mutex_lock(&k->front.lock);
    k->front.status = status;
    k->front.whole_us = k->whole_us;
    pthread_mutex_unlock(&k->front.lock);
}

uint64_t wr_keep_load(struct wr_keep *k, const struct wr_now *now)
{
    pthread_mutex_lock(&k->lock);
    wr_keepload_both(k, now);
    publish(k, now);
    pthread_mutex_unlock(&k->lock);
    return k->loaded;
}

void wr_keep_tick(struct wr_keep *k, const struct wr_now *now)
{
    pthread_mutex_lock(&k->lock);
    take_notes(k);
    if (!k->on) {
        wr_keepload_again(k, now);
    }
    if (k->on && !k->passing && wr_writebudget_due(&k->budget, now->mono_us)) {
        wr_keeppass_start(k, now);
    }
    if (k->on && k->passing) {
        wr_keeppass_step(k, now);
    }
    publish(k, now);
    pthread_mutex_unlock(&k->lock);
}

void wr_keep_flushed(struct wr_keep *k, const uint8_t *name)
{
    struct wr_keep_front *front = &k->front;

    pthread_mutex_lock(&front->lock);
    if (front->flush_count == WR_KEEP_FLUSHES_MAX) {
        front->flush_count = 0;
        name = (const uint8_t *)""; /* too many to name: all of it */
    }
    wr_name_set(&front->flushes[front->flush_count++], name);
    pthread_mutex_unlock(&front->lock);
}

void wr_keep_anchors(struct wr_keep *k, uint64_t mark)
{
    pthread_mutex_lock(&k->front.lock);
    k->front.anchors = mark;
    wr_keeplive_mark(&k->live, mark);
    pthread_mutex_unlock(&k->front.lock);
}

void wr_keep_change(struct wr_keep *k, const struct wr_keep_conf *conf)
{
    pthread_mutex_lock(&k->front.lock);
    k->front.conf = *conf;
    k->front.changed = true;
    pthread_mutex_unlock(&k->front.lock);
}

void wr_keep_status(struct wr_keep *k, const struct wr_now *now, struct wr_keep_status *ret_status)
{
    struct wr_keep_front *front = &k->front;

    pthread_mutex_lock(&front->lock);
    *ret_status = front->status;
    ret_status->last_age_s = front->whole_us ? (now->mono_us - front->whole_us) / WR_S : UINT64_MAX;
    pthread_mutex_unlock(&front->lock);
}

/* What is new since the last pass, as far as the budget goes. */
static void last_pass(struct wr_keep *k, const struct wr_now *now)
{
    uint64_t slots = WR_KEEP_FILE_MAX / WR_KEEP_STEP_MAX;

    if (!k->passing) {
        wr_keeppass_start(k, now);
    }
    for (uint64_t i = 0; k->passing && i < slots; i++) {
        wr_keeppass_step(k, now);
    }
}

void wr_keep_close(struct wr_keep *k, const struct wr_now *now)
{
    if (!k) {
        return;
    }
    take_notes(k);
    if (k->on) {
        last_pass(k, now);
    }
    release(k);
}
