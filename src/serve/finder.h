/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finder: better ways to the upstreams that are written as addresses (RFC 9462), for the groups that want them (`discover`).
 *
 * One thread looks at one server after another (net/better): when the configuration is new, when what the server said ends, some time
 * after a failure, and soon after links changed. A way that was found is a server of its own in the next gate, beside the plain one, whose
 * place it takes while it can be reached. It is dropped when the server names it no more, or cannot prove itself; silence alone
 * drops nothing, for who withholds an answer must not win by it, and whether a server is good is for resolve/select.
 *
 * Main thread, but for the thread itself. Errors: WR_E_NOMEM.
 */
#ifndef WR_SERVE_FINDER_H
#define WR_SERVE_FINDER_H

#include <stdbool.h>

#include "conf/conf.h"
#include "serve/gate.h"
#include "serve/json.h"
#include "transport/creds.h"

struct wr_finder;

struct wr_finder_setup {
    void (*news)(
        void *user); /* from the thread: there is another way to some server, or one less */
    void *user;
};

int wr_finder_create(const struct wr_finder_setup *setup, struct wr_finder **ret_finder);
/* The servers of `conf` from now on, and who vouches for them; of those that stay, what is known stays. The thread runs while
 * there are any. */
int wr_finder_plan(struct wr_finder *f, const struct wr_conf *conf, struct wr_creds *creds);
void wr_finder_link(struct wr_finder *f);
/* The ways that are known, for the next gate; how many. */
uint32_t wr_finder_ways(struct wr_finder *f, struct wr_gate_way ret_ways[WR_UPSTREAMS_MAX]);
void wr_finder_report(struct wr_finder *f, struct wr_json *j, const char *key);
void wr_finder_free(struct wr_finder *f); /* waits for the look at hand; NULL is fine */

/* When to look again after this outcome of net/better, in seconds; `failures` in a row. */
uint32_t wr_finder_rest_s(int err, uint32_t ttl_s, unsigned failures);

#endif
