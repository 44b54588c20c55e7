/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/feeds.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/feedhost.h"
#include "serve/feedjob.h"
#include "serve/feedwork.h"
#include "serve/labels.h"
#include "serve/say.h"

#define TURN_MS  1000
#define PRIORITY 19 /* the lowest */

struct wr_feeds_plan {
    size_t count;
    struct wr_creds *creds; /* kept */
    bool system_clock;
    int64_t floor_s;
    struct wr_feedjob_plan feed[WR_FEEDS_MAX];
};

struct wr_feeds {
    struct wr_feeds_setup setup;
    char folder[WR_KEEPFILE_PATH_MAX];
    struct wr_feedjob_world world;
    pthread_t thread;
    bool running;
    int wake; /* eventfd */
    _Atomic bool stop;
    _Atomic bool changed; /* another set is in force than the one taken last */
    pthread_mutex_t lock; /* of what follows, and of what each job says */
    struct wr_feeds_plan *next;
    struct wr_feedjob
        *job[WR_FEEDS_MAX]; /* in the order of the plan; changed by the thread alone */
    size_t jobs;
};

/* --- the plan --- */

void wr_feeds_plan_free(struct wr_feeds_plan *plan)
{
    for (size_t i = 0; plan != NULL && i < plan->count; i++) {
        wr_feedjob_plan_clear(&plan->feed[i]);
    }
    if (plan != NULL) {
        wr_creds_drop(plan->creds);
    }
    free(plan);
}

void wr_feeds_plan_trust(struct wr_feeds_plan *plan, struct wr_creds *authorities,
                         const struct wr_prove_settings *settings)
{
    plan->creds = authorities != NULL ? wr_creds_keep(authorities) : NULL;
    plan->system_clock = settings->system_clock;
    plan->floor_s = settings->floor_s;
}

int wr_feeds_plan(const struct wr_conf *conf, struct wr_labels *labels,
                  struct wr_feeds_plan **ret_plan)
{
    struct wr_feeds_plan *plan = calloc(1, sizeof(*plan));
    for (size_t i = 0; plan != NULL && i < conf->feeds.count; i++) {
        uint16_t label = wr_labels_number(labels, conf->feeds.items[i].name);
        if (wr_feedjob_plan(&plan->feed[i], conf, i, label) == WR_OK) {
            plan->count++;
        } else {
            wr_feeds_plan_free(plan);
            plan = NULL;
        }
    }
    *ret_plan = plan;
    return plan != NULL ? WR_OK : WR_E_NOMEM;
}

/* The job that goes on with this feed, out of the old ones. */
static struct wr_feedjob *take_job(struct wr_feedjob **old, size_t count,
                                   const struct wr_feedjob_plan *plan)
{
    for (size_t i = 0; i < count; i++) {
        if (old[i] != NULL && wr_feedjob_plan_is_same(&old[i]->plan, plan)) {
            struct wr_feedjob *j = old[i];
            old[i] = NULL;
            return j;
        }
    }
    return NULL;
}

/* Who is fetched from now on is judged by it; those that fetch have what they began with. */
static void learn_trust(struct wr_feeds *f, const struct wr_feeds_plan *plan)
{
    struct wr_feedjob_world *w = &f->world;
    wr_creds_drop(w->creds);
    w->creds = plan->creds != NULL ? wr_creds_keep(plan->creds) : NULL;
    w->system_clock = plan->system_clock;
    w->floor_s = plan->floor_s;
}

static void obey(struct wr_feeds *f, struct wr_feeds_plan *plan)
{
    struct wr_feedjob *old[WR_FEEDS_MAX], *next[WR_FEEDS_MAX];
    size_t olds = f->jobs, nexts = 0;
    memcpy(old, f->job, sizeof(old));
    for (size_t i = 0; i < plan->count; i++) {
        struct wr_feedjob *j = take_job(old, olds, &plan->feed[i]);
        j = j != NULL ? j : wr_feedjob_open(&f->world, &plan->feed[i]);
        if (j != NULL) {
            next[nexts++] = j;
        } else {
            wr_say(WR_LOG_ERROR, "not enough memory for the feed %s", plan->feed[i].name);
        }
    }
    pthread_mutex_lock(&f->lock);
    memcpy(f->job, next, nexts * sizeof(next[0]));
    f->jobs = nexts;
    pthread_mutex_unlock(&f->lock);
    for (size_t i = 0; i < olds; i++) {
        wr_feedjob_close(&f->world, old[i]);
    }
    learn_trust(f, plan);
    wr_feeds_plan_free(plan);
}

/* --- the thread --- */

static void wake_up(struct wr_feeds *f)
{
    static const uint64_t one = 1;
    if (write(f->wake, &one, sizeof(one)) < 0) {
        wr_say(WR_LOG_DEBUG, "feeds: %s", strerror(errno));
    }
}

static void nudge(void *user)
{
    wake_up(user);
}

static void wait(struct wr_feeds *f)
{
    struct pollfd fd = {.fd = f->wake, .events = POLLIN};
    uint64_t woken;
    if (poll(&fd, 1, f->jobs > 0 ? TURN_MS : -1) > 0 && read(f->wake, &woken, sizeof(woken)) < 0) {
        wr_say(WR_LOG_DEBUG, "feeds: %s", strerror(errno));
    }
}

static void *run(void *arg)
{
    struct wr_feeds *f = arg;
    pthread_setname_np(pthread_self(), "weir-feeds");
    if (setpriority(PRIO_PROCESS, 0, PRIORITY) != 0) { /* on Linux that of this thread */
        wr_say(WR_LOG_DEBUG, "feeds: %s", strerror(errno));
    }
    for (;;) {
        pthread_mutex_lock(&f->lock);
        struct wr_feeds_plan *plan = f->next;
        f->next = NULL;
        pthread_mutex_unlock(&f->lock);
        if (atomic_load(&f->stop)) {
            wr_feeds_plan_free(plan);
            return NULL;
        }
        bool news = plan != NULL;
        if (plan != NULL) {
            obey(f, plan);
        }
        for (size_t i = 0; i < f->jobs; i++) {
            bool at_once = f->job[i]->image == NULL;
            news = wr_feedjob_turn(&f->world, f->job[i], at_once) || news;
        }
        if (news) {
            atomic_store(&f->changed, true);
            f->setup.news(f->setup.user);
        }
        wait(f);
    }
}

/* --- its life --- */

static void set_folder(struct wr_feeds *f)
{
    const char *given = getenv("STATE_DIRECTORY");
    if (f->setup.conf->feed_folder[0] != 0) {
        snprintf(f->folder, sizeof(f->folder), "%s", f->setup.conf->feed_folder);
    } else if (given != NULL && given[0] == '/' && strchr(given, ':') == NULL) {
        snprintf(f->folder, sizeof(f->folder), "%s", given);
    }
}

int wr_feeds_create(const struct wr_feeds_setup *setup, struct wr_feeds **ret_feeds)
{
    uint8_t seed[32];
    struct wr_feeds *f = calloc(1, sizeof(*f));
    if (f == NULL) {
        return WR_E_NOMEM;
    }
    f->setup = *setup;
    f->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    f->world.host = wr_feedhost_create();
    if (f->wake < 0 || f->world.host == NULL ||
        getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        wr_feedhost_free(f->world.host);
        if (f->wake >= 0) {
            close(f->wake);
        }
        free(f);
        return WR_E_IO;
    }
    wr_rng_seed(&f->world.rng, seed);
    set_folder(f);
    pthread_mutex_init(&f->lock, NULL);
    f->world.clock = setup->clock;
    f->world.folder = f->folder;
    f->world.lock = &f->lock;
    f->world.nudge = nudge;
    f->world.nudged = f;
    f->world.wake = setup->news;
    f->world.user = setup->user;
    *ret_feeds = f;
    return WR_OK;
}

const char *wr_feeds_folder(const struct wr_feeds *f)
{
    return f->folder;
}

void wr_feeds_give(struct wr_feeds *f, struct wr_feeds_plan *plan)
{
    if (f->running) {
        pthread_mutex_lock(&f->lock);
        wr_feeds_plan_free(f->next);
        f->next = plan;
        pthread_mutex_unlock(&f->lock);
        wake_up(f);
        return;
    }
    obey(f, plan);
    for (size_t i = 0; i < f->jobs; i++) {
        if (f->job[i]->image == NULL && f->job[i]->plan.url[0] == 0) {
            (void)wr_feedjob_turn(&f->world, f->job[i], true);
        }
    }
}

int wr_feeds_run(struct wr_feeds *f)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    f->running = pthread_create(&f->thread, NULL, run, f) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return f->running ? WR_OK : WR_E_NOMEM;
}

void wr_feeds_close(struct wr_feeds *f)
{
    if (f == NULL) {
        return;
    }
    if (f->running) {
        atomic_store(&f->stop, true);
        wake_up(f);
        pthread_join(f->thread, NULL);
    }
    for (size_t i = 0; i < f->jobs; i++) {
        wr_feedwork_cancel(f->job[i]->work); /* all at once, for each takes a moment */
    }
    for (size_t i = 0; i < f->jobs; i++) {
        wr_feedjob_close(&f->world, f->job[i]);
    }
    wr_creds_drop(f->world.creds);
    wr_feeds_plan_free(f->next);
    wr_feedhost_free(f->world.host);
    pthread_mutex_destroy(&f->lock);
    close(f->wake);
    free(f);
}

/* --- for the main thread --- */

int wr_feeds_take(struct wr_feeds *f, struct wr_feeds_set **ret_set)
{
    struct wr_feeds_set *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return WR_E_NOMEM;
    }
    atomic_store(&f->changed, false);
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->jobs; i++) {
        const struct wr_feedjob *j = f->job[i];
        struct wr_feedset_item *item = &s->set.item[s->set.count];
        item->label = j->plan.label;
        if (j->image != NULL) {
            s->image[s->set.count] = wr_feedimage_hold(j->image);
            item->names = &j->image->names;
            item->addrs = &j->image->addrs;
            s->set.has_addresses = s->set.has_addresses || j->image->addrs.count > 0;
        }
        s->set.count++;
    }
    pthread_mutex_unlock(&f->lock);
    *ret_set = s;
    return WR_OK;
}

void wr_feeds_set_free(struct wr_feeds_set *s)
{
    for (size_t i = 0; s != NULL && i < s->set.count; i++) {
        wr_feedimage_let_go(s->image[i]);
    }
    free(s);
}

void wr_feeds_count(struct wr_feeds *f, unsigned *ret_all, unsigned *ret_failing)
{
    unsigned failing = 0;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->jobs; i++) {
        failing += wr_feedjob_is_failing(f->job[i]);
    }
    *ret_all = (unsigned)f->jobs;
    pthread_mutex_unlock(&f->lock);
    *ret_failing = failing;
}

bool wr_feeds_look(struct wr_feeds *f, const char *name)
{
    bool found = false;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->jobs; i++) {
        bool it = strcmp(f->job[i]->plan.name, name) == 0;
        f->job[i]->look = f->job[i]->look || it;
        found = found || it;
    }
    pthread_mutex_unlock(&f->lock);
    wake_up(f);
    return found;
}

bool wr_feeds_changed(const struct wr_feeds *f)
{
    return atomic_load(&f->changed);
}

bool wr_feeds_tick(struct wr_feeds *f, struct wr_serve *s)
{
    bool done, awaited = wr_feedhost_tick(f->world.host, s, &done);
    if (done) {
        wake_up(f);
    }
    return awaited;
}

void wr_feeds_report(struct wr_feeds *f, struct wr_json *json, const char *key)
{
    struct wr_now now;
    wr_clock_read(f->setup.clock, &now);
    wr_json_array(json, key);
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->jobs; i++) {
        wr_feedjob_put(f->job[i], &now, json);
    }
    pthread_mutex_unlock(&f->lock);
    wr_json_end(json);
}
