/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finder: better ways to the upstreams that are written as addresses (RFC 9462), for the groups that want them (`discover`).
 *
 * One thread looks at one server after another (net/better): when the configuration is new, when what the server said ends, some time
 * after a failure, soon after links changed, and when the time becomes known. Ways that were found, one of each transport, are servers
 * of their own in the next gate, beside the plain one, whose place they take while they can be reached. A way that was proven stays until
 * what the server said of it has ended, and it is not named any more or cannot prove itself: before that neither what is said in the clear nor
 * another certificate in its place drops it, for anybody on the path can bring about both. Silence alone never does, and whether a server is good is for resolve/select.
 * Only what was proven before the time was known goes at once, when it cannot prove itself. What is dropped is looked
 * for again after a minute. A way without proof lives no longer than the answer that named it, and not over a change of links.
 *
 * Main thread, but for the thread itself. Errors: WR_E_NOMEM.
 */
#ifndef WR_SERVE_FINDER_H
#define WR_SERVE_FINDER_H

#include <stdbool.h>

#include "conf/conf.h"
#include "net/better.h"
#include "net/clock.h"
#include "resolve/prove.h"
#include "serve/gate.h"
#include "serve/json.h"
#include "transport/creds.h"

struct wr_finder;

struct wr_finder_setup {
    void (*news)(
        void *user); /* from the thread: there is another way to some server, or one less */
    void *user;
    const struct wr_clock *clock; /* what is believed of the time */
};

int wr_finder_create(const struct wr_finder_setup *setup, struct wr_finder **ret_finder);
/* The servers of `conf` from now on, and who vouches for them; of those that stay, what is known stays. The thread runs while
 * there are any. */
int wr_finder_plan(struct wr_finder *f, const struct wr_conf *conf, struct wr_creds *creds);
void wr_finder_link(struct wr_finder *f);
/* By which time certificates are judged from now on: system_clock and floor_s. */
void wr_finder_trust(struct wr_finder *f, const struct wr_prove_settings *prove);
/* The ways that are known, for the next gate; how many. */
uint32_t wr_finder_ways(struct wr_finder *f, struct wr_gate_way ret_ways[WR_UPSTREAMS_MAX]);
void wr_finder_report(struct wr_finder *f, struct wr_json *j, const char *key);
void wr_finder_free(struct wr_finder *f); /* waits for the look at hand; NULL is fine */

/* When to look again after this outcome of net/better, in seconds; `failures` in a row. */
uint32_t wr_finder_rest_s(int err, uint32_t ttl_s, unsigned failures);

/* What is known of the ways to one server. */
struct wr_finder_known {
    struct wr_better_way way[WR_BETTER_WAYS]; /* the best first */
    uint8_t ways;
    bool early;        /* proven before the time was known */
    unsigned failures; /* in a row: not heard, or heard to say what was not believed */
    uint64_t until_us; /* what the server said of them ends */
};
/* What one look changes of it (net/better). Returns after how many seconds to look again. */
uint32_t wr_finder_learn(struct wr_finder_known *k, int err, const struct wr_better_found *found,
                         uint64_t now_us);

#endif
