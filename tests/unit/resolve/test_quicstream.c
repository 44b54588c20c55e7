/* SPDX-License-Identifier: Apache-2.0 */
/* Streams by QUIC, against our server in memory: what nobody waits for any more is taken back, and one that ends by itself says so. */
#include "unit/unit.h"

#include "base/check.h"
#include "base/limits.h"
#include "resolve/stream.h"
#include "resolve/streamlife.h"
#include "transport/updoq.h"
#include "transport/whom.h"
#include "unit/transport/doqworld.h"

static struct dw *w;
static struct wr_streams s;
static void *block;
static struct wr_exchange x[2 * WR_UPDOQ_OUT];
static struct wr_upstreams upstreams;
static struct wr_whom whom = {.proof = WR_URI_OPPORTUNISTIC, .name = "dns.test"};
static struct wr_conninfo conns[WR_UPSTREAMS_MAX];
static struct wr_conninfo_view view;
static struct wr_stream_out out;
static struct wr_exchange *got;
static unsigned opened;
static bool dead; /* the way there and back loses all */

static void *resize(void *user, void *at, size_t size)
{
    if (size == 0) {
        free(at);
        return NULL;
    }
    return realloc(at, size);
}

static int setup(void **state)
{
    w = dw_new(9);
    dw_start(w);
    memset((void *)conns, 0, sizeof(conns));
    memset(x, 0, sizeof(x));
    upstreams = (struct wr_upstreams){.upstreams = 1, .trust = w->client_creds};
    upstreams.upstream[0] = (struct wr_upstream){.addr = dw_addr(1, 853),
                                                 .scheme = WR_SCHEME_QUIC,
                                                 .slot = 5,
                                                 .generation = 2,
                                                 .whom = &whom};
    block = aligned_alloc(64, (wr_streams_size(4) + 63) & ~(size_t)63);
    wr_streams_init(&s, block, 4);
    wr_streams_adopt(&s, &upstreams);
    s.conns = conns;
    s.memory.resize = resize;
    opened = 0;
    dead = false;
    for (unsigned i = 0; i < WR_ARRAY_LEN(x); i++) {
        wr_list_init(&x[i].node);
        wr_list_init(&x[i].on_stream);
        x[i].addr = dw_addr(1, 853);
        x[i].scheme = WR_SCHEME_QUIC;
        x[i].slot = 5;
        x[i].generation = 2;
    }
    return 0;
}

static int teardown(void **state)
{
    wr_streams_stop(&s);
    dw_free(w);
    free(block);
    return 0;
}

static struct wr_now now(void)
{
    return (struct wr_now){.mono_us = w->now_us, .wall_s = CERTS_NOW_S, .wall_proven = true};
}

/* An answer to an exchange; false: there is none among what came last. */
static bool read_answer(void)
{
    struct wr_now at = now();
    const uint8_t *msg;
    size_t size;
    while (wr_streams_message(&s, &at, &got, &msg, &size)) {
        if (got) {
            return true;
        }
    }
    return false;
}

/* What the streams want done; each has a port of its own. False: nothing. */
static bool serve(void)
{
    uint8_t msg[64];
    uint16_t other;
    switch (wr_streams_poll(&s, w->now_us, &out)) {
    case WR_STREAM_OPEN:
        opened++;
        wr_streams_opened(&s, out.id, w->now_us);
        (void)read_answer();
        return true;
    case WR_STREAM_ASK:
        wr_streams_ask(&s, out.id, msg, dw_query(msg, out.exchange->stream_msg_id, 0));
        return true;
    case WR_STREAM_WRITE: {
        struct wr_doq_datagram way = {.from = dw_addr(10, (uint16_t)(40000 + (uint32_t)out.id)),
                                      .local = dw_addr(1, 853),
                                      .listener = 3,
                                      .bytes = out.bytes,
                                      .size = out.size};
        if (!dead) {
            assert_int_equal(wr_doqserver_feed(w->s[0], &way, w->now_us, &other), WR_OK);
            dw_serve(w, 0);
        }
        return true;
    }
    case WR_STREAM_CLOSE: return true;
    default: return false;
    }
}

/* Until an answer comes (to `got`), for so long at most. */
static bool play(uint64_t us)
{
    uint8_t bytes[WR_QUIC_DATAGRAM];
    struct wr_doq_datagram way;
    uint64_t end_us = w->now_us + us;
    while (w->now_us < end_us) {
        while (serve()) {
        }
        size_t n = wr_doqserver_output(w->s[0], bytes, sizeof(bytes), &way, w->now_us);
        if (n == 0) {
            w->now_us += WR_MS;
            wr_streams_expire(&s, w->now_us);
            wr_doqserver_time(w->s[0], w->now_us);
            continue;
        }
        for (uint32_t i = 0; i < s.pool.count; i++) {
            wr_id id;
            struct wr_now at = now();
            if (!dead && wr_pool_at(&s.pool, i, &id) && way.from.port == 40000 + i) {
                wr_streams_bytes(&s, id, bytes, n, &at);
            }
        }
        if (read_answer()) {
            return true;
        }
    }
    return false;
}

static struct wr_stream *open_for(unsigned n)
{
    assert_int_equal(wr_streams_place(&s, &x[n], &w->rng, w->now_us), 0);
    assert_true(play(WR_S));
    assert_ptr_equal(got, &x[n]);
    wr_streams_leave(&s, &x[n], w->now_us);
    (void)play(100 * WR_MS);
    assert_int_equal(s.pool.taken, 1);
    return wr_pool_get(&s.pool, out.id);
}

/* Eight names that their servers do not answer, given up by who asked: the next eight have their places. */
static void test_what_is_left_is_taken_back(void **state)
{
    struct wr_stream *st = open_for(0);
    w->mute = true;
    for (unsigned i = 0; i < WR_UPDOQ_OUT; i++) {
        assert_int_equal(wr_streams_place(&s, &x[i], &w->rng, w->now_us), 0);
    }
    assert_false(play(300 * WR_MS));
    assert_int_equal(wr_upconn_spare(&st->conn), 0);
    for (unsigned i = 0; i < WR_UPDOQ_OUT; i++) {
        wr_streams_leave(&s, &x[i], w->now_us);
    }
    assert_int_equal(st->owed, 0);
    assert_false(play(100 * WR_MS));
    assert_int_equal(wr_upconn_spare(&st->conn), WR_UPDOQ_OUT);
    w->mute = false;
    for (unsigned i = WR_UPDOQ_OUT; i < 2 * WR_UPDOQ_OUT; i++) {
        assert_int_equal(wr_streams_place(&s, &x[i], &w->rng, w->now_us), 0);
        assert_int_equal(x[i].stream, st->id);
    }
    for (unsigned i = WR_UPDOQ_OUT; i < 2 * WR_UPDOQ_OUT; i++) {
        assert_true(play(WR_S));
        wr_streams_leave(&s, got, w->now_us);
    }
    assert_int_equal(opened, 1);
}

/* Every place at the server is taken by names that are silent, and somebody still waits for them: who has waited for longest makes room. */
static void test_who_is_out_for_longest_makes_room(void **state)
{
    bool again;
    struct wr_stream *st = open_for(0);
    s.most = 2; /* the server's share is one connection */
    w->mute = true;
    for (unsigned i = 0; i < WR_UPDOQ_OUT; i++) {
        x[i].first_sent_us = w->now_us;
        assert_int_equal(wr_streams_place(&s, &x[i], &w->rng, w->now_us), 0);
        assert_false(play(10 * WR_MS));
    }
    assert_int_equal(wr_streams_place(&s, &x[8], &w->rng, w->now_us), 0);
    assert_false(play(700 * WR_MS));
    assert_null(wr_streams_orphan(&s, &again)); /* none is late yet */
    assert_int_equal(x[8].written_us, 0);
    wr_streams_leave(&s, &x[8], w->now_us);
    w->now_us += 250 * WR_MS;
    st->since_us = w->now_us; /* it answers others */
    assert_int_equal(wr_streams_place(&s, &x[9], &w->rng, w->now_us), 0);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[0]);
    assert_false(again);
    assert_int_equal(x[0].lost, WR_LOST_OWN);
    assert_null(wr_streams_orphan(&s, &again));
    w->mute = false;
    assert_true(play(WR_S));
    assert_ptr_equal(got, &x[9]);
    assert_int_equal(opened, 1);
}

/* A handshake that took long is no lateness of the questions that waited for it: they were written just now. */
static void test_who_was_written_just_now_keeps_his_place(void **state)
{
    bool again;
    s.most = 2; /* the server's share is one connection */
    w->mute = true;
    dead = true;
    for (unsigned i = 0; i < WR_UPDOQ_OUT; i++) {
        x[i].first_sent_us = w->now_us;
        assert_int_equal(wr_streams_place(&s, &x[i], &w->rng, w->now_us), 0);
    }
    assert_false(play(900 * WR_MS));
    assert_int_equal(x[0].written_us, 0);
    dead = false; /* the first datagram is sent again after a second */
    for (unsigned i = 0; i < 60 && x[WR_UPDOQ_OUT - 1].written_us == 0; i++) {
        assert_false(play(5 * WR_MS));
    }
    assert_int_not_equal(x[WR_UPDOQ_OUT - 1].written_us, 0);
    assert_true(w->now_us >= x[0].first_sent_us + WR_STREAMLIFE_DOUBT_US);
    x[8].first_sent_us = w->now_us;
    assert_int_equal(wr_streams_place(&s, &x[8], &w->rng, w->now_us), 0);
    assert_null(wr_streams_orphan(&s, &again));
    assert_false(play(500 * WR_MS));
    x[9].first_sent_us = w->now_us;
    assert_int_equal(wr_streams_place(&s, &x[9], &w->rng, w->now_us), 0);
    assert_null(wr_streams_orphan(&s, &again));
}

/* The same of a question that went from a doubted connection to another one, and is left there. */
static void test_what_went_elsewhere_is_taken_back(void **state)
{
    bool again;
    struct wr_stream *st = open_for(0);
    w->mute = true;
    assert_int_equal(wr_streams_place(&s, &x[1], &w->rng, w->now_us), 0);
    assert_false(play(5 * WR_MS));
    dead = true;
    assert_false(play(1100 * WR_MS));
    assert_true(st->doubted);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[1]);
    assert_int_equal(wr_streams_place(&s, &x[1], &w->rng, w->now_us), 0);
    assert_int_not_equal(x[1].stream, st->id);
    assert_int_equal(wr_upconn_spare(&st->conn), WR_UPDOQ_OUT - 1);
    wr_streams_leave(&s, &x[1], w->now_us);
    assert_int_equal(st->owed, 0);
    dead = false;
    assert_false(play(100 * WR_MS));
    assert_false(st->doubted);
    assert_int_equal(wr_upconn_spare(&st->conn), WR_UPDOQ_OUT);
}

/* Of two questions that went elsewhere one fails on the doubted connection: that it leaves then is not counted for the other as well. */
static void test_what_failed_there_is_not_taken_back(void **state)
{
    bool again;
    struct wr_stream *st = open_for(0);
    uint64_t first;
    w->mute = true;
    assert_int_equal(wr_streams_place(&s, &x[1], &w->rng, w->now_us), 0);
    assert_false(play(5 * WR_MS));
    first = w->last_stream;
    assert_int_equal(wr_streams_place(&s, &x[2], &w->rng, w->now_us), 0);
    assert_false(play(5 * WR_MS));
    assert_int_not_equal(w->last_stream, first);
    dead = true;
    assert_false(play(1100 * WR_MS));
    assert_true(st->doubted);
    for (int i = 1; i <= 2; i++) {
        assert_ptr_equal(wr_streams_orphan(&s, &again), &x[i]);
        assert_int_equal(wr_streams_place(&s, &x[i], &w->rng, w->now_us), 0);
        assert_int_equal(x[i].old_stream, st->id);
    }
    assert_int_equal(st->owed, 2);
    wr_doqserver_answer(w->s[0], w->last_conn, first, NULL, 0, w->now_us);
    dead = false;
    assert_false(play(100 * WR_MS));
    assert_int_equal(st->owed, 1);
    assert_int_equal(x[1].old_stream, 0);
    wr_streams_leave(&s, &x[1], w->now_us);
    assert_int_equal(st->owed, 1);
    wr_streams_leave(&s, &x[2], w->now_us);
    assert_int_equal(st->owed, 0);
}

/* A server that says that it heard the question has not hung: the name is slow. Not for ever. */
static void test_who_acknowledges_is_not_doubted(void **state)
{
    bool again;
    struct wr_stream *st = open_for(0);
    w->mute = true;
    assert_int_equal(wr_streams_place(&s, &x[1], &w->rng, w->now_us), 0);
    assert_false(play(4 * WR_S));
    assert_false(st->doubted);
    assert_null(wr_streams_orphan(&s, &again));
    wr_streams_leave(&s, &x[1], w->now_us);
    assert_int_equal(st->unheard, 0);
    assert_int_equal(wr_streams_place(&s, &x[2], &w->rng, w->now_us), 0);
    assert_false(play(WR_STREAMLIFE_ACKED_US + 1100 * WR_MS));
    assert_true(st->doubted);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[2]);
    assert_true(again);
}

/* It ended by its own clock or by an error of ours, so nothing comes that says it: its question is not left to wait until patience ends,
 * and the server has not hung. */
static void test_an_end_of_its_own_is_heard_at_once(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        bool again;
        struct wr_stream *st = open_for(0);
        w->mute = true;
        assert_int_equal(wr_streams_place(&s, &x[1], &w->rng, w->now_us), 0);
        assert_false(play(300 * WR_MS));
        wr_updoq_close(&st->conn);
        if (i == 0) { /* seen when it is its turn, or when its clock is looked at */
            wr_streamlife_mark(&s, st);
            while (serve()) {
            }
        } else {
            wr_streams_expire(&s, wr_streams_deadline(&s));
        }
        assert_ptr_equal(wr_streams_orphan(&s, &again), &x[1]);
        assert_true(again);
        wr_conninfo_read(&conns[5], 2, &view);
        assert_int_equal(view.failures, i + 1);
        assert_int_equal(view.why, WR_UPCONN_CLOSED);
        assert_string_equal(view.text, "closed here");
        x[1].stream_retried = w->mute = false;
        assert_false(play(100 * WR_MS));
        assert_int_equal(s.pool.taken, 0);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_what_is_left_is_taken_back),
        CASE(test_who_is_out_for_longest_makes_room),
        CASE(test_what_went_elsewhere_is_taken_back),
        CASE(test_what_failed_there_is_not_taken_back),
        CASE(test_who_acknowledges_is_not_doubted),
        CASE(test_an_end_of_its_own_is_heard_at_once),
        CASE(test_who_was_written_just_now_keeps_his_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
