/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of HTTP/1.1: what is read, and what two readers could read in two ways. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/h1head.h"

#define HOST "Host: dns.example\r\n"

static const struct {
    const char *head;
    uint16_t status;
} requests[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"GET /a?b=c HTTP/1.1\r\nhost:x\r\n\r\n", 0},
    {"GET https://dns.example/a HTTP/1.1\r\n" HOST "\r\n", 0},
    {"GET / HTTP/1.0\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", 0},
    {"GET / HTTP/1.1\r\n" HOST "X-Empty:\r\nX-Tab:\ta\tb\t \r\n\r\n", 0},
    {"GET / HTTP/1.1\r\n\r\n", 400},                       /* no Host */
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},          /* two */
    {"GET / HTTP/1.1\n" HOST "\r\n", 400},                 /* bare LF */
    {"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},      /* within */
    {"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400},      /* bare CR */
    {"GET / HTTP/1.1\r\n" HOST "X : y\r\n\r\n", 400},      /* space before the colon */
    {"GET / HTTP/1.1\r\n" HOST "X: y\r\n z\r\n\r\n", 400}, /* folded */
    {"GET / HTTP/1.1\r\n X: y\r\n" HOST "\r\n", 400},      /* a field that begins with a space */
    {"GET / HTTP/1.1\r\n" HOST ": y\r\n\r\n", 400},        /* no name */
    {"GET / HTTP/1.1\r\n" HOST "nothing\r\n\r\n", 400},    /* no colon */
    {"GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n", 400},   /* a control octet */
    {"GET  / HTTP/1.1\r\n" HOST "\r\n", 400},              /* two spaces */
    {"GET /a b HTTP/1.1\r\n" HOST "\r\n", 400},            /* one within the target */
    {"GET / HTTP/1.1 \r\n" HOST "\r\n", 400},              /* one behind */
    {"GET /\r\n" HOST "\r\n", 400},                        /* HTTP/0.9 */
    {" GET / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"G@T / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET / http/1.1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.10\r\n" HOST "\r\n", 400},
    {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
    {"GET https://dns.example HTTP/1.1\r\n" HOST "\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\n\r\n", 417},
};

static void table_of_requests(void **state)
{
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct wr_h1head head;
        uint16_t status =
            wr_h1head_request((const uint8_t *)requests[i].head, strlen(requests[i].head), &head);

        if (status != requests[i].status) {
            print_message("%s: %u\n", requests[i].head, status);
        }
        assert_int_equal(status, requests[i].status);
    }
}

static struct wr_h1head read_request(const char *text)
{
    struct wr_h1head head;

    assert_int_equal(wr_h1head_request((const uint8_t *)text, strlen(text), &head), 0);
    return head;
}

static void what_is_told(void **state)
{
    const char *text = "POST https://dns.example/dns?x HTTP/1.1\r\n" HOST
                       "Connection: upgrade, Close\r\nContent-Type: application/dns-message\r\n"
                       "Content-Length:  33 \r\n\r\n";
    struct wr_h1head head = read_request(text);

    assert_int_equal(head.head.method, WR_HTTP_POST);
    assert_memory_equal(text + head.target_at, "/dns?x", 6);
    assert_int_equal(head.target_size, 6);
    assert_int_equal(head.head.type, WR_HTTP_TYPE_DNS);
    assert_int_equal(head.head.length, 33);
    assert_true(head.last);
    assert_false(read_request("GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n").last);
    assert_true(read_request("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").last);
    assert_true(
        read_request("POST / HTTP/1.1\r\n" HOST "transfer-encoding: chunked\r\n\r\n").chunked);
}

static void fields_are_bounded(void **state)
{
    char text[4096] = "GET / HTTP/1.1\r\n" HOST;
    struct wr_h1head head;

    for (int i = 0; i < 99; i++) {
        strcat(text, "X-A: b\r\n");
    }
    strcat(text, "\r\n");
    assert_int_equal(wr_h1head_request((const uint8_t *)text, strlen(text), &head), 0);
    text[strlen(text) - 2] = 0;
    strcat(text, "X-A: b\r\n\r\n");
    assert_int_equal(wr_h1head_request((const uint8_t *)text, strlen(text), &head), 431);
}

static void responses(void **state)
{
    static const char *const good[] = {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
                                       "HTTP/1.1 404\r\n\r\n", "HTTP/1.1 200 \r\n\r\n",
                                       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"};
    static const char *const bad[] = {"HTTP/1.1 20 OK\r\n\r\n",
                                      "HTTP/1.1 2000 OK\r\n\r\n",
                                      "HTTP/2.0 200 OK\r\n\r\n",
                                      "HTTP/1.1 099 X\r\n\r\n",
                                      "ICY 200 OK\r\n\r\n",
                                      "HTTP/1.1 200 OK\n\r\n",
                                      "HTTP/1.1  200 OK\r\n\r\n",
                                      "HTTP/1.1 200 OK\r\nX y\r\n\r\n",
                                      "\r\n"};
    struct wr_h1head head;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(wr_h1head_response((const uint8_t *)good[i], strlen(good[i]), &head),
                         WR_OK);
        assert_false(head.last);
    }
    assert_int_equal(head.head.status, 200);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(wr_h1head_response((const uint8_t *)bad[i], strlen(bad[i]), &head),
                         WR_E_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_of_requests),
        cmocka_unit_test(what_is_told),
        cmocka_unit_test(fields_are_bounded),
        cmocka_unit_test(responses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
