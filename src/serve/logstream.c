/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/logstream.h"

#include <stdlib.h>

#include "base/err.h"
#include "serve/logread.h"

/* Events looked at in one call. */
#define LOOKS 4096

struct wr_logstream {
    struct wr_ledger *ledger;
    struct wr_logstream_want want;
    enum { COUNTS, GIVES } phase;
    struct wr_logread *disk; /* NULL: memory's turn */
    bool block;              /* its block may have more events */
    struct wr_ledger_cursor memory;
    uint64_t from;  /* events up to this number are not wanted, at whatever pass */
    uint64_t until; /* the last number of those that do not follow */
    uint64_t found; /* COUNTS: how many; GIVES: of them, still to be passed over */
    uint64_t bad;
};

/* To the beginning. */
static int begin(struct wr_logstream *s)
{
    s->memory = (struct wr_ledger_cursor){.after = s->from};
    s->block = false;
    wr_logread_close(s->disk);
    s->disk = NULL;
    if (s->want.folder == NULL) {
        return WR_OK;
    }
    struct wr_logread_want want = {
        .after = s->from, .since = s->want.filter.since, .until = s->want.filter.until};
    int err = wr_logread_open(s->want.folder, &want, &s->disk);
    return err == WR_E_NOMEM ? err : WR_OK; /* a folder that cannot be read now: memory alone */
}

int wr_logstream_open(struct wr_ledger *ledger, const struct wr_logstream_want *want,
                      struct wr_logstream **ret_stream)
{
    struct wr_ledger_stats stats;
    struct wr_logstream *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return WR_E_NOMEM;
    }
    wr_ledger_stats(ledger, &stats);
    s->ledger = ledger;
    s->want = *want;
    s->until = stats.last;
    s->phase = GIVES;
    if (want->count != UINT64_MAX && wr_logfilter_takes_all(&want->filter)) {
        s->from = stats.last > want->count ? stats.last - want->count : 0;
    } else if (want->count != UINT64_MAX) {
        s->phase = COUNTS;
    }
    s->from = s->from > want->after ? s->from : want->after;
    int err = begin(s);
    if (err != WR_OK) {
        wr_logstream_close(s);
        return err;
    }
    *ret_stream = s;
    return WR_OK;
}

void wr_logstream_close(struct wr_logstream *s)
{
    if (s != NULL) {
        wr_logread_close(s->disk);
        free(s);
    }
}

/* From the disk. WR_E_AGAIN: a block is done, or begins; WR_E_NOTFOUND: memory's turn. */
static int next_on_disk(struct wr_logstream *s, struct wr_ledger_event *ret_event)
{
    if (s->block) {
        s->block = wr_logread_event(s->disk, ret_event) == WR_OK;
        return s->block ? WR_OK : WR_E_AGAIN;
    }
    s->block = wr_logread_step(s->disk) == WR_OK;
    if (s->block) {
        return WR_E_AGAIN;
    }
    struct wr_logread_sum sum;
    wr_logread_sum(s->disk, &sum);
    s->bad += sum.bad;
    s->memory.after = sum.last > s->from ? sum.last : s->from;
    wr_logread_close(s->disk);
    s->disk = NULL;
    return WR_E_AGAIN;
}

static bool is_over(const struct wr_logstream *s, uint64_t number)
{
    return (!s->want.follow || s->phase == COUNTS) && number > s->until;
}

static int next(struct wr_logstream *s, struct wr_ledger_event *ret_event)
{
    if (s->disk != NULL) {
        return next_on_disk(s, ret_event);
    }
    if (is_over(s, s->memory.after + 1)) {
        return WR_E_NOTFOUND;
    }
    return wr_ledger_follow(s->ledger, &s->memory, ret_event, 1) == 1 ? WR_OK : WR_E_NOTFOUND;
}

/* All have been counted: once more from the beginning, and the last ones are given. */
static void turn_back(struct wr_logstream *s)
{
    s->phase = GIVES;
    s->found = s->found > s->want.count ? s->found - s->want.count : 0;
    s->bad = 0;
    int err = begin(s);
    (void)err; /* without memory for the disk: what memory has */
}

enum wr_logstream_state wr_logstream_next(struct wr_logstream *s,
                                          struct wr_ledger_event *ret_events, uint32_t cap,
                                          uint32_t *ret_count)
{
    uint32_t count = 0;
    int err = WR_OK;
    for (uint32_t i = 0; i < LOOKS && count < cap; i++) {
        struct wr_ledger_event *e = &ret_events[count];
        if (s->disk != NULL && !s->block && count > 0) {
            break; /* another block would take the texts of those that were found */
        }
        err = next(s, e);
        if (err == WR_E_NOTFOUND) {
            break;
        }
        i += err == WR_E_AGAIN ? LOOKS / 8 : 0;
        if (err != WR_OK || is_over(s, e->number) || !wr_logfilter_takes(&s->want.filter, e)) {
            continue;
        }
        if (s->phase == COUNTS) {
            s->found++;
        } else if (s->found > 0) {
            s->found--;
        } else {
            count++;
        }
    }
    *ret_count = count;
    if (err == WR_E_NOTFOUND && s->phase == COUNTS) {
        turn_back(s);
        return WR_LOGSTREAM_MORE;
    }
    return err != WR_E_NOTFOUND ? WR_LOGSTREAM_MORE
           : s->want.follow     ? WR_LOGSTREAM_WAIT
                                : WR_LOGSTREAM_END;
}

uint64_t wr_logstream_missing(const struct wr_logstream *s)
{
    return s->want.folder != NULL ? s->bad + s->memory.lost : 0;
}
