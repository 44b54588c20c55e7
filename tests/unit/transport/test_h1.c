/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 on a stream: cut anywhere, pipelined, chunked, broken, dripped; both roles. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "transport/h1.h"
#include "unit/transport/httpmem.h"

enum { BODY_MAX = 100 };

struct end {
    struct httpmem mem;
    struct wr_http_heap heap;
    struct wr_h1 h;
    char said[70000]; /* what was sent */
    size_t said_size;
};

static struct end *begin(bool client)
{
    struct end *e = calloc(1, sizeof(*e));

    assert_non_null(e);
    httpmem_heap(&e->mem, &e->heap, WR_HTTP_CONNECTION_MAX);
    wr_h1_start(&e->h,
                &(struct wr_h1_setup){.client = client, .heap = &e->heap, .body_max = BODY_MAX},
                1000);
    return e;
}

static void finish(struct end *e)
{
    wr_h1_end(&e->h);
    assert_int_equal(e->heap.used, 0);
    assert_int_equal(e->mem.pieces, 0);
    free(e);
}

static int feed(struct end *e, const char *text)
{
    return wr_h1_feed(&e->h, (const uint8_t *)text, strlen(text), 2000);
}

static const char *said(struct end *e)
{
    e->said_size = wr_h1_output(&e->h, (uint8_t *)e->said, sizeof(e->said) - 1);
    e->said[e->said_size] = 0;
    return e->said;
}

static void respond(struct end *e, uint64_t stream, const char *body)
{
    struct wr_http_reply reply = {.status = 200,
                                  .type = WR_HTTP_TYPE_DNS,
                                  .max_age_s = 60,
                                  .body = (const uint8_t *)body,
                                  .size = strlen(body)};
    assert_int_equal(wr_h1_respond(&e->h, stream, &reply), WR_OK);
}

static void check_body(const struct wr_http_message *m, const char *body)
{
    assert_int_equal(m->err, WR_OK);
    assert_int_equal(m->size, strlen(body));
    assert_memory_equal(m->body, body, m->size);
}

#define POST  "POST /q HTTP/1.1\r\nHost: x\r\nContent-Type: application/dns-message\r\n"
#define GET   "GET /q?dns=AA HTTP/1.1\r\nHost: x\r\n\r\n"
#define WHOLE POST "Content-Length: 5\r\n\r\nhello"
#define CHUNKED                                          \
    POST "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n" \
         "3;name=\"v\"\r\nllo\r\n0\r\nTrailer: t\r\n\r\n"

/* Three requests on one connection, cut in two at every octet, each answered before the next is read. */
static void cut_anywhere(void **state)
{
    static const char stream[] = WHOLE "\r\n" CHUNKED GET;

    for (size_t cut = 0; cut < sizeof(stream); cut++) {
        struct end *e = begin(false);
        struct wr_http_message m;
        unsigned n = 0;

        for (unsigned part = 0; part < 2; part++) {
            const char *from = part == 0 ? stream : stream + cut;
            size_t size = part == 0 ? cut : sizeof(stream) - 1 - cut;

            assert_int_equal(wr_h1_feed(&e->h, (const uint8_t *)from, size, 2000), WR_OK);
            while (wr_h1_next(&e->h, &m) == WR_OK) {
                n++;
                check_body(&m, n < 3 ? "hello" : "");
                assert_int_equal(m.head.method, n < 3 ? WR_HTTP_POST : WR_HTTP_GET);
                assert_int_equal(m.stream, n);
                respond(e, m.stream, "answer");
            }
        }
        assert_int_equal(n, 3);
        assert_int_equal(wr_h1_since(&e->h), WR_TIME_NEVER);
        finish(e);
    }
}

static void responses_are_written(void **state)
{
    struct end *e = begin(false);
    struct wr_http_message m;

    assert_int_equal(feed(e, GET), WR_OK);
    assert_int_equal(wr_h1_next(&e->h, &m), WR_OK);
    assert_memory_equal(m.target.at, "/q?dns=AA", m.target.n);
    respond(e, 1, "answer");
    assert_string_equal(said(e), "HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\n"
                                 "Content-Length: 6\r\nCache-Control: max-age=60\r\n\r\nanswer");
    assert_int_equal(feed(e, "HEAD /q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), WR_OK);
    assert_int_equal(wr_h1_next(&e->h, &m), WR_OK);
    respond(e, 2, "answer");
    assert_string_equal(said(e),
                        "HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-"
                        "Length: 6\r\nCache-Control: max-age=60\r\nConnection: close\r\n\r\n");
    assert_true(wr_h1_over(&e->h));
    assert_true(wr_h1_done(&e->h));
    assert_int_equal(feed(e, GET), WR_OK); /* not looked at */
    assert_int_equal(wr_h1_next(&e->h, &m), WR_E_AGAIN);
    finish(e);
}

static void one_at_a_time(void **state)
{
    struct end *e = begin(false);
    struct wr_http_message m;

    assert_int_equal(feed(e, GET GET), WR_OK);
    assert_int_equal(wr_h1_next(&e->h, &m), WR_OK);
    assert_true(wr_h1_full(&e->h));
    assert_int_equal(wr_h1_next(&e->h, &m), WR_E_AGAIN);
    assert_int_equal(wr_h1_respond(&e->h, 2, &(struct wr_http_reply){.status = 200}),
                     WR_E_NOTFOUND);
    respond(e, 1, "");
    assert_int_equal(wr_h1_respond(&e->h, 1, &(struct wr_http_reply){.status = 200}),
                     WR_E_NOTFOUND);
    assert_int_equal(wr_h1_next(&e->h, &m), WR_OK);
    assert_int_equal(m.stream, 2);
    assert_false(wr_h1_full(&e->h));
    finish(e);
}

static void pipelining_is_bounded(void **state)
{
    struct end *e = begin(false);
    struct wr_http_message m;
    int err = WR_OK;

    assert_int_equal(feed(e, GET), WR_OK);
    assert_int_equal(wr_h1_next(&e->h, &m), WR_OK);
    for (unsigned i = 0; i < WR_HTTP_PIPELINE_MAX && err == WR_OK; i++) {
        err = feed(e, GET);
    }
    assert_int_equal(err, WR_E_LIMIT);
    assert_true(e->heap.used < WR_HTTP_PIPELINE_MAX * 2);
    finish(e);
}

static void expect_100(void **state)
{
    struct end *e = begin(false);
    struct wr_http_message m;

    assert_int_equal(feed(e, POST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"), WR_OK);
    assert_int_equal(wr_h1_next(&e->h, &m), WR_E_AGAIN);
    assert_string_equal(said(e), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_int_equal(feed(e, "hello"), WR_OK);
    assert_int_equal(wr_h1_next(&e->h, &m), WR_OK);
    check_body(&m, "hello");
    finish(e);
}

static void too_long(void **state)
{
    static const char *const bodies[] = {
        POST "Content-Length: 101\r\n\r\n",
        POST "Content-Length: 9000000000000000000\r\n\r\n",
        POST "Transfer-Encoding: chunked\r\n\r\n65\r\n",
        POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nFFFFFFFF\r\n",
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct end *e = begin(false);
        struct wr_http_message m;

        assert_int_equal(feed(e, bodies[i]), WR_OK);
        assert_int_equal(wr_h1_next(&e->h, &m), WR_OK);
        assert_int_equal(m.err, WR_E_LIMIT);
        assert_int_equal(
            wr_h1_respond(&e->h, 1, &(struct wr_http_reply){.status = 413, .max_age_s = -1}),
            WR_OK);
        assert_string_equal(said(e), "HTTP/1.1 413 Content Too Large\r\nContent-Length: "
                                     "0\r\nConnection: close\r\n\r\n");
        assert_true(wr_h1_over(&e->h));
        assert_false(wr_h1_done(&e->h)); /* the rest of the body comes */
        finish(e);
    }
}

static void broken_bodies(void **state)
{
    static const char *const bodies[] = {"2\r\nhexx0\r\n\r\n",
                                         "2\nhe\r\n0\r\n\r\n",
                                         "0x2\r\nhe\r\n",
                                         "\r\nhe\r\n",
                                         "g\r\n",
                                         "-1\r\n",
                                         "2\r\nhe\n0\r\n\r\n",
                                         "0\r\nA: b\n\r\n",
                                         "100000002\r\nhe\r\n"};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct end *e = begin(false);

        assert_int_equal(feed(e, POST "Transfer-Encoding: chunked\r\n\r\n"), WR_OK);
        assert_int_equal(feed(e, bodies[i]), WR_E_FORMAT);
        assert_memory_equal(said(e), "HTTP/1.1 400 ", 13);
        assert_true(wr_h1_over(&e->h));
        finish(e);
    }
}

/* Names of loops over what a stranger sends: a head, a chunk's line and trailers without end. */
static void endless(void **state)
{
    static const struct {
        const char *first, *again, *said;
    } table[] = {
        {"GET /", "aaaaaaaaaaaaaaaa", "HTTP/1.1 414 "},
        {"GET / HTTP/1.1\r\nHost: x\r\n", "Xxxxxxxxx: yyyyyyyy\r\n", "HTTP/1.1 431 "},
        {POST "Transfer-Encoding: chunked\r\n\r\n2;", "aaaaaaaaaaaaaaaa", "HTTP/1.1 400 "},
        {POST "Transfer-Encoding: chunked\r\n\r\n0\r\n", "T: rail\r\n", "HTTP/1.1 400 "},
        {POST "Transfer-Encoding: chunked\r\n\r\n0\r\n", "aaaaaaaaaaa", "HTTP/1.1 400 "},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct end *e = begin(false);
        int err = feed(e, table[i].first);

        for (unsigned turn = 0; turn < WR_HTTP_HEAD_MAX && err == WR_OK; turn++) {
            err = feed(e, table[i].again);
            assert_int_not_equal(wr_h1_since(&e->h) == WR_TIME_NEVER, err == WR_OK);
        }
        assert_true(err == WR_E_LIMIT || err == WR_E_FORMAT);
        assert_memory_equal(said(e), table[i].said, 13);
        finish(e);
    }
}

static void many_small_chunks_take_little(void **state)
{
    struct end *e = begin(false);
    struct wr_http_message m;

    assert_int_equal(feed(e, POST "Transfer-Encoding: chunked\r\n\r\n"), WR_OK);
    for (int i = 0; i < BODY_MAX; i++) {
        assert_int_equal(feed(e, "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n"),
                         WR_OK);
    }
    assert_true(e->heap.used < 1024);
    assert_int_equal(feed(e, "0\r\n\r\n"), WR_OK);
    assert_int_equal(wr_h1_next(&e->h, &m), WR_OK);
    assert_int_equal(m.size, BODY_MAX);
    finish(e);
}

static void slow_request_has_a_beginning(void **state)
{
    struct end *e = begin(false);

    assert_int_equal(wr_h1_since(&e->h), WR_TIME_NEVER);
    assert_int_equal(wr_h1_feed(&e->h, (const uint8_t *)"G", 1, 5000), WR_OK);
    assert_int_equal(wr_h1_feed(&e->h, (const uint8_t *)"E", 1, 9000), WR_OK);
    assert_int_equal(wr_h1_since(&e->h), 5000);
    finish(e);
}

/* --- a client ----------------------------------------------------------------------------------- */

static int ask(struct end *e, uint8_t method)
{
    struct wr_http_request r = {.token = 7,
                                .method = method,
                                .type = WR_HTTP_TYPE_DNS,
                                .authority = "dns.example",
                                .target = {"/q", 2},
                                .body = (const uint8_t *)"ask",
                                .size = 3};
    return wr_h1_request(&e->h, &r);
}

static void requests_are_written(void **state)
{
    struct end *e = begin(true);

    assert_int_equal(ask(e, WR_HTTP_POST), WR_OK);
    assert_int_equal(ask(e, WR_HTTP_POST), WR_E_AGAIN);
    assert_string_equal(
        said(e), "POST /q HTTP/1.1\r\nHost: dns.example\r\nAccept: application/dns-message\r\n"
                 "Content-Type: application/dns-message\r\nContent-Length: 3\r\n\r\nask");
    finish(e);
    e = begin(true);
    assert_int_equal(ask(e, WR_HTTP_GET), WR_OK);
    assert_string_equal(said(e), "GET /q HTTP/1.1\r\nHost: dns.example\r\n"
                                 "Accept: application/dns-message\r\n\r\n");
    finish(e);
}

static void responses_are_read(void **state)
{
    static const struct {
        const char *text, *body;
        uint16_t status;
        bool over;
    } table[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes", "yes", 200, false},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n"
         "Content-Length: 3\r\n\r\nyes",
         "yes", 200, false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n2\r\nes\r\n0\r\n\r\n",
         "yes", 200, false},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "", 404, true},
        {"HTTP/1.1 204 No Content\r\n\r\n", "", 204, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nyes", "yes", 200, true},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct end *e = begin(true);
        struct wr_http_message m;

        assert_int_equal(ask(e, WR_HTTP_POST), WR_OK);
        said(e);
        assert_int_equal(feed(e, table[i].text), WR_OK);
        assert_int_equal(wr_h1_next(&e->h, &m), WR_OK);
        check_body(&m, table[i].body);
        assert_int_equal(m.head.status, table[i].status);
        assert_int_equal(m.token, 7);
        assert_memory_equal(m.asked, "ask", 3);
        assert_int_equal(wr_h1_next(&e->h, &m), WR_E_AGAIN);
        assert_int_equal(wr_h1_over(&e->h), table[i].over);
        assert_int_equal(ask(e, WR_HTTP_GET), table[i].over ? WR_E_CLOSED : WR_OK);
        finish(e);
    }
}

static void responses_that_are_none(void **state)
{
    static const char *const table[] = {
        "HTTP/1.1 200 OK\r\n\r\nuntil the end", "garbage\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"};

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct end *e = begin(true);

        assert_int_equal(ask(e, WR_HTTP_POST), WR_OK);
        said(e);
        assert_int_equal(feed(e, table[i]), WR_E_FORMAT);
        assert_string_equal(said(e), "");
        finish(e);
    }
}

static void nobody_asked(void **state)
{
    struct end *e = begin(true);
    struct wr_http_message m;

    assert_int_equal(feed(e, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"),
                     WR_E_FORMAT);
    finish(e);
    e = begin(true); /* two responses to one request: the second must not answer the next */
    assert_int_equal(ask(e, WR_HTTP_POST), WR_OK);
    assert_int_equal(feed(e, "HTTP/1.1 204 No\r\n\r\nHTTP/1.1 204 No\r\n\r\n"), WR_OK);
    assert_int_equal(wr_h1_next(&e->h, &m), WR_OK);
    assert_int_equal(ask(e, WR_HTTP_POST), WR_E_CLOSED);
    assert_int_equal(wr_h1_next(&e->h, &m), WR_E_FORMAT);
    finish(e);
}

static void without_memory(void **state)
{
    for (long left = 0; left < 8; left++) {
        struct end *e = begin(false);
        struct wr_http_message m;

        e->mem.left = left;
        if (feed(e, WHOLE) == WR_OK && wr_h1_next(&e->h, &m) == WR_OK) {
            (void)wr_h1_respond(&e->h, 1, &(struct wr_http_reply){.status = 200, .max_age_s = 1});
        }
        finish(e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(responses_are_written),
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(pipelining_is_bounded),
        cmocka_unit_test(expect_100),
        cmocka_unit_test(too_long),
        cmocka_unit_test(broken_bodies),
        cmocka_unit_test(endless),
        cmocka_unit_test(many_small_chunks_take_little),
        cmocka_unit_test(slow_request_has_a_beginning),
        cmocka_unit_test(requests_are_written),
        cmocka_unit_test(responses_are_read),
        cmocka_unit_test(responses_that_are_none),
        cmocka_unit_test(nobody_asked),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
