/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to an upstream by QUIC, against our server in memory: asked only once it is proven, resumed, bounded, ended. */
#include "unit/unit.h"

#include "transport/upconn.h"
#include "unit/transport/doqworld.h"

static struct dw *w;
static struct wr_upconn c;
static struct wr_upconn_said said;
static uint8_t room[WR_UPCONN_ROOM], out[WR_UPCONN_OUT], plain[WR_UPCONN_PLAIN];
static uint8_t ticket[WR_UPCONN_PLAIN];
static size_t ticket_size, held, refused;

/* Counts what is held; `refused`: there is none. */
static void *resize(void *user, void *at, size_t size)
{
    if (size == 0) {
        held -= at != NULL;
        free(at);
        return NULL;
    }
    held += at == NULL && !refused;
    return refused ? NULL : realloc(at, size);
}

static struct wr_now now(void)
{
    return (struct wr_now){.mono_us = w->now_us, .wall_s = CERTS_NOW_S, .wall_proven = true};
}

static void begin(void)
{
    struct wr_upconn_setup setup = {.kind = WR_UPCONN_DOQ,
                                    .room = room,
                                    .out = out,
                                    .plain = plain,
                                    .secure = {.creds = w->client_creds,
                                               .verify = dw_verify,
                                               .user = w,
                                               .name = "dns.test",
                                               .memory = {.resize = resize},
                                               .to = dw_addr(1, 853),
                                               .rng = &w->rng}};
    wr_upconn_start(&c, &setup);
    wr_upconn_opened(&c, ticket_size ? ticket : NULL, ticket_size);
}

static int setup(void **state)
{
    w = dw_new(9);
    dw_start(w);
    ticket_size = refused = 0;
    begin();
    return 0;
}

static int teardown(void **state)
{
    wr_upconn_end(&c);
    dw_free(w);
    assert_int_equal(held, 0);
    return 0;
}

static void put_out(void)
{
    const uint8_t *bytes;
    size_t n;
    while (wr_upconn_has_output(&c) && (n = wr_upconn_output(&c, &bytes)) > 0) {
        struct wr_doq_datagram way = {.from = dw_addr(10, 40000),
                                      .local = dw_addr(1, 853),
                                      .listener = 3,
                                      .bytes = bytes,
                                      .size = n};
        uint16_t other;
        assert_true(n <= WR_QUIC_DATAGRAM);
        assert_int_equal(wr_doqserver_feed(w->s[0], &way, w->now_us, &other), WR_OK);
        dw_serve(w, 0);
    }
}

/* Until it says something; false: nobody has anything to say within 3 s. */
static bool play(void)
{
    uint8_t bytes[WR_QUIC_DATAGRAM];
    struct wr_doq_datagram way;
    uint64_t end_us = w->now_us + 3 * WR_S;
    while (w->now_us < end_us) {
        struct wr_now at = now();
        if (wr_upconn_next(&c, &at, &said)) {
            return true;
        }
        put_out();
        size_t n = wr_doqserver_output(w->s[0], bytes, sizeof(bytes), &way, w->now_us);
        if (n > 0) {
            wr_upconn_feed(&c, bytes, n, &at);
            continue;
        }
        w->now_us += WR_MS;
        (void)wr_upconn_time(&c, w->now_us);
        wr_doqserver_time(w->s[0], w->now_us);
    }
    return false;
}

static void expect(uint8_t kind)
{
    assert_true(play());
    while (said.kind == WR_UPCONN_SAID_TICKET && kind != WR_UPCONN_SAID_TICKET) {
        memcpy(ticket, said.msg, said.size);
        ticket_size = said.size;
        assert_true(play());
    }
    assert_int_equal(said.kind, kind);
}

static void ask(uint16_t id, unsigned kib)
{
    uint8_t msg[64];
    size_t size = dw_query(msg, id, kib);
    assert_int_equal(wr_upconn_ask(&c, msg, size), WR_OK);
}

static void test_asks_when_it_is_proven_and_is_resumed(void **state)
{
    struct wr_upconn_facts facts;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t msg[64];
        assert_false(wr_upconn_can_ask(&c));
        assert_int_equal(wr_upconn_ask(&c, msg, dw_query(msg, 1, 0)), WR_E_AGAIN);
        expect(WR_UPCONN_SAID_READY);
        wr_upconn_facts(&c, &facts);
        assert_int_equal(facts.resumed, i == 1);
        assert_string_equal(facts.protocol, "doq");
        assert_string_equal(facts.version, "TLS1.3");
        ask(0x1234, 40);
        expect(WR_UPCONN_SAID_ANSWER);
        assert_int_equal(said.size, 40 * 1024 + 21);
        assert_int_equal(said.msg[0] << 8 | said.msg[1], 0x1234);
        while (play()) {
            assert_int_equal(said.kind, WR_UPCONN_SAID_TICKET);
            memcpy(ticket, said.msg, said.size);
            ticket_size = said.size;
        }
        assert_true(ticket_size > 0);
        wr_upconn_close(&c);
        wr_upconn_end(&c);
        assert_true(wr_upconn_has_output(&c));
        put_out();
        for (unsigned k = 0; k < 10; k++) { /* what a server keeps of a closed one ends by time */
            uint8_t bytes[WR_QUIC_DATAGRAM];
            struct wr_doq_datagram way;
            while (wr_doqserver_output(w->s[0], bytes, sizeof(bytes), &way, w->now_us) > 0) {
            }
            w->now_us += 100 * WR_MS;
            wr_doqserver_time(w->s[0], w->now_us);
            dw_serve(w, 0);
        }
        assert_int_equal(wr_doqserver_open(w->s[0]), 0);
        assert_int_equal(held, 0);
        begin();
    }
    assert_int_equal(w->early_queries, 0);
}

static void test_eight_are_out(void **state)
{
    uint8_t msg[64];
    expect(WR_UPCONN_SAID_READY);
    for (uint16_t i = 0; i < WR_UPDOQ_OUT; i++) {
        assert_true(wr_upconn_can_ask(&c));
        ask(i, 0);
    }
    assert_false(wr_upconn_can_ask(&c));
    assert_int_equal(wr_upconn_ask(&c, msg, dw_query(msg, 99, 0)), WR_E_AGAIN);
    for (unsigned i = 0; i < WR_UPDOQ_OUT; i++) {
        expect(WR_UPCONN_SAID_ANSWER);
    }
    while (play()) { /* tickets, before the server gives places back */
    }
    assert_true(wr_upconn_can_ask(&c));
}

static void test_a_stranger_is_asked_nothing(void **state)
{
    w->verify_fails = true;
    expect(WR_UPCONN_SAID_ENDED);
    assert_int_equal(said.why, WR_UPCONN_STRANGER);
    assert_false(wr_upconn_can_ask(&c));
    const uint8_t *bytes; /* the server is told, though it is known here already */
    assert_true(wr_upconn_has_output(&c));
    assert_true(wr_upconn_output(&c, &bytes) > 0);
}

static void test_without_memory_it_ends(void **state)
{
    refused = 1;
    expect(WR_UPCONN_SAID_ENDED);
    assert_int_equal(said.why, WR_UPCONN_OWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_asks_when_it_is_proven_and_is_resumed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_eight_are_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_stranger_is_asked_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_memory_it_ends, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
