/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "net/sock.h"
#include "net/wqueue.h"

/* Rooms full of octets, or datagrams, read from one stream in one turn. */
enum { READS_TURN = 4, DATAGRAMS_TURN = 32 };

enum stream_state {
    STREAM_CONNECTING,
    STREAM_OPEN,
    STREAM_CLOSED, /* libuv still has the handle */
};

struct stream {
    uv_poll_t poll;
    struct wr_dials *all;
    struct wr_wqueue queue;
    wr_id id;
    int fd;
    enum stream_state state;
    bool datagrams;
};

struct wr_dials {
    uv_loop_t *loop;
    struct wr_feed feed;
    uint8_t *room;
    size_t room_size;
    struct stream **place; /* by index of the id */
    uint32_t places;
    uint32_t open;
};

int wr_dial_create(uv_loop_t *loop, const struct wr_feed *feed, uint8_t *room, size_t room_size,
                   struct wr_dials **ret_dials)
{
    struct wr_dials *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return WR_E_NOMEM;
    }
    *s = (struct wr_dials){.loop = loop, .feed = *feed, .room = room, .room_size = room_size};
    *ret_dials = s;
    return WR_OK;
}

static struct stream *stream_find(const struct wr_dials *s, wr_id id)
{
    uint32_t index = (uint32_t)id;
    struct stream *one = index < s->places ? s->place[index] : NULL;

    return one != NULL && one->id == id ? one : NULL;
}

/* Makes room for an index; the engine's pool of streams bounds it. */
static bool stream_room(struct wr_dials *s, wr_id id)
{
    uint32_t index = (uint32_t)id, places = s->places == 0 ? 16 : s->places;
    struct stream **more;

    if (index < s->places) {
        return true;
    }
    while (places <= index && places < UINT32_MAX / 2) {
        places *= 2;
    }
    more = places > index ? realloc(s->place, places * sizeof(*more)) : NULL;
    if (more == NULL) {
        return false;
    }
    memset(more + s->places, 0, (places - s->places) * sizeof(*more));
    s->place = more;
    s->places = places;
    return true;
}

static void stream_on_close(uv_handle_t *handle)
{
    free(handle->data);
}

/* Ends a stream; its memory goes when libuv lets go. */
static void stream_end(struct stream *one)
{
    struct wr_dials *s = one->all;

    s->place[(uint32_t)one->id] = NULL;
    s->open--;
    wr_net_stats_set(&s->feed.stats->gauge_streams, s->open);
    uv_poll_stop(&one->poll);
    wr_wqueue_free(&one->queue);
    one->state = STREAM_CLOSED;
    uv_close((uv_handle_t *)&one->poll, stream_on_close); /* before the number may be another's */
    close(one->fd);
}

static void stream_report(struct wr_dials *s, wr_id id, enum wr_event_kind kind,
                          const uint8_t *bytes, size_t size)
{
    struct wr_event event = {.kind = kind, .id = id, .bytes = bytes, .size = size};

    s->feed.event(s->feed.user, &event);
}

static void stream_break(struct stream *one)
{
    struct wr_dials *s = one->all;
    wr_id id = one->id;

    if (one->state == STREAM_CONNECTING) {
        wr_stats_add(&s->feed.stats->streams_failed, 1);
    }
    stream_end(one);
    stream_report(s, id, WR_EVENT_STREAM_CLOSED, NULL, 0);
}

static void stream_on_poll(uv_poll_t *poll, int status, int events);

static void stream_want(struct stream *one)
{
    int events = UV_READABLE;

    if (one->state == STREAM_CONNECTING) {
        events = UV_WRITABLE;
    } else if (wr_wqueue_waiting(&one->queue) > 0) {
        events |= UV_WRITABLE;
    }
    uv_poll_start(&one->poll, events, stream_on_poll);
}

/* The kernel says whether the connection is there. False: the stream is gone. */
static bool stream_connected(struct stream *one)
{
    int err = 0;
    socklen_t size = sizeof(err);
    struct wr_dials *s = one->all;
    wr_id id = one->id;

    if (getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &err, &size) != 0 || err != 0) {
        stream_break(one);
        return false;
    }
    one->state = STREAM_OPEN;
    stream_want(one);
    stream_report(s, id, WR_EVENT_STREAM_OPEN, NULL, 0);
    return stream_find(s, id) != NULL;
}

static void stream_read(struct stream *one)
{
    struct wr_dials *s = one->all;
    wr_id id = one->id;

    for (int i = 0; i < (one->datagrams ? DATAGRAMS_TURN : READS_TURN); i++) {
        ssize_t n = recv(one->fd, s->room, s->room_size, MSG_DONTWAIT);

        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
            return;
        }
        if (n < 0 || (n == 0 && !one->datagrams)) {
            stream_break(one);
            return;
        }
        stream_report(s, id, WR_EVENT_STREAM_BYTES, s->room, (size_t)n);
        if (stream_find(s, id) == NULL || (!one->datagrams && (size_t)n < s->room_size)) {
            return;
        }
    }
}

static void stream_on_poll(uv_poll_t *poll, int status, int events)
{
    struct stream *one = poll->data;
    struct wr_dials *s = one->all;
    wr_id id = one->id;

    s->feed.tick(s->feed.user);
    if (one->state == STREAM_CONNECTING) {
        stream_connected(one);
        return;
    }
    if (events & UV_WRITABLE) {
        int err = wr_wqueue_flush(&one->queue, one->fd);

        if (err == WR_E_CLOSED) {
            stream_break(one);
            return;
        }
        stream_want(one);
    }
    /* An error is read as one, by recv. */
    if ((events & UV_READABLE) || status < 0) {
        stream_read(one);
    }
    one = stream_find(s, id);
    if (status < 0 &&
        one != NULL) { /* libuv has stopped to poll, and octets came before the error */
        stream_want(one);
    }
}

static int stream_connect(struct stream *one, const struct wr_addr *to, uint32_t connect_ms)
{
    union wr_sockaddr sa;
    socklen_t size = wr_sock_from_addr(to, &sa);
    unsigned user_timeout = connect_ms;
    int on = 1, type = one->datagrams ? SOCK_DGRAM : SOCK_STREAM;

    one->fd = socket(sa.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (one->fd < 0) {
        return errno == EAFNOSUPPORT ? WR_E_IO : WR_E_FULL;
    }
    if (!one->datagrams) {
        setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        setsockopt(one->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof(user_timeout));
    }
    if (connect(one->fd, &sa.any, size) != 0 && errno != EINPROGRESS) {
        /* EADDRNOTAVAIL, EAGAIN: all ports towards that server are in use. */
        bool own = errno == EADDRNOTAVAIL || errno == EAGAIN || errno == ENOMEM || errno == ENOBUFS;
        close(one->fd);
        return own ? WR_E_FULL : WR_E_IO;
    }
    return WR_OK;
}

int wr_dial_open(struct wr_dials *s, wr_id id, const struct wr_addr *to, bool datagrams)
{
    struct stream *one;
    int err;

    wr_stats_add(&s->feed.stats->streams_opened, 1);
    wr_dial_close(s, id);
    one = stream_room(s, id) ? calloc(1, sizeof(*one)) : NULL;
    if (one != NULL) {
        one->datagrams = datagrams;
    }
    err = one == NULL ? WR_E_NOMEM : stream_connect(one, to, s->feed.limits->connect_ms);
    if (err != WR_OK) {
        wr_stats_add(&s->feed.stats->streams_failed, 1);
        free(one);
        return err;
    }
    if (uv_poll_init(s->loop, &one->poll, one->fd) != 0) {
        close(one->fd);
        free(one);
        return WR_E_FULL;
    }
    one->poll.data = one;
    one->all = s;
    one->id = id;
    one->state = STREAM_CONNECTING;
    s->place[(uint32_t)id] = one;
    s->open++;
    wr_net_stats_set(&s->feed.stats->gauge_streams, s->open);
    stream_want(one);
    return WR_OK;
}

/* A datagram goes, or is lost; an error that an earlier one met is the end. */
static int stream_send_one(struct stream *one, const uint8_t *bytes, size_t size)
{
    ssize_t n = send(one->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ENOBUFS) {
        stream_end(one);
        return WR_E_CLOSED;
    }
    return WR_OK;
}

int wr_dial_write(struct wr_dials *s, wr_id id, const uint8_t *bytes, size_t size)
{
    struct stream *one = stream_find(s, id);
    bool was_empty;
    int err;

    if (one == NULL) {
        return WR_E_STALE;
    }
    if (one->datagrams) {
        return stream_send_one(one, bytes, size);
    }
    was_empty = wr_wqueue_waiting(&one->queue) == 0;
    err =
        wr_wqueue_send(&one->queue, one->fd, NULL, 0, bytes, size, s->feed.limits->upstream_queue);
    if (err != WR_OK) {
        stream_end(one);
        return err;
    }
    if (was_empty && wr_wqueue_waiting(&one->queue) > 0) {
        stream_want(one);
    }
    return WR_OK;
}

void wr_dial_close(struct wr_dials *s, wr_id id)
{
    struct stream *one = stream_find(s, id);

    if (one != NULL) {
        stream_end(one);
    }
}

void wr_dial_close_all(struct wr_dials *s)
{
    for (uint32_t i = 0; i < s->places; i++) {
        if (s->place[i] != NULL) {
            stream_end(s->place[i]);
        }
    }
}

void wr_dial_destroy(struct wr_dials *s)
{
    if (s != NULL) {
        free(s->place);
        free(s);
    }
}
