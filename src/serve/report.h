/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports: what the running daemon tells about itself, as JSON values.
 *
 * Each function writes one value (the "result" of a control verb, or a part of it) and reads whatever the workers are
 * writing at the same time through atomics: figures are each right, and together of about the same moment.
 *
 *   status     version, pid, uptime, workers, listeners, cache, settings, last reload, ports and bits, wall clock
 *   stats      every counter of engine and sockets, summed over the workers, and each worker's own
 *   upstreams  what is known of each server
 *   cache      its figures, and one entry; all of them are written in pieces (serve/pieces.h)
 *   event      one record of the ledger
 */
#ifndef WR_SERVE_REPORT_H
#define WR_SERVE_REPORT_H

#include <stdint.h>

#include "resolve/cache.h"
#include "serve/json.h"
#include "serve/ledger.h"

struct wr_serve;
struct wr_upstream_state;

void wr_report_status(struct wr_serve *s, struct wr_json *j, const char *key);
void wr_report_stats(struct wr_serve *s, struct wr_json *j, const char *key);
void wr_report_upstreams(struct wr_serve *s, struct wr_json *j, const char *key);
/* How large it is and how it fares, under the key "cache". */
void wr_report_cache_figures(const struct wr_serve *s, struct wr_json *j);
/* One entry, as an object in an array; `text` of WR_PUT_TEXT_SIZE (serve/put.h) is written over. */
void wr_report_entry(const struct wr_cache_key *key, const struct wr_cache_entry *e, char *text,
                     struct wr_json *j);
void wr_report_event(const struct wr_ledger_event *event, const char *device, struct wr_json *j,
                     const char *key);

/* "good", "suspect" or "unmeasured". */
const char *wr_report_upstream_state(const struct wr_upstream_state *st);

#endif
