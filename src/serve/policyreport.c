/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/policyreport.h"

#include <stdio.h>

#include "policy/device.h"
#include "policy/lack.h"
#include "serve/crew.h"
#include "serve/put.h"
#include "serve/serve.h"

static uint64_t hits_of(const struct wr_serve *s, uint16_t label)
{
    return s->crew != NULL ? wr_crew_hits(s->crew, label) : 0;
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
        wr_json_text(j, "verdict", wr_verdict_action_name(r->action));
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
        (void)wr_device_find(s->shared.devices, t->from, 0, "", false, &d.who);
    }
    if (set->segments != NULL) {
        d.segment = wr_segment_of(set->segments, 0, t->from);
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

void wr_policyreport_why(struct wr_serve *s, const struct wr_policyreport_try *t, struct wr_json *j,
                         const char *key)
{
    const struct wr_settings *set = &s->gate->settings;
    struct dry d = run(s, t);
    wr_json_object(j, key);
    put_addr(j, "client", t->from);
    wr_json_text(j, "segment", d.who.segment ? wr_labels_text(s->labels, d.who.segment) : "none");
    wr_json_text(j, "verdict", wr_verdict_action_name(d.verdict.action));
    if (d.verdict.action != WR_VERDICT_NONE) {
        char words[WR_POLICY_REASON_SIZE] = "this device is in quarantine";
        if (d.verdict.by == WR_VERDICT_BY_LACK) {
            snprintf(words, sizeof(words), "%s is not there, and the segment is closed then",
                     wr_labels_text(s->labels, d.verdict.feed));
        } else if (d.verdict.by != WR_VERDICT_BY_QUARANTINE) {
            (void)wr_policy_reason(set->policy, &d.verdict, words);
        }
        wr_json_text(j, "by", wr_verdict_by_name(d.verdict.by));
        wr_json_text(j, "trigger", wr_verdict_trigger_name(d.verdict.trigger));
        wr_json_text(j, "reason", words);
        const struct wr_policy_rule *r = d.verdict.action == WR_VERDICT_DATA
                                             ? wr_policy_rule_of(set->policy, d.verdict.rule)
                                             : NULL;
        if (r != NULL && wr_policy_target(r) != NULL) {
            put_name(j, "leads_to", wr_policy_target(r));
        }
        wr_json_bool(j, "shadow", d.verdict.shadow);
        wr_json_u64(j, "hits", hits_of(s, d.verdict.rule));
    }
    wr_json_end(j);
}
