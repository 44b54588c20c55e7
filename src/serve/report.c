/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/present.h"
#include "dns/rdata.h"
#include "net/clock.h"
#include "net/ports.h"
#include "resolve/question.h"
#include "resolve/select.h"
#include "serve/anchors.h"
#include "serve/finder.h"
#include "serve/firewall.h"
#include "serve/journal.h"
#include "serve/put.h"
#include "serve/serve.h"
#include "serve/timekeeper.h"
#include "serve/translator.h"
#include "transport/uri.h"

static uint64_t load(const _Atomic uint64_t *v)
{
    return atomic_load_explicit(v, memory_order_relaxed);
}

/* --- status --- */

static void put_listeners(const struct wr_serve *s, struct wr_json *j)
{
    wr_json_array(j, "listeners");
    for (unsigned i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        const struct wr_listener_entry *e = &s->listeners.entry[i];
        if (e->used) {
            wr_json_object(j, NULL);
            put_addr(j, "address", &e->addr);
            wr_json_text(j, "transport", wr_client_transport_name(e->transport));
            wr_json_end(j);
        }
    }
    wr_json_end(j);
}

/* What is wanted and cannot be had, with the remedy. */
static void put_missing(const struct wr_serve *s, struct wr_json *j)
{
    wr_json_u64(j, "listeners_wanted", wr_listeners_wanted(&s->listeners, s->gate));
    wr_json_array(j, "listeners_missing");
    for (uint32_t i = 0; i < s->listeners.missings; i++) {
        const struct wr_listener_missing *m = &s->listeners.missing[i];
        wr_json_object(j, NULL);
        put_addr(j, "address", &m->addr);
        wr_json_text(j, "transport", wr_client_transport_name(m->transport));
        wr_json_text(j, "why", m->why);
        wr_json_end(j);
    }
    wr_json_end(j);
}

static void put_local(const struct wr_serve *s, struct wr_json *j)
{
    const struct wr_local *local = s->locals.set.local;
    wr_json_object(j, "local");
    wr_json_u64(j, "zones", wr_local_zones(local)); /* special-use names included */
    wr_json_u64(j, "names", wr_local_names(local));
    wr_json_u64(j, "used_bytes", wr_local_used(local));
    wr_json_end(j);
}

void wr_report_cache_figures(const struct wr_serve *s, struct wr_json *j)
{
    struct wr_cache_stats cs;
    wr_cache_stats(s->shared.cache, &cs);
    wr_json_object(j, "cache");
    wr_json_u64(j, "size_bytes", cs.size_bytes);
    wr_json_u64(j, "used_bytes", cs.used_bytes);
    wr_json_u64(j, "entries", cs.entries);
    wr_json_u64(j, "inserted", cs.inserted);
    wr_json_u64(j, "evicted", cs.evicted);
    wr_json_u64(j, "promoted", cs.promoted);
    wr_json_u64(j, "ghost_hits", cs.ghost_hits);
    wr_json_u64(j, "skipped_busy", cs.skipped_busy);
    wr_json_end(j);
}

static void put_keep(const struct wr_serve *s, struct wr_json *j, const struct wr_now *now)
{
    struct wr_keep_status k;
    wr_keep_status(s->shared.keep, now, &k);
    wr_json_object(j, "keep");
    wr_json_bool(j, "live", k.live);
    wr_json_bool(j, "warm", k.warm);
    wr_json_bool(j, "checkpoints", k.checkpoints);
    wr_json_bool(j, "writing", k.writing);
    wr_json_text(j, "problem", k.problem[0] != 0 ? k.problem : NULL);
    wr_json_u64(j, "loaded", k.loaded);
    if (k.last_age_s == UINT64_MAX) {
        wr_json_null(j, "last_age_s");
    } else {
        wr_json_u64(j, "last_age_s", k.last_age_s);
    }
    wr_json_u64(j, "interval_s", k.interval_s);
    wr_json_u64(j, "budget_bytes", k.budget_bytes);
    wr_json_u64(j, "bytes_today", k.bytes_today);
    wr_json_u64(j, "bytes_total", k.bytes_total);
    wr_json_u64(j, "file_bytes", k.file_bytes);
    wr_json_u64(j, "batches", k.batches);
    wr_json_u64(j, "failures", k.failures);
    wr_json_end(j);
}

static void put_ports(const struct wr_serve *s, struct wr_json *j)
{
    uint32_t all = s->places.ports * s->workers;
    wr_json_object(j, "ports");
    wr_json_u64(j, "each_worker", s->places.ports);
    wr_json_u64(j, "all", all);
    /* What a forger must guess for one question: the ports of the worker that asks, and the id. */
    put_decimal(j, "bits", wr_ports_bits(s->places.ports), 2);
    wr_json_end(j);
}

static void put_reload(const struct wr_serve *s, struct wr_json *j)
{
    const struct wr_reload_report *r = &s->reload.report;
    wr_json_object(j, "reload");
    wr_json_u64(j, "count", r->count);
    if (r->count > 0) {
        wr_json_bool(j, "ok", r->ok);
        wr_json_i64(j, "time", r->wall_s);
        wr_json_text(j, "text", r->text);
    }
    wr_json_end(j);
}

static void put_upstream_summary(const struct wr_serve *s, struct wr_json *j)
{
    const struct wr_upstreams *u = &s->gate->settings.upstreams;
    unsigned suspects = 0, unmeasured = 0;
    for (unsigned i = 0; i < u->upstreams; i++) {
        const char *state =
            wr_report_upstream_state(&s->shared.upstream_state[u->upstream[i].slot]);
        suspects += strcmp(state, "suspect") == 0;
        unmeasured += strcmp(state, "unmeasured") == 0;
    }
    wr_json_object(j, "upstreams");
    wr_json_u64(j, "groups", u->groups);
    wr_json_u64(j, "servers", u->upstreams);
    wr_json_u64(j, "suspect", suspects);
    wr_json_u64(j, "unmeasured", unmeasured);
    wr_json_bool(j, "forwarding_loop", s->gate->loop);
    wr_json_end(j);
}

static void put_copies(const struct wr_serve *s, struct wr_json *j)
{
    unsigned all, missing;
    wr_copies_count(s->copies, &all, &missing);
    wr_json_object(j, "copies");
    wr_json_u64(j, "zones", all);
    wr_json_u64(j, "missing", missing);
    wr_json_end(j);
}

static void put_feeds(const struct wr_serve *s, struct wr_json *j)
{
    unsigned all, failing;
    wr_feeds_count(s->feedswap.feeds, &all, &failing);
    wr_json_object(j, "feeds");
    wr_json_u64(j, "lists", all);
    wr_json_u64(j, "failing", failing);
    wr_json_u64(j, "swaps", s->feedswap.swaps);
    wr_json_end(j);
}

void wr_report_status(struct wr_serve *s, struct wr_json *j, const char *key)
{
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    wr_json_object(j, key);
    wr_json_text(j, "version", WEIR_VERSION);
    wr_json_i64(j, "pid", getpid());
    wr_json_u64(j, "uptime_s", (now.mono_us - s->started_us) / WR_S);
    wr_json_u64(j, "workers", s->workers);
    wr_json_text(j, "config", s->config);
    wr_json_u64(j, "settings_serial", s->gate->settings.serial);
    wr_json_bool(j, "wall_proven", now.wall_proven);
    wr_json_bool(j, "wall_kept", s->wall_kept);
    wr_json_i64(j, "time", now.wall_s);
    wr_timekeeper_report(s, j, "clock");
    put_listeners(s, j);
    put_missing(s, j);
    wr_encryption_report(s, j, now.wall_s);
    wr_report_cache_figures(s, j);
    put_local(s, j);
    wr_translator_report(s, j, "dns64");
    put_keep(s, j, &now);
    wr_json_bool(j, "encrypted_only", s->gate->settings.upstreams.encrypted_only);
    put_upstream_summary(s, j);
    wr_finder_report(s->finder, j, "discovered");
    put_ports(s, j);
    put_reload(s, j);
    put_copies(s, j);
    wr_journal_report(s, j, "log");
    put_feeds(s, j);
    wr_firewall_report(s, j, "firewall");
    wr_policyzones_report(s->policyzones, j, "policy_zones");
    wr_json_text(j, "anchors_problem", wr_live_anchors_problem(s->anchors));
    wr_json_object(j, "sandbox");
    wr_json_bool(j, "landlock", s->sandbox.landlock);
    wr_json_bool(j, "seccomp", s->sandbox.seccomp);
    wr_json_bool(j, "helper", wr_helper_look(&s->helper) == WR_HELPER_WELL);
    wr_json_text(j, "helper_problem", wr_helper_problem(&s->helper));
    wr_json_end(j);
    wr_json_end(j);
}

/* --- stats --- */

static uint64_t at_offset(const void *base, size_t offset)
{
    return load((const _Atomic uint64_t *)(const void *)((const char *)base + offset));
}

static void put_counters(const struct wr_serve *s, struct wr_json *j, int only_worker)
{
    const struct wr_stats_row *rows;
    size_t count = wr_stats_rows(&rows);
    for (size_t i = 0; i < count; i++) {
        uint64_t sum = 0;
        for (uint16_t w = 0; w < s->workers; w++) {
            if (only_worker < 0 || only_worker == w) {
                sum += at_offset(wr_crew_stats(s->crew, w), rows[i].offset);
            }
        }
        wr_json_u64(j, rows[i].name, sum);
    }
    count = wr_net_stats_rows(&rows);
    for (size_t i = 0; i < count; i++) {
        uint64_t sum = 0;
        for (uint16_t w = 0; w < s->workers; w++) {
            if (only_worker < 0 || only_worker == w) {
                sum += at_offset(wr_crew_net_stats(s->crew, w), rows[i].offset);
            }
        }
        wr_json_u64(j, rows[i].name, sum);
    }
}

void wr_report_stats(struct wr_serve *s, struct wr_json *j, const char *key)
{
    struct wr_ledger_stats ls;
    wr_ledger_stats(s->ledger, &ls);
    wr_json_object(j, key);
    wr_json_object(j, "counters");
    put_counters(s, j, -1);
    wr_json_end(j);
    wr_json_array(j, "workers");
    for (uint16_t w = 0; w < s->workers; w++) {
        wr_json_object(j, NULL);
        put_counters(s, j, w);
        wr_json_end(j);
    }
    wr_json_end(j);
    wr_report_cache_figures(s, j);
    wr_json_object(j, "events");
    wr_json_u64(j, "taken", ls.taken);
    wr_json_u64(j, "dropped", ls.dropped);
    wr_json_u64(j, "kept", ls.kept);
    wr_json_u64(j, "cap", ls.cap);
    wr_json_end(j);
    wr_json_u64(j, "hands_dropped", wr_crew_hands_dropped(s->crew));
    wr_json_end(j);
}

/* --- upstreams --- */

const char *wr_report_upstream_state(const struct wr_upstream_state *st)
{
    if (wr_select_is_suspect(st)) {
        return "suspect";
    }
    return atomic_load_explicit(&st->srtt_us, memory_order_relaxed) == 0 ? "unmeasured" : "good";
}

static void put_groups_of(const struct wr_upstreams *u, unsigned upstream, struct wr_json *j)
{
    wr_json_array(j, "groups");
    for (unsigned g = 0; g < u->groups; g++) {
        for (unsigned i = 0; i < u->group[g].servers; i++) {
            if (u->group[g].server[i] == upstream) {
                wr_json_text(j, NULL, u->group[g].name);
            }
        }
    }
    wr_json_end(j);
}

/* Why nobody asks it, or null. */
static void put_barred(const struct wr_serve *s, const struct wr_upstream *up, struct wr_json *j)
{
    char text[WR_NAME_TEXT_SIZE + WR_ANSWER_REASON_MAX + 100];
    struct wr_str reason;
    wr_str_init(&reason, text, sizeof(text));
    if (up->barred) {
        wr_dane_put_reason(s->dane, up->uri, &reason);
        wr_json_text(j, "not_asked", text);
    } else {
        wr_json_null(j, "not_asked");
    }
}

/* What stands behind the # of its URL: who it has to be, and how that is proven. */
static void put_facts(const struct wr_upstream *up, struct wr_json *j)
{
    char text[WR_URI_TEXT_SIZE];
    const char *hash = NULL;
    if (up->uri) {
        wr_uri_to_text(up->uri, text, sizeof(text));
        hash = strchr(text, '#');
    }
    wr_json_text(j, "facts", hash ? hash + 1 : NULL);
}

/* Of an encrypted one: with what, proven how, and what went wrong last. */
static void put_connection(const struct wr_serve *s, const struct wr_upstream *up, uint64_t now_us,
                           struct wr_json *j)
{
    struct wr_conninfo_view v;
    char failure[2 * WR_CONNINFO_TEXT];
    put_facts(up, j);
    put_barred(s, up, j);
    wr_conninfo_read(&s->shared.conns[up->slot], up->generation, &v);
    wr_json_text(j, "version", v.version);
    wr_json_text(j, "cipher", v.cipher);
    wr_json_text(j, "protocol", v.protocol);
    wr_json_bool(j, "resumed", v.last_resumed);
    wr_json_text(j, "verified_by", v.proof);
    wr_json_u64(j, "handshakes", v.handshakes);
    wr_json_u64(j, "resumptions", v.resumed);
    wr_json_u64(j, "connection_failures", v.failures);
    if (v.failures == 0) {
        wr_json_null(j, "last_failure");
        wr_json_null(j, "last_failure_ago_ms");
        return;
    }
    snprintf(failure, sizeof(failure), "%s%s%s", wr_upconn_why_text((uint8_t)v.why),
             v.text[0] ? ": " : "", v.text);
    wr_json_text(j, "last_failure", failure);
    wr_json_u64(j, "last_failure_ago_ms",
                now_us > v.failed_us ? (now_us - v.failed_us) / WR_MS : 0);
}

static void put_upstream(const struct wr_serve *s, unsigned upstream, uint64_t now_us,
                         struct wr_json *j)
{
    const struct wr_upstreams *u = &s->gate->settings.upstreams;
    const struct wr_upstream_state *st = &s->shared.upstream_state[u->upstream[upstream].slot];
    uint64_t until_us = load(&st->suspect_until_us), answered_us = load(&st->answered_us);
    wr_json_object(j, NULL);
    wr_json_text(j, "url", u->upstream[upstream].url);
    wr_json_text(j, "transport", wr_uri_scheme_name(u->upstream[upstream].scheme));
    put_groups_of(u, upstream, j);
    wr_json_text(j, "state", wr_report_upstream_state(st));
    put_decimal(j, "srtt_ms", atomic_load_explicit(&st->srtt_us, memory_order_relaxed), 3);
    wr_json_u64(j, "failures", atomic_load_explicit(&st->failures, memory_order_relaxed));
    wr_json_u64(j, "sent", load(&st->sent));
    wr_json_u64(j, "answers", load(&st->answers));
    wr_json_u64(j, "timeouts", load(&st->timeouts));
    wr_json_u64(j, "errors", load(&st->errors));
    wr_json_u64(j, "wrong", load(&st->wrong));
    wr_json_u64(j, "truncated", load(&st->truncated));
    if (until_us > now_us) {
        wr_json_u64(j, "next_probe_ms", (until_us - now_us) / WR_MS);
    } else {
        wr_json_null(j, "next_probe_ms");
    }
    if (answered_us != 0 && now_us >= answered_us) {
        wr_json_u64(j, "answered_ago_ms", (now_us - answered_us) / WR_MS);
    } else {
        wr_json_null(j, "answered_ago_ms");
    }
    if (u->upstream[upstream].whom) {
        put_connection(s, &u->upstream[upstream], now_us, j);
    }
    wr_json_end(j);
}

void wr_report_upstreams(struct wr_serve *s, struct wr_json *j, const char *key)
{
    const struct wr_upstreams *u = &s->gate->settings.upstreams;
    struct wr_now now;
    wr_clock_now(false, &now);
    wr_json_object(j, key);
    wr_json_text(j, "default",
                 u->default_group == WR_GROUP_RECURSE
                     ? "recursion: the servers of each name are found from the root"
                     : u->group[u->default_group].name);
    wr_json_array(j, "upstreams");
    for (unsigned i = 0; i < u->upstreams; i++) {
        put_upstream(s, i, now.mono_us, j);
    }
    wr_json_end(j);
    wr_json_end(j);
}

/* --- cache --- */

static const char *kind_name(enum wr_cache_kind kind)
{
    switch (kind) {
    case WR_CACHE_RRSET: return "rrset";
    case WR_CACHE_NODATA: return "nodata";
    case WR_CACHE_NXDOMAIN: return "nxdomain";
    case WR_CACHE_FAILURE: return "failure";
    case WR_CACHE_CUT: return "delegation";
    }
    return "unknown";
}

void wr_report_entry(const struct wr_cache_key *key, const struct wr_cache_entry *e, char *text,
                     struct wr_json *j)
{
    wr_json_object(j, NULL);
    put_name(j, "name", key->name);
    put_type(j, "type", key->type);
    wr_json_text(j, "kind", kind_name(e->kind));
    wr_json_i64(j, "ttl", e->ttl_left > 0 ? e->ttl_left : 0);
    wr_json_bool(j, "stale", e->ttl_left <= 0);
    wr_json_i64(j, "ttl_left", e->ttl_left);
    wr_json_u64(j, "original_ttl", e->ttl);
    wr_json_i64(j, "age", (int64_t)e->ttl - e->ttl_left);
    wr_json_u64(j, "rank", e->rank);
    wr_json_text(j, "security", security_name(e->security));
    wr_json_u64(j, "used", e->used);
    wr_json_bool(j, "checking_disabled", (key->scope & WR_SCOPE_CD) != 0);
    if (e->kind == WR_CACHE_RRSET) {
        put_records(&e->rrset, text, j);
    } else {
        put_rcode(j, "rcode", e->rcode);
        if (e->ede != WR_EDE_NONE) {
            wr_json_u64(j, "ede", (uint16_t)e->ede);
        }
    }
    wr_json_end(j);
}

/* --- events --- */

static void put_client(struct wr_json *j, const struct wr_ledger_event *event)
{
    const struct wr_record *r = &event->record;
    char text[40];
    struct wr_str str;
    if (r->client.family != WR_AF_NONE) {
        put_addr(j, "client", &r->client);
    } else if (event->kind == WR_LEDGER_QUERY) { /* hidden (log.privacy) */
        wr_str_init(&str, text, sizeof(text));
        wr_str_char(&str, '~');
        wr_str_hex(&str, r->client.ip, 8);
        wr_json_text(j, "client", text);
    }
    if (event->asked.family != WR_AF_NONE) {
        put_addr(j, "asked", &event->asked);
    }
    if (r->device != 0) {
        wr_json_u64(j, "device", r->device);
    }
    if (event->segment[0] != 0) {
        wr_json_text(j, "segment", event->segment);
    }
    if (event->claim[0] != '\0') {
        wr_json_text(j, "claim", event->claim);
        wr_json_text(j, "claim_by", wr_claim_name(r->claim_kind));
    }
}

static void put_verdict(struct wr_json *j, const struct wr_ledger_event *event)
{
    const struct wr_verdict *v = &event->record.verdict;
    if (v->action == WR_VERDICT_NONE) {
        return;
    }
    wr_json_text(j, "verdict", wr_verdict_action_name(v->action));
    wr_json_text(j, "by", wr_verdict_by_name(v->by));
    if (v->shadow) {
        wr_json_bool(j, "shadow", true);
    }
    if (event->rule[0] != 0) {
        wr_json_text(j, "rule", event->rule);
    }
    if (v->trigger != WR_TRIGGER_NONE) {
        wr_json_text(j, "trigger", wr_verdict_trigger_name(v->trigger));
    }
    if (event->feed[0] != 0) {
        wr_json_text(j, "feed", event->feed);
        wr_json_u64(j, "line", v->line);
    }
}

/* What is no query. */
static void put_change(struct wr_json *j, const struct wr_ledger_event *event)
{
    wr_json_text(j, "kind", wr_ledger_kind_name(event->kind));
    wr_json_text(j, "text", event->text);
}

static void put_query(struct wr_json *j, const struct wr_ledger_event *event)
{
    const struct wr_record *r = &event->record;
    if (event->kind == WR_LEDGER_ROLLUP) {
        wr_json_text(j, "kind", wr_ledger_kind_name(event->kind));
        wr_json_u64(j, "count", event->count);
    }
    put_client(j, event);
    if (event->kind == WR_LEDGER_QUERY) {
        wr_json_text(j, "transport", wr_client_transport_name(r->transport));
    }
    if (event->name.size > 0) {
        put_name(j, "name", event->name.wire);
        put_type(j, "type", r->qtype);
    }
    wr_json_text(j, "source", wr_record_source_name(r->source));
    if (r->source != WR_SOURCE_DROPPED) {
        put_rcode(j, "rcode", r->rcode);
    }
    put_verdict(j, event);
    if (event->kind == WR_LEDGER_ROLLUP) {
        return;
    }
    if (r->source != WR_SOURCE_DROPPED) {
        wr_json_u64(j, "size", r->reply_size);
        wr_json_text(j, "security", security_name(r->security));
    }
    if (r->ede != WR_EDE_NONE) {
        wr_json_u64(j, "ede", (uint16_t)r->ede);
    }
    wr_json_u64(j, "took_us", r->took_us);
    if (event->upstream[0] != 0) {
        wr_json_text(j, "upstream", event->upstream);
    }
}

void wr_report_event(const struct wr_ledger_event *event, const char *device, struct wr_json *j,
                     const char *key)
{
    wr_json_object(j, key);
    wr_json_u64(j, "number", event->number);
    wr_json_i64(j, "time", event->record.wall_s);
    if (event->kind == WR_LEDGER_QUERY || event->kind == WR_LEDGER_ROLLUP) {
        put_query(j, event);
        if (device[0] != 0) {
            wr_json_text(j, "device_name", device);
        }
    } else {
        put_change(j, event);
    }
    wr_json_end(j);
}
