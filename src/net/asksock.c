/* SPDX-License-Identifier: Apache-2.0 */
#include "net/asksock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/time.h"
#include "net/clock.h"
#include "net/sock.h"

/* How often it is looked whether somebody wants it ended. */
#define CANCEL_LOOK_US (50 * WR_MS)

uint64_t wr_asksock_now_us(void)
{
    struct wr_now now;

    wr_clock_now(false, &now);
    return now.mono_us;
}

int wr_asksock_error(struct wr_asksock *s, const char *what)
{
    s->number = errno;
    snprintf(s->error, sizeof(s->error), "%s: %s", what, strerror(s->number));
    return WR_E_IO;
}

void wr_asksock_begin(struct wr_asksock *s, uint32_t timeout_ms, const _Atomic bool *cancel)
{
    memset(s, 0, sizeof(*s));
    s->fd = -1;
    s->cancel = cancel;
    s->started_us = wr_asksock_now_us();
    s->deadline_us = s->started_us + timeout_ms * WR_MS;
}

uint32_t wr_asksock_end(struct wr_asksock *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    return (uint32_t)(wr_asksock_now_us() - s->started_us);
}

int wr_asksock_open(struct wr_asksock *s, int type, const struct wr_addr *server,
                    const struct wr_addr *from)
{
    union wr_sockaddr to, own;
    socklen_t to_size = wr_sock_from_addr(server, &to);
    socklen_t own_size = wr_sock_from_addr(from, &own);

    s->fd = socket(to.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return wr_asksock_error(s, "no socket");
    if (own_size && bind(s->fd, &own.any, own_size) != 0)
        return wr_asksock_error(s, "cannot send from that address");
    if (connect(s->fd, &to.any, to_size) != 0 && errno != EINPROGRESS)
        return wr_asksock_error(s, "cannot connect");
    return WR_OK;
}

int wr_asksock_wait(struct wr_asksock *s, short events, uint64_t until_us)
{
    struct pollfd fd = {.fd = s->fd, .events = events};
    uint64_t end = wr_time_min(until_us, s->deadline_us);

    for (;;) {
        uint64_t now = wr_asksock_now_us(), left;
        int ready;

        if (now >= end || (s->cancel && *s->cancel))
            return WR_E_TIMEOUT;
        left = end - now;
        if (s->cancel && left > CANCEL_LOOK_US)
            left = CANCEL_LOOK_US;
        ready = poll(&fd, 1, (int)((left + WR_MS - 1) / WR_MS));
        if (ready > 0)
            return WR_OK;
        if (ready < 0 && errno != EINTR)
            return wr_asksock_error(s, "poll");
    }
}

int wr_asksock_connected(struct wr_asksock *s)
{
    socklen_t size = sizeof(s->number);
    int err = wr_asksock_wait(s, POLLOUT, s->deadline_us), failed = 0;

    if (err)
        return err;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 && failed == 0)
        return WR_OK;
    errno = failed ? failed : errno;
    return wr_asksock_error(s, "cannot connect");
}

int wr_asksock_send(struct wr_asksock *s, const uint8_t *bytes, size_t n)
{
    while (n) {
        int err = wr_asksock_wait(s, POLLOUT, s->deadline_us);
        ssize_t sent;

        if (err)
            return err;
        sent = send(s->fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return wr_asksock_error(s, "cannot send");
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        }
    }
    return WR_OK;
}

int wr_asksock_read(struct wr_asksock *s, uint8_t *room, size_t cap, size_t *ret_n)
{
    ssize_t got = recv(s->fd, room, cap, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return WR_E_AGAIN;
    if (got < 0)
        return wr_asksock_error(s, "cannot read");
    if (got == 0 && cap)
        return WR_E_CLOSED;
    *ret_n = (size_t)got;
    return WR_OK;
}
