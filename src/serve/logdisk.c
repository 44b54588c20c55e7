/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/logdisk.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "net/clock.h"
#include "resolve/writebudget.h"
#include "serve/beat.h"
#include "serve/logsegment.h"
#include "serve/rollup.h"
#include "serve/say.h"

#define BATCH   128
#define IDLE_MS 200
#define BUSY_MS 2
/* Batches in one turn: then it is looked whether to stop. */
#define TURN_BATCHES 512
/* After a refused write the next try is so much later. */
#define RETRY_US (10 * WR_S)
/* Segments that the whole is cut into, and how small and large one is. */
#define SEGMENTS    16
#define SEGMENT_MIN ((uint64_t)256 << 10)
#define SEGMENT_MAX ((uint64_t)64 << 20)
/* What an event takes, rather too much; events of the smallest block that counts as full. */
#define EVENT_OCTETS 16
#define EVENTS_MIN   64

struct wr_logdisk {
    struct wr_logdisk_conf conf;
    struct wr_ledger *ledger;
    struct wr_beat beat;
    struct wr_ledger_cursor cursor;
    struct wr_ledger_event events[BATCH];
    struct wr_logblock_writer *block;
    uint64_t block_us; /* when its first event came */
    struct wr_rollup *rollup;
    uint64_t rollup_us; /* likewise */
    int folder_fd;      /* -1: not open */
    struct wr_logfolder folder;
    struct wr_logsegment segment;
    uint8_t hash[WR_LOGBLOCK_HASH]; /* of the last block, also while no segment is open */
    uint64_t next_segment;
    uint64_t retry_us; /* nothing is written before */
    uint64_t sync_us;
    bool refused;
    bool is_short; /* a block is larger than what may be written */
    bool dirty;    /* something was written and not synced */

    pthread_mutex_t lock;          /* what follows */
    struct wr_logdisk_conf wanted; /* by the last reload */
    struct wr_writebudget budget;
    struct wr_logdisk_status status;
};

/* --- the folder and its segments --- */

static uint64_t segment_max(const struct wr_logdisk *d)
{
    uint64_t max = d->conf.size_bytes / SEGMENTS;
    return max < SEGMENT_MIN ? SEGMENT_MIN : max > SEGMENT_MAX ? SEGMENT_MAX : max;
}

static void note(struct wr_logdisk *d, const struct wr_now *now, const char *text)
{
    wr_ledger_note(d->ledger, WR_LEDGER_LOG, now->wall_s, now->mono_us, text);
}

/* Said once, until it goes well again. */
static void refuse(struct wr_logdisk *d, const struct wr_now *now, const char *what, int err)
{
    char text[160];
    const char *why = err == WR_E_BUSY ? "another weir writes there" : strerror(errno);
    snprintf(text, sizeof(text), "%s: %s", what, why);
    pthread_mutex_lock(&d->lock);
    d->status.failures++;
    d->status.writing = false;
    snprintf(d->status.problem, sizeof(d->status.problem), "%s", text);
    pthread_mutex_unlock(&d->lock);
    if (!d->refused) {
        wr_say(WR_LOG_WARN,
               "log %s: %s; weir answers on, counts what is not written, and tries again",
               d->conf.path, text);
    }
    d->refused = true;
    d->retry_us = now->mono_us + RETRY_US;
}

static void went_well(struct wr_logdisk *d, const struct wr_now *now)
{
    pthread_mutex_lock(&d->lock);
    d->status.writing = true;
    d->status.problem[0] = 0;
    pthread_mutex_unlock(&d->lock);
    if (d->refused) {
        d->refused = false;
        wr_say(WR_LOG_INFO, "log %s: is written again", d->conf.path);
        note(d, now, "the log is written again");
    }
}

/* Goes on in the last segment. What is wrong with it is said and noted; the next block then begins a new one. */
static int take_up(struct wr_logdisk *d, const struct wr_now *now)
{
    enum wr_logsegment_found found = WR_LOGSEGMENT_WHOLE;
    char text[WR_LEDGER_TEXT_SIZE];
    uint64_t number = d->folder.number[d->folder.segments - 1];
    int err = wr_logsegment_open(d->folder_fd, number, &d->segment, &found);
    d->next_segment = number + 1;
    if (err != WR_OK) {
        return err;
    }
    memcpy(d->hash, d->segment.hash, sizeof(d->hash));
    if (found == WR_LOGSEGMENT_TORN) {
        snprintf(text, sizeof(text),
                 "%llu octets of a block that was not finished were cut off segment %llu",
                 (unsigned long long)d->segment.cut, (unsigned long long)number);
    } else if (found == WR_LOGSEGMENT_ALTERED) {
        snprintf(text, sizeof(text),
                 "segment %llu was altered, a new one begins; see weir log verify",
                 (unsigned long long)number);
    }
    if (found != WR_LOGSEGMENT_WHOLE) {
        wr_say(WR_LOG_WARN, "log %s: %s", d->conf.path, text);
        note(d, now, text);
    }
    return WR_OK;
}

static void tell_folder(struct wr_logdisk *d)
{
    pthread_mutex_lock(&d->lock);
    d->status.folder_bytes = d->folder.octets;
    d->status.segments = d->folder.segments;
    d->status.last = d->segment.last > d->status.last ? d->segment.last : d->status.last;
    memcpy(d->status.head, d->hash, sizeof(d->hash));
    pthread_mutex_unlock(&d->lock);
}

static int open_folder(struct wr_logdisk *d, const struct wr_now *now)
{
    if (d->folder_fd >= 0) {
        return WR_OK;
    }
    bool made = mkdir(d->conf.path, 0700) == 0 || errno == EEXIST;
    int not_made = errno;
    int err = wr_logfolder_open(d->conf.path, true, &d->folder_fd);
    if (err != WR_OK && !made) { /* in the sandbox weir makes none; the owner may have */
        errno = err == WR_E_DENIED ? EACCES : not_made;
        refuse(d, now,
               err == WR_E_DENIED
                   ? "the folder is closed to weir (one made since its start: restart it)"
                   : "the folder cannot be made",
               err);
        return err;
    }
    if (err == WR_OK) {
        err = wr_logfolder_list(d->folder_fd, &d->folder);
    }
    if (err == WR_OK && d->folder.segments > 0) {
        err = take_up(d, now);
    }
    if (err != WR_OK) {
        refuse(d, now, "the folder cannot be used", err);
        if (d->folder_fd >= 0) {
            close(d->folder_fd);
        }
        d->folder_fd = -1;
        return err;
    }
    tell_folder(d);
    return WR_OK;
}

/* How many of the oldest have to go so that one more fits. */
static uint32_t too_many(const struct wr_logdisk *d)
{
    uint64_t octets = d->folder.octets + segment_max(d);
    uint32_t count = 0;
    while (count < d->folder.segments &&
           (octets > d->conf.size_bytes || d->folder.segments - count >= WR_LOG_SEGMENTS_MAX)) {
        octets -= d->folder.size[count++];
    }
    return count;
}

static void remove_oldest(struct wr_logdisk *d, uint32_t count)
{
    struct wr_logfolder *f = &d->folder;
    for (uint32_t i = 0; i < count; i++) {
        if (wr_logfolder_remove(d->folder_fd, f->number[i]) != WR_OK) {
            wr_say(WR_LOG_WARN, "log %s: segment %llu cannot be removed: %s", d->conf.path,
                   (unsigned long long)f->number[i], strerror(errno));
        }
        f->octets -= f->size[i];
    }
    f->segments -= count;
    memmove(f->number, f->number + count, f->segments * sizeof(f->number[0]));
    memmove(f->size, f->size + count, f->segments * sizeof(f->size[0]));
}

/* That older ones leave is written before they do, in the new one's head. */
static int next_segment(struct wr_logdisk *d, const struct wr_now *now)
{
    struct wr_logfolder *f = &d->folder;
    uint32_t leave = too_many(d);
    uint64_t lowest = leave < f->segments ? f->number[leave] : d->next_segment;
    struct wr_logsegment segment;
    if (d->segment.fd >= 0 && wr_logsegment_sync(&d->segment) != WR_OK) {
        return WR_E_IO;
    }
    int err =
        wr_logsegment_begin(d->folder_fd, d->next_segment, lowest, d->hash, now->wall_s, &segment);
    if (err != WR_OK) {
        return err;
    }
    segment.last = d->segment.last;
    wr_logsegment_close(&d->segment);
    d->segment = segment;
    memcpy(d->hash, segment.hash, sizeof(d->hash));
    d->next_segment++;
    remove_oldest(d, leave);
    f->number[f->segments] = segment.number;
    f->size[f->segments++] = segment.size;
    f->octets += segment.size;
    pthread_mutex_lock(&d->lock);
    wr_writebudget_spend(&d->budget, now->mono_us, WR_LOGSEGMENT_HEAD);
    pthread_mutex_unlock(&d->lock);
    return WR_OK;
}

static int append(struct wr_logdisk *d, const struct wr_now *now, const uint8_t **bytes,
                  size_t *size, struct wr_logblock_head *head)
{
    int err = open_folder(d, now);
    if (err != WR_OK) {
        return err; /* has been said */
    }
    if (d->segment.fd < 0 || d->segment.size + *size > segment_max(d)) {
        err = next_segment(d, now);
        if (err == WR_OK) { /* it is chained to another hash now */
            *size = wr_logblock_build(d->block, d->hash, bytes, head);
        }
    }
    if (err == WR_OK) {
        err = wr_logsegment_append(&d->segment, *bytes, *size, head);
    }
    if (err != WR_OK) {
        refuse(d, now, "cannot be written", err);
        return err;
    }
    memcpy(d->hash, head->hash, sizeof(d->hash));
    d->folder.size[d->folder.segments - 1] += *size;
    d->folder.octets += *size;
    return WR_OK;
}

/* --- the budget --- */

static uint64_t allowed(struct wr_logdisk *d, const struct wr_now *now)
{
    pthread_mutex_lock(&d->lock);
    uint64_t octets = wr_writebudget_allowed(&d->budget, now->mono_us);
    pthread_mutex_unlock(&d->lock);
    return octets;
}

/* A quarter of what may be written at once is left for decisions and counts; queries come back when half is there. */
static void settle_coarseness(struct wr_logdisk *d, const struct wr_now *now)
{
    uint64_t octets = allowed(d, now), cap = d->conf.budget_per_day_bytes / 8;
    bool coarse =
        d->status.coarse ? octets < cap / 2 || d->refused : octets < cap / 4 || d->is_short;
    d->is_short = false;
    if (coarse == d->status.coarse) {
        return;
    }
    pthread_mutex_lock(&d->lock);
    d->status.coarse = coarse;
    pthread_mutex_unlock(&d->lock);
    if (coarse && !d->refused) {
        wr_say(WR_LOG_WARN,
               "log %s: log.budget_per_day is nearly used up: queries are written as counts until "
               "more may be written; decisions of policy still one by one",
               d->conf.path);
    }
    note(d, now,
         coarse ? "queries are written as counts from here on: log.budget_per_day"
                : "queries are written one by one again");
}

/* --- events --- */

static bool is_decision(const struct wr_ledger_event *e)
{
    return e->kind != WR_LEDGER_QUERY || e->record.verdict.action > WR_VERDICT_ALLOW;
}

/* True: it is in the file. Else it stays in the block, for the next try. */
static bool write_block(struct wr_logdisk *d, const struct wr_now *now)
{
    const uint8_t *bytes = NULL;
    struct wr_logblock_head head;
    if (now->mono_us < d->retry_us) {
        return false;
    }
    size_t size = wr_logblock_build(d->block, d->hash, &bytes, &head);
    if (size == 0 || size > allowed(d, now)) {
        d->is_short = true;
        d->retry_us = now->mono_us + WR_S;
        return false;
    }
    bool good = append(d, now, &bytes, &size, &head) == WR_OK;
    pthread_mutex_lock(&d->lock);
    wr_writebudget_spend(&d->budget, now->mono_us, size);
    d->status.bytes += good ? size : 0;
    d->status.blocks += good;
    d->status.written += good ? head.events : 0;
    pthread_mutex_unlock(&d->lock);
    if (good) {
        wr_logblock_clear(d->block);
        d->dirty = true;
        went_well(d, now);
        tell_folder(d);
    }
    return good;
}

static void sync_segment(struct wr_logdisk *d, const struct wr_now *now)
{
    d->sync_us = now->mono_us;
    d->dirty = false;
    if (d->segment.fd >= 0 && wr_logsegment_sync(&d->segment) != WR_OK) {
        refuse(d, now, "cannot be synced", WR_E_IO);
    }
}

static void count_query(struct wr_logdisk *d, const struct wr_ledger_event *e,
                        const struct wr_now *now)
{
    if (wr_rollup_rows(d->rollup) == 0) {
        d->rollup_us = now->mono_us;
    }
    wr_rollup_add(d->rollup, &e->record, false);
    pthread_mutex_lock(&d->lock);
    d->status.counted++;
    pthread_mutex_unlock(&d->lock);
}

/* A block is no larger than what is left for decisions when queries are written as counts. */
static uint32_t full_at(const struct wr_logdisk *d)
{
    uint64_t events = d->conf.budget_per_day_bytes / 8 / 4 / EVENT_OCTETS;
    return events < EVENTS_MIN               ? EVENTS_MIN
           : events > WR_LOGBLOCK_EVENTS_MAX ? WR_LOGBLOCK_EVENTS_MAX
                                             : (uint32_t)events;
}

static void put(struct wr_logdisk *d, const struct wr_ledger_event *e, const struct wr_now *now)
{
    int err = wr_logblock_add(d->block, e);
    if (err == WR_E_FULL && write_block(d, now)) {
        err = wr_logblock_add(d->block, e);
    }
    if (wr_logblock_events(d->block) == 1) {
        d->block_us = now->mono_us;
    }
    if (err == WR_OK) {
        if (wr_logblock_events(d->block) >= full_at(d) && write_block(d, now)) {
            settle_coarseness(d, now);
        }
        return;
    }
    if (e->kind == WR_LEDGER_QUERY) {
        count_query(d, e, now);
        return;
    }
    pthread_mutex_lock(&d->lock);
    d->status.lost += e->kind == WR_LEDGER_ROLLUP ? e->count : 1;
    pthread_mutex_unlock(&d->lock);
}

struct emptying {
    struct wr_logdisk *d;
    const struct wr_now *now;
};

static void put_row(void *user, const struct wr_record *record, uint32_t count)
{
    struct emptying *e = user;
    struct wr_ledger_event *row = &e->d->events[0];
    *row = (struct wr_ledger_event){
        .number = e->d->cursor.after, .kind = WR_LEDGER_ROLLUP, .count = count, .record = *record};
    wr_ledger_texts(e->d->ledger, row);
    put(e->d, row, e->now);
}

/* Numbers do not descend: counts have that of the last event that was taken in. */
static void put_counts(struct wr_logdisk *d, const struct wr_now *now)
{
    struct emptying e = {d, now};
    wr_rollup_empty(d->rollup, put_row, &e);
}

static void take(struct wr_logdisk *d, const struct wr_ledger_event *e, const struct wr_now *now)
{
    if (d->status.coarse && !is_decision(e)) {
        count_query(d, e, now);
    } else {
        put(d, e, now);
    }
}

/* True: there was much. */
static bool take_in(struct wr_logdisk *d, const struct wr_now *now)
{
    uint64_t lost = d->cursor.lost;
    uint32_t n = BATCH;
    unsigned batches = 0;
    for (; batches < TURN_BATCHES && n == BATCH; batches++) {
        n = wr_ledger_follow(d->ledger, &d->cursor, d->events, BATCH);
        for (uint32_t i = 0; i < n; i++) {
            take(d, &d->events[i], now);
        }
    }
    if (d->cursor.lost > lost) {
        pthread_mutex_lock(&d->lock);
        d->status.lost += d->cursor.lost - lost;
        pthread_mutex_unlock(&d->lock);
    }
    return batches > 1;
}

void wr_logdisk_turn(struct wr_logdisk *d, const struct wr_now *now, bool all)
{
    pthread_mutex_lock(&d->lock);
    d->conf = d->wanted;
    pthread_mutex_unlock(&d->lock);
    uint64_t interval_us = d->conf.interval_ms * WR_MS;
    bool much = take_in(d, now);
    settle_coarseness(d, now);
    if (wr_rollup_rows(d->rollup) > 0 && now->mono_us >= d->retry_us &&
        (all || !d->status.coarse || now->mono_us - d->rollup_us >= interval_us)) {
        put_counts(d, now);
    }
    if (wr_logblock_events(d->block) > 0 && (all || now->mono_us - d->block_us >= interval_us)) {
        write_block(d, now);
    }
    if (d->dirty && (all || now->mono_us - d->sync_us >= interval_us)) {
        sync_segment(d, now);
    }
    d->beat.period_ms = much ? BUSY_MS : IDLE_MS;
}

/* --- its life --- */

static void turn(void *user)
{
    struct wr_now now;
    wr_clock_now(false, &now);
    wr_logdisk_turn(user, &now, false);
}

int wr_logdisk_open(const struct wr_logdisk_conf *conf, struct wr_ledger *ledger,
                    const struct wr_now *now, struct wr_logdisk **ret_disk)
{
    struct wr_logdisk *d = calloc(1, sizeof(*d));
    if (d == NULL) {
        return WR_E_NOMEM;
    }
    d->conf = d->wanted = *conf;
    d->ledger = ledger;
    d->folder_fd = d->segment.fd = -1;
    d->next_segment = 1;
    d->status.writing = true;
    pthread_mutex_init(&d->lock, NULL);
    wr_writebudget_init(&d->budget, conf->budget_per_day_bytes, 0, 0, now->mono_us);
    if (wr_logblock_create(&d->block) != WR_OK || wr_rollup_create(&d->rollup) != WR_OK) {
        wr_logdisk_close(d, now);
        return WR_E_NOMEM;
    }
    if (open_folder(d, now) == WR_OK) {
        wr_ledger_go_on(ledger, d->segment.last);
        d->cursor.after = d->segment.last;
    }
    *ret_disk = d;
    return WR_OK;
}

int wr_logdisk_run(struct wr_logdisk *d)
{
    d->beat = (struct wr_beat){.name = "weir-log", .period_ms = IDLE_MS, .work = turn, .user = d};
    return wr_beat_start(&d->beat);
}

void wr_logdisk_halt(struct wr_logdisk *d)
{
    wr_beat_stop(&d->beat);
}

void wr_logdisk_change(struct wr_logdisk *d, const struct wr_logdisk_conf *conf)
{
    pthread_mutex_lock(&d->lock);
    d->wanted.size_bytes = conf->size_bytes;
    d->wanted.interval_ms = conf->interval_ms;
    d->wanted.budget_per_day_bytes = conf->budget_per_day_bytes;
    wr_writebudget_change(&d->budget, conf->budget_per_day_bytes, 0, 0);
    pthread_mutex_unlock(&d->lock);
}

void wr_logdisk_close(struct wr_logdisk *d, const struct wr_now *now)
{
    if (d == NULL) {
        return;
    }
    wr_beat_stop(&d->beat);
    if (d->rollup != NULL) {
        d->retry_us = 0;
        wr_logdisk_turn(d, now, true);
        wr_logsegment_close(&d->segment);
    }
    if (d->folder_fd >= 0) {
        close(d->folder_fd);
    }
    wr_logblock_destroy(d->block);
    wr_rollup_destroy(d->rollup);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

void wr_logdisk_status(struct wr_logdisk *d, const struct wr_now *now,
                       struct wr_logdisk_status *ret_status)
{
    pthread_mutex_lock(&d->lock);
    *ret_status = d->status;
    ret_status->budget_bytes = d->wanted.budget_per_day_bytes;
    ret_status->size_bytes = d->wanted.size_bytes;
    ret_status->bytes_today = wr_writebudget_today(&d->budget, now->mono_us);
    pthread_mutex_unlock(&d->lock);
}
