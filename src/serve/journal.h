/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journal: the daemon's ledger with all that hangs on it.
 *
 * What the configuration wants is made, run, changed and ended here: the ledger itself (serve/ledger), the log on disk
 * (serve/logdisk), and collectors that are told (serve/exports). Changes of what is in force are noted in it: that weir began and ended, and each reload with
 * its serial and the digest of the file, so that who reads the log later knows which rules were meant.
 */
#ifndef WR_SERVE_JOURNAL_H
#define WR_SERVE_JOURNAL_H

#include "serve/json.h"
#include "serve/ledger.h"
#include "serve/logdisk.h"

struct wr_serve;

/* After privileges were dropped, before the workers are made and the sandbox closes. WR_E_NOMEM. */
int wr_journal_open(struct wr_serve *s);
int wr_journal_run(struct wr_serve *s, void (*grown)(void *user));
/* New upstreams have slots, and nobody has asked them yet. */
void wr_journal_upstreams(struct wr_serve *s);
/* Settings are in force: at the start, and after each reload. */
void wr_journal_settled(struct wr_serve *s);
/* The workers have stopped: everything is taken in and written. */
void wr_journal_stop(struct wr_serve *s);
void wr_journal_free(struct wr_serve *s);
void wr_journal_report(struct wr_serve *s, struct wr_json *j, const char *key);

#endif
