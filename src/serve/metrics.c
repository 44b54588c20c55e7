/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "net/clock.h"
#include "net/ports.h"
#include "resolve/select.h"
#include "serve/devices.h"
#include "serve/firewall.h"
#include "serve/serve.h"

static uint64_t at_offset(const void *base, size_t offset)
{
    const _Atomic uint64_t *v =
        (const _Atomic uint64_t *)(const void *)((const char *)base + offset);
    return atomic_load_explicit(v, memory_order_relaxed);
}

static void put_one(FILE *out, const char *name, const char *suffix, const char *kind,
                    const char *help, uint64_t value)
{
    fprintf(out, "# HELP weir_%s%s %s\n# TYPE weir_%s%s %s\nweir_%s%s %" PRIu64 "\n", name, suffix,
            help, name, suffix, kind, name, suffix, value);
}

static void put_counter(FILE *out, const char *name, const char *help, uint64_t value)
{
    put_one(out, name, "_total", "counter", help, value);
}

static void put_gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
    put_one(out, name, "", "gauge", help, value);
}

static void put_engine(FILE *out, const struct wr_serve *s)
{
    const struct wr_stats_row *rows;
    size_t count = wr_stats_rows(&rows);
    for (size_t i = 0; i < count; i++) {
        uint64_t sum = 0;
        for (uint16_t w = 0; w < s->workers; w++) {
            sum += at_offset(wr_crew_stats(s->crew, w), rows[i].offset);
        }
        put_counter(out, rows[i].name, rows[i].help, sum);
    }
}

static void put_sockets(FILE *out, const struct wr_serve *s)
{
    const struct wr_stats_row *rows;
    size_t count = wr_net_stats_rows(&rows);
    for (size_t i = 0; i < count; i++) {
        uint64_t sum = 0;
        for (uint16_t w = 0; w < s->workers; w++) {
            sum += at_offset(wr_crew_net_stats(s->crew, w), rows[i].offset);
        }
        if (strncmp(rows[i].name, "gauge_", 6) == 0) {
            put_gauge(out, rows[i].name + 6, rows[i].help, sum);
        } else {
            put_counter(out, rows[i].name, rows[i].help, sum);
        }
    }
}

static void put_cache(FILE *out, const struct wr_serve *s)
{
    struct wr_cache_stats cs;
    wr_cache_stats(s->shared.cache, &cs);
    put_gauge(out, "cache_size_bytes", "memory of the cache", cs.size_bytes);
    put_gauge(out, "cache_used_bytes", "memory of live cache entries", cs.used_bytes);
    put_gauge(out, "cache_entries", "entries in the cache", cs.entries);
    put_counter(out, "cache_inserted", "entries written to the cache", cs.inserted);
    put_counter(out, "cache_evicted", "entries that left the cache for room", cs.evicted);
}

static void put_keep(FILE *out, const struct wr_serve *s)
{
    struct wr_keep_status k;
    struct wr_now now;
    wr_clock_now(false, &now);
    wr_keep_status(s->shared.keep, &now, &k);
    if (k.checkpoints) {
        put_gauge(out, "keep_writing", "1 while checkpoints can be written", k.writing);
        put_gauge(out, "keep_interval_seconds", "between two checkpoints now", k.interval_s);
        put_gauge(out, "keep_file_bytes", "size of the checkpoint file", k.file_bytes);
        put_counter(out, "keep_written_bytes", "octets given to the disk", k.bytes_total);
        put_counter(out, "keep_failures", "checkpoints that could not be written", k.failures);
    }
}

struct upstream_row {
    const char *name, *suffix, *kind, *help;
    size_t offset; /* of an atomic counter in the state */
};

#define COUNTER(field, help)                                  \
    {                                                         \
        "upstream_server_" #field, "_total", "counter", help, \
            offsetof(struct wr_upstream_state, field)         \
    }

static void put_label(FILE *out, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '\\' || *text == '"') {
            fputc('\\', out);
        }
        fputc(*text == '\n' ? ' ' : *text, out);
    }
}

static void put_upstream_value(FILE *out, const char *name, const char *url, double value)
{
    fprintf(out, "weir_%s{upstream=\"", name);
    put_label(out, url);
    fprintf(out, "\"} %.10g\n", value);
}

static void put_upstream_counters(FILE *out, const struct wr_serve *s)
{
    static const struct upstream_row rows[] = {
        COUNTER(sent, "messages sent to this server"),
        COUNTER(answers, "answers accepted from this server"),
        COUNTER(timeouts, "questions this server did not answer in time"),
        COUNTER(errors, "answers of this server that were errors"),
        COUNTER(wrong, "replies with a wrong id, question, address, case or cookie"),
        COUNTER(truncated, "answers of this server with TC"),
    };
    const struct wr_upstreams *u = &s->gate->settings.upstreams;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char name[80];
        snprintf(name, sizeof(name), "%s%s", rows[i].name, rows[i].suffix);
        fprintf(out, "# HELP weir_%s %s\n# TYPE weir_%s %s\n", name, rows[i].help, name,
                rows[i].kind);
        for (unsigned k = 0; k < u->upstreams; k++) {
            const struct wr_upstream_state *st = &s->shared.upstream_state[u->upstream[k].slot];
            put_upstream_value(out, name, u->upstream[k].url,
                               (double)at_offset(st, rows[i].offset));
        }
    }
}

/* Of encrypted ones, when there are any: a name without a value is none. */
static void put_connection_counters(FILE *out, const struct wr_serve *s)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } rows[] = {
        {"upstream_server_handshakes_total", "connections to this server that were proven",
         offsetof(struct wr_conninfo, handshakes)},
        {"upstream_server_resumptions_total", "those of them that were resumed by a ticket",
         offsetof(struct wr_conninfo, resumed)},
        {"upstream_server_connection_failures_total",
         "connections to this server that failed, or ended with questions on them",
         offsetof(struct wr_conninfo, failures)},
    };
    const struct wr_upstreams *u = &s->gate->settings.upstreams;
    bool any = false;
    for (unsigned k = 0; k < u->upstreams; k++) {
        any = any || u->upstream[k].whom;
    }
    for (size_t i = 0; any && i < sizeof(rows) / sizeof(rows[0]); i++) {
        fprintf(out, "# HELP weir_%s %s\n# TYPE weir_%s counter\n", rows[i].name, rows[i].help,
                rows[i].name);
        for (unsigned k = 0; k < u->upstreams; k++) {
            if (u->upstream[k].whom) {
                put_upstream_value(
                    out, rows[i].name, u->upstream[k].url,
                    (double)at_offset(&s->shared.conns[u->upstream[k].slot], rows[i].offset));
            }
        }
    }
}

static void put_upstream_gauges(FILE *out, const struct wr_serve *s)
{
    const struct wr_upstreams *u = &s->gate->settings.upstreams;
    fprintf(out, "# HELP weir_upstream_srtt_seconds smoothed round-trip time; 0: not measured\n"
                 "# TYPE weir_upstream_srtt_seconds gauge\n");
    for (unsigned k = 0; k < u->upstreams; k++) {
        const struct wr_upstream_state *st = &s->shared.upstream_state[u->upstream[k].slot];
        put_upstream_value(out, "upstream_srtt_seconds", u->upstream[k].url,
                           atomic_load_explicit(&st->srtt_us, memory_order_relaxed) / 1e6);
    }
    fprintf(out, "# HELP weir_upstream_suspect 1 while the server is not the first choice\n"
                 "# TYPE weir_upstream_suspect gauge\n");
    for (unsigned k = 0; k < u->upstreams; k++) {
        const struct wr_upstream_state *st = &s->shared.upstream_state[u->upstream[k].slot];
        put_upstream_value(out, "upstream_suspect", u->upstream[k].url,
                           wr_select_is_suspect(st) ? 1 : 0);
    }
}

/* How often each rule has said something: as many rows as there are rules, whatever is asked. */
static void put_rules(FILE *out, const struct wr_serve *s)
{
    const struct wr_policy *p = s->gate->settings.policy;
    const struct wr_policy_spec *spec = p != NULL ? wr_policy_spec(p) : NULL;
    if (spec == NULL || spec->rules == 0) {
        return;
    }
    fprintf(out, "# HELP weir_rule_hits_total queries that this rule has said something of, in the "
                 "shadow too\n"
                 "# TYPE weir_rule_hits_total counter\n");
    for (uint32_t i = 0; i < spec->rules; i++) {
        const struct wr_policy_rule *r = &spec->rule[i];
        fprintf(out, "weir_rule_hits_total{rule=\"");
        put_label(out, wr_labels_text(s->labels, r->label));
        fprintf(out, "\",verdict=\"%s\",shadow=\"%s\"} %" PRIu64 "\n",
                wr_verdict_action_name(r->action), r->shadow ? "true" : "false",
                wr_crew_hits(s->crew, r->label));
    }
}

static void put_daemon(FILE *out, const struct wr_serve *s)
{
    struct wr_ledger_stats ls;
    struct wr_now now;
    wr_ledger_stats(s->ledger, &ls);
    wr_clock_now(false, &now);
    put_gauge(out, "uptime_seconds", "since the start", (now.mono_us - s->started_us) / WR_S);
    put_gauge(out, "workers", "threads that answer", s->workers);
    put_gauge(out, "listeners_wanted", "addresses to listen on, UDP and TCP each",
              wr_listeners_wanted(&s->listeners, s->gate));
    put_gauge(out, "listeners_open", "of those, how many are listened on",
              wr_listeners_right(&s->listeners, s->gate));
    put_gauge(out, "settings_serial", "grows with each reload", s->gate->settings.serial);
    put_gauge(out, "wall_clock_proven", "1 when the wall clock is believed",
              wr_clock_is_proven(&s->clock));
    put_gauge(out, "labels", "names of rules, segments, groups and feeds since the start",
              wr_labels_count(s->labels));
    put_gauge(out, "labels_most", "of those, how many there can be before a restart",
              WR_LABELS_MAX);
    put_counter(out, "labels_refused", "names that found no place: a reload is refused then",
                wr_labels_refused(s->labels));
    put_gauge(out, "views",
              "groups of upstreams that segments and rules have named since the start",
              wr_slots_views(&s->slots));
    put_gauge(out, "views_most", "of those, how many there can be before a restart",
              WR_SLOTS_VIEWS);
    put_gauge(out, "devices", "devices that are known",
              wr_census_count(wr_devices_machine(s->devices)));
    put_counter(out, "devices_refused", "devices and addresses that found no place",
                wr_census_refused(wr_devices_machine(s->devices)));
    put_counter(out, "events_taken", "event records that reached the ledger", ls.taken);
    put_counter(out, "reloads", "reloads asked for", s->reload.report.count);
}

char *wr_metrics_text(const struct wr_serve *s, size_t *ret_size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_size);
    if (out == NULL) {
        return NULL;
    }
    put_daemon(out, s);
    put_engine(out, s);
    put_sockets(out, s);
    put_cache(out, s);
    put_keep(out, s);
    put_upstream_counters(out, s);
    put_connection_counters(out, s);
    put_upstream_gauges(out, s);
    put_rules(out, s);
    wr_firewall_metrics(s, out);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

int wr_metrics_hook(void *user, const char *path, struct wr_httpd_reply *ret_reply)
{
    if (strcmp(path, "/metrics") != 0) {
        return WR_E_NOTFOUND;
    }
    size_t size = 0;
    char *text = wr_metrics_text(user, &size);
    if (text == NULL) {
        return WR_E_NOMEM;
    }
    *ret_reply = (struct wr_httpd_reply){"text/plain; version=0.0.4; charset=utf-8", text, size};
    return WR_OK;
}
