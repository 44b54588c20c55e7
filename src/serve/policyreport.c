/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/policyreport.h"

#include <stdio.h>
#include <time.h>

#include "policy/census.h"
#include "policy/device.h"
#include "policy/lack.h"
#include "serve/crew.h"
#include "serve/devices.h"
#include "serve/feedimage.h"
#include "serve/put.h"
#include "serve/serve.h"
#include "serve/whyzones.h"

/* A zone's name, an owner in it, and some words; wr_policy_reason wants no more. */
#define REASON_SIZE (2 * WR_NAME_TEXT_SIZE + 128)

static uint64_t hits_of(const struct wr_serve *s, uint16_t label)
{
    return s->crew != NULL ? wr_crew_hits(s->crew, label) : 0;
}

static const char *word_of(const struct wr_policy_rule *r)
{
    return r->word != NULL ? r->word : wr_verdict_action_name(r->action);
}

/* The label of what decides for a segment and is not there; 0: all is. */
static uint16_t lack_of(const struct wr_serve *s, uint16_t segment)
{
    const struct wr_settings *set = &s->gate->settings;
    return wr_lack_of(set->policy, s->feedswap.set != NULL ? &s->feedswap.set->set : NULL,
                      &set->rpz, segment);
}

/* What decides for it and is not there, and what becomes of its clients then. */
static void put_lack(struct wr_serve *s, struct wr_json *j, const struct wr_conf_segment *seg)
{
    uint16_t lack = lack_of(s, wr_labels_number(s->labels, seg->name));
    wr_json_text(j, "fail", seg->fail != 0 ? "closed" : "open");
    wr_json_text(j, "lacks", lack != 0 ? wr_labels_text(s->labels, lack) : NULL);
}

static void put_segments(struct wr_serve *s, struct wr_json *j)
{
    wr_json_array(j, "segments");
    for (size_t i = 0; i < s->conf->segments.count; i++) {
        const struct wr_conf_segment *seg = &s->conf->segments.items[i];
        char text[WR_LABEL_TEXT_SIZE];
        wr_json_object(j, NULL);
        wr_json_text(j, "name", seg->name);
        wr_json_text(j, "upstream", seg->upstream[0] ? seg->upstream : "as everybody");
        put_lack(s, j, seg);
        wr_json_u64(j, "approved", seg->only.count);
        snprintf(text, sizeof(text), "only:%s", seg->name);
        wr_json_u64(j, "unapproved_asked",
                    seg->only.count > 0 ? hits_of(s, wr_labels_number(s->labels, text)) : 0);
        wr_json_end(j);
    }
    wr_json_end(j);
}

static void put_rules(struct wr_serve *s, const struct wr_policy_spec *spec, struct wr_json *j)
{
    wr_json_array(j, "rules");
    for (uint32_t i = 0; spec != NULL && i < spec->rules; i++) {
        const struct wr_policy_rule *r = &spec->rule[i];
        wr_json_object(j, NULL);
        wr_json_text(j, "name", r->name);
        wr_json_text(j, "verdict", word_of(r));
        wr_json_bool(j, "shadow", r->shadow);
        wr_json_u64(j, "hits", hits_of(s, r->label));
        wr_json_end(j);
    }
    wr_json_end(j);
}

void wr_policyreport_put(struct wr_serve *s, struct wr_json *j, const char *key)
{
    const struct wr_policy *p = s->gate->settings.policy;
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    wr_json_object(j, key);
    wr_json_u64(j, "settings", s->gate->settings.serial);
    wr_json_u64(j, "since_s", (now.mono_us - s->started_us) / WR_S);
    wr_json_bool(j, "rebinding", s->conf->policy.rebinding);
    put_segments(s, j);
    put_rules(s, p != NULL ? wr_policy_spec(p) : NULL, j);
    wr_json_end(j);
}

/* --- one question --- */

struct dry {
    struct wr_who who;
    uint16_t segment; /* its place, or WR_SEGMENT_NONE */
    struct wr_verdict verdict;
};

static struct dry run(const struct wr_serve *s, const struct wr_policyreport_try *t)
{
    const struct wr_settings *set = &s->gate->settings;
    struct dry d = {.segment = WR_SEGMENT_NONE};
    const uint8_t *zone = (const uint8_t *)"";
    if (s->shared.devices != NULL) {
        (void)wr_device_find(s->shared.devices, t->from, t->ifindex, "", false, &d.who);
    }
    if (set->segments != NULL) {
        d.segment = wr_segment_of(set->segments, t->ifindex, t->from);
        d.who.segment = d.segment == WR_SEGMENT_NONE ? 0 : set->segments->segment[d.segment].label;
    }
    if (d.who.state == WR_WHO_QUARANTINED) {
        d.verdict = (struct wr_verdict){.action = WR_VERDICT_REFUSED,
                                        .by = WR_VERDICT_BY_QUARANTINE,
                                        .trigger = WR_TRIGGER_CLIENT};
    }
    if (d.verdict.action == WR_VERDICT_NONE && d.segment != WR_SEGMENT_NONE &&
        set->segments->segment[d.segment].closed && lack_of(s, d.who.segment) != 0) {
        d.verdict = (struct wr_verdict){.action = WR_VERDICT_REFUSED,
                                        .by = WR_VERDICT_BY_LACK,
                                        .trigger = WR_TRIGGER_CLIENT,
                                        .feed = lack_of(s, d.who.segment)};
    }
    if (set->policy == NULL || d.verdict.action != WR_VERDICT_NONE) {
        return d;
    }
    (void)wr_upstream_route(&set->upstreams, t->question->name.wire, &zone);
    struct wr_policy_ask ask = {.who = &d.who,
                                .client = t->from,
                                .name = t->question->name.wire,
                                .type = t->question->type,
                                .now = t->now,
                                .feeds = s->feedswap.set != NULL ? &s->feedswap.set->set : NULL,
                                .own = zone[0] != 0 || (t->answer && t->answer->local)};
    d.verdict = wr_policy_question(set->policy, &ask);
    if (wr_verdict_passes(&d.verdict) && t->answer != NULL) {
        struct wr_policy_servers servers = {.names = 0};
        if (t->servers != NULL) {
            servers = (struct wr_policy_servers){t->servers->name, t->servers->addr,
                                                 t->servers->names, t->servers->addrs};
        }
        ask.servers = &servers;
        struct wr_verdict v =
            wr_policy_answer(set->policy, &ask, t->answer->answer, t->answer->answers);
        d.verdict = v.action != WR_VERDICT_NONE ? v : d.verdict;
    }
    return d;
}

uint16_t wr_policyreport_view(struct wr_serve *s, const struct wr_policyreport_try *t)
{
    const struct wr_settings *set = &s->gate->settings;
    struct dry d = run(s, t);
    const struct wr_policy_rule *r = d.verdict.action == WR_VERDICT_ROUTE && !d.verdict.shadow
                                         ? wr_policy_rule_of(set->policy, d.verdict.rule)
                                         : NULL;
    if (r != NULL) {
        return r->view;
    }
    return d.segment == WR_SEGMENT_NONE ? 0 : set->segments->segment[d.segment].view;
}

/* A verdict, and of a policy zone which record gave it. */
struct judged {
    struct dry dry;
    struct wr_whyzones zones;
    struct wr_whyzones_hit zone;
};

static bool is_settled(const struct wr_verdict *v)
{
    return !wr_verdict_passes(v) || (v->action == WR_VERDICT_ALLOW && !v->shadow);
}

/* What was said before, in the shadow too, came first. */
static void take_zone(struct judged *j)
{
    struct wr_verdict *v = &j->dry.verdict;
    if (v->action == WR_VERDICT_NONE || !j->zone.hit.verdict.shadow) {
        *v = j->zone.hit.verdict;
    }
}

/* Rules, then policy zones: of the question, then of the answer. */
static void judge(struct wr_serve *s, const struct wr_policyreport_try *t, struct judged *ret)
{
    struct wr_policyreport_try question = *t;
    question.answer = NULL;
    *ret = (struct judged){.dry = run(s, &question)};
    ret->zones = (struct wr_whyzones){.zones = &s->gate->settings.rpz,
                                      .who = &ret->dry.who,
                                      .client = t->from,
                                      .question = t->question,
                                      .answer = t->answer,
                                      .look = t->look,
                                      .servers = t->room};
    bool own = wr_local_owns(s->locals.set.local, t->question->name.wire, t->question->type) ||
               (t->answer != NULL && t->answer->local);
    if (is_settled(&ret->dry.verdict)) {
        return;
    }
    if (!own && wr_whyzones_question(&ret->zones, &ret->zone)) {
        take_zone(ret);
    }
    if (is_settled(&ret->dry.verdict) || t->answer == NULL) {
        return;
    }
    struct dry rules = run(s, t);
    if (rules.verdict.action != WR_VERDICT_NONE) {
        ret->dry.verdict = rules.verdict;
    }
    if (!own && !is_settled(&ret->dry.verdict) && wr_whyzones_answer(&ret->zones, &ret->zone)) {
        take_zone(ret);
    }
}

/* A verdict as the owner has written it. */
static const char *verdict_word(const struct wr_serve *s, const struct wr_verdict *v)
{
    const struct wr_policy *p = s->gate->settings.policy;
    const struct wr_policy_rule *r =
        v->by == WR_VERDICT_BY_RULE && p != NULL ? wr_policy_rule_of(p, v->rule) : NULL;
    return r != NULL && r->action == v->action ? word_of(r) : wr_verdict_action_name(v->action);
}

static void put_reason(struct wr_serve *s, const struct judged *j, char *words, size_t cap)
{
    const struct wr_verdict *v = &j->dry.verdict;
    switch (v->by) {
    case WR_VERDICT_BY_QUARANTINE: snprintf(words, cap, "this device is in quarantine"); break;
    case WR_VERDICT_BY_LACK:
        snprintf(words, cap, "%s is not there, and the segment is closed then",
                 wr_labels_text(s->labels, v->feed));
        break;
    case WR_VERDICT_BY_RPZ: wr_whyzones_reason(&j->zone, words, cap); break;
    default: (void)wr_policy_reason(s->gate->settings.policy, v, words);
    }
}

bool wr_policyreport_say(struct wr_serve *s, const struct wr_policyreport_try *t, char *text,
                         size_t cap)
{
    char words[REASON_SIZE] = "";
    struct judged j;
    judge(s, t, &j);
    text[0] = 0;
    if (wr_verdict_passes(&j.dry.verdict)) {
        return false;
    }
    put_reason(s, &j, words, sizeof(words));
    snprintf(text, cap, "%s for this client: %s", verdict_word(s, &j.dry.verdict), words);
    return true;
}

/* Since when what decided is in force: the list as it is, or the configuration. */
static int64_t since(const struct wr_serve *s, const struct wr_verdict *v, const struct wr_now *now)
{
    const struct wr_feeds_set *feeds = s->feedswap.set;
    const struct wr_reload_report *last = &s->reload.report;
    for (uint32_t i = 0; v->line != 0 && feeds != NULL && i < feeds->set.count; i++) {
        if (feeds->set.item[i].label == v->feed && feeds->image[i] != NULL) {
            return feeds->image[i]->about.made_s;
        }
    }
    return last->count > 0 && last->ok
               ? last->wall_s
               : now->wall_s - (int64_t)((now->mono_us - s->started_us) / WR_S);
}

static void put_time(struct wr_json *j, const char *key, int64_t wall_s)
{
    char text[32] = "";
    time_t at = (time_t)wall_s;
    struct tm tm;
    if (gmtime_r(&at, &tm) != NULL) {
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
    wr_json_text(j, key, text);
}

/* Who it is that asks, as far as it is known. */
static void put_client(struct wr_serve *s, const struct wr_policyreport_try *t,
                       const struct wr_who *who, struct wr_json *j)
{
    put_addr(j, "client", t->from);
    const struct wr_census_device *d =
        who->device != 0 && s->devices != NULL
            ? wr_census_get(wr_devices_machine(s->devices), who->device)
            : NULL;
    if (d != NULL) {
        char name[WR_CENSUS_NAME_SIZE];
        wr_census_call(d, name, sizeof(name));
        wr_json_text(j, "device", name);
        wr_json_text(j, "state", wr_who_state_name(who->state));
    }
    wr_json_text(j, "segment", who->segment ? wr_labels_text(s->labels, who->segment) : "none");
}

void wr_policyreport_why(struct wr_serve *s, const struct wr_policyreport_try *t, struct wr_json *j,
                         const char *key)
{
    char words[REASON_SIZE] = "";
    struct judged found;
    judge(s, t, &found);
    const struct wr_verdict *v = &found.dry.verdict;
    wr_json_object(j, key);
    put_client(s, t, &found.dry.who, j);
    wr_json_text(j, "verdict", verdict_word(s, v));
    if (v->action != WR_VERDICT_NONE) {
        put_reason(s, &found, words, sizeof(words));
        wr_json_text(j, "by", wr_verdict_by_name(v->by));
        wr_json_text(j, "trigger", wr_verdict_trigger_name(v->trigger));
        wr_json_text(j, "reason", words);
        const struct wr_policy_rule *r = v->action == WR_VERDICT_DATA && v->by == WR_VERDICT_BY_RULE
                                             ? wr_policy_rule_of(s->gate->settings.policy, v->rule)
                                             : NULL;
        if (r != NULL && wr_policy_target(r) != NULL) {
            put_name(j, "leads_to", wr_policy_target(r));
        }
        if (v->by == WR_VERDICT_BY_RPZ) {
            wr_whyzones_put(&found.zones, &found.zone, j);
        } else if (v->by == WR_VERDICT_BY_RULE) {
            put_time(j, "since", since(s, v, t->now));
        }
        wr_json_bool(j, "shadow", v->shadow);
        if (v->by == WR_VERDICT_BY_RULE) { /* of others nobody counts */
            wr_json_u64(j, "hits", hits_of(s, v->rule));
        }
    }
    wr_json_end(j);
}
