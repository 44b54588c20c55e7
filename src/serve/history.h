/* SPDX-License-Identifier: Apache-2.0 */
/*
 * History: what was asked, as counts by minute, device and name; for longer than the log lasts, and found faster.
 *
 * It follows the log (serve/logstream: its disk, then memory) with a thread of its own, so nobody waits for it. Counts are collected in a bounded table and
 * written about once a minute, less often when log.budget_per_day runs short, together with the number of the last event that is in them: what was counted
 * and not written when the program was killed is counted again from the log. A file that is no history is put aside, and made anew from the log.
 *
 * Names are a stranger's word. Of one device a minute has at most WR_HISTORY_NAMES_MAX of them and of all WR_HISTORY_MINUTE_MAX, further ones are counted under no name, then
 * under no device; so a device that makes names up (tunnels, attacks) does not push the others out.
 *
 * As the log: where privacy hides clients they are the hidden ones, each day others; where it wants aggregates there are neither clients nor names.
 *
 * Questions are put by the main thread and answered by the thread, which is the only one that has the file: wr_history_ask, then wr_history_answer each time that
 * `news` was called. A refused write is said once, counted, and tried again; what is not written stays in the table, and what does not fit there in the log.
 */
#ifndef WR_SERVE_HISTORY_H
#define WR_SERVE_HISTORY_H

#include "base/time.h"
#include "net/clock.h"
#include "serve/historydb.h"
#include "serve/ledger.h"

struct wr_history;

struct wr_history_conf {
    const char *folder; /* of the log; the file is history.db in it */
    uint64_t size_bytes, budget_per_day_bytes;
    uint32_t days;
};

struct wr_history_setup {
    struct wr_history_conf conf; /* the folder must stay */
    struct wr_ledger *ledger;
    const struct wr_clock *clock;
    void (*news)(void *user); /* from the thread: a question is answered. NULL: nobody asks */
    void *user;
};

/* Before the sandbox closes; a file that cannot be used is said, and tried again. WR_E_NOMEM. */
int wr_history_open(const struct wr_history_setup *setup, struct wr_history **ret_history);
int wr_history_run(struct wr_history *h); /* starts the thread: WR_E_NOMEM */
/* One turn of the thread, for tests. `all`: what is counted is written at once. */
void wr_history_turn(struct wr_history *h, const struct wr_now *now, bool all);
void wr_history_change(struct wr_history *h, const struct wr_history_conf *conf); /* a reload */
/* Ends the thread and writes what is counted. NULL is fine. */
void wr_history_close(struct wr_history *h, const struct wr_now *now);

/* A question; the texts are copied. 0: too many wait, or no memory; else its ticket. */
uint32_t wr_history_ask(struct wr_history *h, const struct wr_historydb_want *want);
enum wr_history_state {
    WR_HISTORY_WAITS = 0,
    WR_HISTORY_ANSWERED,
    WR_HISTORY_FAILED, /* `why` says why */
};
struct wr_history_reply {
    enum wr_historydb_by by;
    const struct wr_historydb_row *row;
    uint32_t rows;
    const char *why;
};
/* What is given stays until the ticket is given back, which is to be done in any case. */
enum wr_history_state wr_history_answer(struct wr_history *h, uint32_t ticket,
                                        struct wr_history_reply *ret_reply);
void wr_history_give_back(struct wr_history *h, uint32_t ticket);

struct wr_history_status {
    char problem[160]; /* why nothing is written; "": it is */
    uint64_t counted;  /* queries that are in the file, since the start */
    uint64_t failures; /* writes that were refused */
    uint64_t missing;  /* events that the log had lost before they were counted */
    uint64_t after;    /* number of the last event that is in the file */
    uint64_t bytes_today;
    struct wr_historydb_figures figures;
};
void wr_history_status(struct wr_history *h, const struct wr_now *now,
                       struct wr_history_status *ret_status);

#endif
