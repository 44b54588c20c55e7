/* SPDX-License-Identifier: Apache-2.0 */
/* How an answer is proven before anybody sees it: the validator (dnssec/chain) is given its turns and what it wants to know. */
#include "resolve/request_state.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/str.h"
#include "resolve/errorreport.h"

/* Octets for the answer in work and the reply that the validator looks at. */
#define ROOM ((size_t)2 * WR_RRSET_SIZE_MAX)

/* One answer that is being proven. */
struct prove {
    struct wr_list node; /* in rs->proving while it has a turn to come */
    wr_id request;
    uint64_t begun_us;
    struct wr_arena arena;
    size_t mark; /* of the arena: the answer is below, the reply above */
    struct wr_peer
        from; /* who gave the reply, and for which zone; slot 0 with no zone: nobody that is known */
    struct wr_name from_zone;
    wr_servers from_server; /* of a configured group, as a bit; 0: none that is known */
    wr_servers avoid;       /* those whose replies to this question proved nothing */
    bool from_held;         /* that zone is held here, and nobody was asked */
    struct wr_name agent;   /* who wants to hear when this fails (RFC 9567); size 0: nobody */
    enum wr_response kind;
    bool early; /* a name above does not exist: does that hold for the whole one (RFC 8020)? */
    uint16_t asked_type;
    /* Large, and not cleared when a place is taken: wr_prove_begin sets the chain and the answer, feed the reply. */
    struct wr_chain chain;
    struct wr_answer answer, reply;
};

/* --- memory ------------------------------------------------------------------------------------- */

static uint32_t proofs_for(uint32_t requests)
{
    return requests / 8 + 8;
}

size_t wr_prove_size(uint32_t requests, uint32_t zones)
{
    uint32_t n = zones > 0 ? proofs_for(requests) : 0;
    return wr_pool_size(sizeof(struct prove), n) + n * ROOM + wr_keycache_size(zones ? zones : 1) +
           WR_RRSIG_SCRATCH_SIZE + 4 * 64;
}

static uint8_t *align64(uint8_t *at)
{
    return at + (-(uintptr_t)at & 63);
}

static void learn_range(void *user, const uint8_t *zone, const struct wr_rrset *set, uint32_t ttl,
                        const struct wr_now *now)
{
    struct wr_requests *rs = user;
    if (rs->time.state != WR_TRUSTTIME_UNPROVEN) {
        wr_nsecache_learn_range(&rs->nsecache, zone, set, ttl, rs->ttl,
                                (uint32_t)(now->mono_us / WR_S));
    }
}

void wr_prove_init(struct wr_requests *rs, uint8_t *block, uint32_t requests, uint32_t zones,
                   const struct wr_hash_key *key)
{
    uint32_t n = zones > 0 ? proofs_for(requests) : 0;
    uint8_t *at = align64(block);
    wr_list_init(&rs->proving);
    wr_pool_init(&rs->proofs, at, sizeof(struct prove), n);
    wr_pool_clear_less(&rs->proofs, offsetof(struct prove, chain));
    at = align64(at + wr_pool_size(sizeof(struct prove), n));
    rs->proof_rooms = at;
    at = align64(at + n * ROOM);
    wr_keycache_init(&rs->keycache, at, zones ? zones : 1, key);
    at = align64(at + wr_keycache_size(zones ? zones : 1));
    rs->dnssec = (struct wr_dnssec_env){.cache = &rs->keycache,
                                        .policy = &rs->dnssec_policy,
                                        .time = &rs->time,
                                        .scratch = at,
                                        .trace = rs->env.trace,
                                        .proven = learn_range,
                                        .user = rs};
}

void wr_prove_adopt(struct wr_requests *rs, const struct wr_prove_settings *settings)
{
    rs->prove = settings && settings->enable && rs->proofs.count > 0 ? settings : NULL;
    rs->dnssec.anchors = settings ? settings->anchors : NULL;
    rs->dnssec_policy = settings ? settings->policy : wr_algo_default_policy();
    /* Until the clock is looked at, no more than certain. */
    rs->room.least = rs->prove ? WR_SECURITY_INSECURE : WR_SECURITY_UNCHECKED;
    wr_keycache_clear(&rs->keycache);
    wr_nsecache_adopt(&rs->nsecache, settings, rs->env.select.upstreams);
}

bool wr_prove_wanted(const struct wr_requests *rs, const struct wr_request *r)
{
    return rs->prove && !r->asked.checking_disabled && !r->probe;
}

static struct prove *proof_of(const struct wr_requests *rs, const struct wr_request *r)
{
    return r->prove ? wr_pool_get(&rs->proofs, r->prove) : NULL;
}

void wr_prove_end(struct wr_requests *rs, struct wr_request *r)
{
    struct prove *p = proof_of(rs, r);
    if (p) {
        wr_list_remove(&p->node);
        wr_chain_stop(&p->chain);
        wr_pool_give(&rs->proofs, r->prove);
    }
    r->prove = 0;
}

/* Copies a set into the room, so that it outlives the response. */
static bool copy_set(struct prove *p, const struct wr_rrset *from, struct wr_rrset *ret)
{
    *ret = *from;
    ret->owner = wr_arena_copy(&p->arena, from->owner, wr_name_size(from->owner));
    ret->data = wr_arena_copy(&p->arena, from->data, from->size);
    return ret->owner && ret->data;
}

static bool copy_answer(struct prove *p, const struct wr_answer *from, struct wr_answer *ret)
{
    *ret = *from;
    bool ok = true;
    for (unsigned i = 0; i < from->answers && ok; i++) {
        ok = copy_set(p, &from->answer[i], &ret->answer[i]);
    }
    for (unsigned i = 0; i < from->authorities && ok; i++) {
        ok = copy_set(p, &from->authority[i], &ret->authority[i]);
    }
    return ok;
}

/* --- what stands beside an alias ----------------------------------------------------------------- */

/* The zone that signed the first denial of the answer, or NULL. */
static const uint8_t *denying_zone(const struct wr_answer *a)
{
    for (unsigned i = 0; i < a->authorities; i++) {
        const uint8_t *signer = wr_rrsig_signer(&a->authority[i]);
        if (signer && wr_name_in(a->authority[i].owner, signer)) {
            return signer;
        }
    }
    return NULL;
}

/* Do the denials say, if they are true, that the name is a delegation without DS? */
static bool says_no_ds(struct wr_requests *rs, struct wr_request *r, const uint8_t *zone,
                       const uint8_t *name)
{
    struct wr_denial d;
    wr_denial_start(&d, zone, name, &rs->dnssec_policy);
    for (unsigned i = 0; i < rs->answer.authorities; i++) {
        wr_denial_add(&d, &rs->answer.authority[i]);
    }
    return wr_denial_no_ds(&d, &r->work) == WR_PROOF_DELEGATION;
}

static bool has_ds(struct wr_requests *rs, const struct wr_question *q, uint32_t now_s)
{
    struct wr_cache_key key;
    struct wr_cache_entry e;
    wr_cache_key_init(rs->cache, q->name.wire, q->type, wr_question_scope(q), &key);
    return wr_cache_get(rs->cache, &key, now_s, true, rs->room.scratch, &e) == WR_OK &&
           e.ttl_left > 0;
}

void wr_prove_keep_beside(struct wr_requests *rs, struct wr_request *r, uint64_t now_us)
{
    const uint8_t *zone = denying_zone(&rs->answer);
    const uint8_t *target = wr_answer_last_name(&rs->answer, r->asked.name.wire);
    struct wr_question q = {.type = WR_TYPE_DS, .checking_disabled = true, .dnssec_ok = true};
    uint32_t now_s = (uint32_t)(now_us / WR_S);
    q.view = r->asked.view;
    if (!zone || !wr_name_in(target, zone)) {
        return;
    }
    unsigned top = wr_name_labels(zone), labels = wr_name_labels(target);
    for (unsigned i = 1; i <= WR_PROVE_BESIDE_MAX && top + i <= labels; i++) {
        wr_name_set(&q.name, wr_name_skip_labels(target, labels - top - i));
        if (says_no_ds(rs, r, zone, q.name.wire)) {
            struct wr_answer ds = rs->answer; /* TTLs are set in it */
            ds.answers = 0;
            ds.rcode = WR_RCODE_NOERROR;
            if (!has_ds(rs, &q, now_s)) {
                wr_answer_keep(rs->cache, rs->ttl, &q, now_s, &rs->room, &ds);
            }
            return;
        }
    }
}

/* --- the work ----------------------------------------------------------------------------------- */

static enum wr_cut_hint is_cut(void *user, const uint8_t *name)
{
    struct wr_requests *rs = user;
    struct wr_cache_key key;
    struct wr_cache_entry e;
    wr_cache_key_init(rs->cache, name, WR_TYPE_NS, WR_SCOPE_CUT, &key);
    bool known =
        wr_cache_get(rs->cache, &key, rs->prove_now_s, true, rs->room.scratch, &e) == WR_OK;
    return known ? WR_CUT_YES : WR_CUT_UNKNOWN;
}

static void judge_anew(struct wr_rrset *sets, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        sets[i].security = WR_SECURITY_UNCHECKED;
        wr_rrset_set_prover(&sets[i], NULL);
    }
}

static void start(struct wr_requests *rs, struct wr_request *r, struct prove *p)
{
    struct wr_chain_ask ask = {.qname = r->asked.name.wire,
                               .qtype = r->asked.type,
                               .rcode = p->answer.rcode,
                               .partial = p->kind == WR_RESPONSE_CNAME,
                               .answer = p->answer.answer,
                               .authority = p->answer.authority,
                               .answers = p->answer.answers,
                               .authorities = p->answer.authorities,
                               .hints = {wr_stage_iter(rs, r) ? is_cut : NULL, rs}};
    wr_chain_start(&p->chain, &ask, &r->work);
    wr_list_append(&rs->proving, &p->node);
}

/* What was found of the sets before holds no more: of another answer, or by another clock. */
static void start_anew(struct wr_requests *rs, struct wr_request *r, struct prove *p)
{
    judge_anew(p->answer.answer, p->answer.answers);
    judge_anew(p->answer.authority, p->answer.authorities);
    start(rs, r, p);
}

/* The proof that has waited longest for keys, and for long enough; or NULL. */
static struct prove *slowest(const struct wr_requests *rs, uint64_t now_us)
{
    struct prove *worst = NULL;
    for (uint32_t i = 0; i < rs->proofs.count; i++) {
        wr_id id;
        struct prove *p = wr_pool_at(&rs->proofs, i, &id);
        bool waits = p && p->chain.state != WR_CHAIN_DONE && wr_list_empty(&p->node);
        if (waits && now_us >= p->begun_us + WR_PROVE_HOLD_MS * WR_MS &&
            (!worst || p->begun_us < worst->begun_us)) {
            worst = p;
        }
    }
    return worst;
}

/* A place for one that may be quicker: zones whose keys nobody gives would have them all, each as long as a client waits. */
static void make_place(struct wr_requests *rs, uint64_t now_us)
{
    struct prove *p = slowest(rs, now_us);
    struct wr_request *r = p ? wr_pool_get(&rs->pool, p->request) : NULL;
    if (r && r->state != WR_REQUEST_OVER) {
        wr_id id = p->request;
        wr_prove_end(rs, r);
        r->forward.state = WR_FORWARD_FAILED;
        r->forward.failure = WR_FORWARD_NO_ROOM;
        wr_request_settle(rs, r, id, now_us);
    }
}

int wr_prove_begin(struct wr_requests *rs, struct wr_request *r, wr_id id, enum wr_response kind,
                   uint64_t now_us)
{
    wr_prove_end(rs, r); /* of an answer that was bogus */
    if (rs->proofs.taken == rs->proofs.count) {
        make_place(rs, now_us);
    }
    struct prove *p = wr_pool_take(&rs->proofs, &r->prove);
    if (!p) {
        r->prove = 0;
        return WR_E_FULL;
    }
    wr_list_init(&p->node);
    wr_chain_init(&p->chain, &rs->dnssec);
    wr_arena_init(&p->arena, rs->proof_rooms + ROOM * (uint32_t)r->prove, ROOM);
    p->request = id;
    p->agent = rs->agent;
    p->begun_us = now_us;
    p->kind = kind;
    p->early = wr_stage_iter(rs, r) && !wr_iter_is_whole(wr_stage_iter(rs, r));
    if (!copy_answer(p, &rs->answer, &p->answer)) {
        wr_prove_end(rs, r);
        return WR_E_NOMEM;
    }
    p->mark = wr_arena_mark(&p->arena);
    p->asked_type = r->asked.type;
    start(rs, r, p);
    return WR_OK;
}

static void feed(struct prove *p, const struct wr_answer *answer)
{
    struct wr_dnssec_reply reply = {.failed = true};
    wr_arena_release(&p->arena, p->mark);
    if (answer && copy_answer(p, answer, &p->reply)) {
        reply = (struct wr_dnssec_reply){.rcode = p->reply.rcode,
                                         .answer = p->reply.answer,
                                         .authority = p->reply.authority,
                                         .answers = p->reply.answers,
                                         .authorities = p->reply.authorities};
    }
    wr_chain_feed(&p->chain, &reply);
}

bool wr_prove_is_unreachable(const struct wr_requests *rs, const struct wr_request *r)
{
    const struct prove *p = proof_of(rs, r);
    return p && p->chain.state == WR_CHAIN_DONE && p->chain.verdict.unreachable;
}

bool wr_prove_is_running(const struct wr_requests *rs, const struct wr_request *r)
{
    const struct prove *p = proof_of(rs, r);
    return p && p->chain.state != WR_CHAIN_DONE;
}

/* Is it what the proof waits for, and not what one before it asked for? */
static bool is_wanted(const struct prove *p, const struct wr_question *q)
{
    return p->chain.state != WR_CHAIN_DONE && wr_list_empty(&p->node) &&
           q->type == p->chain.fetch.type && wr_name_equal(q->name.wire, p->chain.fetch.name.wire);
}

void wr_prove_fed(struct wr_requests *rs, struct wr_request *r, const struct wr_request *child,
                  const struct wr_answer *answer)
{
    struct prove *p = proof_of(rs, r);
    const struct wr_iter *it = wr_stage_iter(rs, child);
    if (p && is_wanted(p, &child->question)) {
        p->from_zone.size = 0;
        p->from_server = it ? 0 : (wr_servers)1 << child->server;
        p->from_held = it && it->held;
        if (p->from_held) {
            p->from_zone = it->zone;
        } else if (it && child->server < it->peers->count) {
            p->from = it->peers->peer[child->server];
            p->from_zone = it->zone;
        }
        feed(p, answer);
        wr_list_append(&rs->proving, &p->node);
    }
}

/* What was judged without a clock is judged again. */
static void begin_anew(struct wr_requests *rs)
{
    wr_keycache_clear(&rs->keycache);
    for (uint32_t i = 0; i < rs->proofs.count; i++) {
        wr_id id;
        struct prove *p = wr_pool_at(&rs->proofs, i, &id);
        struct wr_request *r = p ? wr_pool_get(&rs->pool, p->request) : NULL;
        if (r && r->state != WR_REQUEST_OVER && p->chain.state != WR_CHAIN_DONE) {
            wr_list_remove(&p->node);
            wr_chain_stop(&p->chain);
            start_anew(rs, r, p);
        }
    }
}

/* Keys that a zone has which is held here prove nothing: the next try is for its servers. */
static void distrust(struct wr_requests *rs, const uint8_t *name, uint64_t now_us)
{
    const struct wr_heldzone *zone = wr_heldzones_named(rs->iter_env.held, name);
    if (zone && zone->fallback && zone->state) {
        rs->counters.held_bogus++;
        wr_heldzone_distrust(zone, (uint32_t)(now_us / WR_S));
    }
}

/* DS and DNSKEY are asked with checking disabled: it is the validator that checks them. */
static void fetch(struct wr_requests *rs, struct wr_request *r, struct prove *p, uint64_t now_us)
{
    const struct wr_dnssec_fetch *f = &p->chain.fetch;
    struct wr_question q = {
        .name = f->name, .type = f->type, .checking_disabled = true, .dnssec_ok = true};
    q.view = r->asked.view;
    if (f->again) { /* an alias that was said in its place would lead the next question away */
        const uint16_t types[2] = {q.type, WR_TYPE_CNAME};
        for (unsigned i = 0; i < 2; i++) {
            struct wr_cache_key key;
            wr_cache_key_init(rs->cache, q.name.wire, types[i], wr_question_scope(&q), &key);
            wr_cache_remove(rs->cache, &key);
        }
        if (p->from_zone.size > 0 && p->from_held) {
            distrust(rs, p->from_zone.wire, now_us);
        } else if (p->from_zone.size > 0) {
            wr_infra_set_lame(&rs->iter_env.infra, &p->from, p->from_zone.wire, now_us);
        }
    }
    p->avoid = f->again ? p->avoid | p->from_server : 0;
    p->from_zone.size = 0; /* what the cache has came from somebody else */
    p->from_server = 0;
    switch (wr_depend_on(rs, r, p->request, &q, WR_DEPEND_KEYS, p->avoid, now_us)) {
    case WR_DEPEND_READY: feed(p, &rs->sub); break;
    case WR_DEPEND_FAILED: feed(p, NULL); break;
    case WR_DEPEND_WAITING: return;
    }
    wr_list_append(&rs->proving, &p->node);
}

/* Does it belong beside an answer that is secure? What the validator did not look at, or found wrong, is not shown as if it were
 * (RFC 4035 section 3.2.3), nor a denial that was made from a wildcard and is none of the name where it stands. */
static bool is_authentic(const struct wr_rrset *set)
{
    bool denial = set->type == WR_TYPE_NSEC || set->type == WR_TYPE_NSEC3;
    return set->security == WR_SECURITY_SECURE && (!denial || wr_rrset_prover(set));
}

static void drop_unproven(struct wr_answer *a)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < a->authorities; i++) {
        if (is_authentic(&a->authority[i])) {
            a->authority[kept++] = a->authority[i];
        }
    }
    a->authorities = (uint8_t)kept;
}

/* A server may say more than it knows of where a chain leads: what is bogus with its end may be true up to its first
 * link, and the end is then asked for itself. False: there is nothing to leave out. */
static bool shorten(struct prove *p)
{
    struct wr_answer *a = &p->answer;
    unsigned links = 0;
    while (links < a->answers && a->answer[links].type != WR_TYPE_CNAME) {
        links++;
    }
    links++;
    bool whole = links >= a->answers && p->kind == WR_RESPONSE_CNAME;
    if (links > a->answers || whole || a->answer[links - 1].type != WR_TYPE_CNAME ||
        p->asked_type == WR_TYPE_CNAME) {
        return false;
    }
    a->answers = (uint8_t)links;
    a->rcode = WR_RCODE_NOERROR;
    p->kind = WR_RESPONSE_CNAME;
    return true;
}

/* A set lives from when it was heard, not from when it was proven: keys may have been long in coming. */
static void count_time(struct wr_answer *a, uint64_t begun_us, uint64_t now_us)
{
    uint32_t passed = (uint32_t)(now_us / WR_S - begun_us / WR_S);
    for (unsigned i = 0; i < a->answers; i++) {
        a->answer[i].ttl = a->answer[i].ttl > passed ? a->answer[i].ttl - passed : 0;
    }
    for (unsigned i = 0; i < a->authorities; i++) {
        a->authority[i].ttl = a->authority[i].ttl > passed ? a->authority[i].ttl - passed : 0;
    }
}

/* What the verdict is worth: a signature that was judged without knowing the time makes nothing secure, and proves no zone
 * insecure for longer than that; a name that no anchor covers is insecure. */
static void weaken(struct wr_requests *rs, const struct wr_chain_verdict *v)
{
    struct wr_answer *a = &rs->answer;
    bool timeless = v->security >= WR_SECURITY_INSECURE && rs->time.state == WR_TRUSTTIME_UNPROVEN;
    uint8_t most = timeless ? WR_SECURITY_INDETERMINATE : WR_SECURITY_SECURE;
    a->security = v->security == WR_SECURITY_INDETERMINATE ? WR_SECURITY_INSECURE : v->security;
    a->security = a->security < most ? a->security : most;
    for (unsigned i = 0; i < a->answers; i++) {
        a->answer[i].security =
            a->answer[i].security < a->security ? a->answer[i].security : a->security;
        if (a->answer[i].security < WR_SECURITY_INSECURE && !timeless) {
            a->answer[i].security = WR_SECURITY_INSECURE;
        }
    }
    if (timeless && a->ede == WR_EDE_NONE) {
        a->ede = WR_EDE_INDETERMINATE;
    }
}

/* "secure", or "bogus: bad.: the signature ..." */
static void tell_verdict(const struct wr_requests *rs, const struct prove *p,
                         const struct wr_chain_verdict *v)
{
    static const char *const names[] = {"unchecked", "bogus", "indeterminate", "insecure",
                                        "secure"};
    char text[WR_NAME_TEXT_SIZE + 160];
    struct wr_str s;
    if (!wr_trace_on(rs->env.trace)) {
        return;
    }
    wr_str_init(&s, text, sizeof(text));
    wr_str_text(&s, names[v->security]);
    if (v->security != WR_SECURITY_SECURE && v->zone.size > 0) {
        wr_str_text(&s, ": ");
        wr_name_put_text(&s, v->zone.wire);
        wr_str_text(&s, ": ");
        wr_str_text(&s, v->reason);
    }
    wr_trace_move(rs->env.trace, "proof", p->request, "RUNNING", "DONE", text);
}

static void done(struct wr_requests *rs, struct wr_request *r, struct prove *p,
                 const struct wr_now *now)
{
    const struct wr_chain_verdict *v = &p->chain.verdict;
    tell_verdict(rs, p, v);
    if (p->early && v->security != WR_SECURITY_SECURE) {
        wr_stage_show_more(rs, r, p->request, now->mono_us);
        return;
    }
    if (v->security == WR_SECURITY_BOGUS && shorten(p)) {
        start_anew(rs, r, p);
        return;
    }
    if (v->security == WR_SECURITY_BOGUS) {
        wr_request_bogus(rs, r, p->request, !v->keyless, now->mono_us);
        return;
    }
    count_time(&p->answer, p->begun_us, now->mono_us);
    if (v->security == WR_SECURITY_SECURE) {
        if (rs->time.state != WR_TRUSTTIME_UNPROVEN && r->asked.view == 0) {
            wr_nsecache_learn(&rs->nsecache, &p->chain, rs->ttl, rs->prove_now_s);
        }
        drop_unproven(&p->answer);
        if (v->no_name) { /* what is proven is what is said */
            p->answer.rcode = WR_RCODE_NXDOMAIN;
            p->kind = WR_RESPONSE_NXDOMAIN;
        }
    }
    rs->answer = p->answer;
    weaken(rs, v);
    if (rs->answer.ede == WR_EDE_NONE && v->security != WR_SECURITY_SECURE) {
        rs->answer.ede = v->ede;
    }
    wr_request_stage_done(rs, r, p->request, p->kind, now);
}

static struct wr_trusttime time_of(const struct wr_prove_settings *s, const struct wr_now *now)
{
    enum wr_trusttime_state state =
        now->wall_proven ? WR_TRUSTTIME_PLAUSIBLE : WR_TRUSTTIME_UNPROVEN;
    return wr_trusttime_of(s->system_clock ? WR_TRUSTTIME_SYSTEM : state, now->wall_s, s->floor_s);
}

void wr_prove_time_changed(struct wr_requests *rs, uint8_t least)
{
    bool proven = least > rs->room.least;
    rs->room.least = least;
    if (proven) {
        begin_anew(rs);
    }
}

/* Steps up to the first that checks a signature or hashes, and what follows it without another; a turn is not worth
 * more than that, and not less. */
static enum wr_dnssec_action take_turn(struct prove *p, const struct wr_dnssec_work *work,
                                       const struct wr_now *now)
{
    uint32_t checks = work->checks, blocks = work->blocks;
    enum wr_dnssec_action got;
    unsigned steps = 0;
    bool cheap;
    do {
        got = wr_chain_step(&p->chain, now);
        cheap =
            (work->checks == checks && work->blocks == blocks) || p->chain.state == WR_CHAIN_PICK;
    } while (got == WR_DNSSEC_MORE && cheap && ++steps < WR_PROVE_TURN_STEPS_MAX);
    return got;
}

bool wr_prove_turn(struct wr_requests *rs, const struct wr_now *now)
{
    if (wr_list_empty(&rs->proving) || !rs->prove) {
        return false;
    }
    struct prove *p = WR_CONTAINER(rs->proving.next, struct prove, node);
    struct wr_request *r = wr_pool_get(&rs->pool, p->request);
    wr_assert(r != NULL);
    if (rs->flushes != wr_cache_flushes(rs->cache)) {
        rs->flushes = wr_cache_flushes(rs->cache);
        wr_keycache_clear(
            &rs->keycache); /* whoever flushes wants to see what is there now, keys too */
    }
    rs->time = time_of(rs->prove, now);
    rs->prove_now_s = (uint32_t)(now->mono_us / WR_S);
    wr_list_remove(&p->node);
    switch (take_turn(p, &r->work, now)) {
    case WR_DNSSEC_MORE: wr_list_append(&rs->proving, &p->node); break;
    case WR_DNSSEC_FETCH: fetch(rs, r, p, now->mono_us); break;
    case WR_DNSSEC_DONE: done(rs, r, p, now); break;
    }
    return true;
}

/* Whoever gave the answer may want to hear of it; not of what a wrong clock makes of it. */
static void report(struct wr_requests *rs, const struct wr_request *r, const struct prove *p)
{
    const struct wr_chain_verdict *v = &p->chain.verdict;
    if (rs->prove && rs->prove->report && p->agent.size > 0 && v->ede >= 0 &&
        rs->time.state != WR_TRUSTTIME_UNPROVEN) {
        (void)wr_errorreport_name(r->asked.name.wire, r->asked.type, (uint16_t)v->ede,
                                  p->agent.wire, &rs->report);
    }
}

bool wr_prove_explain(struct wr_requests *rs, const struct wr_request *r, struct wr_answer *a,
                      bool *ret_silence)
{
    const struct prove *p = proof_of(rs, r);
    if (!p) {
        return false;
    }
    bool over = p->chain.state == WR_CHAIN_DONE;
    if (over && p->chain.verdict.security != WR_SECURITY_BOGUS) {
        return false;
    }
    rs->reason_zone = over ? p->chain.verdict.zone : p->chain.fetch.name;
    a->ede_zone = rs->reason_zone.wire;
    a->ede = over ? p->chain.verdict.ede : WR_EDE_NO_REACHABLE_AUTHORITY;
    a->ede_text =
        over ? p->chain.verdict.reason : "what proves the answer was not to be had in time";
    if (over) {
        report(rs, r, p);
        *ret_silence = p->chain.verdict.unreachable;
    }
    return over;
}
