/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/exchange.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/time.h"
#include "dns/build.h"

/* A server that does not speak EDNS is asked without it for so long, then tried again. */
#define NO_EDNS_US (3600 * WR_S)
/* Wrong replies are counted by the hour; wariness lasts as long. */
#define WARY_US (3600 * WR_S)

#define LOAD(v)     atomic_load_explicit(&(v), memory_order_relaxed)
#define STORE(v, x) atomic_store_explicit(&(v), (x), memory_order_relaxed)

const char *wr_exchange_state_name(uint8_t state)
{
    static const char *const names[] = {"IDLE", "UDP", "STREAM", "DONE", "FAILED"};
    return state < WR_ARRAY_LEN(names) ? names[state] : "?";
}

/* The name as it is sent: letters whose bit is set have their case turned. */
static void turn_case(const struct wr_exchange *x, uint8_t *name)
{
    size_t size = x->question->name.size;
    for (size_t i = 0; i < size; i++) {
        bool letter = (unsigned)wr_name_fold(name[i]) - 'a' < 26u;
        if (letter && (x->case_bits[i / 8] >> (i % 8) & 1)) {
            name[i] ^= 0x20;
        }
    }
}

/* Random bits for letters only: the length octets of labels are 1 to 63 and would read as digits and signs,
 * never as letters, so every letter octet of the wire name is a letter of a label. */
static void choose_case(struct wr_exchange *x, struct wr_rng *rng)
{
    wr_rng_bytes(rng, x->case_bits, sizeof(x->case_bits));
}

/* Some servers answer nothing useful to capitals, whoever wrote them. */
static bool wants_small(const struct wr_upstreams *u, const struct wr_name *name)
{
    for (unsigned i = 0; i < u->lower_cases; i++) {
        if (wr_name_in(name->wire, u->lower_case[i].wire)) {
            return true;
        }
    }
    return false;
}

static void make_client_cookie(struct wr_exchange *x, const uint8_t *key_bytes)
{
    struct wr_hash_key key;
    memcpy(&key, key_bytes, sizeof(key));
    uint64_t h = wr_hash_sip24(&key, x->addr.ip, sizeof(x->addr.ip));
    memcpy(x->client_cookie, &h, sizeof(h));
}

void wr_exchange_start(struct wr_exchange *x, const struct wr_exchange_setup *setup,
                       struct wr_rng *rng)
{
    const struct wr_peer *u = &setup->peer;
    x->addr = u->addr;
    x->slot = u->slot;
    x->scheme = u->scheme;
    x->generation = u->generation;
    x->question = setup->question;
    x->subnet = setup->subnet ? *setup->subnet : (struct wr_prefix){0};
    x->recursion_desired = setup->recursion_desired;
    x->msg_id = wr_rng_u16(rng);
    x->edns = LOAD(setup->state->no_edns_until_us) <= setup->now_us;
    /* On a connection that proved itself a cookie says nothing, but who asks. */
    x->cookies = x->edns && setup->upstreams->cookies && !wr_upstream_is_encrypted(u->scheme);
    x->lower_case = wants_small(setup->upstreams, &setup->question->name);
    x->case_randomised = setup->upstreams->case_randomisation && !x->lower_case;
    if (x->case_randomised) {
        choose_case(x, rng);
    }
    if (x->cookies) {
        make_client_cookie(x, setup->client_cookie_key);
    }
    x->wary = LOAD(setup->state->wary_until_us) > setup->now_us;
    if (u->scheme != WR_SCHEME_UDP || x->wary) {
        wr_exchange_to_stream(x);
    } else {
        x->state = WR_EXCHANGE_UDP;
        x->want = WR_EXCHANGE_WANT_DATAGRAM;
    }
}

void wr_exchange_repeat(struct wr_exchange *x)
{
    if (x->state == WR_EXCHANGE_UDP) {
        x->want |= WR_EXCHANGE_WANT_DATAGRAM;
    }
}

void wr_exchange_to_stream(struct wr_exchange *x)
{
    x->state = WR_EXCHANGE_STREAM;
    x->want = (uint8_t)(WR_EXCHANGE_WANT_STREAM | (x->port_open ? WR_EXCHANGE_WANT_FORGET : 0));
}

static size_t cookie_to_send(const struct wr_exchange *x, const struct wr_upstream_state *st,
                             uint8_t ret[WR_COOKIE_MAX])
{
    uint32_t server = LOAD(st->cookie_size);
    memcpy(ret, x->client_cookie, 8);
    if (server < 8 || server > 32) {
        return 8;
    }
    for (unsigned i = 0; i < 4; i++) {
        uint64_t word = LOAD(st->cookie[i]);
        memcpy(ret + 8 + 8 * i, &word, 8);
    }
    return 8 + server;
}

size_t wr_exchange_write(const struct wr_exchange *x, const struct wr_upstream_state *state,
                         bool stream, uint8_t *room, size_t cap)
{
    const struct wr_question *q = x->question;
    struct wr_build b;
    uint8_t cookie[WR_COOKIE_MAX];
    uint16_t flags = (uint16_t)((x->recursion_desired ? WR_FLAG_RD : 0) |
                                (q->checking_disabled ? WR_FLAG_CD : 0));
    struct wr_name name;
    wr_name_set(&name, q->name.wire);
    if (x->lower_case) {
        wr_name_lower(q->name.wire, name.wire);
    }
    if (!stream && x->case_randomised) {
        turn_case(x, name.wire);
    }
    wr_build_start(&b, room, cap, stream ? x->stream_msg_id : x->msg_id, flags);
    wr_build_question(&b, name.wire, q->type, WR_CLASS_IN);
    if (x->edns) {
        struct wr_build_opt opt = {
            .udp_size = WR_EDNS_UDP_SIZE, .dnssec_ok = q->dnssec_ok, .ede = WR_EDE_NONE};
        if (stream && wr_upstream_is_encrypted(x->scheme)) {
            opt.pad_to =
                WR_PAD_QUERY; /* RFC 8467 section 4.1; never in plain text (RFC 7830 section 6) */
            opt.keepalive = opt.keepalive_empty = x->scheme == WR_SCHEME_TLS; /* RFC 7828 */
        }
        opt.subnet = x->subnet.addr.family != WR_AF_NONE ? &x->subnet : NULL;
        if (x->cookies) {
            opt.cookie_size = (uint8_t)cookie_to_send(x, state, cookie);
            opt.cookie = cookie;
        }
        int err = wr_build_opt(&b, &opt, 0);
        wr_assert(err == WR_OK);
    }
    return wr_build_finish(&b, 0);
}

static bool question_matches(const struct wr_exchange *x, const struct wr_msg *m, bool exact_case)
{
    const struct wr_question *q = x->question;
    if (m->qdcount != 1 || m->qtype != q->type || m->qclass != WR_CLASS_IN ||
        !wr_name_equal(m->qname.wire, q->name.wire)) {
        return false;
    }
    if (!exact_case) {
        return true;
    }
    struct wr_name sent;
    wr_name_set(&sent, q->name.wire);
    turn_case(x, sent.wire);
    return memcmp(sent.wire, m->qname.wire, sent.size) == 0;
}

/* A cookie in a reply must begin with ours; a server that has given cookies must give one (RFC 7873 section 5.3). */
static bool cookie_matches(const struct wr_exchange *x, const struct wr_upstream_state *st,
                           const struct wr_msg *m)
{
    if (!x->cookies) {
        return true;
    }
    if (m->edns.cookie_size == 0) {
        return !(LOAD(st->flags) & WR_UPSTREAM_COOKIES);
    }
    return memcmp(m->edns.cookie, x->client_cookie, 8) == 0;
}

static void learn_cookie(const struct wr_exchange *x, struct wr_upstream_state *st,
                         const struct wr_msg *m)
{
    if (!x->cookies || m->edns.cookie_size < 16) {
        return;
    }
    uint32_t size = m->edns.cookie_size - 8u;
    uint8_t padded[32] = {0};
    memcpy(padded, m->edns.cookie + 8, size);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t word;
        memcpy(&word, padded + 8 * i, 8);
        STORE(st->cookie[i], word);
    }
    STORE(st->cookie_size, size);
    atomic_fetch_or_explicit(&st->flags, WR_UPSTREAM_COOKIES, memory_order_relaxed);
}

/* FORMERR and NOTIMP of servers that never heard of EDNS may come as a bare header (RFC 6891 section 7). */
static bool is_bare_error(const struct wr_msg *m)
{
    uint8_t rcode = m->flags & 15;
    return m->qdcount == 0 && (rcode == WR_RCODE_FORMERR || rcode == WR_RCODE_NOTIMP);
}

/* Over UDP it is a forger's when the server has sent an OPT record before: there is no question to guess, and
 * cookies would be off for an hour. Over TCP it is what it says. */
static bool is_bare_and_likely(const struct wr_upstream_state *st, const struct wr_msg *m)
{
    return is_bare_error(m) && !(LOAD(st->flags) & WR_UPSTREAM_EDNS);
}

static bool is_reply(const struct wr_msg *m, uint16_t id)
{
    return (m->flags & WR_FLAG_QR) && m->id == id && wr_msg_opcode(m) == WR_OPCODE_QUERY;
}

/* Who guesses has a few guesses an hour in the name of one server, whatever the names that are asked for. */
static void count_wrong(struct wr_upstream_state *st, uint64_t now_us)
{
    uint64_t since = LOAD(st->wrong_since_us);
    if (since == 0 || now_us > since + WARY_US) {
        STORE(st->wrong_since_us, now_us);
        STORE(st->wrong_lately, 0);
    }
    uint32_t count = atomic_fetch_add_explicit(&st->wrong_lately, 1, memory_order_relaxed) + 1;
    if (count >= WR_WRONG_UPSTREAM_MAX) {
        STORE(st->wary_until_us, now_us + WARY_US);
    }
}

void wr_exchange_tcp_failed(const struct wr_exchange *x, struct wr_upstream_state *state)
{
    bool heard = LOAD(state->answered_us) > x->first_sent_us;
    if (x->wary && !heard) {
        STORE(state->wary_until_us, 0);
        STORE(state->wrong_since_us, 0);
    }
}

static enum wr_exchange_verdict reject(struct wr_exchange *x, struct wr_upstream_state *st,
                                       uint64_t now_us)
{
    x->wrong++;
    count_wrong(st, now_us);
    if (x->wrong >= WR_WRONG_REPLIES_MAX && x->state == WR_EXCHANGE_UDP) {
        wr_exchange_to_stream(x);
    }
    return WR_EXCHANGE_REJECTED;
}

/* The same message again, changed: over the transport it is on. */
static enum wr_exchange_verdict again(struct wr_exchange *x)
{
    x->want |= x->state == WR_EXCHANGE_UDP ? WR_EXCHANGE_WANT_DATAGRAM : WR_EXCHANGE_WANT_STREAM;
    return WR_EXCHANGE_CONTINUES;
}

/* A believed reply: is it an end, or is there another way to ask the same server? */
static enum wr_exchange_verdict consider(struct wr_exchange *x, struct wr_upstream_state *st,
                                         const struct wr_msg *m, uint64_t now_us,
                                         enum wr_response *ret_kind)
{
    enum wr_response kind = wr_classify(m, x->question->name.wire, x->question->type);
    bool no_edns_there =
        kind == WR_RESPONSE_FORMERR || kind == WR_RESPONSE_NOTIMP || kind == WR_RESPONSE_BADVERS;
    learn_cookie(x, st, m);
    if (m->edns.present && !(LOAD(st->flags) & WR_UPSTREAM_EDNS)) {
        atomic_fetch_or_explicit(&st->flags, WR_UPSTREAM_EDNS, memory_order_relaxed);
    }
    if (kind == WR_RESPONSE_TRUNCATED) {
        atomic_fetch_add_explicit(&st->truncated, 1, memory_order_relaxed);
    }
    if (kind == WR_RESPONSE_TRUNCATED && x->state == WR_EXCHANGE_UDP) {
        wr_exchange_to_stream(x);
        return WR_EXCHANGE_CONTINUES;
    }
    if (no_edns_there && x->edns && !m->edns.present) {
        STORE(st->no_edns_until_us, now_us + NO_EDNS_US);
        x->edns = x->cookies = false;
        return again(x);
    }
    if (kind == WR_RESPONSE_BADCOOKIE) {
        if (x->cookie_retried && x->state == WR_EXCHANGE_UDP) {
            wr_exchange_to_stream(x);
            return WR_EXCHANGE_CONTINUES;
        }
        if (!x->cookie_retried) {
            x->cookie_retried = true;
            return again(x);
        }
    }
    x->state = WR_EXCHANGE_DONE;
    x->want = x->port_open ? WR_EXCHANGE_WANT_FORGET : 0;
    *ret_kind = kind;
    return WR_EXCHANGE_ACCEPTED;
}

enum wr_exchange_verdict wr_exchange_datagram(struct wr_exchange *x,
                                              struct wr_upstream_state *state,
                                              const struct wr_addr *from, const uint8_t *bytes,
                                              size_t size, uint64_t now_us, struct wr_msg *ret_msg,
                                              enum wr_response *ret_kind)
{
    if (x->state != WR_EXCHANGE_UDP) {
        return WR_EXCHANGE_REJECTED;
    }
    if (!wr_addr_equal(from, &x->addr) || wr_msg_parse(ret_msg, bytes, size) != WR_OK ||
        !is_reply(ret_msg, x->msg_id)) {
        return reject(x, state, now_us);
    }
    if (!is_bare_and_likely(state, ret_msg) &&
        (!question_matches(x, ret_msg, x->case_randomised) || !cookie_matches(x, state, ret_msg))) {
        return reject(x, state, now_us);
    }
    return consider(x, state, ret_msg, now_us, ret_kind);
}

enum wr_exchange_verdict wr_exchange_streamed(struct wr_exchange *x,
                                              struct wr_upstream_state *state, const uint8_t *bytes,
                                              size_t size, uint64_t now_us, struct wr_msg *ret_msg,
                                              enum wr_response *ret_kind)
{
    if (x->state != WR_EXCHANGE_STREAM) {
        return WR_EXCHANGE_REJECTED;
    }
    if (wr_msg_parse(ret_msg, bytes, size) != WR_OK || !is_reply(ret_msg, x->stream_msg_id) ||
        (!is_bare_error(ret_msg) && !question_matches(x, ret_msg, false))) {
        x->wrong++;
        x->state = WR_EXCHANGE_FAILED;
        return WR_EXCHANGE_REJECTED;
    }
    return consider(x, state, ret_msg, now_us, ret_kind);
}
