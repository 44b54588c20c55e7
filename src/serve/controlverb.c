/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/controlverb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/schema.h"
#include "net/clock.h"
#include "serve/anchors.h"
#include "serve/confjson.h"
#include "serve/devicecontrol.h"
#include "serve/mudcontrol.h"
#include "serve/devices.h"
#include "serve/firewall.h"
#include "serve/metrics.h"
#include "serve/report.h"
#include "serve/scoreboard.h"
#include "serve/serve.h"
#include "serve/policyreport.h"
#include "serve/why.h"

#define NEGATIVE_MAX_S (366 * 86400)

static const char *run_status(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    wr_report_status(s, j, "result");
    return NULL;
}

static const char *run_stats(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    wr_ledger_catch_up(s->ledger);
    wr_report_stats(s, j, "result");
    return NULL;
}

static const char *run_config(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    const json_t *key = json_object_get(args, "key");
    const struct wr_schema_row *row = NULL;
    if (key != NULL) {
        row = wr_schema_find(json_string_value(key));
        if (row == NULL || strstr(row->name, "[]") != NULL) {
            snprintf(why, WR_CONTROLVERB_WHY_SIZE, "there is no such key; weir explain lists them");
            return "argument";
        }
    }
    wr_confjson_put(s->conf, row, j, "result");
    return NULL;
}

static const char *run_upstreams(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                 char *why)
{
    wr_report_upstreams(s, j, "result");
    return NULL;
}

static const char *run_metrics(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    size_t size = 0;
    char *text = wr_metrics_text(s, &size);
    if (text == NULL) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "no memory for the metrics; try again");
        return "memory";
    }
    wr_json_object(j, "result");
    wr_json_bytes(j, "text", text, size);
    wr_json_end(j);
    free(text);
    return NULL;
}

int wr_controlverb_name(const json_t *args, struct wr_name *ret_name, char *why)
{
    const json_t *arg = json_object_get(args, "name");
    if (wr_name_from_text(json_string_value(arg), json_string_length(arg), ret_name) != WR_OK) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE,
                 "the argument name is no domain name: labels of up to 63 octets, 255 in all");
        return WR_E_FORMAT;
    }
    return WR_OK;
}

static const char *run_why(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    struct wr_question q = {.type = WR_TYPE_A};
    const json_t *type = json_object_get(args, "type");
    if (wr_controlverb_name(args, &q.name, why) != WR_OK) {
        return "argument";
    }
    if (type != NULL && wr_codes_type_from_text(json_string_value(type), json_string_length(type),
                                                &q.type) != WR_OK) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "the argument type is no record type");
        return "argument";
    }
    const json_t *client = json_object_get(args, "client");
    struct wr_askedby from;
    if (client != NULL && !json_is_string(client)) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "the argument client is no text");
        return "argument";
    }
    const struct wr_census *devices = s->devices != NULL ? wr_devices_machine(s->devices) : NULL;
    if (client != NULL && wr_askedby_find(devices, json_string_value(client), &from, why,
                                          WR_CONTROLVERB_WHY_SIZE) != WR_OK) {
        return "device";
    }
    if (wr_why_report(s, &q, client != NULL ? &from : NULL, j, "result") != WR_OK) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "no memory to look at the cache; try again");
        return "memory";
    }
    return NULL;
}

static const char *run_policy(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    wr_policyreport_put(s, j, "result");
    return NULL;
}

static const char *run_anchors(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    wr_live_anchors_report(s, j, "result");
    return NULL;
}

static const char *run_zones(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    wr_copies_report(s->copies, j, "result");
    return NULL;
}

static const char *run_firewall(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                char *why)
{
    return wr_firewall_show(s, j, "result");
}

static const char *run_firewall_apply(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                      char *why)
{
    const char *code = wr_firewall_apply(s, why, WR_CONTROLVERB_WHY_SIZE);
    return code != NULL ? code : wr_firewall_show(s, j, "result");
}

static const char *run_firewall_remove(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                       char *why)
{
    const char *code = wr_firewall_remove(s, why, WR_CONTROLVERB_WHY_SIZE);
    return code != NULL ? code : wr_firewall_show(s, j, "result");
}

static const char *run_firewall_leases(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                       char *why)
{
    return wr_firewall_leases(s, json_string_value(json_object_get(args, "device")), j, "result",
                              why, WR_CONTROLVERB_WHY_SIZE);
}

static const char *run_firewall_bypass(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                       char *why)
{
    wr_firewall_count(s);
    return wr_scoreboard_show(s, json_string_value(json_object_get(args, "device")), j, "result",
                              why, WR_CONTROLVERB_WHY_SIZE);
}

static const char *run_feeds(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    wr_feeds_report(s->feedswap.feeds, j, "result");
    return NULL;
}

static const char *run_feeds_look(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                  char *why)
{
    if (!wr_feeds_look(s->feedswap.feeds, json_string_value(json_object_get(args, "name")))) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE,
                 "there is no feed of this name; `weir feeds` lists them");
        return "feed";
    }
    return run_feeds(s, args, j, why);
}

static const char *run_zones_look(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                  char *why)
{
    struct wr_name name;
    if (wr_controlverb_name(args, &name, why) != WR_OK) {
        return "argument";
    }
    if (!wr_copies_look(s->copies, name.wire)) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE,
                 "there is no copy of this zone: no zone of local.zones with this name has "
                 "primaries");
        return "zone";
    }
    wr_copies_report(s->copies, j, "result");
    return NULL;
}

/* The end of a verb that changed the anchors, or could not. */
static const char *anchors_done(struct wr_serve *s, int err, const char *reason, struct wr_json *j,
                                char *why)
{
    if (err != WR_OK) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "%s", reason);
        return "anchor";
    }
    wr_live_anchors_report(s, j, "result");
    return NULL;
}

static const char *run_anchors_add(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                   char *why)
{
    const json_t *line = json_object_get(args, "line");
    const char *reason = NULL;
    int err = wr_live_anchors_add(s, json_string_value(line), json_string_length(line), &reason);
    return anchors_done(s, err, reason, j, why);
}

static const char *run_anchors_negative(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                        char *why)
{
    struct wr_name name;
    json_int_t for_s = json_integer_value(json_object_get(args, "for_s"));
    const char *reason = NULL;
    if (wr_controlverb_name(args, &name, why) != WR_OK) {
        return "argument";
    }
    if (for_s < 0 || for_s > NEGATIVE_MAX_S) {
        snprintf(why, WR_CONTROLVERB_WHY_SIZE, "the argument for_s must be 0 (no end) to %d",
                 NEGATIVE_MAX_S);
        return "argument";
    }
    int err = wr_live_anchors_negative(s, name.wire, for_s, &reason);
    return anchors_done(s, err, reason, j, why);
}

static const char *run_anchors_remove(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                      char *why)
{
    struct wr_name name;
    const char *reason = NULL;
    if (wr_controlverb_name(args, &name, why) != WR_OK) {
        return "argument";
    }
    int err = wr_live_anchors_remove(s, name.wire, &reason);
    return anchors_done(s, err, reason, j, why);
}

static const char *run_devices(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    json_int_t after = json_integer_value(json_object_get(args, "after"));
    wr_devicecontrol_list(s, after > 0 && after < UINT32_MAX ? (uint32_t)after : 0, j, "result");
    return NULL;
}

static const char *run_device(struct wr_serve *s, const json_t *args, struct wr_json *j, char *why)
{
    return wr_devicecontrol_show(s, json_string_value(json_object_get(args, "device")), j, "result",
                                 why, WR_CONTROLVERB_WHY_SIZE);
}

static const char *run_device_set(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                  char *why)
{
    const struct wr_devicecontrol_change change = {
        .what = json_string_value(json_object_get(args, "do")),
        .value = json_string_value(json_object_get(args, "value")),
        .reason = json_string_value(json_object_get(args, "reason")),
        .for_s = json_integer_value(json_object_get(args, "for_s"))};
    return wr_devicecontrol_set(s, json_string_value(json_object_get(args, "device")), &change, j,
                                "result", why, WR_CONTROLVERB_WHY_SIZE);
}

struct flush_room {
    _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
    struct wr_name name;
};

/* All entries of exactly this name. */
static uint64_t flush_name(struct wr_cache *cache, const uint8_t *name)
{
    struct flush_room *room = malloc(sizeof(*room));
    struct wr_cache_key key;
    struct wr_cache_entry entry;
    struct wr_now now;
    uint64_t cursor = 0, removed = 0;
    wr_clock_now(false, &now);
    while (room != NULL && wr_cache_walk(cache, &cursor, (uint32_t)(now.mono_us / WR_S),
                                         room->scratch, &room->name, &key, &entry) == WR_OK) {
        if (wr_name_equal(name, key.name) && wr_cache_remove(cache, &key) == WR_OK) {
            removed++;
        }
    }
    free(room);
    return removed;
}

static const char *run_cache_flush(struct wr_serve *s, const json_t *args, struct wr_json *j,
                                   char *why)
{
    struct wr_name name;
    if (wr_controlverb_name(args, &name, why) != WR_OK) {
        return "argument";
    }
    bool below = json_is_true(json_object_get(args, "below"));
    uint64_t removed =
        below ? wr_cache_flush(s->shared.cache, name.wire) : flush_name(s->shared.cache, name.wire);
    wr_cache_note_flush(s->shared.cache);
    wr_keep_flushed(s->shared.keep, name.wire);
    wr_json_object(j, "result");
    wr_json_u64(j, "removed", removed);
    wr_json_end(j);
    return NULL;
}

static const struct wr_controlverb verbs[] = {
    {"status", false, {{NULL, 0, false}}, run_status},
    {"stats", false, {{NULL, 0, false}}, run_stats},
    {"upstreams", false, {{NULL, 0, false}}, run_upstreams},
    {"config", false, {{"key", JSON_STRING, false}, {NULL, 0, false}}, run_config},
    {"cache_show",
     false,
     {{"name", JSON_STRING, false}, {"limit", JSON_INTEGER, false}, {NULL, 0, false}},
     NULL},
    {"cache_flush",
     true,
     {{"name", JSON_STRING, true}, {"below", JSON_TRUE, false}, {NULL, 0, false}},
     run_cache_flush},
    {"why",
     false,
     {{"name", JSON_STRING, true},
      {"type", JSON_STRING, false},
      {"client", JSON_STRING, false},
      {NULL, 0, false}},
     run_why},
    {"mud", false, {{NULL, 0, false}}, wr_mudcontrol_list},
    {"mud_get",
     false,
     {{"device", JSON_STRING, true}, {"proposed", JSON_TRUE, false}, {NULL, 0, false}},
     wr_mudcontrol_get},
    {"mud_accept",
     true,
     {{"device", JSON_STRING, true}, {"unsigned", JSON_TRUE, false}, {NULL, 0, false}},
     wr_mudcontrol_accept},
    {"mud_put",
     true,
     {{"at", JSON_INTEGER, true},
      {"data", JSON_STRING, true},
      {"signature", JSON_TRUE, false},
      {NULL, 0, false}},
     wr_mudcontrol_put},
    {"mud_import",
     true,
     {{"device", JSON_STRING, true},
      {"digest", JSON_STRING, true},
      {"unsigned", JSON_TRUE, false},
      {NULL, 0, false}},
     wr_mudcontrol_import},
    {"mud_fetch",
     true,
     {{"device", JSON_STRING, true}, {"unsigned", JSON_TRUE, false}, {NULL, 0, false}},
     wr_mudcontrol_fetch},
    {"mud_fetched", false, {{NULL, 0, false}}, wr_mudcontrol_fetched},
    {"mud_enforce",
     true,
     {{"device", JSON_STRING, true}, {"mode", JSON_STRING, true}, {NULL, 0, false}},
     wr_mudcontrol_enforce},
    {"mud_remove", true, {{"device", JSON_STRING, true}, {NULL, 0, false}}, wr_mudcontrol_remove},
    {"policy", false, {{NULL, 0, false}}, run_policy},
    {"anchors", false, {{NULL, 0, false}}, run_anchors},
    {"anchors_add", true, {{"line", JSON_STRING, true}, {NULL, 0, false}}, run_anchors_add},
    {"anchors_negative",
     true,
     {{"name", JSON_STRING, true}, {"for_s", JSON_INTEGER, false}, {NULL, 0, false}},
     run_anchors_negative},
    {"anchors_remove", true, {{"name", JSON_STRING, true}, {NULL, 0, false}}, run_anchors_remove},
    {"zones", false, {{NULL, 0, false}}, run_zones},
    {"zones_look", true, {{"name", JSON_STRING, true}, {NULL, 0, false}}, run_zones_look},
    {"feeds", false, {{NULL, 0, false}}, run_feeds},
    {"feeds_look", true, {{"name", JSON_STRING, true}, {NULL, 0, false}}, run_feeds_look},
    {"firewall", false, {{NULL, 0, false}}, run_firewall},
    {"firewall_apply", true, {{NULL, 0, false}}, run_firewall_apply},
    {"firewall_bypass",
     false,
     {{"device", JSON_STRING, false}, {NULL, 0, false}},
     run_firewall_bypass},
    {"firewall_remove", true, {{NULL, 0, false}}, run_firewall_remove},
    {"firewall_leases",
     false,
     {{"device", JSON_STRING, false}, {NULL, 0, false}},
     run_firewall_leases},
    {"devices", false, {{"after", JSON_INTEGER, false}, {NULL, 0, false}}, run_devices},
    {"device", false, {{"device", JSON_STRING, true}, {NULL, 0, false}}, run_device},
    {"device_set",
     true,
     {{"device", JSON_STRING, true},
      {"do", JSON_STRING, true},
      {"value", JSON_STRING, false},
      {"reason", JSON_STRING, false},
      {"for_s", JSON_INTEGER, false},
      {NULL, 0, false}},
     run_device_set},
    {"reload", true, {{NULL, 0, false}}, NULL},
    {"log_top",
     false,
     {{"by", JSON_STRING, true},
      {"count", JSON_INTEGER, false},
      {"device", JSON_STRING, false},
      {"name", JSON_STRING, false},
      {"since", JSON_INTEGER, false},
      {"until", JSON_INTEGER, false},
      {NULL, 0, false}},
     NULL},
    {"log",
     false,
     {{"follow", JSON_TRUE, false},
      {"count", JSON_INTEGER, false},
      {"lines", JSON_TRUE, false},
      {"device", JSON_STRING, false},
      {"client", JSON_STRING, false},
      {"asked", JSON_STRING, false},
      {"name", JSON_STRING, false},
      {"type", JSON_STRING, false},
      {"verdict", JSON_STRING, false},
      {"rule", JSON_STRING, false},
      {"segment", JSON_STRING, false},
      {"source", JSON_STRING, false},
      {"rcode", JSON_STRING, false},
      {"security", JSON_STRING, false},
      {"kind", JSON_STRING, false},
      {"since", JSON_INTEGER, false},
      {"until", JSON_INTEGER, false},
      {NULL, 0, false}},
     NULL},
    {"metrics", false, {{NULL, 0, false}}, run_metrics},
};

const struct wr_controlverb *wr_controlverb_find(const char *name)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

void wr_controlverb_list(char *why)
{
    int n = snprintf(why, WR_CONTROLVERB_WHY_SIZE, "unknown verb; there are");
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]) && n < WR_CONTROLVERB_WHY_SIZE; i++) {
        n += snprintf(why + n, (size_t)(WR_CONTROLVERB_WHY_SIZE - n), "%s %s", i > 0 ? "," : "",
                      verbs[i].name);
    }
}

static bool has_type(const json_t *value, json_type type)
{
    return type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type;
}

int wr_controlverb_check(const struct wr_controlverb *verb, json_t *args, char *why)
{
    const char *key;
    json_t *value;
    json_object_foreach(args, key, value)
    {
        const struct wr_controlverb_arg *arg = verb->args;
        while (arg->name != NULL && strcmp(arg->name, key) != 0) {
            arg++;
        }
        if (arg->name == NULL || !has_type(value, arg->type)) {
            snprintf(why, WR_CONTROLVERB_WHY_SIZE,
                     arg->name == NULL ? "the verb %s takes no argument %.40s"
                                       : "the verb %s wants another type for %.40s",
                     verb->name, key);
            return WR_E_FORMAT;
        }
    }
    for (const struct wr_controlverb_arg *arg = verb->args; arg->name != NULL; arg++) {
        if (arg->needed && json_object_get(args, arg->name) == NULL) {
            snprintf(why, WR_CONTROLVERB_WHY_SIZE, "the verb %s needs the argument %s", verb->name,
                     arg->name);
            return WR_E_FORMAT;
        }
    }
    return WR_OK;
}
