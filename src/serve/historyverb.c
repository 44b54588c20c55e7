/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/historyverb.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "serve/devices.h"
#include "serve/history.h"
#include "serve/serve.h"

#ifdef WR_HAVE_HISTORY

#define COUNT 20

static void history_conf(const struct wr_conf *c, struct wr_history_conf *ret)
{
    *ret = (struct wr_history_conf){.folder = c->log.path,
                                    .size_bytes = c->log.history_bytes,
                                    .budget_per_day_bytes = c->log.budget_per_day_bytes,
                                    .days = c->log.history_days};
}

static void answered(void *user)
{
    struct wr_serve *s = user;
    uv_async_send(&s->grown);
}

int wr_historyverb_open(struct wr_serve *s)
{
    struct wr_history_setup setup = {
        .ledger = s->ledger, .clock = &s->clock, .news = answered, .user = s};
    history_conf(s->first_conf, &setup.conf);
    return setup.conf.days > 0 ? wr_history_open(&setup, &s->history) : WR_OK;
}

int wr_historyverb_run(struct wr_serve *s)
{
    return s->history != NULL ? wr_history_run(s->history) : WR_OK;
}

void wr_historyverb_change(struct wr_serve *s)
{
    struct wr_history_conf conf;
    if (s->history != NULL && s->conf->log.history_days > 0) {
        history_conf(s->conf, &conf);
        wr_history_change(s->history, &conf);
    }
}

void wr_historyverb_put(struct wr_serve *s, const struct wr_now *now, struct wr_json *j,
                        const char *key)
{
    struct wr_history_status h;
    if (s->history == NULL) {
        return;
    }
    wr_history_status(s->history, now, &h);
    wr_json_object(j, key);
    wr_json_text(j, "problem", h.problem[0] != 0 ? h.problem : NULL);
    wr_json_u64(j, "counted", h.counted);
    wr_json_u64(j, "missing", h.missing);
    wr_json_u64(j, "failures", h.failures);
    wr_json_u64(j, "last", h.after);
    wr_json_u64(j, "file_bytes", h.figures.file_bytes);
    wr_json_u64(j, "dropped", h.figures.dropped);
    wr_json_u64(j, "bytes_today", h.bytes_today);
    wr_json_end(j);
}

void wr_historyverb_stop(struct wr_serve *s, const struct wr_now *now)
{
    wr_history_close(s->history, now);
    s->history = NULL;
}

/* --- questions --- */

static const char *const by_names[WR_HISTORYDB_BYS] = {"devices", "names", "minutes"};

static bool read_by(const json_t *args, struct wr_historydb_want *want)
{
    const char *text = json_string_value(json_object_get(args, "by"));
    for (unsigned i = 0; text != NULL && i < WR_HISTORYDB_BYS; i++) {
        if (strcmp(text, by_names[i]) == 0) {
            want->by = (enum wr_historydb_by)i;
            return true;
        }
    }
    return false;
}

/* A device of today; or the address of one that nobody knew. */
static bool read_device(const struct wr_serve *s, const json_t *args,
                        struct wr_historydb_want *want, char client[WR_ADDR_TEXT_SIZE])
{
    const char *text = json_string_value(json_object_get(args, "device"));
    struct wr_addr addr;
    uint64_t number = 0;
    if (text == NULL) {
        return true;
    }
    want->device = wr_devices_number(s->devices, text);
    want->has_device = want->device != 0;
    if (!want->has_device && wr_addr_from_text(text, &addr) == WR_OK && addr.port == 0) {
        wr_addr_to_text(&addr, client, WR_ADDR_TEXT_SIZE);
        want->client = client;
        return true;
    }
    if (!want->has_device && wr_str_to_u64(text, strlen(text), UINT32_MAX, &number) == WR_OK) {
        want->device = (uint32_t)number; /* one that is forgotten */
        want->has_device = number != 0;
    }
    return want->has_device;
}

static int64_t minute_of(const json_t *args, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(args, key);
    int64_t s = value != NULL ? json_integer_value(value) : 0;
    return value == NULL ? otherwise : s < 0 ? 0 : s / 60;
}

const char *wr_historyverb_ask(struct wr_serve *s, const json_t *args, uint32_t *ret_ticket,
                               char *why, size_t cap)
{
    struct wr_historydb_want want = {.client = "", .name = ""};
    char client[WR_ADDR_TEXT_SIZE], text[WR_NAME_TEXT_SIZE];
    const char *name = json_string_value(json_object_get(args, "name"));
    const json_t *count = json_object_get(args, "count");
    json_int_t limit = count != NULL ? json_integer_value(count) : COUNT;
    struct wr_name wire;
    if (s->history == NULL) {
        snprintf(why, cap, "there is no history: it needs log.path, and log.history_days above 0");
        return "off";
    }
    if (!read_by(args, &want)) {
        snprintf(why, cap, "the argument by must be devices, names or minutes");
        return "argument";
    }
    if (limit < 1 || limit > (json_int_t)WR_HISTORY_TOP_MAX) {
        snprintf(why, cap, "the argument count must be from 1 to %u", WR_HISTORY_TOP_MAX);
        return "argument";
    }
    if (!read_device(s, args, &want, client)) {
        snprintf(why, cap, "the argument device is neither a device nor an address");
        return "argument";
    }
    if (name != NULL) {
        if (wr_name_from_text(name, strlen(name), &wire) != WR_OK) {
            snprintf(why, cap, "the argument name must be a domain name");
            return "argument";
        }
        wire.size = (uint8_t)wr_name_lower(wire.wire, wire.wire);
        (void)wr_name_to_text(wire.wire, text, sizeof(text));
        want.name = wire.wire[0] == 0 ? "" : text; /* below the root is everything */
    }
    want.limit = (uint32_t)limit;
    want.since = minute_of(args, "since", 0);
    want.until = minute_of(args, "until", INT64_MAX);
    *ret_ticket = wr_history_ask(s->history, &want);
    snprintf(why, cap, "too many ask already; try again");
    return *ret_ticket == 0 ? "busy" : NULL;
}

bool wr_historyverb_is_answered(struct wr_serve *s, uint32_t ticket, const char **ret_why)
{
    struct wr_history_reply reply;
    enum wr_history_state state = wr_history_answer(s->history, ticket, &reply);
    *ret_why = state == WR_HISTORY_FAILED ? reply.why : NULL;
    return state != WR_HISTORY_WAITS;
}

/* Only what the question told apart is not empty. */
static void put_row(struct wr_serve *s, const struct wr_historydb_row *r, bool minutes,
                    bool devices, struct wr_json *j)
{
    char name[WR_CENSUS_NAME_SIZE];
    wr_json_object(j, NULL);
    wr_json_u64(j, "queries", r->queries);
    if (devices) {
        wr_devices_call(s->devices, r->device, name);
        if (name[0] == 0 && r->device != 0) {
            snprintf(name, sizeof(name), "d%lu", (unsigned long)r->device);
        }
        wr_json_text(j, "device", name[0] != 0 ? name : r->client[0] != 0 ? r->client : NULL);
    } else if (!minutes) {
        wr_json_text(j, "name", r->name[0] != 0 ? r->name : NULL);
    }
    wr_json_u64(j, "denied", r->denied);
    wr_json_u64(j, "failed", r->failed);
    wr_json_u64(j, "cached", r->cached);
    wr_json_i64(j, minutes ? "minute" : "last", r->minute * 60);
    wr_json_end(j);
}

void wr_historyverb_answer(struct wr_serve *s, uint32_t ticket, struct wr_json *j, const char *key)
{
    struct wr_history_reply reply;
    enum wr_historydb_by by = wr_history_answer(s->history, ticket, &reply) == WR_HISTORY_ANSWERED
                                  ? reply.by
                                  : WR_HISTORYDB_NAMES;
    wr_json_object(j, key);
    wr_json_array(j, by_names[by]);
    for (uint32_t i = 0; i < reply.rows; i++) {
        put_row(s, &reply.row[i], by == WR_HISTORYDB_MINUTES, by == WR_HISTORYDB_DEVICES, j);
    }
    wr_json_end(j);
    wr_json_end(j);
}

void wr_historyverb_give_back(struct wr_serve *s, uint32_t ticket)
{
    if (s->history != NULL) {
        wr_history_give_back(s->history, ticket);
    }
}

#else

int wr_historyverb_open(struct wr_serve *s)
{
    (void)s;
    return WR_OK;
}

int wr_historyverb_run(struct wr_serve *s)
{
    (void)s;
    return WR_OK;
}

void wr_historyverb_change(struct wr_serve *s)
{
    (void)s;
}

void wr_historyverb_put(struct wr_serve *s, const struct wr_now *now, struct wr_json *j,
                        const char *key)
{
    (void)s, (void)now, (void)j, (void)key;
}

void wr_historyverb_stop(struct wr_serve *s, const struct wr_now *now)
{
    (void)s, (void)now;
}

const char *wr_historyverb_ask(struct wr_serve *s, const json_t *args, uint32_t *ret_ticket,
                               char *why, size_t cap)
{
    (void)s, (void)args;
    *ret_ticket = 0;
    snprintf(why, cap, "this weir is built without a history");
    return "off";
}

bool wr_historyverb_is_answered(struct wr_serve *s, uint32_t ticket, const char **ret_why)
{
    (void)s, (void)ticket;
    *ret_why = "this weir is built without a history";
    return true;
}

void wr_historyverb_answer(struct wr_serve *s, uint32_t ticket, struct wr_json *j, const char *key)
{
    (void)s, (void)ticket;
    wr_json_null(j, key);
}

void wr_historyverb_give_back(struct wr_serve *s, uint32_t ticket)
{
    (void)s, (void)ticket;
}

#endif
