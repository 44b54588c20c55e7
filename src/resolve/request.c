/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/request_state.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "resolve/expansion.h"
#include "resolve/scrub.h"

/* Octets of a chain that waits for its end: WR_CHAIN_MAX links of two names and their headers. */
#define CHAIN_SIZE (WR_CHAIN_MAX * (2 * WR_NAME_MAX + 32))
/* The same with the signatures over each link: two of RSA with 4096 bits, and the signer's names. */
#define CHAIN_LONG_SIZE (WR_CHAIN_MAX * (2 * WR_NAME_MAX + 32 + 2 * (20 + WR_NAME_MAX + 512)))
/* A request in so many may hold a chain at once, or a long one. */
#define CHAINS_SHARE          8
#define CHAINS_LONG_SHARE     128
#define EXCHANGES_PER_REQUEST 2
/* A request that newcomers join is asked anew no more often. */
#define REFRESH_US          (1 * WR_S)
#define ANSWER_ARENA        ((size_t)2 * WR_RRSET_SIZE_MAX + 32768)
#define DEPENDS_PER_REQUEST 2

static const char *const state_names[] = {"ASKING", "CHASING", "FINISHED"};

static size_t align64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

static uint32_t chains_for(uint32_t requests)
{
    return requests / CHAINS_SHARE + 4;
}

static uint32_t long_chains_for(uint32_t requests)
{
    return requests / CHAINS_LONG_SHARE + 4;
}

static uint32_t iters_of(const struct wr_requests_setup *s)
{
    return s->infra_slots > 0 ? s->requests : 0;
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
    PART(wr_pool_size(CHAIN_LONG_SIZE, long_chains_for(n)),
         wr_pool_init(&rs->long_chains, part, CHAIN_LONG_SIZE, long_chains_for(n)));
    PART(wr_pool_size(sizeof(struct wr_exchange), n * EXCHANGES_PER_REQUEST),
         wr_pool_init(&rs->env.exchanges, part, sizeof(struct wr_exchange),
                      n * EXCHANGES_PER_REQUEST));
    uint32_t iters = iters_of(s);
    PART(wr_pool_size(sizeof(struct wr_iter), iters),
         wr_pool_init(&rs->iters, part, sizeof(struct wr_iter), iters));
    PART(sizeof(struct wr_peers) * iters, rs->cuts = (struct wr_peers *)(void *)part);
    PART(wr_pool_size(sizeof(struct wr_depend), n * DEPENDS_PER_REQUEST),
         wr_pool_init(&rs->depends, part, sizeof(struct wr_depend), n * DEPENDS_PER_REQUEST));
    PART(wr_prove_size(n, s->zones), wr_prove_init(rs, part, n, s->zones, &s->table_key));
    PART(wr_ranges_size(s->ranges),
         wr_nsecache_init(&rs->nsecache, s->cache, part, s->ranges, &s->table_key));
    PART(wr_map_size(n), wr_map_init(&rs->map, part, n));
    PART(wr_heap_size(n), wr_heap_init(&rs->timers, part, n));
    PART(wr_streams_size(s->streams), wr_streams_init(&rs->env.streams, part, s->streams));
    PART(iters > 0 ? WR_MSG_MAX : 0, rs->held_room = part);
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
    rs->env.trace = setup->trace;
    lay_out(setup, block);
    wr_list_init(&rs->env.wanting);
    wr_streams_adopt(&rs->env.streams, setup->upstreams);
    rs->env.streams.conns = setup->conns;
    rs->env.streams.memory = setup->memory;
    rs->env.streams.standin = setup->standin;
    rs->env.streams.rng = setup->rng;
    rs->env.client_cookie_key = setup->client_cookie_key;
    rs->nsecache.time = &rs->time;
    rs->room.nsecache = &rs->nsecache;
    rs->room.inner = true;
    rs->query_timeout_ms = setup->query_timeout_ms;
    rs->env.select = (struct wr_select){setup->upstreams, setup->upstream_state, setup->rng,
                                        &rs->turn, rs->cuts};
    rs->iter_env =
        (struct wr_iter_env){.upstreams = setup->upstreams,
                             .infra = {setup->upstream_state, setup->infra_slots, setup->table_key},
                             .cache = setup->cache,
                             .ttl = setup->ttl,
                             .room = &rs->room,
                             .rng = setup->rng,
                             .trace = setup->trace};
    rs->ttl = setup->ttl;
    rs->local = setup->local;
    rs->iter_env.held = iters_of(setup) > 0 ? setup->held : NULL;
    rs->cache = setup->cache;
    rs->table_key = setup->table_key;
    rs->probe_us = WR_TIME_NEVER;
    wr_prove_adopt(rs, setup->prove);
    return rs;
}

struct wr_nsecache *wr_requests_nsecache(struct wr_requests *rs)
{
    return &rs->nsecache;
}

static void move(struct wr_requests *rs, struct wr_request *r, wr_id id, uint8_t to,
                 const char *why)
{
    wr_trace_move(rs->env.trace, "request", id, state_names[r->state], state_names[to], why);
    r->state = to;
}

void wr_requests_stop(struct wr_requests *rs, uint64_t now_us)
{
    for (uint32_t i = 0; i < rs->pool.count; i++) {
        wr_id id;
        struct wr_request *r = wr_pool_at(&rs->pool, i, &id);
        if (r) {
            wr_prove_end(rs, r);
        }
    }
    (void)now_us;
    wr_streams_stop(&rs->env.streams);
    wr_keycache_close(&rs->keycache);
}

static bool same_question(const struct wr_question *a, const struct wr_question *b)
{
    return a->type == b->type && a->checking_disabled == b->checking_disabled &&
           a->dnssec_ok == b->dnssec_ok && a->view == b->view &&
           wr_name_equal(a->name.wire, b->name.wire);
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
    uint64_t at = r->woken || r->anew ? 0 : wr_time_min(r->forward.next_us, r->stale_us);
    if (at == WR_TIME_NEVER) {
        wr_heap_clear(&rs->timers, &r->timer);
    } else {
        wr_heap_set(&rs->timers, &r->timer, at);
    }
}

/* A failure goes out as soon as poll finds it: several may fail at one moment. */
void wr_request_settle(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    if (r->forward.state == WR_FORWARD_FAILED && r->state != WR_REQUEST_OVER &&
        !wr_stage_another_way(rs, r, id, now_us)) {
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

/* A request whose tries went unheard in an outage must not hold up those who ask when it is over: with a
 * newcomer, and an upstream that has answered others since, it starts anew. Its end stays where it was. */
static bool refresh(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    if (r->iter || r->anew || wr_prove_is_running(rs, r)) {
        return false;
    }
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

struct wr_request *wr_request_take(struct wr_requests *rs, const struct wr_question *q,
                                   uint64_t end_us, wr_id *ret_id, bool *ret_joined)
{
    uint64_t hash = wr_question_hash(&rs->table_key, q);
    struct wr_request *r = find_inflight(rs, q, hash, ret_id);
    *ret_joined = r != NULL;
    if (r || !(r = wr_pool_take(&rs->pool, ret_id))) {
        return r;
    }
    r->question = r->asked = *q;
    r->hash = hash;
    r->end_us = end_us;
    r->stale_us = WR_TIME_NEVER;
    r->sends_max = WR_REQUEST_SENDS_MAX;
    wr_list_init(&r->parents);
    r->mapped = wr_map_put(&rs->map, hash, *ret_id) == WR_OK;
    return r;
}

/* Are there more requests of clients than may be? What they lead to, addresses and keys, has places of its own: a crowd that
 * takes them all would wait for answers that nobody can find. */
static bool is_crowded(const struct wr_requests *rs)
{
    bool leads_on = rs->prove != NULL || rs->iters.count > 0;
    uint32_t most = rs->pool.count - (leads_on ? rs->pool.count / WR_REQUESTS_RESERVE : 0);
    return rs->pool.taken - rs->children > most;
}

wr_id wr_requests_ask(struct wr_requests *rs, const struct wr_question *q, uint64_t now_us,
                      bool *ret_joined)
{
    wr_id id;
    struct wr_question wanted = *q;
    wanted.dnssec_ok |=
        rs->prove != NULL; /* one question for all, with what is needed to prove the answer */
    struct wr_request *r =
        wr_request_take(rs, &wanted, now_us + rs->query_timeout_ms * WR_MS, &id, ret_joined);
    if (r && *ret_joined) {
        *ret_joined = !refresh(rs, r, id, now_us);
        return id;
    }
    if (r && is_crowded(rs)) {
        wr_requests_release(rs, id, now_us);
        r = NULL;
    }
    if (r) {
        wr_request_ask_stage(rs, r, id, now_us);
    }
    return r ? id : 0;
}

static struct wr_pool *chain_pool(struct wr_requests *rs, const struct wr_request *r)
{
    return r->chain_long ? &rs->long_chains : &rs->chains;
}

void wr_requests_release(struct wr_requests *rs, wr_id id, uint64_t now_us)
{
    struct wr_request *r = wr_pool_get(&rs->pool, id);
    if (!r || (r->state != WR_REQUEST_OVER && !wr_list_empty(&r->parents))) {
        return; /* another request still wants to know */
    }
    wr_depend_tell(rs, r, id, NULL, now_us);
    wr_prove_end(rs, r);
    wr_stage_end(rs, r);
    wr_forward_stop(&r->forward, &rs->env, now_us);
    wr_heap_clear(&rs->timers, &r->timer);
    if (r->mapped) {
        wr_map_remove(&rs->map, r->hash, id);
    }
    if (r->chain) {
        wr_pool_give(chain_pool(rs, r), r->chain);
    }
    if (rs->finished == id) {
        rs->finished = 0;
    }
    rs->children -= r->depth > 0;
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
    const struct wr_upstreams *u = rs->env.select.upstreams;
    unsigned group = wr_upstream_view(u, q->view, q->name.wire, &zone);
    bool found = group == WR_GROUP_RECURSE || u->group[group].recurse_after;
    return (rs->link_us && rs->link_us >= since_us) ||
           (found && rs->found_back_us && rs->found_back_us >= since_us) ||
           (group != WR_GROUP_RECURSE &&
            wr_select_answered_since(&rs->env.select, group, since_us));
}

uint32_t wr_requests_count(const struct wr_requests *rs)
{
    return rs->pool.taken;
}

static void give_result(struct wr_requests *rs, struct wr_request *r, wr_id id, bool failed,
                        const char *why, uint64_t now_us)
{
    wr_assert(rs->finished == 0);
    move(rs, r, id, WR_REQUEST_OVER, why);
    r->stale_us = WR_TIME_NEVER;
    rs->finished = id;
    rs->failed = failed;
    rs->report.size = 0;
    wr_depend_tell(rs, r, id, &rs->answer, now_us);
}

/* One server that was not heard might have known: only when all answered with errors is the name to blame. */
static bool by_silence(const struct wr_forward *f)
{
    return f->failure <= WR_FORWARD_NO_SERVER || (f->among & ~f->errors) != 0;
}

void wr_request_hand_out_failure(struct wr_requests *rs, struct wr_request *r, wr_id id,
                                 uint64_t now_us)
{
    wr_answer_clear(&rs->answer);
    rs->report.size = 0;
    bool silence = by_silence(&r->forward);
    (void)wr_request_explain(rs, r, &rs->answer, &silence);
    rs->slot = 255;
    rs->finished = id;
    rs->failed = true;
    if (r->forward.failure != WR_FORWARD_NO_ROOM) {
        struct wr_ttl_policy ttl = *rs->ttl;
        uint32_t now_s = (uint32_t)(now_us / WR_S);
        /* What ended the failures of this second came before this one: it is of the next, and ends when it would. */
        bool later = ttl.failure_s > 0 && r->iter &&
                     wr_requests_upstream_back(rs, &r->question, (uint64_t)now_s * WR_S);
        ttl.failure_s -= later;
        wr_answer_keep_failure(rs->cache, &ttl, &r->question, now_s + later, &rs->answer, silence);
    }
    wr_depend_tell(rs, r, id, NULL, now_us);
}

/* Puts the sets gathered so far before those of the last response. */
static int prepend_chain(struct wr_requests *rs, struct wr_request *r, uint32_t now_s)
{
    struct wr_answer *a = &rs->answer;
    struct wr_reader reader;
    uint8_t *flat = wr_pool_get(chain_pool(rs, r), r->chain);
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
        a->security = a->answer[i].security < a->security ? a->answer[i].security : a->security;
        if (wr_expansion_is(&a->answer[i])) {
            (void)wr_expansion_add(rs->cache, &r->question, now_s, &rs->room, &a->answer[i], a);
        }
    }
    a->answers = (uint8_t)(a->answers + r->chain_sets);
    return WR_OK;
}

/* Moves the chain to a long place. */
static int lengthen_chain(struct wr_requests *rs, struct wr_request *r)
{
    wr_id id;
    uint8_t *room = wr_pool_take(&rs->long_chains, &id);
    if (!room) {
        return WR_E_FULL;
    }
    memcpy(room, wr_pool_get(&rs->chains, r->chain), r->chain_size);
    wr_pool_give(&rs->chains, r->chain);
    r->chain = id;
    r->chain_long = true;
    return WR_OK;
}

/* Writes the sets of this response behind the chain so far. */
static int append_chain(struct wr_requests *rs, struct wr_request *r, uint32_t now_s)
{
    struct wr_writer w;
    wr_buf_write_init(&w, wr_pool_get(chain_pool(rs, r), r->chain),
                      r->chain_long ? CHAIN_LONG_SIZE : CHAIN_SIZE);
    w.pos = r->chain_size;
    for (unsigned i = 0; i < rs->answer.answers; i++) {
        struct wr_rrset set = rs->answer.answer[i];
        set.ttl += now_s - r->chain_s;
        wr_rrset_put_flat(&w, &set);
    }
    if (w.err) {
        return WR_E_LIMIT;
    }
    r->chain_size = (uint16_t)w.pos;
    r->chain_sets = (uint8_t)(r->chain_sets + rs->answer.answers);
    return WR_OK;
}

/* Keeps the CNAMEs of this response until the end of the chain is known. */
static int save_chain(struct wr_requests *rs, struct wr_request *r, uint32_t now_s)
{
    if (r->chain_sets + rs->answer.answers > WR_CHAIN_MAX) {
        return WR_E_LIMIT;
    }
    if (!r->chain && !wr_pool_take(&rs->chains, &r->chain)) {
        return WR_E_FULL;
    }
    r->chain_s = r->chain_sets ? r->chain_s : now_s;
    int err = append_chain(rs, r, now_s);
    if (err && !r->chain_long) {
        err = lengthen_chain(rs, r);
        err = err ? err : append_chain(rs, r, now_s);
    }
    return err;
}

/* Is the name in the chain already? A loop over several zones has no end to wait for. */
static bool comes_back(struct wr_requests *rs, const struct wr_request *r,
                       const struct wr_name *name)
{
    struct wr_reader reader;
    struct wr_rrset set;
    wr_buf_read_init(&reader, wr_pool_get(chain_pool(rs, r), r->chain), r->chain_size);
    for (unsigned i = 0; i < r->chain_sets && wr_rrset_get_flat(&reader, &set) == WR_OK; i++) {
        if (set.type == WR_TYPE_CNAME && wr_name_equal(set.owner, name->wire)) {
            return true;
        }
    }
    return false;
}

/* The next stage asks for the end of the chain. */
static int chase(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    uint32_t now_s = (uint32_t)(now_us / WR_S);
    struct wr_name next;
    wr_name_set(&next, wr_answer_last_name(&rs->answer, r->asked.name.wire));
    if (r->sends + r->forward.sends >= r->sends_max || comes_back(rs, r, &next)) {
        return WR_E_LIMIT;
    }
    int err = save_chain(rs, r, now_s);
    if (err) {
        return err;
    }
    r->sends = (uint16_t)(r->sends + r->forward.sends);
    wr_forward_stop(&r->forward, &rs->env, now_us);
    wr_prove_end(rs, r);
    r->bogus = 0;
    r->why = NULL;
    r->why_ede = 0;
    r->asked.name = next;
    struct wr_iter *it = wr_stage_iter(rs, r);
    if (it) {
        it->passed_over = 0; /* it was about the name before */
    }
    move(rs, r, id, WR_REQUEST_CHASING, "CNAME");
    wr_request_ask_stage(rs, r, id, now_us);
    return WR_OK;
}

/* Not what comes from a group whose owner wants it asked each time. */
static bool is_kept(const struct wr_requests *rs, const struct wr_request *r)
{
    return r->forward.group >= WR_GROUPS_MAX ||
           !rs->env.select.upstreams->group[r->forward.group].uncached;
}

/* Proofs of a wildcard stay: they are about the link. */
static void drop_soa(struct wr_answer *a)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < a->authorities; i++) {
        if (a->authority[i].type != WR_TYPE_SOA) {
            a->authority[kept++] = a->authority[i];
        }
    }
    a->authorities = (uint8_t)kept;
}

/* The answer of a stage is known, and proven where that was wanted: keep it, go on or finish. */
static int stage_done(struct wr_requests *rs, struct wr_request *r, wr_id id, enum wr_response kind,
                      const struct wr_now *now)
{
    uint32_t now_s = (uint32_t)(now->mono_us / WR_S);
    if (kind == WR_RESPONSE_CNAME) {
        drop_soa(
            &rs->answer); /* nothing is said of where the chain leads: that is asked for itself */
    }
    if (is_kept(rs, r)) {
        rs->counters.cache_skipped +=
            wr_answer_keep(rs->cache, rs->ttl, &r->asked, now_s, &rs->room, &rs->answer);
    }
    if (kind == WR_RESPONSE_CNAME) {
        return chase(rs, r, id, now->mono_us);
    }
    int err = prepend_chain(rs, r, now_s);
    if (err) {
        return err;
    }
    wr_forward_stop(&r->forward, &rs->env, now->mono_us);
    r->forward.next_us = WR_TIME_NEVER;
    give_result(rs, r, id, false, wr_classify_name(kind), now->mono_us);
    return WR_OK;
}

/* rs->answer is proven where that is wanted, kept, and the request goes on or is finished. */
static int take_answer(struct wr_requests *rs, struct wr_request *r, wr_id id,
                       enum wr_response kind, const struct wr_now *now)
{
    if (!wr_prove_wanted(rs, r)) {
        return stage_done(rs, r, id, kind, now);
    }
    if (kind == WR_RESPONSE_CNAME) {
        wr_prove_keep_beside(rs, r, now->mono_us);
    }
    int err = wr_prove_begin(rs, r, id, kind, now->mono_us);
    if (!err) {
        wr_forward_stop(&r->forward, &rs->env, now->mono_us);
        r->forward.next_us = r->end_us;
    }
    return err;
}

/* A good response: scrub, prove, keep, go on or finish. An error is the server's. */
static int take_response(struct wr_requests *rs, struct wr_request *r, wr_id id,
                         const struct wr_msg *msg, const struct wr_now *now)
{
    enum wr_response kind;
    struct wr_scrub what;
    wr_stage_prime(rs, r, msg, now->mono_us);
    wr_stage_scrub(rs, r, msg, &what);
    wr_arena_reset(&rs->room.arena);
    int err = wr_scrub(msg, &what, &rs->room.arena, &rs->answer, &kind);
    if (err) {
        return err;
    }
    rs->agent.size = 0;
    if (msg->edns.agent_domain) {
        wr_name_set(&rs->agent, msg->edns.agent_domain);
    }
    rs->answer.ede = kind == WR_RESPONSE_CNAME ? WR_EDE_NONE : (int16_t)msg->edns.ede;
    return take_answer(rs, r, id, kind, now);
}

/* Asked for DS, some servers of the parent refer to the child, with DS or what denies them beside it. That is the answer, from who has it
 * to give, in the wrong place; its signatures say what it is worth. */
static int take_referred_ds(struct wr_requests *rs, struct wr_request *r, wr_id id,
                            const struct wr_msg *msg, const struct wr_now *now)
{
    const struct wr_iter *it = wr_stage_iter(rs, r);
    struct wr_cut cut;
    wr_arena_reset(&rs->room.arena);
    int err = wr_cut_from_referral(msg, it->zone.wire, r->asked.name.wire, &rs->room.arena, &cut);
    if (err || !wr_name_equal(cut.zone, r->asked.name.wire) ||
        cut.ds.answers + cut.ds.authorities == 0) {
        return WR_E_NOTFOUND;
    }
    rs->answer = cut.ds;
    if (cut.ds.answers > 0) {
        rs->answer.authorities = 0;
    }
    return take_answer(rs, r, id, cut.ds.answers ? WR_RESPONSE_ANSWER : WR_RESPONSE_NODATA, now);
}

void wr_request_stage_done(struct wr_requests *rs, struct wr_request *r, wr_id id,
                           enum wr_response kind, const struct wr_now *now)
{
    int err = stage_done(rs, r, id, kind, now);
    if (err) {
        r->forward.state = WR_FORWARD_FAILED;
        r->forward.failure = WR_FORWARD_ERROR;
        r->why = err == WR_E_FULL ? "no place here for the chain of aliases"
                                  : "the chain of aliases is too long";
    }
    wr_request_settle(rs, r, id, now->mono_us);
}

void wr_request_bogus(struct wr_requests *rs, struct wr_request *r, wr_id id, bool blame,
                      uint64_t now_us)
{
    if (r->bogus_tries++ < WR_PROVE_RETRIES_MAX && now_us < r->end_us &&
        wr_stage_ask_other(rs, r, id, blame, now_us)) {
        wr_request_settle(rs, r, id, now_us);
        return;
    }
    move(rs, r, id, WR_REQUEST_OVER, "bogus");
    r->stale_us = WR_TIME_NEVER;
    r->forward.next_us = 0;
    set_timer(rs, r);
}

void wr_request_end_known(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    if (prepend_chain(rs, r, (uint32_t)(now_us / WR_S)) == WR_OK) {
        rs->slot = 255;
        rs->answer.local = false; /* its beginning is somebody else's */
        r->forward.next_us = WR_TIME_NEVER;
        give_result(rs, r, id, false, "known", now_us);
    }
}

bool wr_request_go_along(struct wr_requests *rs, struct wr_request *r, uint64_t now_us)
{
    if (save_chain(rs, r, (uint32_t)(now_us / WR_S)) != WR_OK) {
        return false;
    }
    struct wr_name next;
    wr_name_set(&next, wr_answer_last_name(&rs->answer, r->asked.name.wire));
    r->asked.name = next;
    return true;
}

void wr_request_empty(struct wr_requests *rs, struct wr_request *r, wr_id id, uint64_t now_us)
{
    wr_answer_clear(&rs->answer);
    rs->answer.ttl = 0;
    rs->agent.size = 0;
    rs->slot = 255;
    r->forward.next_us = WR_TIME_NEVER;
    if (wr_prove_wanted(rs, r) && !wr_prove_begin(rs, r, id, WR_RESPONSE_NODATA, now_us)) {
        return;
    }
    if (wr_prove_wanted(rs, r) || prepend_chain(rs, r, (uint32_t)(now_us / WR_S))) {
        r->forward.state = WR_FORWARD_FAILED;
        r->why = "no place here for the answer";
        return;
    }
    give_result(rs, r, id, false, "empty", now_us);
}

static bool has_denial(const struct wr_msg *msg)
{
    struct wr_msg_walk walk = wr_msg_walk(msg, WR_SECTION_AUTHORITY);
    struct wr_msg_rr rr;
    while (wr_msg_next(&walk, &rr)) {
        if (rr.type == WR_TYPE_NSEC || rr.type == WR_TYPE_NSEC3) {
            return true;
        }
    }
    return false;
}

/* A part of the name does not exist, and there is proof: what denies it denies the whole name too (RFC 8020). False: the whole
 * name is to be asked, for servers are known to say so of empty non-terminals. */
static bool ends_early(struct wr_requests *rs, struct wr_request *r, wr_id id,
                       const struct wr_msg *msg, enum wr_response kind, const struct wr_now *now)
{
    const struct wr_iter *it = wr_stage_iter(rs, r);
    return kind == WR_RESPONSE_NXDOMAIN && wr_prove_wanted(rs, r) &&
           it->shown < wr_name_labels(r->asked.name.wire) &&
           rs->prove->nxdomain_cut != WR_NXDOMAIN_CUT_OFF && has_denial(msg) &&
           take_response(rs, r, id, msg, now) == WR_OK;
}

int wr_request_use(struct wr_requests *rs, struct wr_request *r, wr_id id, const struct wr_msg *msg,
                   enum wr_response kind, const struct wr_now *now)
{
    struct wr_iter *it = wr_stage_iter(rs, r);
    if (!it) {
        return kind == WR_RESPONSE_REFERRAL ? WR_E_UNSUPPORTED : take_response(rs, r, id, msg, now);
    }
    if (!it->held) {
        wr_stage_heard(rs, now->mono_us);
    }
    if (!wr_iter_is_whole(it) && ends_early(rs, r, id, msg, kind, now)) {
        return WR_OK;
    }
    if (kind == WR_RESPONSE_REFERRAL && r->asked.type == WR_TYPE_DS &&
        take_referred_ds(rs, r, id, msg, now) == WR_OK) {
        return WR_OK;
    }
    if (kind == WR_RESPONSE_REFERRAL || !wr_iter_is_whole(it)) {
        return wr_stage_lead_on(rs, r, id, msg, kind, now->mono_us) ? WR_OK : WR_E_UNSUPPORTED;
    }
    return take_response(rs, r, id, msg, now);
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
    uint16_t slot = x->slot;
    r->server = x->server;
    rs->counters.answers++;
    kind = wr_stage_judge(rs, r, x, msg, kind, now->mono_us);
    wr_forward_reply(&r->forward, &rs->env, x, msg, kind, now->mono_us);
    if (r->probe) {
        r->state = WR_REQUEST_OVER; /* any reply at all is what it wanted to know */
        r->forward.next_us = 0;
    }
    if (r->forward.state == WR_FORWARD_ANSWERED && !r->probe) {
        int err = wr_request_use(rs, r, id, msg, kind, now);
        if (err == WR_E_FULL) {
            wr_forward_no_room(&r->forward, &rs->env, x, now->mono_us);
        } else if (err) {
            wr_forward_unusable(&r->forward, &rs->env, x, now->mono_us);
        } else if (r->state == WR_REQUEST_OVER) {
            rs->slot = slot < WR_UPSTREAMS_MAX ? (uint8_t)slot : 255;
        }
    }
    wr_request_settle(rs, r, id, now->mono_us);
}

void wr_request_lost(struct wr_requests *rs, struct wr_exchange *x, enum wr_lost lost,
                     uint64_t now_us)
{
    wr_id id = x->request;
    struct wr_request *r = wr_pool_get(&rs->pool, id);
    if (r && r->state != WR_REQUEST_OVER) {
        wr_forward_lost(&r->forward, &rs->env, x, lost, now_us);
        wr_request_arm_probes(rs, now_us);
        wr_request_settle(rs, r, id, now_us);
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
    wr_list_init(&r->parents);
    r->stale_us = WR_TIME_NEVER;
    r->end_us = now_us + rs->query_timeout_ms * WR_MS;
    wr_forward_start(&r->forward, &rs->env, &r->asked, id, group, (wr_servers)1 << server,
                     r->end_us, now_us);
    wr_request_settle(rs, r, id, now_us);
}
