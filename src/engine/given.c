/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/given.h"

#include <string.h>

#include "engine/engine_state.h"

static const struct wr_policy_rule *rule_of(const struct wr_engine *e, uint16_t label)
{
    return wr_policy_rule_of(e->settings->policy, label);
}

static void add_set(struct wr_answer *to, const struct wr_rrset *set)
{
    if (to->answers < WR_ANSWER_SETS_MAX) {
        to->answer[to->answers] = *set;
        to->answer[to->answers++].sigs = 0;
    }
}

bool wr_given_is_led(const struct wr_asker *a)
{
    return a->turned.from == WR_TURN_POLICY && a->turned.rules > 0;
}

bool wr_given_has_led(const struct wr_asker *a, uint16_t rule)
{
    bool has = false;
    for (unsigned i = 0; i < a->turned.rules && !has; i++) {
        has = a->turned.rule[i] == rule;
    }
    return has;
}

void wr_given_put_chain(const struct wr_engine *e, const struct wr_asker *a, struct wr_answer *to)
{
    const uint8_t *name = wr_asker_name(a);
    for (unsigned i = 0; i < a->turned.rules; i++) {
        const struct wr_policy_rule *r = rule_of(e, a->turned.rule[i]);
        if (r == NULL || wr_policy_target(r) == NULL) {
            return; /* other rules are in force, and who is led by them is judged anew */
        }
        struct wr_rrset set = r->data[0];
        set.owner = name;
        add_set(to, &set);
        name = wr_policy_target(r);
    }
}

/* Begins what is said: the names that rules have led along, and why. */
static struct wr_answer *begin(struct wr_engine *e, const struct wr_asker *a)
{
    struct wr_rewrite *w = &e->rewrite;
    struct wr_answer *to = &w->answer;
    uint8_t t = a->verdict.trigger;
    wr_answer_clear(to);
    to->ede = wr_policy_reason(e->settings->policy, &a->verdict, w->words);
    to->ede_text = w->words;
    to->security = WR_SECURITY_INSECURE;
    to->authoritative = t == WR_TRIGGER_NAME || t == WR_TRIGGER_CLIENT;
    wr_given_put_chain(e, a, to);
    if (to->answers > 0) { /* a rule has led: its word is no denial */
        to->ede = rule_of(e, a->turned.rule[0])->data_ede;
    }
    return to;
}

/* The rule's records, of `name`. */
static enum wr_rewrite_what say(struct wr_engine *e, struct wr_asker *a,
                                const struct wr_policy_rule *r, const uint8_t *name)
{
    struct wr_answer *to = begin(e, a);
    uint16_t type = a->question.type;
    unsigned before = to->answers;
    for (uint32_t i = 0; i < r->datas; i++) {
        struct wr_rrset set = r->data[i];
        set.owner = name;
        if (type == WR_TYPE_ANY || set.type == type) {
            add_set(to, &set);
        }
    }
    if (to->answers == 0) { /* as any denial: with a SOA, so that it is remembered */
        a->verdict.action = WR_VERDICT_NODATA;
        return WR_REWRITE_OBEY;
    }
    to->ede = to->answers > before ? r->data_ede : to->ede;
    return WR_REWRITE_SAY;
}

static enum wr_rewrite_what say_endless(struct wr_engine *e, struct wr_asker *a)
{
    a->turned.rules = 0;
    struct wr_answer *to = begin(e, a);
    to->rcode = WR_RCODE_SERVFAIL;
    to->ede = WR_EDE_OTHER;
    to->authoritative = false;
    to->ede_text = "rules lead from name to name without an end";
    return WR_REWRITE_SAY;
}

static bool is_given(const struct wr_verdict *v)
{
    return v->action == WR_VERDICT_DATA && v->by == WR_VERDICT_BY_RULE && !v->shadow;
}

/* Is there nothing to be asked for? Over a connection nobody is sent to one. */
static bool ends(const struct wr_verdict *v, const struct wr_asker *a)
{
    return !v->shadow &&
           (wr_policy_takes(v->action) ||
            (v->action == WR_VERDICT_TRUNCATE && !wr_client_is_stream(a->client.transport)));
}

/* The target is asked for in place of the name, in the way that a rule has for it. */
static enum wr_rewrite_what turn(const struct wr_engine *e, struct wr_asker *a,
                                 const struct wr_verdict *v, const uint8_t *target)
{
    const struct wr_policy_rule *way = v->shadow ? NULL : rule_of(e, v->rule);
    memcpy(a->turned.asked, a->question.name.wire, a->question.name.size);
    a->turned.from = WR_TURN_POLICY;
    a->turned.passed = !v->shadow && v->action == WR_VERDICT_ALLOW;
    a->judged_by = e->settings->serial;
    wr_name_set(&a->question.name, target);
    if (way != NULL && v->action == WR_VERDICT_ROUTE) {
        a->question.view = way->view;
    } else if (v->action == WR_VERDICT_SECURE) {
        a->question.checking_disabled = false;
    }
    return WR_REWRITE_TURNED;
}

enum wr_rewrite_what wr_given_follow(struct wr_engine *e, struct wr_asker *a,
                                     const struct wr_policy_ask *ask, bool may_turn)
{
    struct wr_policy_ask next = *ask;
    struct wr_verdict v = a->verdict;
    bool plain = a->question.type != WR_TYPE_CNAME && a->question.type != WR_TYPE_ANY;
    next.led = true;
    next.quiet = NULL; /* of another name */
    while (is_given(&v) && !wr_given_has_led(a, v.rule)) {
        const struct wr_policy_rule *r = rule_of(e, v.rule);
        const uint8_t *target = plain ? wr_policy_target(r) : NULL;
        if (target == NULL) {
            return say(e, a, r, next.name);
        }
        if (wr_name_equal(next.name, target)) {
            break;
        }
        if (a->turned.rules == WR_POLICY_LEADS_MAX) {
            return say_endless(e, a);
        }
        a->turned.rule[a->turned.rules++] = r->label;
        next.name = target;
        v = wr_policy_question(e->settings->policy, &next);
    }
    if (is_given(&v) && a->turned.rules == 0) { /* it is where the rule leads to */
        a->verdict = (struct wr_verdict){.action = WR_VERDICT_NONE};
        return WR_REWRITE_NOTHING;
    }
    if (ends(&v, a)) {
        a->verdict = v;
        a->turned.rules = 0;
        return WR_REWRITE_OBEY;
    }
    if (!may_turn || a->turned.from != WR_TURN_NONE) {
        (void)begin(e, a);
        return WR_REWRITE_SAY;
    }
    return turn(e, a, &v, next.name);
}

void wr_given_join(struct wr_engine *e, const struct wr_asker *a, const struct wr_answer *answer)
{
    struct wr_answer *to = begin(e, a);
    for (unsigned i = 0; i < answer->answers; i++) {
        add_set(to, &answer->answer[i]);
    }
    for (unsigned i = 0; i < answer->authorities; i++) {
        if (answer->authority[i].type == WR_TYPE_SOA) {
            to->authority[to->authorities] = answer->authority[i];
            to->authority[to->authorities++].sigs = 0;
        }
    }
    to->rcode = answer->rcode;
    to->stale = answer->stale;
    if (answer->rcode == WR_RCODE_SERVFAIL) {
        to->ede = answer->ede;
        to->ede_text = answer->ede_text;
        to->ede_zone = answer->ede_zone;
    }
}
