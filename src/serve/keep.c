/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/keep.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "resolve/checkpoint.h"
#include "resolve/keptset.h"
#include "resolve/writebudget.h"
#include "serve/keepfile.h"
#include "serve/keeplive.h"
#include "serve/keeplog.h"
#include "serve/say.h"

/* Keys whose written form is remembered, 16 octets each: one in 256 octets of cache, as far as this. */
#define KEPT_KEYS_MIN 4096
#define KEPT_KEYS_MAX 65536
/* A file that could not be used is tried again after this. */
#define RETRY_US (60 * WR_S)
/* A file below this is never written anew, nor one that is less than three times what lives. */
#define RENEW_MIN ((uint64_t)256 << 10)
#define RENEW_MAX ((uint64_t)32 << 20)
/* Not worth a batch of its own while more octets flow into the budget. */
#define BATCH_MIN 512

struct wr_keep {
    pthread_mutex_t lock;
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
    int said; /* errno that was said last, not to say it each minute */
    uint64_t loaded, whole_us, bytes_total, batches, failures;
    _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
};

static void set_problem(struct wr_keep *k, const char *what, const char *remedy, int saved)
{
    if (k->problem[0] != 0 && k->said == saved) {
        return;
    }
    snprintf(k->problem, sizeof(k->problem), "%s: %s", what, strerror(saved));
    k->said = saved;
    wr_say(WR_LOG_WARN, "kept cache %s: %s; %s", k->path, k->problem, remedy);
}

static void clear_problem(struct wr_keep *k)
{
    if (k->problem[0] != 0) {
        k->problem[0] = 0;
        k->said = 0;
        wr_say(WR_LOG_INFO, "kept cache %s is written again", k->path);
    }
}

static uint32_t seconds(const struct wr_now *now)
{
    return (uint32_t)(now->mono_us / WR_S);
}

static struct wr_checkpoint_clock clock_of(const struct wr_keep *k, const struct wr_now *now)
{
    struct wr_checkpoint_clock clock = {.now = *now};

    memcpy(clock.boot, k->boot, sizeof(clock.boot));
    return clock;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int open_block(struct wr_keep *k)
{
    const char *path = k->conf.live_path;
    bool same = false;
    int err = WR_E_NOTFOUND;

    if (path && path[0] != 0) {
        err = wr_keeplive_open(path, k->conf.cache_size, k->boot, &k->live, &same);
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

static int format_block(struct wr_keep *k)
{
    struct wr_hash_key key;

    if (k->warm) {
        return WR_OK;
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

static void open_checkpoint(struct wr_keep *k)
{
    int err;

    if (k->path[0] == 0) {
        return;
    }
    err = wr_keepfile_key(k->path, &k->key_fd, &k->key);
    if (err == WR_E_BUSY) {
        set_problem(k, "in use", "another weir keeps its cache there", EBUSY);
    } else if (err) {
        set_problem(k, "its key file cannot be used",
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
    free(k->kept_block);
    free(k->room);
    free(k);
}

int wr_keep_open(const struct wr_keep_conf *conf, const struct wr_now *now,
                 struct wr_keep **ret_keep)
{
    struct wr_keep *k = allocate(conf->cache_size);
    int err;

    if (!k) {
        return WR_E_NOMEM;
    }
    k->conf = *conf;
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
    open_checkpoint(k);
    k->retry_us = now->mono_us + RETRY_US;
    wr_writebudget_init(&k->budget, conf->budget_per_day_bytes, conf->min_interval_ms * WR_MS,
                        conf->max_interval_ms * WR_MS, now->mono_us);
    k->conf.live_path = k->conf.checkpoint_path = NULL; /* the caller's, not kept */
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

/* --- loading ---------------------------------------------------------------------------------- */

static void apply_entry(struct wr_keep *k, struct wr_checkpoint_record *record,
                        const struct wr_now *now)
{
    struct wr_cache_key *key = &record->key, nothing;

    wr_cache_key_init(k->cache, record->name.wire, key->type, key->scope, key);
    if (!k->warm && !k->late) {
        if (record->entry.kind == WR_CACHE_RRSET) {
            wr_cache_key_init(k->cache, record->name.wire, 0, key->scope, &nothing);
            (void)wr_cache_remove(k->cache, &nothing); /* it exists after all */
        }
        (void)wr_cache_remove(k->cache, key);
        if (wr_cache_put(k->cache, key, seconds(now), &record->entry) == WR_OK) {
            k->loaded++;
        }
    }
    /* What stands in the file was true when it was stored; it is as old as that. */
    wr_keptset_written(&k->kept, key, &record->entry, record->entry.stored_s);
}

struct load {
    struct wr_keep *k;
    struct wr_checkpoint_clock now;
    size_t good; /* where the batch before ended */
};

/* What was written lately counts against the budget of today. */
static void count_batch(struct load *load, const struct wr_checkpoint_reader *r)
{
    uint64_t ago_s;

    if (r->good != load->good && wr_checkpoint_passed(&r->clock, &load->now, &ago_s)) {
        wr_writebudget_before(&load->k->budget, ago_s, r->good - load->good);
    }
    load->good = r->good;
}

static void apply(void *user, const struct wr_checkpoint_reader *r,
                  struct wr_checkpoint_record *record)
{
    struct load *load = user;
    struct wr_keep *k = load->k;

    count_batch(load, r);
    if (record->what == WR_CHECKPOINT_FLUSH) {
        wr_keptset_forget(&k->kept);
        if (!k->warm && !k->late) {
            wr_cache_flush(k->cache, record->name.wire);
        }
    } else if (wr_checkpoint_age(&r->clock, &load->now, k->conf.stale_max_s, record)) {
        apply_entry(k, record, &load->now.now);
    }
}

static void put_aside(struct wr_keep *k, const char *path, const char *why)
{
    wr_keptset_forget(&k->kept); /* what was in it must be written again */
    if (wr_keepfile_aside(path) == WR_OK) {
        wr_say(WR_LOG_WARN, "kept cache %s %s: renamed to %s.bad, a new one is begun", path, why,
               path);
    } else {
        set_problem(k, why, "it cannot be renamed either: move it away", errno);
        k->on = false;
    }
}

static void load_file(struct wr_keep *k, const char *path, struct wr_keeplog *log,
                      const struct wr_now *now)
{
    struct load load = {.k = k, .now = clock_of(k, now)};
    enum wr_keeplog_found found = wr_keeplog_load(log, path, &k->key, apply, &load);
    const char *text = wr_keeplog_found_text(found);

    switch (found) {
    case WR_KEEPLOG_NONE:
    case WR_KEEPLOG_WHOLE: break;
    case WR_KEEPLOG_UNFINISHED: wr_say(WR_LOG_INFO, "kept cache %s %s", path, text); break;
    case WR_KEEPLOG_DENIED:
        set_problem(k, text, "move it away, or set another cache.keep.path", errno);
        k->on = false;
        break;
    default: put_aside(k, path, text); break;
    }
}

static void load_both(struct wr_keep *k, const struct wr_now *now)
{
    if (k->on) {
        load_file(k, k->path, &k->file, now);
    }
    /* Only what is in the renewed file needs no writing: it is the one that will stay. */
    if (k->on && access(k->path_new, F_OK) == 0) {
        wr_keptset_forget(&k->kept);
        load_file(k, k->path_new, &k->renewed, now);
        k->renewing = k->renewed.fd >= 0;
    }
    if (!k->on && k->key_fd >= 0) {
        close(k->key_fd);
        k->key_fd = -1;
    }
}

uint64_t wr_keep_load(struct wr_keep *k, const struct wr_now *now)
{
    pthread_mutex_lock(&k->lock);
    load_both(k, now);
    pthread_mutex_unlock(&k->lock);
    return k->loaded;
}

/* What could not be used at the start may be usable now. */
static void try_again(struct wr_keep *k, const struct wr_now *now)
{
    if (k->path[0] == 0 || now->mono_us < k->retry_us) {
        return;
    }
    k->retry_us = now->mono_us + RETRY_US;
    k->late = true;
    open_checkpoint(k);
    load_both(k, now);
    if (k->on) {
        clear_problem(k);
    }
}

/* --- writing ---------------------------------------------------------------------------------- */

static void failed(struct wr_keep *k, const char *what)
{
    k->failures++;
    set_problem(k, what, "weir goes on and tries again later", errno);
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
    spend(k, WR_CHECKPOINT_FILE_HEADER, now);
    return wr_keeplog_begin(log, path, &k->key);
}

static struct wr_keeplog *target(struct wr_keep *k)
{
    return k->renewing ? &k->renewed : &k->file;
}

/* Writes the batch, if there is anything in it. */
static int write_batch(struct wr_keep *k, const struct wr_now *now)
{
    struct wr_checkpoint_clock clock = clock_of(k, now);
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
    clear_problem(k);
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

static void start_pass(struct wr_keep *k, const struct wr_now *now)
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
static void step_pass(struct wr_keep *k, const struct wr_now *now)
{
    struct wr_cache_entry e;
    struct wr_cache_key key;
    struct wr_name name;
    uint64_t before;
    int err;

    for (unsigned i = 0; i < WR_KEEP_STEP_MAX; i++) {
        before = k->cursor;
        if (wr_cache_walk(k->cache, &k->cursor, seconds(now), k->scratch, &name, &key, &e)) {
            end_pass(k, now, true, write_batch(k, now));
            return;
        }
        if (consider(k, &key, &e, seconds(now)) == WR_OK) {
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

void wr_keep_tick(struct wr_keep *k, const struct wr_now *now)
{
    pthread_mutex_lock(&k->lock);
    if (!k->on) {
        try_again(k, now);
    }
    if (k->on && !k->passing && wr_writebudget_due(&k->budget, now->mono_us)) {
        start_pass(k, now);
    }
    if (k->on && k->passing) {
        step_pass(k, now);
    }
    pthread_mutex_unlock(&k->lock);
}

void wr_keep_flushed(struct wr_keep *k, const uint8_t *name)
{
    pthread_mutex_lock(&k->lock);
    if (k->on) {
        if (k->flush_count == WR_KEEP_FLUSHES_MAX) {
            k->flush_count = 0;
            name = (const uint8_t *)""; /* the root: all of it */
        }
        wr_name_set(&k->flushes[k->flush_count++], name);
        wr_keptset_forget(&k->kept);
        k->passing = false; /* a batch begun before would be behind it */
        k->cursor = 0;
        k->budget.next_us = 0;
    }
    pthread_mutex_unlock(&k->lock);
}

void wr_keep_change(struct wr_keep *k, const struct wr_keep_conf *conf)
{
    pthread_mutex_lock(&k->lock);
    k->conf.stale_max_s = conf->stale_max_s;
    wr_writebudget_change(&k->budget, conf->budget_per_day_bytes, conf->min_interval_ms * WR_MS,
                          conf->max_interval_ms * WR_MS);
    pthread_mutex_unlock(&k->lock);
}

/* What is new since the last pass, as far as the budget goes. */
static void last_pass(struct wr_keep *k, const struct wr_now *now)
{
    uint64_t slots = WR_KEEP_FILE_MAX / WR_KEEP_STEP_MAX;

    if (!k->passing) {
        start_pass(k, now);
    }
    for (uint64_t i = 0; k->passing && i < slots; i++) {
        step_pass(k, now);
    }
}

void wr_keep_close(struct wr_keep *k, const struct wr_now *now)
{
    if (!k) {
        return;
    }
    if (k->on) {
        last_pass(k, now);
    }
    release(k);
}

void wr_keep_status(struct wr_keep *k, const struct wr_now *now, struct wr_keep_status *ret_status)
{
    pthread_mutex_lock(&k->lock);
    *ret_status = (struct wr_keep_status){
        .live = k->live.fd >= 0,
        .warm = k->warm,
        .checkpoints = k->path[0] != 0,
        .writing = k->on && k->problem[0] == 0,
        .problem = k->problem,
        .loaded = k->loaded,
        .last_age_s = k->whole_us ? (now->mono_us - k->whole_us) / WR_S : UINT64_MAX,
        .interval_s = k->budget.interval_us / WR_S,
        .budget_bytes = k->budget.per_day,
        .bytes_today = wr_writebudget_today(&k->budget, now->mono_us),
        .bytes_total = k->bytes_total,
        .file_bytes = k->file.size,
        .batches = k->batches,
        .failures = k->failures,
    };
    pthread_mutex_unlock(&k->lock);
}
