/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/feedwork.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static uint64_t mark_of(const struct wr_feedjob *j)
{
    return wr_feedcompile_mark_text(j->plan.url, &j->plan.how);
}

bool wr_feedwork_is_own(const struct wr_feedjob *j)
{
    return j->image != NULL && j->image->about.source == mark_of(j);
}

/* --- what comes --- */

static int on_piece(void *user, const void *bytes, size_t n)
{
    return wr_feedcompile_feed(user, bytes, n);
}

static int on_signature(void *user, const void *bytes, size_t n)
{
    struct wr_feedjob *j = user;
    if (n > sizeof(j->sig) - j->sig_size) {
        return WR_E_LIMIT;
    }
    memcpy(j->sig + j->sig_size, bytes, n);
    j->sig_size += n;
    return WR_OK;
}

/* `c`: NULL for the signature. */
static int fetch(struct wr_feedwork *k, struct wr_feedcompile *c)
{
    struct wr_feedjob *j = k->job;
    bool own = c != NULL && wr_feedwork_is_own(j);
    const struct wr_feedfetch want = {
        .url = j->at,
        .host = j->at_host,
        .addr = k->addr,
        .addrs = k->addrs,
        .pin = j->plan.pin,
        .pins = j->plan.pins,
        .ca_file = j->plan.ca_file,
        .whom = k->creds != NULL ? &k->whom : NULL,
        .clock = k->w->clock,
        .etag = own ? j->image->about.etag : "",
        .modified = own ? j->image->about.modified : "",
        .max_bytes = c != NULL ? j->plan.how.max_bytes : sizeof(j->sig),
        .cancel = &k->cancel,
        .piece = c != NULL ? on_piece : on_signature,
        .user = c != NULL ? (void *)c : j,
    };
    return wr_feedfetch_run(&want, &k->result);
}

/* --- what becomes of it --- */

static void fail(struct wr_feedwork *k, const char *why)
{
    k->became = WR_FEEDWORK_FAILED;
    snprintf(k->why.text, sizeof(k->why.text), "%s", why);
}

/* Neither a whole text nor "not modified": a redirect, or it failed. */
static void other_end(struct wr_feedwork *k, int err)
{
    if (err == WR_E_CLOSED) {
        k->became = WR_FEEDWORK_CANCELLED;
    } else if (err == WR_OK && k->result.location[0] != 0) {
        k->became = WR_FEEDWORK_MOVED;
    } else {
        fail(k, k->result.why[0] != 0 ? k->result.why : "the server answers nothing of use");
    }
}

static void run_signature(struct wr_feedwork *k)
{
    k->job->sig_size = 0;
    int err = fetch(k, NULL);
    if (err == WR_OK && k->result.status == 200) {
        k->became = WR_FEEDWORK_SIGNATURE;
    } else if (err == WR_E_LIMIT) {
        fail(k, "it is longer than one is");
    } else {
        other_end(k, err);
    }
}

static void end_text(struct wr_feedwork *k, struct wr_feedcompile *c)
{
    struct wr_feedimage_about made = {.source = mark_of(k->job)};
    struct wr_now now;
    wr_clock_read(k->w->clock, &now);
    made.made_s = now.wall_s;
    memcpy(made.etag, k->result.etag, sizeof(made.etag));
    memcpy(made.modified, k->result.modified, sizeof(made.modified));
    if (wr_feedcompile_end(c, &made, &k->image, &k->why) == WR_OK) {
        k->became = WR_FEEDWORK_LIST;
    }
}

static void run_text(struct wr_feedwork *k, struct wr_feedcompile *c)
{
    const struct wr_feedjob *j = k->job;
    if (j->plan.how.keys > 0 && wr_feedcompile_prove(c, j->sig, j->sig_size, &k->why) != WR_OK) {
        return;
    }
    int err = fetch(k, c);
    if (err == WR_OK && k->result.status == 304 && wr_feedwork_is_own(j)) {
        k->became = WR_FEEDWORK_SAME;
    } else if ((err == WR_OK && k->result.status == 200) || err == WR_E_FORMAT ||
               err == WR_E_LIMIT) {
        end_text(k, c); /* which says what is wrong with the text */
    } else {
        other_end(k, err);
    }
}

static void *run(void *arg)
{
    struct wr_feedwork *k = arg;
    struct wr_feedcompile *c;
    pthread_setname_np(pthread_self(), "weir-fetch");
    if (k->job->leg == WR_FEEDJOB_SIGNATURE) {
        run_signature(k);
    } else if (wr_feedcompile_open(&k->job->plan.how, &c) == WR_OK) {
        run_text(k, c);
        wr_feedcompile_close(c);
    } else {
        fail(k, "not enough memory");
    }
    atomic_store(&k->done, true);
    k->w->nudge(k->w->nudged);
    return NULL;
}

/* --- its life --- */

static void set_whom(struct wr_feedwork *k)
{
    const struct wr_feedurl *host = &k->job->at_host;
    k->creds = k->w->creds != NULL ? wr_creds_keep(k->w->creds) : NULL;
    k->whom = (struct wr_whom){.proof = WR_URI_PKIX,
                               .system_clock = k->w->system_clock,
                               .floor_s = k->w->floor_s,
                               .name = host->addr.family == WR_AF_NONE ? host->host : "",
                               .addr = host->addr,
                               .creds = k->creds};
}

int wr_feedwork_begin(struct wr_feedjob_world *w, struct wr_feedjob *job,
                      const struct wr_addr *addr, unsigned addrs, struct wr_feedwork **ret_work)
{
    sigset_t all, before;
    struct wr_feedwork *k = calloc(1, sizeof(*k));
    if (k == NULL) {
        return WR_E_NOMEM;
    }
    k->w = w;
    k->job = job;
    memcpy(k->addr, addr, addrs * sizeof(*addr));
    k->addrs = addrs;
    set_whom(k);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&k->thread, NULL, run, k); /* of our own priority, the lowest */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err != 0) {
        wr_creds_drop(k->creds);
        free(k);
        return WR_E_NOMEM;
    }
    *ret_work = k;
    return WR_OK;
}

bool wr_feedwork_is_done(const struct wr_feedwork *k)
{
    return atomic_load(&k->done);
}

void wr_feedwork_cancel(struct wr_feedwork *k)
{
    if (k != NULL) {
        atomic_store(&k->cancel, true);
    }
}

void wr_feedwork_end(struct wr_feedwork *k)
{
    if (k != NULL) {
        wr_feedwork_cancel(k);
        pthread_join(k->thread, NULL);
        wr_feedimage_let_go(k->image);
        wr_creds_drop(k->creds);
        free(k);
    }
}
