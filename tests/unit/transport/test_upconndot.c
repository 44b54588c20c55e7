/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to an upstream over TLS, against a server of ours in memory: proof, answers, tickets, and each way it can fail. */
#include "unit/transport/upconnrig.h"

static void begin(void)
{
    struct wr_upconn_setup setup = {
        .kind = WR_UPCONN_DOT,
        .room = room,
        .out = out,
        .plain = plain,
        .secure = {.creds = trust, .verify = judge, .name = "dns.example"}};
    at = have = 0;
    wr_upconn_start(&c, &setup);
    wr_upconn_opened(&c, ticket_size ? ticket : NULL, ticket_size);
}

static int setup(void **state)
{
    dotserver_start(&d, &(struct certs_want){.names = {"dns.example"}});
    trust = dotserver_trust(&d);
    host = "dns.example";
    ticket_size = 0;
    return 0;
}

static void ask(uint8_t id)
{
    uint8_t msg[128] = {0, id, 1};
    assert_true(wr_upconn_can_ask(&c));
    assert_int_equal(wr_upconn_ask(&c, msg, sizeof(msg)), WR_OK);
}

static void answered(uint8_t id, size_t step)
{
    expect(WR_UPCONN_SAID_ANSWER, step);
    assert_int_equal(said.size, 128);
    assert_int_equal(said.msg[1], id);
    assert_int_equal(said.msg[2], 0x81);
}

static void test_asks_and_hears(void **state)
{
    static const size_t steps[] = {0, 1, 97};
    for (unsigned i = 0; i < 3; i++) {
        ticket_size = 0;
        begin();
        assert_false(
            wr_upconn_can_ask(&c)); /* nothing is told to who has not proven to be the one */
        expect(WR_UPCONN_SAID_READY, steps[i]);
        assert_false(c.tls.resumed);
        ask(1);
        ask(2);
        answered(1, steps[i]);
        answered(2, steps[i]);
        wr_upconn_end(&c);
        dotserver_accept(&d);
    }
    assert_int_equal(d.queries, 6);
}

static void test_a_ticket_resumes(void **state)
{
    begin();
    expect(WR_UPCONN_SAID_READY, 0);
    ask(1);
    answered(1, 0);
    settle();
    assert_true(ticket_size > 0);
    wr_upconn_end(&c);
    dotserver_accept(&d);
    host =
        "other.example"; /* it is not judged again: its owner keeps the ticket with what was proven */
    begin();
    expect(WR_UPCONN_SAID_READY, 0);
    assert_true(c.tls.resumed);
    ask(2);
    answered(2, 0);
    wr_upconn_end(&c);
    dotserver_accept(&d);
    host = "dns.example"; /* a ticket that is broken is none */
    ticket[ticket_size / 2] ^= 1;
    begin();
    expect(WR_UPCONN_SAID_READY, 0);
    assert_false(c.tls.resumed);
}

static void ends(uint8_t why, const char *text)
{
    expect(WR_UPCONN_SAID_ENDED, 0);
    assert_int_equal(said.why, why);
    if (!strstr(said.text, text)) {
        fail_msg("\"%s\" does not say \"%s\"", said.text, text);
    }
    assert_false(wr_upconn_can_ask(&c));
    assert_int_equal(d.queries, 0);
}

static void test_strangers(void **state)
{
    begin();
    host = "other.example";
    ends(WR_UPCONN_STRANGER, "other.example");
    wr_upconn_end(&c);
    dotserver_end(&d);
    dotserver_start(&d, &(struct certs_want){.names = {"dns.example"},
                                             .from_s = CERTS_NOW_S - 9 * CERTS_DAY_S,
                                             .until_s = CERTS_NOW_S - CERTS_DAY_S});
    wr_creds_drop(trust);
    trust = dotserver_trust(&d);
    host = "dns.example";
    begin();
    ends(WR_UPCONN_STRANGER, "expired");
    const uint8_t *bytes;
    assert_true(wr_upconn_output(&c, &bytes) > 0); /* an alert */
}

static void test_no_tls(void **state)
{
    static const uint8_t web[] = "HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n";
    begin();
    assert_false(wr_upconn_next(&c, &dotserver_now, &said));
    wr_upconn_feed(&c, web, sizeof(web) - 1, &dotserver_now);
    ends(WR_UPCONN_NOT_TLS, "");
}

static void test_no_dns(void **state)
{
    static const uint8_t web[] = "\0\1x";
    begin();
    expect(WR_UPCONN_SAID_READY, 0);
    settle();
    assert_int_equal(wr_tls_write(&d.tls, web, 3, &d.out), WR_OK);
    ends(WR_UPCONN_NOT_DNS, "");
}

static void test_farewells(void **state)
{
    begin();
    expect(WR_UPCONN_SAID_READY, 0);
    settle();
    wr_tls_close(&d.tls, &d.out);
    ends(WR_UPCONN_CLOSED, "");
    wr_upconn_end(&c);
    dotserver_accept(&d);
    begin();
    expect(WR_UPCONN_SAID_READY, 0);
    settle();
    wr_upconn_close(&c);
    wr_upconn_end(&c);
    const uint8_t *bytes;
    size_t size = wr_upconn_output(&c, &bytes); /* what is to be sent outlives the session */
    assert_true(size > 0);
    dotserver_hear(&d, bytes, size);
    assert_int_equal(d.err, WR_E_CLOSED);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_asks_and_hears), CASE(test_a_ticket_resumes),
                                       CASE(test_strangers),      CASE(test_no_tls),
                                       CASE(test_no_dns),         CASE(test_farewells)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
