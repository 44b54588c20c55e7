/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <string.h>

#include "base/check.h"
#include "engine/engine_state.h"
#include "policy/prefix.h"

/* Memory for the sets that a look-up copies out of the cache. */
#define FOUND_ARENA ((size_t)2 * WR_RRSET_SIZE_MAX + 16384)

/* The prefix of the upstream's DNS64 is asked for once more after this long, and at the latest after that. */
#define REPORT_AGAIN_US    (3600 * WR_S)
#define REPORT_PAUSE_US    (1 * WR_S)
#define DISCOVER_AGAIN_US  (60 * WR_S)
#define DISCOVER_LATEST_US (86400 * WR_S)

static size_t align64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

static void requests_setup(const struct wr_engine_setup *s, struct wr_rng *rng,
                           struct wr_requests_setup *ret)
{
    *ret = (struct wr_requests_setup){.requests = s->requests,
                                      .streams = s->streams,
                                      .upstreams = &s->settings->upstreams,
                                      .ttl = &s->settings->ttl,
                                      .local = s->local,
                                      .held = s->held,
                                      .query_timeout_ms = s->settings->query_timeout_ms,
                                      .cache = s->cache,
                                      .upstream_state = s->upstream_state,
                                      .conns = s->conns,
                                      .memory = s->memory,
                                      .standin = s->standin,
                                      .infra_slots = s->infra_slots,
                                      .zones = s->zones,
                                      .ranges = s->ranges,
                                      .prove = &s->settings->prove,
                                      .client_cookie_key = s->secrets->client_cookie_key,
                                      .table_key = s->secrets->table_key,
                                      .rng = rng,
                                      .trace = s->trace};
}

size_t wr_engine_size(const struct wr_engine_setup *setup)
{
    struct wr_requests_setup rs;
    requests_setup(setup, NULL, &rs);
    return align64(sizeof(struct wr_engine)) + align64(wr_requests_size(&rs)) +
           align64(wr_waiting_size(setup->waiters, setup->requests)) +
           2 * align64(WR_CACHE_SCRATCH_SIZE) + 2 * align64(FOUND_ARENA) + align64(WR_MSG_MAX) +
           (setup->leases != NULL ? align64(wr_leasing_size()) : 0);
}

struct wr_engine *wr_engine_start(void *block, const struct wr_engine_setup *setup,
                                  const struct wr_now *now)
{
    struct wr_engine *e = block;
    struct wr_requests_setup rs;
    uint8_t *at = (uint8_t *)block + align64(sizeof(*e));
    wr_assert(((uintptr_t)block & 63) == 0 && setup->workers > 0 && now->mono_us > 0);
    memset(e, 0, sizeof(*e));
    e->setup = *setup;
    e->settings = setup->settings;
    e->dns64 = setup->settings->dns64;
    e->discover_us = e->dns64.discover ? now->mono_us : WR_TIME_NEVER;
    e->rng = setup->rng;
    requests_setup(setup, &e->rng, &rs);
    e->requests = wr_requests_start(at, &rs);
    at += align64(wr_requests_size(&rs));
    wr_waiting_init(&e->waiting, at, setup->waiters, setup->requests, setup->quota);
    at += align64(wr_waiting_size(setup->waiters, setup->requests));
    e->room.scratch = at;
    at += align64(WR_CACHE_SCRATCH_SIZE);
    wr_arena_init(&e->room.arena, at, FOUND_ARENA);
    e->room.nsecache = wr_requests_nsecache(e->requests);
    at += align64(FOUND_ARENA);
    e->rewrite.room.scratch = at;
    at += align64(WR_CACHE_SCRATCH_SIZE);
    wr_arena_init(&e->rewrite.room.arena, at, FOUND_ARENA);
    at += align64(FOUND_ARENA);
    e->message = at;
    at += align64(WR_MSG_MAX);
    wr_leasing_init(&e->leasing, setup->leases != NULL ? at : NULL);
    wr_place_look(e);
    wr_leasing_look(e);
    return e;
}

void wr_engine_feed(struct wr_engine *e, const struct wr_event *event, const struct wr_now *now)
{
    wr_assert(e->ready.kind == WR_ACTION_NONE && e->flushing == 0);
    e->room.least = wr_prove_least(&e->settings->prove, now);
    switch (event->kind) {
    case WR_EVENT_QUERY: wr_pipeline_query(e, event, now); break;
    case WR_EVENT_CLIENT_GONE:
        wr_waiting_gone(&e->waiting, &event->client);
        wr_leasing_gone(&e->leasing, &event->client);
        break;
    case WR_EVENT_DATAGRAM:
        wr_requests_datagram(e->requests, event->id, &event->from, event->bytes, event->size, now);
        break;
    case WR_EVENT_UNREACHABLE:
        wr_requests_unreachable(e->requests, event->id, event->lost, now->mono_us);
        break;
    case WR_EVENT_STREAM_OPEN: wr_requests_stream_open(e->requests, event->id, now->mono_us); break;
    case WR_EVENT_STREAM_BYTES:
        wr_requests_stream_bytes(e->requests, event->id, event->bytes, event->size, now);
        break;
    case WR_EVENT_STREAM_CLOSED:
        wr_requests_stream_closed(e->requests, event->id, event->lost, now->mono_us);
        break;
    case WR_EVENT_LINK: wr_requests_link_changed(e->requests, now->mono_us); break;
    case WR_EVENT_LEASE: wr_leasing_said(e, &event->lease, now); break;
    case WR_EVENT_TIME: break; /* poll looks at the clock */
    }
}

uint64_t wr_engine_foresee(const struct wr_engine *e, const uint8_t *bytes, size_t size)
{
    const uint8_t *name;
    uint16_t type;
    if (wr_msg_peek_question(bytes, size, &name, &type) != WR_OK) {
        return 0;
    }
    uint16_t scope = (bytes[3] & WR_FLAG_CD) != 0 ? WR_SCOPE_CD : 0;
    uint64_t hash = wr_cache_hash(e->setup.cache, name, type, scope);
    wr_cache_foresee(e->setup.cache, hash);
    if (e->settings->policy != NULL) {
        wr_silence_foresee(&e->silence, hash);
    }
    return hash;
}

void wr_engine_foresee_entry(const struct wr_engine *e, uint64_t word)
{
    if (word != 0) {
        wr_cache_foresee_entry(e->setup.cache, word);
    }
}

static bool take(struct wr_action *from, struct wr_action *ret_action)
{
    if (from->kind == WR_ACTION_NONE) {
        return false;
    }
    *ret_action = *from;
    from->kind = WR_ACTION_NONE;
    return true;
}

/* Tells one waiter that had to yield. */
static bool tell_given_up(struct wr_engine *e, const struct wr_now *now,
                          struct wr_action *ret_action)
{
    if (wr_list_empty(&e->waiting.given_up)) {
        return false;
    }
    struct wr_waiter *w = WR_CONTAINER(e->waiting.given_up.next, struct wr_waiter, node);
    wr_stats_add(&e->setup.stats->dropped_overload, 1);
    wr_outcome_error(e, &w->asker, WR_RCODE_SERVFAIL, WR_EDE_OTHER,
                     "overload: others were asked first", e->message, WR_MSG_MAX, now, ret_action);
    wr_waiting_remove(&e->waiting, w);
    return true;
}

/* The answer for one waiter of the finished request; a failure may still become a stale answer. False: it leads to
 * another question, and the waiter is set aside until the request is over. */
static bool answer_waiter(struct wr_engine *e, struct wr_waiter *w, const struct wr_now *now,
                          struct wr_action *ret_action)
{
    if (wr_asker_wants_referral(&w->asker)) {
        wr_waiting_turn(&e->waiting, w);
        return false;
    }
    bool stale = e->answer_failed && wr_pipeline_find_stale(e, &w->asker, now);
    const struct wr_answer *answer = stale ? &e->found : e->answer;
    if (wr_obey_turn(e, &w->asker, answer, now)) {
        wr_waiting_turn(&e->waiting, w);
        return false;
    }
    if (stale) {
        wr_stats_add(&e->setup.stats->cache_stale, 1);
    }
    wr_outcome_answer(e, &w->asker, answer, stale ? WR_SOURCE_STALE : WR_SOURCE_UPSTREAM,
                      stale ? 255 : e->answer_slot, e->message, WR_MSG_MAX, now, ret_action);
    wr_waiting_remove(&e->waiting, w);
    return true;
}

/* Gives one waiter of the finished request its reply; after the last the request is over. */
static bool flush(struct wr_engine *e, const struct wr_now *now, struct wr_action *ret_action)
{
    while (e->flushing != 0) {
        struct wr_waiter *w = wr_waiting_first(&e->waiting, e->flushing);
        if (!w) {
            wr_requests_release(e->requests, e->flushing, now->mono_us);
            e->flushing = 0;
        } else if (answer_waiter(e, w, now, ret_action)) {
            return true;
        }
    }
    return false;
}

/* The question in place of theirs: some are answered at once, the others wait for it. */
static bool flush_turned(struct wr_engine *e, const struct wr_now *now,
                         struct wr_action *ret_action)
{
    while (!wr_list_empty(&e->waiting.turned)) {
        struct wr_waiter *w = WR_CONTAINER(e->waiting.turned.next, struct wr_waiter, node);
        struct wr_asker asker = w->asker;
        wr_waiting_remove(&e->waiting, w);
        wr_pipeline_again(e, &asker, now);
        if (take(&e->ready, ret_action)) {
            return true;
        }
    }
    return false;
}

/* One waiter gets what is stale; false: there is nothing, or it leads to another question of which nothing is known. */
static bool answer_stale(struct wr_engine *e, struct wr_waiter *w, const struct wr_now *now,
                         struct wr_action *ret_action)
{
    if (wr_obey_turn(e, &w->asker, &e->found, now) && !wr_pipeline_find_stale(e, &w->asker, now)) {
        wr_waiting_turn(&e->waiting, w);
        return false;
    }
    wr_stats_add(&e->setup.stats->cache_stale, 1);
    wr_outcome_answer(e, &w->asker, &e->found, WR_SOURCE_STALE, 255, e->message, WR_MSG_MAX, now,
                      ret_action);
    wr_waiting_remove(&e->waiting, w);
    return true;
}

/* The stale timer rang: what is there goes out, the request goes on for the cache's sake. */
static bool flush_stale(struct wr_engine *e, const struct wr_now *now, struct wr_action *ret_action)
{
    while (e->stale_flushing != 0) {
        struct wr_waiter *w = wr_waiting_first(&e->waiting, e->stale_flushing);
        if (w && wr_asker_wants_referral(&w->asker)) {
            wr_waiting_turn(&e->waiting, w);
        } else if (!w || w->deferred) {
            e->stale_flushing = 0;
        } else if (!wr_pipeline_find_stale(e, &w->asker, now)) {
            wr_waiting_defer(&e->waiting, w); /* another's segment may have more */
        } else if (answer_stale(e, w, now, ret_action)) {
            return true;
        }
    }
    return false;
}

/* Asks the upstream for its prefix when it is time (RFC 7050 section 3); what was asked before is not waited for then. */
static void discover(struct wr_engine *e, const struct wr_now *now)
{
    struct wr_question q = {.type = WR_TYPE_AAAA};
    bool joined;
    if (now->mono_us < e->discover_us) {
        return;
    }
    wr_name_set(&q.name, wr_dns64_ipv4only_name);
    e->discovering = wr_requests_ask(e->requests, &q, now->mono_us, &joined);
    e->discover_us = now->mono_us + DISCOVER_AGAIN_US;
}

/* The prefix lives as long as the answer; no answer says nothing about the one that is known. */
static void discovered(struct wr_engine *e, const struct wr_request_out *out,
                       const struct wr_now *now)
{
    e->discovering = 0;
    if (out->failed || !e->dns64.discover || out->answer->rcode == WR_RCODE_SERVFAIL) {
        return;
    }
    e->dns64.prefix = (struct wr_prefix){.addr = {.family = WR_AF_NONE}};
    if (wr_dns64_discover(out->answer, &e->dns64.prefix)) {
        uint64_t life_us = out->answer->ttl * (uint64_t)WR_S;
        life_us = life_us < DISCOVER_AGAIN_US ? DISCOVER_AGAIN_US : life_us;
        e->discover_us =
            now->mono_us + (life_us < DISCOVER_LATEST_US ? life_us : DISCOVER_LATEST_US);
    }
}

/* An error report (RFC 9567) is a question that nobody waits for: one an hour about one failure, and one a second in all, for
 * who makes zones fail must not choose how much is sent to whom. */
static void send_report(struct wr_engine *e, const struct wr_now *now)
{
    struct wr_question q = {
        .name = e->report, .type = WR_TYPE_TXT, .checking_disabled = true, .dnssec_ok = true};
    bool joined;
    if (e->report.size == 0) {
        return;
    }
    e->report.size = 0;
    uint64_t hash = wr_question_hash(&e->setup.secrets->table_key, &q);
    if (now->mono_us < e->report_us ||
        !wr_lately_claim(&e->reported, hash, now->mono_us, REPORT_AGAIN_US)) {
        return;
    }
    e->report_us = now->mono_us + REPORT_PAUSE_US;
    if (wr_requests_ask(e->requests, &q, now->mono_us, &joined) && !joined) {
        wr_stats_add(&e->setup.stats->error_reports, 1);
    }
}

/* What the requests want: passed on as an action, or the beginning of a flush (then false). */
static bool pass_on(struct wr_engine *e, const struct wr_request_out *out, const struct wr_now *now,
                    struct wr_action *ret_action)
{
    static const enum wr_action_kind kinds[] = {
        [WR_REQUEST_DATAGRAM] = WR_ACTION_DATAGRAM,
        [WR_REQUEST_FORGET] = WR_ACTION_FORGET,
        [WR_REQUEST_STREAM_OPEN] = WR_ACTION_STREAM_OPEN,
        [WR_REQUEST_STREAM_WRITE] = WR_ACTION_STREAM_WRITE,
        [WR_REQUEST_STREAM_CLOSE] = WR_ACTION_STREAM_CLOSE,
    };
    if (out->action == WR_REQUEST_FINISHED) {
        if (out->id == e->discovering) {
            discovered(e, out, now);
        }
        if (out->report) {
            e->report = *out->report;
        }
        e->flushing = out->id;
        e->answer = out->answer;
        e->answer_failed = out->failed;
        e->answer_slot = out->slot;
        return false;
    }
    if (out->action == WR_REQUEST_STALE_DUE) {
        e->stale_flushing = out->id;
        wr_waiting_of(&e->waiting, out->id)->stale_rang = true;
        return false;
    }
    *ret_action = (struct wr_action){.kind = kinds[out->action],
                                     .id = out->id,
                                     .to = out->addr,
                                     .datagrams = out->datagrams,
                                     .bytes = out->bytes,
                                     .size = out->size};
    return true;
}

static void publish_counters(struct wr_engine *e)
{
    struct wr_requests_counters c;
    struct wr_stats *s = e->setup.stats;
    wr_requests_counters(e->requests, &c);
    wr_stats_add(&s->upstream_sent, c.sent - e->counted.sent);
    wr_stats_add(&s->upstream_answers, c.answers - e->counted.answers);
    wr_stats_add(&s->upstream_timeouts, c.timeouts - e->counted.timeouts);
    wr_stats_add(&s->upstream_wrong, c.wrong - e->counted.wrong);
    wr_stats_add(&s->upstream_hedges, c.hedges - e->counted.hedges);
    wr_stats_add(&s->upstream_tcp, c.tcp - e->counted.tcp);
    wr_stats_add(&s->upstream_streams, c.streams - e->counted.streams);
    wr_stats_add(&s->upstream_yielded, c.yielded - e->counted.yielded);
    wr_stats_add(&s->held_answers, c.held - e->counted.held);
    wr_stats_add(&s->held_bogus, c.held_bogus - e->counted.held_bogus);
    wr_stats_add(&s->cache_skipped, c.cache_skipped - e->counted.cache_skipped);
    e->counted = c;
}

bool wr_engine_may_ask(const struct wr_engine *e, const struct wr_addr *from)
{
    const struct wr_segments *s = e->settings->segments;
    bool may = wr_prefix_has(e->settings->allow, e->settings->allows, from);
    for (uint16_t i = 0; s != NULL && i < s->segments && !may; i++) {
        may = wr_prefix_has(s->segment[i].allow, s->segment[i].allows, from);
    }
    return may;
}

bool wr_engine_wants_interface(const struct wr_engine *e)
{
    return e->leasing.on || (e->settings->segments != NULL && e->settings->segments->links > 0);
}

bool wr_engine_poll(struct wr_engine *e, const struct wr_now *now, struct wr_action *ret_action)
{
    e->room.least = wr_prove_least(&e->settings->prove, now);
    if (take(&e->ready, ret_action) || take(&e->refresh, ret_action) ||
        wr_leasing_poll(e, now, ret_action)) {
        return true;
    }
    discover(e, now);
    for (;;) {
        struct wr_request_out out;
        if (tell_given_up(e, now, ret_action) || flush(e, now, ret_action) ||
            flush_stale(e, now, ret_action) || flush_turned(e, now, ret_action)) {
            return true;
        }
        send_report(e, now);
        wr_requests_poll(e->requests, now, &out);
        if (out.action == WR_REQUEST_NOTHING) {
            publish_counters(e);
            return false;
        }
        if (pass_on(e, &out, now, ret_action)) {
            return true;
        }
    }
}

uint64_t wr_engine_deadline(const struct wr_engine *e)
{
    uint64_t other_us = wr_time_min(e->discover_us, wr_leasing_deadline(&e->leasing));
    return wr_time_min(wr_requests_deadline(e->requests), other_us);
}

/* A prefix that was discovered stays until it has been asked for again. */
static void adopt_dns64(struct wr_engine *e, const struct wr_dns64 *d, uint64_t now_us)
{
    bool keep = d->discover && e->dns64.discover;
    struct wr_prefix found = e->dns64.prefix;
    e->dns64 = *d;
    if (keep) {
        e->dns64.prefix = found;
    }
    e->discover_us = d->discover ? now_us : WR_TIME_NEVER;
    e->discovering = 0;
}

void wr_engine_adopt(struct wr_engine *e, const struct wr_settings *settings,
                     const struct wr_now *now)
{
    e->settings = settings;
    e->setup.settings = settings;
    wr_silence_forget(&e->silence);
    adopt_dns64(e, &settings->dns64, now->mono_us);
    wr_place_look(e);
    wr_leasing_look(e);
    wr_requests_adopt(e->requests, &settings->upstreams, &settings->ttl, &settings->prove,
                      settings->query_timeout_ms, now->mono_us);
}

void wr_engine_stop(struct wr_engine *e, const struct wr_now *now)
{
    wr_requests_stop(e->requests, now->mono_us);
}

void wr_engine_adopt_local(struct wr_engine *e, const struct wr_local *local)
{
    wr_assert(e->flushing == 0 &&
              e->stale_flushing == 0); /* an answer may point into the old ones */
    e->setup.local = local;
    wr_requests_adopt_local(e->requests, local);
}

void wr_engine_adopt_held(struct wr_engine *e, const struct wr_heldzones *held)
{
    e->setup.held = held;
    wr_requests_adopt_held(e->requests, held);
}

void wr_engine_adopt_feeds(struct wr_engine *e, const struct wr_feedset *feeds)
{
    e->setup.feeds = feeds;
    wr_silence_forget(&e->silence);
    wr_place_look(e);
}

uint32_t wr_engine_inflight(const struct wr_engine *e)
{
    return wr_requests_count(e->requests) + wr_leasing_count(&e->leasing);
}
