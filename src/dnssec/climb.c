/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/climb.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "dns/codes.h"

#define BOGUS_S    60    /* a zone that did not prove itself is left alone so long */
#define UNSIGNED_S 5     /* one whose servers showed no signature: as any failure (RFC 9520) */
#define PROVEN_S   86400 /* what was proven is proven again after that */
#define INSECURE_S 3600

const char *wr_climb_state_name(enum wr_climb_state state)
{
    static const char *const names[WR_CLIMB_STATES] = {"ANCHOR",   "NEXT",       "DS_WAIT",
                                                       "DS_CHECK", "DENY_CHECK", "DENY_PROVE",
                                                       "KEY_WAIT", "KEY_CHECK",  "DONE"};

    return (unsigned)state < WR_CLIMB_STATES ? names[state] : "?";
}

/* With the name that it is about: the next cut, or the zone that was reached. */
static void tell(const struct wr_climb *c, enum wr_climb_state to, const char *why)
{
    bool reached = to == WR_CLIMB_NEXT || to == WR_CLIMB_DONE || to == WR_CLIMB_ANCHOR;
    const struct wr_name *name = reached ? &c->zone : &c->cut;
    char text[WR_NAME_TEXT_SIZE + 160];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    if (name->size > 0) {
        wr_name_put_text(&s, name->wire);
        wr_str_char(&s, ' ');
    }
    wr_str_text(&s, why ? why : "");
    wr_trace_move(c->env->trace, "climb", 0, wr_climb_state_name(c->state), wr_climb_state_name(to),
                  text);
}

static void move(struct wr_climb *c, enum wr_climb_state to, const char *why)
{
    if (wr_trace_on(c->env->trace)) {
        tell(c, to, why);
    }
    c->state = to;
}

/* --- what is held ------------------------------------------------------------------------------- */

static void let_go(struct wr_climb *c)
{
    if (c->held) {
        wr_keycache_drop(c->held);
        c->held = NULL;
    }
    wr_keyset_close(&c->own);
    c->keys = NULL;
}

void wr_climb_init(struct wr_climb *c, const struct wr_dnssec_env *env)
{
    memset(c, 0, offsetof(struct wr_climb, denial));
    c->env = env;
    c->state = WR_CLIMB_DONE;
}

void wr_climb_stop(struct wr_climb *c)
{
    let_go(c);
    wr_keyset_close(&c->candidate);
    c->state = WR_CLIMB_DONE;
}

/* The first attempt at the next question. */
static void begin_attempts(struct wr_climb *c)
{
    c->attempts = 0;
    c->again = false;
    c->had_signatures = false;
}

void wr_climb_start(struct wr_climb *c, const uint8_t *target, struct wr_dnssec_work *work,
                    const struct wr_cut_hints *hints)
{
    wr_climb_stop(c);
    wr_name_set(&c->target, target);
    c->target_labels = (uint8_t)wr_name_labels(target);
    c->work = work;
    c->hints = hints ? *hints : (struct wr_cut_hints){0};
    begin_attempts(c);
    c->job_open = false;
    c->state = WR_CLIMB_ANCHOR;
    c->security = WR_SECURITY_UNCHECKED;
    c->unreachable = false;
    c->ede = WR_EDE_NONE;
    c->reason = "";
}

/* --- ends --------------------------------------------------------------------------------------- */

static enum wr_dnssec_action done(struct wr_climb *c, uint8_t security, int16_t ede,
                                  const char *reason, const uint8_t *blame)
{
    c->security = security;
    c->ede = ede;
    c->reason = reason;
    wr_name_set(&c->blame, blame);
    wr_keyset_close(&c->candidate);
    if (security != WR_SECURITY_SECURE) {
        let_go(c);
    }
    move(c, WR_CLIMB_DONE, reason);
    return WR_DNSSEC_DONE;
}

static uint64_t lives(const struct wr_climb *c, const struct wr_now *now, uint32_t most_s)
{
    return wr_time_min(c->until_us, now->mono_us + most_s * WR_S);
}

/* The cut is the apex of an insecure zone. */
static enum wr_dnssec_action done_insecure(struct wr_climb *c, const struct wr_now *now,
                                           int16_t ede, const char *reason)
{
    wr_keycache_put(c->env->cache, c->cut.wire, WR_SECURITY_INSECURE, ede, reason, NULL,
                    now->mono_us, lives(c, now, INSECURE_S));
    return done(c, WR_SECURITY_INSECURE, ede, reason, c->cut.wire);
}

static enum wr_dnssec_action spent(struct wr_climb *c)
{
    return done(c, WR_SECURITY_BOGUS, WR_EDE_BOGUS, "the work for one query is used up",
                c->cut.wire);
}

static enum wr_dnssec_action ask(struct wr_climb *c, uint16_t type)
{
    if (!wr_work_take_fetch(c->work)) {
        return spent(c);
    }
    c->fetch.name = c->cut;
    c->fetch.type = type;
    c->fetch.zone = type == WR_TYPE_DS ? c->zone : c->cut;
    c->fetch.again = c->again;
    move(c, type == WR_TYPE_DS ? WR_CLIMB_DS_WAIT : WR_CLIMB_KEY_WAIT, c->again ? "again" : "");
    return WR_DNSSEC_FETCH;
}

/* Nobody answers: no proof, and nobody's fault that would be worth remembering. Whoever resolves has tried all it
 * knows. */
static enum wr_dnssec_action unreachable(struct wr_climb *c, int16_t ede, const char *reason)
{
    c->unreachable = true;
    return done(c, WR_SECURITY_BOGUS, ede, reason, c->cut.wire);
}

static bool has_signatures(const struct wr_dnssec_reply *r)
{
    for (uint8_t i = 0; i < r->answers; i++) {
        if (r->answer[i].sigs > 0) {
            return true;
        }
    }
    for (uint8_t i = 0; i < r->authorities; i++) {
        if (r->authority[i].sigs > 0) {
            return true;
        }
    }
    return false;
}

/* The zone cannot be proven, and is left alone for a while. */
static enum wr_dnssec_action done_bogus(struct wr_climb *c, const struct wr_now *now, int16_t ede,
                                        const char *reason, uint32_t life_s)
{
    wr_keycache_put(c->env->cache, c->cut.wire, WR_SECURITY_BOGUS, ede, reason, NULL, now->mono_us,
                    now->mono_us + life_s * WR_S);
    return done(c, WR_SECURITY_BOGUS, ede, reason, c->cut.wire);
}

/* The reply proves nothing: another one is asked for, and in the end the zone is bogus. Where no reply had any signature that says
 * little of the zone: it may be a server that knows nothing of DNSSEC while those that do are silent. */
static enum wr_dnssec_action try_again(struct wr_climb *c, const struct wr_now *now, uint16_t type,
                                       int16_t ede, const char *reason)
{
    wr_keyset_close(&c->candidate);
    c->had_signatures |= has_signatures(&c->reply);
    if (c->attempts++ < WR_DNSSEC_RETRIES_MAX) {
        c->again = true;
        return ask(c, type);
    }
    return done_bogus(c, now, ede, reason, c->had_signatures ? BOGUS_S : UNSIGNED_S);
}

/* --- the states --------------------------------------------------------------------------------- */

static void cut_at(struct wr_climb *c, unsigned labels)
{
    wr_name_set(&c->cut, wr_name_skip_labels(c->target.wire, c->target_labels - labels));
    begin_attempts(c);
}

static enum wr_dnssec_action from_cache(struct wr_climb *c, struct wr_zone_entry *e)
{
    if (e->security != WR_SECURITY_SECURE) {
        return done(c, e->security, e->ede, e->reason, e->zone.wire);
    }
    wr_keycache_hold(e);
    c->held = e;
    c->keys = e->keys;
    c->zone = e->zone;
    c->cut = e->zone;
    c->cleared = (uint8_t)wr_name_labels(c->zone.wire);
    move(c, WR_CLIMB_NEXT, "known zone");
    return WR_DNSSEC_MORE;
}

static enum wr_dnssec_action start_at_anchor(struct wr_climb *c, const struct wr_anchor *anchor)
{
    wr_name_set(&c->cut, anchor->name.wire);
    c->cleared = 0;
    c->until_us = WR_TIME_NEVER;
    wr_ds_list_narrow(&c->ds, c->env->policy, &anchor->ds);
    if (anchor->closed) {
        return done(c, WR_SECURITY_BOGUS, WR_EDE_BOGUS,
                    "every trust anchor was revoked by its zone", anchor->name.wire);
    }
    if (c->ds.count == 0 && c->ds.broken) {
        return done(c, WR_SECURITY_BOGUS, WR_EDE_BOGUS, "the trust anchor is malformed",
                    anchor->name.wire);
    }
    if (c->ds.count == 0) {
        return done(c, WR_SECURITY_INSECURE, c->ds.ede, "no algorithm of the anchor is relied on",
                    anchor->name.wire);
    }
    return ask(c, WR_TYPE_DNSKEY);
}

static enum wr_dnssec_action step_anchor(struct wr_climb *c, const struct wr_now *now)
{
    const struct wr_anchor *anchor =
        wr_anchors_closest(c->env->anchors, c->target.wire, wr_trusttime_moment(c->env->time));
    static const uint8_t root[] = {0};
    unsigned top;

    if (!anchor) {
        return done(c, WR_SECURITY_INDETERMINATE, WR_EDE_INDETERMINATE,
                    "no trust anchor is above the name", root);
    }
    if (anchor->negative) {
        return done(c, WR_SECURITY_INSECURE, WR_EDE_NONE, "a negative trust anchor",
                    anchor->name.wire);
    }
    top = wr_name_labels(anchor->name.wire);
    for (unsigned labels = c->target_labels + 1; labels-- > top;) {
        struct wr_zone_entry *e = wr_keycache_find(
            c->env->cache, wr_name_skip_labels(c->target.wire, c->target_labels - labels),
            now->mono_us);

        if (e) {
            return from_cache(c, e);
        }
    }
    return start_at_anchor(c, anchor);
}

static enum wr_dnssec_action step_next(struct wr_climb *c)
{
    unsigned labels = wr_name_labels(c->cut.wire);

    while (labels < c->target_labels) {
        cut_at(c, ++labels);
        if (labels == c->target_labels || !c->hints.is_cut ||
            c->hints.is_cut(c->hints.user, c->cut.wire) != WR_CUT_NO) {
            return ask(c, WR_TYPE_DS);
        }
    }
    return done(c, WR_SECURITY_SECURE, WR_EDE_NONE, "", c->zone.wire);
}

static const struct wr_rrset *find_set(const struct wr_rrset *sets, uint8_t n, const uint8_t *owner,
                                       uint16_t type)
{
    for (uint8_t i = 0; i < n; i++) {
        if (sets[i].type == type && wr_name_equal(sets[i].owner, owner)) {
            return &sets[i];
        }
    }
    return NULL;
}

/* A CNAME at the cut, or the DNAME above it that made one. */
static const struct wr_rrset *find_alias(const struct wr_climb *c)
{
    for (uint8_t i = 0; i < c->reply.answers; i++) {
        const struct wr_rrset *set = &c->reply.answer[i];

        if (set->type == WR_TYPE_DNAME && wr_name_in(c->cut.wire, set->owner) &&
            !wr_name_equal(c->cut.wire, set->owner)) {
            return set;
        }
    }
    return find_set(c->reply.answer, c->reply.answers, c->cut.wire, WR_TYPE_CNAME);
}

static void open_job(struct wr_climb *c, const struct wr_rrset *set, struct wr_keyset *keys,
                     const uint8_t *zone, bool entries_only)
{
    c->set = set;
    c->job_open = true;
    wr_rrsig_start(&c->job, set, zone, keys, entries_only, c->env->policy, c->env->time);
}

static bool is_proven_by(const struct wr_rrset *set, const uint8_t *zone)
{
    const uint8_t *prover = wr_rrset_prover(set);

    return prover && wr_name_equal(prover, zone);
}

/* One step of the set in check; SECURE at once when the reply says that the zone proved it before. That somebody did, or as
 * what a wildcard gives, is not enough: it would be taken for the zone's own word about names that it does not have. */
static enum wr_rrsig_result check(struct wr_climb *c)
{
    enum wr_rrsig_result got;

    if (!c->job.entries_only && is_proven_by(c->set, c->job.zone)) {
        c->job.ttl = c->set->ttl;
        got = WR_RRSIG_SECURE;
    } else {
        got = wr_rrsig_step(&c->job, c->work, c->env->scratch);
        wr_rrsig_tell(&c->job, got, c->env->trace);
    }
    c->job_open = got == WR_RRSIG_MORE;
    return got;
}

/* The reply was signed by a zone between ours and the cut, at a name that was not looked at: a cut that was
 * skipped. Then that is the next one. */
static bool skipped_a_cut(struct wr_climb *c, const struct wr_rrset *set)
{
    const uint8_t *signer = wr_rrsig_signer(set);
    unsigned labels;

    if (!signer || !wr_name_in(c->cut.wire, signer) || !wr_name_in(signer, c->zone.wire)) {
        return false;
    }
    labels = wr_name_labels(signer);
    if (labels <= c->cleared || labels >= wr_name_labels(c->cut.wire)) {
        return false;
    }
    cut_at(c, labels);
    return true;
}

static void start_denial(struct wr_climb *c, bool wild)
{
    c->wild = wild;
    c->wild_labels = wild ? c->job.labels : 0;
    c->next_set = 0;
    c->until_us = WR_TIME_NEVER;
    c->deny_ede = WR_EDE_NSEC_MISSING;
    c->deny_reason =
        wild ? "nothing proves that the wildcard applies" : "nothing proves that there are no DS";
    wr_denial_start(&c->denial, c->zone.wire, c->cut.wire, c->env->policy);
    move(c, WR_CLIMB_DENY_CHECK, "");
}

static enum wr_dnssec_action step_ds_reply(struct wr_climb *c, const struct wr_now *now)
{
    const struct wr_dnssec_reply *r = &c->reply;
    const struct wr_rrset *set;

    if (r->failed || (r->rcode != WR_RCODE_NOERROR && r->rcode != WR_RCODE_NXDOMAIN)) {
        return unreachable(c, WR_EDE_NO_REACHABLE_AUTHORITY, "the DS could not be had");
    }
    set = find_set(r->answer, r->answers, c->cut.wire, WR_TYPE_DS);
    c->alias = !set;
    if (!set) {
        set = find_alias(c);
    }
    if (!set) {
        start_denial(c, false);
        return WR_DNSSEC_MORE;
    }
    if (skipped_a_cut(c, set)) {
        return ask(c, WR_TYPE_DS);
    }
    open_job(c, set, c->keys, c->zone.wire, false);
    move(c, WR_CLIMB_DS_CHECK, c->alias ? "CNAME" : "DS");
    return WR_DNSSEC_MORE;
}

static void lives_with(struct wr_climb *c, const struct wr_now *now, uint32_t ttl)
{
    c->until_us = wr_time_min(c->until_us, now->mono_us + ttl * WR_S);
}

static enum wr_dnssec_action no_cut(struct wr_climb *c, const char *why)
{
    c->cleared = (uint8_t)wr_name_labels(c->cut.wire);
    move(c, WR_CLIMB_NEXT, why);
    return WR_DNSSEC_MORE;
}

static enum wr_dnssec_action ds_proven(struct wr_climb *c, const struct wr_now *now)
{
    if (c->alias &&
        c->set->type == WR_TYPE_DNAME) { /* nothing is below one, RFC 6672 section 2.4 */
        return done(c, WR_SECURITY_SECURE, WR_EDE_NONE, "a DNAME is above it", c->zone.wire);
    }
    if (c->alias) { /* what has a CNAME is no zone cut */
        return no_cut(c, "a CNAME is there");
    }
    c->until_us = WR_TIME_NEVER;
    lives_with(c, now, c->job.ttl);
    wr_ds_list_from_set(&c->ds, c->env->policy, c->set);
    if (c->ds.count > 0) {
        begin_attempts(c);
        return ask(c, WR_TYPE_DNSKEY);
    }
    if (c->ds
            .broken) { /* the zone above has signed that: another server of it would say the same */
        return done_bogus(c, now, WR_EDE_BOGUS, "the DS are malformed", BOGUS_S);
    }
    return done_insecure(c, now, c->ds.ede, "no algorithm or digest of the DS is relied on");
}

static enum wr_dnssec_action step_ds_check(struct wr_climb *c, const struct wr_now *now)
{
    switch (check(c)) {
    case WR_RRSIG_MORE: return WR_DNSSEC_MORE;
    case WR_RRSIG_SECURE:
        if (c->job.expanded && c->set->type != WR_TYPE_CNAME) { /* a zone cut is no wildcard's */
            break;
        }
        if (c->job.expanded) { /* a zone cut there would be closer than the wildcard */
            start_denial(c, true);
            return WR_DNSSEC_MORE;
        }
        return ds_proven(c, now);
    case WR_RRSIG_SPENT: return spent(c);
    case WR_RRSIG_FAILED: return try_again(c, now, WR_TYPE_DS, c->job.ede, c->job.reason);
    }
    return try_again(c, now, WR_TYPE_DS, WR_EDE_BOGUS, "it comes from a wildcard");
}

/* The next NSEC or NSEC3 of the reply. NULL: all were looked at. */
static const struct wr_rrset *next_denial(struct wr_climb *c)
{
    while (c->next_set < c->reply.authorities && c->next_set < WR_DNSSEC_SETS_MAX) {
        const struct wr_rrset *set = &c->reply.authority[c->next_set++];

        if ((set->type == WR_TYPE_NSEC || set->type == WR_TYPE_NSEC3) &&
            (!c->reply.proven_only || is_proven_by(set, c->zone.wire))) {
            return set;
        }
    }
    return NULL;
}

static void tell_proven(const struct wr_climb *c, const struct wr_rrset *set,
                        const struct wr_now *now)
{
    if (c->env->proven) {
        c->env->proven(c->env->user, c->zone.wire, set, c->job.ttl, now);
    }
}

static enum wr_dnssec_action step_deny_check(struct wr_climb *c, const struct wr_now *now)
{
    if (!c->job_open) {
        const struct wr_rrset *set = next_denial(c);

        if (!set) {
            move(c, WR_CLIMB_DENY_PROVE, "");
            return WR_DNSSEC_MORE;
        }
        if (skipped_a_cut(c, set)) {
            return ask(c, WR_TYPE_DS);
        }
        open_job(c, set, c->keys, c->zone.wire, false);
    }
    switch (check(c)) {
    case WR_RRSIG_MORE: break;
    case WR_RRSIG_SECURE:
        if (!c->job.expanded) {
            lives_with(c, now, c->job.ttl);
            wr_denial_add(&c->denial, c->set);
            tell_proven(c, c->set, now);
        }
        break;
    case WR_RRSIG_SPENT: return spent(c);
    case WR_RRSIG_FAILED:
        c->deny_ede = c->job.ede;
        c->deny_reason = c->job.reason;
        break;
    }
    return WR_DNSSEC_MORE;
}

static enum wr_proof prove_denial(struct wr_climb *c)
{
    enum wr_proof got;

    if (!c->wild) {
        return wr_denial_no_ds(&c->denial, c->work);
    }
    got = wr_denial_expansion(&c->denial, c->wild_labels, c->work);
    return got == WR_PROOF_SECURE ? WR_PROOF_NO_CUT : got;
}

static enum wr_dnssec_action step_deny_prove(struct wr_climb *c, const struct wr_now *now)
{
    switch (prove_denial(c)) {
    case WR_PROOF_AGAIN: return WR_DNSSEC_MORE;
    case WR_PROOF_SPENT: return spent(c);
    case WR_PROOF_DELEGATION:
        return done_insecure(c, now, WR_EDE_NONE, "the zone above says that it is not signed");
    case WR_PROOF_INSECURE:
        return c->denial.nsec3.list[0].iterations > c->env->policy->nsec3_iterations
                   ? done_insecure(c, now, WR_EDE_NSEC3_ITERATIONS, "too many NSEC3 iterations")
                   : done_insecure(c, now, WR_EDE_NONE, "an opt-out range of the zone above");
    case WR_PROOF_NO_CUT: return no_cut(c, "no zone cut");
    case WR_PROOF_NO_NAME:
        return done(c, WR_SECURITY_SECURE, WR_EDE_NONE, "no such name", c->zone.wire);
    case WR_PROOF_SECURE:
    case WR_PROOF_NONE: break;
    }
    return try_again(c, now, WR_TYPE_DS, c->deny_ede, c->deny_reason);
}

static enum wr_dnssec_action no_entry(struct wr_climb *c, const struct wr_now *now)
{
    switch ((enum wr_entry_miss)c->candidate.entry_missed) {
    case WR_ENTRY_UNSUPPORTED:
        return done_insecure(c, now, WR_EDE_DNSKEY_ALGORITHM, "the zone's keys are too large");
    case WR_ENTRY_NO_ZONE_BIT:
        return try_again(c, now, WR_TYPE_DNSKEY, WR_EDE_NO_ZONE_KEY_BIT,
                         "the key that the DS names is no zone key");
    case WR_ENTRY_BAD:
        return try_again(c, now, WR_TYPE_DNSKEY, WR_EDE_DNSKEY_MISSING,
                         "the key that the DS names is malformed");
    case WR_ENTRY_NONE: break;
    }
    return try_again(c, now, WR_TYPE_DNSKEY, WR_EDE_DNSKEY_MISSING,
                     "no key has a digest of the DS");
}

static enum wr_dnssec_action step_key_reply(struct wr_climb *c, const struct wr_now *now)
{
    const struct wr_dnssec_reply *r = &c->reply;
    const struct wr_rrset *set;

    if (r->failed) {
        return unreachable(c, WR_EDE_DNSKEY_MISSING, "the DNSKEY could not be had");
    }
    set = find_set(r->answer, r->answers, c->cut.wire, WR_TYPE_DNSKEY);
    if (!set) {
        return try_again(c, now, WR_TYPE_DNSKEY, WR_EDE_DNSKEY_MISSING, "the zone has no DNSKEY");
    }
    wr_keyset_open(&c->candidate, set, &c->ds);
    if (c->candidate.entries == 0) {
        return no_entry(c, now);
    }
    open_job(c, set, &c->candidate, c->cut.wire, true);
    move(c, WR_CLIMB_KEY_CHECK, "");
    return WR_DNSSEC_MORE;
}

/* The cut is a zone, and its keys are proven. */
static enum wr_dnssec_action keys_proven(struct wr_climb *c, const struct wr_now *now)
{
    struct wr_zone_entry *e;

    lives_with(c, now, c->job.ttl);
    let_go(c);
    c->zone = c->cut;
    c->cleared = (uint8_t)wr_name_labels(c->zone.wire);
    e = wr_keycache_put(c->env->cache, c->zone.wire, WR_SECURITY_SECURE, WR_EDE_NONE, "",
                        &c->candidate, now->mono_us, lives(c, now, PROVEN_S));
    if (e) {
        wr_keycache_hold(e);
        c->held = e;
        c->keys = e->keys;
    } else {
        wr_keyset_move(&c->own, &c->candidate);
        c->keys = &c->own;
    }
    move(c, WR_CLIMB_NEXT, "keys proven");
    return WR_DNSSEC_MORE;
}

static enum wr_dnssec_action step_key_check(struct wr_climb *c, const struct wr_now *now)
{
    switch (check(c)) {
    case WR_RRSIG_MORE: return WR_DNSSEC_MORE;
    case WR_RRSIG_SECURE: return keys_proven(c, now);
    case WR_RRSIG_SPENT: return spent(c);
    case WR_RRSIG_FAILED: break;
    }
    return try_again(c, now, WR_TYPE_DNSKEY, c->job.ede, c->job.reason);
}

void wr_climb_feed(struct wr_climb *c, const struct wr_dnssec_reply *reply)
{
    wr_assert(c->state == WR_CLIMB_DS_WAIT || c->state == WR_CLIMB_KEY_WAIT);
    c->reply = *reply;
    c->job_open = false;
    c->fetch.type = 0; /* answered */
}

enum wr_dnssec_action wr_climb_step(struct wr_climb *c, const struct wr_now *now)
{
    switch (c->state) {
    case WR_CLIMB_ANCHOR: return step_anchor(c, now);
    case WR_CLIMB_NEXT: return step_next(c);
    case WR_CLIMB_DS_WAIT: return c->fetch.type ? WR_DNSSEC_FETCH : step_ds_reply(c, now);
    case WR_CLIMB_DS_CHECK: return step_ds_check(c, now);
    case WR_CLIMB_DENY_CHECK: return step_deny_check(c, now);
    case WR_CLIMB_DENY_PROVE: return step_deny_prove(c, now);
    case WR_CLIMB_KEY_WAIT: return c->fetch.type ? WR_DNSSEC_FETCH : step_key_reply(c, now);
    case WR_CLIMB_KEY_CHECK: return step_key_check(c, now);
    case WR_CLIMB_DONE:
    case WR_CLIMB_STATES: break;
    }
    return WR_DNSSEC_DONE;
}
