/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bootstrap: the addresses of encrypted upstreams that stand in the configuration with a name alone.
 *
 * Their names have routes of their own (serve/gate): to the servers of `upstream.bootstrap`, or to the root. So the questions are weir's
 * usual ones, asked of the workers: checked by DNSSEC as far as the zone is signed, remembered, and answered by the kept cache after a
 * restart; what has expired serves when nobody answers, for an upstream has to prove who it is in any case. Nothing waits for it: a server without an
 * address is not asked. Every half minute each name is looked at again, which costs a question when its TTL has ended, or when the server does not
 * answer at any of the addresses known. New addresses make a new gate; a look-up that fails leaves the old ones.
 *
 * Main thread only.
 */
#ifndef WR_SERVE_BOOTSTRAP_H
#define WR_SERVE_BOOTSTRAP_H

#include "conf/conf.h"
#include "dns/name.h"
#include "resolve/upstream.h"

struct wr_bootstrap;
struct wr_serve;

/* Of servers without an address, of TLSA records, of time servers. */
#define WR_BOOTSTRAP_NAMES_MAX (2 * WR_UPSTREAMS_MAX + WR_TIME_SERVERS_MAX)

/* The names that have to be looked up before upstreams can be asked: of servers without an address, of TLSA records (serve/dane), and where
 * there are such, of time servers, for without the time no record is proven. Each once; `ret` may be NULL. At most `cap` are written; returns
 * how many there are. */
unsigned wr_bootstrap_names(const struct wr_conf *conf, struct wr_name *ret, unsigned cap);
/* The addresses of that server, if they are known, with the port of its URL. `b` may be NULL. */
void wr_bootstrap_give(const struct wr_bootstrap *b, const struct wr_uri *uri,
                       struct wr_upstream *upstream);
/* Each second, and sooner while it says that an answer is awaited: looks for what the configuration in force wants. */
bool wr_bootstrap_tick(struct wr_serve *s);
void wr_bootstrap_free(struct wr_bootstrap *b); /* NULL is fine */

#endif
