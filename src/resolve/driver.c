/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/request_state.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"

/* How often suspects are looked after. */
#define PROBE_TICK_US (500 * WR_MS)

/* Another message for the same question, without EDNS or over TCP: it counts like the first. False: there are none left. */
static bool charge(struct wr_requests *rs, const struct wr_exchange *x)
{
    struct wr_request *r = wr_pool_get(&rs->pool, x->request);
    if (!r || !(x->want & (WR_EXCHANGE_WANT_DATAGRAM | WR_EXCHANGE_WANT_STREAM))) {
        return true;
    }
    r->sends++;
    wr_forward_limit(&r->forward,
                     r->sends < r->sends_max ? (uint16_t)(r->sends_max - r->sends) : 0);
    return r->sends + r->forward.sends <= r->sends_max;
}

static void give_up(struct wr_requests *rs, struct wr_exchange *x, uint64_t now_us)
{
    wr_id id = x->request;
    struct wr_request *r = wr_pool_get(&rs->pool, id);
    x->want = 0;
    wr_forward_unusable(&r->forward, &rs->env, x, now_us);
    wr_request_settle(rs, r, id, now_us);
}

/* What the exchange made of a message: an answer, another send, or nothing. */
static void judged(struct wr_requests *rs, struct wr_exchange *x, enum wr_exchange_verdict verdict,
                   const struct wr_msg *msg, enum wr_response kind, const struct wr_now *now)
{
    if (verdict == WR_EXCHANGE_REJECTED) {
        struct wr_upstream_state *st = wr_forward_state_of(&rs->env, x);
        atomic_fetch_add_explicit(&st->wrong, 1, memory_order_relaxed);
        rs->counters.wrong++;
    }
    if (x->stream && verdict != WR_EXCHANGE_ACCEPTED && x->want) {
        wr_streams_leave(&rs->env.streams, x, now->mono_us);
    }
    if (verdict != WR_EXCHANGE_ACCEPTED && !charge(rs, x)) {
        give_up(rs, x, now->mono_us);
        return;
    }
    wr_forward_want(&rs->env, x);
    if (verdict == WR_EXCHANGE_ACCEPTED) {
        wr_request_reply(rs, x, msg, kind, now);
    }
}

/* Servers compress names against the question, so the letter case that 0x20 gave it would come back in owners
 * and rdata, and go to clients and into the cache. The believed reply is read with lower case there. */
static void undo_case(struct wr_requests *rs, const struct wr_exchange *x, struct wr_msg *msg)
{
    if (!x->case_randomised || msg->qdcount != 1 || msg->size > sizeof(rs->plain)) {
        return;
    }
    memcpy(rs->plain, msg->wire, msg->size);
    wr_name_lower(x->question->name.wire, rs->plain + WR_MSG_HEADER_SIZE);
    wr_name_lower(x->question->name.wire, msg->qname.wire);
    msg->wire = rs->plain;
}

void wr_requests_datagram(struct wr_requests *rs, wr_id exchange, const struct wr_addr *from,
                          const uint8_t *bytes, size_t size, const struct wr_now *now)
{
    struct wr_exchange *x = wr_pool_get(&rs->env.exchanges, exchange);
    struct wr_msg msg;
    enum wr_response kind = WR_RESPONSE_OTHER;
    if (!x || !x->request) {
        return;
    }
    wr_prove_look_at_clock(rs, now);
    enum wr_exchange_verdict verdict = wr_exchange_datagram(
        x, wr_forward_state_of(&rs->env, x), from, bytes, size, now->mono_us, &msg, &kind);
    if (verdict == WR_EXCHANGE_ACCEPTED) {
        undo_case(rs, x, &msg);
    }
    judged(rs, x, verdict, &msg, kind, now);
}

void wr_requests_unreachable(struct wr_requests *rs, wr_id exchange, enum wr_lost lost,
                             uint64_t now_us)
{
    struct wr_exchange *x = wr_pool_get(&rs->env.exchanges, exchange);
    if (x && x->request && x->state == WR_EXCHANGE_UDP) {
        wr_request_lost(rs, x, lost, now_us);
    }
}

void wr_requests_stream_open(struct wr_requests *rs, wr_id stream, uint64_t now_us)
{
    wr_streams_opened(&rs->env.streams, stream, now_us);
}

void wr_requests_stream_bytes(struct wr_requests *rs, wr_id stream, const uint8_t *bytes,
                              size_t size, const struct wr_now *now)
{
    wr_streams_bytes(&rs->env.streams, stream, bytes, size, now);
}

void wr_requests_stream_closed(struct wr_requests *rs, wr_id stream, enum wr_lost lost,
                               uint64_t now_us)
{
    wr_streams_closed(&rs->env.streams, stream, lost, now_us);
}

/* A datagram of the exchange: its port is open from here on. */
static void send_datagram(struct wr_requests *rs, struct wr_exchange *x, struct wr_request_out *out)
{
    struct wr_upstream_state *st = wr_forward_state_of(&rs->env, x);
    x->want &= (uint8_t)~WR_EXCHANGE_WANT_DATAGRAM;
    x->port_open = true;
    out->action = WR_REQUEST_DATAGRAM;
    out->id = x->id;
    out->addr = x->addr;
    out->size = wr_exchange_write(x, st, false, rs->message, sizeof(rs->message));
    out->bytes = rs->message;
    atomic_fetch_add_explicit(&st->sent, 1, memory_order_relaxed);
    rs->counters.sent++;
}

static void forget_port(struct wr_requests *rs, struct wr_exchange *x, struct wr_request_out *out)
{
    x->want &= (uint8_t)~WR_EXCHANGE_WANT_FORGET;
    x->port_open = false;
    out->action = WR_REQUEST_FORGET;
    out->id = x->id;
    if (x->request == 0) {
        wr_list_remove(&x->node);
        wr_pool_give(&rs->env.exchanges, x->id);
    }
}

static void place_on_stream(struct wr_requests *rs, struct wr_exchange *x, uint64_t now_us)
{
    x->want &= (uint8_t)~WR_EXCHANGE_WANT_STREAM;
    rs->env.tcp++;
    if (wr_streams_place(&rs->env.streams, x, rs->env.select.rng, now_us) != WR_OK) {
        wr_request_lost(rs, x, WR_LOST_OWN, now_us);
    }
}

/* Serves the exchanges that want something; true when that made an action. */
static bool serve_wanting(struct wr_requests *rs, uint64_t now_us, struct wr_request_out *out)
{
    while (!wr_list_empty(&rs->env.wanting)) {
        struct wr_exchange *x = WR_CONTAINER(rs->env.wanting.next, struct wr_exchange, node);
        if (x->want & WR_EXCHANGE_WANT_FORGET) {
            forget_port(rs, x, out);
            return true;
        }
        if (x->want & WR_EXCHANGE_WANT_DATAGRAM) {
            send_datagram(rs, x, out);
            return true;
        }
        wr_list_remove(&x->node);
        if (x->want & WR_EXCHANGE_WANT_STREAM) {
            place_on_stream(rs, x, now_us);
        }
    }
    return false;
}

static void ask_on_stream(struct wr_requests *rs, const struct wr_stream_out *asked)
{
    struct wr_upstream_state *st = wr_forward_state_of(&rs->env, asked->exchange);
    size_t size = wr_exchange_write(asked->exchange, st, true, rs->message, sizeof(rs->message));
    wr_streams_ask(&rs->env.streams, asked->id, rs->message, size);
    atomic_fetch_add_explicit(&st->sent, 1, memory_order_relaxed);
    rs->counters.sent++;
}

static bool serve_streams(struct wr_requests *rs, uint64_t now_us, struct wr_request_out *out)
{
    struct wr_stream_out want = {0};
    enum wr_stream_action action;
    while ((action = wr_streams_poll(&rs->env.streams, now_us, &want)) == WR_STREAM_ASK) {
        ask_on_stream(rs, &want);
    }
    out->id = want.id;
    out->addr = want.addr;
    out->datagrams = want.datagrams;
    out->bytes = want.bytes;
    out->size = want.size;
    switch (action) {
    case WR_STREAM_OPEN: out->action = WR_REQUEST_STREAM_OPEN; return true;
    case WR_STREAM_WRITE: out->action = WR_REQUEST_STREAM_WRITE; return true;
    case WR_STREAM_CLOSE: out->action = WR_REQUEST_STREAM_CLOSE; return true;
    default: return false;
    }
}

/* Takes one message off the stream that was fed; true when there was one. */
static bool read_stream(struct wr_requests *rs, const struct wr_now *now)
{
    struct wr_exchange *x;
    const uint8_t *bytes;
    size_t size;
    struct wr_msg msg;
    enum wr_response kind = WR_RESPONSE_OTHER;
    if (!wr_streams_message(&rs->env.streams, now, &x, &bytes, &size)) {
        return wr_streams_wanting(&rs->env.streams); /* a handshake goes on */
    }
    if (x) {
        wr_id id = x->id;
        enum wr_exchange_verdict verdict = wr_exchange_streamed(
            x, wr_forward_state_of(&rs->env, x), bytes, size, now->mono_us, &msg, &kind);
        if (verdict == WR_EXCHANGE_ACCEPTED && msg.edns.keepalive) {
            wr_streams_keepalive(&rs->env.streams, x, msg.edns.keepalive_100ms);
        }
        judged(rs, x, verdict, &msg, kind, now);
        x = wr_pool_get(&rs->env.exchanges, id);
        if (x && verdict == WR_EXCHANGE_REJECTED) {
            wr_request_lost(rs, x, WR_LOST_BROKEN, now->mono_us);
        }
    }
    return true;
}

static bool rescue_orphan(struct wr_requests *rs, uint64_t now_us)
{
    bool again;
    struct wr_exchange *x = wr_streams_orphan(&rs->env.streams, &again);
    if (!x) {
        return false;
    }
    if (again) {
        x->want |= WR_EXCHANGE_WANT_STREAM;
        wr_forward_want(&rs->env, x);
    } else {
        wr_request_lost(rs, x, (enum wr_lost)x->lost, now_us);
    }
    return true;
}

/* One request whose time has come; true when that made an action for the owner. */
static bool wake(struct wr_requests *rs, struct wr_request *r, const struct wr_now *now,
                 struct wr_request_out *out)
{
    wr_id id = wr_pool_id(&rs->pool, r);
    if (r->probe && r->state == WR_REQUEST_OVER) {
        wr_requests_release(rs, id, now->mono_us);
        return false;
    }
    if (r->state == WR_REQUEST_OVER) {
        wr_request_hand_out_failure(rs, r, id, now->mono_us);
        return false;
    }
    if (r->anew) {
        r->anew = false;
        wr_request_ask_stage(rs, r, id, now->mono_us);
        return false;
    }
    bool stale_due = r->stale_us <= now->mono_us;
    if (stale_due) {
        r->stale_us = WR_TIME_NEVER;
        out->action = WR_REQUEST_STALE_DUE;
        out->id = id;
    }
    if (r->woken) {
        wr_stage_go_on(rs, r, id, now->mono_us);
    } else {
        wr_stage_time(rs, r, now->mono_us);
    }
    if (r->forward.group < WR_GROUP_CUT && wr_select_suspects(&rs->env.select, r->forward.group)) {
        wr_request_arm_probes(rs, now->mono_us);
    }
    wr_request_settle(rs, r, id, now->mono_us);
    return stale_due;
}

/* Suspects of one group: all are probed when none is good, else those whose back-off is over. */
static bool probe_group(struct wr_requests *rs, unsigned group, uint64_t now_us)
{
    const struct wr_select *s = &rs->env.select;
    wr_servers suspects = wr_select_suspects(s, group) & wr_select_usable(s, group);
    bool none_good = wr_select_all_suspect(s, group);
    for (unsigned i = 0; i < WR_GROUP_SERVERS_MAX; i++) {
        if ((suspects >> i & 1) && wr_select_claim_probe(s, group, i, none_good, now_us)) {
            wr_request_probe(rs, group, i, now_us);
        }
    }
    return suspects != 0;
}

static void probe_suspects(struct wr_requests *rs, uint64_t now_us)
{
    bool any = false;
    if (rs->probe_us > now_us) {
        return;
    }
    for (unsigned g = 0; g < rs->env.select.upstreams->groups; g++) {
        any |= probe_group(rs, g, now_us);
    }
    rs->probe_us = any ? now_us + PROBE_TICK_US : WR_TIME_NEVER;
}

static bool give_finished(struct wr_requests *rs, struct wr_request_out *out)
{
    if (rs->finished == 0) {
        return false;
    }
    out->action = WR_REQUEST_FINISHED;
    out->id = rs->finished;
    out->answer = &rs->answer;
    out->failed = rs->failed;
    out->slot = rs->slot;
    out->report = rs->report.size > 0 ? &rs->report : NULL;
    return true;
}

void wr_requests_poll(struct wr_requests *rs, const struct wr_now *now,
                      struct wr_request_out *ret_out)
{
    uint64_t now_us = now->mono_us;
    wr_prove_look_at_clock(rs, now);
    if (now->wall_proven && !rs->env.streams.timed) {
        wr_streams_time_proven(&rs->env.streams);
    }
    rs->env.streams.timed = now->wall_proven;
    ret_out->action = WR_REQUEST_NOTHING;
    ret_out->datagrams = false;
    ret_out->bytes = NULL;
    ret_out->size = 0;
    /* Each turn uses up something that was fed, wanted or due; none makes more of it than it uses. */
    for (;;) {
        if (give_finished(rs, ret_out) || serve_wanting(rs, now_us, ret_out) ||
            serve_streams(rs, now_us, ret_out)) {
            return;
        }
        if (read_stream(rs, now) || rescue_orphan(rs, now_us)) {
            continue;
        }
        struct wr_timer *t = wr_heap_expired(&rs->timers, now_us);
        if (t) {
            if (wake(rs, WR_CONTAINER(t, struct wr_request, timer), now, ret_out)) {
                return;
            }
            continue;
        }
        if (!rs->proved && !wr_list_empty(&rs->proving) && wr_prove_turn(rs, now)) {
            rs->proved = true; /* one turn, then whoever else has something to do */
            continue;
        }
        bool due = rs->probe_us <= now_us || wr_streams_deadline(&rs->env.streams) <= now_us;
        if (!due) {
            rs->proved = false;
            return;
        }
        probe_suspects(rs, now_us);
        wr_streams_expire(&rs->env.streams, now_us);
    }
}

uint64_t wr_requests_deadline(const struct wr_requests *rs)
{
    if (!wr_list_empty(&rs->env.wanting) || !wr_list_empty(&rs->proving)) {
        return 0; /* a proof has a turn to come; or after an adopt: what was in flight is to be asked anew, and nothing was polled yet */
    }
    uint64_t at = wr_time_min(wr_heap_deadline(&rs->timers), rs->probe_us);
    return wr_time_min(at, wr_streams_deadline(&rs->env.streams));
}

/* Everybody gets a new chance, and what is out is sent again at once, over whatever link is there now. */
void wr_requests_link_changed(struct wr_requests *rs, uint64_t now_us)
{
    const struct wr_upstreams *u = rs->env.select.upstreams;
    for (unsigned i = 0; i < u->upstreams; i++) {
        wr_select_forgive(&rs->env.select.state[u->upstream[i].slot]);
    }
    wr_infra_forgive(&rs->iter_env.infra);
    rs->link_us = now_us;
    wr_streams_abandon(&rs->env.streams);
    for (uint32_t i = 0; i < rs->pool.count; i++) {
        wr_id id;
        struct wr_request *r = wr_pool_at(&rs->pool, i, &id);
        if (r && r->state != WR_REQUEST_OVER) {
            r->forward.next_us = now_us;
            wr_request_settle(rs, r, id, now_us);
        }
    }
}

void wr_requests_adopt(struct wr_requests *rs, const struct wr_upstreams *upstreams,
                       const struct wr_ttl_policy *ttl, const struct wr_prove_settings *prove,
                       uint32_t query_timeout_ms, uint64_t now_us)
{
    rs->env.select.upstreams = upstreams;
    rs->iter_env.upstreams = upstreams;
    rs->iter_env.ttl = ttl;
    rs->query_timeout_ms = query_timeout_ms;
    rs->ttl = ttl;
    for (uint32_t i = 0; i < rs->pool.count; i++) {
        wr_id id;
        struct wr_request *r = wr_pool_at(&rs->pool, i, &id);
        if (!r || r->state == WR_REQUEST_OVER) {
            continue;
        }
        wr_prove_end(rs, r);
        wr_forward_stop(&r->forward, &rs->env, now_us);
        r->sends = (uint16_t)(r->sends + r->forward.sends);
        if (r->probe) {
            wr_requests_release(rs, id, now_us);
        }
    }
    wr_streams_adopt(&rs->env.streams, upstreams);
    wr_prove_adopt(rs, prove);
    for (uint32_t i = 0; i < rs->pool.count; i++) {
        wr_id id;
        struct wr_request *r = wr_pool_at(&rs->pool, i, &id);
        if (r && r->state != WR_REQUEST_OVER) {
            r->asked.dnssec_ok |= rs->prove != NULL;
            r->bogus = 0;   /* others stand in those places now */
            r->anew = true; /* each in its turn: one may end at once, another lead to new ones */
            wr_request_settle(rs, r, id, now_us);
        }
    }
}

void wr_requests_adopt_local(struct wr_requests *rs, const struct wr_local *local)
{
    rs->local = local;
}

void wr_requests_adopt_held(struct wr_requests *rs, const struct wr_heldzones *held)
{
    rs->iter_env.held = rs->iters.count > 0 ? held : NULL;
}

void wr_requests_counters(const struct wr_requests *rs, struct wr_requests_counters *ret)
{
    *ret = rs->counters;
    ret->hedges = rs->env.hedges;
    ret->timeouts = rs->env.timeouts;
    ret->tcp = rs->env.tcp;
    ret->streams = rs->env.streams.opened;
    ret->yielded = rs->env.streams.evicted;
}
