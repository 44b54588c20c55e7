/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anchors: the trust anchors of the running daemon, as they follow their zones (RFC 5011) and as its owner changes them.
 *
 * Belongs to the main thread. Once a second each trust point is looked after: a DNSKEY set of its zone that is new in the cache, whoever
 * asked for it, is judged by the anchors alone (dnssec/rollover), and when the time of RFC 5011 section 2.3 has come one is asked for: a
 * question with checking disabled, given to a worker, for which nobody waits. With `dnssec.rfc5011: false` nothing is asked and no
 * state moves; whether the anchors match is still seen. What changes the anchors makes a new gate (serve/reload).
 *
 * The state is text (dnssec/trustset) in the file `dnssec.state`, or "anchors" in the directory that the system's manager gives
 * (STATE_DIRECTORY). A thread of its own writes it, for a disk may be slow; a state that moved at once, running timers once an hour.
 * A file that cannot be read is put aside as <path>.bad and said; the service goes on with the configured anchors.
 */
#ifndef WR_SERVE_ANCHORS_H
#define WR_SERVE_ANCHORS_H

#include "conf/conf.h"
#include "dnssec/trustset.h"
#include "serve/json.h"

struct wr_serve;
struct wr_live_anchors;

/* Before the first gate: as configured. WR_E_NOMEM. */
int wr_live_anchors_open(const struct wr_conf *conf, struct wr_live_anchors **ret_live);
/* After privileges were dropped, for the file is the user's: what became of them. */
void wr_live_anchors_recall(struct wr_live_anchors *live, const struct wr_conf *conf);
/* What the gate is made with. */
const struct wr_trustset *wr_live_anchors_set(const struct wr_live_anchors *live);
/* The file; "": nothing is kept. */
const char *wr_live_anchors_path(const struct wr_live_anchors *live);
/* Begins to write. WR_E_NOMEM. */
int wr_live_anchors_run(struct wr_live_anchors *live);
/* Writes what is left. NULL is fine. */
void wr_live_anchors_close(struct wr_live_anchors *live);

/* Can it be that moment, by an anchor's signature over these keys of the root? */
bool wr_live_anchors_root_reaches(struct wr_serve *s, const struct wr_rrset *keys, int64_t floor_s,
                                  int64_t at_s);
void wr_live_anchors_tick(struct wr_serve *s);
/* Workers obey others now: what was judged by the ones before is forgotten when all of it has settled. */
void wr_live_anchors_changed(struct wr_serve *s, const struct wr_anchors *before,
                             const struct wr_anchors *after);
/* A configuration is in force: its anchors are the points now, and what rested on what was changed is forgotten. */
void wr_live_anchors_settled(struct wr_serve *s);

/* The verbs. WR_OK, or *ret_why is a sentence (static). */
int wr_live_anchors_add(struct wr_serve *s, const char *line, size_t n, const char **ret_why);
int wr_live_anchors_negative(struct wr_serve *s, const uint8_t *name, int64_t for_s,
                             const char **ret_why);
int wr_live_anchors_remove(struct wr_serve *s, const uint8_t *name, const char **ret_why);
void wr_live_anchors_report(const struct wr_serve *s, struct wr_json *j, const char *key);
/* For `status`: NULL, or which anchors match nothing. */
const char *wr_live_anchors_problem(const struct wr_live_anchors *live);

#endif
