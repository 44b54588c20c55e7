/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed work: one fetch of a feed, and the compiling of what it brings, in a thread of its own.
 *
 * So a server that dribbles holds up no other list; how many are under way at once is serve/feedremote's to bound (WR_FEED_FETCHES_MAX), for
 * each has a list in memory. The thread reads the job, which stays as it is meanwhile, and writes nothing of it but the signature that it
 * fetches; what became of it stands here when it is done.
 *
 *     wr_feedwork_begin(w, job, addr, addrs, &work)
 *     until wr_feedwork_is_done(work): w->nudge was called
 *     ... work->became, image, why, result ...      wr_feedwork_end(work)      which cancels one that is not done, within a second or so
 *
 * Errors of begin: WR_E_NOMEM.
 */
#ifndef WR_SERVE_FEEDWORK_H
#define WR_SERVE_FEEDWORK_H

#include <pthread.h>
#include <stdatomic.h>

#include "serve/feedfetch.h"
#include "serve/feedjob.h"

enum wr_feedwork_became {
    WR_FEEDWORK_FAILED = 0, /* why */
    WR_FEEDWORK_LIST,       /* image; the caller's from then on */
    WR_FEEDWORK_SAME,       /* what is here is what is there */
    WR_FEEDWORK_SIGNATURE,  /* it stands in the job */
    WR_FEEDWORK_MOVED,      /* result.location */
    WR_FEEDWORK_CANCELLED,
};

struct wr_feedwork {
    struct wr_feedjob_world *w;
    struct wr_feedjob *job;
    struct wr_addr addr[WR_FEEDHOST_ADDRS_MAX];
    unsigned addrs;
    struct wr_whom whom; /* who the server has to be; with its own hold on the authorities */
    struct wr_creds *creds;
    pthread_t thread;
    _Atomic bool done, cancel;
    enum wr_feedwork_became became;
    struct wr_feedfetch_result result;
    struct wr_feedimage *image;
    struct wr_feedcompile_why why;
};

int wr_feedwork_begin(struct wr_feedjob_world *w, struct wr_feedjob *job,
                      const struct wr_addr *addr, unsigned addrs, struct wr_feedwork **ret_work);
bool wr_feedwork_is_done(const struct wr_feedwork *work);
void wr_feedwork_cancel(struct wr_feedwork *work); /* NULL is fine */
void wr_feedwork_end(struct wr_feedwork *work);    /* likewise */

/* Is what is in force of this URL, and read in this way? */
bool wr_feedwork_is_own(const struct wr_feedjob *job);

#endif
