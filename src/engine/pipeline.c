/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a query, in the order it happens:
 *   parse -> may they ask -> limits -> cookie -> is it a question for us -> what policy says of it -> answered by weir itself
 *   -> DNS64 -> known (local names; cache: fresh, failed a moment ago) -> the worker that owns the name -> a request,
 *   and wait.
 * Each step either lets the query pass or settles it; the first that settles it ends the walk.
 */
#include <string.h>

#include "base/check.h"
#include "engine/engine_state.h"
#include "engine/translate.h"
#include "policy/cookie.h"
#include "resolve/heldanswer.h"
#include "resolve/localanswer.h"
#include "resolve/refer.h"

/* A refresh begins in the last tenth of an entry's life. */
#define REFRESH_SHARE 90
/* A refresh takes about so long; then the next hit may begin another. */
#define REFRESH_US (1 * WR_S)

/* One query on its way through the steps. */
struct walk {
    struct wr_engine *e;
    const struct wr_event *event;
    const struct wr_now *now;
    struct wr_msg msg;
    struct wr_asker asker;
    uint64_t hash; /* of the question as it came; 0: not known */
    uint8_t *room; /* where the reply may be written */
    size_t room_size;
};

static bool settle_error(struct walk *w, uint16_t rcode, int ede, const char *text)
{
    wr_outcome_error(w->e, &w->asker, rcode, ede, text, w->room, w->room_size, w->now,
                     &w->e->ready);
    return true;
}

static bool settle_drop(struct walk *w, _Atomic uint64_t *counter)
{
    wr_outcome_drop(w->e, &w->asker, counter, w->now, &w->e->ready);
    return true;
}

/* A reply that weir makes itself, of `size` octets. */
static bool settle_local(struct walk *w, size_t size)
{
    struct wr_outcome o = {.source = WR_SOURCE_LOCAL,
                           .slot = 255,
                           .rcode = WR_RCODE_NOERROR,
                           .ede = WR_EDE_NONE,
                           .what_hash = 0x30000u + w->asker.question.type};
    wr_outcome_send(w->e, &w->asker, &o, w->room, size, w->now, &w->e->ready);
    return true;
}

static bool settle_answer(struct walk *w, const struct wr_answer *answer, uint8_t source)
{
    wr_outcome_answer(w->e, &w->asker, answer, source, 255, w->room, w->room_size, w->now,
                      &w->e->ready);
    return true;
}

/* A primary tells that a zone has changed; it need not be one of those who may ask. Of anybody else it is no question for us. */
static bool step_notify(struct walk *w, int parse_err)
{
    const struct wr_msg *m = &w->msg;
    if (parse_err || wr_msg_opcode(m) != WR_OPCODE_NOTIFY || m->qtype != WR_TYPE_SOA ||
        m->qclass != WR_CLASS_IN ||
        !wr_news_take(&w->e->settings->news, m->qname.wire, &w->asker.client.from)) {
        return false;
    }
    wr_stats_add(&w->e->setup.stats->notifies, 1);
    return settle_local(w, wr_reply_notified(&w->asker, w->room, w->room_size));
}

/* May they ask, and so often? */
static bool step_admit(struct walk *w, int parse_err)
{
    return wr_admit_allowed(w->e, &w->asker, parse_err == WR_OK, w->room, w->room_size, w->now);
}

static bool step_rate(struct walk *w, int parse_err)
{
    return wr_admit_rate(w->e, &w->asker, parse_err == WR_OK, w->room, w->room_size, w->now);
}

/* FORMERR for what cannot be read, NOTIMP and BADVERS for what is not done here. */
static bool step_form(struct walk *w, int parse_err)
{
    const struct wr_msg *m = &w->msg;
    if (parse_err) {
        w->asker.edns = w->asker.has_question = false;
        return settle_error(w, WR_RCODE_FORMERR, WR_EDE_NONE, NULL);
    }
    if (wr_msg_opcode(m) != WR_OPCODE_QUERY) {
        return settle_error(w, WR_RCODE_NOTIMP, WR_EDE_NOT_SUPPORTED, "only queries");
    }
    if (m->edns.present && m->edns.version != 0) {
        return settle_error(w, WR_RCODE_BADVERS, WR_EDE_NONE, NULL);
    }
    if (m->qdcount == 0 && w->asker.cookie_state != WR_COOKIE_NONE) {
        return settle_error(w, WR_RCODE_NOERROR, WR_EDE_NONE, NULL); /* RFC 7873 section 5.4 */
    }
    if (m->qdcount != 1 || m->qtype == 0 || m->counts[WR_SECTION_ANSWER] != 0) {
        return settle_error(w, WR_RCODE_FORMERR, WR_EDE_NONE, NULL);
    }
    if (m->tsig) {
        return settle_error(w, WR_RCODE_NOTAUTH, WR_EDE_NOT_SUPPORTED, "no TSIG keys here");
    }
    return false;
}

/* Our own question, come back: its client cookie is the one we use towards the address it was sent to. */
static bool is_own_question(const struct walk *w)
{
    struct wr_hash_key key;
    memcpy(&key, w->e->setup.secrets->client_cookie_key, sizeof(key));
    uint64_t h = wr_hash_sip24(&key, w->asker.client.local.ip, sizeof(w->asker.client.local.ip));
    return memcmp(&h, w->asker.client_cookie, 8) == 0;
}

static bool step_loop(struct walk *w)
{
    if (w->asker.cookie_state == WR_COOKIE_NONE || !is_own_question(w)) {
        return false;
    }
    wr_stats_add(&w->e->setup.stats->forwarding_loops, 1);
    return settle_error(w, WR_RCODE_SERVFAIL, WR_EDE_OTHER,
                        "forwarding loop: an upstream is this resolver itself");
}

static void check_cookie(struct walk *w)
{
    struct wr_engine *e = w->e;
    struct wr_asker *a = &w->asker;
    if (a->cookie_state == WR_COOKIE_NONE || !e->settings->server_cookies) {
        return;
    }
    unsigned server_size = w->msg.edns.cookie_size - 8u;
    if (server_size == 0) {
        return;
    }
    enum wr_cookie_verdict verdict = wr_cookie_check(
        e->setup.secrets->cookie_key, e->setup.secrets->old_cookie_key, a->client_cookie,
        w->msg.edns.cookie + 8, server_size, &a->client.from, (uint32_t)w->now->wall_s);
    if (verdict != WR_COOKIE_BAD) {
        a->cookie_state = WR_COOKIE_PROVEN;
    } else {
        wr_stats_add(&e->setup.stats->badcookie, 1);
    }
}

static bool is_text_name(const uint8_t *name, const char *text)
{
    struct wr_name n;
    return wr_name_from_text(text, strlen(text), &n) == WR_OK && wr_name_equal(name, n.wire);
}

/* id.server and its kin (RFC 4892); other classes than IN are not served. */
static bool answer_chaos(struct walk *w)
{
    const struct wr_settings *s = w->e->settings;
    const uint8_t *name = w->asker.question.name.wire;
    const char *text = "";
    struct wr_reply r;
    if (w->asker.qclass == WR_CLASS_CH && w->asker.question.type == WR_TYPE_TXT) {
        if (is_text_name(name, "id.server.") || is_text_name(name, "hostname.bind.")) {
            text = s->identity;
        } else if (is_text_name(name, "version.server.") || is_text_name(name, "version.bind.")) {
            text = s->version;
        }
    }
    if (text[0] == 0) {
        return settle_error(w, WR_RCODE_REFUSED, WR_EDE_NOT_SUPPORTED, NULL);
    }
    wr_outcome_reply_setup(w->e, w->now, &r);
    return settle_local(w, wr_reply_chaos(&r, &w->asker, text, w->room, w->room_size));
}

/* As little as may be (RFC 8482); but that a local name does not exist is said. */
static bool answer_any(struct walk *w)
{
    struct wr_engine *e = w->e;
    struct wr_reply r;
    wr_arena_reset(&e->room.arena);
    if (wr_localanswer_find(e->setup.local, &w->asker.question, &e->room.arena, &e->found) ==
        WR_FOUND_FRESH) {
        return settle_answer(w, &e->found, WR_SOURCE_LOCAL);
    }
    wr_outcome_reply_setup(e, w->now, &r);
    return settle_local(w, wr_reply_any(&r, &w->asker, w->room, w->room_size));
}

/* Which encrypted services there are, for who can check it (RFC 9462): who asked another's address cannot. */
static bool answer_designated(struct walk *w)
{
    struct wr_engine *e = w->e;
    wr_arena_reset(&e->room.arena);
    if (!wr_designated_find(&e->settings->designated, e->setup.local, &w->asker.question,
                            &w->asker.client.local, &e->room.arena, &e->found)) {
        return false;
    }
    wr_stats_add(&e->setup.stats->local_answers, 1);
    return settle_answer(w, &e->found, WR_SOURCE_LOCAL);
}

/* Questions that weir answers by itself. */
static bool step_local(struct walk *w)
{
    const struct wr_asker *a = &w->asker;
    if (a->qclass != WR_CLASS_IN) {
        return answer_chaos(w);
    }
    if (a->question.type == WR_TYPE_SVCB && !a->client.foreign && answer_designated(w)) {
        return true;
    }
    if (a->question.type == WR_TYPE_ANY && w->e->settings->minimal_any) {
        return answer_any(w);
    }
    if (a->question.type == WR_TYPE_AXFR || a->question.type == WR_TYPE_IXFR) {
        return settle_error(w, WR_RCODE_REFUSED, WR_EDE_PROHIBITED, "no zone transfers");
    }
    if (wr_codes_type_is_meta(a->question.type) && a->question.type != WR_TYPE_ANY) {
        return settle_error(w, WR_RCODE_NOTIMP, WR_EDE_NOT_SUPPORTED, NULL);
    }
    return false;
}

static uint16_t owner_of(const struct wr_engine *e, const struct wr_question *q)
{
    uint64_t h = wr_name_hash(&e->setup.secrets->table_key, q->name.wire);
    return (uint16_t)((h >> 32) % e->setup.workers);
}

/* The first hit of the last tenth, not the hundreds that come before the refresh is back. */
static bool is_first_hit(struct walk *w)
{
    struct wr_engine *e = w->e;
    uint64_t hash = wr_question_hash(&e->setup.secrets->table_key, &w->asker.question);
    return wr_lately_claim(&e->refreshing, hash, w->now->mono_us, REFRESH_US);
}

/* Refreshes an entry near its end, by the worker that owns the name. The client does not wait. */
static void refresh(struct walk *w)
{
    struct wr_engine *e = w->e;
    uint16_t owner = owner_of(e, &w->asker.question);
    bool joined;
    if (owner != e->setup.worker && w->asker.turned.from != WR_TURN_NONE) {
        return; /* what came would be handed over, not what is looked for */
    }
    if (owner != e->setup.worker) {
        e->refresh = (struct wr_action){.kind = WR_ACTION_HANDOVER,
                                        .client = w->asker.client,
                                        .bytes = w->event->bytes,
                                        .size = w->event->size,
                                        .worker = owner};
        e->refresh.client.handed = e->refresh.client.refresh = true;
        return;
    }
    if (wr_requests_ask(e->requests, &w->asker.question, w->now->mono_us, &joined) && !joined) {
        wr_stats_add(&e->setup.stats->prefetches, 1);
    }
}

bool wr_pipeline_find_stale(struct wr_engine *e, const struct wr_asker *a, const struct wr_now *now)
{
    enum wr_found found =
        wr_answer_find(e->setup.cache, wr_place_ttl(e, a), e->setup.local, &a->question,
                       wr_engine_now_s(now), true, &e->room, &e->found);
    return found == WR_FOUND_STALE || found == WR_FOUND_FRESH;
}

/* Does what was found lead to another question? Then that is what the walk is about from here on. */
static bool turn(struct walk *w, const struct wr_answer *answer)
{
    return wr_obey_turn(w->e, &w->asker, answer, w->now);
}

/* Before anything is looked up, asked or known by itself: who is denied a name tells it to nobody. */
static bool step_policy(struct walk *w)
{
    return wr_place_refuses(w->e, &w->asker, w->room, w->room_size, w->now) ||
           wr_obey_question(w->e, &w->asker, w->hash, w->room, w->room_size, w->now);
}

/* The names and addresses of DNS64 itself. */
static bool step_dns64(struct walk *w)
{
    const struct wr_answer *local = wr_translate_local(&w->e->dns64, &w->asker, &w->e->translated);
    if (local) {
        return settle_answer(w, local, WR_SOURCE_LOCAL);
    }
    wr_translate_reverse(&w->e->dns64, &w->asker);
    return false;
}

static bool step_fresh(struct walk *w)
{
    struct wr_engine *e = w->e;
    const struct wr_ttl_policy *p = &e->settings->ttl;
    enum wr_found found = wr_answer_find(e->setup.cache, p, e->setup.local, &w->asker.question,
                                         wr_engine_now_s(w->now), false, &e->room, &e->found);
    if (found != WR_FOUND_FRESH) {
        return false;
    }
    if (w->event && !e->found.local && p->prefetch && e->found.age_share >= REFRESH_SHARE &&
        (w->asker.flags & WR_FLAG_RD) && is_first_hit(w)) {
        refresh(w); /* what was found stays: requests have rooms of their own */
    }
    if (turn(w, &e->found)) {
        return step_fresh(w);
    }
    if (e->found.local) {
        wr_stats_add(&e->setup.stats->local_answers, 1);
        return settle_answer(w, &e->found, WR_SOURCE_LOCAL);
    }
    wr_stats_add(&e->setup.stats->cache_hits, 1);
    return settle_answer(w, &e->found, WR_SOURCE_CACHE);
}

/* A zone that is answered from here with its signatures, as its own server would. */
static bool step_held(struct walk *w)
{
    struct wr_engine *e = w->e;
    if (!e->setup.held || !e->setup.held->answers) {
        return false;
    }
    wr_arena_reset(&e->room.arena);
    enum wr_found found = wr_heldanswer_find(e->setup.held, e->setup.local, &e->settings->upstreams,
                                             &w->asker.question, wr_engine_now_s(w->now),
                                             e->message, &e->room.arena, &e->found);
    if (found != WR_FOUND_FRESH) {
        return false;
    }
    if (turn(w, &e->found)) {
        return step_held(w);
    }
    wr_stats_add(&e->setup.stats->local_answers, 1);
    return settle_answer(w, &e->found, WR_SOURCE_LOCAL);
}

static bool step_failed(struct walk *w);

/* The question put in place of one that failed a moment ago. */
static bool fresh_or_failed(struct walk *w)
{
    return step_fresh(w) || step_failed(w);
}

/* It failed a moment ago (RFC 9520): stale if there is something, else the failure again. */
static bool step_failed(struct walk *w)
{
    struct wr_engine *e = w->e;
    struct wr_answer failure;
    uint32_t stored_s;
    bool by_silence;
    enum wr_found found =
        wr_answer_find_failure(e->setup.cache, &w->asker.question, wr_engine_now_s(w->now),
                               &e->room, &failure, &stored_s, &by_silence);
    if (found != WR_FOUND_FAILURE ||
        (by_silence &&
         wr_requests_upstream_back(e->requests, &w->asker.question, (uint64_t)stored_s * WR_S))) {
        return false;
    }
    bool stale = wr_pipeline_find_stale(e, &w->asker, w->now);
    if (turn(w, stale ? &e->found : &failure)) {
        return fresh_or_failed(w);
    }
    if (stale) {
        wr_stats_add(&e->setup.stats->cache_stale, 1);
        return settle_answer(w, &e->found, WR_SOURCE_STALE);
    }
    (void)wr_answer_find_failure(e->setup.cache, &w->asker.question, wr_engine_now_s(w->now),
                                 &e->room, &failure, &stored_s,
                                 &by_silence); /* its words were in the room */
    failure.ede_text = failure.ede_text ? failure.ede_text : "failed a moment ago";
    return settle_answer(w, &failure, WR_SOURCE_CACHE);
}

/* What the owner wrote is said to everybody. */
static bool answer_local_only(struct walk *w)
{
    struct wr_engine *e = w->e;
    wr_arena_reset(&e->room.arena);
    if (wr_localanswer_find(e->setup.local, &w->asker.question, &e->room.arena, &e->found) ==
            WR_FOUND_FRESH ||
        (e->setup.local && wr_localanswer_refer(e->setup.local, &w->asker.question, &e->found))) {
        return settle_answer(w, &e->found, WR_SOURCE_LOCAL);
    }
    return settle_error(w, WR_RCODE_REFUSED, WR_EDE_PROHIBITED,
                        "only for those who want recursion");
}

/* Does the owner want that what is remembered is told without RD? */
static bool step_snoop(struct walk *w)
{
    return !(w->asker.flags & WR_FLAG_RD) && w->e->settings->without_rd == WR_WITHOUT_RD_REFUSE &&
           answer_local_only(w);
}

/* What is known of the chain and whom to ask for its end, if the owner wants it told. */
static bool answer_referral(struct walk *w)
{
    struct wr_engine *e = w->e;
    const struct wr_ttl_policy *p = wr_place_ttl(e, &w->asker);
    uint32_t now_s = wr_engine_now_s(w->now);
    bool learns = e->settings->without_rd == WR_WITHOUT_RD_LEARN;
    if (e->settings->without_rd != WR_WITHOUT_RD_REFERRALS && !learns) {
        return false;
    }
    if (w->asker.turned.from == WR_TURN_REFER_ROOT && learns &&
        wr_refer_root(e->setup.cache, p, &w->asker.question, now_s, &e->room, &e->found)) {
        return settle_answer(w, &e->found, WR_SOURCE_CACHE);
    }
    enum wr_found found = wr_answer_find(e->setup.cache, p, e->setup.local, &w->asker.question,
                                         now_s, true, &e->room, &e->found);
    return found == WR_FOUND_NOTHING &&
           wr_refer_find(e->setup.cache, p, &e->settings->upstreams, &w->asker.question, now_s,
                         &e->room, &e->found) &&
           settle_answer(w, &e->found, WR_SOURCE_CACHE);
}

static bool settle_unknown(struct walk *w)
{
    return answer_referral(w) || settle_error(w, WR_RCODE_REFUSED, WR_EDE_NOT_AUTHORITATIVE,
                                              "not in the cache, and recursion was not desired");
}

static bool learn(struct walk *w);

/* Without RD nothing is asked of anybody: what the cache does not have is refused, or it is told who has it: the delegation of a
 * local zone, and if the owner wants it of any. Only if he wants it so, what that lacks is asked for. */
static bool step_recursion_desired(struct walk *w)
{
    struct wr_engine *e = w->e;
    if (w->asker.flags & WR_FLAG_RD) {
        return false;
    }
    if (e->setup.local && wr_localanswer_refer(e->setup.local, &w->asker.question, &e->found)) {
        return settle_answer(w, &e->found, WR_SOURCE_LOCAL);
    }
    return step_failed(w) || learn(w) || settle_unknown(w);
}

/* To the worker that owns the question, which is the client's own or one that its answer needs. */
static bool step_owner(struct walk *w, const struct wr_question *q)
{
    struct wr_engine *e = w->e;
    uint16_t owner = owner_of(e, q);
    if (w->asker.client.handed || owner == e->setup.worker) {
        return false;
    }
    wr_stats_add(&e->setup.stats->handed_over, 1);
    e->ready = (struct wr_action){.kind = WR_ACTION_HANDOVER,
                                  .client = w->asker.client,
                                  .bytes = w->event->bytes,
                                  .size = w->event->size,
                                  .worker = owner};
    e->ready.client.handed = true;
    return true;
}

static bool settle_overload(struct walk *w)
{
    wr_stats_add(&w->e->setup.stats->dropped_overload, 1);
    return settle_error(w, WR_RCODE_SERVFAIL, WR_EDE_OTHER, "too many questions in flight");
}

static bool step_inflight(struct walk *w)
{
    return wr_admit_is_busy(w->e, &w->asker) && settle_overload(w);
}

/* Makes room by giving up the least deserving waiter, with its request when nobody else waits for that. */
static bool make_room(struct walk *w)
{
    struct wr_engine *e = w->e;
    struct wr_waiter *victim = wr_waiting_yield(&e->waiting, &w->asker, &e->rng);
    if (!victim) {
        return false;
    }
    wr_id request = victim->request;
    wr_waiting_give_up(&e->waiting, victim);
    if (!wr_waiting_first(&e->waiting, request)) {
        wr_requests_release(e->requests, request, w->now->mono_us);
    }
    return true;
}

static void step_ask(struct walk *w, const struct wr_question *q);

static bool stale_rang_answer(struct walk *w, wr_id request)
{
    if (!wr_waiting_of(&w->e->waiting, request)->stale_rang) {
        return false;
    }
    if (wr_asker_wants_referral(&w->asker)) { /* what is asked for takes its time */
        return settle_unknown(w);
    }
    if (!wr_pipeline_find_stale(w->e, &w->asker, w->now)) {
        return false;
    }
    if (turn(w, &w->e->found)) {
        if (!fresh_or_failed(w)) {
            step_ask(w, &w->asker.question);
        }
        return true;
    }
    wr_stats_add(&w->e->setup.stats->cache_stale, 1);
    return settle_answer(w, &w->e->found, WR_SOURCE_STALE);
}

/* A request, the one in flight or a new one, and a place to wait for it. */
static void step_ask(struct walk *w, const struct wr_question *q)
{
    struct wr_engine *e = w->e;
    uint64_t now_us = w->now->mono_us;
    bool joined;
    if (e->waiting.pool.taken >= e->waiting.room && !make_room(w)) {
        settle_overload(w);
        return;
    }
    wr_id id = wr_requests_ask(e->requests, q, now_us, &joined);
    if (!id && make_room(w)) {
        id = wr_requests_ask(e->requests, q, now_us, &joined);
    }
    if (!id) {
        settle_overload(w);
        return;
    }
    wr_stats_add(joined ? &e->setup.stats->joined : &e->setup.stats->cache_misses, 1);
    if (!joined) {
        wr_waiting_of(&e->waiting, id)->stale_rang =
            false; /* new, or asked anew: worth waiting for */
    }
    if (stale_rang_answer(w, id)) {
        return;
    }
    if (!wr_waiting_add(&e->waiting, id, &w->asker)) {
        settle_overload(w);
        return;
    }
    if (wr_place_ttl(e, &w->asker)->stale) {
        wr_requests_set_stale(e->requests, id,
                              now_us + e->settings->ttl.stale_client_timeout_ms * WR_MS);
    }
}

/* What the referral lacks is asked for as any question is; who waits for it gets the referral then. Each at most once, in the order of
 * the turns. */
static bool learn(struct walk *w)
{
    static const uint8_t turns[] = {[WR_REFER_COMPLETE] = WR_TURN_NONE,
                                    [WR_REFER_NS] = WR_TURN_REFER_NS,
                                    [WR_REFER_DS] = WR_TURN_REFER_DS,
                                    [WR_REFER_ROOT] = WR_TURN_REFER_ROOT};
    struct wr_engine *e = w->e;
    struct wr_asker *a = &w->asker;
    struct wr_question missing;
    bool proofs = e->settings->prove.enable && (a->flags & WR_FLAG_CD) == 0 &&
                  (a->question.dnssec_ok || (a->flags & WR_FLAG_AD) != 0);
    if (e->settings->without_rd != WR_WITHOUT_RD_LEARN) {
        return false;
    }
    uint8_t turn = turns[wr_refer_lacks(e->setup.cache, &e->settings->ttl, &e->settings->upstreams,
                                        &a->question, proofs, wr_engine_now_s(w->now), &e->room,
                                        &e->found, &missing)];
    if (turn <= a->turned.from) {
        return false;
    }
    if (a->turned.from != WR_TURN_NONE || (!step_owner(w, &missing) && !step_inflight(w))) {
        a->turned.from = turn;
        step_ask(w, &missing);
    }
    return true;
}

/* A query that another worker has admitted; here it is looked up once more and asked. */
static void handed_over(struct walk *w)
{
    if (w->event->client.refresh) {
        refresh(w);
        return;
    }
    check_cookie(w);
    if (!step_loop(w) && !step_policy(w) && !step_dns64(w) && !step_snoop(w) && !step_fresh(w) &&
        !step_recursion_desired(w) && !step_failed(w) && !step_inflight(w)) {
        step_ask(w, &w->asker.question);
    }
}

void wr_pipeline_again(struct wr_engine *e, const struct wr_asker *asker, const struct wr_now *now)
{
    struct walk w = {
        .e = e, .now = now, .asker = *asker, .room = e->message, .room_size = WR_MSG_MAX};
    if (wr_asker_wants_referral(asker)) {
        (void)(learn(&w) || settle_unknown(&w));
    } else if (asker->judged_by != e->settings->serial && step_policy(&w)) {
        return;
    } else if (!fresh_or_failed(&w)) {
        step_ask(&w, &w.asker.question);
    }
}

static int parse(struct walk *w)
{
    const struct wr_event *ev = w->event;
    int err = wr_msg_parse_query(&w->msg, ev->bytes, ev->size);
    if (err == WR_E_UNSUPPORTED) {
        err = wr_msg_parse(&w->msg, ev->bytes, ev->size);
    }
    return err;
}

/* By which policy knows it again; nobody else needs it here. */
static uint64_t hash_of(const struct walk *w)
{
    const struct wr_engine *e = w->e;
    if (e->settings->policy == NULL || !w->asker.has_question || w->event->foreseen != 0) {
        return w->event->foreseen;
    }
    return wr_cache_hash(e->setup.cache, w->msg.qname.wire, w->msg.qtype,
                         w->msg.flags & WR_FLAG_CD ? WR_SCOPE_CD : 0);
}

static _Atomic uint64_t *counter_of(struct wr_stats *s, uint8_t transport)
{
    switch (transport) {
    case WR_CLIENT_UDP: return &s->queries_udp;
    case WR_CLIENT_DOT: return &s->queries_dot;
    case WR_CLIENT_DOH: return &s->queries_doh;
    case WR_CLIENT_DOQ: return &s->queries_doq;
    default: return &s->queries_tcp;
    }
}

void wr_pipeline_query(struct wr_engine *e, const struct wr_event *event, const struct wr_now *now)
{
    struct walk w = {.e = e, .event = event, .now = now};
    bool use_room = event->room && event->room_size >= WR_EDNS_UDP_SIZE &&
                    event->client.transport == WR_CLIENT_UDP;
    struct wr_stats *s = e->setup.stats;
    w.room = use_room ? event->room : e->message;
    w.room_size = use_room ? event->room_size : WR_MSG_MAX;
    int err = parse(&w);
    if (err == WR_E_SHORT || (w.msg.flags & WR_FLAG_QR)) {
        w.asker = (struct wr_asker){.client = event->client, .asked_us = now->mono_us};
        w.asker.question.name.size = 1;
        settle_drop(&w, err == WR_E_SHORT ? &s->dropped_malformed : &s->dropped_response);
        return;
    }
    wr_asker_init(&w.asker, &event->client, &w.msg, now->mono_us);
    w.asker.question.dnssec_ok &= !e->settings->unsigned_only;
    wr_asker_hop(&w.asker, &w.msg.edns, e->settings->hops, e->settings->hop_count);
    w.hash = hash_of(&w);
    wr_obey_identify(e, &w.asker);
    wr_admit_count_as(e, &w.asker);
    if (event->client.handed) {
        handed_over(&w);
        return;
    }
    wr_stats_add(counter_of(s, event->client.transport), 1);
    if (step_notify(&w, err) || step_admit(&w, err)) {
        return;
    }
    if (!err) {
        check_cookie(&w);
    }
    if (step_rate(&w, err) || step_form(&w, err) || step_loop(&w) || step_policy(&w) ||
        step_dns64(&w) || step_local(&w) || step_held(&w) || step_snoop(&w) || step_fresh(&w) ||
        step_recursion_desired(&w) || step_owner(&w, &w.asker.question) || step_failed(&w) ||
        step_inflight(&w)) {
        return;
    }
    step_ask(&w, &w.asker.question);
}
