/* SPDX-License-Identifier: Apache-2.0 */
#include "net/httpd.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/pool.h"

enum { BACKLOG = 16, CHECK_MS = 1000 };

struct client {
    uv_tcp_t tcp;
    uv_write_t request;
    struct wr_httpd *server;
    wr_id id;
    uint64_t since_ms;
    size_t have;
    bool answered;
    bool closing;
    char *body; /* from the hook; freed with the client */
    char head[256];
    char in[WR_HTTPD_REQUEST_MAX];
};

struct wr_httpd {
    uv_tcp_t tcp;
    uv_timer_t timer;
    wr_httpd_hook *hook;
    void *user;
    struct wr_pool pool;
    void *block;
    int handles; /* that libuv still has */
    bool closing;
};

/* --- the request ---------------------------------------------------------------------------------- */

/* Where the head ends: behind the first empty line. 0: not yet. */
static size_t httpd_head_end(const char *head, size_t size)
{
    for (size_t i = 0; i + 1 < size; i++) {
        if (head[i] != '\n') {
            continue;
        }
        if (head[i + 1] == '\n') {
            return i + 2;
        }
        if (head[i + 1] == '\r' && i + 2 < size && head[i + 2] == '\n') {
            return i + 3;
        }
    }
    return 0;
}

static enum wr_httpd_method httpd_method(const char *word, size_t size)
{
    if (size == 3 && memcmp(word, "GET", 3) == 0) {
        return WR_HTTPD_GET;
    }
    if (size == 4 && memcmp(word, "HEAD", 4) == 0) {
        return WR_HTTPD_HEAD;
    }
    return WR_HTTPD_OTHER;
}

/* Octets up to the next space or the end of the line. */
static size_t httpd_word(const char *at, const char *end)
{
    size_t n = 0;

    while (at + n < end && at[n] != ' ' && at[n] != '\r' && at[n] != '\n') {
        n++;
    }
    return n;
}

int wr_httpd_parse(const char *head, size_t size, struct wr_httpd_request *ret_request)
{
    size_t end_at = httpd_head_end(head, size), n;
    struct wr_httpd_request request = {0};
    const char *at = head, *end = head + end_at;

    if (end_at == 0) {
        return WR_E_AGAIN;
    }
    n = httpd_word(at, end);
    request.method = httpd_method(at, n);
    at += n;
    if (n == 0 || at == end || *at != ' ') {
        return WR_E_FORMAT;
    }
    at++;
    n = httpd_word(at, end);
    if (n == 0 || *at != '/' || at[n] != ' ' || end - (at + n) < 6 ||
        memcmp(at + n, " HTTP/", 6) != 0) {
        return WR_E_FORMAT;
    }
    for (size_t i = 0; i < n && at[i] != '?'; i++) {
        if (at[i] <= ' ' || at[i] > '~' || i + 1 >= sizeof(request.path)) {
            return WR_E_FORMAT;
        }
        request.path[i] = at[i];
    }
    *ret_request = request;
    return WR_OK;
}

/* --- clients -------------------------------------------------------------------------------------- */

static void httpd_release(struct wr_httpd *s)
{
    if (--s->handles == 0) {
        free(s->block);
        free(s);
    }
}

static void client_on_close(uv_handle_t *handle)
{
    struct client *c = handle->data;
    struct wr_httpd *s = c->server;

    free(c->body);
    wr_pool_give(&s->pool, c->id);
    httpd_release(s);
}

static void client_close(struct client *c)
{
    if (!c->closing) {
        c->closing = true;
        uv_close((uv_handle_t *)&c->tcp, client_on_close);
    }
}

static void client_on_written(uv_write_t *request, int status)
{
    client_close(request->data);
}

static void client_send(struct client *c, const char *status, const char *type, size_t body_size,
                        bool with_body)
{
    uv_buf_t part[2];
    int n = snprintf(c->head, sizeof(c->head),
                     "HTTP/1.0 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                     "Connection: close\r\n\r\n",
                     status, type, body_size);

    c->answered = true;
    uv_read_stop((uv_stream_t *)&c->tcp);
    part[0] = uv_buf_init(c->head, (unsigned)n);
    part[1] = uv_buf_init(c->body, with_body ? (unsigned)body_size : 0);
    c->request.data = c;
    if (uv_write(&c->request, (uv_stream_t *)&c->tcp, part, with_body && body_size > 0 ? 2 : 1,
                 client_on_written) != 0) {
        client_close(c);
    }
}

/* An answer without a hook: its status is its body. */
static void client_refuse(struct client *c, const char *status)
{
    size_t size = strlen(status) + 1;

    c->body = malloc(size + 1);
    if (c->body == NULL) {
        client_close(c);
        return;
    }
    snprintf(c->body, size + 1, "%s\n", status);
    client_send(c, status, "text/plain", size, true);
}

static void client_answer(struct client *c)
{
    struct wr_httpd_request request;
    struct wr_httpd_reply reply = {0};
    int err = wr_httpd_parse(c->in, c->have, &request);

    if (err == WR_E_AGAIN) {
        if (c->have == sizeof(c->in)) {
            client_refuse(c, "431 Request Header Fields Too Large");
        }
        return;
    }
    if (err != WR_OK) {
        client_refuse(c, "400 Bad Request");
        return;
    }
    if (request.method == WR_HTTPD_OTHER) {
        client_refuse(c, "405 Method Not Allowed");
        return;
    }
    err = c->server->hook(c->server->user, request.path, &reply);
    if (err == WR_OK && reply.size <= WR_HTTPD_BODY_MAX) {
        c->body = reply.body;
        client_send(c, "200 OK", reply.type, reply.size, request.method == WR_HTTPD_GET);
        return;
    }
    if (err == WR_OK) {
        free(reply.body);
    }
    client_refuse(c, err == WR_E_NOTFOUND ? "404 Not Found" : "500 Internal Server Error");
}

static void client_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct client *c = handle->data;

    *ret = uv_buf_init(c->in + c->have, (unsigned)(sizeof(c->in) - c->have));
}

static void client_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct client *c = stream->data;

    if (n < 0) {
        client_close(c);
    } else if (n > 0) {
        c->have += (size_t)n;
        client_answer(c);
    }
}

/* --- the server ----------------------------------------------------------------------------------- */

static void httpd_on_timer(uv_timer_t *timer)
{
    struct wr_httpd *s = timer->data;
    uint64_t now_ms = uv_now(timer->loop);
    bool more = false;
    wr_id id;

    for (uint32_t i = 0; i < s->pool.count; i++) {
        struct client *c = wr_pool_at(&s->pool, i, &id);

        if (c != NULL && !c->closing && now_ms - c->since_ms >= WR_HTTPD_MS) {
            client_close(c);
        }
        more = more || c != NULL;
    }
    if (!more) {
        uv_timer_stop(timer);
    }
}

static void refused_on_close(uv_handle_t *handle)
{
    free(handle);
}

/* No place left: the connection is taken and closed, so that it does not wait in vain. */
static void httpd_refuse(uv_stream_t *listener)
{
    uv_tcp_t *tcp = malloc(sizeof(*tcp));

    if (tcp == NULL) {
        return;
    }
    uv_tcp_init(listener->loop, tcp);
    uv_accept(listener, (uv_stream_t *)tcp);
    uv_close((uv_handle_t *)tcp, refused_on_close);
}

static void httpd_on_connection(uv_stream_t *stream, int status)
{
    struct wr_httpd *s = stream->data;
    struct client *c;
    wr_id id;

    if (status < 0) {
        return;
    }
    c = wr_pool_take(&s->pool, &id);
    if (c == NULL) {
        httpd_refuse(stream);
        return;
    }
    c->server = s;
    c->id = id;
    c->since_ms = uv_now(stream->loop);
    uv_tcp_init(stream->loop, &c->tcp);
    c->tcp.data = c;
    s->handles++;
    if (uv_accept(stream, (uv_stream_t *)&c->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&c->tcp, client_on_alloc, client_on_read) != 0) {
        client_close(c);
        return;
    }
    if (!uv_is_active((uv_handle_t *)&s->timer)) {
        uv_timer_start(&s->timer, httpd_on_timer, CHECK_MS, CHECK_MS);
    }
}

int wr_httpd_adopt(uv_loop_t *loop, int fd, wr_httpd_hook *hook, void *user,
                   struct wr_httpd **ret_server, struct wr_sock_error *error)
{
    struct wr_httpd *s = calloc(1, sizeof(*s));
    size_t size = wr_pool_size(sizeof(struct client), WR_HTTPD_CLIENTS_MAX);

    signal(SIGPIPE, SIG_IGN); /* libuv writes to clients that may be gone */
    if (s != NULL) {
        s->block = malloc(size);
    }
    if (s == NULL || s->block == NULL) {
        free(s);
        close(fd);
        error->number = 0;
        snprintf(error->text, sizeof(error->text), "metrics server: no memory");
        return WR_E_NOMEM;
    }
    wr_pool_init(&s->pool, s->block, sizeof(struct client), WR_HTTPD_CLIENTS_MAX);
    s->hook = hook;
    s->user = user;
    uv_tcp_init(loop, &s->tcp);
    uv_timer_init(loop, &s->timer);
    s->tcp.data = s->timer.data = s;
    s->handles = 2;
    if (uv_tcp_open(&s->tcp, fd) != 0 ||
        uv_listen((uv_stream_t *)&s->tcp, BACKLOG, httpd_on_connection) != 0) {
        error->number = errno;
        snprintf(error->text, sizeof(error->text), "metrics server: cannot listen");
        wr_httpd_close(s);
        return WR_E_IO;
    }
    *ret_server = s;
    return WR_OK;
}

int wr_httpd_listen(uv_loop_t *loop, const struct wr_addr *addr, wr_httpd_hook *hook, void *user,
                    struct wr_httpd **ret_server, struct wr_sock_error *error)
{
    struct wr_sock_options options = {.probe = true, .backlog = BACKLOG};
    int fd = -1, err = wr_sock_listen_tcp(addr, &options, &fd, error);

    return err != WR_OK ? err : wr_httpd_adopt(loop, fd, hook, user, ret_server, error);
}

static void httpd_on_close(uv_handle_t *handle)
{
    httpd_release(handle->data);
}

void wr_httpd_close(struct wr_httpd *s)
{
    wr_id id;

    if (s == NULL || s->closing) {
        return;
    }
    s->closing = true;
    for (uint32_t i = 0; i < s->pool.count; i++) {
        struct client *c = wr_pool_at(&s->pool, i, &id);

        if (c != NULL) {
            client_close(c);
        }
    }
    uv_close((uv_handle_t *)&s->tcp, httpd_on_close);
    uv_close((uv_handle_t *)&s->timer, httpd_on_close);
}
