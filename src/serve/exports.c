/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/exports.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "net/clock.h"
#include "serve/beat.h"
#include "serve/dnstap.h"
#include "serve/exporttext.h"

#define BATCH   32
#define IDLE_MS 50
#define BUSY_MS 5
/* Batches to one collector in one turn. */
#define BATCHES_MAX 64
#define HEAD_US     (60 * WR_S)
#define ROOM_SIZE   (WR_EXPORTTEXT_SIZE + 16)

struct export
{
    char name[64], to[WR_URI_TEXT_MAX + 1];
    uint32_t format;
    bool decisions, counted; /* counted: octets stand before each message */
    bool was_open;
    struct wr_exportlink *link; /* NULL: no memory for it */
    struct wr_ledger_cursor cursor;
    struct wr_ledger_event events[BATCH];
    uint32_t have, next; /* of events */
    uint64_t head_us;
    struct wr_exportlink_status status; /* under the lock */
    uint64_t lost;                      /* likewise: never sent, for it was too slow */
};

struct wr_exports {
    struct wr_ledger *ledger;
    struct wr_logdisk *disk;
    struct wr_beat beat;
    struct export *item[WR_CONF_EXPORTS_MAX];
    uint32_t items;
    char host[256], room[ROOM_SIZE];
    pthread_mutex_t lock; /* what is told */
};

int wr_exports_create(struct wr_ledger *ledger, struct wr_logdisk *disk,
                      struct wr_exports **ret_exports)
{
    char name[256] = "";
    struct wr_exports *x = calloc(1, sizeof(*x));
    if (x == NULL) {
        return WR_E_NOMEM;
    }
    x->ledger = ledger;
    x->disk = disk;
    pthread_mutex_init(&x->lock, NULL);
    (void)gethostname(name, sizeof(name) - 1);
    wr_exporttext_host(name, x->host, sizeof(x->host));
    *ret_exports = x;
    return WR_OK;
}

/* --- messages --- */

static bool is_wanted(const struct export *e, const struct wr_ledger_event *event)
{
    return !e->decisions || event->kind > WR_LEDGER_ROLLUP ||
           event->record.verdict.action > WR_VERDICT_ALLOW;
}

/* As it goes over the link; 0: not for this one. */
static size_t make(struct wr_exports *x, const struct export *e,
                   const struct wr_ledger_event *event, const char **ret_bytes)
{
    const struct wr_exporttext by = {.host = x->host, .pid = getpid()};
    char *text = x->room + 16, count[16];
    size_t n;
    *ret_bytes = text;
    switch (e->format) {
    case WR_EXPORT_DNSTAP: return wr_dnstap_frame(x->host, event, (uint8_t *)text);
    case WR_EXPORT_JSON: return wr_exporttext_json(event, text);
    case WR_EXPORT_CEF: n = wr_exporttext_cef(&by, event, text); break;
    default: n = wr_exporttext_syslog(&by, event, text); break;
    }
    if (!e->counted) {
        text[n] = '\n';
        return n + 1;
    }
    size_t digits = (size_t)snprintf(count, sizeof(count), "%zu ", n);
    memcpy(text - digits, count, digits);
    *ret_bytes = text - digits;
    return digits + n;
}

/* The chain's end, so that somebody else has it. */
static void tell_head(struct wr_exports *x, struct export *e, const struct wr_now *now)
{
    struct wr_logdisk_status s;
    struct wr_str text;
    struct wr_ledger_event event = {
        .kind = WR_LEDGER_LOG, .upstream = "", .rule = "", .feed = "", .segment = ""};
    const char *bytes;
    if (x->disk == NULL || e->format == WR_EXPORT_DNSTAP || now->mono_us < e->head_us) {
        return;
    }
    wr_logdisk_status(x->disk, now, &s);
    event.number = s.last == 0 ? 1 : s.last;
    event.record.wall_s = now->wall_s;
    event.record.mono_us = now->mono_us;
    wr_str_init(&text, event.text, sizeof(event.text));
    wr_str_text(&text, "head ");
    wr_str_hex(&text, s.head, sizeof(s.head));
    wr_str_text(&text, " up to event ");
    wr_str_u64(&text, s.last);
    size_t n = make(x, e, &event, &bytes);
    if (wr_exportlink_put(e->link, bytes, n) == WR_OK) {
        e->head_us = now->mono_us + HEAD_US;
    }
}

/* The events that are here already; false: the link takes no more. */
static bool put_batch(struct wr_exports *x, struct export *e)
{
    for (; e->next < e->have; e->next++) {
        const struct wr_ledger_event *event = &e->events[e->next];
        const char *bytes;
        size_t n = is_wanted(e, event) ? make(x, e, event, &bytes) : 0;
        if (n > 0 && wr_exportlink_put(e->link, bytes, n) != WR_OK) {
            return false;
        }
    }
    return true;
}

static bool serve_one(struct wr_exports *x, struct export *e, const struct wr_now *now)
{
    bool much = false, open = wr_exportlink_turn(e->link, now);
    if (open && !e->was_open) {
        e->head_us = 0;
    }
    e->was_open = open;
    for (unsigned i = 0; i < BATCHES_MAX && open; i++) {
        tell_head(x, e, now);
        if (!put_batch(x, e)) {
            open = wr_exportlink_turn(e->link, now);
            continue;
        }
        e->next = 0;
        e->have = wr_ledger_follow(x->ledger, &e->cursor, e->events, BATCH);
        much = much || e->have == BATCH;
        if (e->have == 0) {
            break;
        }
    }
    if (open) {
        (void)wr_exportlink_turn(e->link, now);
    }
    return much;
}

static void tell(struct wr_exports *x, struct export *e)
{
    pthread_mutex_lock(&x->lock);
    wr_exportlink_status(e->link, &e->status);
    e->lost = e->cursor.lost;
    pthread_mutex_unlock(&x->lock);
}

/* What leaves the memory while nothing can be sent is lost, and is known to be before it can. */
static void see_what_is_gone(struct wr_exports *x, struct export *e)
{
    struct wr_ledger_stats stats;
    wr_ledger_stats(x->ledger, &stats);
    if (e->cursor.after + stats.kept < stats.last) {
        (void)wr_ledger_follow(x->ledger, &e->cursor, e->events, 0);
    }
}

bool wr_exports_turn(struct wr_exports *x, const struct wr_now *now)
{
    bool much = false;
    for (uint32_t i = 0; i < x->items; i++) {
        struct export *e = x->item[i];
        if (e->link == NULL) {
            continue;
        }
        much = serve_one(x, e, now) || much;
        see_what_is_gone(x, e);
        tell(x, e);
    }
    return much;
}

static void turn(void *user)
{
    struct wr_exports *x = user;
    struct wr_now now;
    wr_clock_now(false, &now);
    x->beat.period_ms = wr_exports_turn(x, &now) ? BUSY_MS : IDLE_MS;
}

/* --- its life --- */

static void drop(struct export *e)
{
    if (e != NULL) {
        wr_exportlink_destroy(e->link);
        free(e);
    }
}

static struct export *make_one(struct wr_exports *x, const struct wr_exports_setup *setup,
                               const struct wr_conf_export *conf, struct export *const *old,
                               uint32_t olds)
{
    struct wr_ledger_stats stats;
    struct export *e = calloc(1, sizeof(*e));
    if (e == NULL) {
        return NULL;
    }
    snprintf(e->name, sizeof(e->name), "%s", conf->name);
    snprintf(e->to, sizeof(e->to), "%s", conf->to);
    e->format = conf->format;
    e->decisions = conf->events == 1;
    e->counted = strncmp(conf->to, "tcp:", 4) == 0 || strncmp(conf->to, "tls:", 4) == 0;
    wr_ledger_stats(x->ledger, &stats);
    e->cursor.after = stats.last - stats.kept;
    for (uint32_t i = 0; i < olds; i++) {
        if (strcmp(old[i]->name, e->name) == 0) {
            e->cursor = old[i]->cursor;
        }
    }
    const struct wr_exportlink_setup link = {.to = conf->to,
                                             .format = conf->format,
                                             .creds = setup->creds,
                                             .system_clock = setup->system_clock,
                                             .floor_s = setup->floor_s};
    if (wr_exportlink_create(&link, &e->link) != WR_OK) {
        drop(e);
        return NULL;
    }
    return e;
}

int wr_exports_change(struct wr_exports *x, const struct wr_exports_setup *setup)
{
    struct export *old[WR_CONF_EXPORTS_MAX], *fresh[WR_CONF_EXPORTS_MAX];
    uint32_t olds = x->items, count = 0;
    size_t wanted = setup->conf->export.count;
    wr_beat_stop(&x->beat);
    memcpy(old, x->item, sizeof(old));
    for (size_t i = 0; i < wanted && i < WR_CONF_EXPORTS_MAX; i++) {
        fresh[count] = make_one(x, setup, &setup->conf->export.items[i], old, olds);
        count += fresh[count] != NULL;
    }
    pthread_mutex_lock(&x->lock);
    memcpy(x->item, fresh, count * sizeof(fresh[0]));
    x->items = count;
    pthread_mutex_unlock(&x->lock);
    for (uint32_t i = 0; i < olds; i++) {
        drop(old[i]);
    }
    x->beat =
        (struct wr_beat){.name = "weir-export", .period_ms = IDLE_MS, .work = turn, .user = x};
    int err = count > 0 ? wr_beat_start(&x->beat) : WR_OK;
    return count < wanted ? WR_E_NOMEM : err;
}

void wr_exports_stop(struct wr_exports *x)
{
    struct wr_now now;
    if (x == NULL) {
        return;
    }
    wr_beat_stop(&x->beat);
    wr_clock_now(false, &now);
    (void)wr_exports_turn(x, &now);
}

void wr_exports_destroy(struct wr_exports *x)
{
    if (x == NULL) {
        return;
    }
    wr_beat_stop(&x->beat);
    for (uint32_t i = 0; i < x->items; i++) {
        drop(x->item[i]);
    }
    pthread_mutex_destroy(&x->lock);
    free(x);
}

void wr_exports_report(struct wr_exports *x, struct wr_json *j, const char *key)
{
    pthread_mutex_lock(&x->lock);
    wr_json_array(j, key);
    for (uint32_t i = 0; i < x->items; i++) {
        const struct export *e = x->item[i];
        wr_json_object(j, NULL);
        wr_json_text(j, "name", e->name);
        wr_json_text(j, "to", e->to);
        wr_json_bool(j, "open", e->status.open);
        wr_json_text(j, "problem", e->status.problem[0] != 0 ? e->status.problem : NULL);
        wr_json_u64(j, "sent", e->status.put - e->status.lost);
        wr_json_u64(j, "lost", e->status.lost + e->lost);
        wr_json_u64(j, "failures", e->status.failures);
        wr_json_end(j);
    }
    wr_json_end(j);
    pthread_mutex_unlock(&x->lock);
}
