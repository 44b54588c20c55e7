/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to an upstream over HTTPS, against a server of ours in memory, by HTTP/2 and HTTP/1.1. */
#include "unit/transport/upconnrig.h"

static void begin(void)
{
    struct wr_upconn_setup setup = {.kind = WR_UPCONN_DOH,
                                    .room = room,
                                    .out = out,
                                    .plain = plain,
                                    .secure = {.creds = trust,
                                               .verify = judge,
                                               .name = "dns.example",
                                               .host = "dns.example",
                                               .path = "/dns-query",
                                               .memory = {.resize = dotserver_resize}}};
    at = have = 0;
    wr_upconn_start(&c, &setup);
    wr_upconn_opened(&c, ticket_size ? ticket : NULL, ticket_size);
}

static int setup(void **state)
{
    dotserver_start(&d, &(struct certs_want){.names = {"dns.example"}});
    d.web = true;
    dotserver_accept(&d);
    trust = dotserver_trust(&d);
    host = "dns.example";
    ticket_size = 0;
    return 0;
}

static const uint8_t query[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};

static void ask(uint8_t id)
{
    uint8_t msg[sizeof(query)];
    memcpy(msg, query, sizeof(query));
    msg[1] = id;
    assert_true(wr_upconn_can_ask(&c));
    assert_int_equal(wr_upconn_ask(&c, msg, sizeof(msg)), WR_OK);
}

static void answered(uint8_t id, size_t step)
{
    expect(WR_UPCONN_SAID_ANSWER, step);
    assert_int_equal(said.size, sizeof(query));
    assert_int_equal(said.msg[1], id); /* the message's own, though 0 is on the wire */
    assert_int_equal(said.msg[2], 0x81);
    assert_int_equal(d.heard[0] | d.heard[1], 0);
}

static void test_asks_and_hears(void **state)
{
    static const size_t steps[] = {0, 1, 97};
    for (unsigned i = 0; i < 6; i++) {
        d.old = i % 2;
        dotserver_accept(&d);
        ticket_size = 0;
        begin();
        assert_false(wr_upconn_can_ask(&c));
        expect(WR_UPCONN_SAID_READY, steps[i / 2]);
        struct wr_upconn_facts facts;
        wr_upconn_facts(&c, &facts);
        assert_string_equal(facts.protocol, d.old ? "http/1.1" : "h2");
        ask(7);
        answered(7, steps[i / 2]);
        ask(8);
        answered(8, steps[i / 2]);
        wr_upconn_close(&c);
        wr_upconn_end(&c);
    }
    assert_int_equal(d.queries, 12);
}

/* One question fails; the connection goes on. */
static void test_one_fails(void **state)
{
    begin();
    expect(WR_UPCONN_SAID_READY, 0);
    d.mute = true;
    ask(3);
    expect(WR_UPCONN_SAID_FAILED, 0);
    assert_int_equal(said.id, 3);
    assert_true(strlen(said.text) > 0);
    d.mute = false;
    ask(4);
    answered(4, 0);
}

/* No memory for one, whichever piece of it is refused: it is not asked, and the connection goes on. */
static void test_no_memory_for_one(void **state)
{
    uint8_t msg[sizeof(query)];
    memcpy(msg, query, sizeof(query));
    for (unsigned i = 0; i < 2; i++) {
        d.old = i == 1;
        dotserver_accept(&d);
        ticket_size = 0;
        begin();
        expect(WR_UPCONN_SAID_READY, 0);
        const size_t max = c.http.heap.max;
        unsigned refused = 0;
        int err;
        do {
            c.http.heap.max = c.http.heap.used + refused * 8;
            err = wr_upconn_ask(&c, msg, sizeof(msg));
            refused += err == WR_E_NOMEM;
        } while (err == WR_E_NOMEM);
        c.http.heap.max = max;
        assert_int_equal(err, WR_OK);
        assert_true(refused > 1);
        answered(0, 0);
        ask(1);
        answered(1, 0);
        wr_upconn_close(&c);
        wr_upconn_end(&c);
    }
}

static void test_resumed(void **state)
{
    begin();
    expect(WR_UPCONN_SAID_READY, 0);
    ask(1);
    answered(1, 0);
    settle();
    assert_true(ticket_size > 0);
    wr_upconn_end(&c);
    dotserver_accept(&d);
    begin();
    expect(WR_UPCONN_SAID_READY, 0);
    assert_true(c.tls.resumed);
}

/* TLS and then no HTTP. */
static void test_no_http(void **state)
{
    begin();
    expect(WR_UPCONN_SAID_READY, 0);
    settle();
    assert_int_equal(
        wr_tls_write(&d.tls, (const uint8_t *)"220 mail.example ESMTP\r\n", 24, &d.out), WR_OK);
    expect(WR_UPCONN_SAID_ENDED, 0);
    assert_true(strlen(said.text) > 0);
    assert_false(wr_upconn_can_ask(&c));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_asks_and_hears), CASE(test_one_fails),
                                       CASE(test_no_memory_for_one), CASE(test_resumed),
                                       CASE(test_no_http)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
