/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rewrite.h"

#include <string.h>

#include "engine/engine_state.h"
#include "engine/given.h"

/* What policy says of one query, and where: the link of the chain that matched. */
struct said {
    struct wr_rpz_hit hit;
    const uint8_t *name; /* of that link */
    unsigned link;
};

static const struct wr_rpz_zones *zones_of(const struct wr_engine *e)
{
    return &e->settings->rpz;
}

static struct wr_rpz_facts facts_of(const struct wr_asker *a, const uint8_t *name)
{
    return (struct wr_rpz_facts){.client = &a->client.from,
                                 .groups = a->who.groups,
                                 .segment = a->who.segment,
                                 .doubted = a->who.state == WR_WHO_CONFLICT,
                                 .name = name,
                                 .alias = name != wr_asker_name(a)};
}

/* --- servers --- */

static struct wr_answerers_look look_of(struct wr_engine *e, const struct wr_now *now)
{
    return (struct wr_answerers_look){e->setup.cache, &e->settings->ttl, &e->rewrite.room,
                                      &e->rewrite.before, wr_engine_now_s(now)};
}

void wr_rewrite_servers(struct wr_engine *e, const struct wr_asker *a,
                        const struct wr_answer *answer, const struct wr_now *now,
                        struct wr_policy_servers *ret)
{
    struct wr_answerers *s = &e->rewrite.servers;
    const struct wr_answerers_look look = look_of(e, now);
    wr_answerers_of(s, &look, &e->settings->upstreams, &a->question, answer);
    *ret = (struct wr_policy_servers){s->name, s->addr, s->names, s->addrs};
}

/* --- what is said --- */

/* Which zone it was, and which of its owners. */
static void put_words(struct wr_rewrite *w, const struct wr_rpz_hit *hit)
{
    struct wr_str s;
    wr_str_init(&s, w->words, sizeof(w->words));
    wr_str_text(&s, "policy zone ");
    wr_name_put_text(&s, wr_rpz_name(hit->use->zone));
    wr_str_text(&s, ": ");
    wr_rpz_put_owner(&s, hit->use->zone, hit->entry);
    if (hit->verdict.line != 0) {
        wr_str_text(&s, ", line ");
        wr_str_u64(&s, hit->verdict.line);
    }
}

/* The links of a chain before the one that matched, without their signatures. */
static void keep_links(struct wr_answer *to, const struct wr_answer *from, unsigned links)
{
    for (unsigned i = 0; i < from->answers && links > 0; i++) {
        if (from->answer[i].type != WR_TYPE_CNAME) {
            continue; /* a DNAME has its CNAME beside it */
        }
        to->answer[to->answers] = from->answer[i];
        to->answer[to->answers++].sigs = 0;
        links--;
    }
}

/* The SOA of a denial, without its signatures. */
static void keep_soa(struct wr_answer *to, const struct wr_answer *from)
{
    for (unsigned i = 0; i < from->authorities; i++) {
        if (from->authority[i].type == WR_TYPE_SOA) {
            to->authority[to->authorities] = from->authority[i];
            to->authority[to->authorities++].sigs = 0;
        }
    }
}

static void add_set(struct wr_answer *to, const struct wr_rrset *set)
{
    if (to->answers < WR_ANSWER_SETS_MAX) {
        to->answer[to->answers] = *set;
        to->answer[to->answers++].sigs = 0;
    }
}

/* Begins what is said: nothing yet, but the reason and the zone's SOA record. */
static struct wr_answer *begin(struct wr_rewrite *w, const struct wr_rpz_hit *hit)
{
    struct wr_answer *to = &w->answer;
    wr_answer_clear(to);
    put_words(w, hit);
    to->ede = hit->ede;
    to->ede_text = w->words;
    to->security = WR_SECURITY_INSECURE;
    to->extras = wr_rpz_soa(hit, &to->extra[0]);
    return to;
}

/* AA, as unbound has it: what ends in the policy's records or denial is the policy's own, and so is what begins with a name that it
 * has. Where the addresses of an answer led there, the name remains somebody else's. */
static bool is_own(const struct said *s, bool ends)
{
    uint8_t t = s->hit.verdict.trigger;
    bool named = s->link == 0 && (t == WR_TRIGGER_NAME || t == WR_TRIGGER_CLIENT);
    return t != WR_TRIGGER_ADDRESS && (ends || named);
}

/* All sets of a trigger's data that the type asks for. */
static void put_data(struct wr_rewrite *w, const struct said *s, uint16_t type)
{
    struct wr_rrset set;
    for (unsigned i = 0; wr_rpz_set(&s->hit, s->name, type, i, &w->star, &set); i++) {
        add_set(&w->answer, &set);
    }
}

/* The target that is to be asked for in place of the name; NULL: there is none. */
static const uint8_t *target_of(struct wr_rewrite *w, const struct said *s, uint16_t type)
{
    struct wr_rrset set;
    if (type == WR_TYPE_CNAME || type == WR_TYPE_ANY ||
        !wr_rpz_set(&s->hit, s->name, type, 0, &w->star, &set) || set.type != WR_TYPE_CNAME) {
        return NULL;
    }
    return set.data + 2;
}

/* Another question takes the place of the one that came; what came stays in the asker. */
static enum wr_rewrite_what turn(struct wr_engine *e, struct wr_asker *a, const struct said *s,
                                 const uint8_t *target)
{
    memcpy(a->turned.asked, a->question.name.wire, a->question.name.size);
    a->turned.from = WR_TURN_POLICY;
    a->turned.link = (uint8_t)s->link;
    a->turned.use = (uint16_t)(s->hit.use - zones_of(e)->use);
    a->turned.entry = s->hit.entry;
    a->turned.ede = s->hit.ede;
    a->judged_by = e->settings->serial;
    wr_name_set(&a->question.name, target);
    return WR_REWRITE_TURNED;
}

/* The AAAA records that DNS64 would make of denied addresses are not there; that the name is there was said of it (RFC 6147 section
 * 5.1.2: an answer to A that is an error counts as one without addresses). */
static void deny_made(struct wr_engine *e, const struct wr_asker *a, const struct wr_now *now)
{
    struct wr_rewrite *w = &e->rewrite;
    struct wr_question q = a->question;
    q.type = WR_TYPE_AAAA;
    w->answer.rcode = WR_RCODE_NOERROR;
    if (wr_answer_find(e->setup.cache, &e->settings->ttl, e->setup.local, &q, wr_engine_now_s(now),
                       true, &w->room, &w->before) == WR_FOUND_FRESH) {
        keep_soa(&w->answer, &w->before);
    }
}

/* `answer`: what was about to be sent, or NULL. */
static enum wr_rewrite_what obey(struct wr_engine *e, struct wr_asker *a, const struct said *s,
                                 const struct wr_answer *answer, bool may_turn,
                                 const struct wr_now *now)
{
    struct wr_rewrite *w = &e->rewrite;
    uint8_t action = s->hit.verdict.action;
    if (action == WR_VERDICT_NONE) {
        return WR_REWRITE_NOTHING;
    }
    if (a->verdict.action != WR_VERDICT_NONE && s->hit.verdict.shadow) {
        return WR_REWRITE_NOTHING; /* what was said before, in the shadow too, came first */
    }
    a->verdict = s->hit.verdict;
    if (s->hit.verdict.shadow || action == WR_VERDICT_ALLOW) {
        return WR_REWRITE_NOTHING;
    }
    if (action == WR_VERDICT_DROP || action == WR_VERDICT_TRUNCATE) {
        return WR_REWRITE_OBEY;
    }
    const uint8_t *target = action == WR_VERDICT_DATA ? target_of(w, s, wr_asker_type(a)) : NULL;
    if (target && may_turn && a->turned.from == WR_TURN_NONE) {
        return turn(e, a, s, target);
    }
    struct wr_answer *to = begin(w, &s->hit);
    if (wr_given_is_led(a)) {
        wr_given_put_chain(e, a, to);
    }
    if (answer) {
        keep_links(to, answer, s->link);
    }
    put_data(w, s, a->question.type);
    to->rcode = action == WR_VERDICT_NXDOMAIN ? WR_RCODE_NXDOMAIN : WR_RCODE_NOERROR;
    to->no_recursion = action == WR_VERDICT_NXDOMAIN && s->hit.use->signal;
    to->authoritative = is_own(s, true);
    if (to->rcode == WR_RCODE_NXDOMAIN && a->turned.from == WR_TURN_ADDRESS) {
        deny_made(e, a, now);
    }
    return WR_REWRITE_SAY;
}

/* Names that only the owner's own zones speak of. */
static bool is_for(const struct wr_engine *e, const struct wr_asker *a)
{
    return zones_of(e)->count > 0 && a->qclass == WR_CLASS_IN && a->has_question;
}

enum wr_rewrite_what wr_rewrite_question(struct wr_engine *e, struct wr_asker *a)
{
    struct said s = {.name = wr_asker_name(a)};
    if (!is_for(e, a) || a->turned.from != WR_TURN_NONE ||
        wr_local_owns(e->setup.local, s.name, a->question.type)) {
        return WR_REWRITE_NOTHING;
    }
    struct wr_rpz_facts facts = facts_of(a, s.name);
    wr_rpz_question(zones_of(e), &facts, &s.hit);
    a->policy_waits = s.hit.wait;
    if (s.hit.wait) {
        return WR_REWRITE_NOTHING; /* what is in the shadow is said again with the answer */
    }
    return obey(e, a, &s, NULL, true, NULL);
}

/* --- answers --- */

/* One link: its name, and at the end of the chain the answer's sets. */
static void look_at_link(struct wr_engine *e, const struct wr_asker *a,
                         const struct wr_answer *answer, const uint8_t *name, bool last,
                         const struct wr_now *now, struct wr_rpz_hit *ret_hit)
{
    struct wr_rpz_facts facts = facts_of(a, name);
    struct wr_rewrite *w = &e->rewrite;
    if (last) {
        facts.sets = answer->answer;
        facts.set_count = answer->answers;
    }
    if (wr_rpz_has(zones_of(e), WR_RPZ_NSDNAME) || wr_rpz_has(zones_of(e), WR_RPZ_NSIP)) {
        const struct wr_answerers_look look = look_of(e, now);
        wr_answerers_clear(&w->servers);
        wr_answerers_add_zones(&w->servers, &look, name, wr_rpz_has(zones_of(e), WR_RPZ_NSIP));
        facts.server = w->servers.name;
        facts.servers = w->servers.names;
        facts.server_addr = w->servers.addr;
        facts.server_addrs = w->servers.addrs;
    }
    wr_rpz_answer(zones_of(e), &facts, ret_hit);
}

/* The first link of the chain of which something is said that is to be obeyed; of those in the shadow the first. */
static void look_at(struct wr_engine *e, const struct wr_asker *a, const struct wr_answer *answer,
                    const struct wr_now *now, struct said *ret)
{
    const uint8_t *name = a->question.name.wire;
    unsigned link = 0;
    *ret = (struct said){.name = name};
    for (unsigned i = 0; i <= answer->answers; i++) {
        const uint8_t *target =
            i < answer->answers ? wr_answer_cname_target(&answer->answer[i]) : NULL;
        bool last = i == answer->answers || a->question.type == WR_TYPE_CNAME;
        struct said s = {.name = name, .link = link};
        if (!target && !last) {
            continue;
        }
        look_at_link(e, a, answer, name, last, now, &s.hit);
        bool first = ret->hit.verdict.action == WR_VERDICT_NONE;
        if (s.hit.verdict.action != WR_VERDICT_NONE && (first || !s.hit.verdict.shadow)) {
            *ret = s;
        }
        if (last || (s.hit.verdict.action != WR_VERDICT_NONE && !s.hit.verdict.shadow)) {
            return;
        }
        name = target;
        link++;
    }
}

/* Is there anything that the question did not settle? */
static bool has_more(const struct wr_engine *e, const struct wr_asker *a,
                     const struct wr_answer *answer)
{
    return a->policy_waits || a->judged_by != e->settings->serial ||
           (answer->answers > 0 && answer->answer[0].type == WR_TYPE_CNAME) ||
           (answer->answers > 1) || wr_rpz_has(zones_of(e), WR_RPZ_IP) ||
           wr_rpz_has(zones_of(e), WR_RPZ_NSDNAME) || wr_rpz_has(zones_of(e), WR_RPZ_NSIP);
}

/* The answer to the target of a policy's CNAME: behind that, and behind what was before it. */
static enum wr_rewrite_what join(struct wr_engine *e, struct wr_asker *a,
                                 const struct wr_answer *answer, const struct wr_now *now)
{
    struct wr_rewrite *w = &e->rewrite;
    const struct wr_turned *t = &a->turned;
    const struct wr_rpz_use *use = &zones_of(e)->use[t->use];
    struct said s = {.hit = {.verdict = a->verdict, .use = use, .entry = t->entry, .ede = t->ede},
                     .name = t->asked,
                     .link = t->link};
    w->question = a->question;
    wr_name_set(&w->question.name, t->asked);
    struct wr_answer *to = begin(w, &s.hit);
    if (s.link > 0 &&
        wr_answer_find(e->setup.cache, &e->settings->ttl, e->setup.local, &w->question,
                       wr_engine_now_s(now), true, &w->room, &w->before) != WR_FOUND_NOTHING) {
        keep_links(to, &w->before, s.link);
    }
    const uint8_t *end = wr_answer_last_name(to, t->asked);
    struct wr_rrset set;
    s.name = end;
    if (!wr_rpz_set(&s.hit, end, w->question.type, 0, &w->star, &set)) {
        return WR_REWRITE_NOTHING;
    }
    /* A star was filled with the name that matched; where that is not known any more, what was asked for counts. */
    if (!wr_name_equal(set.data + 2, a->question.name.wire)) {
        memcpy(w->star.octets + 2, a->question.name.wire, a->question.name.size);
        w->star.octets[0] = 0;
        w->star.octets[1] = a->question.name.size;
        set.data = w->star.octets;
        set.size = 2u + a->question.name.size;
    }
    add_set(to, &set);
    for (unsigned i = 0; i < answer->answers; i++) {
        add_set(to, &answer->answer[i]);
    }
    keep_soa(to, answer);
    to->rcode = answer->rcode;
    to->stale = answer->stale;
    to->authoritative = is_own(&s, false);
    return WR_REWRITE_SAY;
}

/* Back to the question that came, for other settings to judge. */
static void unturn(struct wr_asker *a)
{
    struct wr_name asked;
    wr_name_set(&asked, a->turned.asked);
    a->question.name = asked;
    a->turned.from = WR_TURN_NONE;
    a->turned.rules = 0;
    a->verdict = (struct wr_verdict){0};
}

/* The answer to the target of a rule's CNAME, which policy zones may say something of. */
static enum wr_rewrite_what join_led(struct wr_engine *e, struct wr_asker *a,
                                     const struct wr_answer *answer, const struct wr_now *now)
{
    struct wr_verdict given = a->verdict;
    struct said s;
    enum wr_rewrite_what what = WR_REWRITE_NOTHING;
    if (is_for(e, a) && !answer->local && !a->turned.passed) {
        look_at(e, a, answer, now, &s);
        what = obey(e, a, &s, answer, false, now);
    }
    if (what != WR_REWRITE_NOTHING) {
        return what;
    }
    a->verdict = given;
    wr_given_join(e, a, answer);
    return WR_REWRITE_SAY;
}

enum wr_rewrite_what wr_rewrite_answer(struct wr_engine *e, struct wr_asker *a,
                                       const struct wr_answer *answer, bool may_turn,
                                       const struct wr_now *now)
{
    struct said s;
    bool judged = a->judged_by == e->settings->serial;
    if (a->turned.from == WR_TURN_POLICY) {
        return !judged              ? WR_REWRITE_NOTHING
               : wr_given_is_led(a) ? join_led(e, a, answer, now)
                                    : join(e, a, answer, now);
    }
    bool allowed = a->verdict.action == WR_VERDICT_ALLOW && !a->verdict.shadow && judged;
    if (!is_for(e, a) || answer->local || allowed || !has_more(e, a, answer)) {
        return WR_REWRITE_NOTHING;
    }
    look_at(e, a, answer, now, &s);
    return obey(e, a, &s, answer, may_turn, now);
}

enum wr_rewrite_what wr_rewrite_turn(struct wr_engine *e, struct wr_asker *a,
                                     const struct wr_answer *answer, const struct wr_now *now)
{
    if (a->turned.from == WR_TURN_POLICY) {
        if (a->judged_by == e->settings->serial) {
            return WR_REWRITE_SAY;
        }
        unturn(a);
        return WR_REWRITE_TURNED;
    }
    if (!wr_rpz_has_alias(zones_of(e)) && !wr_dns64_is_on(&e->dns64)) {
        return WR_REWRITE_NOTHING; /* nothing that leads anywhere, and nobody else who would turn it */
    }
    return wr_rewrite_answer(e, a, answer, true, now);
}
