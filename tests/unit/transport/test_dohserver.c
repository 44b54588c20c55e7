/* SPDX-License-Identifier: Apache-2.0 */
/* DoH server: requests as curl and others send them, over both versions of HTTP. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/dohserver.h"
#include "unit/transport/dohmsg.h"
#include "unit/transport/httpmem.h"

static const struct wr_doh_site site = {
    .resource = {{"/dns-query", WR_DOH_DNS, WR_HTTP_TYPE_DNS, WR_DOH_GET | WR_DOH_POST, true}},
    .count = 1,
    .message_max = 512,
};

struct end {
    struct httpmem mem;
    struct wr_dohserver s;
    uint8_t room[512];
    char said[4096];
};

static struct end *begin(uint8_t version)
{
    struct end *e = calloc(1, sizeof(*e));
    struct wr_dohserver_setup setup = {.version = version, .site = &site};

    assert_non_null(e);
    setup.memory = httpmem_of(&e->mem);
    assert_int_equal(wr_dohserver_start(&e->s, &setup, 1000), WR_OK);
    return e;
}

static void finish(struct end *e)
{
    wr_dohserver_end(&e->s);
    assert_int_equal(wr_dohserver_memory(&e->s), 0);
    assert_int_equal(e->mem.pieces, 0);
    free(e);
}

static int feed(struct end *e, const void *bytes, size_t n)
{
    return wr_dohserver_feed(&e->s, bytes, n, 2000);
}

static int feed_text(struct end *e, const char *text)
{
    return feed(e, text, strlen(text));
}

static const char *said(struct end *e)
{
    size_t n = wr_dohserver_output(&e->s, (uint8_t *)e->said, sizeof(e->said) - 1);

    e->said[n] = 0;
    return e->said;
}

#define QUERY "AAABAAABAAAAAAAABGxhbXAEaG9tZQAAAQAB"

static void get_over_http_1(void **state)
{
    struct end *e = begin(WR_HTTP_1_1);
    struct wr_doh_query q;
    uint8_t answer[128];
    size_t n = dohmsg_answer(answer, sizeof(answer), 0, 77);

    assert_int_equal(feed_text(e, "GET /dns-query/lamp-3?dns=" QUERY " HTTP/1.1\r\nHost: gw\r\n"
                                  "Accept: application/dns-message\r\n\r\n"),
                     WR_OK);
    assert_int_equal(wr_dohserver_next(&e->s, e->room, &q), WR_OK);
    assert_int_equal(q.kind, WR_DOH_DNS);
    assert_memory_equal(q.claim.at, "lamp-3", q.claim.n);
    assert_int_equal(wr_dohserver_answer(&e->s, q.stream, answer, n), WR_OK);
    assert_memory_equal(said(e),
                        "HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\n"
                        "Content-Length: 43\r\nCache-Control: max-age=77\r\n\r\n",
                        105);
    assert_memory_equal(e->said + 105, answer, n);
    assert_int_equal(wr_dohserver_next(&e->s, e->room, &q), WR_E_AGAIN);
    finish(e);
}

/* What is no query gets its status, and what is behind it is read. */
static void refusals_do_not_stop_it(void **state)
{
    struct end *e = begin(WR_HTTP_1_1);
    struct wr_doh_query q;

    assert_int_equal(feed_text(e, "GET / HTTP/1.1\r\nHost: gw\r\n\r\n"
                                  "PUT /dns-query HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n"
                                  "GET /dns-query?dns=" QUERY " HTTP/1.1\r\nHost: gw\r\n\r\n"),
                     WR_OK);
    assert_int_equal(wr_dohserver_next(&e->s, e->room, &q), WR_OK);
    assert_string_equal(said(e), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                                 "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n"
                                 "Allow: GET, HEAD, POST\r\n\r\n");
    assert_int_equal(wr_dohserver_answer(&e->s, q.stream, NULL, 0), WR_OK);
    assert_string_equal(said(e), "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    finish(e);
}

static void early_data(void **state)
{
    uint8_t update[64];
    size_t n = dohmsg_query(update, sizeof(update), 0);
    struct end *e = begin(WR_HTTP_1_1);
    struct wr_doh_query q;

    update[2] = 0x28; /* UPDATE: must not be done twice */
    for (int early = 1; early >= 0; early--) {
        wr_dohserver_early(&e->s, early);
        assert_int_equal(feed_text(e,
                                   "POST /dns-query HTTP/1.1\r\nHost: gw\r\nContent-Length: 27\r\n"
                                   "Content-Type: application/dns-message\r\n\r\n"),
                         WR_OK);
        assert_int_equal(n, 27);
        assert_int_equal(feed(e, update, n), WR_OK);
        assert_int_equal(wr_dohserver_next(&e->s, e->room, &q), early ? WR_E_AGAIN : WR_OK);
        if (early) {
            assert_string_equal(said(e), "HTTP/1.1 425 Too Early\r\nContent-Length: 0\r\n\r\n");
        }
    }
    finish(e);
}

static void lost_connection(void **state)
{
    struct end *e = begin(WR_HTTP_1_1);
    struct wr_doh_query q;

    assert_int_equal(feed_text(e, "\x16\x03\x01\r\n\r\n"), WR_E_FORMAT);
    assert_int_equal(wr_dohserver_next(&e->s, e->room, &q), WR_E_FORMAT);
    assert_string_equal(
        said(e), "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_true(wr_dohserver_over(&e->s));
    finish(e);
}

static void last_request(void **state)
{
    struct end *e = begin(WR_HTTP_1_1);
    struct wr_doh_query q;

    assert_int_equal(feed_text(e, "GET /dns-query?dns=" QUERY " HTTP/1.0\r\n\r\n"), WR_OK);
    assert_int_equal(wr_dohserver_next(&e->s, e->room, &q), WR_OK);
    assert_int_equal(wr_dohserver_answer(&e->s, q.stream, NULL, 0), WR_OK);
    assert_int_equal(wr_dohserver_next(&e->s, e->room, &q), WR_E_AGAIN); /* there is output */
    said(e);
    assert_int_equal(wr_dohserver_next(&e->s, e->room, &q), WR_E_CLOSED);
    finish(e);
}

/* Frames as any client sends them: preface, SETTINGS, and a GET with literals that are not indexed. */
static void get_over_http_2(void **state)
{
    static const char path[] = "/dns-query/cam?dns=" QUERY;
    struct end *e = begin(WR_HTTP_2);
    struct wr_doh_query q;
    uint8_t frames[256], answer[128];
    struct wr_writer w;
    size_t n = dohmsg_answer(answer, sizeof(answer), 0, 77), head = 2 + 2 + 4 + sizeof(path) - 1;

    wr_buf_write_init(&w, frames, sizeof(frames));
    wr_buf_put_bytes(&w, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
    wr_buf_put_u16(&w, 0);
    wr_buf_put_u8(&w, (uint8_t)head);
    wr_buf_put_bytes(&w, "\1\5\0\0\0\1\x82\x87\x01\2gw\x04",
                     13); /* GET, https, :authority gw, :path */
    wr_buf_put_u8(&w, sizeof(path) - 1);
    wr_buf_put_bytes(&w, path, sizeof(path) - 1);
    assert_int_equal(feed(e, frames, w.pos), WR_OK);
    assert_int_equal(wr_dohserver_next(&e->s, e->room, &q), WR_OK);
    assert_int_equal(q.stream, 1);
    assert_memory_equal(q.claim.at, "cam", q.claim.n);
    assert_int_equal(wr_dohserver_waiting(&e->s), 0);
    assert_int_equal(wr_dohserver_answer(&e->s, q.stream, answer, n), WR_OK);
    assert_true(wr_dohserver_has_output(&e->s));
    assert_int_equal(wr_dohserver_waiting(&e->s), 1);
    said(e);
    assert_int_equal(wr_dohserver_waiting(&e->s), 0);
    assert_int_equal(wr_dohserver_answer(&e->s, q.stream, answer, n), WR_E_NOTFOUND);
    wr_dohserver_close(&e->s);
    said(e);
    assert_int_equal(wr_dohserver_next(&e->s, e->room, &q), WR_E_CLOSED);
    finish(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_over_http_1), cmocka_unit_test(refusals_do_not_stop_it),
        cmocka_unit_test(early_data),      cmocka_unit_test(lost_connection),
        cmocka_unit_test(last_request),    cmocka_unit_test(get_over_http_2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
