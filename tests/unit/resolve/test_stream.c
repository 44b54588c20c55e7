/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/time.h"
#include "resolve/stream.h"
#include "resolve/stream_state.h"

#define COUNT 4
#define T0    (70 * WR_S)

static struct wr_streams s;
static void *block;
static struct wr_rng rng;
static struct wr_exchange x[300];
static struct wr_stream_out out;
static struct wr_exchange *got;
static const struct wr_now now = {.mono_us = T0};

static int setup(void **state)
{
    block = aligned_alloc(64, (wr_streams_size(COUNT) + 63) & ~(size_t)63);
    wr_streams_init(&s, block, COUNT);
    wr_rng_seed_u64(&rng, 3);
    memset(x, 0, sizeof(x));
    for (unsigned i = 0; i < 300; i++) {
        wr_list_init(&x[i].node);
        wr_list_init(&x[i].on_stream);
        x[i].first_sent_us = T0;
        assert_int_equal(wr_addr_from_text("192.0.2.1:53", &x[i].addr), 0);
    }
    return 0;
}

static int teardown(void **state)
{
    free(block);
    return 0;
}

static enum wr_stream_action poll_at(uint64_t now_us)
{
    return wr_streams_poll(&s, now_us, &out);
}

/* The question of exchange `n` goes out, in its frame. */
static void ask_one(unsigned n)
{
    static const uint8_t msg[13] = {7};
    assert_int_equal(poll_at(T0), WR_STREAM_ASK);
    assert_ptr_equal(out.exchange, &x[n]);
    wr_streams_ask(&s, out.id, msg, sizeof(msg));
    assert_int_equal(poll_at(T0), WR_STREAM_WRITE);
    assert_int_equal(out.size, 2 + sizeof(msg));
    assert_int_equal(out.bytes[1], sizeof(msg));
    assert_memory_equal(out.bytes + 2, msg, sizeof(msg));
}

/* Opens a stream with exchange `n` on it. */
static wr_id open_with(unsigned n)
{
    assert_int_equal(wr_streams_place(&s, &x[n], &rng, T0), 0);
    assert_int_equal(poll_at(T0), WR_STREAM_OPEN);
    wr_id stream = out.id;
    assert_true(wr_addr_equal(&out.addr, &x[n].addr));
    assert_false(out.datagrams);
    assert_int_equal(poll_at(T0), WR_STREAM_NOTHING);
    wr_streams_opened(&s, stream, T0);
    ask_one(n);
    return stream;
}

static void place_at(unsigned n, const char *to, uint64_t now_us)
{
    assert_int_equal(wr_addr_from_text(to, &x[n].addr), 0);
    assert_int_equal(wr_streams_place(&s, &x[n], &rng, now_us), 0);
}

static void feed(wr_id stream, uint16_t msg_id)
{
    static uint8_t frame[14];
    memset(frame, 0, sizeof(frame));
    frame[1] = 12;
    frame[2] = (uint8_t)(msg_id >> 8);
    frame[3] = (uint8_t)msg_id;
    wr_streams_bytes(&s, stream, frame, sizeof(frame), &now);
}

static void test_pipelined_and_out_of_order(void **state)
{
    const uint8_t *msg;
    size_t size;
    wr_id stream = open_with(0);
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    ask_one(1); /* the same connection */
    assert_int_equal(out.id, stream);
    assert_int_not_equal(x[0].stream_msg_id, x[1].stream_msg_id);
    feed(stream, x[1].stream_msg_id);
    assert_true(wr_streams_message(&s, &now, &got, &msg, &size));
    assert_ptr_equal(got, &x[1]);
    assert_int_equal(size, 12);
    assert_false(wr_streams_message(&s, &now, &got, &msg, &size));
    feed(stream, (uint16_t)(x[0].stream_msg_id + 7)); /* nobody asked that */
    assert_true(wr_streams_message(&s, &now, &got, &msg, &size));
    assert_null(got);
}

static void test_refused_connection_orphans(void **state)
{
    bool again;
    assert_int_equal(wr_streams_place(&s, &x[0], &rng, T0), 0);
    assert_int_equal(poll_at(T0), WR_STREAM_OPEN);
    wr_streams_closed(&s, out.id, WR_LOST_BROKEN, T0);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[0]);
    assert_false(again);
    assert_int_equal(x[0].stream, 0);
    assert_null(wr_streams_orphan(&s, &again));
    wr_streams_closed(&s, out.id, WR_LOST_BROKEN, T0); /* late: ignored */
    wr_streams_opened(&s, out.id, T0);
    assert_int_equal(poll_at(T0), WR_STREAM_NOTHING);
}

/* A server may close after it served; what was on its way then deserves one new connection. */
static void test_closed_after_service_is_worth_a_retry(void **state)
{
    const uint8_t *msg;
    size_t size;
    bool again;
    wr_id stream = open_with(0);
    feed(stream, x[0].stream_msg_id);
    assert_true(wr_streams_message(&s, &now, &got, &msg, &size));
    wr_streams_leave(&s, &x[0], T0);
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    wr_streams_closed(&s, stream, WR_LOST_BROKEN, T0);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[1]);
    assert_true(again);
    stream = open_with(1);
    wr_streams_closed(&s, stream, WR_LOST_BROKEN, T0);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[1]);
    assert_false(again);
}

/* Silence after a link change that nobody told of. After a second the question goes over another connection, in time to be
 * answered; the silent one is closed within three. */
static void test_hung_stream_is_left(void **state)
{
    bool again;
    wr_id stream = open_with(0);
    uint64_t at = wr_streams_deadline(&s);
    assert_int_equal(at, T0 + 1 * WR_S);
    wr_streams_expire(&s, at - 1);
    assert_null(wr_streams_orphan(&s, &again));
    wr_streams_expire(&s, at);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[0]);
    assert_true(again);
    assert_int_equal(wr_streams_place(&s, &x[0], &rng, at), 0);
    assert_int_equal(poll_at(at), WR_STREAM_OPEN);
    assert_int_not_equal(out.id, stream);
    wr_streams_opened(&s, out.id, at);
    assert_int_equal(poll_at(at), WR_STREAM_ASK);
    at = wr_streams_deadline(&s);
    assert_int_equal(at, T0 + 2 * WR_S);
    wr_streams_expire(&s, at);
    while (poll_at(at) != WR_STREAM_CLOSE) {
    }
    assert_int_equal(out.id, stream);
    wr_streams_expire(&s, T0 + 3 * WR_S);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[0]); /* it went over another one, once */
    assert_false(again);
}

/* Questions that come and are given up, each before the connection's time is over, keep no hung one alive. */
static void test_hung_stream_is_left_whoever_waits(void **state)
{
    static const uint8_t msg[13] = {7};
    uint64_t at = T0;
    wr_id stream = open_with(0);
    x[1].stream_retried = true; /* it does not go elsewhere */
    x[0].stream_retried = true;
    at += 1900 * WR_MS;
    wr_streams_expire(&s, at);
    wr_streams_leave(&s, &x[0], at);
    assert_int_equal(wr_streams_deadline(&s), T0 + 2 * WR_S);
    place_at(1, "192.0.2.1:53", at);
    wr_streams_expire(&s, T0 + 2 * WR_S);
    while (poll_at(T0 + 2 * WR_S) == WR_STREAM_ASK) {
        wr_streams_ask(&s, out.id, msg, sizeof(msg));
    }
    assert_int_equal(wr_pool_get(&s.pool, stream) != NULL, false);
}

/* It was only slow: what was asked over it is answered there, and it is as good as before. */
static void test_slow_stream_is_used_again(void **state)
{
    const uint8_t *msg;
    size_t size;
    bool again;
    wr_id stream = open_with(0);
    uint16_t msg_id = x[0].stream_msg_id;
    wr_streams_expire(&s, T0 + 1 * WR_S);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[0]);
    assert_int_equal(wr_streams_place(&s, &x[0], &rng, T0), 0);
    assert_int_equal(poll_at(T0), WR_STREAM_OPEN);
    wr_id other = out.id;
    feed(stream, msg_id);
    assert_true(wr_streams_message(&s, &now, &got, &msg, &size));
    assert_ptr_equal(got, &x[0]); /* though it waits for the other one now */
    assert_int_equal(got->stream, other);
    assert_int_equal(got->stream_msg_id, msg_id);
    wr_streams_leave(&s, &x[0], T0);
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    ask_one(1);
    assert_int_equal(out.id, stream);
}

/* The same when nobody waits for it any more. */
static void test_slow_answer_to_nobody(void **state)
{
    const uint8_t *msg;
    size_t size;
    bool again;
    wr_id stream = open_with(0);
    wr_streams_expire(&s, T0 + 1 * WR_S);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[0]);
    feed(stream, x[0].stream_msg_id);
    assert_true(wr_streams_message(&s, &now, &got, &msg, &size));
    assert_null(got);
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    ask_one(1);
    assert_int_equal(out.id, stream);
}

/* A link changed: whatever was on the way, it is asked over a new connection, and nobody is to blame. */
static void test_abandoned_is_asked_anew(void **state)
{
    bool again;
    assert_int_equal(wr_streams_place(&s, &x[0], &rng, T0), 0);
    assert_int_equal(poll_at(T0), WR_STREAM_OPEN);
    wr_streams_abandon(&s);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[0]);
    assert_true(again);
}

static void test_idle_stream_is_closed_later(void **state)
{
    const uint8_t *msg;
    size_t size;
    wr_id stream = open_with(0);
    feed(stream, x[0].stream_msg_id);
    assert_true(wr_streams_message(&s, &now, &got, &msg, &size));
    wr_streams_leave(&s, &x[0], T0);
    assert_int_equal(wr_streams_deadline(&s), T0 + 10 * WR_S);
    wr_streams_expire(&s, T0 + 10 * WR_S);
    assert_int_equal(poll_at(T0 + 10 * WR_S), WR_STREAM_CLOSE);
}

static void test_garbage_loses_the_stream(void **state)
{
    const uint8_t *msg;
    size_t size;
    bool again;
    static const uint8_t junk[] = {0, 3, 1, 2, 3};
    wr_id stream = open_with(0);
    wr_streams_bytes(&s, stream, junk, sizeof(junk), &now);
    assert_false(wr_streams_message(&s, &now, &got, &msg, &size));
    assert_non_null(wr_streams_orphan(&s, &again));
    assert_int_equal(poll_at(T0), WR_STREAM_CLOSE);
}

static void test_many_questions_many_streams_and_no_more(void **state)
{
    unsigned placed = 0;
    while (placed < 300 && wr_streams_place(&s, &x[placed], &rng, T0) == 0) {
        placed++;
    }
    assert_int_equal(
        placed, 256); /* a full pipeline makes a second connection, and then it has its share */
    assert_int_equal(s.pool.taken, 2);
    place_at(256, "192.0.2.9:53", T0);
    place_at(257, "192.0.2.10:53", T0);
    assert_int_equal(wr_addr_from_text("192.0.2.11:53", &x[258].addr), 0);
    assert_int_equal(wr_streams_place(&s, &x[258], &rng, T0),
                     WR_E_FULL); /* all are at work, and young */
    assert_int_equal(s.pool.taken, COUNT);
}

/* Every octet moved the time-out forward: one every second held the stream and its questions for ever. */
static void test_dripping_message_has_one_deadline(void **state)
{
    const uint8_t *msg;
    static const uint8_t head[] = {0x7f, 0xff}, drop[1];
    size_t size;
    bool again;
    wr_id stream = open_with(0);
    uint64_t now_us = T0 + WR_S;
    wr_streams_bytes(&s, stream, head, sizeof(head), &(struct wr_now){.mono_us = now_us});
    assert_false(wr_streams_message(&s, &now, &got, &msg, &size));
    while (wr_streams_deadline(&s) > now_us + WR_S && now_us < T0 + 60 * WR_S) {
        now_us += WR_S;
        wr_streams_bytes(&s, stream, drop, sizeof(drop), &(struct wr_now){.mono_us = now_us});
        assert_false(wr_streams_message(&s, &now, &got, &msg, &size));
    }
    now_us = wr_streams_deadline(&s);
    assert_int_equal(now_us, T0 + WR_S + WR_STREAM_MESSAGE_MS * WR_MS);
    wr_streams_expire(&s, now_us);
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[0]);
    assert_int_equal(poll_at(now_us), WR_STREAM_CLOSE);
}

/* Messages that nobody asked for are no sign of life, and are not read for ever. */
static void test_unasked_messages_hold_nothing(void **state)
{
    const uint8_t *msg;
    size_t size;
    bool again;
    wr_id stream = open_with(0);
    uint64_t at_us = wr_streams_deadline(&s);
    feed(stream, (uint16_t)(x[0].stream_msg_id + 1));
    assert_true(wr_streams_message(&s, &now, &got, &msg, &size));
    assert_false(wr_streams_message(&s, &now, &got, &msg, &size));
    assert_int_equal(wr_streams_deadline(&s), at_us);
    for (unsigned i = 1; i < WR_STREAM_UNASKED_MAX; i++) {
        feed(stream, (uint16_t)(x[0].stream_msg_id + 1));
        assert_true(wr_streams_message(&s, &now, &got, &msg, &size));
        assert_null(got);
        assert_false(wr_streams_message(&s, &now, &got, &msg, &size));
    }
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[0]);
    assert_int_equal(poll_at(T0), WR_STREAM_CLOSE);
}

/* Who gave up waiting may still be answered, once; then the first octet ends the stream. */
static void test_stream_that_nobody_waits_on(void **state)
{
    const uint8_t *msg;
    size_t size;
    wr_id stream = open_with(0);
    uint16_t msg_id = x[0].stream_msg_id;
    wr_streams_leave(&s, &x[0], T0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(poll_at(T0), WR_STREAM_NOTHING);
        assert_int_equal(wr_streams_deadline(&s), T0 + (i == 0 ? 1 : 10) * WR_S);
        feed(stream, msg_id);
        assert_int_equal(wr_streams_message(&s, &now, &got, &msg, &size), i == 0);
        assert_false(wr_streams_message(&s, &now, &got, &msg, &size));
    }
    assert_int_equal(poll_at(T0), WR_STREAM_CLOSE);
}

/* Two servers at one address are two: what one proved, the other did not. */
static void test_servers_share_no_stream(void **state)
{
    wr_id stream = open_with(0);
    x[1].scheme = WR_SCHEME_TCP;
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    assert_int_equal(poll_at(T0), WR_STREAM_OPEN);
    assert_true(out.id != stream);
    x[2].slot = 1;
    assert_int_equal(wr_streams_place(&s, &x[2], &rng, T0),
                     WR_E_FULL); /* the address has its share */
    assert_int_equal(s.pool.taken, 2);
}

static void test_full_pool_evicts(void **state)
{
    bool again;
    wr_id idle = open_with(0);
    wr_streams_leave(&s, &x[0], T0 + 9);
    place_at(1, "192.0.2.2:53", T0 + 1);
    place_at(2, "192.0.2.3:53", T0 + 2);
    place_at(3, "192.0.2.4:53", T0 + 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(poll_at(T0 + 3), WR_STREAM_OPEN);
    }
    place_at(4, "192.0.2.5:53",
             T0 + 10); /* the one that nobody waits on yields, though used last */
    assert_null(wr_streams_orphan(&s, &again));
    assert_int_equal(poll_at(T0 + 10), WR_STREAM_CLOSE);
    assert_int_equal(out.id, idle);
    assert_int_equal(poll_at(T0 + 10), WR_STREAM_OPEN);
    place_at(5, "192.0.2.6:53", T0 + WR_STREAM_HOLD_MS * WR_MS + 1); /* then the oldest */
    assert_ptr_equal(wr_streams_orphan(&s, &again), &x[1]);
    assert_false(again);
    assert_int_equal(x[1].lost, WR_LOST_OWN); /* its server is not to blame */
    assert_null(wr_streams_orphan(&s, &again));
}

static void test_link_change_abandons(void **state)
{
    bool again;
    wr_id stream = open_with(0);
    wr_streams_abandon(&s);
    assert_non_null(wr_streams_orphan(&s, &again));
    assert_int_equal(poll_at(T0), WR_STREAM_CLOSE);
    assert_int_equal(out.id, stream);
    assert_int_equal(s.pool.taken, 0);
    /* One that the world never heard of is not closed there. */
    assert_int_equal(wr_streams_place(&s, &x[1], &rng, T0), 0);
    wr_streams_abandon(&s);
    assert_int_equal(poll_at(T0), WR_STREAM_NOTHING);
    assert_int_equal(s.pool.taken, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* Names that are slow at the server hold up nothing else: as many as may be out are, and the next question has another connection. */
static void test_by_quic_who_finds_it_full_has_another(void **state)
{
    wr_id stream = open_with(0);
    struct wr_stream *st = wr_pool_get(&s.pool, stream);
    st->conn.kind = WR_UPCONN_DOQ; /* it takes as many as may be out, and no more */
    for (unsigned i = 1; i <= WR_UPDOQ_OUT; i++) {
        assert_int_equal(wr_streams_place(&s, &x[i], &rng, T0), 0);
        assert_int_equal(x[i].stream, stream);
    }
    assert_int_equal(wr_streams_place(&s, &x[10], &rng, T0), 0);
    assert_int_not_equal(x[10].stream, stream);
    assert_int_equal(wr_streams_place(&s, &x[11], &rng, T0), 0);
    assert_int_equal(x[11].stream, x[10].stream);
    /* That one is full as well, and no third may be had: it waits where fewer do. */
    st = wr_pool_get(&s.pool, x[10].stream);
    st->conn.kind = WR_UPCONN_DOQ;
    st->state = WR_STREAM_READY;
    for (unsigned i = 12; i <= 10 + WR_UPDOQ_OUT; i++) {
        assert_int_equal(wr_streams_place(&s, &x[i], &rng, T0), 0);
        assert_int_equal(x[i].stream, x[10].stream);
    }
    assert_int_equal(s.opened, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_pipelined_and_out_of_order),
        CASE(test_by_quic_who_finds_it_full_has_another),
        CASE(test_refused_connection_orphans),
        CASE(test_closed_after_service_is_worth_a_retry),
        CASE(test_hung_stream_is_left),
        CASE(test_hung_stream_is_left_whoever_waits),
        CASE(test_slow_stream_is_used_again),
        CASE(test_slow_answer_to_nobody),
        CASE(test_abandoned_is_asked_anew),
        CASE(test_idle_stream_is_closed_later),
        CASE(test_garbage_loses_the_stream),
        CASE(test_many_questions_many_streams_and_no_more),
        CASE(test_dripping_message_has_one_deadline),
        CASE(test_unasked_messages_hold_nothing),
        CASE(test_stream_that_nobody_waits_on),
        CASE(test_servers_share_no_stream),
        CASE(test_full_pool_evicts),
        CASE(test_link_change_abandons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
