/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/anchors.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "dnssec/anchordiff.h"
#include "dnssec/rrsig.h"
#include "dnssec/signal.h"
#include "net/clock.h"
#include "resolve/question.h"
#include "serve/beat.h"
#include "serve/keepfile.h"
#include "serve/put.h"
#include "serve/say.h"
#include "serve/serve.h"
#include "serve/timekeeper.h"

#define FIRST_ASK_US  (30 * WR_S) /* the network may need a moment */
#define PATIENCE_US   (15 * WR_S) /* then a question has failed */
#define SAVE_EVERY_US (3600 * WR_S)
#define WRITE_MS      1000
#define SIGNAL_US     (3600 * WR_S)

/* What is known of the DNSKEY set of one point. */
struct watch {
    struct wr_name zone;
    uint64_t next_us, asked_us; /* asked_us 0: nothing is out */
    uint64_t looked_us;         /* 0: never */
    uint32_t stored_s;          /* of the entry that was looked at last */
    uint32_t ttl, left_s;
    uint8_t proof; /* enum wr_rollover_proof */
    bool signal;   /* the zone is to be told which keys are trusted */
    uint64_t signalled_us;
};

struct wr_live_anchors {
    struct wr_trustset set;
    struct watch watch[WR_TRUST_POINTS_MAX];
    unsigned watches;
    bool follow;
    char path[WR_KEEPFILE_PATH_MAX];
    char problem[WR_NAME_TEXT_SIZE + 160];
    struct wr_name flush; /* size 0: nothing */
    uint64_t saved_us;
    bool aged; /* timers went on since */
    struct wr_beat beat;
    pthread_mutex_t lock; /* of the four below */
    char *text;
    size_t text_size;
    bool dirty, said;
    _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
    _Alignas(8) uint8_t crypto[WR_RRSIG_SCRATCH_SIZE];
};

/* --- the file --------------------------------------------------------------------------------- */

static void set_path(struct wr_live_anchors *l, const struct wr_conf *conf)
{
    const char *folder = getenv("STATE_DIRECTORY");
    if (conf->dnssec.state[0] != 0) {
        snprintf(l->path, sizeof(l->path), "%s", conf->dnssec.state);
    } else if (folder != NULL && folder[0] == '/' && strchr(folder, ':') == NULL) {
        snprintf(l->path, sizeof(l->path), "%s/anchors", folder);
    }
}

static void read_state(struct wr_live_anchors *l)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int fd, err = wr_keepfile_open(l->path, false, &fd);
    if (err == WR_E_NOTFOUND) {
        return;
    }
    if (err == WR_OK) {
        err = wr_keepfile_read(fd, WR_TRUSTSET_TEXT_SIZE, &bytes, &size);
        close(fd);
    }
    if (err == WR_OK) {
        err = wr_trustset_load(&l->set, (const char *)bytes, size);
    }
    if (err != WR_OK) {
        wr_say(WR_LOG_WARN,
               "%s cannot be used (%s) and is put aside: trust starts from the configured anchors",
               l->path, wr_err_name(err));
        (void)wr_keepfile_aside(l->path);
    }
    free(bytes);
}

static int write_file(const char *path, const char *text, size_t size)
{
    char new[WR_KEEPFILE_PATH_MAX + 8];
    int fd;
    snprintf(new, sizeof(new), "%s.new", path);
    int err = wr_keepfile_open(new, true, &fd);
    if (err != WR_OK) {
        return err;
    }
    err = ftruncate(fd, 0) == 0 ? wr_keepfile_append(fd, 0, text, size, NULL) : WR_E_IO;
    close(fd);
    return err == WR_OK ? wr_keepfile_replace(new, path) : err;
}

/* In the beat's thread. */
static void write_state(void *user)
{
    struct wr_live_anchors *l = user;
    char *text = NULL;
    pthread_mutex_lock(&l->lock);
    size_t size = l->text_size;
    if (l->dirty && (text = malloc(size + 1)) != NULL) {
        memcpy(text, l->text, size);
        l->dirty = false;
    }
    pthread_mutex_unlock(&l->lock);
    if (text == NULL) {
        return;
    }
    int err = write_file(l->path, text, size);
    free(text);
    if (err != WR_OK && !l->said) {
        l->said = true;
        wr_say(WR_LOG_WARN, "the state of trust anchors cannot be written to %s: %s", l->path,
               strerror(errno));
    }
}

static void save(struct wr_live_anchors *l, uint64_t now_us)
{
    struct wr_str s;
    l->saved_us = now_us;
    l->aged = false;
    if (l->path[0] == 0) {
        return;
    }
    pthread_mutex_lock(&l->lock);
    wr_str_init(&s, l->text, WR_TRUSTSET_TEXT_SIZE);
    wr_trustset_save(&l->set, &s);
    l->text_size = s.len;
    l->dirty = true;
    pthread_mutex_unlock(&l->lock);
}

/* --- its life --------------------------------------------------------------------------------- */

/* The anchors as they are configured, without what became of them. */
static void seed(struct wr_live_anchors *l, const struct wr_conf *conf)
{
    struct wr_validation plain;
    struct wr_prove_settings settings;
    struct wr_validation_mistake mistake;
    if (wr_validation_make(conf, NULL, &plain, &settings, &mistake) == WR_OK) {
        wr_trustset_seed(&l->set, &plain.anchors);
    }
    wr_validation_free(&plain);
    l->follow = conf->dnssec.rfc5011 && conf->dnssec.validate;
}

int wr_live_anchors_open(const struct wr_conf *conf, struct wr_live_anchors **ret_live)
{
    struct wr_live_anchors *l = calloc(1, sizeof(*l));
    if (l == NULL || (l->text = malloc(WR_TRUSTSET_TEXT_SIZE)) == NULL) {
        free(l);
        return WR_E_NOMEM;
    }
    pthread_mutex_init(&l->lock, NULL);
    set_path(l, conf);
    seed(l, conf);
    *ret_live = l;
    return WR_OK;
}

void wr_live_anchors_recall(struct wr_live_anchors *l, const struct wr_conf *conf)
{
    if (l->path[0] != 0) {
        read_state(l);
        seed(l, conf);
    }
}

const struct wr_trustset *wr_live_anchors_set(const struct wr_live_anchors *live)
{
    return &live->set;
}

const char *wr_live_anchors_path(const struct wr_live_anchors *live)
{
    return live->path;
}

const char *wr_live_anchors_problem(const struct wr_live_anchors *live)
{
    return live->problem[0] != 0 ? live->problem : NULL;
}

int wr_live_anchors_run(struct wr_live_anchors *l)
{
    l->beat.name = "weir-anchors";
    l->beat.period_ms = WRITE_MS;
    l->beat.work = write_state;
    l->beat.user = l;
    return l->path[0] == 0 ? WR_OK : wr_beat_start(&l->beat);
}

void wr_live_anchors_close(struct wr_live_anchors *l)
{
    if (l == NULL) {
        return;
    }
    wr_beat_stop(&l->beat);
    if (l->aged) {
        save(l, 0);
    }
    write_state(l);
    pthread_mutex_destroy(&l->lock);
    free(l->text);
    free(l);
}

/* --- looking after a point -------------------------------------------------------------------- */

static struct watch *watch_of(struct wr_live_anchors *l, const uint8_t *zone, uint64_t now_us)
{
    struct watch *w = NULL;
    for (unsigned i = 0; i < l->watches && w == NULL; i++) {
        w = wr_name_equal(l->watch[i].zone.wire, zone) ? &l->watch[i] : NULL;
    }
    if (w == NULL) {
        w = &l->watch[l->watches < WR_TRUST_POINTS_MAX ? l->watches++ : 0];
        *w = (struct watch){.next_us = now_us + FIRST_ASK_US};
        wr_name_set(&w->zone, zone);
    }
    return w;
}

/* Of points that are gone. */
static void drop_watches(struct wr_live_anchors *l)
{
    for (unsigned i = l->watches; i-- > 0;) {
        bool there = false;
        for (unsigned p = 0; p < l->set.points && !there; p++) {
            there = l->set.point[p].seed != WR_TRUSTSET_GONE &&
                    wr_name_equal(l->set.point[p].keys.zone.wire, l->watch[i].zone.wire);
        }
        if (!there) {
            l->problem[0] = l->watch[i].proof == WR_ROLLOVER_PROVEN ? l->problem[0] : 0;
            l->watch[i] = l->watch[--l->watches];
        }
    }
}

static void say_moves(const struct wr_rollover *before, const struct wr_rollover *after)
{
    char zone[WR_NAME_TEXT_SIZE];
    wr_name_to_text(after->zone.wire, zone, sizeof(zone));
    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        const struct wr_rollover_key *k = &after->keys[i], *b = &before->keys[i];
        if (k->state != b->state) {
            wr_say(WR_LOG_WARN, "trust anchor of %s: key %u is %s, was %s", zone,
                   (unsigned)(k->state == WR_ROLLOVER_START ? b->ds.tag : k->ds.tag),
                   wr_rollover_state_name((enum wr_rollover_state)k->state),
                   wr_rollover_state_name((enum wr_rollover_state)b->state));
        }
    }
}

static bool moved(const struct wr_rollover *before, const struct wr_rollover *after)
{
    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        if (before->keys[i].state != after->keys[i].state) {
            return true;
        }
    }
    return false;
}

static void forget_below(struct wr_live_anchors *l, const uint8_t *name)
{
    static const uint8_t root[1] = {0};
    bool another = l->flush.size > 0 && !wr_name_equal(l->flush.wire, name);
    wr_name_set(&l->flush, another ? root : name);
}

static void observe_proven(struct wr_live_anchors *l, struct wr_rollover *keys,
                           const struct wr_rrset *set, const struct wr_trusttime *time,
                           uint32_t ttl, uint64_t now_us)
{
    struct wr_rollover_seen seen[WR_DNSSEC_ROLLOVER_KEYS_MAX];
    const struct wr_rollover_moment moment = {wr_trusttime_moment(time), now_us / WR_S};
    bool was_full = keys->full;
    unsigned n = wr_rollover_look(set, seen, l->crypto);
    l->aged |=
        wr_rollover_observe(keys, seen, n, ttl, &moment, time->state != WR_TRUSTTIME_UNPROVEN);
    if (keys->full && !was_full) {
        char zone[WR_NAME_TEXT_SIZE];
        wr_name_to_text(keys->zone.wire, zone, sizeof(zone));
        wr_say(WR_LOG_WARN, "trust anchor of %s: a new key cannot be followed: %d are already",
               zone, WR_DNSSEC_ROLLOVER_KEYS_MAX);
    }
}

static void say_dead(const struct wr_rollover *keys)
{
    char zone[WR_NAME_TEXT_SIZE];
    wr_name_to_text(keys->zone.wire, zone, sizeof(zone));
    wr_say(WR_LOG_ERROR,
           "every trust anchor of %s was revoked by its zone: all below it is refused until "
           "dnssec.anchors names a new key, or the name no more",
           zone);
}

static void observe(struct wr_serve *s, struct wr_rollover *keys, const struct wr_cache_entry *e,
                    const struct wr_trusttime *time, bool proven, uint64_t now_us)
{
    struct wr_live_anchors *l = s->anchors;
    struct wr_rollover before = *keys;
    if (proven) {
        observe_proven(l, keys, &e->rrset, time, e->ttl, now_us);
    } else {
        (void)wr_rollover_revoke(keys, &e->rrset, l->crypto);
    }
    if (moved(&before, keys)) {
        say_moves(&before, keys);
        if (wr_rollover_dead(keys) && !wr_rollover_dead(&before)) {
            say_dead(keys);
        }
        save(l, now_us);
        wr_reload_refresh(s);
    } else if (l->aged && now_us - l->saved_us >= SAVE_EVERY_US) {
        save(l, now_us);
    }
}

/* Loudly, once for each change: with a wrong anchor nothing works, and the reason is not to be looked for. */
static void judge_match(struct wr_live_anchors *l, struct watch *w, uint8_t proof)
{
    char zone[WR_NAME_TEXT_SIZE];
    bool news = w->looked_us == 0 ? proof != WR_ROLLOVER_PROVEN : proof != w->proof;
    w->proof = proof;
    if (!news) {
        return;
    }
    wr_name_to_text(w->zone.wire, zone, sizeof(zone));
    if (proof == WR_ROLLOVER_PROVEN) {
        wr_say(WR_LOG_INFO, "the trust anchors of %s match its keys again", zone);
        l->problem[0] = 0;
        return;
    }
    snprintf(l->problem, sizeof(l->problem), "%s %s: nothing below it can be proven",
             proof == WR_ROLLOVER_NO_KEY ? "no trust anchor matches the DNSKEY set of"
                                         : "no trust anchor's signature holds on the DNSKEY set of",
             zone);
    wr_say(WR_LOG_ERROR, "%s; `weir anchors` shows them, `weir anchors add FILE` adds one",
           l->problem);
}

/* The set that was stored last, whoever asked for it; false: there is none that is new. */
static bool find_set(struct wr_serve *s, struct watch *w, uint32_t now_s,
                     struct wr_cache_entry *ret_entry)
{
    static const uint16_t scopes[] = {WR_SCOPE_CD, 0};
    for (unsigned i = 0; i < 2; i++) {
        struct wr_cache_key key;
        wr_cache_key_init(s->shared.cache, w->zone.wire, WR_TYPE_DNSKEY, scopes[i], &key);
        if (wr_cache_get(s->shared.cache, &key, now_s, true, s->anchors->scratch, ret_entry) ==
                WR_OK &&
            ret_entry->kind == WR_CACHE_RRSET && ret_entry->ttl_left > 0 &&
            (w->looked_us == 0 || (int32_t)(ret_entry->stored_s - w->stored_s) > 0)) {
            return true;
        }
    }
    return false;
}

/* What the root's signatures say of the time is learned before anything is judged by it. */
static void learn_time(struct wr_serve *s, struct wr_rollover *keys, const struct wr_rrset *set,
                       struct wr_now *ret_now)
{
    struct wr_trusttime time =
        wr_trusttime_of(WR_TRUSTTIME_UNPROVEN, 0, wr_timekeeper_floor(s->time));
    uint32_t left_s;
    if (set->owner[0] == 0 &&
        wr_rollover_prove(keys, set, &time, s->anchors->crypto, &left_s) == WR_ROLLOVER_PROVEN) {
        wr_timekeeper_root(s, set);
        wr_clock_read(&s->clock, ret_now);
    }
}

static void look(struct wr_serve *s, struct wr_rollover *keys, struct watch *w, struct wr_now *now)
{
    struct wr_live_anchors *l = s->anchors;
    const struct wr_prove_settings *p = &s->gate->settings.prove;
    struct wr_cache_entry e;
    if (!find_set(s, w, (uint32_t)(now->mono_us / WR_S), &e)) {
        return;
    }
    learn_time(s, keys, &e.rrset, now);
    struct wr_trusttime time = wr_trusttime_of(
        p->system_clock ? WR_TRUSTTIME_SYSTEM
                        : (now->wall_proven ? WR_TRUSTTIME_PLAUSIBLE : WR_TRUSTTIME_UNPROVEN),
        now->wall_s, p->floor_s);
    uint8_t proof = (uint8_t)wr_rollover_prove(keys, &e.rrset, &time, l->crypto, &w->left_s);
    judge_match(l, w, proof);
    w->ttl = e.ttl;
    w->stored_s = e.stored_s;
    w->looked_us = now->mono_us;
    w->asked_us = 0;
    w->signal = true;
    w->next_us =
        now->mono_us + WR_S * wr_rollover_interval_s(e.ttl, w->left_s, proof != WR_ROLLOVER_PROVEN);
    if (l->follow) {
        observe(s, keys, &e, &time, proof == WR_ROLLOVER_PROVEN, now->mono_us);
    }
}

bool wr_live_anchors_root_reaches(struct wr_serve *s, const struct wr_rrset *keys, int64_t floor_s,
                                  int64_t at_s)
{
    struct wr_live_anchors *l = s->anchors;
    for (unsigned i = 0; l != NULL && i < l->set.points; i++) {
        struct wr_rollover *r = &l->set.point[i].keys;
        if (r->zone.wire[0] == 0) {
            return wr_rollover_reaches(r, keys, floor_s, at_s, l->crypto);
        }
    }
    return false;
}

static void ask_when_due(struct wr_serve *s, struct watch *w, uint64_t now_us)
{
    if (w->asked_us != 0 && now_us - w->asked_us >= PATIENCE_US) {
        w->asked_us = 0;
        w->next_us = now_us + WR_S * wr_rollover_interval_s(w->ttl, w->left_s, true);
    }
    if (w->asked_us == 0 && now_us >= w->next_us &&
        wr_reload_ask(s, w->zone.wire, WR_TYPE_DNSKEY, true)) {
        w->asked_us = now_us;
    }
}

/* Beside each look at the keys, once an hour at most (RFC 8145 section 5). */
static void tell_zone(struct wr_serve *s, const struct wr_rollover *keys, struct watch *w,
                      uint64_t now_us)
{
    struct wr_name name;
    bool early = w->signalled_us != 0 && now_us - w->signalled_us < SIGNAL_US;
    if (w->signal && !early && s->conf->dnssec.signal && wr_signal_name(keys, &name) == WR_OK &&
        wr_reload_ask(s, name.wire, WR_TYPE_NULL, true)) {
        w->signal = false;
        w->signalled_us = now_us;
    }
}

void wr_live_anchors_tick(struct wr_serve *s)
{
    struct wr_live_anchors *l = s->anchors;
    struct wr_now now;
    bool proven = wr_clock_is_proven(&s->clock) || s->gate->settings.prove.system_clock;
    wr_clock_read(&s->clock, &now);
    if (proven && wr_trustset_expire(&l->set, now.wall_s)) {
        wr_say(WR_LOG_INFO, "a negative trust anchor has ended: what is below it is checked again");
        save(l, now.mono_us);
        forget_below(l, (const uint8_t *)"");
        wr_reload_refresh(s);
    }
    drop_watches(l);
    for (unsigned i = 0; i < l->set.points && s->gate->settings.prove.enable; i++) {
        if (l->set.point[i].seed == WR_TRUSTSET_GONE) {
            continue;
        }
        struct watch *w = watch_of(l, l->set.point[i].keys.zone.wire, now.mono_us);
        look(s, &l->set.point[i].keys, w, &now);
        tell_zone(s, &l->set.point[i].keys, w, now.mono_us);
        if (l->follow) {
            ask_when_due(s, w, now.mono_us);
        }
    }
}

void wr_live_anchors_changed(struct wr_serve *s, const struct wr_anchors *before,
                             const struct wr_anchors *after)
{
    struct wr_name below;
    if (wr_anchordiff_find(before, after, &below)) {
        forget_below(s->anchors, below.wire);
    }
}

void wr_live_anchors_settled(struct wr_serve *s)
{
    struct wr_live_anchors *l = s->anchors;
    seed(l, s->conf);
    if (l->flush.size > 0) {
        wr_cache_flush(s->shared.cache, l->flush.wire);
        wr_keep_flushed(s->shared.keep, l->flush.wire);
        wr_keep_anchors(s->shared.keep, wr_anchordiff_mark(&s->gate->validation.anchors));
        l->flush.size = 0;
    }
}

/* --- the verbs -------------------------------------------------------------------------------- */

static const char *why_not(int err)
{
    switch (err) {
    case WR_E_FULL: return "there are too many already";
    case WR_E_UNSUPPORTED:
        return "only DNSKEY, or DS with digest type 2 (SHA-256), can be followed; others go into "
               "dnssec.anchors";
    case WR_E_DENIED: return "this key was revoked by its zone, and is never trusted again";
    default:
        return "is no DS or DNSKEY record of a zone key, such as `example. DS 12345 13 2 ABCD...`";
    }
}

static void changed(struct wr_serve *s, const uint8_t *name)
{
    struct wr_now now;
    wr_clock_now(false, &now);
    save(s->anchors, now.mono_us);
    forget_below(s->anchors, name);
    wr_reload_refresh(s);
}

int wr_live_anchors_add(struct wr_serve *s, const char *line, size_t n, const char **ret_why)
{
    struct wr_name name;
    char text[WR_NAME_TEXT_SIZE];
    int err = wr_trustset_add(&s->anchors->set, line, n, &name);
    if (err != WR_OK) {
        *ret_why = why_not(err);
        return err;
    }
    wr_name_to_text(name.wire, text, sizeof(text));
    wr_say(WR_LOG_WARN, "a trust anchor of %s was added on the control socket", text);
    changed(s, name.wire);
    return WR_OK;
}

int wr_live_anchors_negative(struct wr_serve *s, const uint8_t *name, int64_t for_s,
                             const char **ret_why)
{
    struct wr_now now;
    char text[WR_NAME_TEXT_SIZE];
    wr_clock_read(&s->clock, &now);
    int64_t until_s = for_s == 0 ? 0 : now.wall_s + for_s;
    if (for_s != 0 && !now.wall_proven && !s->gate->settings.prove.system_clock) {
        *ret_why = "the clock is not known to be right, so the anchor would have no end";
        return WR_E_DENIED;
    }
    int err = wr_trustset_add_negative(&s->anchors->set, name, until_s);
    if (err != WR_OK) {
        *ret_why = why_not(err);
        return err;
    }
    wr_name_to_text(name, text, sizeof(text));
    wr_say(WR_LOG_WARN, "nothing is checked below %s %s", text,
           for_s == 0 ? "until that is removed" : "for a while");
    changed(s, name);
    return WR_OK;
}

int wr_live_anchors_remove(struct wr_serve *s, const uint8_t *name, const char **ret_why)
{
    int err = wr_trustset_remove(&s->anchors->set, name);
    if (err == WR_OK) {
        changed(s, name);
        return WR_OK;
    }
    *ret_why = err == WR_E_DENIED
                   ? "that anchor is the configuration's: change dnssec.anchors and reload"
                   : "there is no such anchor that was added by command; those of dnssec.negative "
                     "go by a reload";
    return err;
}

/* --- the report ------------------------------------------------------------------------------- */

static void put_key(const struct wr_trustpoint *p, const struct wr_rollover_key *k,
                    struct wr_json *j)
{
    char text[2 * sizeof(k->ds.digest) + 1];
    struct wr_str s;
    bool counts = k->state == WR_ROLLOVER_ADD_PEND || k->state == WR_ROLLOVER_REVOKED;
    wr_json_object(j, NULL);
    put_name(j, "zone", p->keys.zone.wire);
    wr_json_u64(j, "tag", k->ds.tag);
    wr_json_u64(j, "algorithm", k->ds.alg);
    wr_json_text(j, "state", wr_rollover_state_name((enum wr_rollover_state)k->state));
    wr_json_text(j, "from",
                 p->seed == WR_TRUSTSET_GONE ? "before"
                 : p->seed != 0              ? "configuration"
                                             : "command");
    if (counts) {
        wr_json_i64(j, "waited_s", k->waited_s);
    } else {
        wr_json_null(j, "waited_s");
    }
    wr_str_init(&s, text, sizeof(text));
    wr_str_hex(&s, k->ds.digest, k->ds.size);
    wr_json_text(j, "sha256", text);
    wr_json_end(j);
}

static void put_points(const struct wr_live_anchors *l, struct wr_json *j)
{
    wr_json_array(j, "keys");
    for (unsigned i = 0; i < l->set.points; i++) {
        for (unsigned k = 0; k < WR_DNSSEC_ROLLOVER_KEYS_MAX; k++) {
            if (l->set.point[i].keys.keys[k].state != WR_ROLLOVER_START) {
                put_key(&l->set.point[i], &l->set.point[i].keys.keys[k], j);
            }
        }
    }
    wr_json_end(j);
}

static const char *match_text(const struct watch *w)
{
    static const char *const names[] = {"proven", "no anchor matches", "no signature holds"};
    return w->looked_us == 0 ? "not seen yet" : names[w->proof];
}

static void put_watches(const struct wr_live_anchors *l, uint64_t now_us, struct wr_json *j)
{
    wr_json_array(j, "points");
    for (unsigned i = 0; i < l->watches; i++) {
        const struct watch *w = &l->watch[i];
        wr_json_object(j, NULL);
        put_name(j, "zone", w->zone.wire);
        wr_json_text(j, "match", match_text(w));
        if (w->looked_us != 0) {
            wr_json_u64(j, "looked_ago_s", (now_us - w->looked_us) / WR_S);
        } else {
            wr_json_null(j, "looked_ago_s");
        }
        if (l->follow) {
            wr_json_u64(j, "next_look_s", w->next_us > now_us ? (w->next_us - now_us) / WR_S : 0);
        } else {
            wr_json_null(j, "next_look_s");
        }
        wr_json_end(j);
    }
    wr_json_end(j);
}

/* As the workers have it: anchors that are not followed, and the configured negative ones, too. */
static void put_in_force(const struct wr_anchors *a, int64_t now_s, struct wr_json *j)
{
    wr_json_array(j, "in_force");
    for (unsigned i = 0; i < a->count; i++) {
        const struct wr_anchor *at = &a->list[i];
        wr_json_object(j, NULL);
        put_name(j, "zone", at->name.wire);
        wr_json_bool(j, "negative", at->negative);
        wr_json_u64(j, "digests", at->ds.count);
        if (at->until_s != 0) {
            wr_json_i64(j, "ends_in_s", at->until_s > now_s ? at->until_s - now_s : 0);
        } else {
            wr_json_null(j, "ends_in_s");
        }
        wr_json_end(j);
    }
    wr_json_end(j);
}

void wr_live_anchors_report(const struct wr_serve *s, struct wr_json *j, const char *key)
{
    const struct wr_live_anchors *l = s->anchors;
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    wr_json_object(j, key);
    wr_json_bool(j, "validate", s->gate->settings.prove.enable);
    wr_json_bool(j, "rfc5011", l->follow);
    wr_json_text(j, "state_file", l->path[0] != 0 ? l->path : NULL);
    wr_json_text(j, "problem", wr_live_anchors_problem(l));
    put_in_force(&s->gate->validation.anchors, now.wall_s, j);
    put_points(l, j);
    put_watches(l, now.mono_us, j);
    wr_json_end(j);
}
