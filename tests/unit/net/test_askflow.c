/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/net/tlsserver.h"

#include <stdlib.h>

#include "dns/build.h"
#include "net/askflow.h"

static struct certs_one ca, leaf;
static struct wr_creds *client_creds;
static struct wr_askflow_room *room;
static struct wr_ask_reply reply;
static struct wr_askflow_facts facts;
static uint8_t query[64];
static size_t query_size;

/* The certificates are good around CERTS_NOW_S; who judges here looks at nothing else. */
static int judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *ret_why)
{
    bool *good = user;

    snprintf(ret_why->text, sizeof(ret_why->text), "%s", *good ? "" : "not liked");
    return *good && chain->count == 1 ? WR_OK : WR_E_DENIED;
}

static uint8_t kind = WR_UPCONN_DOT;
static _Atomic bool enough; /* ends what is asked */

static int ask(const struct server *s, bool good, uint32_t timeout_ms, const uint8_t *ticket,
               size_t ticket_size)
{
    struct wr_askflow flow = {
        .server = s->at,
        .cancel = &enough,
        .timeout_ms = timeout_ms,
        .kind = kind,
        .secure = {.creds = client_creds, .verify = judge, .user = &good, .name = "dns.example"},
        .ticket = ticket,
        .ticket_size = ticket_size};

    return wr_askflow_run(&flow, query, query_size, room, &reply, &facts);
}

static int setup(void **state)
{
    static const uint8_t name[] = "\3www\7example";
    struct wr_creds_setup none = {0};
    struct wr_verdict_text why;
    struct wr_build b;

    certs_make(&ca, &(struct certs_want){.cn = "test CA", .ca = true}, NULL);
    certs_make(&leaf, &(struct certs_want){.names = {"dns.example"}}, &ca);
    assert_int_equal(wr_creds_make(&none, &why, &client_creds), WR_OK);
    wr_build_start(&b, query, sizeof(query), 7, WR_FLAG_RD);
    wr_build_question(&b, name, WR_TYPE_A, WR_CLASS_IN);
    query_size = wr_build_finish(&b, 0);
    room = calloc(1, sizeof(*room));
    return room ? 0 : -1;
}

static int teardown(void **state)
{
    free(room);
    wr_creds_drop(client_creds);
    certs_free(&leaf);
    certs_free(&ca);
    return 0;
}

static void test_answer(void **state)
{
    static uint8_t ticket[WR_ASKFLOW_TICKET_SIZE];
    struct server s;
    size_t size;

    server_start(&s, ANSWERS, &leaf);
    assert_int_equal(ask(&s, true, 20000, NULL, 0), WR_OK);
    assert_int_equal(reply.size, query_size);
    assert_true(reply.bytes[2] & 0x80);
    assert_string_equal(facts.version, "TLS1.3");
    assert_true(facts.cipher[0] && facts.ready && !facts.resumed);
    assert_true(facts.connect_us + facts.handshake_us + facts.answer_us <= reply.took_us + 1000);
    assert_string_equal(facts.why, "");
    size = facts.ticket_size;
    assert_true(size > 0);
    memcpy(ticket, facts.ticket, size);
    assert_int_equal(ask(&s, false, 20000, ticket, size), WR_OK); /* nobody is judged again */
    assert_true(facts.resumed);
    server_stop(&s);
}

static void test_lies(void **state)
{
    struct server s;

    server_start(&s, LIES_FIRST, &leaf);
    assert_int_equal(ask(&s, true, 20000, NULL, 0), WR_OK);
    assert_int_equal(reply.wrong, 1);
    server_stop(&s);
}

static void test_denied(void **state)
{
    struct server s;

    server_start(&s, ANSWERS, &leaf);
    assert_int_equal(ask(&s, false, 20000, NULL, 0), WR_E_DENIED);
    assert_non_null(strstr(facts.why, "not liked"));
    assert_int_equal(reply.size, 0);
    server_stop(&s);
}

/* Each failure is a sentence that says how far it came. */
static void test_failures(void **state)
{
    static const struct {
        enum play play;
        uint32_t timeout_ms;
        int err;
        const char *says;
    } rows[] = {
        {SILENT, 200, WR_E_TIMEOUT, "said nothing"},
        {HANGS_UP, 20000, WR_E_CLOSED, "handshake"},
        {GARBAGE, 20000, WR_E_CLOSED, "no TLS"},
        {SHUTS_AFTER, 20000, WR_E_CLOSED, "without an answer"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct server s;
        int err;

        server_start(&s, rows[i].play, &leaf);
        err = ask(&s, true, rows[i].timeout_ms, NULL, 0);
        server_stop(&s);
        /* A server that hangs up may do so while octets for it are on their way: the network says so then. */
        if ((err != rows[i].err && !(err == WR_E_IO && rows[i].play == HANGS_UP)) ||
            (err == rows[i].err && !strstr(facts.why, rows[i].says)))
            fail_msg("row %zu: %s, %s", i, wr_err_name(err), facts.why);
    }
}

static void test_refused(void **state)
{
    struct server s;

    server_start(&s, SILENT, &leaf);
    server_stop(&s);
    assert_int_equal(ask(&s, true, 20000, NULL, 0), WR_E_IO);
    assert_non_null(strstr(facts.why, "cannot connect"));
    assert_int_equal(facts.connect_us, 0);
}

/* A machine that takes two datagrams and says nothing: the second one is sent when the clock says so. */
static void *take_two(void *user)
{
    const struct server *s = user;
    uint8_t datagram[2048];

    for (unsigned i = 0; i < 2; i++)
        assert_true(recv(s->fd, datagram, sizeof(datagram), 0) >= 1200);
    enough = true;
    return NULL;
}

/* QUIC: nobody there is told by the network, who is silent by the deadline. (Answers: tests/e2e/ask_secure.py.) */
static void test_quic_nobody(void **state)
{
    struct server s = {.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    union wr_sockaddr sa;
    socklen_t size;

    if (!wr_askflow_kind(WR_URI_QUIC))
        skip();
    assert_int_equal(wr_addr_from_text("127.0.0.1", &s.at), WR_OK);
    size = wr_sock_from_addr(&s.at, &sa);
    assert_int_equal(bind(s.fd, &sa.any, size), 0);
    assert_int_equal(getsockname(s.fd, &sa.any, &size), 0);
    assert_int_equal(wr_sock_to_addr(&sa, &s.at), WR_OK);
    kind = WR_UPCONN_DOQ;
    assert_int_equal(pthread_create(&s.thread, NULL, take_two, &s), 0);
    assert_int_equal(ask(&s, true, 60000, NULL, 0), WR_E_TIMEOUT);
    pthread_join(s.thread, NULL);
    assert_true(enough);
    enough = false;
    assert_string_equal(facts.why, "nobody answers there by QUIC");
    close(s.fd);
    assert_int_equal(ask(&s, true, 20000, NULL, 0), WR_E_IO);
    assert_non_null(strstr(facts.why, "refused"));
    assert_false(facts.ready);
    kind = WR_UPCONN_DOT;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),  cmocka_unit_test(test_lies),
        cmocka_unit_test(test_denied),  cmocka_unit_test(test_failures),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_quic_nobody),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
