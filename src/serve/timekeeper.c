/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/timekeeper.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "dnssec/newest.h"
#include "dnssec/rrsig.h"
#include "net/clock.h"
#include "net/oneshot.h"
#include "resolve/ladder.h"
#include "serve/anchors.h"
#include "serve/beat.h"
#include "serve/keepfile.h"
#include "serve/put.h"
#include "serve/say.h"
#include "serve/serve.h"
#include "serve/timefile.h"
#include "serve/timefind.h"
#include "serve/timeproof.h"
#include "serve/trust.h"

#define LOOK_MS   100           /* between two looks for an address that was asked for */
#define SAVE_US   (3600 * WR_S) /* between two writes of the file */
#define WRITE_MS  1000
#define SOA_US    (600 * WR_S) /* between two questions for the root's SOA */
#define FORGET_US INT64_C(3600000000)
#define KEYS_SIZE 8192

struct wr_timekeeper {
    struct wr_serve *serve;
    bool started, climbing;
    struct wr_ladder ladder;
    struct wr_rng rng;
    struct wr_oneshots *shots;
    uv_timer_t timer;
    struct wr_timefind find[WR_TIME_RUNGS_MAX];
    uint8_t told[WR_TIME_RUNGS_MAX]; /* enum wr_rung, as the log has it */
    uint32_t judged, proofs;
    uint64_t serial; /* of the settings whose servers are in the ladder */

    enum wr_trusttime_state state;
    int64_t base_us;
    int64_t
        judged_us; /* the base, the kernel's too, by which what is in the cache was judged; 0: by none */
    char source[WR_NAME_TEXT_SIZE + 64];

    int64_t floor_s;
    const char *floor_from;
    char path[WR_KEEPFILE_PATH_MAX];
    struct wr_beat beat;
    _Atomic int64_t save_s; /* to be written; 0: nothing */
    uint64_t saved_us;      /* 0: never */
    bool said;

    uint64_t soa_asked_us;
    uint32_t soa_stored_s;
    struct wr_rrset keys; /* of the root; size 0: not seen */
    uint8_t key_data[KEYS_SIZE];
    struct wr_timefind_room room;
    _Alignas(8) uint8_t scratch[WR_RRSIG_SCRATCH_SIZE];
};

static const uint8_t ROOT[1] = {0};
static const char KERNEL[] = "the system's clock";

static void judge_clock(struct wr_serve *s);

static uint32_t trust_of(const struct wr_serve *s)
{
    return s->conf->time.trust;
}

/* --- the floor -------------------------------------------------------------------------------- */

static void raise_floor(struct wr_timekeeper *k, int64_t floor_s, const char *from)
{
    struct wr_now now;
    if (floor_s > k->floor_s) {
        k->floor_s = floor_s;
        k->floor_from = from;
        wr_clock_now(false, &now);
        wr_ladder_raise_floor(&k->ladder, floor_s, &now);
    }
}

/* In the beat's thread. */
static void write_state(void *user)
{
    struct wr_timekeeper *k = user;
    int64_t save_s = atomic_exchange(&k->save_s, 0);
    int err = save_s > 0 ? wr_timefile_write(k->path, save_s) : WR_OK;
    if (err != WR_OK && !k->said) {
        k->said = true;
        wr_say(WR_LOG_WARN, "the proven time cannot be written to %s: %s", k->path,
               wr_err_name(err));
    }
}

/* A proven time, when what the root has signed is good at that very moment: judged now, for what was found good by another time says
 * nothing. */
static void keep_proven(struct wr_timekeeper *k, const struct wr_now *now)
{
    bool due = k->saved_us == 0 || now->mono_us - k->saved_us >= SAVE_US;
    if (k->state == WR_TRUSTTIME_PROVEN && due && k->keys.size > 0 &&
        wr_live_anchors_root_reaches(k->serve, &k->keys, k->floor_s, now->wall_s)) {
        k->saved_us = now->mono_us;
        raise_floor(k, now->wall_s, "the last proven time");
        atomic_store(&k->save_s, now->wall_s);
    }
}

static bool from_cache(struct wr_serve *s, const uint8_t *name, uint16_t type, uint32_t now_s,
                       struct wr_cache_entry *ret_entry)
{
    static const uint16_t scopes[] = {WR_SCOPE_CD, 0};
    for (unsigned i = 0; i < 2; i++) {
        struct wr_cache_key key;
        wr_cache_key_init(s->shared.cache, name, type, scopes[i], &key);
        if (wr_cache_get(s->shared.cache, &key, now_s, true, s->time->room.scratch, ret_entry) ==
                WR_OK &&
            ret_entry->kind == WR_CACHE_RRSET && ret_entry->ttl_left > 0) {
            return true;
        }
    }
    return false;
}

/* All that was judged by a time that was wrong. */
static void forget(struct wr_serve *s)
{
    s->time->judged_us = 0;
    wr_cache_flush(s->shared.cache, ROOT);
    wr_keep_flushed(s->shared.keep, ROOT);
    wr_say(WR_LOG_WARN, "what was judged by the time that was believed before is forgotten");
}

/* Against the floor alone: by a clock that is too old all would be too early, and say nothing. */
static bool learn(struct wr_timekeeper *k, const struct wr_rrset *set)
{
    struct wr_trusttime time = wr_trusttime_of(WR_TRUSTTIME_UNPROVEN, 0, k->floor_s);
    int64_t at_s, before_s = k->floor_s;
    if (wr_newest_inception(set, &k->keys, &time, k->scratch, &at_s)) {
        raise_floor(k, at_s, "the root's signatures");
    }
    return k->floor_s > before_s;
}

void wr_timekeeper_root(struct wr_serve *s, const struct wr_rrset *keys)
{
    struct wr_timekeeper *k = s->time;
    if (keys->size > KEYS_SIZE) {
        return;
    }
    memcpy(k->key_data, keys->data, keys->size);
    k->keys = *keys;
    k->keys.owner = ROOT;
    k->keys.data = k->key_data;
    bool believed = k->state != WR_TRUSTTIME_UNPROVEN;
    if (learn(k, &k->keys)) {
        judge_clock(s);
        if (believed && k->state == WR_TRUSTTIME_UNPROVEN) {
            forget(s);
        }
    }
}

/* Younger than the signatures of the keys by weeks; asked for while it matters. */
static void look_at_soa(struct wr_serve *s, const struct wr_now *now)
{
    struct wr_timekeeper *k = s->time;
    struct wr_cache_entry e;
    if (k->keys.size == 0 || k->state != WR_TRUSTTIME_UNPROVEN) {
        return;
    }
    if (from_cache(s, ROOT, WR_TYPE_SOA, (uint32_t)(now->mono_us / WR_S), &e)) {
        if (e.stored_s != k->soa_stored_s) {
            k->soa_stored_s = e.stored_s;
            (void)learn(k, &e.rrset);
        }
    } else if ((k->soa_asked_us == 0 || now->mono_us - k->soa_asked_us >= SOA_US) &&
               wr_reload_ask(s, ROOT, WR_TYPE_SOA, true)) {
        k->soa_asked_us = now->mono_us;
    }
}

/* --- what is believed ------------------------------------------------------------------------- */

static void say_belief(const struct wr_timekeeper *k, const struct wr_now *now)
{
    struct wr_now kernel;
    if (k->state == WR_TRUSTTIME_SYSTEM) {
        return;
    }
    if (k->state == WR_TRUSTTIME_UNPROVEN) {
        wr_say(WR_LOG_WARN,
               "the system's clock is not used%s%s: what time it is has not been proven",
               trust_of(k->serve) == WR_CONF_TRUST_AUTO ? ", it is behind " : "",
               trust_of(k->serve) == WR_CONF_TRUST_AUTO ? k->floor_from : "");
        return;
    }
    wr_clock_now(false, &kernel);
    wr_say(WR_LOG_INFO, "the time is %s, by %s; the system's clock is %lld s behind it",
           wr_trusttime_name(k->state), k->source, (long long)(now->wall_s - kernel.wall_s));
}

/* What is believed now, the kernel's clock too, against what was believed when the cache was filled. Small steps add up, for
 * they are held against the first. */
static void notice_step(struct wr_serve *s)
{
    struct wr_timekeeper *k = s->time;
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    if (k->state == WR_TRUSTTIME_UNPROVEN) {
        return; /* what was judged before stays, until there is something to judge it by */
    }
    int64_t base_us = now.wall_s * (int64_t)WR_S - (int64_t)now.mono_us;
    int64_t apart_us = base_us - k->judged_us;
    if (k->judged_us != 0 && (apart_us > FORGET_US || apart_us < -FORGET_US)) {
        forget(s);
    }
    k->judged_us = k->judged_us == 0 ? base_us : k->judged_us;
}

static void believe(struct wr_serve *s, enum wr_trusttime_state state, bool proven, int64_t base_us,
                    const char *source)
{
    struct wr_timekeeper *k = s->time;
    bool same = state == k->state && strcmp(source, k->source) == 0;
    if (same && base_us == k->base_us && proven == wr_clock_is_proven(&s->clock)) {
        notice_step(s);
        return;
    }
    struct wr_now now;
    k->state = state;
    k->base_us = base_us;
    snprintf(k->source, sizeof(k->source), "%s", source);
    wr_clock_believe(&s->clock, proven, base_us);
    wr_clock_read(&s->clock, &now);
    if (!same) {
        say_belief(k, &now);
    }
    notice_step(s);
    keep_proven(k, &now);
}

static void believe_ladder(struct wr_serve *s)
{
    struct wr_timekeeper *k = s->time;
    const struct wr_ladder *l = &k->ladder;
    char text[sizeof(k->source)], name[WR_NAME_TEXT_SIZE];
    if (l->state == WR_TRUSTTIME_UNPROVEN) {
        believe(s, WR_TRUSTTIME_UNPROVEN, false, 0, "nobody");
    } else if (l->witnesses > 1 || (l->state == WR_TRUSTTIME_PROVEN && !l->rough)) {
        snprintf(text, sizeof(text), "agreement of %u %s servers", l->witnesses,
                 l->rough ? "Roughtime" : "time");
        believe(s, l->state, true, l->base_us, text);
    } else {
        wr_timeproof_server(&l->rung[l->first].server, name, sizeof(name));
        snprintf(text, sizeof(text), l->rough ? "Roughtime server %s" : "time server %s alone",
                 name);
        believe(s, l->state, true, l->base_us, text);
    }
}

/* Once for each change: who says what cannot be, or what nobody else does. */
static void tell_round(struct wr_timekeeper *k, const struct wr_now *now)
{
    const struct wr_ladder *l = &k->ladder;
    char name[WR_NAME_TEXT_SIZE];
    if (k->judged == l->judged) {
        return;
    }
    k->judged = l->judged;
    if (k->proofs != l->proofs) {
        k->proofs = l->proofs;
        wr_timeproof_say(l);
    }
    for (unsigned i = 0; i < l->servers; i++) {
        const struct wr_ladder_rung *r = &l->rung[i];
        bool lies = r->state == WR_RUNG_ALONE || r->state == WR_RUNG_BELOW;
        if (lies && k->told[i] != r->state) {
            int64_t wall_s = (r->base_us + (int64_t)now->mono_us) / (int64_t)WR_S;
            wr_timeproof_server(&r->server, name, sizeof(name));
            wr_say(WR_LOG_WARN, "time server %s %s and is not believed: it says %lld", name,
                   r->state == WR_RUNG_BELOW ? "is below the floor"
                                             : wr_ladder_rung_name((enum wr_rung)r->state),
                   (long long)wall_s);
        }
        k->told[i] = r->state;
    }
}

/* --- the ladder's errands --------------------------------------------------------------------- */

static void carry_out(struct wr_timekeeper *k, const struct wr_ladder_action *a,
                      const struct wr_now *now)
{
    struct wr_ladder_event lost = {.kind = WR_LADDER_LOST, .id = a->id};
    switch (a->kind) {
    case WR_LADDER_FIND: wr_timefind_begin(&k->find[a->server], now); break;
    case WR_LADDER_SEND:
        if (wr_oneshot_send(k->shots, a->server, a->id, &a->to, a->bytes, a->size)) {
            wr_ladder_feed(&k->ladder, &lost, now);
        }
        break;
    case WR_LADDER_CLOSE: wr_oneshot_close(k->shots, a->server); break;
    case WR_LADDER_NOTHING: break;
    }
}

static void on_timer(uv_timer_t *timer);

static void turn(struct wr_serve *s, const struct wr_ladder_event *event)
{
    struct wr_timekeeper *k = s->time;
    struct wr_ladder_action action;
    struct wr_now now;
    bool finding = false;
    wr_clock_read(&s->clock, &now);
    wr_ladder_feed(&k->ladder, event, &now);
    while (wr_ladder_poll(&k->ladder, &now, &action)) {
        carry_out(k, &action, &now);
        wr_clock_read(&s->clock, &now);
    }
    tell_round(k, &now);
    believe_ladder(s);
    for (unsigned i = 0; i < k->ladder.servers; i++) {
        finding = finding || k->find[i].open;
    }
    uint64_t at_us = wr_ladder_deadline(&k->ladder), left_us = 0;
    left_us = at_us > now.mono_us ? at_us - now.mono_us : 0;
    uv_update_time(&s->loop);
    if (finding || at_us != WR_TIME_NEVER) {
        uv_timer_start(&k->timer, on_timer,
                       finding && left_us > LOOK_MS * WR_MS ? LOOK_MS : left_us / WR_MS + 1, 0);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct wr_timekeeper *k = timer->data;
    struct wr_serve *s = k->serve;
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    for (unsigned i = 0; i < k->ladder.servers; i++) {
        struct wr_addr addr[WR_TIME_ADDRS_MAX];
        struct wr_timefind *f = &k->find[i];
        if (!wr_timefind_look(f, s, &k->ladder.rung[i].server.name, &k->room, &now)) {
            continue;
        }
        wr_timefind_mix(f, addr);
        turn(s, &(struct wr_ladder_event){
                    .kind = WR_LADDER_FOUND, .server = i, .addr = addr, .addrs = f->addrs});
    }
    turn(s, &(struct wr_ladder_event){.kind = WR_LADDER_TIME});
}

static void on_datagram(void *user, unsigned number, uint32_t id, const uint8_t *bytes, size_t size)
{
    struct wr_timekeeper *k = user;
    enum wr_ladder_event_kind kind = bytes != NULL ? WR_LADDER_REPLY : WR_LADDER_LOST;
    turn(k->serve, &(struct wr_ladder_event){.kind = kind, .id = id, .bytes = bytes, .size = size});
}

/* --- climbing or not -------------------------------------------------------------------------- */

static void stop_climbing(struct wr_timekeeper *k)
{
    k->climbing = false;
    uv_timer_stop(&k->timer);
    for (unsigned i = 0; i < WR_TIME_RUNGS_MAX; i++) {
        k->find[i].open = false;
        wr_oneshot_close(k->shots, i);
    }
}

static unsigned configured(const struct wr_serve *s, struct wr_time_server *ret_server)
{
    unsigned n = 0;
    for (size_t i = 0; i < s->conf->time.servers.count && n < WR_TIME_SERVERS_MAX; i++) {
        n += wr_ladder_server(s->conf->time.servers.items[i], &ret_server[n]) == WR_OK;
    }
    for (size_t i = 0; i < s->conf->time.roughtime.count && n < WR_TIME_RUNGS_MAX; i++) {
        n += wr_ladder_rough_server(s->conf->time.roughtime.items[i], &ret_server[n]) == WR_OK;
    }
    return n;
}

/* With the servers of the configuration in force; what was proven stays until others say otherwise. */
static void start_climbing(struct wr_serve *s)
{
    struct wr_timekeeper *k = s->time;
    struct wr_ladder *l = &k->ladder;
    struct wr_time_server server[WR_TIME_RUNGS_MAX];
    unsigned n = configured(s, server), witnesses = l->witnesses;
    bool proven = l->state == WR_TRUSTTIME_PROVEN, rough = l->rough;
    int64_t base_us = l->base_us;
    struct wr_now now;
    stop_climbing(k);
    wr_clock_read(&s->clock, &now);
    wr_ladder_start(l, server, n, s->conf->time.agree, k->floor_s, &k->rng, &now);
    if (proven) {
        l->state = WR_TRUSTTIME_PROVEN;
        l->base_us = base_us;
        l->witnesses = witnesses;
        l->rough = rough;
    }
    memset(k->told, 0, sizeof(k->told));
    k->judged = k->proofs = 0;
    k->serial = s->gate->settings.serial;
    k->climbing = true;
    turn(s, &(struct wr_ladder_event){.kind = WR_LADDER_TIME});
}

/* Did a reload bring others? */
static bool other_servers(struct wr_serve *s)
{
    struct wr_timekeeper *k = s->time;
    struct wr_time_server server[WR_TIME_RUNGS_MAX];
    unsigned n;
    if (k->serial == s->gate->settings.serial) {
        return false;
    }
    k->serial = s->gate->settings.serial;
    n = configured(s, server);
    bool same = n == k->ladder.servers && s->conf->time.agree == k->ladder.agree;
    for (unsigned i = 0; same && i < n; i++) {
        same = wr_ladder_same_server(&k->ladder.rung[i].server, &server[i]);
    }
    return !same;
}

/* Whether the kernel's clock is taken; then that is what is believed. */
static bool take_kernel(struct wr_serve *s)
{
    struct wr_now kernel;
    wr_clock_now(false, &kernel);
    bool late = wr_trust_wall(kernel.wall_s, s->time->floor_s);
    if (trust_of(s) == WR_CONF_TRUST_SYSTEM) {
        believe(s, WR_TRUSTTIME_SYSTEM, late, 0, KERNEL);
        return true;
    }
    if (trust_of(s) == WR_CONF_TRUST_AUTO && late) {
        believe(s, WR_TRUSTTIME_PLAUSIBLE, true, 0, KERNEL);
        return true;
    }
    return false;
}

void wr_timekeeper_begin(struct wr_serve *s)
{
    if (!take_kernel(s)) {
        believe(s, WR_TRUSTTIME_UNPROVEN, false, 0, "nobody");
    }
}

/* The kernel's clock, or the ladder. */
static void judge_clock(struct wr_serve *s)
{
    struct wr_timekeeper *k = s->time;
    if (take_kernel(s)) {
        if (k->climbing) {
            stop_climbing(k);
        }
    } else if (!k->climbing || other_servers(s)) {
        start_climbing(s);
    } else {
        believe_ladder(s); /* the floor may have risen above it */
    }
}

void wr_timekeeper_tick(struct wr_serve *s)
{
    struct wr_timekeeper *k = s->time;
    struct wr_now now;
    judge_clock(s);
    wr_clock_read(&s->clock, &now);
    look_at_soa(s, &now);
    keep_proven(k, &now);
    if (k->state == WR_TRUSTTIME_UNPROVEN && s->gate->settings.prove.floor_s < k->floor_s) {
        wr_reload_refresh(s);
    }
}

void wr_timekeeper_link(struct wr_serve *s)
{
    if (s->time->climbing) {
        turn(s, &(struct wr_ladder_event){.kind = WR_LADDER_LINK});
    }
}

/* --- its life --------------------------------------------------------------------------------- */

int wr_timekeeper_open(struct wr_serve *s, struct wr_timekeeper **ret_keeper)
{
    struct wr_timekeeper *k = calloc(1, sizeof(*k));
    const struct wr_conf *conf = s->conf;
    const char *folder = getenv("STATE_DIRECTORY");
    uint8_t seed[32];
    if (k == NULL) {
        return WR_E_NOMEM;
    }
    if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        free(k);
        return WR_E_IO;
    }
    wr_rng_seed(&k->rng, seed);
    k->serve = s;
    k->floor_s = WR_TRUST_RELEASE_S;
    k->floor_from = "the release";
    k->ladder.state = WR_TRUSTTIME_UNPROVEN;
    k->state = WR_TRUSTTIME_PLAUSIBLE; /* so that only another belief is worth a line */
    snprintf(k->source, sizeof(k->source), "%s", KERNEL);
    if (conf->time.state[0] != 0) {
        snprintf(k->path, sizeof(k->path), "%s", conf->time.state);
    } else if (folder != NULL && folder[0] == '/' && strchr(folder, ':') == NULL) {
        snprintf(k->path, sizeof(k->path), "%s/time", folder);
    }
    *ret_keeper = k;
    return WR_OK;
}

void wr_timekeeper_recall(struct wr_timekeeper *k)
{
    int64_t at_s = 0;
    int err = k->path[0] != 0 ? wr_timefile_read(k->path, &at_s) : WR_E_NOTFOUND;
    if (err == WR_OK) {
        raise_floor(k, at_s, "the last proven time");
    } else if (err != WR_E_NOTFOUND) {
        wr_say(WR_LOG_WARN, "%s cannot be used (%s): the last proven time is not known", k->path,
               wr_err_name(err));
    }
}

const char *wr_timekeeper_path(const struct wr_timekeeper *k)
{
    return k->path;
}

int64_t wr_timekeeper_floor(const struct wr_timekeeper *k)
{
    return k->floor_s;
}

int wr_timekeeper_run(struct wr_serve *s)
{
    struct wr_timekeeper *k = s->time;
    uv_timer_init(&s->loop, &k->timer);
    k->timer.data = k;
    k->started = true;
    int err = wr_oneshot_create(&s->loop, WR_TIME_RUNGS_MAX, on_datagram, k, &k->shots);
    if (err != WR_OK || k->path[0] == 0) {
        return err;
    }
    k->beat = (struct wr_beat){
        .name = "weir-time", .period_ms = WRITE_MS, .work = write_state, .user = k};
    return wr_beat_start(&k->beat);
}

void wr_timekeeper_close(struct wr_timekeeper *k)
{
    if (k == NULL || !k->started) {
        return;
    }
    wr_beat_stop(&k->beat);
    if (k->path[0] != 0) {
        write_state(k);
    }
    wr_oneshot_destroy(k->shots);
    uv_close((uv_handle_t *)&k->timer, NULL);
}

void wr_timekeeper_free(struct wr_timekeeper *k)
{
    free(k);
}

/* --- the report ------------------------------------------------------------------------------- */

static void put_server(const struct wr_timekeeper *k, const struct wr_ladder_rung *r,
                       struct wr_json *j)
{
    bool heard = r->state >= WR_RUNG_AGREES && r->state <= WR_RUNG_SAME;
    char name[WR_NAME_TEXT_SIZE];
    wr_json_object(j, NULL);
    wr_timeproof_server(&r->server, name, sizeof(name));
    wr_json_text(j, "server", name);
    wr_json_text(j, "protocol", r->server.rough ? "roughtime" : "ntp");
    if (r->asked.family != WR_AF_NONE) {
        put_addr(j, "asked", &r->asked);
    } else {
        wr_json_null(j, "asked");
    }
    wr_json_text(j, "state", wr_ladder_rung_name((enum wr_rung)r->state));
    if (heard && k->base_us != 0) {
        wr_json_i64(j, "ahead_ms", (r->base_us - k->base_us) / 1000);
    } else {
        wr_json_null(j, "ahead_ms");
    }
    wr_json_end(j);
}

void wr_timekeeper_report(const struct wr_serve *s, struct wr_json *j, const char *key)
{
    static const char *const modes[] = {"auto", "ladder", "system"};
    const struct wr_timekeeper *k = s->time;
    struct wr_now now, kernel;
    wr_clock_read(&s->clock, &now);
    wr_clock_now(false, &kernel);
    wr_json_object(j, key);
    wr_json_text(j, "trust", modes[trust_of(s) % 3]);
    wr_json_text(j, "state", wr_trusttime_name(k->state));
    wr_json_text(j, "source", k->source);
    wr_json_i64(j, "system_behind_s", k->base_us != 0 ? now.wall_s - kernel.wall_s : 0);
    wr_json_i64(j, "floor", k->floor_s);
    wr_json_text(j, "floor_from", k->floor_from);
    wr_json_array(j, "servers");
    for (unsigned i = 0; k->climbing && i < k->ladder.servers; i++) {
        put_server(k, &k->ladder.rung[i], j);
    }
    wr_json_end(j);
    wr_timeproof_report(&k->ladder, j, "malfeasance");
    wr_json_end(j);
}
