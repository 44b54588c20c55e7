/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timekeeper: what weir believes of the time, and why.
 *
 *     time.trust: system   the kernel's clock, whatever it says
 *                 auto     the kernel's clock when it is past every floor; else the ladder
 *                 ladder   always the ladder (resolve/ladder.h)
 *
 * What is proven was signed by a Roughtime server, or said by several NTP servers; `source` says which.
 *
 * It runs the ladder from the main thread: finds its servers' addresses by questions to the workers, which check signatures as for
 * anybody (while time is unproven against the floor alone), sends its datagrams, and hands what comes of it to all threads as one word
 * (net/clock.h). The kernel's clock is never set.
 *
 * The floor is the latest of the release, the last proven time, and the newest inception among the signatures of the root's
 * DNSKEY and SOA. A proven time moves it and is written down (`time.state`) only when the root's keys, as they were seen last, are signed by an anchor at
 * that very moment, so who lies on the way to all time servers cannot move the floor to where nothing signed can follow.
 *
 * When what was believed turns out to be wrong by more than what signatures are allowed, all that was judged by it is forgotten.
 * Main thread only, but for the file, which a thread of its own writes.
 */
#ifndef WR_SERVE_TIMEKEEPER_H
#define WR_SERVE_TIMEKEEPER_H

#include <stdint.h>

#include "conf/conf.h"
#include "dns/rrset.h"
#include "serve/json.h"

struct wr_serve;
struct wr_timekeeper;

/* WR_E_NOMEM, WR_E_IO. */
int wr_timekeeper_open(struct wr_serve *s, struct wr_timekeeper **ret_keeper);
/* After privileges were dropped, for the file is the user's. */
void wr_timekeeper_recall(struct wr_timekeeper *keeper);
/* The file; "": nothing is kept. */
const char *wr_timekeeper_path(const struct wr_timekeeper *keeper);
int64_t wr_timekeeper_floor(const struct wr_timekeeper *keeper);

/* The first look at the kernel's clock, before there are workers. */
void wr_timekeeper_begin(struct wr_serve *s);
/* In the loop from here on. WR_E_NOMEM. */
int wr_timekeeper_run(struct wr_serve *s);
void wr_timekeeper_tick(struct wr_serve *s);
void wr_timekeeper_link(struct wr_serve *s);
/* Closes its handles; free it when the loop has turned. NULL is fine. */
void wr_timekeeper_close(struct wr_timekeeper *keeper);
void wr_timekeeper_free(struct wr_timekeeper *keeper);

/* The root's DNSKEY set, proven by its anchor against the floor. It may end the belief in the kernel's clock. */
void wr_timekeeper_root(struct wr_serve *s, const struct wr_rrset *keys);
void wr_timekeeper_report(const struct wr_serve *s, struct wr_json *j, const char *key);

#endif
