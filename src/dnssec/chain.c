/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/chain.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "dns/codes.h"
#include "dnssec/chain_state.h"
#include "dnssec/chainproof.h"

static const uint8_t root[] = {0};

const char *wr_chain_state_name(enum wr_chain_state state)
{
    static const char *const names[WR_CHAIN_STATES] = {"PICK",   "CLIMB",  "CHECK", "EXPANSION",
                                                       "DENIAL", "LOCATE", "DONE"};

    return (unsigned)state < WR_CHAIN_STATES ? names[state] : "?";
}

void wr_chain_move(struct wr_chain *ch, enum wr_chain_state to, const char *why)
{
    wr_trace_move(ch->env->trace, "chain", 0, wr_chain_state_name(ch->state),
                  wr_chain_state_name(to), why);
    ch->state = to;
}

/* --- the verdict -------------------------------------------------------------------------------- */

/* The whole is as good as the worst of what it needs. */
void wr_chain_lower(struct wr_chain *ch, uint8_t security, int16_t ede, const char *reason,
                    const uint8_t *zone)
{
    if (security < ch->verdict.security) {
        ch->verdict.security = security;
        ch->verdict.ede = ede;
        ch->verdict.reason = reason;
        wr_name_set(&ch->verdict.zone, zone);
    }
}

enum wr_dnssec_action wr_chain_done(struct wr_chain *ch)
{
    wr_chain_move(ch, WR_CHAIN_DONE, ch->verdict.reason);
    return WR_DNSSEC_DONE;
}

enum wr_dnssec_action wr_chain_bogus(struct wr_chain *ch, int16_t ede, const char *reason,
                                     const uint8_t *zone)
{
    wr_chain_lower(ch, WR_SECURITY_BOGUS, ede, reason, zone);
    return wr_chain_done(ch);
}

/* --- start -------------------------------------------------------------------------------------- */

void wr_chain_init(struct wr_chain *ch, const struct wr_dnssec_env *env)
{
    memset(ch, 0, offsetof(struct wr_chain, climb));
    ch->env = env;
    ch->state = WR_CHAIN_DONE;
    wr_climb_init(&ch->climb, env);
}

void wr_chain_stop(struct wr_chain *ch)
{
    wr_climb_stop(&ch->climb);
    ch->climbed = false;
    ch->state = WR_CHAIN_DONE;
}

/* The only name in the rdata of a CNAME or DNAME set; NULL when it is another set. */
static const uint8_t *target_of(const struct wr_rrset *set, uint16_t type)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;

    return set->type == type && set->records == 1 && wr_rrset_next(&walk, &rdata, &size) ? rdata
                                                                                         : NULL;
}

static bool answers_it(const struct wr_chain *ch, const struct wr_rrset *set, const uint8_t *name)
{
    return (set->type == ch->ask.qtype || ch->ask.qtype == WR_TYPE_ANY) &&
           wr_name_equal(set->owner, name);
}

static const uint8_t *next_in_chain(const struct wr_chain *ch, const uint8_t *name)
{
    for (uint8_t i = 0; i < ch->ask.answers; i++) {
        const uint8_t *target = target_of(&ch->ask.answer[i], WR_TYPE_CNAME);

        if (target && wr_name_equal(ch->ask.answer[i].owner, name)) {
            return target;
        }
    }
    return NULL;
}

static bool answered_at(const struct wr_chain *ch, const uint8_t *name)
{
    for (uint8_t i = 0; i < ch->ask.answers; i++) {
        if (answers_it(ch, &ch->ask.answer[i], name)) {
            return true;
        }
    }
    return false;
}

/* Follows the CNAMEs to the name that the answer is about, and sees whether there is one. A loop ends with the sets. */
static void find_last(struct wr_chain *ch)
{
    const uint8_t *next;

    ch->last = ch->ask.qname;
    for (uint8_t i = 0; i <= ch->ask.answers; i++) {
        if (answered_at(ch, ch->last)) {
            return;
        }
        next = next_in_chain(ch, ch->last);
        if (!next) {
            ch->negative = !ch->ask.partial && (ch->ask.rcode == WR_RCODE_NOERROR ||
                                                ch->ask.rcode == WR_RCODE_NXDOMAIN);
            return;
        }
        ch->last = next;
    }
}

void wr_chain_start(struct wr_chain *ch, const struct wr_chain_ask *ask,
                    struct wr_dnssec_work *work)
{
    wr_chain_stop(ch);
    ch->ask = *ask;
    ch->work = work;
    ch->dnames_done = ch->in_authority = ch->negative = ch->wants_proofs = ch->asking = false;
    ch->index = 0;
    ch->deny_ede = WR_EDE_NSEC_MISSING;
    ch->deny_reason = "nothing proves the denial";
    memset(ch->answer_notes, 0, sizeof(ch->answer_notes));
    ch->verdict.security = WR_SECURITY_SECURE;
    ch->verdict.ede = WR_EDE_NONE;
    ch->verdict.reason = "";
    ch->verdict.unreachable = ch->verdict.keyless = ch->verdict.no_name = false;
    wr_name_set(&ch->verdict.zone, root);
    ch->state = WR_CHAIN_PICK;
    find_last(ch);
    ch->wants_proofs = ch->negative;
    if (ask->rcode != WR_RCODE_NOERROR && ask->rcode != WR_RCODE_NXDOMAIN) {
        wr_chain_lower(ch, WR_SECURITY_INDETERMINATE, WR_EDE_NONE, "an error cannot be signed",
                       ask->qname);
    }
}

/* --- which set ---------------------------------------------------------------------------------- */

static struct wr_rrset *current(struct wr_chain *ch)
{
    return ch->in_authority ? &ch->ask.authority[ch->index] : &ch->ask.answer[ch->index];
}

/* owner with `from` at its end replaced by `to` (RFC 6672 section 2.2). False: too long. */
static bool substitute(const uint8_t *owner, const uint8_t *from, const uint8_t *to,
                       struct wr_name *ret_name)
{
    size_t front = wr_name_size(owner) - wr_name_size(from), back = wr_name_size(to);

    if (front + back > WR_NAME_MAX) {
        return false;
    }
    memcpy(ret_name->wire, owner, front);
    memcpy(ret_name->wire + front, to, back);
    ret_name->size = (uint8_t)(front + back);
    return true;
}

/* The DNAME set that made this CNAME, or NULL. */
static const struct wr_rrset *maker_of(const struct wr_chain *ch, const struct wr_rrset *cname)
{
    const uint8_t *target = target_of(cname, WR_TYPE_CNAME);

    for (uint8_t i = 0; target && i < ch->ask.answers; i++) {
        const struct wr_rrset *set = &ch->ask.answer[i];
        const uint8_t *to = target_of(set, WR_TYPE_DNAME);
        struct wr_name made;

        if (to && wr_name_in(cname->owner, set->owner) &&
            !wr_name_equal(cname->owner, set->owner) &&
            substitute(cname->owner, set->owner, to, &made) && wr_name_equal(made.wire, target)) {
            return set;
        }
    }
    return NULL;
}

static void settle(struct wr_chain *ch, uint8_t security, int16_t ede, const char *reason,
                   const uint8_t *zone)
{
    current(ch)->security = security;
    if (!ch->in_authority) {
        wr_chain_lower(ch, security, ede, reason, zone);
    } else if (security != WR_SECURITY_SECURE) {
        ch->deny_ede = ede;
        ch->deny_reason = reason;
    }
}

const struct wr_anchor *wr_chain_anchor_above(const struct wr_chain *ch, const uint8_t *name)
{
    return wr_anchors_closest(ch->env->anchors, name, wr_trusttime_moment(ch->env->time));
}

/* A zone above the closest anchor has no say in what is at or below that anchor. */
bool wr_chain_is_outranked(const struct wr_chain *ch, const uint8_t *zone, const uint8_t *name)
{
    const struct wr_anchor *a = wr_chain_anchor_above(ch, name);

    return a && wr_name_labels(zone) < wr_name_labels(a->name.wire);
}

/* DS are the parent's to tell, and so is that there is an alias in their place. */
static bool is_of_parent(const struct wr_chain *ch, const struct wr_rrset *set)
{
    return set->type == WR_TYPE_DS || (ch->ask.qtype == WR_TYPE_DS && set->type == WR_TYPE_CNAME);
}

/* The name whose zone is to be found: the signer, or for what nobody signed the owner; of DS what is above it. */
static const uint8_t *target_for(const struct wr_chain *ch, const struct wr_rrset *set)
{
    const uint8_t *signer = wr_rrsig_signer(set), *place = set->owner;
    bool above = is_of_parent(ch, set) || /* and the NSEC of a zone cut's upper side */
                 (set->type == WR_TYPE_NSEC && signer && !wr_name_equal(signer, set->owner));

    if (above && set->owner[0] != 0) {
        place = wr_name_skip_labels(set->owner, 1);
    }
    if (signer && is_of_parent(ch, set) && !wr_name_in(place, signer)) {
        return place; /* the child's word does not count here */
    }
    return signer && !wr_chain_is_outranked(ch, signer, place) ? signer : place;
}

void wr_chain_climb_to(struct wr_chain *ch, const uint8_t *target)
{
    if (ch->climbed && wr_name_equal(ch->climb.target.wire, target)) {
        return;
    }
    wr_climb_start(&ch->climb, target, ch->work, &ch->ask.hints);
    ch->climbed = false;
}

bool wr_chain_is_negative(const struct wr_chain *ch, const uint8_t *name)
{
    const struct wr_anchor *a = wr_chain_anchor_above(ch, name);

    return a && a->negative;
}

/* It was judged before. Of what may prove something it has to be known who did. */
static bool is_known(const struct wr_chain *ch, const struct wr_rrset *set)
{
    return set->security == WR_SECURITY_INSECURE ||
           (set->security == WR_SECURITY_SECURE && (!ch->in_authority || wr_rrset_prover(set)));
}

/* What can be said of a set without its signatures. False: they are needed. */
static bool settled_at_sight(struct wr_chain *ch, struct wr_rrset *set)
{
    const struct wr_rrset *maker;

    if (is_known(ch, set)) {
        settle(ch, set->security, WR_EDE_NONE,
               set->security == WR_SECURITY_SECURE ? "" : "found insecure before", set->owner);
    } else if (set->type == WR_TYPE_RRSIG || set->type == WR_TYPE_SIG) {
        settle(ch, WR_SECURITY_INSECURE, WR_EDE_NONE, "signatures are not signed", set->owner);
    } else if (wr_chain_is_negative(ch, set->owner)) {
        settle(ch, WR_SECURITY_INSECURE, WR_EDE_NONE, "a negative trust anchor", set->owner);
    } else if (!ch->in_authority && (maker = maker_of(ch, set))) {
        settle(ch, maker->security, WR_EDE_NONE, "", maker->owner);
    } else {
        return false;
    }
    return true;
}

/* Only what may prove something; unsigned NSEC never does. */
static bool of_use(const struct wr_chain *ch, const struct wr_rrset *set)
{
    if (set->type == WR_TYPE_SOA) {
        return ch->negative;
    }
    return (set->type == WR_TYPE_NSEC || set->type == WR_TYPE_NSEC3) && set->sigs > 0;
}

static enum wr_dnssec_action begin_set(struct wr_chain *ch)
{
    struct wr_rrset *set = current(ch);

    if (!ch->in_authority && (set->type == WR_TYPE_DNAME) == ch->dnames_done) {
        ch->index++; /* another pass's */
    } else if (ch->in_authority && !of_use(ch, set)) {
        if (set->type == WR_TYPE_NSEC || set->type == WR_TYPE_NSEC3) {
            ch->deny_ede = WR_EDE_RRSIGS_MISSING;
            ch->deny_reason = "the denial is not signed";
        }
        ch->index++;
    } else if (settled_at_sight(ch, set)) {
        ch->index++;
    } else {
        wr_chain_climb_to(ch, target_for(ch, set));
        wr_chain_move(ch, WR_CHAIN_CLIMB, "");
    }
    return WR_DNSSEC_MORE;
}

static enum wr_dnssec_action step_pick(struct wr_chain *ch)
{
    if (ch->ask.answers > WR_DNSSEC_SETS_MAX || ch->ask.authorities > WR_DNSSEC_SETS_MAX) {
        return wr_chain_bogus(ch, WR_EDE_BOGUS, "too many sets to validate", ch->ask.qname);
    }
    if (ch->verdict.security == WR_SECURITY_BOGUS) {
        return wr_chain_done(ch);
    }
    if (ch->index < (ch->in_authority ? ch->ask.authorities : ch->ask.answers)) {
        return begin_set(ch);
    }
    if (!ch->dnames_done) {
        ch->dnames_done = true;
        ch->index = 0;
        return WR_DNSSEC_MORE;
    }
    if (!ch->in_authority && ch->wants_proofs) {
        ch->in_authority = true;
        ch->index = 0;
        return WR_DNSSEC_MORE;
    }
    if (!ch->wants_proofs) {
        return wr_chain_done(ch);
    }
    ch->index = 0;
    ch->asking = false;
    wr_chain_move(ch, WR_CHAIN_EXPANSION, "");
    return WR_DNSSEC_MORE;
}

/* --- its zone, its signatures ------------------------------------------------------------------- */

/* The answer that is being judged, where it is also what the climb asks for. */
static bool own_reply(struct wr_chain *ch, struct wr_dnssec_reply *ret_reply)
{
    const struct wr_dnssec_fetch *f = &ch->climb.fetch;

    if (f->again || f->type != ch->ask.qtype || !wr_name_equal(f->name.wire, ch->ask.qname)) {
        return false;
    }
    *ret_reply = (struct wr_dnssec_reply){.rcode = ch->ask.rcode,
                                          .answer = ch->ask.answer,
                                          .authority = ch->ask.authority,
                                          .answers = ch->ask.answers,
                                          .authorities = ch->ask.authorities};
    return true;
}

/* WR_DNSSEC_DONE: the climb is at its end. */
enum wr_dnssec_action wr_chain_climb(struct wr_chain *ch, const struct wr_now *now)
{
    enum wr_dnssec_action got = ch->climbed ? WR_DNSSEC_DONE : wr_climb_step(&ch->climb, now);
    struct wr_dnssec_reply reply;

    if (got == WR_DNSSEC_FETCH) {
        if (own_reply(ch, &reply) || wr_chainproof_no_ds(ch, &reply)) {
            wr_climb_feed(&ch->climb, &reply);
            return WR_DNSSEC_MORE;
        }
        ch->fetch = ch->climb.fetch;
    }
    ch->climbed = got == WR_DNSSEC_DONE;
    return got;
}

static enum wr_dnssec_action step_climb(struct wr_chain *ch, const struct wr_now *now)
{
    enum wr_dnssec_action got = wr_chain_climb(ch, now);
    struct wr_climb *c = &ch->climb;

    if (got != WR_DNSSEC_DONE) {
        return got;
    }
    if (c->security == WR_SECURITY_SECURE) {
        wr_rrsig_start(&ch->job, current(ch), c->zone.wire, c->keys, false, ch->env->policy,
                       ch->env->time);
        wr_chain_move(ch, WR_CHAIN_CHECK, "");
        return WR_DNSSEC_MORE;
    }
    settle(ch, c->security, c->ede, c->reason, c->blame.wire);
    ch->verdict.unreachable = c->unreachable && !ch->in_authority;
    ch->verdict.keyless |= c->security == WR_SECURITY_BOGUS;
    ch->index++;
    wr_chain_move(ch, WR_CHAIN_PICK, c->reason);
    return WR_DNSSEC_MORE;
}

/* By the signature that the job found good. What a wildcard gave waits for its proof. */
static void proven(struct wr_chain *ch)
{
    struct wr_rrset *set = current(ch);
    const uint8_t *zone = ch->climb.zone.wire;
    bool expanded = ch->job.expanded;

    set->ttl = ch->job.ttl;
    wr_rrset_set_prover(set, expanded ? NULL : zone);
    if (!ch->in_authority) {
        ch->answer_notes[ch->index] =
            (struct wr_chain_note){.proven = true,
                                   .expanded = expanded,
                                   .sig_labels = ch->job.labels,
                                   .zone_labels = (uint8_t)wr_name_labels(zone)};
        ch->wants_proofs |= expanded;
        if (expanded && set->type == WR_TYPE_DNAME) {
            settle(ch, WR_SECURITY_BOGUS, WR_EDE_BOGUS, "a DNAME comes from a wildcard", zone);
            return;
        }
        if (expanded) {
            return;
        }
    }
    settle(ch, WR_SECURITY_SECURE, WR_EDE_NONE, "", zone);
}

static enum wr_dnssec_action step_check(struct wr_chain *ch)
{
    struct wr_rrsig_job *job = &ch->job;
    const uint8_t *zone = ch->climb.zone.wire;
    enum wr_rrsig_result got = wr_rrsig_step(job, ch->work, ch->env->scratch);

    wr_rrsig_tell(job, got, ch->env->trace);
    if (got == WR_RRSIG_MORE) {
        return WR_DNSSEC_MORE;
    }
    if (got == WR_RRSIG_SECURE) {
        proven(ch);
    } else if (got == WR_RRSIG_SPENT) {
        return wr_chain_bogus(ch, job->ede, job->reason, zone);
    } else {
        settle(ch, WR_SECURITY_BOGUS, job->ede, job->reason, zone);
        if (current(ch)->type == WR_TYPE_SOA && ch->in_authority) {
            return wr_chain_bogus(ch, job->ede, job->reason, zone);
        }
    }
    ch->index++;
    wr_chain_move(ch, WR_CHAIN_PICK, "");
    return WR_DNSSEC_MORE;
}

void wr_chain_feed(struct wr_chain *ch, const struct wr_dnssec_reply *reply)
{
    wr_climb_feed(&ch->climb, reply);
}

enum wr_dnssec_action wr_chain_step(struct wr_chain *ch, const struct wr_now *now)
{
    switch (ch->state) {
    case WR_CHAIN_PICK: return step_pick(ch);
    case WR_CHAIN_CLIMB: return step_climb(ch, now);
    case WR_CHAIN_CHECK: return step_check(ch);
    case WR_CHAIN_EXPANSION: return wr_chainproof_expansion(ch);
    case WR_CHAIN_DENIAL: return wr_chainproof_denial(ch);
    case WR_CHAIN_LOCATE: return wr_chainproof_locate(ch, now);
    case WR_CHAIN_DONE:
    case WR_CHAIN_STATES: break;
    }
    return WR_DNSSEC_DONE;
}
