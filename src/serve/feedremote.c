/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds that are fetched: when, from where, and what becomes of what comes (serve/feedjob). */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "serve/feedfetch.h"
#include "serve/feedjob.h"

#define PAUSE_US     (10 * WR_S) /* after the first failure; it doubles */
#define PAUSE_MAX_US (3600 * WR_S)

static uint64_t mark_of(const struct wr_feedjob *j)
{
    return wr_feedcompile_mark_text(j->plan.url, &j->plan.how);
}

/* A quarter more or less, so that a thousand gateways do not come at once. */
static uint64_t about(struct wr_feedjob_world *w, uint64_t us)
{
    return us - us / 4 + wr_rng_below(&w->rng, us / 2 + 1);
}

/* Is what is kept of this URL, and read in this way? */
static bool is_own(const struct wr_feedjob *j)
{
    return j->image != NULL && j->image->about.source == mark_of(j);
}

void wr_feedjob_fetch_begin(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    struct wr_now now;
    wr_clock_read(w->clock, &now);
    j->next_us = now.mono_us;
    if (is_own(j) && j->image->about.made_s > 0 && now.wall_s >= j->image->about.made_s) {
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
static int fetch(struct wr_feedjob_world *w, struct wr_feedjob *j, const struct wr_addr *addr,
                 unsigned addrs, struct wr_feedcompile *c, struct wr_feedfetch_result *ret_result)
{
    bool own = c != NULL && is_own(j);
    const struct wr_feedfetch want = {
        .url = j->at,
        .host = j->at_host,
        .addr = addr,
        .addrs = addrs,
        .pin = j->plan.pin,
        .pins = j->plan.pins,
        .ca_file = j->plan.ca_file,
        .etag = own ? j->image->about.etag : "",
        .modified = own ? j->image->about.modified : "",
        .max_bytes = c != NULL ? j->plan.how.max_bytes : sizeof(j->sig),
        .cancel = w->stop,
        .piece = c != NULL ? on_piece : on_signature,
        .user = c != NULL ? (void *)c : j,
    };
    return wr_feedfetch_run(&want, ret_result);
}

/* A whole text has come. */
static bool end(struct wr_feedjob_world *w, struct wr_feedjob *j, struct wr_feedcompile *c,
                const struct wr_feedfetch_result *result)
{
    struct wr_feedimage_about made = {.source = mark_of(j)};
    struct wr_feedcompile_why why;
    struct wr_feedimage *image;
    struct wr_now now;
    wr_clock_read(w->clock, &now);
    made.made_s = now.wall_s;
    memcpy(made.etag, result->etag, sizeof(made.etag));
    memcpy(made.modified, result->modified, sizeof(made.modified));
    if (wr_feedcompile_end(c, &made, &image, &why) != WR_OK) {
        return fail(w, j, why.text);
    }
    if (wr_feedjob_is_older(w, j, image)) {
        char text[sizeof(j->problem.text)];
        memcpy(text, j->problem.text, sizeof(text));
        return fail(w, j, text);
    }
    wr_feedjob_take(w, j, image);
    succeed(w, j);
    return true;
}

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

static bool begin_leg(struct wr_feedjob_world *w, struct wr_feedjob *j, enum wr_feedjob_leg leg);

/* Neither a whole text nor "not modified": a redirect, or it fails. */
static bool other_end(struct wr_feedjob_world *w, struct wr_feedjob *j, int err,
                      const struct wr_feedfetch_result *result)
{
    if (err == WR_OK && result->location[0] != 0) {
        return follow(w, j, result->location);
    }
    if (err != WR_E_CLOSED) {
        fail(w, j, result->why[0] != 0 ? result->why : "the server answers nothing of use");
    }
    return false;
}

static bool run_signature(struct wr_feedjob_world *w, struct wr_feedjob *j,
                          const struct wr_addr *addr, unsigned addrs)
{
    struct wr_feedfetch_result result;
    j->sig_size = 0;
    int err = fetch(w, j, addr, addrs, NULL, &result);
    if (err == WR_OK && result.status == 200) {
        return begin_leg(w, j, WR_FEEDJOB_LIST);
    }
    return err == WR_E_LIMIT ? fail(w, j, "it is longer than one is")
                             : other_end(w, j, err, &result);
}

static bool run_list(struct wr_feedjob_world *w, struct wr_feedjob *j, const struct wr_addr *addr,
                     unsigned addrs, struct wr_feedcompile *c)
{
    struct wr_feedfetch_result result;
    struct wr_feedcompile_why why;
    if (j->plan.how.keys > 0 && wr_feedcompile_prove(c, j->sig, j->sig_size, &why) != WR_OK) {
        return fail(w, j, why.text);
    }
    int err = fetch(w, j, addr, addrs, c, &result);
    if (err == WR_OK && result.status == 304 && is_own(j)) {
        succeed(w, j);
        return false;
    }
    bool whole = (err == WR_OK && result.status == 200) || err == WR_E_FORMAT || err == WR_E_LIMIT;
    return whole ? end(w, j, c, &result) /* which says what is wrong with the text */
                 : other_end(w, j, err, &result);
}

static bool run(struct wr_feedjob_world *w, struct wr_feedjob *j, const struct wr_addr *addr,
                unsigned addrs)
{
    struct wr_feedcompile *c;
    if (j->leg == WR_FEEDJOB_SIGNATURE) {
        return run_signature(w, j, addr, addrs);
    }
    if (wr_feedcompile_open(&j->plan.how, &c) != WR_OK) {
        return fail(w, j, "not enough memory");
    }
    bool news = run_list(w, j, addr, addrs, c);
    wr_feedcompile_close(c);
    return news;
}

/* --- whom to ask --- */

static bool find_host(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    if (j->at_host.addr.family != WR_AF_NONE) {
        return run(w, j, &j->at_host.addr, 1);
    }
    if (wr_feedhost_want(w->host, j->at_host.host) != WR_OK) {
        return fail(w, j, "its host is no name");
    }
    w->asks = j;
    j->state = WR_FEEDJOB_NAME;
    w->wake(w->user);
    return false;
}

static bool begin_leg(struct wr_feedjob_world *w, struct wr_feedjob *j, enum wr_feedjob_leg leg)
{
    const char *why;
    j->leg = leg;
    snprintf(j->at, sizeof(j->at), "%s", leg == WR_FEEDJOB_LIST ? j->plan.url : j->plan.signature);
    j->redirects = 0;
    return wr_feedurl_read(j->at, &j->at_host, &why) == WR_OK ? find_host(w, j) : fail(w, j, why);
}

bool wr_feedjob_fetch_turn(struct wr_feedjob_world *w, struct wr_feedjob *j)
{
    struct wr_addr addr[WR_FEEDHOST_ADDRS_MAX];
    struct wr_now now;
    unsigned addrs = 0;
    wr_clock_read(w->clock, &now);
    if (j->state == WR_FEEDJOB_NAME) {
        int err = wr_feedhost_get(w->host, addr, &addrs);
        if (err == WR_E_AGAIN) {
            return false;
        }
        w->asks = NULL;
        return err == WR_OK ? run(w, j, addr, addrs)
                            : fail(w, j, "the address of its server cannot be found");
    }
    if (now.mono_us < j->next_us || w->asks != NULL) {
        return false;
    }
    return begin_leg(w, j, j->plan.how.keys > 0 ? WR_FEEDJOB_SIGNATURE : WR_FEEDJOB_LIST);
}
