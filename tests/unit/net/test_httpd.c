/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics server: requests good and bad, bounds. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "net/httpd.h"

struct fixture {
    uv_loop_t loop;
    struct wr_httpd *server;
    uint16_t port;
};

static int hook(void *user, const char *path, struct wr_httpd_reply *ret_reply)
{
    if (strcmp(path, "/metrics") == 0) {
        *ret_reply = (struct wr_httpd_reply){"text/plain; version=0.0.4", strdup("a 1\n"), 4};
        return WR_OK;
    }
    if (strcmp(path, "/empty") == 0) {
        *ret_reply = (struct wr_httpd_reply){"text/plain", NULL, 0};
        return WR_OK;
    }
    return strcmp(path, "/broken") == 0 ? WR_E_NOMEM : WR_E_NOTFOUND;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct wr_sock_options options = {0};
    struct wr_sock_error error;
    struct wr_addr addr;
    union wr_sockaddr sa;
    socklen_t size = sizeof(sa);
    int fd;

    assert_int_equal(wr_addr_from_text("127.0.0.1", &addr), WR_OK);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    assert_int_equal(wr_sock_listen_tcp(&addr, &options, &fd, &error), WR_OK);
    assert_int_equal(getsockname(fd, &sa.any, &size), 0);
    f->port = ntohs(sa.v4.sin_port);
    assert_int_equal(wr_httpd_adopt(&f->loop, fd, hook, f, &f->server, &error), WR_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    wr_httpd_close(f->server);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f);
    return 0;
}

static int dial(struct fixture *f)
{
    struct sockaddr_in sa = {
        .sin_family = AF_INET, .sin_port = htons(f->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    return fd;
}

static void turn(struct fixture *f)
{
    for (int i = 0; i < 8; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
}

/* Sends a request, gives what comes until the server closes. */
static const char *exchange(struct fixture *f, const char *request)
{
    static char reply[8192];
    int fd = dial(f);
    size_t have = 0;
    ssize_t n = -1;

    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    for (int i = 0; i < 10000 && n != 0; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        n = recv(fd, reply + have, sizeof(reply) - 1 - have, MSG_DONTWAIT);
        have += n > 0 ? (size_t)n : 0;
    }
    reply[have] = '\0';
    close(fd);
    return reply;
}

static void test_answers(void **state)
{
    static const struct {
        const char *request, *status, *body;
    } row[] = {
        {"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.0 200 OK\r\n", "\r\n\r\na 1\n"},
        {"GET /metrics?x=1 HTTP/1.0\n\n", "HTTP/1.0 200 OK\r\n", "\r\n\r\na 1\n"},
        {"HEAD /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n",
         "Content-Length: 4\r\nConnection: "
         "close\r\n\r\n"},
        {"GET /empty HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n", "Content-Length: 0\r\n"},
        {"GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 404 Not Found\r\n", "404 Not Found\n"},
        {"GET /broken HTTP/1.0\r\n\r\n", "HTTP/1.0 500 Internal", "500 Internal"},
        {"POST /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 405 Method", "405"},
        {"GET metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 400 Bad", "400"},
        {"GET /metrics\r\n\r\n", "HTTP/1.0 400 Bad", "400"},
        {"\r\n\r\n", "HTTP/1.0 400 Bad", "400"},
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        const char *reply = exchange(*state, row[i].request);

        assert_ptr_equal(strstr(reply, row[i].status), reply);
        assert_non_null(strstr(reply, row[i].body));
    }
    assert_null(strstr(exchange(*state, "HEAD /metrics HTTP/1.0\r\n\r\n"), "a 1"));
}

static void test_request_too_long(void **state)
{
    char request[WR_HTTPD_REQUEST_MAX + 1];

    memset(request, 'a', sizeof(request));
    memcpy(request, "GET / ", 6);
    request[WR_HTTPD_REQUEST_MAX] = '\0';
    assert_non_null(strstr(exchange(*state, request), "HTTP/1.0 431 "));
}

/* Who only sits there keeps nobody out: the one that came first makes place. */
static void test_too_many_clients(void **state)
{
    struct fixture *f = *state;
    int fd[WR_HTTPD_CLIENTS_MAX];
    char octet;

    for (int i = 0; i < WR_HTTPD_CLIENTS_MAX; i++) {
        fd[i] = dial(f);
        turn(f);
    }
    for (int i = 0; i < 3; i++) {
        assert_non_null(strstr(exchange(f, "GET /metrics HTTP/1.0\r\n\r\n"), "200 OK"));
    }
    assert_int_equal(recv(fd[0], &octet, 1, MSG_DONTWAIT), 0);
    assert_int_equal(recv(fd[1], &octet, 1, MSG_DONTWAIT), -1);
    for (int i = 0; i < WR_HTTPD_CLIENTS_MAX; i++) {
        close(fd[i]);
    }
    turn(f);
    assert_non_null(strstr(exchange(f, "GET /metrics HTTP/1.0\r\n\r\n"), "200 OK"));
}

static void test_parse(void **state)
{
    struct wr_httpd_request r;
    char longest[400] = "GET /";

    assert_int_equal(wr_httpd_parse("GET / HTTP/1.0\r\n", 16, &r), WR_E_AGAIN);
    assert_int_equal(wr_httpd_parse("GET /a?b HTTP/1.0\r\n\r\n", 21, &r), WR_OK);
    assert_int_equal(r.method, WR_HTTPD_GET);
    assert_string_equal(r.path, "/a");
    assert_int_equal(wr_httpd_parse("PUT /\x01 HTTP/1.0\n\n", 17, &r), WR_E_FORMAT);
    memset(longest + 5, 'x', 254);
    strcpy(longest + 259, " HTTP/1.0\n\n");
    assert_int_equal(wr_httpd_parse(longest, strlen(longest), &r), WR_OK);
    assert_int_equal(strlen(r.path), 255);
    memset(longest + 5, 'x', 255);
    strcpy(longest + 260, " HTTP/1.0\n\n");
    assert_int_equal(wr_httpd_parse(longest, strlen(longest), &r), WR_E_FORMAT);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_answers),
        WITH_SERVER(test_request_too_long),
        WITH_SERVER(test_too_many_clients),
        cmocka_unit_test(test_parse),
    };

    return cmocka_run_group_tests_name("net/httpd", tests, NULL, NULL);
}
