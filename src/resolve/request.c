/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/request_state.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "resolve/scrub.h"

/* Octets of a chain that waits for its end: WR_CHAIN_MAX links of two names and their headers. */
#define CHAIN_SIZE (WR_CHAIN_MAX * (2 * WR_NAME_MAX + 32))
/* A request in so many may hold a chain at once. */
#define CHAINS_SHARE          8
#define EXCHANGES_PER_REQUEST 2
/* A request that newcomers join is asked anew no more often. */
#define REFRESH_US   (1 * WR_S)
#define ANSWER_ARENA ((size_t)2 * WR_RRSET_SIZE_MAX + 32768)

static const char *const state_names[] = {"ASKING", "CHASING", "FINISHED"};

static size_t align64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

static uint32_t chains_for(uint32_t requests)
{
    return requests / CHAINS_SHARE + 4;
}

/* Lays the parts out behind one another; with a block, starts them there. */
static size_t lay_out(const struct wr_requests_setup *s, uint8_t *block)
{
    struct wr_requests *rs = (struct wr_requests *)(void *)block;
    uint32_t n = s->requests;
    size_t at = align64(sizeof(struct wr_requests));
#define PART(size, init)                           \
    do {                                           \
        uint8_t *part = block ? block + at : NULL; \
        if (part) {                                \
            init;                                  \
        }                                          \
        at = align64(at + (size));                 \
    } while (0)
    PART(wr_pool_size(sizeof(struct wr_request), n),
         wr_pool_init(&rs->pool, part, sizeof(struct wr_request), n));
    PART(wr_pool_size(CHAIN_SIZE, chains_for(n)),
         wr_pool_init(&rs->chains, part, CHAIN_SIZE, chains_for(n)));
    PART(wr_pool_size(sizeof(struct wr_exchange), n * EXCHANGES_PER_REQUEST),
         wr_pool_init(&rs->env.exchanges, part, sizeof(struct wr_exchange),
                      n * EXCHANGES_PER_REQUEST));
    PART(wr_map_size(n), wr_map_init(&rs->map, part, n));
    PART(wr_heap_size(n), wr_heap_init(&rs->timers, part, n));
    PART(wr_streams_size(s->streams), wr_streams_init(&rs->env.streams, part, s->streams));
    PART(WR_CACHE_SCRATCH_SIZE, rs->room.scratch = part);
    PART(ANSWER_ARENA, wr_arena_init(&rs->room.arena, part, ANSWER_ARENA));
#undef PART
    return at;
}

size_t wr_requests_size(const struct wr_requests_setup *setup)
{
    return lay_out(setup, NULL);
}

struct wr_requests *wr_requests_start(void *block, const struct wr_requests_setup *setup)
{
    struct wr_requests *rs = block;
    memset(rs, 0, sizeof(*rs));
    lay_out(setup, block);
    wr_list_init(&rs->env.wanting);
    rs->env.client_cookie_key = setup->client_cookie_key;
    rs->env.trace = setup->trace;
    rs->query_timeout_ms = setup->query_timeout_ms;
    rs->env.select =
        (struct wr_select){setup->upstreams, setup->upstream_state, setup->rng, &rs->turn};
    rs->ttl = setup->ttl;
    rs->local = setup->local;
    rs->cache = setup->cache;
    rs->table_key = setup->table_key;
    rs->probe_us = WR_TIME_NEVER;
    return rs;
}

static void move(struct wr_requests *rs, struct wr_request *r, wr_id id, uint8_t to,
                 const char *why)
{
    wr_trace_move(rs->env.trace, "request", id, state_names[r->state], state_names[to], why);
    r->state = to;
}

static uint64_t hash_of(const struct wr_requests *rs, const struct wr_question *q)
{
    uint64_t flavour = (uint64_t)q->type << 2 | (uint64_t)q->checking_disabled << 1 | q->dnssec_ok;
    return wr_name_hash(&rs->table_key, q->name.wire) ^ wr_hash_mix(flavour);
}

static bool same_question(const struct wr_question *a, const struct wr_question *b)
{
    return a->type == b->type && a->checking_disabled == b->checking_disabled &&
           a->dnssec_ok == b->dnssec_ok && wr_name_equal(a->name.wire, b->name.wire);
}

static struct wr_request *find_inflight(const struct wr_requests *rs, const struct wr_question *q,
                                        uint64_t hash, wr_id *ret_id)
{
    uint32_t cursor;
    for (uint64_t id = wr_map_first(&rs->map, hash, &cursor); id;
         id = wr_map_next(&rs->map, hash, &cursor)) {
        struct wr_request *r = wr_pool_get(&rs->pool, id);
        if (r && same_question(&r->question, q)) {
            *ret_id = id;
            return r;
        }
    }
    return NULL;
}

static void set_timer(struct wr_requests *rs, struct wr_request *r)
{
    uint64_t at = wr_time_min(r->forward.next_us, r->stale_us);
    if (at == WR_TIME_NEVER) {
        wr_heap_clear(&rs->timers, &r->timer);
    } else {
        wr_heap_set(&rs->timers, &r->timer, at);
    }
}

/* A failure goes out as soon as poll finds it: several may fail at one moment. */
void wr_request_settle(struct wr_requests *rs, struct wr_request *r, wr_id id)
{
    if (r->forward.state == WR_FORWARD_FAILED && r->state != WR_REQUEST_OVER) {
        move(rs, r, id, WR_REQUEST_OVER, "failed");
        r->stale_us = WR_TIME_NEVER;
        r->forward.next_us = 0; /* the timer brings it to poll at once */
    }
    set_timer(rs, r);
}

void wr_request_arm_probes(struct wr_requests *rs, uint64_t now_us)
{
    if (rs->probe_us == WR_TIME_NEVER) {
        rs->probe_us = now_us;
    }
}

void wr_request_ask_stage(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    const uint8_t *zone;
    const struct wr_upstreams *u = rs->env.select.upstreams;
    unsigned group = wr_upstream_route(u, r->asked.name.wire, &zone);
    wr_forward_start(&r->forward, &rs->env, &r->asked, id, group, ~(wr_servers)0, r->end_us,
                     now_us);
    if (wr_select_suspects(&rs->env.select, group)) {
        wr_request_arm_probes(rs, now_us);
    }
    wr_request_settle(rs, r, id);
}

/* A request whose tries went unheard in an outage must not hold up those who ask when it is over: with a
 * newcomer, and an upstream that has answered others since, it starts anew. Its end stays where it was. */
static bool refresh(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    bool heard =
        wr_select_answered_since(&rs->env.select, r->forward.group, r->forward.started_us + 1);
    if (r->state == WR_REQUEST_OVER || r->probe || !heard ||
        now_us < r->forward.started_us + REFRESH_US ||
        r->sends + r->forward.sends >= WR_REQUEST_SENDS_MAX) {
        return false;
    }
    r->sends = (uint16_t)(r->sends + r->forward.sends);
    wr_forward_stop(&r->forward, &rs->env, now_us);
    wr_request_ask_stage(rs, r, id, now_us);
    return true;
}

/* Keeps the CNAMEs of this response until the end of the chain is known. */
static int save_chain(struct wr_requests *rs, struct wr_request *r, uint32_t now_s)
{
    if (!r->chain && !wr_pool_take(&rs->chains, &r->chain)) {
        return WR_E_FULL;
    }
    r->chain_s = r->chain_sets ? r->chain_s : now_s;
    struct wr_writer w;
    uint8_t *flat = wr_pool_get(&rs->chains, r->chain);
    wr_buf_write_init(&w, flat, CHAIN_SIZE);
    w.pos = r->chain_size;
    for (unsigned i = 0; i < rs->answer.answers; i++) {
        struct wr_rrset set = rs->answer.answer[i];
        set.ttl += now_s - r->chain_s;
        wr_rrset_put_flat(&w, &set);
    }
    if (w.err || r->chain_sets + rs->answer.answers > WR_CHAIN_MAX) {
        return WR_E_LIMIT;
    }
    r->chain_size = (uint16_t)w.pos;
    r->chain_sets = (uint8_t)(r->chain_sets + rs->answer.answers);
    return WR_OK;
}

/* Local aliases at the front of the chain: what is asked of others begins behind them. */
static int leave_local(struct wr_requests *rs, struct wr_request *r, uint32_t now_s)
{
    wr_arena_reset(&rs->room.arena);
    if (!rs->local || wr_answer_find_local(rs->local, &r->asked, &rs->room.arena, &rs->answer) !=
                          WR_FOUND_ALIAS) {
        return WR_OK;
    }
    int err = save_chain(rs, r, now_s);
    if (!err) {
        wr_name_set(&r->asked.name, wr_answer_last_name(&rs->answer, r->asked.name.wire));
        r->ours = true;
    }
    return err;
}

wr_id wr_requests_ask(struct wr_requests *rs, const struct wr_question *q, uint64_t now_us,
                      bool *ret_joined)
{
    uint64_t hash = hash_of(rs, q);
    wr_id id;
    struct wr_request *r = find_inflight(rs, q, hash, &id);
    *ret_joined = r != NULL;
    if (r) {
        *ret_joined = !refresh(rs, r, id, now_us);
        return id;
    }
    r = wr_pool_take(&rs->pool, &id);
    if (!r) {
        return 0;
    }
    r->question = r->asked = *q;
    r->hash = hash;
    r->end_us = now_us + rs->query_timeout_ms * WR_MS;
    r->stale_us = WR_TIME_NEVER;
    r->mapped = wr_map_put(&rs->map, hash, id) == WR_OK;
    if (leave_local(rs, r, (uint32_t)(now_us / WR_S)) != WR_OK) {
        wr_requests_release(rs, id, now_us);
        return 0;
    }
    wr_request_ask_stage(rs, r, id, now_us);
    return id;
}

void wr_requests_release(struct wr_requests *rs, wr_id id, uint64_t now_us)
{
    struct wr_request *r = wr_pool_get(&rs->pool, id);
    if (!r) {
        return;
    }
    wr_forward_stop(&r->forward, &rs->env, now_us);
    wr_heap_clear(&rs->timers, &r->timer);
    if (r->mapped) {
        wr_map_remove(&rs->map, r->hash, id);
    }
    if (r->chain) {
        wr_pool_give(&rs->chains, r->chain);
    }
    if (rs->finished == id) {
        rs->finished = 0;
    }
    wr_pool_give(&rs->pool, id);
}

const struct wr_question *wr_requests_question(const struct wr_requests *rs, wr_id id)
{
    const struct wr_request *r = wr_pool_get(&rs->pool, id);
    return r ? &r->question : NULL;
}

void wr_requests_set_stale(struct wr_requests *rs, wr_id id, uint64_t at_us)
{
    struct wr_request *r = wr_pool_get(&rs->pool, id);
    if (r && r->state != WR_REQUEST_OVER && r->stale_us == WR_TIME_NEVER) {
        r->stale_us = at_us;
        set_timer(rs, r);
    }
}

bool wr_requests_upstream_back(const struct wr_requests *rs, const struct wr_question *q,
                               uint64_t since_us)
{
    const uint8_t *zone;
    unsigned group = wr_upstream_route(rs->env.select.upstreams, q->name.wire, &zone);
    return (rs->link_us && rs->link_us >= since_us) ||
           wr_select_answered_since(&rs->env.select, group, since_us);
}

uint32_t wr_requests_count(const struct wr_requests *rs)
{
    return rs->pool.taken;
}

static void give_result(struct wr_requests *rs, struct wr_request *r, wr_id id, bool failed,
                        const char *why)
{
    wr_assert(rs->finished == 0);
    move(rs, r, id, WR_REQUEST_OVER, why);
    r->stale_us = WR_TIME_NEVER;
    rs->finished = id;
    rs->failed = failed;
}

static void explain(const struct wr_forward *f, struct wr_answer *a)
{
    static const char *const texts[] = {
        [WR_FORWARD_SILENCE] = "no upstream answered in time",
        [WR_FORWARD_UNREACHABLE] = "upstreams cannot be reached",
        [WR_FORWARD_NO_SERVER] = "no upstream is configured",
        [WR_FORWARD_NO_ROOM] = "too many questions in flight",
        [WR_FORWARD_ERROR] = "upstreams answered with errors",
    };
    static const int16_t codes[] = {
        [WR_FORWARD_SILENCE] = WR_EDE_NO_REACHABLE_AUTHORITY,
        [WR_FORWARD_UNREACHABLE] = WR_EDE_NETWORK_ERROR,
        [WR_FORWARD_NO_SERVER] = WR_EDE_NO_REACHABLE_AUTHORITY,
        [WR_FORWARD_NO_ROOM] = WR_EDE_OTHER,
        [WR_FORWARD_ERROR] = WR_EDE_NO_REACHABLE_AUTHORITY,
    };
    a->rcode = WR_RCODE_SERVFAIL;
    a->ede_text = texts[f->failure];
    a->ede = f->failure == WR_FORWARD_ERROR && f->ede != WR_EDE_NONE ? f->ede : codes[f->failure];
}

/* One server that was not heard might have known: only when all answered with errors is the name to blame. */
static bool by_silence(const struct wr_forward *f)
{
    return f->failure <= WR_FORWARD_NO_SERVER || (f->among & ~f->errors) != 0;
}

void wr_request_hand_out_failure(struct wr_requests *rs, struct wr_request *r, wr_id id,
                                 uint32_t now_s)
{
    wr_answer_clear(&rs->answer);
    explain(&r->forward, &rs->answer);
    rs->slot = 255;
    rs->finished = id;
    rs->failed = true;
    if (r->forward.failure != WR_FORWARD_NO_ROOM) {
        wr_answer_keep_failure(rs->cache, rs->ttl, &r->question, now_s, rs->answer.ede,
                               by_silence(&r->forward));
    }
}

/* Puts the sets gathered so far before those of the last response. */
static int prepend_chain(struct wr_requests *rs, struct wr_request *r, uint32_t now_s)
{
    struct wr_answer *a = &rs->answer;
    struct wr_reader reader;
    uint8_t *flat = wr_pool_get(&rs->chains, r->chain);
    a->authoritative = r->ours;
    if (!flat) {
        return WR_OK;
    }
    if (r->chain_sets + a->answers > WR_ANSWER_SETS_MAX) {
        return WR_E_LIMIT;
    }
    memmove(&a->answer[r->chain_sets], &a->answer[0], a->answers * sizeof(a->answer[0]));
    wr_buf_read_init(&reader, flat, r->chain_size);
    for (unsigned i = 0; i < r->chain_sets; i++) {
        int err = wr_rrset_get_flat(&reader, &a->answer[i]);
        if (err) {
            return err;
        }
        uint32_t age = now_s - r->chain_s;
        a->answer[i].ttl = a->answer[i].ttl > age ? a->answer[i].ttl - age : 0;
        a->ttl = a->answer[i].ttl < a->ttl ? a->answer[i].ttl : a->ttl;
    }
    a->answers = (uint8_t)(a->answers + r->chain_sets);
    return WR_OK;
}

/* What local names say of the end of the chain: FRESH is the whole answer then, in rs->answer; ALIAS leads on to another
 * `next`. Kept nowhere: it is looked up again each time. */
static int look_locally(struct wr_requests *rs, struct wr_request *r, struct wr_name *next,
                        uint32_t now_s, enum wr_found *ret_found)
{
    struct wr_question end = {.name = *next, .type = r->asked.type};
    int err = WR_OK;
    wr_arena_reset(&rs->room.arena);
    const struct wr_question *kept = wr_arena_copy(&rs->room.arena, &end, sizeof(end));
    if (!kept) {
        return WR_E_NOMEM;
    }
    *ret_found = wr_answer_find_local(rs->local, kept, &rs->room.arena, &rs->answer);
    if (*ret_found == WR_FOUND_ALIAS) {
        err = save_chain(rs, r, now_s);
        wr_name_set(next, wr_answer_last_name(&rs->answer, next->wire));
    } else if (*ret_found == WR_FOUND_FRESH) {
        err = prepend_chain(rs, r, now_s);
        rs->answer.local = false; /* its beginning is somebody else's */
    }
    return err;
}

/* The next stage asks for the end of the chain, unless that is a local name. */
static int chase(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    uint32_t now_s = (uint32_t)(now_us / WR_S);
    enum wr_found found = WR_FOUND_NOTHING;
    struct wr_name next;
    int err = save_chain(rs, r, now_s);
    if (err) {
        return err;
    }
    wr_name_set(&next, wr_answer_last_name(&rs->answer, r->asked.name.wire));
    r->sends = (uint16_t)(r->sends + r->forward.sends);
    if (r->sends >= WR_REQUEST_SENDS_MAX) {
        return WR_E_LIMIT;
    }
    err = rs->local ? look_locally(rs, r, &next, now_s, &found) : WR_OK;
    if (err) {
        return err;
    }
    wr_forward_stop(&r->forward, &rs->env, now_us);
    if (found == WR_FOUND_FRESH) {
        r->forward.next_us = WR_TIME_NEVER;
        give_result(rs, r, id, false, "local");
        return WR_OK;
    }
    r->asked.name = next;
    move(rs, r, id, WR_REQUEST_CHASING, "CNAME");
    wr_request_ask_stage(rs, r, id, now_us);
    return WR_OK;
}

/* A good response: scrub, keep, go on or finish. An error is the server's. */
static int take_response(struct wr_requests *rs, struct wr_request *r, wr_id id,
                         const struct wr_msg *msg, const struct wr_now *now)
{
    const uint8_t *zone;
    enum wr_response kind;
    uint32_t now_s = (uint32_t)(now->mono_us / WR_S);
    wr_upstream_route(rs->env.select.upstreams, r->asked.name.wire, &zone);
    struct wr_scrub what = {.qname = r->asked.name.wire,
                            .qtype = r->asked.type,
                            .bailiwick = zone,
                            .upstreams = rs->env.select.upstreams,
                            .local = rs->local,
                            .rank = WR_RANK_ANSWER};
    wr_arena_reset(&rs->room.arena);
    int err = wr_scrub(msg, &what, &rs->room.arena, &rs->answer, &kind);
    if (err) {
        return err;
    }
    rs->answer.ede = kind == WR_RESPONSE_CNAME ? WR_EDE_NONE : (int16_t)msg->edns.ede;
    rs->counters.cache_skipped +=
        wr_answer_keep(rs->cache, rs->ttl, &r->asked, now_s, &rs->room, &rs->answer);
    if (kind == WR_RESPONSE_CNAME) {
        return chase(rs, r, id, now->mono_us);
    }
    err = prepend_chain(rs, r, now_s);
    if (err) {
        return err;
    }
    wr_forward_stop(&r->forward, &rs->env, now->mono_us);
    r->forward.next_us = WR_TIME_NEVER;
    give_result(rs, r, id, false, wr_classify_name(kind));
    return WR_OK;
}

/* A believed reply. A referral is no answer of a forwarder: as an error of that server. */
void wr_request_reply(struct wr_requests *rs, struct wr_exchange *x, const struct wr_msg *msg,
                      enum wr_response kind, const struct wr_now *now)
{
    wr_id id = x->request;
    struct wr_request *r = wr_pool_get(&rs->pool, id);
    if (!r || r->state == WR_REQUEST_OVER) {
        return;
    }
    uint8_t slot = x->slot;
    rs->counters.answers++;
    wr_forward_reply(&r->forward, &rs->env, x, msg, kind, now->mono_us);
    if (r->probe) {
        r->state = WR_REQUEST_OVER; /* any reply at all is what it wanted to know */
        r->forward.next_us = 0;
    }
    if (r->forward.state == WR_FORWARD_ANSWERED && !r->probe) {
        int err =
            kind == WR_RESPONSE_REFERRAL ? WR_E_UNSUPPORTED : take_response(rs, r, id, msg, now);
        if (err) {
            wr_forward_unusable(&r->forward, &rs->env, x, now->mono_us);
        } else if (r->state == WR_REQUEST_OVER) {
            rs->slot = slot;
        }
    }
    wr_request_settle(rs, r, id);
}

void wr_request_lost(struct wr_requests *rs, struct wr_exchange *x, uint64_t now_us)
{
    wr_id id = x->request;
    struct wr_request *r = wr_pool_get(&rs->pool, id);
    if (r && r->state != WR_REQUEST_OVER) {
        wr_forward_lost(&r->forward, &rs->env, x, now_us);
        wr_request_arm_probes(rs, now_us);
        wr_request_settle(rs, r, id);
    }
}

void wr_request_probe(struct wr_requests *rs, unsigned group, unsigned server, uint64_t now_us)
{
    wr_id id;
    struct wr_request *r = wr_pool_take(&rs->pool, &id);
    if (!r) {
        return;
    }
    r->question.name.size = 1; /* the root */
    r->question.type = WR_TYPE_NS;
    r->asked = r->question;
    r->probe = true;
    r->stale_us = WR_TIME_NEVER;
    r->end_us = now_us + rs->query_timeout_ms * WR_MS;
    wr_forward_start(&r->forward, &rs->env, &r->asked, id, group, (wr_servers)1 << server,
                     r->end_us, now_us);
    wr_request_settle(rs, r, id);
}
