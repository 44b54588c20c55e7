/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports: collectors that are told what happens, by a thread of their own.
 *
 * Each has a cursor in the ledger (wr_ledger_follow) and a link (serve/exportlink); what is not sent when it leaves the ledger's memory is lost for
 * that one collector, and counted. Nobody waits for any of them, and none for another. Text formats are told the hash at the end of the
 * log on disk when the link opens and once a minute, so that `weir log verify --head` can prove the log up to there.
 *
 * A reload makes the links anew, for files and certificates may be others; a collector of the same name goes on where it was.
 */
#ifndef WR_SERVE_EXPORTS_H
#define WR_SERVE_EXPORTS_H

#include "serve/exportlink.h"
#include "serve/json.h"
#include "serve/ledger.h"
#include "serve/logdisk.h"

struct wr_exports;

struct wr_exports_setup {
    const struct wr_conf *conf;
    struct wr_creds *creds; /* authorities, or NULL */
    bool system_clock;
    int64_t floor_s;
};

/* `disk` may be NULL. Both outlive it. WR_E_NOMEM. */
int wr_exports_create(struct wr_ledger *ledger, struct wr_logdisk *disk,
                      struct wr_exports **ret_exports);
/* Ends what runs, makes and runs what the configuration wants. WR_E_NOMEM: some are missing. */
int wr_exports_change(struct wr_exports *x, const struct wr_exports_setup *setup);
/* One turn, as the thread makes it; true: there was something to do. For tests, without the thread. */
bool wr_exports_turn(struct wr_exports *x, const struct wr_now *now);
/* Ends the thread and tells what can be told at once (before the disk is closed). */
void wr_exports_stop(struct wr_exports *x);                                       /* NULL is fine */
void wr_exports_destroy(struct wr_exports *x);                                    /* NULL is fine */
void wr_exports_report(struct wr_exports *x, struct wr_json *j, const char *key); /* a list */

#endif
