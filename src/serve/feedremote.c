/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds that are fetched: when, from where, and what becomes of what comes (serve/feedjob). */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "serve/feedjob.h"
#include "serve/feedwork.h"

#define PAUSE_US     (10 * WR_S) /* after the first failure; it doubles */
#define PAUSE_MAX_US (3600 * WR_S)
#define FOUND_US     (10 * WR_S) /* so long addresses that were found serve other lists of the host */

/* A quarter more or less, so that a thousand gateways do not come at once. */
static uint64_t about(struct wr_feedjob_world *w, uint64_t us)
{
    return us - us / 4 + wr_rng_below(&w->rng, us / 2 + 1);
}

void wr_feedjob_fetch_begin(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    struct wr_now now;
    wr_clock_read(w->clock, &now);
    j->next_us = now.mono_us;
    if (wr_feedwork_is_own(j) && j->image->about.made_s > 0 &&
        now.wall_s >= j->image->about.made_s) {
        uint64_t age_s = (uint64_t)(now.wall_s - j->image->about.made_s);
        j->next_us += age_s < j->plan.refresh_s ? (j->plan.refresh_s - age_s) * WR_S : 0;
    }
}

/* --- how it ends --- */

static void rest(struct wr_feedjob_world *w, struct wr_feedjob *j, uint64_t us)
{
    struct wr_now now;
    wr_clock_read(w->clock, &now);
    if (w->asks == j) {
        w->asks = NULL;
    }
    wr_feedjob_fetch_end(w, j);
    j->state = WR_FEEDJOB_WAIT;
    j->next_us = now.mono_us + about(w, us);
}

static bool fail(struct wr_feedjob_world *w, struct wr_feedjob *j, const char *why)
{
    char text[sizeof(j->problem.text)];
    snprintf(text, sizeof(text), "%s%s", j->leg == WR_FEEDJOB_SIGNATURE ? "its signature: " : "",
             why);
    j->pause_us = j->pause_us == 0                 ? PAUSE_US
                  : j->pause_us * 2 < PAUSE_MAX_US ? j->pause_us * 2
                                                   : PAUSE_MAX_US;
    wr_feedjob_problem(w, j, text);
    rest(w, j, j->pause_us);
    return false;
}

static void succeed(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    j->pause_us = 0;
    wr_feedjob_problem(w, j, "");
    wr_feedjob_checked(w, j);
    rest(w, j, j->plan.refresh_s * WR_S);
}

/* --- one fetch --- */

static bool find_host(struct wr_feedjob_world *w, struct wr_feedjob *j);

static bool follow(struct wr_feedjob_world *w, struct wr_feedjob *j, const char *location)
{
    struct wr_feedurl host;
    const char *why;
    if (j->plan.pins > 0) {
        return fail(w, j, "it redirects to another place, and a pin is of one server");
    }
    if (j->redirects++ >= WR_FEED_REDIRECTS_MAX) {
        return fail(w, j, "it redirects again and again");
    }
    if (wr_feedurl_read(location, &host, &why) != WR_OK) {
        return fail(w, j, "it redirects to what is no https URL");
    }
    snprintf(j->at, sizeof(j->at), "%s", location);
    j->at_host = host;
    return find_host(w, j);
}

static bool begin_leg(struct wr_feedjob_world *w, struct wr_feedjob *j, enum wr_feedjob_leg leg)
{
    const char *why;
    j->leg = leg;
    snprintf(j->at, sizeof(j->at), "%s", leg == WR_FEEDJOB_LIST ? j->plan.url : j->plan.signature);
    j->redirects = 0;
    return wr_feedurl_read(j->at, &j->at_host, &why) == WR_OK ? find_host(w, j) : fail(w, j, why);
}

/* A list has come. */
static bool take(struct wr_feedjob_world *w, struct wr_feedjob *j, struct wr_feedimage *image)
{
    /* Of another URL than the owner has now nothing is older. */
    if (wr_feedwork_is_own(j) && wr_feedjob_is_older(w, j, image)) {
        char text[sizeof(j->problem.text)];
        memcpy(text, j->problem.text, sizeof(text));
        return fail(w, j, text);
    }
    wr_feedjob_take(w, j, image);
    succeed(w, j);
    return true;
}

void wr_feedjob_fetch_end(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    if (j->work != NULL) {
        wr_feedwork_end(j->work);
        j->work = NULL;
        w->fetching--;
    }
}

static bool finish(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    enum wr_feedwork_became became = j->work->became;
    struct wr_feedimage *image = j->work->image;
    struct wr_feedcompile_why why = j->work->why;
    char location[WR_FEED_URL_SIZE];
    memcpy(location, j->work->result.location, sizeof(location));
    j->work->image = NULL;
    wr_feedjob_fetch_end(w, j);
    switch (became) {
    case WR_FEEDWORK_LIST: return take(w, j, image);
    case WR_FEEDWORK_SAME: succeed(w, j); return false;
    case WR_FEEDWORK_SIGNATURE: return begin_leg(w, j, WR_FEEDJOB_LIST);
    case WR_FEEDWORK_MOVED: return follow(w, j, location);
    case WR_FEEDWORK_CANCELLED: rest(w, j, 0); return false;
    case WR_FEEDWORK_FAILED: break;
    }
    return fail(w, j, why.text);
}

/* Now, or when one of those that are under way is done. */
static bool start(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    if (w->fetching >= WR_FEED_FETCHES_MAX) {
        j->state = WR_FEEDJOB_READY;
        return false;
    }
    if (wr_feedwork_begin(w, j, j->addr, j->addrs, &j->work) != WR_OK) {
        return fail(w, j, "not enough memory");
    }
    w->fetching++;
    j->state = WR_FEEDJOB_FETCHING;
    return false;
}

/* --- whom to ask --- */

static bool want_name(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    if (wr_feedhost_want(w->host, j->at_host.host) != WR_OK) {
        return fail(w, j, "its host is no name");
    }
    w->asks = j;
    j->state = WR_FEEDJOB_NAME;
    w->wake(w->user);
    return false;
}

/* As it was found a moment ago, or by whoever is asked for it. */
static bool find_name(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    struct wr_now now;
    wr_clock_read(w->clock, &now);
    if (w->found_addrs > 0 && now.mono_us - w->found_us < FOUND_US &&
        strcmp(w->found, j->at_host.host) == 0) {
        memcpy(j->addr, w->found_addr, sizeof(j->addr));
        j->addrs = w->found_addrs;
        return start(w, j);
    }
    j->state = WR_FEEDJOB_QUEUED;
    return w->asks == NULL ? want_name(w, j) : false;
}

static bool find_host(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    if (j->at_host.addr.family != WR_AF_NONE) {
        j->addr[0] = j->at_host.addr;
        j->addrs = 1;
        return start(w, j);
    }
    return find_name(w, j);
}

static bool take_name(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    struct wr_now now;
    int err = wr_feedhost_get(w->host, j->addr, &j->addrs);
    if (err == WR_E_AGAIN) {
        return false;
    }
    w->asks = NULL;
    if (err != WR_OK) {
        return fail(w, j, "the address of its server cannot be found");
    }
    wr_clock_read(w->clock, &now);
    w->found_us = now.mono_us;
    w->found_addrs = j->addrs;
    memcpy(w->found_addr, j->addr, sizeof(j->addr));
    memcpy(w->found, j->at_host.host, sizeof(w->found));
    return start(w, j);
}

bool wr_feedjob_fetch_turn(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    struct wr_now now;
    wr_clock_read(w->clock, &now);
    switch (j->state) {
    case WR_FEEDJOB_WAIT: break;
    case WR_FEEDJOB_QUEUED: return find_name(w, j);
    case WR_FEEDJOB_NAME: return take_name(w, j);
    case WR_FEEDJOB_READY: return start(w, j);
    case WR_FEEDJOB_FETCHING: return wr_feedwork_is_done(j->work) ? finish(w, j) : false;
    }
    if (now.mono_us < j->next_us) {
        return false;
    }
    return begin_leg(w, j, j->plan.how.keys > 0 ? WR_FEEDJOB_SIGNATURE : WR_FEEDJOB_LIST);
}
