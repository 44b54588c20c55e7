/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds: the lists that are in force, and the thread that makes new ones.
 *
 * The thread looks at the files of all feeds each second, and has those that have a URL fetched when their time has come (serve/feedjob), a few side by side. What has changed is read and compiled
 * (serve/feedcompile), written into the folder and mapped from there (serve/feedimage); then the main thread is told, takes the new set
 * and gives it to the workers with an order of its own (serve/reload), which disturbs nothing that is in flight. What cannot be read or is
 * no list changes nothing: the last good one stays, and why is shown. The thread has the lowest priority: on a busy machine a new list comes
 * later, and no answer does.
 *
 * At the start, before the thread runs, what is kept in the folder is mapped at once; only a feed of which nothing is kept is compiled there
 * and then, so that no query is answered without it.
 *
 *     wr_feeds_create(&setup, &feeds)
 *     wr_feeds_give(feeds, plan)          of wr_feeds_plan(conf), at the start and at a reload
 *     wr_feeds_take(feeds, &set)          what is in force now; held until wr_feeds_set_free
 *
 * Main thread only, but for the thread itself. Errors: WR_E_NOMEM, WR_E_IO.
 */
#ifndef WR_SERVE_FEEDS_H
#define WR_SERVE_FEEDS_H

#include "conf/conf.h"
#include "net/clock.h"
#include "policy/feedset.h"
#include "resolve/prove.h"
#include "serve/feedimage.h"
#include "serve/json.h"

struct wr_feeds;
struct wr_feeds_plan;
struct wr_labels;
struct wr_serve;

struct wr_feeds_setup {
    const struct wr_conf *conf; /* for the folder */
    const struct wr_clock *clock;
    void (*news)(
        void *user); /* from the thread: wr_feeds_changed, or something for wr_feeds_tick */
    void *user;
};

/* What the workers are given: the set, and the images that it points into. */
struct wr_feeds_set {
    struct wr_feedset set;
    struct wr_feedimage *image[WR_FEEDS_MAX];
};

int wr_feeds_create(const struct wr_feeds_setup *setup, struct wr_feeds **ret_feeds);
/* The folder in which they are kept; "": none. */
const char *wr_feeds_folder(const struct wr_feeds *feeds);
int wr_feeds_plan(const struct wr_conf *conf, struct wr_labels *labels,
                  struct wr_feeds_plan **ret_plan);
/* Who vouches for servers of lists (kept; NULL: nobody), and by which time they are judged. */
void wr_feeds_plan_trust(struct wr_feeds_plan *plan, struct wr_creds *authorities,
                         const struct wr_prove_settings *settings);
void wr_feeds_plan_free(struct wr_feeds_plan *plan); /* NULL is fine */
/* The next plan, which is the thread's then. Before wr_feeds_run it is carried out at once. */
void wr_feeds_give(struct wr_feeds *feeds, struct wr_feeds_plan *plan);
int wr_feeds_run(struct wr_feeds *feeds);
void wr_feeds_close(struct wr_feeds *feeds); /* ends the thread; NULL is fine */

/* Is another set in force than the one that was taken last? */
bool wr_feeds_changed(const struct wr_feeds *feeds);
/* Each time that the thread says news, and each second: what it wants of the main thread is done. True: soon again, an answer is awaited. */
bool wr_feeds_tick(struct wr_feeds *feeds, struct wr_serve *s);
/* Look, or fetch, now. False: there is no such feed. */
bool wr_feeds_look(struct wr_feeds *feeds, const char *name);
int wr_feeds_take(struct wr_feeds *feeds, struct wr_feeds_set **ret_set);
void wr_feeds_set_free(struct wr_feeds_set *set); /* NULL is fine */
void wr_feeds_report(struct wr_feeds *feeds, struct wr_json *j, const char *key);
/* For `status`: how many, and how many of them have no list, or one that is not what its file says. */
void wr_feeds_count(struct wr_feeds *feeds, unsigned *ret_all, unsigned *ret_failing);

#endif
