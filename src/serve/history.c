/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/history.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/str.h"
#include "dns/codes.h"
#include "resolve/writebudget.h"
#include "serve/beat.h"
#include "serve/keepfile.h"
#include "serve/logstream.h"
#include "serve/say.h"

#define BATCH   64
#define IDLE_MS 200
#define BUSY_MS 5
/* Calls of the stream in one turn: then it is looked whether somebody asks, or to stop. */
#define TURN_CALLS    256
#define RETRY_US      (10 * WR_S)
#define WRITE_US      (60 * WR_S)
#define WRITE_MOST_US (3600 * WR_S)
#define PRUNE_US      (3600 * WR_S)
/* Power of two, twice the rows. */
#define PLACES (2u * WR_HISTORY_ROWS_MAX)
#define ASKS   4

struct row {
    int64_t minute;
    uint32_t device;
    struct wr_addr client; /* no port; family NONE and zeros: none */
    uint64_t queries, denied, failed, cached;
    uint32_t rows;      /* of no name: of its minute, or of who asked in it */
    uint16_t name_size; /* 0: several */
    uint8_t name[WR_NAME_MAX];
};

struct ask {
    uint32_t ticket; /* 0: free */
    enum wr_history_state state;
    bool taken; /* the thread is at it */
    struct wr_historydb_want want;
    char client[WR_ADDR_TEXT_SIZE], name[WR_NAME_TEXT_SIZE];
    struct wr_historydb_row *row;
    uint32_t rows;
    char why[160];
};

struct wr_history {
    struct wr_history_setup setup;
    char path[WR_KEEPFILE_PATH_MAX];
    struct wr_historydb *db;
    struct wr_logstream *stream;
    uint64_t after; /* number of the last event that was counted */
    uint64_t retry_us, prune_us;
    bool refused;
    struct wr_ledger_event events[BATCH];
    uint32_t rows;
    uint64_t octets;        /* that the rows take in the file, at most */
    uint16_t place[PLACES]; /* number of a row and 1 */
    struct row *row;
    struct wr_beat beat;

    pthread_mutex_t lock; /* what follows */
    struct wr_history_conf wanted;
    struct wr_writebudget budget;
    struct wr_history_status status;
    uint32_t last_ticket;
    struct ask ask[ASKS];
};

/* --- the table --- */

static bool is_same(const struct row *a, const struct row *b)
{
    return a->minute == b->minute && a->device == b->device && a->name_size == b->name_size &&
           a->client.family == b->client.family &&
           memcmp(a->client.ip, b->client.ip, sizeof(a->client.ip)) == 0 &&
           memcmp(a->name, b->name, a->name_size) == 0;
}

static struct row *find(struct wr_history *h, const struct row *like, uint32_t *ret_place)
{
    static const struct wr_hash_key key = {{0}}; /* a walk is bounded by the rows */
    uint64_t hash = wr_hash_sip13(&key, like->name, like->name_size) ^
                    wr_hash_sip13(&key, like->client.ip, sizeof(like->client.ip)) * 31 ^
                    (uint64_t)like->minute * 1000003 ^ like->device;
    uint32_t place = (uint32_t)wr_hash_mix(hash) & (PLACES - 1);
    for (; h->place[place] != 0; place = (place + 1) & (PLACES - 1)) {
        if (is_same(&h->row[h->place[place] - 1], like)) {
            return &h->row[h->place[place] - 1];
        }
    }
    *ret_place = place;
    return NULL;
}

/* A name stands in the file and in its index, as text of up to four characters for an octet; pages are half empty at worst. */
static uint64_t octets_of(const struct row *row)
{
    return 2 * (2 * 4 * (uint64_t)row->name_size + 128);
}

/* Is another batch too much for the table, or what is in it for the file? */
static bool is_crowded(const struct wr_history *h)
{
    return h->rows + 3 * BATCH > WR_HISTORY_ROWS_MAX || h->octets > h->setup.conf.size_bytes / 2;
}

/* The row of what is like this, made when there is none. */
static struct row *get(struct wr_history *h, const struct row *like)
{
    uint32_t place = 0;
    struct row *row = find(h, like, &place);
    if (row == NULL) {
        row = &h->row[h->rows++];
        *row = *like;
        h->place[place] = (uint16_t)h->rows;
        h->octets += octets_of(row);
    }
    return row;
}

/* The row that what is like this is counted in: under no name, then under no device where there are too many. Each minute has a row of nobody
 * and each who asks one of no name, which know how many rows there are; of those that count nothing else the file has none. */
static struct row *row_of(struct wr_history *h, const struct row *like)
{
    uint32_t place = 0;
    struct row *row = find(h, like, &place);
    if (row != NULL) {
        return row;
    }
    const struct row nobodys = {.minute = like->minute};
    struct row nameless = *like;
    nameless.name_size = 0;
    struct row *all = get(h, &nobodys), *own = find(h, &nameless, &place);
    if (own == NULL && all->rows >= 2 * WR_HISTORY_MINUTE_MAX) {
        return all;
    }
    if (own == NULL) {
        own = get(h, &nameless);
        all->rows++;
    }
    if (like->name_size == 0 || own->rows >= WR_HISTORY_NAMES_MAX ||
        all->rows >= WR_HISTORY_MINUTE_MAX) {
        return own;
    }
    all->rows++;
    own->rows += own != all;
    return get(h, like);
}

/* There is room for what one event makes: the caller has seen to it. */
static void count(struct wr_history *h, const struct wr_ledger_event *e)
{
    const struct wr_record *r = &e->record;
    struct row like = {.minute = r->wall_s / 60, .device = r->device};
    uint64_t n = e->kind == WR_LEDGER_ROLLUP ? e->count : 1;
    if (r->device == 0) {
        like.client.family = r->client.family;
        memcpy(like.client.ip, r->client.ip, sizeof(like.client.ip));
    }
    if (e->kind == WR_LEDGER_QUERY && e->name.size > 0) {
        like.name_size = (uint16_t)wr_name_lower(e->name.wire, like.name);
    }
    struct row *row = row_of(h, &like);
    row->queries += n;
    row->denied += wr_verdict_passes(&r->verdict) ? 0 : n;
    row->failed += r->rcode == WR_RCODE_SERVFAIL ? n : 0;
    row->cached += r->source == WR_SOURCE_CACHE || r->source == WR_SOURCE_STALE ? n : 0;
}

static void empty(struct wr_history *h)
{
    h->rows = 0;
    h->octets = 0;
    memset(h->place, 0, sizeof(h->place));
}

/* --- the file --- */

static void refuse(struct wr_history *h, const struct wr_now *now, const char *what)
{
    const char *why = wr_historydb_why();
    pthread_mutex_lock(&h->lock);
    h->status.failures++;
    snprintf(h->status.problem, sizeof(h->status.problem), "%s: %s", what, why);
    pthread_mutex_unlock(&h->lock);
    if (!h->refused) {
        wr_say(WR_LOG_WARN, "history %s: %s: %s; weir answers on, and tries again", h->path, what,
               why);
    }
    h->refused = true;
    h->retry_us = now->mono_us + RETRY_US;
}

static void went_well(struct wr_history *h)
{
    if (h->refused) {
        wr_say(WR_LOG_INFO, "history %s: is written again", h->path);
    }
    struct wr_historydb_figures figures;
    wr_historydb_figures(h->db, &figures); /* reads the file: nobody waits for that */
    h->refused = false;
    pthread_mutex_lock(&h->lock);
    h->status.problem[0] = 0;
    h->status.after = h->after;
    h->status.figures = figures;
    pthread_mutex_unlock(&h->lock);
}

/* From the event behind the last one that is in the file; in a new file from the beginning of the days that it is to have. */
static int begin_stream(struct wr_history *h, const struct wr_now *now)
{
    struct wr_logstream_want want = {
        .count = UINT64_MAX, .follow = true, .folder = h->setup.conf.folder};
    struct wr_ledger_stats stats;
    wr_ledger_stats(h->setup.ledger, &stats);
    h->after = wr_historydb_after(h->db);
    h->after = h->after > stats.last ? stats.last : h->after; /* another log */
    want.after = h->after;
    wr_logfilter_init(&want.filter);
    if (h->after == 0 && now->wall_proven) {
        want.filter.since = now->wall_s - (int64_t)h->setup.conf.days * 86400;
    }
    wr_logstream_close(h->stream);
    h->stream = NULL;
    empty(h);
    return wr_logstream_open(h->setup.ledger, &want, &h->stream);
}

static void open_file(struct wr_history *h, const struct wr_now *now)
{
    int err = wr_historydb_open(h->path, h->setup.conf.size_bytes, &h->db);
    if (err == WR_E_FORMAT) {
        wr_say(WR_LOG_WARN, "history %s: %s; it is put aside as %s.bad, and made anew from the log",
               h->path, wr_historydb_why(), h->path);
        if (wr_historydb_aside(h->path) == WR_OK) {
            err = wr_historydb_open(h->path, h->setup.conf.size_bytes, &h->db);
        }
    }
    if (err == WR_OK) {
        err = begin_stream(h, now);
    }
    if (err != WR_OK) {
        refuse(h, now, "cannot be opened");
        wr_historydb_close(h->db);
        h->db = NULL;
        return;
    }
    h->prune_us = 0;
    went_well(h);
}

/* What was said of the file was an error that stays: it is put aside at the next turn. */
static void give_up(struct wr_history *h, const struct wr_now *now, int err, const char *what)
{
    refuse(h, now, what);
    if (err == WR_E_FORMAT) {
        wr_historydb_close(h->db);
        h->db = NULL;
        h->retry_us = now->mono_us;
        if (wr_historydb_aside(h->path) == WR_OK) {
            wr_say(WR_LOG_WARN, "history %s: it is put aside as %s.bad, and made anew from the log",
                   h->path, h->path);
        }
    }
}

static int put_row(struct wr_history *h, const struct row *r)
{
    char client[WR_ADDR_TEXT_SIZE] = "", name[WR_NAME_TEXT_SIZE] = "";
    struct wr_str s;
    if (r->client.family != WR_AF_NONE) {
        wr_addr_to_text(&r->client, client, sizeof(client));
    } else if (memcmp(r->client.ip, (const uint8_t[8]){0}, 8) != 0) { /* hidden */
        wr_str_init(&s, client, sizeof(client));
        wr_str_text(&s, "#");
        wr_str_hex(&s, r->client.ip, 8);
    }
    if (r->name_size > 0) {
        (void)wr_name_to_text(r->name, name, sizeof(name));
    }
    const struct wr_historydb_row row = {.minute = r->minute,
                                         .device = r->device,
                                         .client = client,
                                         .name = name,
                                         .queries = r->queries,
                                         .denied = r->denied,
                                         .failed = r->failed,
                                         .cached = r->cached};
    return wr_historydb_put(h->db, &row);
}

/* False: it stays in the table. */
static bool write_rows(struct wr_history *h, const struct wr_now *now)
{
    uint64_t before = h->status.figures.written, queries = 0;
    int err = wr_historydb_make_room(h->db, h->octets);
    err = err == WR_OK ? wr_historydb_begin(h->db) : err;
    for (uint32_t i = 0; i < h->rows && err == WR_OK; i++) {
        queries += h->row[i].queries;
        err = h->row[i].queries > 0 ? put_row(h, &h->row[i]) : WR_OK;
    }
    err = err == WR_OK ? wr_historydb_end(h->db, h->after) : err;
    if (err != WR_OK) {
        give_up(h, now, err, "cannot be written");
    } else {
        empty(h);
        went_well(h);
    }
    pthread_mutex_lock(&h->lock);
    h->status.counted += err == WR_OK ? queries : 0;
    wr_writebudget_spend(&h->budget, now->mono_us, h->status.figures.written - before);
    if (err == WR_OK) { /* else retry_us says when */
        wr_writebudget_done(&h->budget, now->mono_us, false);
    }
    pthread_mutex_unlock(&h->lock);
    return err == WR_OK;
}

/* By a clock that may be wrong nothing leaves but for lack of room. */
static void prune(struct wr_history *h, const struct wr_now *now)
{
    int err = WR_OK;
    if (now->wall_proven && now->mono_us >= h->prune_us) {
        err = wr_historydb_prune(h->db, now->wall_s / 60 - (int64_t)h->setup.conf.days * 1440);
        h->prune_us = now->mono_us + PRUNE_US;
    }
    if (err == WR_OK) {
        err = wr_historydb_make_room(h->db, h->setup.conf.size_bytes / 8);
    }
    if (err != WR_OK) {
        give_up(h, now, err, "cannot be made smaller");
    }
}

/* --- events --- */

/* True: there was much. */
static bool take_in(struct wr_history *h)
{
    unsigned calls = 0;
    enum wr_logstream_state state = WR_LOGSTREAM_MORE;
    for (; calls < TURN_CALLS && state == WR_LOGSTREAM_MORE && !is_crowded(h); calls++) {
        uint32_t n = 0;
        state = wr_logstream_next(h->stream, h->events, BATCH, &n);
        for (uint32_t i = 0; i < n; i++) {
            if (h->events[i].kind <= WR_LEDGER_ROLLUP) {
                count(h, &h->events[i]);
            }
            h->after = h->events[i].number;
        }
    }
    pthread_mutex_lock(&h->lock);
    h->status.missing = wr_logstream_missing(h->stream);
    pthread_mutex_unlock(&h->lock);
    return calls > 1;
}

/* --- questions --- */

static void add_row(void *user, const struct wr_historydb_row *row)
{
    struct ask *a = user;
    if (a->rows == a->want.limit) {
        return;
    }
    struct wr_historydb_row *to = &a->row[a->rows];
    *to = *row;
    to->client = strdup(row->client);
    to->name = strdup(row->name);
    if (to->client == NULL || to->name == NULL) {
        free((void *)(uintptr_t)to->client);
        free((void *)(uintptr_t)to->name);
        return;
    }
    a->rows++;
}

static void clear(struct ask *a)
{
    for (uint32_t i = 0; i < a->rows; i++) {
        free((void *)(uintptr_t)a->row[i].client);
        free((void *)(uintptr_t)a->row[i].name);
    }
    free(a->row);
    *a = (struct ask){.ticket = 0};
}

static struct ask *next_ask(struct wr_history *h)
{
    struct ask *found = NULL;
    pthread_mutex_lock(&h->lock);
    for (unsigned i = 0; i < ASKS && found == NULL; i++) {
        struct ask *a = &h->ask[i];
        found = a->ticket != 0 && a->state == WR_HISTORY_WAITS ? a : NULL;
    }
    pthread_mutex_unlock(&h->lock);
    return found;
}

static void answer(struct wr_history *h, struct ask *a)
{
    char why[sizeof(a->why)] = "";
    int err = WR_E_IO;
    pthread_mutex_lock(&h->lock);
    bool wanted = a->ticket != 0 && a->state == WR_HISTORY_WAITS; /* it may have been given back */
    a->taken = wanted && h->db != NULL;
    pthread_mutex_unlock(&h->lock);
    if (!wanted) {
        return;
    }
    if (h->db != NULL) {
        err = wr_historydb_top(h->db, &a->want, add_row, a);
    }
    if (err != WR_OK) {
        snprintf(why, sizeof(why), "%s", wr_historydb_why());
    }
    pthread_mutex_lock(&h->lock);
    bool gone = a->ticket == 0;
    a->taken = false;
    a->state = err == WR_OK ? WR_HISTORY_ANSWERED : WR_HISTORY_FAILED;
    memcpy(a->why, why, sizeof(why));
    if (gone) {
        clear(a);
    }
    pthread_mutex_unlock(&h->lock);
    if (!gone && h->setup.news != NULL) {
        h->setup.news(h->setup.user);
    }
}

uint32_t wr_history_ask(struct wr_history *h, const struct wr_historydb_want *want)
{
    uint32_t ticket = 0;
    pthread_mutex_lock(&h->lock);
    for (unsigned i = 0; i < ASKS && ticket == 0; i++) {
        struct ask *a = &h->ask[i];
        if (a->ticket != 0 || a->taken) {
            continue;
        }
        *a = (struct ask){.want = *want};
        a->row = calloc(want->limit, sizeof(*a->row));
        if (a->row == NULL) {
            break;
        }
        snprintf(a->client, sizeof(a->client), "%s", want->client);
        snprintf(a->name, sizeof(a->name), "%s", want->name);
        a->want.client = a->client;
        a->want.name = a->name;
        h->last_ticket += 1 + (h->last_ticket == UINT32_MAX);
        ticket = a->ticket = h->last_ticket;
    }
    pthread_mutex_unlock(&h->lock);
    return ticket;
}

enum wr_history_state wr_history_answer(struct wr_history *h, uint32_t ticket,
                                        struct wr_history_reply *ret_reply)
{
    enum wr_history_state state = WR_HISTORY_FAILED;
    *ret_reply = (struct wr_history_reply){.why = "there is no such question"};
    pthread_mutex_lock(&h->lock);
    for (unsigned i = 0; i < ASKS; i++) {
        const struct ask *a = &h->ask[i];
        if (a->ticket == ticket) {
            state = a->state;
            *ret_reply = (struct wr_history_reply){
                .by = a->want.by, .row = a->row, .rows = a->rows, .why = a->why};
        }
    }
    pthread_mutex_unlock(&h->lock);
    return state;
}

void wr_history_give_back(struct wr_history *h, uint32_t ticket)
{
    pthread_mutex_lock(&h->lock);
    for (unsigned i = 0; i < ASKS && ticket != 0; i++) {
        struct ask *a = &h->ask[i];
        if (a->ticket == ticket && a->taken) {
            a->ticket = 0; /* the thread clears it */
            wr_historydb_interrupt(h->db);
        } else if (a->ticket == ticket) {
            clear(a);
        }
    }
    pthread_mutex_unlock(&h->lock);
}

/* --- the thread --- */

/* Whoever asks is told what is counted by now, as long as something may be written today: he may ask every second. */
static bool is_due(struct wr_history *h, const struct wr_now *now, bool asked)
{
    pthread_mutex_lock(&h->lock);
    bool due = wr_writebudget_due(&h->budget, now->mono_us) ||
               (asked && wr_writebudget_allowed(&h->budget, now->mono_us) > 0);
    pthread_mutex_unlock(&h->lock);
    return due || h->refused || is_crowded(h);
}

void wr_history_turn(struct wr_history *h, const struct wr_now *now, bool all)
{
    struct ask *a;
    pthread_mutex_lock(&h->lock);
    h->setup.conf = h->wanted;
    pthread_mutex_unlock(&h->lock);
    bool may = all || now->mono_us >= h->retry_us, much = false;
    if (h->db == NULL && may) {
        open_file(h, now);
    }
    if (h->db != NULL) {
        much = take_in(h);
    }
    a = next_ask(h);
    if (h->db != NULL && h->rows > 0 && may && (all || is_due(h, now, a != NULL)) &&
        write_rows(h, now)) {
        prune(h, now);
    }
    for (; a != NULL; a = next_ask(h)) {
        answer(h, a);
    }
    h->beat.period_ms = much ? BUSY_MS : IDLE_MS;
}

static void turn(void *user)
{
    struct wr_history *h = user;
    struct wr_now now;
    wr_clock_read(h->setup.clock, &now);
    wr_history_turn(h, &now, false);
}

/* --- its life --- */

int wr_history_open(const struct wr_history_setup *setup, struct wr_history **ret_history)
{
    struct wr_history *h = calloc(1, sizeof(*h));
    struct wr_now now;
    if (h == NULL) {
        return WR_E_NOMEM;
    }
    wr_clock_read(setup->clock, &now);
    h->setup = *setup;
    h->wanted = setup->conf;
    pthread_mutex_init(&h->lock, NULL);
    wr_writebudget_init(&h->budget, setup->conf.budget_per_day_bytes, WRITE_US, WRITE_MOST_US,
                        now.mono_us);
    h->row = calloc(WR_HISTORY_ROWS_MAX, sizeof(*h->row));
    if (h->row == NULL || snprintf(h->path, sizeof(h->path), "%s/history.db", setup->conf.folder) >=
                              (int)sizeof(h->path)) {
        wr_history_close(h, &now);
        return WR_E_NOMEM;
    }
    open_file(h, &now);
    *ret_history = h;
    return WR_OK;
}

int wr_history_run(struct wr_history *h)
{
    h->beat =
        (struct wr_beat){.name = "weir-history", .period_ms = IDLE_MS, .work = turn, .user = h};
    return wr_beat_start(&h->beat);
}

void wr_history_change(struct wr_history *h, const struct wr_history_conf *conf)
{
    pthread_mutex_lock(&h->lock);
    h->wanted.days = conf->days;
    h->wanted.budget_per_day_bytes = conf->budget_per_day_bytes;
    wr_writebudget_change(&h->budget, conf->budget_per_day_bytes, WRITE_US, WRITE_MOST_US);
    pthread_mutex_unlock(&h->lock);
}

void wr_history_close(struct wr_history *h, const struct wr_now *now)
{
    if (h == NULL) {
        return;
    }
    wr_beat_stop(&h->beat);
    if (h->db != NULL) {
        wr_history_turn(h, now, true);
    }
    wr_logstream_close(h->stream);
    wr_historydb_close(h->db);
    for (unsigned i = 0; i < ASKS; i++) {
        clear(&h->ask[i]);
    }
    pthread_mutex_destroy(&h->lock);
    free(h->row);
    free(h);
}

void wr_history_status(struct wr_history *h, const struct wr_now *now,
                       struct wr_history_status *ret_status)
{
    pthread_mutex_lock(&h->lock);
    *ret_status = h->status;
    ret_status->bytes_today = wr_writebudget_today(&h->budget, now->mono_us);
    pthread_mutex_unlock(&h->lock);
}
