/* SPDX-License-Identifier: Apache-2.0 */
#include "net/httpd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "net/guests.h"

struct client {
    struct wr_guest guest;
    uv_write_t request;
    size_t have;
    char *body; /* from the hook; freed with the client */
    char head[256];
    char in[WR_HTTPD_REQUEST_MAX];
};

struct wr_httpd {
    struct wr_guests guests;
    wr_httpd_hook *hook;
    void *user;
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

static struct wr_httpd *server_of(const struct client *c)
{
    return WR_CONTAINER(c->guest.all, struct wr_httpd, guests);
}

static void client_left(struct wr_guest *g)
{
    free(WR_CONTAINER(g, struct client, guest)->body);
}

static void httpd_over(struct wr_guests *guests)
{
    free(WR_CONTAINER(guests, struct wr_httpd, guests));
}

static void client_close(struct client *c)
{
    wr_guest_close(&c->guest);
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

    c->guest.asked = true;
    uv_read_stop(&c->guest.at.stream);
    part[0] = uv_buf_init(c->head, (unsigned)n);
    part[1] = uv_buf_init(c->body, with_body ? (unsigned)body_size : 0);
    c->request.data = c;
    wr_guest_sent(&c->guest, (size_t)n + part[1].len);
    if (uv_write(&c->request, &c->guest.at.stream, part, with_body && body_size > 0 ? 2 : 1,
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
    err = server_of(c)->hook(server_of(c)->user, request.path, &reply);
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

int wr_httpd_adopt(uv_loop_t *loop, int fd, wr_httpd_hook *hook, void *user,
                   struct wr_httpd **ret_server, struct wr_sock_error *error)
{
    static const struct wr_guests_setup setup = {.type = UV_TCP,
                                                 .guests = WR_HTTPD_CLIENTS_MAX,
                                                 .guest_size = sizeof(struct client),
                                                 .patience_ms = WR_HTTPD_MS,
                                                 .write_ms = WR_HTTPD_MS,
                                                 .alloc = client_on_alloc,
                                                 .read = client_on_read,
                                                 .left = client_left,
                                                 .over = httpd_over};
    struct wr_httpd *s = calloc(1, sizeof(*s));
    int err = WR_E_NOMEM;

    if (s == NULL) {
        close(fd);
    } else {
        err = wr_guests_open(&s->guests, &setup, loop, fd);
    }
    error->number = err == WR_E_IO ? errno : 0;
    if (err == WR_E_NOMEM) {
        free(s);
    }
    if (err != WR_OK) {
        snprintf(error->text, sizeof(error->text), "metrics server: %s",
                 err == WR_E_IO ? "cannot listen" : "no memory");
        return err;
    }
    s->hook = hook;
    s->user = user;
    *ret_server = s;
    return WR_OK;
}

int wr_httpd_listen(uv_loop_t *loop, const struct wr_addr *addr, wr_httpd_hook *hook, void *user,
                    struct wr_httpd **ret_server, struct wr_sock_error *error)
{
    struct wr_sock_options options = {.probe = true, .backlog = WR_GUESTS_BACKLOG};
    int fd = -1, err = wr_sock_listen_tcp(addr, &options, &fd, error);

    return err != WR_OK ? err : wr_httpd_adopt(loop, fd, hook, user, ret_server, error);
}

void wr_httpd_close(struct wr_httpd *s)
{
    if (s != NULL) {
        wr_guests_close(&s->guests);
    }
}
