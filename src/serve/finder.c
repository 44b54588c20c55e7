/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/finder.h"

#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "net/asksock.h"
#include "net/better.h"
#include "serve/beat.h"
#include "serve/put.h"
#include "serve/say.h"

enum {
    LOOK_MS = 3000,  /* one time-out of a look */
    BEAT_MS = 500,   /* how often the thread looks whether somebody is due */
    REST_MIN_S = 60, /* nobody is asked more often, whatever the TTL */
    REST_MAX_S = 86400,
    REST_NONE_S = 3600, /* a server that names nothing */
    REST_DENIED_S = 300
};

struct target {
    struct wr_uri plain;
    bool unproven; /* wanted without proof, at a private address */
    struct wr_finder_known known;
    bool looked;
    int err; /* of the last look */
    uint64_t due_us;
    char why[WR_ASKFLOW_WHY_SIZE];
};

struct wr_finder {
    struct wr_finder_setup setup;
    struct wr_beat beat;
    bool running;
    _Atomic bool stop;    /* the look at hand is to end */
    pthread_mutex_t lock; /* of what follows */
    struct wr_creds *creds;
    bool system_clock;
    int64_t floor_s;
    struct target target[WR_UPSTREAMS_MAX];
    uint32_t targets;
    uint32_t links; /* counts their changes */
    /* the thread's */
    bool timely; /* the time was known */
};

/* Nothing was heard of it. */
static bool is_silent(int err)
{
    return err == WR_E_TIMEOUT || err == WR_E_IO || err == WR_E_NOMEM;
}

uint32_t wr_finder_rest_s(int err, uint32_t ttl_s, unsigned failures)
{
    uint32_t rest = REST_MIN_S;
    if (is_silent(err)) {
        for (unsigned i = 1; i < failures && rest < REST_NONE_S; i++) {
            rest *= 2;
        }
        return rest < REST_NONE_S ? rest : REST_NONE_S;
    }
    uint32_t least = err == WR_E_NOTFOUND ? REST_NONE_S : err ? REST_DENIED_S : REST_MIN_S;
    rest = ttl_s > least ? ttl_s : least;
    return rest < REST_MAX_S ? rest : REST_MAX_S;
}

static bool is_same(const struct wr_uri *a, const struct wr_uri *b)
{
    return wr_addr_equal(&a->addr, &b->addr) && strcmp(a->zone, b->zone) == 0;
}

/* --- looking: the thread ---------------------------------------------------------------------- */

static struct wr_uri way_of(const struct wr_uri *plain, const struct wr_better_way *found)
{
    struct wr_uri way = {.scheme = found->at.scheme,
                         .addrs = 1,
                         .addr = plain->addr,
                         .proof = found->proven ? WR_URI_PKIX : WR_URI_OPPORTUNISTIC};
    way.addr.port = found->at.port;
    memcpy(way.zone, plain->zone, sizeof(way.zone));
    memcpy(way.path, found->at.path, sizeof(way.path));
    return way;
}

static void put_way(const struct target *t, const struct wr_better_way *found,
                    char text[WR_URI_TEXT_SIZE])
{
    struct wr_uri way = way_of(&t->plain, found);
    wr_uri_to_short(&way, text, WR_URI_TEXT_SIZE);
}

static bool is_any_proven(const struct wr_better_way *way, size_t ways)
{
    bool any = false;
    for (size_t i = 0; i < ways && !any; i++) {
        any = way[i].proven;
    }
    return any;
}

/*
 * Nobody may talk away what was proven, nor put in its place what is not: on the path, or in the network that the box has come to,
 * anybody can show another certificate and say anything in the clear. What was proven without the time has to prove itself when
 * that is known.
 */
static bool stays(const struct wr_finder_known *k, int err, const struct wr_better_found *found,
                  uint64_t now_us)
{
    bool worse =
        err != WR_OK || (is_any_proven(k->way, k->ways) && !is_any_proven(found->way, found->ways));
    return k->ways > 0 && worse && now_us < k->until_us && !(k->early && found->refused);
}

uint32_t wr_finder_learn(struct wr_finder_known *k, int err, const struct wr_better_found *found,
                         uint64_t now_us)
{
    bool refused = k->ways > 0 && found->refused;
    if ((is_silent(err) && !refused) || stays(k, err, found, now_us)) {
        k->failures++;
        return wr_finder_rest_s(WR_E_TIMEOUT, 0, k->failures);
    }
    bool lost = k->ways > 0 && err != WR_OK;
    uint32_t rest = lost ? REST_MIN_S : wr_finder_rest_s(err, found->ttl_s, 1);
    memset(k, 0, sizeof(*k));
    k->early = found->early;
    for (size_t i = 0; err == WR_OK && i < found->ways; i++) {
        k->way[k->ways++] = found->way[i];
    }
    k->until_us = k->ways > 0 ? now_us + rest * WR_S : 0;
    return rest;
}

/* The best of the ways. */
static void say_change(const struct target *t, const struct wr_finder_known *before)
{
    char plain[WR_URI_TEXT_SIZE], way[WR_URI_TEXT_SIZE];
    wr_uri_to_short(&t->plain, plain, sizeof(plain));
    if (t->known.ways > 0) {
        put_way(t, &t->known.way[0], way);
        wr_say(WR_LOG_INFO, "upstream %s names %s%s, which %s: it is asked first", plain, way,
               t->known.ways > 1 ? " (and others)" : "",
               !t->known.way[0].proven ? "is taken without a proof"
               : t->known.early        ? "proved the address, before the time was known"
                                       : "proved the address");
    } else if (before->ways > 0) {
        put_way(t, &before->way[0], way);
        wr_say(WR_LOG_WARN, "upstream %s: %s is not asked any more: %s", plain, way,
               t->why[0] ? t->why : "it is not named any more");
    } else if (t->err == WR_E_DENIED) {
        wr_say(WR_LOG_WARN, "upstream %s names encrypted services, and none is good: %s", plain,
               t->why);
    }
}

static bool differ(const struct wr_finder_known *a, const struct wr_finder_known *b)
{
    bool same = a->ways == b->ways;
    for (size_t i = 0; same && i < a->ways; i++) {
        const struct wr_better_way *x = &a->way[i], *y = &b->way[i];
        same = x->proven == y->proven && x->at.scheme == y->at.scheme && x->at.port == y->at.port &&
               strcmp(x->at.path, y->at.path) == 0;
    }
    return !same;
}

/* What came of a look; true: the ways are others now. */
static bool settle(struct target *t, int err, const struct wr_better_found *found)
{
    struct wr_finder_known before = t->known;
    uint64_t now_us = wr_asksock_now_us();
    t->due_us = now_us + wr_finder_learn(&t->known, err, found, now_us) * WR_S;
    if (t->known.ways > 0 && t->due_us > t->known.until_us && now_us < t->known.until_us) {
        t->due_us = t->known.until_us;
    }
    snprintf(t->why, sizeof(t->why), "%s", found->why);
    bool told = t->looked && t->err == err, changed = differ(&before, &t->known);
    t->looked = true;
    t->err = err;
    if (changed || !(told || is_silent(err) || (err != WR_OK && t->known.ways > 0))) {
        say_change(t, &before);
    }
    return changed;
}

/* What was judged without the time is judged again when that is known. */
static void look_at_clock(struct wr_finder *f)
{
    bool timely = f->system_clock || wr_clock_is_proven(f->setup.clock);
    for (uint32_t i = 0; i < f->targets && timely && !f->timely; i++) {
        struct target *t = &f->target[i];
        t->due_us = t->known.early || t->err == WR_E_DENIED ? 0 : t->due_us;
    }
    f->timely = timely;
}

static uint32_t find_due(const struct wr_finder *f)
{
    uint64_t now_us = wr_asksock_now_us();
    uint32_t i = 0;
    while (i < f->targets && f->target[i].due_us > now_us) {
        i++;
    }
    return i;
}

/* `better`: who is asked, and by whose word and which time it is judged. */
static int look(const struct target *t, struct wr_better better, struct wr_better_found *ret_found)
{
    struct wr_upgrade known[WR_BETTER_WAYS];
    uint8_t query[64];
    uint16_t id = 0;
    memset(ret_found, 0, sizeof(*ret_found));
    better.known = known;
    for (size_t i = 0; i < t->known.ways; i++) {
        if (t->known.way[i].proven) {
            known[better.knowns++] = t->known.way[i].at;
        }
    }
    if (t->plain.zone[0] != 0) {
        better.server.scope = if_nametoindex(t->plain.zone);
    }
    if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id)) {
        return WR_E_IO;
    }
    struct wr_better_room *room = calloc(1, sizeof(*room)); /* large, and looks are rare */
    if (room == NULL) {
        return WR_E_NOMEM;
    }
    int err = wr_better_find(&better, query, wr_better_query(id, query), room, ret_found);
    free(room);
    return err;
}

static void meet_link(struct target *t)
{
    t->due_us = 0;
    t->known.failures = 0;
    if (t->known.ways > 0 && !t->known.way[0].proven) {
        t->known.until_us = 0; /* at that address may be somebody else now */
    }
}

static void on_beat(void *user)
{
    struct wr_finder *f = user;
    struct wr_better_found found;
    pthread_mutex_lock(&f->lock);
    look_at_clock(f);
    uint32_t i = find_due(f);
    struct wr_creds *creds = wr_creds_keep(f->creds);
    struct target t = f->target[i < f->targets ? i : 0];
    struct wr_better better = {.server = t.plain.addr,
                               .timeout_ms = LOOK_MS,
                               .creds = creds,
                               .unproven = t.unproven,
                               .cancel = &f->stop,
                               .clock = f->setup.clock,
                               .system_clock = f->system_clock,
                               .floor_s = f->floor_s};
    bool any = i < f->targets;
    uint32_t links = f->links;
    pthread_mutex_unlock(&f->lock);
    bool changed = false;
    if (any) {
        int err = look(&t, better, &found);
        pthread_mutex_lock(&f->lock);
        for (i = 0; i < f->targets && !is_same(&f->target[i].plain, &t.plain); i++) {
        }
        changed = i < f->targets && settle(&f->target[i], err, &found);
        if (i < f->targets && f->links != links) {
            meet_link(&f->target[i]); /* it may be another network that was heard */
        }
        pthread_mutex_unlock(&f->lock);
    }
    wr_creds_drop(creds);
    if (changed) {
        f->setup.news(f->setup.user);
    }
}

/* --- the plan: the main thread ---------------------------------------------------------------- */

int wr_finder_create(const struct wr_finder_setup *setup, struct wr_finder **ret_finder)
{
    struct wr_finder *f = calloc(1, sizeof(*f));
    if (f == NULL) {
        return WR_E_NOMEM;
    }
    f->setup = *setup;
    f->beat =
        (struct wr_beat){.name = "weir-finder", .period_ms = BEAT_MS, .work = on_beat, .user = f};
    pthread_mutex_init(&f->lock, NULL);
    *ret_finder = f;
    return WR_OK;
}

static void stop(struct wr_finder *f)
{
    f->stop = true;
    wr_beat_stop(&f->beat);
    f->stop = false;
    f->running = false;
}

static void add_target(struct wr_finder *f, const struct target *old, uint32_t olds,
                       const struct wr_uri *plain, bool unproven)
{
    for (uint32_t i = 0; i < f->targets; i++) {
        if (is_same(&f->target[i].plain, plain)) {
            return;
        }
    }
    if (f->targets == WR_UPSTREAMS_MAX) {
        return;
    }
    struct target *t = &f->target[f->targets++];
    *t = (struct target){.plain = *plain, .unproven = unproven};
    for (uint32_t i = 0; i < olds; i++) {
        if (is_same(&old[i].plain, plain) && old[i].unproven == unproven) {
            *t = old[i];
        }
    }
}

static void plan(struct wr_finder *f, const struct wr_conf *conf, const struct target *old,
                 uint32_t olds)
{
    f->targets = 0;
    for (size_t i = 0; i < conf->upstream.groups.count; i++) {
        const struct wr_conf_group *g = &conf->upstream.groups.items[i];
        for (size_t k = 0; g->discover != WR_FIND_OFF && k < g->servers.count; k++) {
            if (!wr_uri_is_encrypted(g->servers.items[k].scheme)) {
                add_target(f, old, olds, &g->servers.items[k], g->discover == WR_FIND_PRIVATE);
            }
        }
    }
}

int wr_finder_plan(struct wr_finder *f, const struct wr_conf *conf, struct wr_creds *creds)
{
    struct target *old = malloc(sizeof(f->target));
    if (old == NULL) {
        return WR_E_NOMEM;
    }
    pthread_mutex_lock(&f->lock);
    uint32_t olds = f->targets;
    memcpy(old, f->target, olds * sizeof(f->target[0]));
    plan(f, conf, old, olds);
    wr_creds_drop(f->creds);
    f->creds = creds != NULL ? wr_creds_keep(creds) : NULL;
    bool wanted = f->targets > 0 && f->creds != NULL;
    pthread_mutex_unlock(&f->lock);
    free(old);
    if (wanted && !f->running) {
        int err = wr_beat_start(&f->beat);
        f->running = err == WR_OK;
        return err;
    }
    if (!wanted && f->running) {
        stop(f);
    }
    return WR_OK;
}

void wr_finder_link(struct wr_finder *f)
{
    pthread_mutex_lock(&f->lock);
    f->links++;
    for (uint32_t i = 0; i < f->targets; i++) {
        meet_link(&f->target[i]);
    }
    pthread_mutex_unlock(&f->lock);
}

void wr_finder_trust(struct wr_finder *f, const struct wr_prove_settings *prove)
{
    pthread_mutex_lock(&f->lock);
    f->system_clock = prove->system_clock;
    f->floor_s = prove->floor_s;
    pthread_mutex_unlock(&f->lock);
}

uint32_t wr_finder_ways(struct wr_finder *f, struct wr_gate_way ret_ways[WR_UPSTREAMS_MAX])
{
    uint32_t count = 0;
    pthread_mutex_lock(&f->lock);
    for (uint32_t i = 0; i < f->targets; i++) {
        const struct wr_finder_known *k = &f->target[i].known;
        for (unsigned n = 0; n < k->ways && count < WR_UPSTREAMS_MAX; n++) {
            ret_ways[count].plain = f->target[i].plain.addr;
            ret_ways[count++].way = way_of(&f->target[i].plain, &k->way[n]);
        }
    }
    pthread_mutex_unlock(&f->lock);
    return count;
}

static const char *state_of(const struct target *t)
{
    return t->known.ways > 0         ? t->known.way[0].proven ? "proven" : "unproven"
           : !t->looked              ? "not yet"
           : t->err == WR_E_DENIED   ? "refused"
           : t->err == WR_E_NOTFOUND ? "none named"
                                     : "not heard";
}

void wr_finder_report(struct wr_finder *f, struct wr_json *j, const char *key)
{
    char text[WR_URI_TEXT_SIZE];
    wr_json_array(j, key);
    pthread_mutex_lock(&f->lock);
    for (uint32_t i = 0; i < f->targets; i++) {
        const struct target *t = &f->target[i];
        wr_json_object(j, NULL);
        wr_uri_to_short(&t->plain, text, sizeof(text));
        wr_json_text(j, "server", text);
        wr_json_text(j, "state", state_of(t));
        if (t->known.ways > 0) {
            put_way(t, &t->known.way[0], text);
            wr_json_text(j, "better", text);
            wr_json_array(j, "ways");
            for (unsigned n = 0; n < t->known.ways; n++) {
                put_way(t, &t->known.way[n], text);
                wr_json_text(j, NULL, text);
            }
            wr_json_end(j);
        }
        wr_json_text(j, "why", t->why);
        wr_json_end(j);
    }
    pthread_mutex_unlock(&f->lock);
    wr_json_end(j);
}

void wr_finder_free(struct wr_finder *f)
{
    if (f == NULL) {
        return;
    }
    if (f->running) {
        stop(f);
    }
    wr_creds_drop(f->creds);
    pthread_mutex_destroy(&f->lock);
    free(f);
}
