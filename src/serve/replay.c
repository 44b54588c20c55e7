/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/replay.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "serve/logsegment.h"

/* Power of two, twice the rows. */
#define PLACES      (2u * WR_REPLAY_CHANGES_MAX)
#define DOUBTS_MAX  (2u * WR_POLICY_RULES_MAX)
#define TELL_EVENTS 65536

struct wr_replay {
    struct wr_offline *offline;
    struct wr_replay_sum sum;
    uint32_t rows, doubts;
    uint32_t *place; /* number of a row and 1; 0: free */
    struct wr_replay_change *row;
    struct wr_replay_doubt doubt[DOUBTS_MAX];
};

/* --- rows --- */

static bool is_row(const struct wr_replay_change *row, const struct wr_replay_change *c)
{
    return row->device == c->device && row->type == c->type && row->was == c->was &&
           row->was_rule == c->was_rule && row->now.action == c->now.action &&
           row->now.rule == c->now.rule &&
           (c->device != 0 || (row->client.family == c->client.family &&
                               memcmp(row->client.ip, c->client.ip, sizeof(c->client.ip)) == 0)) &&
           wr_name_equal(row->name, c->name);
}

static uint64_t hash_of(const struct wr_replay_change *c)
{
    static const struct wr_hash_key key = {{0}}; /* a walk in the table is bounded by its rows */
    uint8_t name[WR_NAME_MAX];
    size_t n = wr_name_lower(c->name, name);
    uint64_t hash = wr_hash_sip13(&key, name, n);
    uint64_t who = c->device;
    if (who == 0) {
        who = wr_hash_sip13(&key, c->client.ip, sizeof(c->client.ip));
    }
    return wr_hash_mix(hash ^ who * 31 ^ (uint64_t)c->type << 48 ^ (uint64_t)c->now.rule << 16 ^
                       (uint64_t)c->was_rule << 32 ^ c->now.action ^ (uint64_t)c->was << 8);
}

/* The row of a change, made where there is room; NULL: there is none. */
static struct wr_replay_change *row_of(struct wr_replay *r, const struct wr_replay_change *c)
{
    uint32_t place = (uint32_t)hash_of(c) & (PLACES - 1);
    for (; r->place[place] != 0; place = (place + 1) & (PLACES - 1)) {
        struct wr_replay_change *row = &r->row[r->place[place] - 1];
        if (is_row(row, c)) {
            return row;
        }
    }
    size_t n = wr_name_size(c->name);
    uint8_t *name = r->rows < WR_REPLAY_CHANGES_MAX ? malloc(n) : NULL;
    if (name == NULL) {
        return NULL;
    }
    memcpy(name, c->name, n);
    struct wr_replay_change *row = &r->row[r->rows++];
    *row = *c;
    row->name = name;
    r->place[place] = r->rows;
    return row;
}

static void add_change(struct wr_replay *r, const struct wr_replay_change *c)
{
    struct wr_replay_change *row = row_of(r, c);
    r->sum.changed++;
    if (row == NULL) {
        r->sum.unlisted++;
        return;
    }
    row->queries++;
    row->client = c->client;
    row->first_s = c->first_s < row->first_s ? c->first_s : row->first_s;
    row->last_s = c->last_s > row->last_s ? c->last_s : row->last_s;
}

/* When there are too many kinds, the last is for all others. */
static void add_doubt(struct wr_replay *r, enum wr_offline_why why, uint16_t rule)
{
    uint32_t i = 0;
    r->sum.doubtful++;
    while (i < r->doubts && (r->doubt[i].why != why || r->doubt[i].rule != rule)) {
        i++;
    }
    if (i == r->doubts && i < DOUBTS_MAX) {
        r->doubt[r->doubts++] = (struct wr_replay_doubt){.why = why, .rule = rule};
    }
    r->doubt[i < DOUBTS_MAX ? i : DOUBTS_MAX - 1].queries++;
}

/* --- one event --- */

/* What a verdict does to the one who asked: who gets the answer gets it by whichever rule. */
static uint8_t effect(const struct wr_verdict *v)
{
    return v->shadow || v->action == WR_VERDICT_ALLOW ? WR_VERDICT_NONE : v->action;
}

static bool is_unjudged(const struct wr_record *r)
{
    bool silent = r->verdict.action == WR_VERDICT_NONE;
    return r->verdict.by == WR_VERDICT_BY_QUARANTINE ||
           (silent && (r->source == WR_SOURCE_DROPPED ||
                       (r->source == WR_SOURCE_LOCAL && r->rcode == WR_RCODE_REFUSED)));
}

static void take_query(struct wr_replay *r, const struct wr_ledger_event *e)
{
    const struct wr_record *record = &e->record;
    struct wr_replay_sum *s = &r->sum;
    s->queries++;
    s->from_s = record->wall_s < s->from_s ? record->wall_s : s->from_s;
    s->to_s = record->wall_s > s->to_s ? record->wall_s : s->to_s;
    if (is_unjudged(record) || e->name.size == 0) {
        s->unjudged++;
        return;
    }
    struct wr_offline_verdict v = wr_offline_decide(r->offline, e);
    if (v.why != WR_OFFLINE_DECIDED) {
        add_doubt(r, v.why, v.rule);
        return;
    }
    uint8_t was = effect(&record->verdict), now = effect(&v.verdict);
    uint16_t was_rule = 0;
    if (was != WR_VERDICT_NONE) {
        was_rule = wr_offline_number(r->offline, e->rule);
    }
    bool names = now == WR_VERDICT_ROUTE || now == WR_VERDICT_DATA;
    s->passed += wr_verdict_passes(&v.verdict);
    if (was == now && (!names || was_rule == v.verdict.rule)) {
        s->same++;
        return;
    }
    const struct wr_replay_change c = {.device = record->device,
                                       .client = record->client,
                                       .name = e->name.wire,
                                       .type = record->qtype,
                                       .was = was,
                                       .was_rule = was_rule,
                                       .now = v.verdict,
                                       .first_s = record->wall_s,
                                       .last_s = record->wall_s};
    add_change(r, &c);
}

/* --- the log --- */

static uint64_t octets_of(const char *folder)
{
    struct wr_logfolder f = {.octets = 0};
    int fd;
    if (wr_logfolder_open(folder, false, &fd) != WR_OK) {
        return 0;
    }
    (void)wr_logfolder_list(fd, &f);
    close(fd);
    return f.octets;
}

static void walk(struct wr_replay *r, struct wr_logread *read, const struct wr_replay_want *want,
                 uint64_t octets)
{
    struct wr_logread_sum sum;
    struct wr_ledger_event e;
    uint64_t events = 0;
    while (wr_logread_step(read) == WR_OK) {
        while (wr_logread_event(read, &e) == WR_OK) {
            if (e.kind == WR_LEDGER_QUERY) {
                take_query(r, &e);
            } else if (e.kind == WR_LEDGER_ROLLUP) {
                r->sum.queries += e.count;
                r->sum.counted += e.count;
            }
            if (++events % TELL_EVENTS == 0 && want->progress != NULL) {
                wr_logread_sum(read, &sum);
                want->progress(want->user, events, sum.octets, octets);
            }
        }
    }
    wr_logread_sum(read, &sum);
    r->sum.bad = sum.bad;
    if (want->progress != NULL) {
        want->progress(want->user, events, octets, octets);
    }
}

static int compare(const void *left, const void *right)
{
    const struct wr_replay_change *a = left, *b = right;
    if (a->queries != b->queries) {
        return a->queries > b->queries ? -1 : 1;
    }
    return a->first_s < b->first_s ? -1 : a->first_s > b->first_s;
}

static int compare_doubts(const void *left, const void *right)
{
    const struct wr_replay_doubt *a = left, *b = right;
    return a->queries > b->queries ? -1 : a->queries < b->queries;
}

int wr_replay_run(const char *folder, const struct wr_replay_want *want, struct wr_offline *offline,
                  struct wr_replay **ret_replay)
{
    const struct wr_logread_want read_want = {.since = want->since, .until = want->until};
    struct wr_logread *read = NULL;
    struct wr_replay *r = calloc(1, sizeof(*r));
    int err = r == NULL ? WR_E_NOMEM : wr_logread_open(folder, &read_want, &read);
    if (err == WR_OK) {
        r->offline = offline;
        r->sum.from_s = INT64_MAX;
        r->sum.to_s = INT64_MIN;
        r->place = calloc(PLACES, sizeof(*r->place));
        r->row = calloc(WR_REPLAY_CHANGES_MAX, sizeof(*r->row));
        err = r->place == NULL || r->row == NULL ? WR_E_NOMEM : WR_OK;
    }
    if (err != WR_OK) {
        wr_logread_close(read);
        wr_replay_free(r);
        return err;
    }
    walk(r, read, want, octets_of(folder));
    wr_logread_close(read);
    qsort(r->row, r->rows, sizeof(*r->row), compare);
    qsort(r->doubt, r->doubts, sizeof(*r->doubt), compare_doubts);
    *ret_replay = r;
    return WR_OK;
}

void wr_replay_free(struct wr_replay *r)
{
    if (r == NULL) {
        return;
    }
    for (uint32_t i = 0; i < r->rows; i++) {
        free((void *)(uintptr_t)r->row[i].name);
    }
    free(r->row);
    free(r->place);
    free(r);
}

const struct wr_replay_sum *wr_replay_sum(const struct wr_replay *r)
{
    return &r->sum;
}

const struct wr_replay_change *wr_replay_changes(const struct wr_replay *r, uint32_t *ret_count)
{
    *ret_count = r->rows;
    return r->row;
}

const struct wr_replay_doubt *wr_replay_doubts(const struct wr_replay *r, uint32_t *ret_count)
{
    *ret_count = r->doubts;
    return r->doubt;
}
