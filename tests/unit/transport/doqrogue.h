/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that does what ours never would: it writes what a test wants on QUIC streams, straight to one worker, without a
 * network between them. Time is the world's and stands still unless the test moves it.
 */
#ifndef WEIR_TESTS_DOQROGUE_H
#define WEIR_TESTS_DOQROGUE_H

#include "unit/transport/doqworld.h"

enum { ROGUE_STREAMS = 4 };

struct rogue_stream {
    int64_t number;
    uint8_t out[6000];
    size_t size, sent;
    bool fin, fin_sent, closed, was_reset;
    uint64_t code;
    size_t got;
};

struct rogue {
    struct wr_quic quic;
    struct wr_quic_env env;
    struct dw *w;
    unsigned worker;
    struct wr_addr addr;
    struct rogue_stream stream[ROGUE_STREAMS];
    unsigned streams;
    bool ready;
    size_t to_server, to_client; /* octets */
    bool deaf;                   /* what the server says does not arrive */
    bool holds;                  /* it arrives, and is not read */
};

static inline int rogue_octets(void *user, int64_t number, void *of, const uint8_t *bytes,
                               size_t size, bool fin, bool early)
{
    struct rogue *r = user;

    ((struct rogue_stream *)of)->got += size;
    if (!r->holds) {
        wr_quic_consumed(&r->quic, number, size);
    }
    return WR_OK;
}

static inline void rogue_closed(void *user, int64_t number, void *of, uint64_t code)
{
    ((struct rogue_stream *)of)->closed = true;
}

static inline void rogue_reset(void *user, int64_t number, void *of, uint64_t code)
{
    struct rogue_stream *st = of;

    st->was_reset = true;
    st->code = code;
}

static inline void rogue_ready(void *user)
{
    ((struct rogue *)user)->ready = true;
}

static inline bool rogue_wants(void *user, struct wr_quic_want *want)
{
    struct rogue *r = user;

    for (unsigned i = 0; i < r->streams; i++) {
        struct rogue_stream *st = &r->stream[i];

        if (!st->closed && (st->sent < st->size || (st->fin && !st->fin_sent))) {
            want->stream = st->number;
            want->parts = 1;
            want->part[0] = (struct wr_chunks_part){st->out + st->sent, st->size - st->sent};
            want->fin = st->fin;
            return true;
        }
    }
    return false;
}

static inline void rogue_took(void *user, int64_t number, size_t size, bool blocked)
{
    struct rogue *r = user;

    for (unsigned i = 0; i < r->streams; i++) {
        struct rogue_stream *st = &r->stream[i];

        if (st->number == number) {
            st->sent = blocked ? st->size : st->sent + size;
            st->fin_sent = st->fin_sent || (st->fin && st->sent == st->size);
        }
    }
}

/* With what one of ours has from the time before, when it is not NULL: its ticket and, if it is at that address, the token. */
static inline void rogue_start_known(struct rogue *r, struct dw *w, unsigned worker, unsigned host,
                                     const struct dw_client *before, bool with_token)
{
    static const struct wr_quic_calls calls = {
        .octets = rogue_octets,
        .closed = rogue_closed,
        .reset = rogue_reset,
        .ready = rogue_ready,
        .rejected = rogue_ready,
        .wants = rogue_wants,
        .took = rogue_took,
    };
    const struct wr_quic_tls tls = {.creds = w->client_creds,
                                    .verify = dw_verify,
                                    .verify_user = w,
                                    .now = {.mono_us = w->now_us, .wall_s = CERTS_NOW_S},
                                    .ticket = before != NULL ? before->ticket : NULL,
                                    .ticket_size = before != NULL ? before->ticket_size : 0};
    uint32_t window = w->rogue_window > 0 ? w->rogue_window : 70000;
    const struct wr_quic_limits limits = {
        .stream_size = window, .window = window, .idle_ms = 30000, .handshake_ms = 5000};
    struct wr_addr to = dw_addr(1, 853);

    memset(r, 0, sizeof(*r));
    r->w = w;
    r->worker = worker;
    r->addr = dw_addr(host, 5000);
    r->quic.calls = &calls;
    r->quic.user = r;
    assert_int_equal(wr_quic_env_init(&r->env, &w->rng, 0, NULL, 8u << 20, 8u << 20), WR_OK);
    assert_int_equal(wr_quic_connect(&r->quic, &r->env, &tls, &limits, &r->addr, &to,
                                     with_token ? before->token : NULL,
                                     with_token ? before->token_size : 0, w->now_us),
                     WR_OK);
}

static inline void rogue_start(struct rogue *r, struct dw *w, unsigned worker, unsigned host)
{
    rogue_start_known(r, w, worker, host, NULL, false);
}

static inline void rogue_end(struct rogue *r)
{
    wr_quic_end(&r->quic);
    wr_quic_env_end(&r->env);
}

/* Octets for a new stream. */
static inline struct rogue_stream *rogue_say(struct rogue *r, const void *bytes, size_t size,
                                             bool fin)
{
    struct rogue_stream *st = &r->stream[r->streams];

    assert_true(r->streams < ROGUE_STREAMS && size <= sizeof(st->out));
    assert_int_equal(wr_quic_open_stream(&r->quic, st, &st->number), WR_OK);
    r->streams++;
    memcpy(st->out, bytes, size);
    st->size = size;
    st->fin = fin;
    return st;
}

/* Passes what both sides have to say until both are silent. */
static inline void rogue_run(struct rogue *r)
{
    struct dw *w = r->w;
    struct wr_doqserver *s = w->s[r->worker];
    struct wr_doq_datagram way = {.from = r->addr, .local = dw_addr(1, 853)};
    struct wr_addr local, to;
    uint8_t bytes[WR_QUIC_DATAGRAM];
    bool more = true;
    size_t n;

    for (unsigned turns = 0; more && turns < 1000; turns++) {
        more = false;
        while ((n = wr_quic_output(&r->quic, bytes, sizeof(bytes), &local, &to, w->now_us)) > 0) {
            uint16_t other;

            way.from = local;
            way.local = to;
            way.bytes = bytes;
            way.size = n;
            r->to_server += n;
            assert_int_equal(wr_doqserver_feed(s, &way, w->now_us, &other), WR_OK);
            more = true;
        }
        dw_serve(w, r->worker);
        while ((n = wr_doqserver_output(s, bytes, sizeof(bytes), &way, w->now_us)) > 0) {
            r->to_client += n;
            if (!r->deaf) {
                wr_quic_feed(&r->quic, &way.from, &way.local, bytes, n, w->now_us);
            }
            dw_serve(w, r->worker);
            more = true;
        }
    }
}

/* Time passes for both. */
static inline void rogue_wait(struct rogue *r, uint64_t us)
{
    for (uint64_t end_us = r->w->now_us + us; r->w->now_us < end_us;) {
        rogue_run(r);
        r->w->now_us += 10 * WR_MS;
        wr_quic_time(&r->quic, r->w->now_us);
        wr_doqserver_time(r->w->s[r->worker], r->w->now_us);
    }
    rogue_run(r);
}

#endif
