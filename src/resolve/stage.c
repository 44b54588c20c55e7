/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a name is asked of: the servers of a configured group, or those of the zone cuts on the way to it. */
#include "resolve/request_state.h"

#include <string.h>

#include "base/limits.h"

/* Nobody answered for so long: there was an outage, and what failed in it may be asked again. With answers all the time
 * a name that fails is to blame itself, and its failure is remembered (RFC 9520). */
#define OUTAGE_US (1 * WR_S)
/* Letters of a question whose case stands for as many bits: with port and id some forty. */
#define SURE_LETTERS 8
/* Turns of one step: each fetch makes one, and the cut, the servers that the zone names itself, and the lame ones, another. */
#define TURNS_MAX (WR_ITER_FETCHES_MAX + 7)
/* Servers that are silent on a name, though others hear from them, are waited for so long when somebody else can be asked. */
#define OTHERS_US (1900 * WR_MS)

struct wr_iter *wr_stage_iter(const struct wr_requests *rs, const struct wr_request *r)
{
    return r->iter ? wr_pool_get(&rs->iters, r->iter) : NULL;
}

static uint32_t place_of(const struct wr_request *r)
{
    return (uint32_t)r->iter;
}

void wr_stage_end(struct wr_requests *rs, struct wr_request *r)
{
    if (r->iter) {
        wr_pool_give(&rs->iters, r->iter);
        r->iter = 0;
    }
}

static void fail(struct wr_request *r, uint8_t failure)
{
    r->forward.state = WR_FORWARD_FAILED;
    r->forward.failure = failure > r->forward.failure ? failure : r->forward.failure;
    r->forward.next_us = WR_TIME_NEVER;
}

static void ask_peers(struct wr_requests *rs, struct wr_request *r, wr_id id, struct wr_iter *it,
                      uint64_t now_us)
{
    r->sends = (uint16_t)(r->sends + r->forward.sends);
    r->forward.sends = 0;
    if (r->sends >= r->sends_max || now_us >= r->end_us) {
        fail(r, WR_FORWARD_ERROR);
        it->state = WR_ITER_FAILED;
        it->failure = WR_ITER_TOO_LONG;
        r->why = now_us >= r->end_us ? "found no answer in time" : "needs too many messages";
        return;
    }
    uint64_t end_us =
        wr_iter_has_others(it) ? wr_time_min(r->end_us, now_us + OTHERS_US) : r->end_us;
    wr_forward_start(&r->forward, &rs->env, &it->question, id, WR_GROUP_CUT + place_of(r),
                     ~(wr_servers)0, end_us, now_us);
    wr_forward_limit(&r->forward, (uint16_t)(r->sends_max - r->sends));
}

/* The addresses of a server of the cut, with checking disabled: what they are believed for is being asked, no more. */
static void fetch(struct wr_requests *rs, struct wr_request *r, wr_id id, struct wr_iter *it,
                  const struct wr_name *name, uint16_t type, uint64_t now_us)
{
    struct wr_question q = {.name = *name, .type = type, .checking_disabled = true};
    q.dnssec_ok = rs->prove != NULL;
    q.view = r->asked.view;
    switch (wr_depend_on(rs, r, id, &q, WR_DEPEND_ADDRESS, 0, now_us)) {
    case WR_DEPEND_READY: wr_iter_fetched(it, &rs->iter_env, &rs->sub, now_us); break;
    case WR_DEPEND_FAILED: wr_iter_fetched(it, &rs->iter_env, NULL, now_us); break;
    case WR_DEPEND_WAITING: break;
    }
}

static void prime(struct wr_requests *rs, struct wr_request *r, wr_id id, struct wr_iter *it,
                  uint64_t now_us)
{
    struct wr_question q = {.type = WR_TYPE_NS, .checking_disabled = true};
    q.name.size = 1;
    q.dnssec_ok = rs->prove != NULL;
    q.view = r->asked.view;
    if (wr_depend_on(rs, r, id, &q, WR_DEPEND_PRIME, 0, now_us) != WR_DEPEND_WAITING) {
        wr_iter_primed(it);
    }
}

/* Does what the iteration wants until it waits, asks or gives up. */
static void step(struct wr_requests *rs, struct wr_request *r, wr_id id, struct wr_iter *it,
                 uint64_t now_us)
{
    r->forward.next_us = WR_TIME_NEVER;
    r->forward.state = WR_FORWARD_START;
    for (unsigned turn = 0; turn < TURNS_MAX; turn++) {
        struct wr_name name;
        uint16_t type;
        switch (wr_iter_next(it, &rs->iter_env, now_us, &name, &type)) {
        case WR_ITER_DO_ASK: ask_peers(rs, r, id, it, now_us); return;
        case WR_ITER_DO_HELD: /* in a turn of its own: another request may have finished in this */
            r->woken = true;
            r->forward.next_us = r->end_us;
            return;
        case WR_ITER_DO_FETCH: fetch(rs, r, id, it, &name, type, now_us); break;
        case WR_ITER_DO_PRIME: prime(rs, r, id, it, now_us); break;
        case WR_ITER_DO_AGAIN: break;
        case WR_ITER_DO_EMPTY: wr_request_empty(rs, r, id, now_us); return;
        case WR_ITER_DO_WAIT: r->forward.next_us = r->end_us; return;
        case WR_ITER_DO_FAIL: fail(r, WR_FORWARD_SILENCE); return;
        }
    }
    r->why = "needs too many steps";
    fail(r, WR_FORWARD_ERROR);
}

static void iterate(struct wr_requests *rs, struct wr_request *r, wr_id id, unsigned group,
                    const uint8_t *zone, uint64_t now_us)
{
    struct wr_iter *it = wr_stage_iter(rs, r);
    if (rs->env.select.upstreams->encrypted_only) {
        r->why = "would be asked in plain text, and encryption is required";
        fail(r, WR_FORWARD_NO_SERVER);
        return;
    }
    if (!it) {
        it = wr_pool_take(&rs->iters, &r->iter);
    }
    r->forward.sends = 0;
    r->forward.failure = WR_FORWARD_SILENCE;
    if (!it) {
        r->iter = 0;
        fail(r, WR_FORWARD_NO_ROOM);
        return;
    }
    it->trace_id = (uint32_t)id;
    r->forward.group = WR_GROUP_CUT + place_of(r); /* also when it fails before anybody was asked */
    wr_iter_start(it, &rs->iter_env, &r->asked, &rs->cuts[place_of(r)], group, zone, now_us);
    step(rs, r, id, it, now_us);
}

/* The group or the cut that a question belongs to: DS lives above the cut (RFC 4035 section 3.1.4.1). */
static unsigned route_of(const struct wr_requests *rs, const struct wr_question *q,
                         const uint8_t **ret_zone)
{
    bool above = q->type == WR_TYPE_DS && q->name.wire[0] != 0;
    return wr_upstream_view(rs->env.select.upstreams, q->view,
                            wr_name_skip_labels(q->name.wire, above), ret_zone);
}

/* The links that the cache knows are not asked for again, and a chain may end in it. True: there is nothing left to ask. */
static bool follow_known(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    if (r->asked.type == WR_TYPE_DS || r->asked.type == WR_TYPE_ANY) {
        return false; /* what the child says at that name is not of the zone that is asked */
    }
    bool first = r->chain_sets == 0; /* whoever asked has looked there already, and wants it anew */
    enum wr_found found = wr_answer_find(rs->cache, rs->ttl, rs->local, &r->asked,
                                         (uint32_t)(now_us / WR_S), false, &rs->room, &rs->answer);
    if (found == WR_FOUND_FRESH && !first) {
        wr_request_end_known(rs, r, id, now_us);
        return r->state == WR_REQUEST_OVER;
    }
    if (found == WR_FOUND_NOTHING && rs->answer.answers > 0 && !rs->answer.stale) {
        bool ours = rs->answer.authoritative;
        r->ours |= first && ours;
        if (!wr_request_go_along(rs, r, now_us) && ours) {
            fail(r, WR_FORWARD_NO_ROOM); /* a local name is asked of nobody */
            wr_request_settle(rs, r, id, now_us);
            return true;
        }
    }
    return false;
}

/* The keys that prove the address of an upstream cannot be asked of that upstream: while a group has nobody to be asked, they are
 * asked of those who find the address. */
static unsigned way_in(const struct wr_requests *rs, const struct wr_question *q, unsigned group)
{
    uint8_t bootstrap = rs->env.select.upstreams->bootstrap;
    if (bootstrap == 0 || group == WR_GROUP_RECURSE ||
        (q->type != WR_TYPE_DS && q->type != WR_TYPE_DNSKEY) ||
        !wr_select_all_suspect(&rs->env.select, group)) {
        return group;
    }
    return bootstrap == WR_GROUP_RECURSE ? bootstrap : bootstrap - 1u;
}

void wr_request_ask_stage(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    const uint8_t *zone;
    const struct wr_upstreams *u = rs->env.select.upstreams;
    if (rs->finished == 0 && follow_known(rs, r, id, now_us)) {
        return;
    }
    unsigned group = way_in(rs, &r->asked, route_of(rs, &r->asked, &zone));
    memset(r->child, 0, sizeof(r->child));
    if (group != WR_GROUP_RECURSE && !u->group[group].authoritative &&
        wr_held_is_wanted(rs, r, zone, now_us)) {
        group = WR_GROUP_RECURSE;
    }
    if (group == WR_GROUP_RECURSE || u->group[group].authoritative) {
        iterate(rs, r, id, group, zone, now_us);
        wr_request_settle(rs, r, id, now_us);
        return;
    }
    wr_stage_end(rs, r);
    if ((wr_select_usable(&rs->env.select, group) & ~r->bogus) == 0) {
        r->bogus = 0; /* there is nobody else */
    }
    wr_forward_start(&r->forward, &rs->env, &r->asked, id, group, ~r->bogus, r->end_us, now_us);
    if (wr_select_suspects(&rs->env.select, group)) {
        wr_request_arm_probes(rs, now_us);
    }
    wr_request_settle(rs, r, id, now_us);
}

bool wr_stage_ask_other(struct wr_requests *rs, struct wr_request *r, wr_id id, bool blame,
                        uint64_t now_us)
{
    struct wr_iter *it = wr_stage_iter(rs, r);
    r->sends = (uint16_t)(r->sends + r->forward.sends);
    r->forward.sends = 0;
    if (it && it->held) {
        if (!wr_held_distrust(rs, r, it, now_us)) {
            return false;
        }
        wr_request_ask_stage(rs, r, id, now_us);
        return true;
    }
    if (it) {
        wr_iter_avoid(it, &rs->iter_env, r->server, blame, now_us);
        step(rs, r, id, it, now_us);
        return r->forward.state != WR_FORWARD_FAILED;
    }
    r->bogus |= (wr_servers)1 << r->server;
    if ((wr_select_usable(&rs->env.select, r->forward.group) & ~r->bogus) == 0) {
        return false;
    }
    wr_request_ask_stage(rs, r, id, now_us);
    return true;
}

void wr_stage_show_more(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    struct wr_iter *it = wr_stage_iter(rs, r);
    wr_prove_end(rs, r);
    if (wr_iter_lead_on(it, &rs->iter_env, NULL, WR_RESPONSE_NXDOMAIN, now_us)) {
        step(rs, r, id, it, now_us);
    }
    wr_request_settle(rs, r, id, now_us);
}

void wr_stage_go_on(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    struct wr_iter *it = wr_stage_iter(rs, r);
    r->woken = false;
    if (it && it->held && it->state == WR_ITER_ASKING) {
        wr_held_ask(rs, r, id, it, now_us);
    } else if (it && (it->state == WR_ITER_START || it->state == WR_ITER_SERVERS)) {
        step(rs, r, id, it, now_us);
    }
}

void wr_stage_time(struct wr_requests *rs, struct wr_request *r, uint64_t now_us)
{
    if (r->forward.state == WR_FORWARD_TRYING) {
        wr_forward_time(&r->forward, &rs->env, now_us);
    } else if (now_us >= r->end_us) {
        fail(r, WR_FORWARD_SILENCE); /* what it waits for did not come in time */
    } else {
        r->forward.next_us = r->end_us; /* it was woken for nothing: a link changed */
    }
}

bool wr_stage_another_way(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    const struct wr_upstreams *u = rs->env.select.upstreams;
    struct wr_iter *it = wr_stage_iter(rs, r);
    if (r->probe || r->forward.failure == WR_FORWARD_NO_ROOM || now_us >= r->end_us) {
        return false;
    }
    if (!it) {
        static const uint8_t root[1] = {0};
        if (!u->group[r->forward.group].recurse_after || u->encrypted_only) {
            return false;
        }
        r->sends = (uint16_t)(r->sends + r->forward.sends);
        iterate(rs, r, id, WR_GROUP_RECURSE, root, now_us);
        return r->forward.state != WR_FORWARD_FAILED;
    }
    if (it->state == WR_ITER_ASKING) {
        wr_iter_exhausted(it, &rs->iter_env, r->forward.failure == WR_FORWARD_ERROR);
        step(rs, r, id, it, now_us);
    }
    return r->forward.state != WR_FORWARD_FAILED;
}

bool wr_stage_lead_on(struct wr_requests *rs, struct wr_request *r, wr_id id,
                      const struct wr_msg *msg, enum wr_response kind, uint64_t now_us)
{
    struct wr_iter *it = wr_stage_iter(rs, r);
    if (!wr_iter_lead_on(it, &rs->iter_env, msg, kind, now_us)) {
        return false;
    }
    if (kind == WR_RESPONSE_REFERRAL) {
        memset(r->child, 0, sizeof(r->child)); /* what comes of them is of the cut that was left */
    }
    wr_forward_stop(&r->forward, &rs->env, now_us);
    step(rs, r, id, it, now_us);
    return true;
}

/* Could a stranger who does not see the question hardly have made the reply, even with many tries? Over TCP, or with letters whose case was
 * ours to choose beside the port and the id. */
static bool is_hard_to_forge(const struct wr_exchange *x)
{
    unsigned letters = 0;
    for (unsigned i = 0; i < x->question->name.size; i++) {
        letters += (unsigned)wr_name_fold(x->question->name.wire[i]) - 'a' < 26u;
    }
    return x->stream != 0 || (x->case_randomised && letters >= SURE_LETTERS);
}

/* An answer that its server speaks for itself, and not of somebody else's zone. */
static bool speaks_for_zone(const struct wr_msg *msg, enum wr_response kind)
{
    return (msg->flags & WR_FLAG_AA) &&
           (kind == WR_RESPONSE_ANSWER || kind == WR_RESPONSE_CNAME || kind == WR_RESPONSE_NODATA);
}

enum wr_response wr_stage_judge(struct wr_requests *rs, const struct wr_request *r,
                                const struct wr_exchange *x, const struct wr_msg *msg,
                                enum wr_response kind, uint64_t now_us)
{
    struct wr_iter *it = wr_stage_iter(rs, r);
    bool remember;
    if (!it) {
        return kind;
    }
    kind = wr_iter_judge(it, msg, kind, &remember);
    if (remember) {
        wr_infra_set_lame(&rs->iter_env.infra, &it->peers->peer[x->server], it->zone.wire, now_us);
    }
    if (speaks_for_zone(msg, kind) && is_hard_to_forge(x)) {
        wr_iter_learn_own(it, &rs->iter_env, msg, now_us);
    }
    return kind;
}

void wr_stage_heard(struct wr_requests *rs, uint64_t now_us)
{
    if (now_us > rs->found_us + OUTAGE_US) {
        rs->found_back_us = now_us;
    }
    rs->found_us = now_us;
}

void wr_stage_prime(struct wr_requests *rs, const struct wr_request *r, const struct wr_msg *msg,
                    uint64_t now_us)
{
    struct wr_cut cut;
    if (!r->iter || r->asked.type != WR_TYPE_NS || r->asked.name.wire[0] != 0) {
        return;
    }
    wr_arena_reset(&rs->room.arena);
    if (wr_cut_from_priming(msg, r->asked.name.wire, &rs->room.arena, &cut) == WR_OK) {
        wr_cut_keep(rs->cache, rs->ttl, (uint32_t)(now_us / WR_S), &rs->room, &cut);
    }
}

void wr_stage_scrub(const struct wr_requests *rs, const struct wr_request *r,
                    const struct wr_msg *msg, struct wr_scrub *ret_what)
{
    const struct wr_iter *it = wr_stage_iter(rs, r);
    const uint8_t *zone;
    route_of(rs, &r->asked, &zone);
    bool authoritative = it && (msg->flags & WR_FLAG_AA);
    *ret_what = (struct wr_scrub){.qname = r->asked.name.wire,
                                  .qtype = r->asked.type,
                                  .bailiwick = it ? it->zone.wire : zone,
                                  .route = zone,
                                  .view = r->asked.view,
                                  .local = rs->local,
                                  .upstreams = rs->env.select.upstreams,
                                  .rank = authoritative ? WR_RANK_AUTH_ANSWER : WR_RANK_ANSWER};
}
