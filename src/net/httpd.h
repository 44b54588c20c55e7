/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP: a GET-only HTTP/1.0 server for the metrics.
 *
 * One request a connection, one answer with Content-Length and Connection: close (RFC 9112, RFC 9110). HEAD
 * gives the head alone; any other method gets 405, a path that the hook does not know 404, nonsense 400.
 * No header of the request is looked at, none of its octets is sent back.
 *
 * Bounds: connections (net/guests.h: who asks nothing yields), octets of a request, seconds for a request and its answer. Beyond
 * them: closed.
 */
#ifndef WR_NET_HTTPD_H
#define WR_NET_HTTPD_H

#include <stddef.h>
#include <uv.h>

#include "net/sock.h"

#define WR_HTTPD_CLIENTS_MAX 16
#define WR_HTTPD_REQUEST_MAX 4096
#define WR_HTTPD_MS          10000
/* The longest body a hook may give. */
#define WR_HTTPD_BODY_MAX (8u << 20)

struct wr_httpd;

enum wr_httpd_method { WR_HTTPD_GET = 1, WR_HTTPD_HEAD, WR_HTTPD_OTHER };

/* The request line, taken apart. */
struct wr_httpd_request {
    enum wr_httpd_method method;
    char path[256]; /* begins with '/', without the query part, NUL-ended, printable ASCII */
};

/* Reads the head of a request. WR_E_AGAIN: its end has not come; WR_E_FORMAT: nonsense. Pure. */
int wr_httpd_parse(const char *head, size_t size, struct wr_httpd_request *ret_request);

struct wr_httpd_reply {
    const char *type; /* Content-Type; static text */
    char *body;       /* from malloc; the server frees it */
    size_t size;
};

/* Fills in the reply for `path` (NUL-ended, without the query part). WR_OK, or WR_E_NOTFOUND (404), else 500. */
typedef int wr_httpd_hook(void *user, const char *path, struct wr_httpd_reply *ret_reply);

int wr_httpd_listen(uv_loop_t *loop, const struct wr_addr *addr, wr_httpd_hook *hook, void *user,
                    struct wr_httpd **ret_server, struct wr_sock_error *error);
/* A TCP socket that listens already; takes it over. */
int wr_httpd_adopt(uv_loop_t *loop, int fd, wr_httpd_hook *hook, void *user,
                   struct wr_httpd **ret_server, struct wr_sock_error *error);
/* Closes everything; memory is freed when the loop has turned once more. NULL is fine. */
void wr_httpd_close(struct wr_httpd *s);

#endif
