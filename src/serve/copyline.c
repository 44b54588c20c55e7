/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/copyline.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/sock.h"

static const char *const alpn[] = {"dot"};

void wr_copyline_init(struct wr_copyline *l)
{
    l->fd = -1;
    l->state = WR_COPYLINE_DOWN;
    l->secure = false;
    l->setup.creds = NULL;
    l->why[0] = 0;
}

/* The first reason stays. */
static int fail(struct wr_copyline *l, int err, const char *what, const char *why)
{
    if (l->why[0] == 0) {
        snprintf(l->why, sizeof(l->why), "%s%s%s", what, why[0] != 0 ? ": " : "", why);
    }
    return err;
}

/* --- octets out --- */

static int send_rest(struct wr_copyline *l)
{
    while (l->from < l->to) {
        ssize_t n = send(l->fd, l->out + l->from, l->to - l->from, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return errno == EAGAIN ? WR_OK : WR_E_CLOSED;
        }
        l->from += (size_t)n;
    }
    l->from = l->to = 0;
    return WR_OK;
}

/* A writer behind what waits; `written` takes what was put there. */
static struct wr_writer writer(struct wr_copyline *l)
{
    struct wr_writer w;
    wr_buf_write_init(&w, l->out + l->to, sizeof(l->out) - l->to);
    return w;
}

static int written(struct wr_copyline *l, const struct wr_writer *w)
{
    l->to += w->pos;
    return send_rest(l);
}

int wr_copyline_send(struct wr_copyline *l, const uint8_t *bytes, size_t n)
{
    struct wr_writer w = writer(l);
    if (l->state != WR_COPYLINE_UP) {
        return WR_E_USAGE;
    }
    int err = WR_OK;
    if (l->secure) {
        err = wr_tls_write(&l->tls, bytes, n, &w);
    } else {
        wr_buf_put_bytes(&w, bytes, n);
        err = w.err;
    }
    return err == WR_OK ? written(l, &w) : err;
}

/* --- the way there --- */

void wr_copyline_hang_up(struct wr_copyline *l)
{
    if (l->secure && l->state >= WR_COPYLINE_SECURING) {
        struct wr_writer w = writer(l);
        wr_tls_close(&l->tls, &w);
        (void)written(l, &w);
        wr_tls_end(&l->tls);
    }
    if (l->fd >= 0) {
        close(l->fd);
    }
    wr_creds_drop(l->setup.creds);
    l->setup.creds = NULL;
    l->fd = -1;
    l->state = WR_COPYLINE_DOWN;
    l->secure = false;
}

int wr_copyline_dial(struct wr_copyline *l, const struct wr_copyline_setup *setup)
{
    union wr_sockaddr sa;
    socklen_t size = wr_sock_from_addr(&setup->addr, &sa);
    wr_copyline_hang_up(l);
    l->setup = *setup;
    l->setup.creds = setup->creds != NULL ? wr_creds_keep(setup->creds) : NULL;
    l->from = l->to = l->in_size = 0;
    l->ended = false;
    l->why[0] = 0;
    l->secure = setup->uri->scheme == WR_URI_TLS;
    if (l->secure && setup->creds == NULL) {
        return fail(l, WR_E_DENIED, "there is no memory to prove who the primary is", "");
    }
    l->fd = socket(sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0 || (connect(l->fd, &sa.any, size) != 0 && errno != EINPROGRESS)) {
        return fail(l, WR_E_IO, "the primary cannot be reached", strerror(errno));
    }
    l->state = WR_COPYLINE_DIALLING;
    return WR_OK;
}

static int start_tls(struct wr_copyline *l, const struct wr_now *now)
{
    const struct wr_uri *uri = l->setup.uri;
    struct wr_writer w = writer(l);
    l->whom = wr_whom_of(uri, l->setup.creds);
    l->whom.addr = l->setup.addr;
    l->whom.system_clock = l->setup.system_clock;
    l->whom.floor_s = l->setup.floor_s;
    const struct wr_tls_setup setup = {.role = WR_TLS_CLIENT,
                                       .creds = l->setup.creds,
                                       .alpn = alpn,
                                       .alpn_count = 1,
                                       .verify = wr_whom_verify,
                                       .user = &l->whom,
                                       .name = uri->name[0] != 0 ? uri->name : NULL,
                                       .newest = true};
    int err = wr_tls_start(&l->tls, &setup, now, &w);
    if (err != WR_OK) {
        fail(l, err, "TLS cannot be begun", l->tls.why.text);
        wr_tls_end(&l->tls);
        return err;
    }
    l->state = WR_COPYLINE_SECURING;
    return written(l, &w);
}

static int finish_dialling(struct wr_copyline *l, const struct wr_now *now)
{
    int err = 0;
    socklen_t n = sizeof(err);
    if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &err, &n) != 0 || err != 0) {
        return fail(l, WR_E_IO, "the primary cannot be reached", strerror(err));
    }
    if (l->secure) {
        return start_tls(l, now);
    }
    l->state = WR_COPYLINE_UP;
    return WR_OK;
}

/* --- octets in --- */

short wr_copyline_wants(const struct wr_copyline *l)
{
    if (l->state == WR_COPYLINE_DIALLING) {
        return POLLOUT;
    }
    return (short)(POLLIN | (l->to > l->from ? POLLOUT : 0));
}

static int receive(struct wr_copyline *l, uint8_t *room, size_t cap, const struct wr_now *now)
{
    ssize_t n = recv(l->fd, room, cap, 0);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return WR_OK;
    }
    if (n <= 0) {
        l->ended = true;
        return WR_OK; /* read says it */
    }
    if (l->secure) {
        wr_tls_feed(&l->tls, room, (size_t)n, now);
    } else {
        l->in = room;
        l->in_size = (size_t)n;
    }
    return WR_OK;
}

int wr_copyline_io(struct wr_copyline *l, short ready, uint8_t *room, size_t cap,
                   const struct wr_now *now)
{
    if (l->state == WR_COPYLINE_DIALLING) {
        return finish_dialling(l, now);
    }
    if (l->state == WR_COPYLINE_DOWN) {
        return WR_OK;
    }
    if ((ready & POLLOUT) && send_rest(l) != WR_OK) {
        return WR_E_CLOSED;
    }
    return ready & (POLLIN | POLLHUP | POLLERR) ? receive(l, room, cap, now) : WR_OK;
}

/* The handshake is over: is it as RFC 9103 sections 7.1 and 7.2 want it? */
static int secured(struct wr_copyline *l)
{
    if (l->tls.alpn != 0) {
        return fail(l, WR_E_DENIED,
                    "the primary does not say that it speaks DNS over TLS (ALPN \"dot\")", "");
    }
    l->state = WR_COPYLINE_UP;
    return WR_OK;
}

static int ended(struct wr_copyline *l)
{
    if (l->state == WR_COPYLINE_SECURING) {
        return fail(l, WR_E_CLOSED,
                    "the primary ended the connection before TLS was there; does it speak TLS at "
                    "this port?",
                    "");
    }
    return WR_E_CLOSED;
}

static int read_tls(struct wr_copyline *l, const uint8_t **ret_bytes, size_t *ret_n)
{
    struct wr_writer w = writer(l);
    int err = wr_tls_read(&l->tls, l->plain, sizeof(l->plain), ret_n, &w);
    int sent = written(l, &w);
    if (l->state == WR_COPYLINE_SECURING && l->tls.state == WR_TLS_OPEN && secured(l) != WR_OK) {
        return WR_E_DENIED;
    }
    if (err == WR_OK) {
        *ret_bytes = l->plain;
        return WR_OK;
    }
    if (err == WR_E_AGAIN) {
        return l->ended ? ended(l) : sent == WR_OK ? WR_E_AGAIN : sent;
    }
    return err == WR_E_CLOSED ? ended(l)
                              : fail(l, err, "TLS with the primary failed", l->tls.why.text);
}

int wr_copyline_read(struct wr_copyline *l, const uint8_t **ret_bytes, size_t *ret_n)
{
    if (l->state < WR_COPYLINE_SECURING) {
        return WR_E_AGAIN;
    }
    if (l->secure) {
        return read_tls(l, ret_bytes, ret_n);
    }
    if (l->in_size == 0) {
        return l->ended ? ended(l) : WR_E_AGAIN;
    }
    *ret_bytes = l->in;
    *ret_n = l->in_size;
    l->in_size = 0;
    return WR_OK;
}
