/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/copies.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "net/clock.h"
#include "resolve/news.h"
#include "serve/copiesplan.h"
#include "serve/copyjob.h"
#include "serve/put.h"
#include "serve/say.h"

#define TURN_MS 1000 /* the longest sleep: orders of the owner and NOTIFY are looked for */

struct wr_copies {
    struct wr_copies_setup setup;
    char folder[WR_KEEPFILE_PATH_MAX];
    struct wr_copyjob_world world;
    pthread_t thread;
    bool running;
    int wake;             /* eventfd */
    pthread_mutex_t lock; /* of what follows, and of each job's `shown` and `look` */
    bool stop;
    struct wr_copies_plan *next;
    struct wr_copytrust
        trust;              /* changed by the main thread alone; the thread's own is world.trust */
    struct wr_creds *creds; /* authorities; likewise */
    bool trust_changed;
    struct wr_copyjob *jobs; /* changed by the thread alone, under the lock */
};

/* --- the plan --- */

static struct wr_copyjob *job_of(struct wr_copies *c, const uint8_t *zone)
{
    for (struct wr_copyjob *j = c->jobs; j != NULL; j = j->next) {
        if (wr_name_equal(j->zone.wire, zone)) {
            return j;
        }
    }
    return NULL;
}

static bool is_planned(const struct wr_copies_plan *plan, const uint8_t *zone)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (wr_name_equal(plan->zone[i].name.wire, zone)) {
            return true;
        }
    }
    return false;
}

/* Takes the jobs that nobody wants any more out of the list. */
static void drop_jobs(struct wr_copies *c, const struct wr_copies_plan *plan)
{
    struct wr_copyjob *gone = NULL;
    pthread_mutex_lock(&c->lock);
    for (struct wr_copyjob **at = &c->jobs; *at != NULL;) {
        struct wr_copyjob *j = *at;
        if (plan != NULL && is_planned(plan, j->zone.wire)) {
            at = &j->next;
            continue;
        }
        *at = j->next;
        j->next = gone;
        gone = j;
    }
    pthread_mutex_unlock(&c->lock);
    while (gone != NULL) {
        struct wr_copyjob *next = gone->next;
        wr_copyjob_close(gone);
        gone = next;
    }
}

static void learn_trust(struct wr_copies *c)
{
    pthread_mutex_lock(&c->lock);
    if (c->trust_changed) {
        wr_copytrust_copy(&c->world.trust, &c->trust);
        wr_creds_drop(c->world.creds);
        c->world.creds = c->creds != NULL ? wr_creds_keep(c->creds) : NULL;
        c->trust_changed = false;
        c->world.trusts++;
    }
    pthread_mutex_unlock(&c->lock);
}

static void obey(struct wr_copies *c, struct wr_copies_plan *plan, const struct wr_now *now)
{
    drop_jobs(c, plan);
    for (size_t i = 0; i < plan->count; i++) {
        struct wr_copyjob *j = job_of(c, plan->zone[i].name.wire);
        if (j != NULL) {
            wr_copyjob_change(j, &plan->zone[i], now);
            continue;
        }
        j = wr_copyjob_open(&c->world, &plan->zone[i], now);
        if (j == NULL) {
            wr_say(WR_LOG_ERROR, "not enough memory for a copy of a zone");
            continue;
        }
        pthread_mutex_lock(&c->lock);
        j->next = c->jobs;
        c->jobs = j;
        wr_copyjob_show(j);
        pthread_mutex_unlock(&c->lock);
    }
    wr_copies_plan_free(plan);
}

/* --- the thread --- */

static void now_of(const struct wr_copies *c, struct wr_now *ret_now)
{
    wr_clock_read(c->setup.clock, ret_now);
}

/* Each job's turn; what became of it is shown to the main thread. */
static void turn(struct wr_copies *c, const struct wr_now *now)
{
    bool news = false;
    for (struct wr_copyjob *j = c->jobs; j != NULL; j = j->next) {
        pthread_mutex_lock(&c->lock);
        bool look = j->look;
        j->look = false;
        pthread_mutex_unlock(&c->lock);
        wr_copyjob_notified(j,
                            atomic_load_explicit(&c->setup.notified[wr_news_number(j->zone.wire)],
                                                 memory_order_relaxed),
                            now);
        wr_copyjob_turn(j, look, now);
        pthread_mutex_lock(&c->lock);
        news = wr_copyjob_show(j) || news;
        pthread_mutex_unlock(&c->lock);
    }
    if (news) {
        c->setup.news(c->setup.user);
    }
}

static int sleep_ms(const struct wr_copies *c, const struct wr_now *now)
{
    uint64_t until = now->mono_us + TURN_MS * WR_MS;
    if (c->jobs == NULL) {
        return -1; /* a plan wakes it */
    }
    for (struct wr_copyjob *j = c->jobs; j != NULL; j = j->next) {
        until = wr_time_min(until, wr_xfer_deadline(&j->x));
    }
    return until > now->mono_us ? (int)((until - now->mono_us + WR_MS - 1) / WR_MS) : 0;
}

static void wait(struct wr_copies *c, const struct wr_now *now)
{
    struct pollfd fds[1 + WR_CONF_ZONES_MAX] = {{.fd = c->wake, .events = POLLIN}};
    nfds_t count = 1;
    uint64_t woken;
    for (struct wr_copyjob *j = c->jobs; j != NULL && count <= WR_CONF_ZONES_MAX; j = j->next) {
        fds[count].fd = j->line.fd;
        fds[count++].events = wr_copyjob_wants(j);
    }
    if (poll(fds, count, sleep_ms(c, now)) <= 0) {
        return;
    }
    if ((fds[0].revents & POLLIN) && read(c->wake, &woken, sizeof(woken)) < 0) {
        wr_say(WR_LOG_DEBUG, "copies: %s", strerror(errno));
    }
    struct wr_now later;
    now_of(c, &later);
    count = 1;
    for (struct wr_copyjob *j = c->jobs; j != NULL && count <= WR_CONF_ZONES_MAX; j = j->next) {
        short ready = fds[count].revents;
        bool same = fds[count++].fd == j->line.fd && j->line.fd >= 0;
        if (same && ready != 0) {
            wr_copyjob_io(j, ready, &later);
        }
    }
}

static void *run(void *arg)
{
    struct wr_copies *c = arg;
    pthread_setname_np(pthread_self(), "weir-copies");
    for (;;) {
        struct wr_now now;
        pthread_mutex_lock(&c->lock);
        bool stop = c->stop;
        struct wr_copies_plan *plan = c->next;
        c->next = NULL;
        pthread_mutex_unlock(&c->lock);
        if (stop) {
            wr_copies_plan_free(plan);
            return NULL;
        }
        now_of(c, &now);
        learn_trust(c);
        if (plan != NULL) {
            obey(c, plan, &now);
        }
        turn(c, &now);
        wait(c, &now);
    }
}

/* --- its life --- */

static void set_folder(struct wr_copies *c)
{
    const char *given = getenv("STATE_DIRECTORY");
    if (c->setup.conf->local.copies[0] != 0) {
        snprintf(c->folder, sizeof(c->folder), "%s", c->setup.conf->local.copies);
    } else if (given != NULL && given[0] == '/' && strchr(given, ':') == NULL) {
        snprintf(c->folder, sizeof(c->folder), "%s", given);
    }
}

int wr_copies_create(const struct wr_copies_setup *setup, struct wr_copies **ret_copies)
{
    uint8_t seed[32];
    struct wr_copies *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return WR_E_NOMEM;
    }
    c->setup = *setup;
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->wake < 0 || getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed) ||
        getrandom(&c->world.key, sizeof(c->world.key), 0) != (ssize_t)sizeof(c->world.key) ||
        getrandom(&c->world.policy_key, sizeof(c->world.policy_key), 0) !=
            (ssize_t)sizeof(c->world.policy_key)) {
        if (c->wake >= 0) {
            close(c->wake);
        }
        free(c);
        return WR_E_IO;
    }
    wr_rng_seed(&c->world.rng, seed);
    set_folder(c);
    c->world.folder = c->folder;
    pthread_mutex_init(&c->lock, NULL);
    *ret_copies = c;
    return WR_OK;
}

const struct wr_hash_key *wr_copies_policy_key(const struct wr_copies *copies)
{
    return &copies->world.policy_key;
}

const char *wr_copies_folder(const struct wr_copies *copies)
{
    return copies->folder;
}

void wr_copies_give(struct wr_copies *c, struct wr_copies_plan *plan)
{
    static const uint64_t one = 1;
    struct wr_now now;
    if (!c->running) {
        now_of(c, &now);
        learn_trust(c);
        obey(c, plan, &now);
        return;
    }
    pthread_mutex_lock(&c->lock);
    wr_copies_plan_free(c->next);
    c->next = plan;
    pthread_mutex_unlock(&c->lock);
    if (write(c->wake, &one, sizeof(one)) < 0) {
        wr_say(WR_LOG_DEBUG, "copies: %s", strerror(errno)); /* it looks once a second anyway */
    }
}

void wr_copies_trust(struct wr_copies *c, const struct wr_prove_settings *settings,
                     struct wr_creds *authorities)
{
    pthread_mutex_lock(&c->lock);
    wr_creds_drop(c->creds);
    c->creds = authorities != NULL ? wr_creds_keep(authorities) : NULL;
    wr_copytrust_take(&c->trust, settings);
    c->trust_changed = true;
    pthread_mutex_unlock(&c->lock);
}

int wr_copies_check(struct wr_copies *c, const struct wr_names *names, const uint8_t *zone,
                    uint32_t demand, const struct wr_names_hooks *hooks)
{
    struct wr_now now;
    uint64_t until_us; /* a file is the owner's, who reads it again */
    if (c == NULL) {
        return wr_names_check_digest(names, zone, demand, hooks);
    }
    now_of(c, &now); /* the main thread's table, which it alone changes */
    return wr_copyproof_check(names, zone, demand, &c->trust, &now, hooks, &until_us);
}

int wr_copies_run(struct wr_copies *c)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    c->running = pthread_create(&c->thread, NULL, run, c) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return c->running ? WR_OK : WR_E_NOMEM;
}

void wr_copies_close(struct wr_copies *c)
{
    static const uint64_t one = 1;
    if (c == NULL) {
        return;
    }
    if (c->running) {
        pthread_mutex_lock(&c->lock);
        c->stop = true;
        pthread_mutex_unlock(&c->lock);
        if (write(c->wake, &one, sizeof(one)) < 0) {
            wr_say(WR_LOG_DEBUG, "copies: %s", strerror(errno));
        }
        pthread_join(c->thread, NULL);
    }
    drop_jobs(c, NULL);
    wr_copies_plan_free(c->next);
    wr_creds_drop(c->world.creds);
    wr_creds_drop(c->creds);
    pthread_mutex_destroy(&c->lock);
    close(c->wake);
    free(c);
}

/* --- for the main thread --- */

struct wr_copy *wr_copies_take(struct wr_copies *c, const uint8_t *zone, int16_t *ret_ede,
                               const char **ret_why)
{
    struct wr_copy *copy = NULL;
    *ret_ede = WR_EDE_NOT_READY;
    *ret_why = "the zone was not transferred yet";
    if (c == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&c->lock);
    struct wr_copyjob *j = job_of(c, zone);
    if (j != NULL && j->shown.data == WR_XFER_EXPIRED) {
        *ret_ede = WR_EDE_INVALID_DATA;
        *ret_why = "the copy of the zone has expired: no primary gives one that holds";
    } else if (j != NULL && j->shown.data == WR_XFER_LIVE) {
        copy = wr_copy_hold(j->shown.copy);
    }
    pthread_mutex_unlock(&c->lock);
    return copy;
}

struct wr_copy *wr_copies_take_any(struct wr_copies *c, const uint8_t *zone, bool *ret_expired)
{
    struct wr_copy *copy = NULL;
    *ret_expired = false;
    if (c == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&c->lock);
    struct wr_copyjob *j = job_of(c, zone);
    if (j != NULL && j->shown.copy != NULL) {
        *ret_expired = j->shown.data == WR_XFER_EXPIRED;
        copy = wr_copy_hold(j->shown.copy);
    }
    pthread_mutex_unlock(&c->lock);
    return copy;
}

bool wr_copies_look(struct wr_copies *c, const uint8_t *zone)
{
    static const uint64_t one = 1;
    pthread_mutex_lock(&c->lock);
    struct wr_copyjob *j = job_of(c, zone);
    if (j != NULL) {
        j->look = true;
    }
    pthread_mutex_unlock(&c->lock);
    return j != NULL && write(c->wake, &one, sizeof(one)) > 0;
}

void wr_copies_count(struct wr_copies *c, unsigned *ret_all, unsigned *ret_missing)
{
    unsigned all = 0, missing = 0;
    pthread_mutex_lock(&c->lock);
    for (struct wr_copyjob *j = c->jobs; j != NULL; j = j->next) {
        all++;
        missing += j->shown.data != WR_XFER_LIVE;
    }
    pthread_mutex_unlock(&c->lock);
    *ret_all = all;
    *ret_missing = missing;
}

static void put_s(struct wr_json *json, const char *key, bool known, uint64_t from_us,
                  uint64_t to_us)
{
    if (known) {
        wr_json_u64(json, key, to_us > from_us ? (to_us - from_us) / WR_S : 0);
    } else {
        wr_json_null(json, key);
    }
}

static void put_job(const struct wr_copyjob *j, const struct wr_now *now, struct wr_json *json)
{
    static const char *const states[] = {"missing", "live", "expired"};
    static const char *const doings[] = {"waiting", "connecting", "asking", "transferring",
                                         "checking"};
    const struct wr_copyjob_shown *s = &j->shown;
    wr_json_object(json, NULL);
    put_name(json, "zone", j->zone.wire);
    wr_json_text(json, "state", states[s->data]);
    if (s->copy != NULL) {
        wr_json_u64(json, "serial", s->copy->serial);
        wr_json_u64(json, "records", s->copy->names.count);
    } else {
        wr_json_null(json, "serial");
        wr_json_null(json, "records");
    }
    put_s(json, "confirmed_ago_s", s->confirmed_us != 0, s->confirmed_us, now->mono_us);
    put_s(json, "expires_in_s", s->data == WR_XFER_LIVE, now->mono_us, s->expire_us);
    wr_json_text(json, "doing", doings[s->state]);
    put_s(json, "next_look_s", s->state == WR_XFER_WAIT, now->mono_us, s->wake_us);
    put_addr(json, "primary", &s->primary);
    wr_json_bool(json, "encrypted", s->is_encrypted);
    wr_json_bool(json, "signed", s->is_signed);
    wr_json_bool(json, "asked", j->plan.indexed);
    if (s->copy != NULL) {
        wr_json_u64(json, "bogus", atomic_load(&s->copy->state.bogus));
    } else {
        wr_json_null(json, "bogus");
    }
    wr_json_u64(json, "transfers", s->transfers);
    wr_json_text(json, "problem", s->problem[0] != 0 ? s->problem : NULL);
    wr_json_text(json, "file", j->path[0] != 0 ? j->path : NULL);
    wr_json_end(json);
}

void wr_copies_report(struct wr_copies *c, struct wr_json *json, const char *key)
{
    struct wr_now now;
    now_of(c, &now);
    wr_json_array(json, key);
    pthread_mutex_lock(&c->lock);
    for (struct wr_copyjob *j = c->jobs; j != NULL; j = j->next) {
        put_job(j, &now, json);
    }
    pthread_mutex_unlock(&c->lock);
    wr_json_end(json);
}
