/* SPDX-License-Identifier: Apache-2.0 */
/* DoH client: against weir's own server over both versions and methods, and against servers that answer oddly. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "transport/dohclient.h"
#include "transport/dohserver.h"
#include "unit/transport/dohmsg.h"
#include "unit/transport/httpmem.h"

static const struct wr_doh_site site = {
    .resource =
        {
            {"/q", WR_DOH_DNS, WR_HTTP_TYPE_DNS, WR_DOH_GET | WR_DOH_POST, false},
            {"/q", WR_DOH_OBLIVIOUS, WR_HTTP_TYPE_ODOH, WR_DOH_POST, false},
        },
    .count = 2,
    .message_max = 512,
};

struct pair {
    struct httpmem mem[2];
    struct wr_dohclient c;
    struct wr_dohserver s;
    uint8_t room[512];
};

static int start_client(struct pair *p, uint8_t version, uint8_t method, const char *host,
                        const char *path)
{
    struct wr_dohclient_setup setup = {
        .version = version, .method = method, .host = host, .path = path};

    setup.memory = httpmem_of(&p->mem[0]);
    return wr_dohclient_start(&p->c, &setup, 1000);
}

static struct pair *begin(uint8_t version, uint8_t method)
{
    struct pair *p = calloc(1, sizeof(*p));
    struct wr_dohserver_setup setup = {.version = version, .site = &site};

    assert_non_null(p);
    setup.memory = httpmem_of(&p->mem[1]);
    assert_int_equal(wr_dohserver_start(&p->s, &setup, 1000), WR_OK);
    assert_int_equal(start_client(p, version, method, "dns.example", "/q"), WR_OK);
    return p;
}

static void finish(struct pair *p)
{
    wr_dohclient_end(&p->c);
    wr_dohserver_end(&p->s);
    assert_int_equal(p->mem[0].pieces, 0);
    assert_int_equal(p->mem[1].pieces, 0);
    free(p);
}

static void talk(struct pair *p)
{
    uint8_t bytes[1000];

    for (int i = 0; i < 3; i++) {
        size_t n;

        while ((n = wr_dohclient_output(&p->c, bytes, sizeof(bytes))) > 0) {
            (void)wr_dohserver_feed(&p->s, bytes, n, 2000);
        }
        while ((n = wr_dohserver_output(&p->s, bytes, sizeof(bytes))) > 0) {
            (void)wr_dohclient_feed(&p->c, bytes, n, 2000);
        }
    }
}

static void there_and_back(void **state)
{
    static const struct {
        uint8_t version, method;
    } table[] = {{WR_HTTP_1_1, WR_HTTP_GET},
                 {WR_HTTP_1_1, WR_HTTP_POST},
                 {WR_HTTP_2, WR_HTTP_GET},
                 {WR_HTTP_2, WR_HTTP_POST}};
    uint8_t query[64], answer[128];

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct pair *p = begin(table[i].version, table[i].method);
        struct wr_dohclient_said said;
        struct wr_doh_query q;

        for (uint16_t id = 0x1234; id < 0x1238; id++) {
            assert_int_equal(wr_dohclient_ask(&p->c, query, dohmsg_query(query, 64, id)), WR_OK);
            assert_int_not_equal(wr_dohclient_since(&p->c) == 0, true);
            talk(p);
            assert_int_equal(wr_dohserver_next(&p->s, p->room, &q), WR_OK);
            assert_int_equal(q.bytes[0] | q.bytes[1], 0); /* the id stays here */
            assert_int_equal(q.method, table[i].method);
            assert_int_equal(
                wr_dohserver_answer(&p->s, q.stream, answer, dohmsg_answer(answer, 128, 0, 5)),
                WR_OK);
            talk(p);
            assert_true(wr_dohclient_next(&p->c, &said));
            assert_int_equal(said.kind, WR_DOHCLIENT_ANSWER);
            assert_int_equal(said.token, id);
            assert_int_equal(said.size, dohmsg_answer(answer, 128, id, 5));
            assert_memory_equal(said.bytes, answer, said.size);
            assert_false(wr_dohclient_next(&p->c, &said));
        }
        assert_int_equal(wr_dohclient_ask(&p->c, query, 11), WR_E_FORMAT);
        wr_dohclient_close(&p->c);
        assert_int_equal(wr_dohclient_ask(&p->c, query, 27), WR_E_CLOSED);
        finish(p);
    }
}

/* A server that has no answer (503), and other bodies than messages, which are judged by who asked. */
static void other_answers(void **state)
{
    for (uint8_t version = WR_HTTP_1_1; version <= WR_HTTP_2; version++) {
        struct pair *p = begin(version, WR_HTTP_POST);
        struct wr_dohclient_said said;
        struct wr_doh_query q;
        uint8_t query[64];
        struct wr_http_request r = {.token = WR_DOHCLIENT_TOKENS + 5,
                                    .method = WR_HTTP_POST,
                                    .type = WR_HTTP_TYPE_ODOH,
                                    .target = {"/q?targethost=a&targetpath=/b", 29},
                                    .body = (const uint8_t *)"sealed",
                                    .size = 6};
        struct wr_http_reply reply = {.status = 401, .type = WR_HTTP_TYPE_OTHER, .max_age_s = -1};

        assert_int_equal(wr_dohclient_ask(&p->c, query, dohmsg_query(query, 64, 9)), WR_OK);
        talk(p);
        assert_int_equal(wr_dohserver_next(&p->s, p->room, &q), WR_OK);
        assert_int_equal(wr_dohserver_answer(&p->s, q.stream, NULL, 0), WR_OK);
        talk(p);
        assert_true(wr_dohclient_next(&p->c, &said));
        assert_int_equal(said.kind, WR_DOHCLIENT_FAILED);
        assert_int_equal(said.status, 503);
        assert_false(said.again);
        assert_int_equal(wr_dohclient_request(&p->c, &r), WR_OK);
        talk(p);
        assert_int_equal(wr_dohserver_next(&p->s, p->room, &q), WR_OK);
        assert_int_equal(q.kind, WR_DOH_OBLIVIOUS);
        assert_memory_equal(q.bytes, "sealed", q.size);
        assert_memory_equal(wr_doh_parameter(q.parameters, "targetpath").at, "/b", 2);
        assert_int_equal(wr_dohserver_reply(&p->s, q.stream, &reply), WR_OK);
        talk(p);
        assert_true(wr_dohclient_next(&p->c, &said));
        assert_int_equal(said.kind, WR_DOHCLIENT_ANSWER);
        assert_int_equal(said.token, WR_DOHCLIENT_TOKENS + 5);
        assert_int_equal(said.status, 401);
        finish(p);
    }
}

/* The server goes away in the middle: what it has not looked at may be asked again. */
static void server_goes(void **state)
{
    struct pair *p = begin(WR_HTTP_2, WR_HTTP_POST);
    struct wr_dohclient_said said;
    uint8_t query[64];

    talk(p);
    wr_dohserver_close(&p->s);
    assert_int_equal(wr_dohclient_ask(&p->c, query, dohmsg_query(query, 64, 9)), WR_OK);
    talk(p);
    assert_true(wr_dohclient_next(&p->c, &said));
    assert_int_equal(said.kind, WR_DOHCLIENT_FAILED);
    assert_int_equal(said.token, 9);
    assert_true(said.again);
    assert_true(wr_dohclient_next(&p->c, &said));
    assert_int_equal(said.kind, WR_DOHCLIENT_ENDED);
    assert_false(wr_dohclient_next(&p->c, &said));
    finish(p);
}

/* Over HTTP/1.1 a server's words can be written down. */
static void odd_responses(void **state)
{
    static const struct {
        const char *head, *why;
    } table[] = {
        {"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n",
         "the server redirects, which is not followed (3xx)"},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nlogin!",
         "the response is not of type application/dns-message"},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-Length: "
         "6\r\n\r\nlogin!",
         "the response is no answer to the question"},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-Encoding: gzip\r\n"
         "Content-Length: 6\r\n\r\nlogin!",
         "the response is encoded, which was not asked for"},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-Length: "
         "65536\r\n\r\n",
         "the response is too long"},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
         "the server has no such path (404)"},
        {"HTTP/1.1 599 ?\r\nContent-Length: 0\r\n\r\n", "the server failed (5xx)"},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct pair *p = begin(WR_HTTP_1_1, WR_HTTP_POST);
        struct wr_dohclient_said said;
        uint8_t query[64];

        assert_int_equal(wr_dohclient_ask(&p->c, query, dohmsg_query(query, 64, 9)), WR_OK);
        assert_int_equal(wr_dohclient_ask(&p->c, query, 27), WR_E_AGAIN);
        assert_int_equal(
            wr_dohclient_feed(&p->c, (const uint8_t *)table[i].head, strlen(table[i].head), 2000),
            WR_OK);
        assert_true(wr_dohclient_next(&p->c, &said));
        assert_int_equal(said.kind, WR_DOHCLIENT_FAILED);
        assert_string_equal(said.why, table[i].why);
        finish(p);
    }
}

static void age_counts(void **state)
{
    struct pair *p = begin(WR_HTTP_1_1, WR_HTTP_POST);
    struct wr_dohclient_said said;
    uint8_t bytes[512], query[64], want[128];
    const char *head = "HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nAge: 250\r\n"
                       "Content-Length: 43\r\n\r\n";
    size_t n = strlen(head);

    memcpy(bytes, head, n);
    n += dohmsg_answer(bytes + n, sizeof(bytes) - n, 0, 300);
    assert_int_equal(wr_dohclient_ask(&p->c, query, dohmsg_query(query, 64, 9)), WR_OK);
    assert_int_equal(wr_dohclient_feed(&p->c, bytes, n, 2000), WR_OK);
    assert_true(wr_dohclient_next(&p->c, &said));
    assert_int_equal(said.kind, WR_DOHCLIENT_ANSWER);
    assert_int_equal(said.size, dohmsg_answer(want, sizeof(want), 9, 50));
    assert_memory_equal(said.bytes, want, said.size);
    finish(p);
}

static void no_http(void **state)
{
    for (uint8_t version = WR_HTTP_1_1; version <= WR_HTTP_2; version++) {
        struct pair *p = begin(version, WR_HTTP_POST);
        struct wr_dohclient_said said;
        uint8_t query[64], out[1024];

        assert_int_equal(wr_dohclient_ask(&p->c, query, dohmsg_query(query, 64, 9)), WR_OK);
        (void)wr_dohclient_feed(&p->c, (const uint8_t *)"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n",
                                34, 2000);
        (void)wr_dohclient_output(&p->c, out, sizeof(out)); /* what HTTP/2 says to that */
        assert_true(wr_dohclient_over(&p->c));
        assert_true(wr_dohclient_next(&p->c, &said));
        if (said.kind == WR_DOHCLIENT_FAILED) { /* nghttp2 ends the stream first */
            assert_true(wr_dohclient_next(&p->c, &said));
        }
        assert_int_equal(said.kind, WR_DOHCLIENT_ENDED);
        assert_string_equal(said.why, "the server does not speak HTTP as it should");
        finish(p);
    }
}

static void places_that_are_none(void **state)
{
    static const struct {
        const char *host, *path;
    } table[] = {{"", "/q"}, {"a\r\nX: y", "/q"}, {"a b", "/q"},      {"a", "q"},
                 {"a", ""},  {"a", "/q x"},       {"a", "/q\r\nX: y"}};

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct pair *p = calloc(1, sizeof(*p));

        assert_non_null(p);
        assert_int_equal(start_client(p, WR_HTTP_2, WR_HTTP_POST, table[i].host, table[i].path),
                         WR_E_LIMIT);
        assert_int_equal(p->mem[0].pieces, 0);
        free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),       cmocka_unit_test(other_answers),
        cmocka_unit_test(server_goes),          cmocka_unit_test(odd_responses),
        cmocka_unit_test(age_counts),           cmocka_unit_test(no_http),
        cmocka_unit_test(places_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
