/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/keepload.h"

#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "resolve/question.h"
#include "serve/say.h"

/* A file that could not be used is tried again after this. */
#define RETRY_US (60 * WR_S)

static void apply_entry(struct wr_keep *k, struct wr_checkpoint_record *record,
                        const struct wr_now *now)
{
    struct wr_cache_key *key = &record->key, nothing;

    wr_cache_key_init(k->cache, record->name.wire, key->type, key->scope, key);
    if ((key->scope & WR_SCOPE_VIEWS) != 0) {
        return; /* views had other numbers then */
    }
    if (!k->warm && !k->late) {
        if (record->entry.kind == WR_CACHE_RRSET) {
            wr_cache_key_init(k->cache, record->name.wire, 0, key->scope, &nothing);
            (void)wr_cache_remove(k->cache, &nothing); /* it exists after all */
        }
        (void)wr_cache_remove(k->cache, key);
        if (wr_cache_put(k->cache, key, wr_keep_seconds(now), &record->entry) == WR_OK) {
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
    } else if (record->entry.security != WR_SECURITY_UNCHECKED &&
               r->clock.anchors != load->now.anchors) {
        k->foreign++;
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
        wr_keep_problem(k, why, "it cannot be renamed either: move it away", errno);
        k->on = false;
    }
}

static void load_file(struct wr_keep *k, const char *path, struct wr_keeplog *log,
                      const struct wr_now *now)
{
    struct load load = {.k = k, .now = wr_keep_clock(k, now)};
    enum wr_keeplog_found found = wr_keeplog_load(log, path, &k->key, apply, &load);
    const char *text = wr_keeplog_found_text(found);

    switch (found) {
    case WR_KEEPLOG_NONE:
    case WR_KEEPLOG_WHOLE: break;
    case WR_KEEPLOG_UNFINISHED: wr_say(WR_LOG_INFO, "kept cache %s %s", path, text); break;
    case WR_KEEPLOG_DENIED:
        wr_keep_problem(k, text, "move it away, or set another cache.keep.path", errno);
        k->on = false;
        break;
    default: put_aside(k, path, text); break;
    }
}

void wr_keepload_both(struct wr_keep *k, const struct wr_now *now)
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
    if (k->foreign > 0) {
        wr_say(WR_LOG_INFO,
               "kept cache %s: %llu entries were judged by other trust anchors: left out", k->path,
               (unsigned long long)k->foreign);
        k->foreign = 0;
    }
    if (k->on && wr_keepfile_is_read_only(k->key_fd)) {
        wr_keeplog_close(&k->file);
        wr_keeplog_close(&k->renewed);
        k->on = k->renewing = false; /* looked at again from time to time: wr_keepload_again */
        wr_keep_problem(k, "is read and not written", "mount its file system writable", EROFS);
    }
    if (!k->on && k->key_fd >= 0) {
        close(k->key_fd);
        k->key_fd = -1;
    }
}

void wr_keepload_again(struct wr_keep *k, const struct wr_now *now)
{
    if (k->path[0] == 0 || now->mono_us < k->retry_us) {
        return;
    }
    k->retry_us = now->mono_us + RETRY_US;
    k->late = true;
    wr_keep_open_key(k);
    wr_keepload_both(k, now);
    if (k->on) {
        wr_keep_no_problem(k);
    }
}
