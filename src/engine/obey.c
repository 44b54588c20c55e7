/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a query by what policy says of it: nothing, a denial, silence.
 *
 * Whoever decides (rules, and what stands behind them) is asked here and nowhere else, on the question and on the answer that is about to
 * be sent; what is said stays in the asker. A denial is proven by nobody: AD is clear, nothing is signed, and its extended error says
 * which rule it was.
 */
#include <string.h>

#include "base/str.h"
#include "engine/engine_state.h"
#include "engine/given.h"
#include "engine/translate.h"
#include "policy/device.h"

/* Those who decide, in their order; the first that says something to be obeyed is not contradicted by the next. */
static struct wr_verdict say_of_question(const struct wr_engine *e, const struct wr_policy_ask *ask)
{
    return wr_policy_question(e->settings->policy, ask);
}

static struct wr_verdict say_of_answer(const struct wr_engine *e, const struct wr_policy_ask *ask,
                                       const struct wr_answer *answer)
{
    return wr_policy_answer(e->settings->policy, ask, answer->answer, answer->answers);
}

static struct wr_policy_ask ask_of(const struct wr_engine *e, const struct wr_asker *a,
                                   const struct wr_now *now)
{
    return (struct wr_policy_ask){.who = &a->who,
                                  .client = &a->client.from,
                                  .name = wr_asker_name(a),
                                  .type = wr_asker_type(a),
                                  .now = now,
                                  .forgeable = wr_asker_is_forgeable(a),
                                  .feeds = e->setup.feeds};
}

static void deny(struct wr_engine *e, const struct wr_asker *a, uint16_t rcode, uint8_t *room,
                 size_t cap, const struct wr_now *now, struct wr_action *ret_action)
{
    const struct wr_policy *p = e->settings->policy;
    char words[WR_POLICY_REASON_SIZE];
    struct wr_reply r;
    int16_t ede = wr_policy_reason(p, &a->verdict, words);
    wr_outcome_reply_setup(e, now, &r);
    r.own = a->verdict.trigger == WR_TRIGGER_NAME || a->verdict.trigger == WR_TRIGGER_CLIENT;
    size_t size = rcode == WR_RCODE_REFUSED
                      ? wr_reply_error(&r, a, rcode, ede, words, room, cap)
                      : wr_reply_denial(&r, a, rcode, ede, words, wr_policy_ttl(p), room, cap);
    struct wr_outcome o = {.source = WR_SOURCE_LOCAL,
                           .slot = 255,
                           .rcode = rcode,
                           .ede = ede,
                           .what_hash = 0x50000u + a->verdict.rule};
    wr_stats_add(&e->setup.stats->denied, 1);
    if (a->verdict.by == WR_VERDICT_BY_REBINDING) {
        wr_stats_add(&e->setup.stats->rebinding, 1);
    }
    wr_outcome_send(e, a, &o, room, size, now, ret_action);
}

/* "Ask over TCP": an answer without anything in it. */
static void truncate(struct wr_engine *e, const struct wr_asker *a, uint8_t *room, size_t cap,
                     const struct wr_now *now, struct wr_action *ret_action)
{
    struct wr_outcome o = {.source = WR_SOURCE_LOCAL,
                           .slot = 255,
                           .ede = WR_EDE_NONE,
                           .what_hash = 0x50000u + a->verdict.rule};
    wr_outcome_send(e, a, &o, room, wr_reply_slip(a, room, cap), now, ret_action);
}

/* True: with that the query is settled. */
static bool obey(struct wr_engine *e, const struct wr_asker *a, uint8_t *room, size_t cap,
                 const struct wr_now *now, struct wr_action *ret_action)
{
    if (a->verdict.shadow) {
        return false;
    }
    switch (a->verdict.action) {
    case WR_VERDICT_NXDOMAIN:
        deny(e, a, WR_RCODE_NXDOMAIN, room, cap, now, ret_action);
        return true;
    case WR_VERDICT_NODATA: deny(e, a, WR_RCODE_NOERROR, room, cap, now, ret_action); return true;
    case WR_VERDICT_REFUSED:
    case WR_VERDICT_QUARANTINE:
        deny(e, a, WR_RCODE_REFUSED, room, cap, now, ret_action);
        return true;
    case WR_VERDICT_DROP:
        wr_outcome_drop(e, a, &e->setup.stats->dropped_policy, now, ret_action);
        return true;
    case WR_VERDICT_TRUNCATE:
        if (wr_client_is_stream(a->client.transport)) {
            return false;
        }
        truncate(e, a, room, cap, now, ret_action);
        return true;
    default: return false;
    }
}

static bool is_given(const struct wr_verdict *v)
{
    return v->action == WR_VERDICT_DATA && v->by == WR_VERDICT_BY_RULE && !v->shadow;
}

/* What is to be done with a query, by a rule that gives something or by policy zones. True: with that it is settled. */
static bool carry_out(struct wr_engine *e, struct wr_asker *a, enum wr_rewrite_what what,
                      uint8_t *room, size_t cap, const struct wr_now *now,
                      struct wr_action *ret_action)
{
    switch (what) {
    case WR_REWRITE_OBEY: return obey(e, a, room, cap, now, ret_action);
    case WR_REWRITE_SAY:
        wr_stats_add(&e->setup.stats->rewritten, 1);
        wr_outcome_say(e, a, &e->rewrite.answer, WR_SOURCE_LOCAL, 255, room, cap, now, ret_action);
        return true;
    default: return false;
    }
}

/* How a question is asked from here on. */
static void direct(const struct wr_engine *e, struct wr_asker *a)
{
    const struct wr_policy_rule *r = wr_policy_rule_of(e->settings->policy, a->verdict.rule);
    if (a->verdict.shadow || r == NULL) {
        return;
    }
    if (a->verdict.action == WR_VERDICT_ROUTE) {
        a->question.view = r->view;
    } else if (a->verdict.action == WR_VERDICT_SECURE) {
        a->question.checking_disabled = false; /* of what nobody checks nothing is proven */
    }
}

/* Only what is proven is good enough, and this is not. */
static bool is_unproven(const struct wr_asker *a, const struct wr_answer *answer)
{
    return a->verdict.action == WR_VERDICT_SECURE && !a->verdict.shadow && !answer->local &&
           answer->rcode != WR_RCODE_SERVFAIL && answer->security != WR_SECURITY_SECURE;
}

static void refuse_unproven(struct wr_engine *e, const struct wr_asker *a, uint8_t *room,
                            size_t cap, const struct wr_now *now, struct wr_action *ret_action)
{
    char words[WR_POLICY_REASON_SIZE];
    struct wr_str s;
    (void)wr_policy_reason(e->settings->policy, &a->verdict, words);
    wr_str_init(&s, words + strlen(words), sizeof(words) - strlen(words));
    wr_str_text(&s, ": only what is proven, and this is not");
    wr_stats_add(&e->setup.stats->denied, 1);
    wr_outcome_error(e, a, WR_RCODE_SERVFAIL, WR_EDE_BLOCKED, words, room, cap, now, ret_action);
}

static void find_device(const struct wr_engine *e, const struct wr_asker *a, struct wr_who *ret_who)
{
    const struct wr_client *c = &a->client;
    if (e->setup.devices != NULL) {
        (void)(c->claim_kind == WR_CLAIM_HOP
                   ? wr_device_behind(e->setup.devices, c->claim, ret_who)
                   : wr_device_find(e->setup.devices, &c->from, c->ifindex, c->claim,
                                    c->claim_kind == WR_CLAIM_CERTIFICATE, ret_who));
    }
}

void wr_obey_identify(const struct wr_engine *e, struct wr_asker *a)
{
    const struct wr_segments *s = e->settings->segments;
    const struct wr_client *c = &a->client;
    find_device(e, a, &a->who);
    if (s != NULL) {
        /* An address of others is no listener of ours. */
        uint16_t at = c->foreign ? wr_segment_of(s, c->ifindex, &c->from)
                                 : wr_segment_at(s, c->ifindex, &c->from, &c->local);
        a->who.segment = at == WR_SEGMENT_NONE ? 0 : s->segment[at].label;
        a->question.view = at == WR_SEGMENT_NONE ? 0 : s->segment[at].view;
        a->rate = at == WR_SEGMENT_NONE ? 0 : s->segment[at].rate;
    }
}

/* Whoever is shut off is told so, before any rule and whatever he asks. */
static bool is_shut_off(struct wr_engine *e, struct wr_asker *a, uint8_t *room, size_t cap,
                        const struct wr_now *now, struct wr_action *ret_action)
{
    struct wr_reply r;
    if (a->who.state != WR_WHO_QUARANTINED) {
        return false;
    }
    a->verdict = (struct wr_verdict){
        .action = WR_VERDICT_REFUSED, .by = WR_VERDICT_BY_QUARANTINE, .trigger = WR_TRIGGER_CLIENT};
    wr_outcome_reply_setup(e, now, &r);
    size_t size = wr_reply_error(&r, a, WR_RCODE_REFUSED, WR_EDE_PROHIBITED,
                                 "this device is in quarantine", room, cap);
    struct wr_outcome o = {.source = WR_SOURCE_LOCAL,
                           .slot = 255,
                           .rcode = WR_RCODE_REFUSED,
                           .ede = WR_EDE_PROHIBITED,
                           .what_hash = 0x60000u};
    wr_stats_add(&e->setup.stats->denied, 1);
    wr_outcome_send(e, a, &o, room, size, now, ret_action);
    return true;
}

/* While it waited its address may have gone to another device, or the device into quarantine: then all is judged once more. */
static void know_again(const struct wr_engine *e, struct wr_asker *a, const struct wr_now *now)
{
    struct wr_who who = {.segment = a->who.segment};
    if (a->asked_us == now->mono_us) {
        return;
    }
    find_device(e, a, &who);
    who.segment = a->who.segment;
    if (who.device != a->who.device || who.state != a->who.state || who.groups != a->who.groups) {
        a->who = who;
        a->judged_by = 0; /* by no settings */
    }
}

static bool is_allowed(const struct wr_asker *a)
{
    return a->verdict.action == WR_VERDICT_ALLOW && !a->verdict.shadow;
}

bool wr_obey_question(struct wr_engine *e, struct wr_asker *a, uint64_t hash, uint8_t *room,
                      size_t cap, const struct wr_now *now)
{
    if (is_shut_off(e, a, room, cap, now, &e->ready)) {
        return true;
    }
    if (a->qclass != WR_CLASS_IN) {
        return false;
    }
    a->judged_by = e->settings->serial;
    if (e->settings->policy != NULL) {
        struct wr_policy_ask ask = ask_of(e, a, now);
        /* What another worker has admitted was counted there. */
        ask.hits = a->client.handed ? NULL : e->setup.hits;
        ask.quiet = hash != 0 ? wr_silence_of(&e->silence, hash) : NULL;
        a->verdict = say_of_question(e, &ask);
        if (is_given(&a->verdict)) {
            enum wr_rewrite_what what = wr_given_follow(e, a, &ask, true);
            if (what != WR_REWRITE_NOTHING) {
                return carry_out(e, a, what, room, cap, now, &e->ready);
            }
        }
        direct(e, a);
        if (obey(e, a, room, cap, now, &e->ready)) {
            return true;
        }
    }
    return !is_allowed(a) && carry_out(e, a, wr_rewrite_question(e, a), room, cap, now, &e->ready);
}

/* Under other settings than those that the question was judged by all is judged once more. */
static bool is_to_be_judged(const struct wr_engine *e, const struct wr_asker *a,
                            const struct wr_answer *answer)
{
    const struct wr_policy *p = e->settings->policy;
    return p != NULL &&
           (a->judged_by != e->settings->serial ||
            wr_policy_wants_answer(p, e->setup.feeds, answer->answer, answer->answers));
}

/* What rules say of an answer to the question that is asked now; that one may be the target of a rule's CNAME. `hits` NULL: they are not
 * counted. */
static struct wr_verdict judge(struct wr_engine *e, struct wr_asker *a,
                               const struct wr_answer *answer, const struct wr_now *now,
                               _Atomic uint64_t *hits, struct wr_policy_ask *ret_ask)
{
    const uint8_t *zone = (const uint8_t *)"";
    struct wr_policy_servers servers;
    struct wr_policy_ask ask = ask_of(e, a, now);
    ask.hits = hits;
    ask.led = wr_given_is_led(a);
    ask.name = ask.led ? a->question.name.wire : ask.name;
    if (wr_policy_wants_servers(e->settings->policy)) {
        wr_rewrite_servers(e, a, answer, now, &servers);
        ask.servers = &servers;
    }
    (void)wr_upstream_view(&e->settings->upstreams, a->question.view, ask.name, &zone);
    ask.own = answer->local || zone[0] != 0;
    struct wr_verdict v = say_of_answer(e, &ask, answer);
    ask.servers = NULL;
    *ret_ask = ask;
    return v;
}

static bool obey_rules(struct wr_engine *e, struct wr_asker *a, const struct wr_answer *answer,
                       uint8_t *room, size_t cap, const struct wr_now *now,
                       struct wr_action *ret_action)
{
    struct wr_policy_ask ask;
    if (!is_to_be_judged(e, a, answer)) {
        return false;
    }
    struct wr_verdict before = a->verdict, v = judge(e, a, answer, now, e->setup.hits, &ask);
    if (v.action != WR_VERDICT_NONE) {
        a->verdict = v;
    }
    if (is_unproven(a, answer)) {
        refuse_unproven(e, a, room, cap, now, ret_action);
        return true;
    }
    if (is_given(&v) && !wr_given_has_led(a, v.rule)) {
        return carry_out(e, a, wr_given_follow(e, a, &ask, false), room, cap, now, ret_action);
    }
    if (v.action != WR_VERDICT_NONE && obey(e, a, room, cap, now, ret_action)) {
        return true;
    }
    if (wr_given_is_led(a)) {
        a->verdict = before; /* why this is asked for, and not what it leads to */
    }
    return false;
}

bool wr_obey_answer(struct wr_engine *e, struct wr_asker *a, const struct wr_answer *answer,
                    uint8_t *room, size_t cap, const struct wr_now *now,
                    struct wr_action *ret_action)
{
    know_again(e, a, now);
    if (is_shut_off(e, a, room, cap, now, ret_action)) {
        return true;
    }
    if (a->qclass != WR_CLASS_IN) {
        return false;
    }
    if (wr_place_hides(e, a, answer, room, cap, now, ret_action) ||
        obey_rules(e, a, answer, room, cap, now, ret_action)) {
        return true;
    }
    return !is_allowed(a) &&
           carry_out(e, a, wr_rewrite_answer(e, a, answer, false, now), room, cap, now, ret_action);
}

/* Does a rule that looks at answers lead from this one to another question? */
static bool turn_by_rule(struct wr_engine *e, struct wr_asker *a, const struct wr_answer *answer,
                         const struct wr_now *now)
{
    const struct wr_policy *p = e->settings->policy;
    if (p == NULL || a->qclass != WR_CLASS_IN || a->turned.from != WR_TURN_NONE ||
        (a->judged_by == e->settings->serial && !wr_policy_leads(p)) ||
        !is_to_be_judged(e, a, answer)) {
        return false;
    }
    struct wr_policy_ask ask;
    struct wr_verdict before = a->verdict, v = judge(e, a, answer, now, NULL, &ask);
    if (!is_given(&v)) {
        return false;
    }
    a->verdict = v;
    if (wr_given_follow(e, a, &ask, true) == WR_REWRITE_TURNED) {
        ask.hits = e->setup.hits;
        wr_policy_count(&ask, v.rule);
        return true;
    }
    a->verdict = before; /* what else it gives is said when the answer is sent */
    a->turned.rules = 0;
    return false;
}

bool wr_obey_turn(struct wr_engine *e, struct wr_asker *a, const struct wr_answer *answer,
                  const struct wr_now *now)
{
    know_again(e, a, now); /* before what it was led to is told as the answer */
    if (turn_by_rule(e, a, answer, now)) {
        return true;
    }
    enum wr_rewrite_what what = wr_rewrite_turn(e, a, answer, now);
    return what == WR_REWRITE_TURNED ||
           (what == WR_REWRITE_NOTHING && wr_translate_turn(&e->dns64, a, answer));
}
