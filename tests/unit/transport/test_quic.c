/* SPDX-License-Identifier: Apache-2.0 */
/* One QUIC connection: it survives moves, notices resets and silence, and speaks version 1 alone. */
#include "unit/unit.h"

#include "unit/transport/doqrogue.h"

/* The client gets another address and port, and the kernel another worker for it: the connection goes on. */
static void test_moves(void **state)
{
    struct dw *w = dw_new(1);

    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1);
    assert_int_equal(w->handed, 0);
    if (!wr_quic_can_move()) {
        assert_int_equal(wr_doqclient_move(c->c, &c->addr, w->now_us), WR_E_UNSUPPORTED);
        dw_free(w);
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        c->addr = dw_addr(100 + i, (uint16_t)(1000 + i));
        c->worker = i % 2 == 0; /* it was worker 0 */
        assert_int_equal(wr_doqclient_move(c->c, &c->addr, w->now_us), WR_OK);
        dw_ask(w, c, (uint16_t)(2 + i), 3);
        dw_run(w, 5 * WR_S);
        assert_int_equal(c->answers, 2 + i);
        dw_ask(w, c, 77, 0);
        c->answers--;
        dw_run(w, WR_S);
        assert_true(wr_addr_equal(&w->last_from, &c->addr));
    }
    assert_true(w->handed > 0);
    assert_int_equal(wr_doqserver_stats(w->s[0])->moved, 3);
    assert_int_equal(wr_doqserver_open(w->s[0]), 1);
    dw_free(w);
}

/* The kernel picks another socket for the same client (workers come and go): its datagrams are handed over. */
static void test_another_worker(void **state)
{
    struct dw *w = dw_new(9);

    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_run(w, WR_S);
    for (uint16_t i = 1; i <= 4; i++) {
        c->worker = i % 2;
        dw_ask(w, c, i, 2);
        dw_run(w, WR_S);
        assert_int_equal(c->answers, i);
    }
    assert_true(w->handed > 0);
    assert_int_equal(wr_doqserver_open(w->s[0]), 1);
    assert_int_equal(wr_doqserver_open(w->s[1]), 0);
    dw_free(w);
}

/* A NAT gives the client another port, and it does not know. Either the connection goes on from there, or nothing is taken. */
static void test_rebinding(void **state)
{
    struct dw *w = dw_new(10);

    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    c->addr.port++;
    dw_ask(w, c, 2, 0);
    dw_run(w, 5 * WR_S);
    assert_int_equal(c->answers, wr_quic_can_move() ? 2 : 1);
    assert_int_equal(wr_doqserver_stats(w->s[0])->queries, wr_quic_can_move() ? 2 : 1);
    dw_free(w);
}

/* A client that moves all the time, faster than ids are retired: at worst its own connection ends, and others are served. */
static void test_moves_without_rest(void **state)
{
    for (unsigned seed = 1; seed <= 10; seed++) {
        struct dw *w = dw_new(seed);
        unsigned moved = 0;

        w->loss = 20 * seed; /* what confirms that ids are retired is lost */
        dw_start(w);
        struct dw_client *c = dw_client(w), *other;

        dw_run(w, 3 * WR_S);
        for (unsigned i = 0; i < 100 && !c->ended; i++) {
            struct wr_addr addr = dw_addr(10, (uint16_t)(2000 + i));
            uint8_t msg[64];

            (void)wr_doqclient_ask(c->c, msg, dw_query(msg, (uint16_t)i, 0), false, w->now_us);
            if (wr_doqclient_move(c->c, &addr, w->now_us) == WR_OK || i % 8 == 7) {
                c->addr = addr;
                moved++;
            }
            dw_run(w, 5 * WR_MS);
        }
        assert_true(moved >= 3 || !wr_quic_can_move());
        w->loss = 0;
        other = dw_client(w);
        other->worker = 0;
        dw_ask(w, other, 1, 0);
        dw_run(w, 3 * WR_S);
        assert_int_equal(other->answers, 1);
        dw_free(w);
    }
}

/* A packet from a forged address is not a question from there: nobody is let in by it. */
static void test_a_forged_address(void **state)
{
    struct dw *w = dw_new(2);
    static struct rogue r;
    uint8_t bytes[64], out[WR_QUIC_DATAGRAM];
    struct wr_doq_datagram way = {.local = dw_addr(1, 853)};
    struct wr_addr a, b, real;
    uint16_t other;

    dw_start(w);
    rogue_start(&r, w, 0, 50);
    rogue_wait(&r, WR_S);
    real = r.addr;
    bytes[0] = 0;
    bytes[1] = (uint8_t)dw_query(bytes + 2, 0, 0);
    rogue_say(&r, bytes, 2u + bytes[1], true);
    way.size = wr_quic_output(&r.quic, out, sizeof(out), &a, &b, w->now_us);
    way.bytes = out;
    way.from = dw_addr(200, 53);
    assert_int_equal(wr_doqserver_feed(w->s[0], &way, w->now_us, &other), WR_OK);
    dw_serve(w, 0);
    if (wr_quic_can_move()) {
        assert_int_equal(wr_doqserver_stats(w->s[0])->queries, 1);
        assert_true(wr_addr_equal(&w->last_from, &real));
    } else {
        assert_int_equal(wr_doqserver_stats(w->s[0])->queries, 0);
    }
    /* And until the address is proven little goes there. */
    size_t to_forged = 0, n;
    for (unsigned i = 0; i < 300; i++) {
        while ((n = wr_doqserver_output(w->s[0], out, sizeof(out), &way, w->now_us)) > 0) {
            to_forged += wr_addr_equal(&way.from, &real) ? 0 : n;
        }
        w->now_us += 100 * WR_MS;
        wr_doqserver_time(w->s[0], w->now_us);
    }
    assert_true(to_forged <= 3 * WR_QUIC_DATAGRAM);
    rogue_end(&r);
    dw_free(w);
}

/* The server was started anew with the same secrets: its clients learn at once that their connections are gone. */
static void test_stateless_reset(void **state)
{
    struct dw *w = dw_new(3);

    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    dw_stop_server(w, 0);
    w->admitted = 0;
    dw_start_server(w, 0);
    dw_ask(w, c, 2, 0);
    dw_run(w, WR_S);
    assert_true(c->ended);
    assert_true(wr_doqserver_stats(w->s[0])->resets > 0);
    dw_free(w);
}

static void test_silence(void **state)
{
    struct dw *w = dw_new(4);

    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    assert_int_equal(wr_doqserver_open(w->s[0]), 1);
    dw_run(w, 29 * WR_S);
    assert_int_equal(wr_doqserver_open(w->s[0]), 1);
    dw_run(w, 2 * WR_S);
    assert_int_equal(wr_doqserver_open(w->s[0]), 0);
    assert_true(c->ended);
    assert_string_equal(c->why, "nothing was heard for too long");
    dw_free(w);
}

static bool other_version(struct dw *w, bool to_server, unsigned client, uint8_t *bytes,
                          size_t *size)
{
    if (to_server && (bytes[0] & 0x80) != 0) {
        bytes[1] = 0x6b; /* version 2 (RFC 9369) */
        bytes[2] = 0x33;
        bytes[3] = 0x43;
        bytes[4] = 0xcf;
    }
    return true;
}

static void test_another_version(void **state)
{
    struct dw *w = dw_new(5);

    w->tap = other_version;
    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_run(w, 6 * WR_S);
    assert_true(wr_doqserver_stats(w->s[0])->versions > 0);
    assert_int_equal(wr_doqserver_stats(w->s[0])->accepted, 0);
    assert_true(c->ended); /* what names the version it speaks is ignored (RFC 9000 section 6.2) */
    dw_free(w);
}

/* Octets of each connection that does nothing, and that all its memory comes back. */
static void test_memory(void **state)
{
    struct dw *w = dw_new(6);
    uint64_t each;

    dw_start(w);
    for (unsigned i = 0; i < 20; i++) {
        dw_client(w);
    }
    dw_run(w, 3 * WR_S);
    each = (wr_doqserver_memory(w->s[0]) + wr_doqserver_memory(w->s[1])) / 20;
    print_message("an idle connection: %lu octets, %d of them TLS\n", (unsigned long)each,
                  WR_QUIC_TLS_OCTETS);
    assert_true(each < 100 * 1024);
    for (unsigned i = 0; i < 20; i++) {
        wr_doqclient_close(w->client[i].c, w->now_us);
    }
    dw_run(w, WR_S);
    assert_int_equal(wr_doqserver_memory(w->s[0]) + wr_doqserver_memory(w->s[1]), 0);
    dw_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_another_worker),
        cmocka_unit_test(test_rebinding),
        cmocka_unit_test(test_moves_without_rest),
        cmocka_unit_test(test_a_forged_address),
        cmocka_unit_test(test_stateless_reset),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_another_version),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
