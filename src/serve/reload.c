/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/mistakes.h"
#include "dns/build.h"
#include "net/clock.h"
#include "serve/anchors.h"
#include "serve/control.h"
#include "serve/devices.h"
#include "serve/finder.h"
#include "serve/firewall.h"
#include "serve/journal.h"
#include "serve/notify.h"
#include "serve/say.h"
#include "serve/serve.h"
#include "serve/timekeeper.h"
#include "serve/translator.h"

static void add_line(char *text, size_t cap, const char *line)
{
    size_t n = strlen(text);
    if (n + 2 < cap) {
        snprintf(text + n, cap - n, "%s%s", n > 0 ? "\n" : "", line);
    }
}

static void say_lines(enum wr_log_level level, char *text)
{
    for (char *line = text; line != NULL && *line != 0;) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = 0;
        }
        wr_say(level, "%s", line);
        if (end != NULL) {
            *end = '\n';
        }
        line = end == NULL ? NULL : end + 1;
    }
}

static void mistakes_to_text(const struct wr_mistakes *mistakes, const char *path, char *text,
                             size_t cap)
{
    FILE *out = fmemopen(text, cap, "w");
    if (out != NULL) {
        wr_mistakes_print(mistakes, path, out);
        fclose(out);
        text[cap - 1] = 0;
        size_t n = strlen(text);
        if (n > 0 && text[n - 1] == '\n') {
            text[n - 1] = 0;
        }
    }
}

int wr_reload_read_conf(const char *path, char *text, size_t cap, struct wr_conf **ret_conf)
{
    struct wr_mistakes *mistakes = malloc(sizeof(*mistakes));
    if (mistakes == NULL) {
        return WR_E_NOMEM;
    }
    wr_mistakes_init(mistakes);
    int err = path == NULL ? wr_conf_read("", 0, mistakes, ret_conf)
                           : wr_conf_load(path, mistakes, ret_conf);
    text[0] = 0;
    if (mistakes->count > 0) {
        mistakes_to_text(mistakes, path == NULL ? "defaults" : path, text, cap);
        say_lines(err == WR_OK ? WR_LOG_WARN : WR_LOG_ERROR, text);
    }
    free(mistakes);
    return err;
}

void wr_reload_say_notes(const struct wr_gate_notes *notes, char *text, size_t cap)
{
    for (uint32_t i = 0; i < notes->count; i++) {
        wr_say(notes->note[i].level, "%s", notes->note[i].text);
        if (text != NULL) {
            add_line(text, cap, notes->note[i].text);
        }
    }
}

/* --- local names --- */

enum { TOLD_MAX = 16 };

/* What is wrong with local files: some lines, and how many more. */
struct telling {
    uint32_t count;
    uint64_t hash;
    char line[TOLD_MAX][512];
};

static void take_note(void *user, enum wr_names_said said, const char *file, uint32_t line,
                      const char *text)
{
    static const struct wr_hash_key key; /* of our own text; nobody gains by a collision */
    struct telling *t = user;
    (void)said;
    t->hash = wr_hash_mix(t->hash ^ wr_hash_sip13(&key, text, strlen(text)));
    if (t->count++ >= TOLD_MAX) {
        return;
    }
    struct wr_str s;
    wr_str_init(&s, t->line[t->count - 1], sizeof(t->line[0]));
    wr_names_put_said(&s, file, line, text);
}

/* To the log, and into `text` when it is not NULL. What was said the last time is not said again, unless somebody asked. */
static void say_told(struct wr_serve *s, const struct telling *t, char *text, size_t cap)
{
    if (t->hash == s->reload.told && text == NULL) {
        return;
    }
    s->reload.told = t->hash;
    for (uint32_t i = 0; i < t->count && i < TOLD_MAX; i++) {
        wr_say(WR_LOG_WARN, "%s", t->line[i]);
        if (text != NULL) {
            add_line(text, cap, t->line[i]);
        }
    }
    if (t->count > TOLD_MAX) {
        wr_say(WR_LOG_WARN, "local names: %u more like these", (unsigned)(t->count - TOLD_MAX));
    }
}

static void now_of(struct wr_serve *s, struct wr_now *ret_now)
{
    wr_clock_read(&s->clock, ret_now);
}

int wr_reload_first_locals(struct wr_serve *s)
{
    struct telling t = {.count = 0};
    const struct wr_names_hooks hooks = {
        .tell = take_note, .user = &t, .lease = wr_devices_lease, .lease_user = s};
    struct wr_copies_plan *plan;
    struct wr_now now;
    int err = wr_copies_plan(s->conf, &hooks, &plan);
    if (err == WR_OK) {
        wr_copies_trust(s->copies, &s->gate->settings.prove, s->authorities.creds);
        wr_copies_give(s->copies, plan);
        now_of(s, &now);
        err = wr_locals_load(&s->locals, s->conf, NULL, s->copies, &now, &hooks);
    }
    say_told(s, &t, NULL, 0);
    return err;
}

static int load_locals(struct wr_serve *s, const struct wr_conf *conf)
{
    struct wr_reload *r = &s->reload;
    struct telling t = {.count = 0};
    const struct wr_names_hooks hooks = {
        .tell = take_note, .user = &t, .lease = wr_devices_lease, .lease_user = s};
    struct wr_now now;
    now_of(s, &now);
    int err = wr_copies_plan(conf, &hooks, &r->plan);
    if (err == WR_OK) {
        err = wr_locals_load(&r->locals, conf, &s->locals, s->copies, &now, &hooks);
    }
    say_told(s, &t, r->report.text, sizeof(r->report.text));
    r->has_locals = err == WR_OK;
    if (err != WR_OK) {
        add_line(r->report.text, sizeof(r->report.text),
                 err == WR_E_LIMIT ? "local: more names or records than are taken"
                                   : "local: not enough memory");
    }
    return err;
}

/* Building is given a tenth of the time: beside a zone of a million names it takes seconds, and leases are renewed all day. */
static void rest(struct wr_serve *s, uint64_t began_us)
{
    struct wr_now now;
    now_of(s, &now);
    s->locals_us = now.mono_us + 10 * (now.mono_us - began_us);
}

void wr_reload_locals(struct wr_serve *s)
{
    struct wr_reload *r = &s->reload;
    struct telling t = {.count = 0};
    const struct wr_names_hooks hooks = {
        .tell = take_note, .user = &t, .lease = wr_devices_lease, .lease_user = s};
    struct wr_now now;
    if (r->under_way) {
        r->locals_again = true;
        return;
    }
    bool copied = s->copies_news;
    s->copies_news = false;
    now_of(s, &now);
    int err = wr_locals_refresh(&s->locals, s->conf, &now, &hooks, &r->set, &r->held);
    rest(s, now.mono_us);
    say_told(s, &t, NULL, 0);
    if (err != WR_OK) {
        wr_say(WR_LOG_ERROR, "local names: %s; the ones before stay", wr_err_name(err));
        return;
    }
    /* What a zone delegates is a route (serve/gate), and a copy may have other delegations than the one before. */
    r->refresh_again |= copied && (wr_local_cuts(r->set.local, NULL, NULL) > 0 ||
                                   wr_local_cuts(s->locals.set.local, NULL, NULL) > 0);
    r->under_way = r->is_refresh = r->has_set = true;
    r->change.opens = r->change.closes = 0;
    r->order = (struct wr_crew_order){
        .has_local = true, .local = r->set.local, .held = wr_heldset_zones(r->held)};
    wr_crew_give(s->crew, &r->order);
}

int wr_reload_policyzones(struct wr_serve *s, const struct wr_conf *conf, char *text, size_t cap)
{
    struct telling t = {.count = 0};
    const struct wr_names_hooks hooks = {.tell = take_note, .user = &t};
    int err = wr_policyzones_read(s->policyzones, conf, s->copies, &hooks);
    for (uint32_t i = 0; i < t.count && i < TOLD_MAX; i++) {
        wr_say(WR_LOG_WARN, "%s", t.line[i]);
        if (text != NULL) {
            add_line(text, cap, t.line[i]);
        }
    }
    if (t.count > TOLD_MAX) {
        wr_say(WR_LOG_WARN, "policy zones: %u more like these", (unsigned)(t.count - TOLD_MAX));
    }
    return err;
}

static void take_over_locals(struct wr_serve *s)
{
    struct wr_reload *r = &s->reload;
    if (r->has_locals) {
        wr_locals_free(&s->locals);
        s->locals = r->locals;
        memset(&r->locals, 0, sizeof(r->locals));
        wr_serve_watch(s);
    } else if (r->has_set) {
        wr_localset_free(&s->locals.set);
        s->locals.set = r->set;
        wr_heldset_free(s->locals.held);
        s->locals.held = r->held;
        r->held = NULL;
        memset(&r->set, 0, sizeof(r->set));
    }
    r->has_locals = r->has_set = false;
}

uint64_t wr_reload_resolv_mark(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return 0;
    }
    return (uint64_t)st.st_ino * 31 + (uint64_t)st.st_mtim.tv_sec * 1000003 +
           (uint64_t)st.st_mtim.tv_nsec * 7 + (uint64_t)st.st_size;
}

bool wr_reload_resolv_changed(struct wr_serve *s)
{
    return s->conf->upstream.asks_system &&
           wr_reload_resolv_mark(s->conf->upstream.resolv_conf) != s->reload.resolv_mark;
}

struct restart_list {
    char *text;
    size_t cap;
};

static void add_restart_key(void *user, const char *key)
{
    struct restart_list *list = user;
    char line[200];
    snprintf(line, sizeof(line), "%s takes effect at a restart; it keeps its value until then",
             key);
    wr_say(WR_LOG_WARN, "%s", line);
    add_line(list->text, list->cap, line);
}

/* What failed before anything was touched. */
static void fail(struct wr_serve *s)
{
    struct wr_reload *r = &s->reload;
    r->report.ok = false;
    r->report.serial = s->gate->settings.serial;
    wr_say(WR_LOG_ERROR, "reload: the new configuration is not used; the running one stays");
    wr_conf_free(r->conf);
    wr_gate_free(r->gate);
    wr_world_free(&r->world);
    wr_locals_free(&r->locals);
    wr_copies_plan_free(r->plan);
    wr_policyzones_keep(s->policyzones, s->conf); /* nobody reads what only the other one names */
    r->terms = NULL;
    r->plan = NULL;
    r->has_locals = false;
    r->conf = NULL;
    r->gate = NULL;
    r->under_way = false;
    wr_notify_ready();
    if (s->control != NULL) {
        wr_control_reloaded(s->control);
    }
}

/* For want of memory the servers cannot be asked; for want of the file, not be proven by it. */
void wr_reload_authorities(struct wr_serve *s, const struct wr_conf *conf,
                           struct wr_gate_world *world)
{
    struct wr_verdict_text why;
    if (wr_authorities_find(&s->authorities, conf, &why, &world->authorities) != WR_OK) {
        wr_say(WR_LOG_ERROR, "no memory for the authorities of upstream.ca_file");
    } else if (why.text[0] != 0) {
        wr_say(WR_LOG_WARN,
               "upstream.ca_file: %s: %s; servers that are to prove their name by pkix cannot",
               conf->upstream.ca_file, why.text);
    }
}

/* Makes the next gate from `conf` and the machine as it is. */
static int prepare(struct wr_serve *s, const struct wr_conf *conf)
{
    struct wr_reload *r = &s->reload;
    struct wr_gate_notes notes = {.count = 0};
    r->resolv_mark = wr_reload_resolv_mark(conf->upstream.resolv_conf);
    int err = wr_reload_policyzones(s, conf, r->report.text, sizeof(r->report.text));
    if (err == WR_OK) {
        err = wr_world_read(conf->upstream.resolv_conf, s->link != NULL, &r->world);
    }
    if (err == WR_OK) {
        r->world.view.names = r->has_locals ? r->locals.set.local : s->locals.set.local;
        r->world.view.trust = wr_live_anchors_set(s->anchors);
        r->world.view.floor_s = wr_timekeeper_floor(s->time);
        r->world.view.advertised = wr_translator_prefix(s->translator);
        r->world.view.news = s->news;
        r->world.view.labels = s->labels;
        r->world.view.policyzones = s->policyzones;
        r->world.view.muds = s->muds;
        r->world.view.firewall = wr_firewall_lack(s);
        r->world.view.bootstrap = s->bootstrap;
        r->world.view.way = r->way;
        r->world.view.ways = wr_finder_ways(s->finder, r->way);
        r->world.view.dane = s->dane;
        wr_reload_authorities(s, conf, &r->world.view);
        err = wr_gate_make(conf, &r->world.view, &s->slots, s->gate->settings.serial + 1, &notes,
                           &r->gate);
        if (err == WR_OK || !r->is_refresh || !r->behind) { /* else it is the same again */
            wr_reload_say_notes(&notes, r->report.text, sizeof(r->report.text));
        }
    }
    return err;
}

static void rest_listeners(struct wr_serve *s)
{
    struct wr_now now;
    now_of(s, &now);
    s->reload.retry_us = now.mono_us + WR_LISTENERS_RETRY_MS * WR_MS;
}

/* What is missing of the listeners, for who asked for the reload. */
static void tell_missing(struct wr_serve *s)
{
    struct wr_reload *r = &s->reload;
    char line[512];
    if (r->change.failed == 0) {
        return;
    }
    for (uint32_t i = 0; i < s->listeners.missings; i++) {
        wr_listeners_tell(&s->listeners.missing[i], line, sizeof(line));
        add_line(r->report.text, sizeof(r->report.text), line);
    }
    if (r->change.no_room > 0) {
        snprintf(line, sizeof(line), "no room for %u more listeners until others are closed",
                 (unsigned)r->change.no_room);
        add_line(r->report.text, sizeof(r->report.text), line);
    }
    snprintf(line, sizeof(line),
             "the rest of the configuration is in force; this is tried again every %d s%s",
             WR_LISTENERS_RETRY_MS / 1000,
             r->change.held > 0 ? ", and what was listened on before stays open until then" : "");
    add_line(r->report.text, sizeof(r->report.text), line);
}

static void give(struct wr_serve *s, const struct wr_conf *conf)
{
    struct wr_reload *r = &s->reload;
    if (r->behind) {
        r->behind = false;
        wr_say(WR_LOG_INFO, "what links, files and the firewall say is in force again");
    }
    wr_listeners_plan(&s->listeners, r->gate, &r->change);
    wr_listeners_open(&s->listeners, &s->helper, s->workers, false, &r->change);
    wr_listeners_hold(&s->listeners, &r->world.view, &r->change);
    rest_listeners(s);
    if (!r->is_refresh) {
        r->report.unheard = r->change.failed > 0;
        tell_missing(s);
    }
    char text[320];
    wr_places_limits(conf, &s->places, &r->limits, text, sizeof(text));
    if (text[0] != 0 && !r->is_refresh) {
        wr_say(WR_LOG_WARN, "%s", text);
        add_line(r->report.text, sizeof(r->report.text), text);
    }
    wr_gate_fit_state(r->gate, s->shared.upstream_state);
    wr_journal_upstreams(s);
    if (wr_encryption_designate(s, &r->change, r->gate) != WR_OK) {
        wr_say(WR_LOG_ERROR, "no memory to tell clients of the encrypted listeners");
    }
    r->order = (struct wr_crew_order){
        .settings = &r->gate->settings,
        .limits = &r->limits,
        .terms = r->terms,
        .has_local = r->has_locals,
        .local = r->locals.set.local,
        .held = wr_heldset_zones(r->locals.held),
        .open = r->change.open,
        .opens = r->change.opens,
        .close = r->change.close,
        .closes = r->change.closes,
    };
    wr_crew_give(s->crew, &r->order); /* idle: it cannot be busy */
}

/* The certificates, as they lie there now: with bad ones nothing of the reload is carried out, or clients would be told of a path and of names
 * that are not served. */
static int next_terms(struct wr_serve *s, const struct wr_conf *conf)
{
    struct wr_reload *r = &s->reload;
    const char *why;
    r->terms = wr_encryption_next(s, conf, &why);
    if (why != NULL) {
        add_line(r->report.text, sizeof(r->report.text), why);
    }
    return r->terms != NULL ? WR_OK : WR_E_USAGE;
}

void wr_reload_begin(struct wr_serve *s)
{
    struct wr_reload *r = &s->reload;
    struct wr_now now;
    if (r->under_way) {
        r->again = true;
        return;
    }
    wr_clock_now(false, &now);
    wr_notify_reloading(wr_clock_awake_us());
    r->under_way = true;
    r->is_refresh = false;
    r->report.count++;
    r->report.wall_s = now.wall_s;
    r->report.text[0] = 0;
    r->report.unheard = false;
    if (s->config == NULL && access(WR_CONF_PATH, F_OK) == 0) {
        s->config = WR_CONF_PATH; /* written since the start */
    }
    int err = wr_reload_read_conf(s->config, r->report.text, sizeof(r->report.text), &r->conf);
    if (err == WR_OK) {
        struct restart_list list = {r->report.text, sizeof(r->report.text)};
        wr_conf_restart_keys(s->first_conf, r->conf, add_restart_key, &list);
        err = load_locals(s, r->conf);
    }
    if (err == WR_OK) {
        err = prepare(s, r->conf);
    }
    if (err == WR_OK) {
        err = next_terms(s, r->conf); /* the last thing that can fail */
    }
    if (err != WR_OK) {
        fail(s);
        return;
    }
    give(s, r->conf);
}

void wr_reload_refresh(struct wr_serve *s)
{
    struct wr_reload *r = &s->reload;
    if (r->under_way) {
        r->refresh_again = true;
        return;
    }
    r->under_way = true;
    r->is_refresh = true;
    char kept[WR_RELOAD_TEXT_SIZE]; /* a refresh is nobody's reload: the report stays */
    memcpy(kept, r->report.text, sizeof(kept));
    r->report.text[0] = 0;
    int err = prepare(s, s->conf);
    memcpy(r->report.text, kept, sizeof(kept));
    if (err != WR_OK) {
        if (!r->behind) {
            wr_say(
                WR_LOG_ERROR,
                "what links, files and the firewall say now is not in force (%s): the settings of "
                "before stay, and it is tried again every second",
                wr_err_name(err));
        }
        r->behind = true;
        wr_world_free(&r->world);
        r->under_way = false;
        return;
    }
    give(s, s->conf);
}

void wr_reload_tick(struct wr_serve *s)
{
    struct wr_reload *r = &s->reload;
    struct wr_now now;
    now_of(s, &now);
    if (r->behind) {
        wr_reload_refresh(s);
    }
    if (r->under_way || now.mono_us < r->retry_us ||
        (r->change.failed == 0 && r->change.held == 0)) {
        return;
    }
    wr_listeners_plan(&s->listeners, s->gate, &r->change);
    wr_listeners_open(&s->listeners, &s->helper, s->workers, true, &r->change);
    wr_listeners_hold(&s->listeners, &s->world.view, &r->change);
    rest_listeners(s);
    if (r->change.opens == 0 && r->change.closes == 0) {
        return;
    }
    r->under_way = true;
    r->is_refresh = true;
    r->order = (struct wr_crew_order){
        .open = r->change.open,
        .opens = r->change.opens,
        .close = r->change.close,
        .closes = r->change.closes,
    };
    wr_crew_give(s->crew, &r->order);
}

void wr_reload_roll_secrets(struct wr_serve *s)
{
    struct wr_reload *r = &s->reload;
    if (r->under_way) {
        return; /* the next tick comes */
    }
    struct wr_secrets next = s->secrets;
    memcpy(next.old_cookie_key, s->secrets.cookie_key, sizeof(next.old_cookie_key));
    if (getrandom(next.cookie_key, sizeof(next.cookie_key), 0) !=
        (ssize_t)sizeof(next.cookie_key)) {
        return;
    }
    r->under_way = true;
    r->is_refresh = true;
    r->secrets = next;
    r->change.opens = r->change.closes = 0;
    r->order = (struct wr_crew_order){.secrets = &r->secrets};
    wr_crew_give(s->crew, &r->order);
    s->secrets = next;
}

void wr_reload_terms(struct wr_serve *s, const struct wr_terms *terms)
{
    struct wr_reload *r = &s->reload;
    r->under_way = true;
    r->is_refresh = true;
    r->change.opens = r->change.closes = 0;
    r->order = (struct wr_crew_order){.terms = terms};
    wr_crew_give(s->crew, &r->order);
}

void wr_reload_feeds(struct wr_serve *s, const struct wr_feedset *feeds)
{
    struct wr_reload *r = &s->reload;
    r->under_way = true;
    r->is_refresh = true;
    r->change.opens = r->change.closes = 0;
    r->order = (struct wr_crew_order){.has_feeds = true, .feeds = feeds};
    wr_crew_give(s->crew, &r->order);
}

bool wr_reload_ask(struct wr_serve *s, const uint8_t *name, uint16_t type, bool unchecked)
{
    struct wr_reload *r = &s->reload;
    struct wr_build b;
    struct wr_build_opt opt = {.udp_size = WR_EDNS_UDP_SIZE, .dnssec_ok = true, .ede = WR_EDE_NONE};
    if (r->under_way) {
        return false;
    }
    wr_build_start(&b, r->ask, sizeof(r->ask), 0,
                   (uint16_t)(WR_FLAG_RD | (unchecked ? WR_FLAG_CD : 0)));
    wr_build_question(&b, name, type, WR_CLASS_IN);
    (void)wr_build_opt(&b, &opt, 0);
    r->under_way = true;
    r->is_refresh = true;
    r->change.opens = r->change.closes = 0;
    r->order = (struct wr_crew_order){.ask = r->ask, .ask_size = wr_build_finish(&b, 0)};
    wr_crew_give(s->crew, &r->order);
    return true;
}

static void take_over(struct wr_serve *s)
{
    struct wr_reload *r = &s->reload;
    wr_listeners_settle(&s->listeners, &r->change);
    if (r->gate == NULL && (r->change.opens > 0 || r->change.closes > 0)) {
        r->refresh_again = true; /* clients are told what listens now */
    }
    take_over_locals(s);
    if (r->gate != NULL) {
        wr_live_anchors_changed(s, &s->gate->validation.anchors, &r->gate->validation.anchors);
        wr_gate_free(s->gate);
        s->gate = r->gate;
        r->gate = NULL;
        wr_world_free(&s->world);
        s->world = r->world;
        memset(&r->world, 0, sizeof(r->world));
        s->limits = r->limits;
        wr_copies_trust(s->copies, &s->gate->settings.prove, s->authorities.creds);
        wr_finder_trust(s->finder, &s->gate->settings.prove);
    }
    if (r->conf != NULL) {
        if (s->conf != s->first_conf) {
            wr_conf_free(s->conf);
        }
        s->conf = r->conf;
        wr_devices_configure(s);
        r->conf = NULL;
        wr_policyzones_keep(s->policyzones, s->conf);
        wr_copies_give(s->copies, r->plan);
        r->plan = NULL;
        wr_feedswap_plan(s);
        wr_firewall_configure(s);
        if (wr_finder_plan(s->finder, s->conf, s->authorities.creds) != WR_OK) {
            wr_say(WR_LOG_ERROR, "no memory to look for better ways to upstreams");
        }
        struct wr_keep_conf keep;
        wr_shared_keep_conf(s->conf, &keep);
        wr_keep_change(s->shared.keep, &keep);
        wr_say_level((enum wr_log_level)s->conf->log.level);
    }
    wr_encryption_settled(s);
    r->terms = NULL;
    if (s->gate->designated_by != s->encryption.terms.creds) {
        r->refresh_again = true; /* clients are told what the new certificates prove */
    }
}

void wr_reload_settled(struct wr_serve *s)
{
    struct wr_reload *r = &s->reload;
    if (!r->under_way || !wr_crew_is_settled(s->crew)) {
        return;
    }
    bool fresh = r->gate != NULL && !r->again && !r->refresh_again;
    take_over(s);
    if (fresh) {
        wr_live_anchors_settled(s);
    }
    r->under_way = false;
    if (!r->is_refresh) {
        r->report.ok = !r->report.unheard;
        r->report.serial = s->gate->settings.serial;
        wr_say(WR_LOG_INFO, "reloaded: settings %llu in force, %u listeners, %u upstreams",
               (unsigned long long)s->gate->settings.serial,
               (unsigned)wr_listeners_count(&s->listeners),
               (unsigned)s->gate->settings.upstreams.upstreams);
        if (r->report.unheard) {
            wr_say(WR_LOG_WARN,
                   "%u addresses cannot be listened on: `weir status` says why; they "
                   "are tried again every %d s",
                   (unsigned)r->change.failed, WR_LISTENERS_RETRY_MS / 1000);
        }
        wr_journal_settled(s);
        wr_notify_ready();
        if (s->control != NULL) {
            wr_control_reloaded(s->control);
        }
    }
    if (r->again) {
        r->again = false;
        wr_reload_begin(s);
    }
    if (r->under_way) { /* it looks at everything anew */
        r->refresh_again = r->locals_again = false;
    }
    if (r->refresh_again) {
        r->refresh_again = false;
        wr_reload_refresh(s);
    }
    if (r->locals_again && !r->under_way) {
        r->locals_again = false;
        wr_reload_locals(s);
    }
    wr_feedswap_settled(s);
}

bool wr_reload_is_idle(const struct wr_serve *s)
{
    return !s->reload.under_way;
}
