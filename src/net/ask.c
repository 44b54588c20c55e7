/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/err.h"
#include "dns/msg.h"

/* What one try holds on to. */
struct attempt {
    const struct wr_ask *ask;
    const uint8_t *query;
    size_t size;
    struct wr_ask_reply *reply;
    struct wr_asksock sock;
};

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

static void begin(struct attempt *t)
{
    wr_asksock_begin(&t->sock, t->ask->timeout_ms, t->ask->cancel);
}

/* What the system said goes into the reply. */
static int end(struct attempt *t, int err)
{
    t->reply->took_us = wr_asksock_end(&t->sock);
    t->reply->number = t->sock.number;
    memcpy(t->reply->error, t->sock.error, sizeof(t->reply->error));
    return err;
}

/* True when the octets received are the answer; else counts them as wrong. */
static bool take(struct attempt *t, size_t size)
{
    if (wr_ask_matches(t->query, t->size, t->reply->bytes, size)) {
        t->reply->size = size;
        return true;
    }
    t->reply->wrong++;
    return false;
}

static int read_datagrams(struct attempt *t)
{
    while (t->reply->wrong < WR_WRONG_READS_MAX) {
        int err = wr_asksock_wait(&t->sock, POLLIN, t->sock.deadline_us);
        ssize_t n;

        if (err)
            return err;
        n = recv(t->sock.fd, t->reply->bytes, sizeof(t->reply->bytes), 0);
        if (n >= 0 && take(t, (size_t)n))
            return WR_OK;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return wr_asksock_error(&t->sock, "no answer");
    }
    return WR_E_LIMIT;
}

static int try_udp(const struct wr_ask *ask, const uint8_t *query, size_t size,
                   struct wr_ask_reply *reply)
{
    struct attempt t = {.ask = ask, .query = query, .size = size, .reply = reply};
    int err;

    begin(&t);
    reply->tries++;
    reply->tcp = false;
    err = wr_asksock_open(&t.sock, SOCK_DGRAM, &ask->server, &ask->from);
    if (!err && send(t.sock.fd, query, size, 0) < 0)
        err = wr_asksock_error(&t.sock, "cannot send");
    if (!err)
        err = read_datagrams(&t);
    return end(&t, err);
}

static int stream_read(struct attempt *t, uint8_t *bytes, size_t n)
{
    while (n) {
        size_t got = 0;
        int err = wr_asksock_wait(&t->sock, POLLIN, t->sock.deadline_us);

        if (!err)
            err = wr_asksock_read(&t->sock, bytes, n, &got);
        if (err && err != WR_E_AGAIN)
            return err;
        bytes += got;
        n -= got;
    }
    return WR_OK;
}

static int read_messages(struct attempt *t)
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
    struct attempt t = {.ask = ask, .query = query, .size = size, .reply = reply};
    uint8_t message[2 + WR_MSG_MAX];
    int err;

    wr_assert(size <= WR_MSG_MAX);
    message[0] = (uint8_t)(size >> 8);
    message[1] = (uint8_t)size;
    memcpy(message + 2, query, size);
    begin(&t);
    reply->tcp = true;
    err = wr_asksock_open(&t.sock, SOCK_STREAM, &ask->server, &ask->from);
    if (!err)
        err = wr_asksock_send(&t.sock, message, size + 2);
    if (!err)
        err = read_messages(&t);
    return end(&t, err);
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
