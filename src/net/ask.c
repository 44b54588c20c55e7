/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/time.h"
#include "dns/msg.h"
#include "net/clock.h"
#include "net/sock.h"

/* What one try holds on to. */
struct
try {
    const struct wr_ask *ask;
    const uint8_t *query;
    size_t size;
    struct wr_ask_reply *reply;
    int fd;
    uint64_t started_us, deadline_us;
};

static uint64_t now_us(void)
{
    struct wr_now now;

    wr_clock_now(false, &now);
    return now.mono_us;
}

static int io_error(struct try *t, const char *what)
{
    t->reply->number = errno;
    snprintf(t->reply->error, sizeof(t->reply->error), "%s: %s", what, strerror(t->reply->number));
    return WR_E_IO;
}

bool wr_ask_matches(const uint8_t *query, size_t query_size, const uint8_t *reply,
                    size_t reply_size)
{
    struct wr_msg asked, got;

    if (wr_msg_parse(&asked, query, query_size) != WR_OK)
        return false;
    if (wr_msg_parse(&got, reply, reply_size) == WR_E_SHORT)
        return false;
    if (got.id != asked.id || !(got.flags & WR_FLAG_QR) ||
        wr_msg_opcode(&got) != wr_msg_opcode(&asked))
        return false;
    if (got.qtype == 0) /* no question, or none that can be read */
        return (got.flags & 15) != WR_RCODE_NOERROR && (got.flags & 15) != WR_RCODE_NXDOMAIN;
    return got.qtype == asked.qtype && got.qclass == asked.qclass &&
           wr_name_equal(got.qname.wire, asked.qname.wire);
}

/* Waits until the descriptor is ready for `events`, or the deadline. */
static int wait_for(struct try *t, short events)
{
    struct pollfd fd = {.fd = t->fd, .events = events};

    for (;;) {
        uint64_t now = now_us();
        int ready;

        if (now >= t->deadline_us)
            return WR_E_TIMEOUT;
        ready = poll(&fd, 1, (int)((t->deadline_us - now + WR_MS - 1) / WR_MS));
        if (ready > 0)
            return WR_OK;
        if (ready < 0 && errno != EINTR)
            return io_error(t, "poll");
    }
}

static int open_socket(struct try *t, int type)
{
    union wr_sockaddr to, from;
    socklen_t to_size = wr_sock_from_addr(&t->ask->server, &to);
    socklen_t from_size = wr_sock_from_addr(&t->ask->from, &from);

    t->fd = socket(to.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (t->fd < 0)
        return io_error(t, "no socket");
    if (from_size && bind(t->fd, &from.any, from_size) != 0)
        return io_error(t, "cannot send from that address");
    if (connect(t->fd, &to.any, to_size) != 0 && errno != EINPROGRESS)
        return io_error(t, "cannot connect");
    return WR_OK;
}

static void begin(struct try *t)
{
    t->fd = -1;
    t->started_us = now_us();
    t->deadline_us = t->started_us + t->ask->timeout_ms * WR_MS;
}

static void end(struct try *t)
{
    if (t->fd >= 0)
        close(t->fd);
    t->reply->took_us = (uint32_t)(now_us() - t->started_us);
}

/* True when the octets received are the answer; else counts them as wrong. */
static bool take(struct try *t, size_t size)
{
    if (wr_ask_matches(t->query, t->size, t->reply->bytes, size)) {
        t->reply->size = size;
        return true;
    }
    t->reply->wrong++;
    return false;
}

static int read_datagrams(struct try *t)
{
    while (t->reply->wrong < WR_WRONG_READS_MAX) {
        int err = wait_for(t, POLLIN);
        ssize_t n;

        if (err)
            return err;
        n = recv(t->fd, t->reply->bytes, sizeof(t->reply->bytes), 0);
        if (n >= 0 && take(t, (size_t)n))
            return WR_OK;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return io_error(t, "no answer");
    }
    return WR_E_LIMIT;
}

static int try_udp(const struct wr_ask *ask, const uint8_t *query, size_t size,
                   struct wr_ask_reply *reply)
{
    struct try t = {.ask = ask, .query = query, .size = size, .reply = reply};
    int err;

    begin(&t);
    reply->tries++;
    reply->tcp = false;
    err = open_socket(&t, SOCK_DGRAM);
    if (!err && send(t.fd, query, size, 0) < 0)
        err = io_error(&t, "cannot send");
    if (!err)
        err = read_datagrams(&t);
    end(&t);
    return err;
}

static int stream_send(struct try *t, const uint8_t *bytes, size_t n)
{
    while (n) {
        int err = wait_for(t, POLLOUT);
        ssize_t sent;

        if (err)
            return err;
        sent = send(t->fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return io_error(t, "cannot send");
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        }
    }
    return WR_OK;
}

static int stream_read(struct try *t, uint8_t *bytes, size_t n)
{
    while (n) {
        int err = wait_for(t, POLLIN);
        ssize_t got;

        if (err)
            return err;
        got = recv(t->fd, bytes, n, 0);
        if (got == 0)
            return WR_E_CLOSED;
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return io_error(t, "cannot read");
        if (got > 0) {
            bytes += got;
            n -= (size_t)got;
        }
    }
    return WR_OK;
}

static int read_messages(struct try *t)
{
    while (t->reply->wrong < WR_WRONG_READS_MAX) {
        uint8_t head[2] = {0, 0};
        size_t n;
        int err = stream_read(t, head, sizeof(head));

        n = (size_t)head[0] << 8 | head[1];
        if (!err)
            err = stream_read(t, t->reply->bytes, n);
        if (err)
            return err;
        if (take(t, n))
            return WR_OK;
    }
    return WR_E_LIMIT;
}

static int try_tcp(const struct wr_ask *ask, const uint8_t *query, size_t size,
                   struct wr_ask_reply *reply)
{
    struct try t = {.ask = ask, .query = query, .size = size, .reply = reply};
    uint8_t message[2 + WR_MSG_MAX];
    int err;

    wr_assert(size <= WR_MSG_MAX);
    message[0] = (uint8_t)(size >> 8);
    message[1] = (uint8_t)size;
    memcpy(message + 2, query, size);
    begin(&t);
    reply->tcp = true;
    err = open_socket(&t, SOCK_STREAM);
    if (!err)
        err = stream_send(&t, message, size + 2);
    if (!err)
        err = read_messages(&t);
    end(&t);
    return err;
}

/* TC, as the header says it. */
static bool is_truncated(const struct wr_ask_reply *reply)
{
    return reply->size > 2 && (reply->bytes[2] & (WR_FLAG_TC >> 8));
}

int wr_ask_run(const struct wr_ask *ask, const uint8_t *query, size_t size,
               struct wr_ask_reply *ret_reply)
{
    int err = WR_E_TIMEOUT;

    ret_reply->size = 0;
    ret_reply->tries = ret_reply->wrong = ret_reply->took_us = 0;
    ret_reply->was_truncated = false;
    ret_reply->number = 0;
    ret_reply->error[0] = '\0';
    if (ask->tcp)
        return try_tcp(ask, query, size, ret_reply);
    for (uint32_t i = 0; i < ask->tries && (err == WR_E_TIMEOUT || err == WR_E_IO); i++)
        err = try_udp(ask, query, size, ret_reply);
    if (err || !is_truncated(ret_reply) || ask->keep_truncated)
        return err;
    ret_reply->was_truncated = true;
    return try_tcp(ask, query, size, ret_reply);
}
