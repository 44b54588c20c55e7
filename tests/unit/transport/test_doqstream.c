/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9250's rules for streams, broken one by one by a client that does so on purpose. */
#include "unit/unit.h"

#include "unit/transport/doqrogue.h"

static size_t framed(uint8_t *out, uint16_t id, unsigned kib)
{
    size_t n = dw_query(out + 2, id, kib);

    out[0] = 0;
    out[1] = (uint8_t)n;
    return n + 2;
}

/* What one stream of these octets does to the connection: it is closed with this code, or 99: it is not. */
static void check(const uint8_t *bytes, size_t size, bool fin, uint64_t code, unsigned queries)
{
    struct dw *w = dw_new(1);
    static struct rogue r;

    dw_start(w);
    rogue_start(&r, w, 0, 50);
    rogue_run(&r);
    assert_true(r.ready);
    rogue_say(&r, bytes, size, fin);
    rogue_wait(&r, WR_S / 10);
    assert_int_equal(wr_doqserver_stats(w->s[0])->queries, queries);
    if (code == 99) {
        assert_int_equal(r.quic.state, WR_QUIC_OPEN);
    } else {
        assert_int_equal(r.quic.state, WR_QUIC_OVER);
        assert_true(r.quic.by_peer && r.quic.code_is_app);
        assert_int_equal(r.quic.code, code);
        assert_int_equal(wr_doqserver_open(w->s[0]), 0);
        assert_int_equal(wr_doqserver_stats(w->s[0])->broken, 1);
    }
    rogue_end(&r);
    dw_free(w);
}

static void test_the_rules(void **state)
{
    uint8_t bytes[5000] = {0};
    size_t n = framed(bytes, 0, 0);

    check(bytes, n, true, 99, 1);
    check(bytes, n, false, 99, 0);                       /* its end may still come */
    check(bytes, n - 1, false, 99, 0);                   /* so may the rest */
    check(bytes, n - 1, true, WR_DOQ_PROTOCOL_ERROR, 0); /* an end before the message's */
    check(bytes, 0, true, WR_DOQ_PROTOCOL_ERROR, 0);     /* nothing */
    check(bytes, n + 1, true, WR_DOQ_PROTOCOL_ERROR, 0); /* more than one message */
    bytes[1]++;
    check(bytes, n + 1, true, 99, 1);
    bytes[1] = 3;
    check(bytes, 5, true, WR_DOQ_PROTOCOL_ERROR, 0); /* no message */
    framed(bytes, 1, 0);
    check(bytes, n, true, WR_DOQ_PROTOCOL_ERROR, 0); /* an id */
    bytes[0] = 4097 >> 8;
    bytes[1] = 4097 & 0xff;
    check(bytes, 2, false, WR_DOQ_PROTOCOL_ERROR, 0); /* longer than we take */
    framed(bytes, 0, 0);
    bytes[1] += 15;
    bytes[13] = 1;
    memcpy(bytes + n, "\0\0\51\4\320\0\0\0\0\0\4\0\13\0\0", 15);
    check(bytes, n + 15, true, WR_DOQ_PROTOCOL_ERROR, 0); /* edns-tcp-keepalive */
    bytes[n + 12] = 12;
    check(bytes, n + 15, true, 99, 1); /* padding */
}

/* A client that gives a question up: RESET_STREAM before its end, STOP_SENDING behind it. */
static void test_cancelled(void **state)
{
    struct dw *w = dw_new(2);
    static struct rogue r;
    uint8_t bytes[64];
    size_t n = framed(bytes, 0, 0);

    w->mute = true;
    dw_start(w);
    rogue_start(&r, w, 0, 50);
    rogue_run(&r);
    struct rogue_stream *half = rogue_say(&r, bytes, n - 4, false);
    struct rogue_stream *whole = rogue_say(&r, bytes, n, true);

    rogue_run(&r);
    wr_quic_shut(&r.quic, half->number, WR_DOQ_REQUEST_CANCELLED);
    wr_quic_shut(&r.quic, whole->number, WR_DOQ_REQUEST_CANCELLED);
    rogue_wait(&r, WR_S);
    assert_int_equal(wr_doqserver_stats(w->s[0])->cancelled, 2);
    assert_int_equal(wr_doqserver_stats(w->s[0])->queries, 1);
    assert_true(half->closed && whole->closed);
    assert_int_equal(r.quic.state, WR_QUIC_OPEN);
    w->mute = false;
    struct rogue_stream *next = rogue_say(&r, bytes, n, true);
    rogue_wait(&r, WR_S);
    assert_int_equal(next->got, n);
    rogue_end(&r);
    dw_free(w);
}

/* The owner decides to give no answer: the stream ends, the connection does not. */
static void test_no_answer(void **state)
{
    struct dw *w = dw_new(3);
    struct wr_doq_query q;
    static struct rogue r;
    uint8_t bytes[64];

    dw_start(w);
    rogue_start(&r, w, 0, 50);
    rogue_run(&r);
    w->mute = true;
    struct rogue_stream *st = rogue_say(&r, bytes, framed(bytes, 0, 0), true);
    struct wr_doq_datagram way = {.from = r.addr, .local = dw_addr(1, 853)};
    struct wr_addr a, b;
    uint16_t other;
    uint8_t out[WR_QUIC_DATAGRAM];

    way.size = wr_quic_output(&r.quic, out, sizeof(out), &a, &b, w->now_us);
    way.bytes = out;
    assert_int_equal(wr_doqserver_feed(w->s[0], &way, w->now_us, &other), WR_OK);
    assert_int_equal(wr_doqserver_next(w->s[0], &q), WR_DOQ_QUERY);
    assert_true(wr_addr_equal(&q.from, &r.addr));
    wr_doqserver_answer(w->s[0], q.conn, q.stream + 1, out, 20, w->now_us); /* not it */
    wr_doqserver_answer(w->s[0], q.conn, q.stream, NULL, 0, w->now_us);
    wr_doqserver_answer(w->s[0], q.conn, q.stream, out, 20, w->now_us); /* decided already */
    rogue_wait(&r, WR_S);
    assert_true(st->was_reset && st->got == 0);
    assert_int_equal(st->code, WR_DOQ_EXCESSIVE_LOAD);
    assert_int_equal(r.quic.state, WR_QUIC_OPEN);
    rogue_end(&r);
    dw_free(w);
}

/* Early data with an UPDATE: it is not worked on before the handshake is complete, then it is. */
static void test_early_update_waits(void **state)
{
    struct dw *w = dw_new(4);
    static struct rogue r;
    uint8_t bytes[64];
    size_t n = framed(bytes, 0, 0);

    dw_take_early(w);
    dw_start(w);
    struct dw_client *before = dw_client(w);

    dw_ask(w, before, 1, 0);
    dw_run(w, WR_S);
    rogue_start_known(&r, w, 1, 10, before, true);
    rogue_say(&r, bytes, n, true);
    bytes[4] = 5 << 3;
    rogue_say(&r, bytes, n, true);
    r.deaf = true;
    rogue_run(&r); /* its first flight alone */
    assert_int_equal(wr_doqserver_stats(w->s[1])->early, 1);
    assert_int_equal(wr_doqserver_stats(w->s[1])->held, 1);
    assert_int_equal(wr_doqserver_stats(w->s[1])->queries, 1);
    r.deaf = false;
    rogue_wait(&r, 3 * WR_S);
    assert_true(r.ready);
    assert_int_equal(wr_doqserver_stats(w->s[1])->queries, 2);
    assert_int_equal(w->early_queries, 1);
    rogue_end(&r);
    dw_free(w);
}

/* Early data with a query, and nothing that says whose address it is: whoever has a ticket could have somebody else asked for, and answered. It
 * waits for the handshake, and then it is one like any other. */
static void test_early_from_anywhere_waits(void **state)
{
    struct dw *w = dw_new(4);
    static struct rogue r;
    uint8_t bytes[64];
    size_t n = framed(bytes, 0, 8);

    dw_take_early(w);
    dw_start(w);
    struct dw_client *before = dw_client(w);

    dw_ask(w, before, 1, 0);
    dw_run(w, WR_S);
    rogue_start_known(&r, w, 1, 50, before, false);
    rogue_say(&r, bytes, n, true);
    r.deaf = true;
    rogue_run(&r); /* its first flight alone */
    assert_int_equal(wr_doqserver_stats(w->s[1])->queries, 0);
    assert_int_equal(wr_doqserver_stats(w->s[1])->held, 1);
    assert_true(r.to_client <= 3 * r.to_server);
    r.deaf = false;
    rogue_wait(&r, 3 * WR_S);
    assert_true(r.ready);
    assert_int_equal(wr_doqserver_stats(w->s[1])->queries, 1);
    assert_int_equal(wr_doqserver_stats(w->s[1])->early, 0);
    assert_int_equal(w->early_queries, 0);
    assert_true(r.stream[0].got > 8 * 1024);
    rogue_end(&r);
    dw_free(w);
}

/* The connection ends while an answer is owed: the owner is told once. */
static void test_gone(void **state)
{
    struct dw *w = dw_new(5);
    struct wr_doq_query q;

    w->mute = true;
    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    wr_doqclient_close(c->c, w->now_us);
    for (unsigned i = 0; wr_doqserver_open(w->s[0]) > 0; i++) {
        struct wr_doq_datagram in = {.from = c->addr, .local = dw_addr(1, 853)}, way;
        uint8_t bytes[WR_QUIC_DATAGRAM];
        uint16_t other;

        assert_true(i < 10);
        in.bytes = bytes;
        in.size = wr_doqclient_output(c->c, bytes, sizeof(bytes), w->now_us);
        assert_int_equal(wr_doqserver_feed(w->s[0], &in, w->now_us, &other), WR_OK);
        while (wr_doqserver_output(w->s[0], bytes, sizeof(bytes), &way, w->now_us) > 0) {
        }
    }
    assert_int_equal(wr_doqserver_next(w->s[0], &q), WR_DOQ_GONE);
    assert_int_equal(wr_doqserver_next(w->s[0], &q), WR_DOQ_NOTHING);
    dw_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rules),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_early_update_waits),
        cmocka_unit_test(test_early_from_anywhere_waits),
        cmocka_unit_test(test_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
