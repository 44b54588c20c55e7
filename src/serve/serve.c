/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/serve.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "dnssec/anchordiff.h"
#include "net/clock.h"
#include "net/sock.h"
#include "serve/anchors.h"
#include "serve/control.h"
#include "serve/devices.h"
#include "serve/doors.h"
#include "serve/finder.h"
#include "serve/firewall.h"
#include "serve/journal.h"
#include "serve/metrics.h"
#include "serve/muds.h"
#include "serve/notify.h"
#include "serve/say.h"
#include "serve/timekeeper.h"
#include "serve/translator.h"

#define TICK_MS  1000
#define LOOK_MS  50
#define DRAIN_MS 2000
/* Cookie secrets are renewed this often; the one before is good for as long again. */
#define SECRETS_S (24 * 3600)
/* Clients that wait for one question: by how much waiting clients outnumber the questions. */
#define WAITERS_A_REQUEST 2
#define STREAMS_MAX       64
/* Zones whose keys a worker remembers, when the owner does not say: one for so many octets of the cache. */
#define ZONE_SHARE 16384
#define ZONES_MIN  64
#define ZONES_MAX  8192

/* --- the start --- */

static uint16_t count_workers(const struct wr_conf *conf)
{
    cpu_set_t cpus;
    int count = conf->workers != 0 ? (int)conf->workers : 1;
    if (conf->workers == 0 && sched_getaffinity(0, sizeof(cpus), &cpus) == 0) {
        count = CPU_COUNT(&cpus);
    }
    return (uint16_t)(count > WR_WORKERS_MAX ? WR_WORKERS_MAX : count);
}

/* Address families that have an upstream now; who recurses meets servers of both. */
static unsigned families(const struct wr_upstreams *u)
{
    bool recurse = u->default_group == WR_GROUP_RECURSE;
    bool v4 = recurse && u->ipv4, v6 = recurse && u->ipv6;
    for (unsigned i = 0; i < u->upstreams; i++) {
        v4 = v4 || (u->ipv4 && u->upstream[i].addr.family == WR_AF_V4);
        v6 = v6 || (u->ipv6 && u->upstream[i].addr.family == WR_AF_V6);
    }
    return v4 && v6 ? 2 : 1;
}

static void say_places(const char *text)
{
    if (text[0] != 0) {
        wr_say(WR_LOG_WARN, "%s", text);
    }
}

/* How many there may be was settled while there was the privilege to raise it; now the listeners are known. */
static void share_places(struct wr_serve *s)
{
    char text[320];
    wr_places_share(s->conf, s->workers, s->reload.change.opens,
                    families(&s->gate->settings.upstreams), wr_sock_raise_files(0), &s->places,
                    text, sizeof(text));
    say_places(text);
    wr_places_limits(s->conf, &s->places, &s->limits, text, sizeof(text));
    say_places(text);
}

static void on_link(void *user)
{
    struct wr_serve *s = user;
    wr_say(WR_LOG_INFO, "links or addresses changed");
    wr_crew_link_changed(s->crew);
    wr_timekeeper_link(s);
    wr_translator_link(s);
    wr_finder_link(s->finder);
    wr_reload_refresh(s);
}

/* What changes from now on is heard, and looked at when the loop turns. */
static int make_first_gate(struct wr_serve *s)
{
    struct wr_gate_notes notes = {.count = 0};
    if (wr_link_watch(&s->loop, on_link, s, &s->link) != WR_OK) {
        wr_say(WR_LOG_INFO, "link changes cannot be watched here: %s", strerror(errno));
        s->link = NULL;
    }
    s->reload.resolv_mark = wr_reload_resolv_mark(s->conf->upstream.resolv_conf);
    int err = wr_world_read(s->conf->upstream.resolv_conf, s->link != NULL, &s->world);
    if (err == WR_OK) {
        s->world.view.labels = s->labels;
        s->world.view.trust = wr_live_anchors_set(s->anchors);
        s->world.view.floor_s = wr_timekeeper_floor(s->time);
        s->world.view.news = s->news;
        wr_reload_authorities(s, s->conf, &s->world.view);
        err = wr_gate_make(s->conf, &s->world.view, &s->slots, 1, &notes, &s->gate);
        wr_reload_say_notes(&notes, NULL, 0);
    }
    return err;
}

/* The first gate was made before privileges were dropped and any file was read; delegations in local zones are
 * upstreams as well, and policy zones are in it. */
static int make_gate_again(struct wr_serve *s)
{
    struct wr_gate_notes notes = {.count = 0};
    struct wr_gate *gate;
    s->world.view.firewall = wr_firewall_lack(s);
    if (wr_local_cuts(s->locals.set.local, NULL, NULL) == 0 && s->conf->policy.rpz.count == 0 &&
        s->world.view.firewall == 0 && !wr_muds_any(s->muds)) {
        return WR_OK;
    }
    s->world.view.names = s->locals.set.local;
    s->world.view.policyzones = s->policyzones;
    s->world.view.muds = s->muds;
    int err = wr_gate_make(s->conf, &s->world.view, &s->slots, 1, &notes, &gate);
    wr_reload_say_notes(&notes, NULL, 0);
    if (err == WR_OK) {
        wr_gate_free(s->gate);
        s->gate = gate;
        err = wr_encryption_designate(s, &s->reload.change, gate);
    }
    return err;
}

static bool fill_secrets(struct wr_secrets *secrets)
{
    return getrandom(secrets, sizeof(*secrets), 0) == (ssize_t)sizeof(*secrets);
}

static void wake_settled(void *user)
{
    struct wr_serve *s = user;
    uv_async_send(&s->settled);
}

static void wake_grown(void *user)
{
    struct wr_serve *s = user;
    if (atomic_load_explicit(&s->followers, memory_order_relaxed) > 0) {
        uv_async_send(&s->grown);
    }
}

static void wake_copied(void *user)
{
    struct wr_serve *s = user;
    uv_async_send(&s->copied);
}

static void wake_found(void *user)
{
    struct wr_serve *s = user;
    uv_async_send(&s->found);
}

static uint32_t share(uint32_t whole, uint16_t workers)
{
    /* Names fall on workers by their hash, so evenly but not exactly: a quarter more than the share. */
    uint32_t part = whole / workers;
    return workers == 1 ? whole : part + part / 4 + 1;
}

/* A cache that holds more names is asked for more zones. */
static uint32_t key_zones(const struct wr_conf *c)
{
    uint64_t fit = c->cache.size_bytes / ZONE_SHARE;
    uint64_t most = fit < ZONES_MAX ? fit : ZONES_MAX;
    return c->dnssec.zones > 0 ? c->dnssec.zones : (uint32_t)(most > ZONES_MIN ? most : ZONES_MIN);
}

static size_t own_ports(const struct wr_serve *s, uint16_t *ret_ports)
{
    size_t count = 0;
    for (uint32_t i = 0; i < s->reload.change.opens; i++) {
        ret_ports[count++] = s->reload.change.open[i].addr.port;
    }
    return count;
}

static int create_crew(struct wr_serve *s)
{
    const struct wr_conf *c = s->conf;
    uint16_t avoid[WR_NET_LISTENERS_MAX];
    int lease_fd[WR_WORKERS_MAX];
    share_places(s);
    for (uint16_t i = 0; i < s->workers; i++) {
        lease_fd[i] = wr_firewall_lease_fd(s, i);
    }
    struct wr_crew_setup setup = {
        .workers = s->workers,
        .requests = share(c->limits.requests, s->workers),
        .waiters = share(c->limits.requests * WAITERS_A_REQUEST, s->workers),
        .streams = STREAMS_MAX,
        .settings = &s->gate->settings,
        .local = s->locals.set.local,
        .held = wr_heldset_zones(s->locals.held),
        .feeds = &s->feedswap.set->set,
        .secrets = s->secrets,
        .cache = s->shared.cache,
        .upstream_state = s->shared.upstream_state,
        .conns = s->shared.conns,
        .infra_slots = s->conf->recursion.servers,
        .zones = key_zones(c),
        .ranges = s->conf->dnssec.ranges,
        .quota = s->shared.quota,
        .devices = s->shared.devices,
        .over_rate = s->shared.over_rate,
        .leases = s->shared.leases,
        .lease_fd = lease_fd,
        .limits = s->limits,
        .shared = s->shared.net,
        .records = wr_ledger_rings(s->ledger),
        .terms = &s->encryption.terms,
        .clock = &s->clock,
        .avoid_ports = avoid,
        .avoid_ports_count = own_ports(s, avoid),
        .settled = wake_settled,
        .user = s,
    };
    int err = wr_crew_create(&setup, &s->crew);
    for (uint32_t i = 0; i < s->reload.change.opens && err == WR_OK; i++) {
        err = wr_crew_listen(s->crew, &s->reload.change.open[i]);
    }
    if (err == WR_OK) {
        wr_listeners_settle(&s->listeners, &s->reload.change);
    }
    return err;
}

/* Once, at the start: later the sandbox lets nobody ask the kernel. */
static void look_at_keeper(struct wr_serve *s)
{
    s->wall_kept = wr_clock_is_synchronised();
    if (!s->wall_kept && s->conf->time.trust == WR_CONF_TRUST_AUTO &&
        wr_clock_is_proven(&s->clock)) {
        wr_say(WR_LOG_WARN, "the kernel says that nothing keeps its clock right: it is believed "
                            "because it is past every "
                            "floor; run an NTP client");
    }
}

static int create_all(struct wr_serve *s)
{
    struct wr_now now;
    wr_timekeeper_begin(s);
    look_at_keeper(s);
    wr_clock_read(&s->clock, &now);
    int err = wr_shared_create(s->conf, wr_anchordiff_mark(&s->gate->validation.anchors), &now,
                               &s->shared);
    if (err == WR_OK) {
        const struct wr_copies_setup copies = {s->conf, &s->clock, s->news, wake_copied, s};
        err = wr_copies_create(&copies, &s->copies);
    }
    if (err == WR_OK) {
        const struct wr_finder_setup finder = {wake_found, s, &s->clock};
        err = wr_finder_create(&finder, &s->finder);
    }
    if (err == WR_OK) {
        err = wr_devices_begin(s);
    }
    if (err == WR_OK) {
        err = wr_muds_open(s, &s->muds);
    }
    if (err == WR_OK) {
        err = wr_reload_first_locals(s);
    }
    if (err == WR_OK) {
        err = wr_feedswap_begin(s);
    }
    if (err == WR_OK) {
        err = wr_policyzones_create(wr_copies_policy_key(s->copies), &s->policyzones);
    }
    if (err == WR_OK) {
        err = wr_reload_policyzones(s, s->conf, NULL, 0);
    }
    if (err == WR_OK) {
        wr_firewall_begin(s);
        err = make_gate_again(s);
    }
    if (err == WR_OK) {
        wr_gate_fit_state(s->gate, s->shared.upstream_state);
        err = fill_secrets(&s->secrets) ? WR_OK : WR_E_IO;
    }
    if (err == WR_OK) {
        err = wr_journal_open(s);
    }
    if (err == WR_OK) {
        err = create_crew(s);
    }
    if (err != WR_OK) {
        wr_say(WR_LOG_ERROR,
               "cannot start: %s; a smaller cache.size or limits.requests needs less memory",
               wr_err_name(err));
    }
    return err;
}

/* --- the main thread's loop --- */

static void tick_keep(void *user)
{
    struct wr_serve *s = user;
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    wr_keep_tick(s->shared.keep, &now);
}

static int start_keeping(struct wr_serve *s)
{
    s->keep_beat.name = "weir-keep";
    s->keep_beat.period_ms = TICK_MS;
    s->keep_beat.work = tick_keep;
    s->keep_beat.user = s;
    return s->conf->cache.keep.path[0] == 0 ? WR_OK : wr_beat_start(&s->keep_beat);
}

static void begin_stop(struct wr_serve *s)
{
    if (!s->stopping) {
        s->stopping = true;
        wr_notify_stopping();
        uv_stop(&s->loop);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct wr_serve *s = handle->data;
    if (number == SIGHUP) {
        wr_say(WR_LOG_INFO, "SIGHUP: reloading");
        wr_reload_begin(s);
        return;
    }
    wr_say(WR_LOG_INFO, "%s: stopping", number == SIGINT ? "SIGINT" : "SIGTERM");
    begin_stop(s);
}

static void on_settled(uv_async_t *handle)
{
    wr_reload_settled(handle->data);
}

static void on_grown(uv_async_t *handle)
{
    struct wr_serve *s = handle->data;
    if (s->control != NULL) {
        wr_control_events(s->control);
    }
}

static void look_at_locals(void *user)
{
    struct wr_serve *s = user;
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    if (now.mono_us >= s->locals_us && (s->copies_news || wr_locals_look(&s->locals, &now))) {
        wr_reload_locals(s);
    }
    if (wr_policyzones_look(s->policyzones, s->copies)) {
        wr_reload_refresh(s); /* they are read for the new gate, and in force with it */
    }
}

static void on_found(uv_async_t *handle)
{
    wr_reload_refresh(handle->data);
}

static void on_copied(uv_async_t *handle)
{
    struct wr_serve *s = handle->data;
    s->copies_news = true;
    look_at_locals(s);
}

static void watch_file(void *user, const char *path)
{
    wr_watch_add(user, path);
}

void wr_serve_watch(struct wr_serve *s)
{
    if (s->watch != NULL) {
        wr_watch_begin(s->watch);
        wr_locals_watched(&s->locals, watch_file, s->watch);
        wr_policyzones_watched(s->policyzones, watch_file, s->watch);
        wr_watch_end(s->watch);
    }
}

/* Who recurses and is heard by nobody learns it from the log, not only from the clients' failures. */
static void look_at_reach(struct wr_serve *s)
{
    uint64_t answers = 0, failures = 0;
    if (s->reach == WR_REACH_HEARD) {
        return;
    }
    for (uint16_t w = 0; w < s->workers; w++) {
        const struct wr_stats *stats = wr_crew_stats(s->crew, w);
        answers += atomic_load_explicit(&stats->upstream_answers, memory_order_relaxed);
        failures += atomic_load_explicit(&stats->servfail, memory_order_relaxed);
    }
    if (answers > 0) {
        s->reach = WR_REACH_HEARD;
    } else if (failures > 0 && s->reach == WR_REACH_UNKNOWN &&
               s->gate->settings.upstreams.default_group == WR_GROUP_RECURSE) {
        s->reach = WR_REACH_TOLD;
        wr_say(WR_LOG_WARN,
               "no server has answered yet, not even the root's: is there a way to the Internet, "
               "and is port 53 "
               "open? `upstream: {default: system}` asks the system's resolvers instead, "
               "recursion.hints names other root servers");
    }
}

/* Between two ticks, so that a server can be asked as soon as it is known how. */
static void on_look(uv_timer_t *handle)
{
    struct wr_serve *s = handle->data;
    bool finds = wr_bootstrap_tick(s);
    bool proves = wr_dane_tick(s);
    bool feeds = wr_feedswap_tick(s);
    bool fetches = wr_muds_look(s);
    if (!finds && !proves && !feeds && !fetches) {
        uv_timer_stop(&s->look);
    } else if (!uv_is_active((uv_handle_t *)&s->look)) {
        uv_timer_start(&s->look, on_look, LOOK_MS, LOOK_MS);
    }
}

void wr_serve_look(struct wr_serve *s)
{
    on_look(&s->look);
}

static void on_tick(uv_timer_t *handle)
{
    struct wr_serve *s = handle->data;
    struct wr_now now;
    wr_clock_now(false, &now);
    wr_timekeeper_tick(s);
    on_look(&s->look);
    wr_live_anchors_tick(s);
    wr_heldset_tell(s->locals.held);
    look_at_reach(s);
    if (wr_reload_is_idle(s) && wr_reload_resolv_changed(s)) {
        wr_say(WR_LOG_INFO, "%s changed", s->conf->upstream.resolv_conf);
        wr_reload_refresh(s);
    }
    look_at_locals(s);
    (void)wr_helper_look(&s->helper);
    wr_reload_tick(s);
    wr_devices_tick(s);
    wr_muds_tick(s);
    wr_firewall_look(s);
    wr_encryption_tick(s);
    wr_upwatch_tick(&s->upwatch, &s->gate->settings.upstreams, s->shared.conns, now.mono_us);
    if (now.mono_us - s->secrets_us >= SECRETS_S * WR_S && wr_reload_is_idle(s)) {
        s->secrets_us = now.mono_us;
        wr_reload_roll_secrets(s);
    }
    if (wr_notify_alive_us() > 0 && wr_crew_ping(s->crew)) {
        wr_notify_alive();
    }
}

static int start_loop(struct wr_serve *s)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < WR_ARRAY_LEN(numbers); i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    s->settled.data = s->grown.data = s->copied.data = s->found.data = s->tick.data = s->look.data =
        s;
    uv_timer_init(&s->loop, &s->tick);
    uv_timer_init(&s->loop, &s->look);
    uint64_t alive_ms = wr_notify_alive_us() / 1000;
    uint64_t tick_ms = alive_ms > 0 && alive_ms < TICK_MS ? alive_ms : TICK_MS;
    uv_timer_start(&s->tick, on_tick, tick_ms, tick_ms);
    s->watch = wr_watch_create(&s->loop, look_at_locals, s);
    wr_serve_watch(s);
    struct wr_sock_error error = {0};
    if (s->control_fd >= 0 && wr_control_start(s, s->control_fd, &s->control, &error) != WR_OK) {
        wr_say(WR_LOG_WARN, "no control socket: %s", error.text);
        s->control = NULL;
    }
    if (s->metrics_fd >= 0 &&
        wr_httpd_adopt(&s->loop, s->metrics_fd, wr_metrics_hook, s, &s->httpd, &error) != WR_OK) {
        wr_say(WR_LOG_WARN, "no metrics: %s", error.text);
        s->httpd = NULL;
    }
    int err = wr_devices_run(s);
    if (err == WR_OK) {
        err = wr_firewall_run(s);
    }
    if (err == WR_OK) {
        err = wr_journal_run(s, wake_grown);
    }
    if (err == WR_OK) {
        err = start_keeping(s);
    }
    if (err == WR_OK) {
        err = wr_live_anchors_run(s->anchors);
    }
    if (err == WR_OK) {
        err = wr_timekeeper_run(s);
    }
    if (err == WR_OK) {
        err = wr_translator_run(s);
    }
    if (err == WR_OK) {
        err = wr_copies_run(s->copies);
    }
    if (err == WR_OK) {
        err = wr_feedswap_run(s);
    }
    if (err == WR_OK) {
        wr_finder_trust(s->finder, &s->gate->settings.prove);
        err = wr_finder_plan(s->finder, s->conf, s->authorities.creds);
    }
    return err == WR_OK ? wr_crew_run(s->crew) : err;
}

static void say_ready(const struct wr_serve *s)
{
    char text[200];
    const struct wr_upstreams *u = &s->gate->settings.upstreams;
    snprintf(text, sizeof(text), "%u workers, %u listeners, %s%u upstreams, %llu MiB of cache",
             (unsigned)s->workers, (unsigned)wr_listeners_count(&s->listeners),
             u->default_group == WR_GROUP_RECURSE ? "recursion from the root, " : "",
             (unsigned)u->upstreams, (unsigned long long)(s->conf->cache.size_bytes >> 20));
    wr_say(WR_LOG_INFO, "ready: %s", text);
    wr_notify_status(text);
    wr_notify_ready();
}

/* --- the end --- */

static void close_handles(struct wr_serve *s)
{
    for (size_t i = 0; i < WR_ARRAY_LEN(s->signals); i++) {
        if (s->signals[i].data != NULL) {
            uv_close((uv_handle_t *)&s->signals[i], NULL);
        }
    }
    if (s->tick.data != NULL) {
        uv_close((uv_handle_t *)&s->tick, NULL);
        uv_close((uv_handle_t *)&s->look, NULL);
    }
    uv_close((uv_handle_t *)&s->settled, NULL);
    uv_close((uv_handle_t *)&s->grown, NULL);
    wr_timekeeper_close(s->time);
    wr_translator_close(s->translator);
    uv_close((uv_handle_t *)&s->copied, NULL);
    uv_close((uv_handle_t *)&s->found, NULL);
    wr_feedswap_close(s);
    wr_link_close(s->link);
    wr_devices_close(s->devices);
    wr_muds_close(s->muds);
    wr_firewall_close(s->firewall);
    wr_watch_close(s->watch);
    wr_httpd_close(s->httpd);
    if (s->control != NULL) {
        wr_control_close(s->control);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT); /* until every handle is closed */
    uv_loop_close(&s->loop);
    wr_timekeeper_free(s->time);
    wr_translator_free(s->translator);
    wr_control_free(s->control);
}

/* Who asks a second time must not cut off what the first asking began; SIGKILL is left. */
static void block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void end(struct wr_serve *s)
{
    struct wr_now now;
    block_signals();
    if (s->crew != NULL) {
        wr_crew_stop(s->crew, DRAIN_MS);
    }
    wr_beat_stop(&s->keep_beat);
    wr_live_anchors_close(s->anchors);
    s->anchors = NULL;
    wr_copies_close(s->copies);
    s->copies = NULL;
    wr_feedswap_stop(s);
    wr_finder_free(s->finder);
    s->finder = NULL;
    wr_journal_stop(s);
    close_handles(s);
    wr_firewall_free(s->firewall);
    s->firewall = NULL;
    wr_crew_destroy(s->crew);
    wr_feedswap_free(s);
    wr_encryption_end(s);
    wr_journal_free(s);
    wr_devices_end(s);
    wr_clock_read(&s->clock, &now);
    wr_shared_destroy(&s->shared, &now);
    wr_gate_free(s->gate);
    wr_gate_free(s->reload.gate);
    wr_muds_free(s->muds);
    wr_policyzones_destroy(s->policyzones);
    wr_locals_free(&s->locals);
    wr_locals_free(&s->reload.locals);
    wr_localset_free(&s->reload.set);
    wr_heldset_free(s->reload.held);
    wr_copies_plan_free(s->reload.plan);
    wr_world_free(&s->world);
    wr_world_free(&s->reload.world);
    wr_authorities_free(&s->authorities);
    wr_bootstrap_free(s->bootstrap);
    wr_dane_free(s->dane);
    wr_helper_stop(&s->helper);
    if (s->conf != s->first_conf) {
        wr_conf_free(s->conf);
    }
    wr_conf_free(s->reload.conf);
    wr_conf_free(s->first_conf);
    wr_labels_destroy(s->labels);
    explicit_bzero(&s->secrets, sizeof(s->secrets));
    explicit_bzero(&s->reload.secrets, sizeof(s->reload.secrets));
}

/* The files of the anchors and of the time can be read only now; nobody obeys the first gate yet. */
static int recall(struct wr_serve *s)
{
    struct wr_validation_mistake mistake;
    wr_live_anchors_recall(s->anchors, s->conf);
    wr_timekeeper_recall(s->time);
    s->world.view.floor_s = wr_timekeeper_floor(s->time);
    wr_validation_free(&s->gate->validation);
    int err = wr_validation_make(s->conf, wr_live_anchors_set(s->anchors), &s->gate->validation,
                                 &s->gate->settings.prove, &mistake);
    s->gate->settings.prove.floor_s = wr_timekeeper_floor(s->time);
    wr_proofs_time(&s->gate->proofs, s->gate->settings.prove.system_clock,
                   s->gate->settings.prove.floor_s);
    return err;
}

static int prepare(struct wr_serve *s)
{
    if (wr_reload_read_conf(s->config, s->reload.report.text, sizeof(s->reload.report.text),
                            &s->conf) != WR_OK) {
        return WR_E_USAGE;
    }
    s->first_conf = s->conf;
    s->reload.report.text[0] = 0;
    wr_say_level((enum wr_log_level)s->conf->log.level);
    s->workers = count_workers(s->conf);
    int err = wr_labels_create(&s->labels);
    if (err != WR_OK) {
        return err;
    }
    err = wr_helper_start(&s->helper);
    if (err != WR_OK) {
        wr_say(WR_LOG_ERROR, "the helper that opens listeners cannot be started: %s",
               strerror(errno));
        return err;
    }
    err = wr_firewall_open(s, &s->firewall);
    if (err == WR_OK) {
        err = wr_live_anchors_open(s->conf, &s->anchors);
    }
    if (err == WR_OK) {
        err = wr_timekeeper_open(s, &s->time);
    }
    if (err == WR_OK) {
        err = wr_devices_open(s, &s->devices);
    }
    if (err == WR_OK) {
        err = wr_translator_open(s, &s->translator);
    }
    if (err == WR_OK) {
        err = make_first_gate(s);
    }
    if (err == WR_OK) {
        wr_sock_raise_files(wr_places_wanted(s->conf, s->workers));
        err = wr_doors_open(s);
    }
    if (err == WR_OK) {
        err = wr_encryption_begin(s);
    }
    if (err == WR_OK) {
        err = wr_encryption_designate(s, &s->reload.change, s->gate);
    }
    if (err == WR_OK) {
        err = wr_doors_drop(s);
    }
    if (err == WR_OK) {
        err = recall(s);
    }
    if (err == WR_OK) {
        err = create_all(s);
    }
    if (err == WR_OK) {
        wr_doors_seal(s);
    }
    return err;
}

/* As a whole path: it is told to others, who stand in another folder. Links in it are followed at each reload. */
static const char *find_config(const struct wr_serve_options *options)
{
    static char whole[2 * PATH_MAX];
    char folder[PATH_MAX];
    if (options->config != NULL && options->config[0] != '/' &&
        getcwd(folder, sizeof(folder)) != NULL &&
        snprintf(whole, sizeof(whole), "%s/%s", folder, options->config) < (int)sizeof(whole)) {
        return whole;
    }
    if (options->config != NULL) {
        return options->config;
    }
    return access(WR_CONF_PATH, F_OK) == 0 ? WR_CONF_PATH : NULL;
}

int wr_serve_run(const struct wr_serve_options *options)
{
    struct wr_serve *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return 1;
    }
    wr_say_start(WR_LOG_INFO);
    wr_notify_start();
    signal(SIGPIPE, SIG_IGN);
    s->config = find_config(options);
    s->helper.fd = s->control_fd = s->metrics_fd = -1;
    struct wr_now now;
    wr_clock_now(false, &now);
    s->started_us = s->secrets_us = now.mono_us;
    wr_sandbox_refuse_uring();
    uv_loop_init(&s->loop);
    uv_async_init(&s->loop, &s->settled, on_settled);
    uv_async_init(&s->loop, &s->grown, on_grown);
    uv_async_init(&s->loop, &s->copied, on_copied);
    uv_async_init(&s->loop, &s->found, on_found);
    int err = prepare(s);
    if (err == WR_OK) {
        err = start_loop(s);
    }
    if (err == WR_OK) {
        say_ready(s);
        uv_run(&s->loop, UV_RUN_DEFAULT);
        wr_say(WR_LOG_INFO, "stopped");
    }
    end(s);
    free(s);
    return err == WR_OK ? 0 : 1;
}
