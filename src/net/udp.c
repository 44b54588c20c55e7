/* SPDX-License-Identifier: Apache-2.0 */
#include "net/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "net/sock.h"

/*
 * Room for a datagram that comes in: more than an Ethernet frame holds, since no honest query comes in
 * fragments; a longer one is cut and will not parse. Room for an answer: the largest that `limits.udp_size` allows.
 * Octets between two buffers: an odd number of cache lines, for buffers one page apart would all start in the
 * same set of the first-level cache.
 */
enum { IN_ROOM = 1536, IN_STRIDE = IN_ROOM + 64, OUT_ROOM = 4096, OUT_STRIDE = OUT_ROOM + 192 };
enum { CONTROL_SIZE = WR_SOCK_CONTROL_SIZE };
/* Batches read at most from a listener that is being closed: a full buffer of 4 MiB has fewer. */
enum { FINISH_BATCHES = 256 };
/* Queries between the hint for an entry and its use: about as long as a fetch from memory takes. */
enum { AHEAD = 2 };

struct udp_listener {
    uv_poll_t poll;
    struct wr_udp *udp;
    struct wr_addr addr;
    int fd; /* -1: none */
    uint16_t number;
    bool wildcard;
    bool closing; /* libuv still has the handle */
};

/* Messages on their way, in the kernel's form. */
struct udp_batch {
    struct mmsghdr message[WR_NET_BATCH];
    struct iovec part[WR_NET_BATCH];
    union wr_sockaddr name[WR_NET_BATCH];
    _Alignas(16) uint8_t control[WR_NET_BATCH][CONTROL_SIZE];
    uint8_t *bytes; /* WR_NET_BATCH buffers */
    size_t size;
};

struct wr_udp {
    uv_loop_t *loop;
    struct wr_feed feed;
    struct udp_batch in;                /* what came */
    struct udp_batch out;               /* its answers; names are those of `in` */
    struct udp_batch late;              /* answers to what came earlier */
    uint16_t late_number[WR_NET_BATCH]; /* the listener of each */
    unsigned outs, lates;
    unsigned current; /* datagram of `in` that is being fed */
    bool feeding;
    struct wr_event event; /* filled in once, then only what differs */
    struct udp_listener listener[WR_NET_LISTENERS_MAX];
};

static bool udp_batch_init(struct udp_batch *b, size_t room, size_t stride)
{
    b->size = (size_t)WR_NET_BATCH * stride;
    b->bytes = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->bytes == MAP_FAILED) {
        b->bytes = NULL;
        return false;
    }
    for (unsigned i = 0; i < WR_NET_BATCH; i++) {
        struct msghdr *header = &b->message[i].msg_hdr;

        b->part[i] = (struct iovec){b->bytes + i * stride, room};
        header->msg_name = &b->name[i];
        header->msg_namelen = sizeof(b->name[i]);
        header->msg_iov = &b->part[i];
        header->msg_iovlen = 1;
    }
    return true;
}

static void udp_batch_free(struct udp_batch *b)
{
    if (b->bytes != NULL) {
        munmap(b->bytes, b->size);
    }
}

int wr_udp_create(uv_loop_t *loop, const struct wr_feed *feed, struct wr_udp **ret_udp)
{
    struct wr_udp *u = calloc(1, sizeof(*u));

    if (u == NULL) {
        return WR_E_NOMEM;
    }
    if (!udp_batch_init(&u->in, IN_ROOM, IN_STRIDE) ||
        !udp_batch_init(&u->out, OUT_ROOM, OUT_STRIDE) ||
        !udp_batch_init(&u->late, OUT_ROOM, OUT_STRIDE)) {
        wr_udp_destroy(u);
        return WR_E_NOMEM;
    }
    u->loop = loop;
    u->feed = *feed;
    for (unsigned i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        u->listener[i].fd = -1;
    }
    u->event.kind = WR_EVENT_QUERY;
    u->event.client.transport = WR_CLIENT_UDP;
    u->event.client.worker = feed->worker;
    u->event.room_size = OUT_ROOM;
    *ret_udp = u;
    return WR_OK;
}

void wr_udp_destroy(struct wr_udp *u)
{
    if (u == NULL) {
        return;
    }
    udp_batch_free(&u->in);
    udp_batch_free(&u->out);
    udp_batch_free(&u->late);
    free(u);
}

/* --- answers -------------------------------------------------------------------------------------- */

/* Makes a message leave from where the listener is, or was asked. */
static void udp_set_source(struct msghdr *header, uint8_t *control,
                           const struct udp_listener *listener, const struct wr_addr *local)
{
    if (listener->wildcard && local->family != WR_AF_NONE && !wr_addr_is_any(local)) {
        wr_sock_write_info(header, control, local);
    } else {
        header->msg_control = NULL;
        header->msg_controllen = 0;
    }
}

/* Sends; one that the kernel refuses is skipped and counted, a full buffer drops the rest. */
static void udp_send(struct wr_udp *u, int fd, struct mmsghdr *message, unsigned count)
{
    unsigned done = 0;

    while (done < count) {
        int n = sendmmsg(fd, message + done, count - done, MSG_DONTWAIT);

        if (n > 0) {
            done += (unsigned)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            wr_stats_add(&u->feed.stats->udp_unsent, count - done);
            return;
        } else if (errno != EINTR) {
            wr_stats_add(&u->feed.stats->udp_unsent, 1);
            done++;
        }
    }
}

void wr_udp_flush(struct wr_udp *u)
{
    unsigned start = 0;

    while (start < u->lates) {
        unsigned end = start + 1;
        int fd = u->listener[u->late_number[start]].fd;

        while (end < u->lates && u->late_number[end] == u->late_number[start]) {
            end++;
        }
        if (fd >= 0) {
            udp_send(u, fd, u->late.message + start, end - start);
        } else {
            wr_stats_add(&u->feed.stats->udp_unsent, end - start);
        }
        start = end;
    }
    u->lates = 0;
}

/* An answer that is longer than the queue's buffers: out at once, from where it lies. */
static void udp_send_long(struct wr_udp *u, const struct udp_listener *listener,
                          const struct wr_client *client, const uint8_t *bytes, size_t size)
{
    _Alignas(16) uint8_t control[CONTROL_SIZE];
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    union wr_sockaddr name;

    message.msg_hdr.msg_namelen = wr_sock_from_addr(&client->from, &name);
    message.msg_hdr.msg_name = &name;
    udp_set_source(&message.msg_hdr, control, listener, &client->local);
    udp_send(u, listener->fd, &message, 1);
}

static void udp_queue(struct wr_udp *u, const struct udp_listener *listener,
                      const struct wr_client *client, const uint8_t *bytes, size_t size)
{
    unsigned i = u->lates;
    struct msghdr *header = &u->late.message[i].msg_hdr;

    header->msg_namelen = wr_sock_from_addr(&client->from, &u->late.name[i]);
    memcpy(u->late.part[i].iov_base, bytes, size);
    u->late.part[i].iov_len = size;
    u->late_number[i] = listener->number;
    udp_set_source(header, u->late.control[i], listener, &client->local);
    u->lates++;
    if (u->lates == WR_NET_BATCH) {
        wr_udp_flush(u);
    }
}

bool wr_udp_has(const struct wr_udp *u, uint16_t number)
{
    return number < WR_NET_LISTENERS_MAX && u->listener[number].fd >= 0;
}

void wr_udp_reply(struct wr_udp *u, const struct wr_client *client, const uint8_t *bytes,
                  size_t size)
{
    const struct udp_listener *listener;

    if (!wr_udp_has(u, client->listener)) {
        wr_stats_add(&u->feed.stats->udp_unsent, 1);
        return;
    }
    listener = &u->listener[client->listener];
    if (u->feeding && bytes == u->event.room && size <= OUT_ROOM) {
        struct msghdr *header = &u->out.message[u->outs].msg_hdr;

        header->msg_name = &u->in.name[u->current];
        header->msg_namelen = u->in.message[u->current].msg_hdr.msg_namelen;
        u->out.part[u->outs].iov_len = size;
        udp_set_source(header, u->out.control[u->outs], listener, &client->local);
        u->outs++;
        u->event.room = NULL; /* taken: a second answer, to another client, is copied */
    } else if (size <= OUT_ROOM) {
        udp_queue(u, listener, client, bytes, size);
    } else {
        udp_send_long(u, listener, client, bytes, size);
    }
}

/* --- queries -------------------------------------------------------------------------------------- */

static void udp_feed_one(struct wr_udp *u, const struct udp_listener *listener, unsigned i)
{
    struct wr_event *event = &u->event;
    struct msghdr *header = &u->in.message[i].msg_hdr;

    if (wr_sock_to_addr(&u->in.name[i], &event->client.from) != WR_OK) {
        return;
    }
    event->client.local = listener->addr;
    event->client.ifindex = 0;
    event->client.listener = listener->number;
    if (listener->wildcard) {
        wr_sock_read_info(header, &event->client.local, &event->client.ifindex);
    }
    event->bytes = u->in.part[i].iov_base;
    event->size = u->in.message[i].msg_len;
    event->room = u->out.part[u->outs].iov_base;
    u->current = i;
    u->feed.event(u->feed.user, event);
}

static void udp_prepare_in(struct wr_udp *u, const struct udp_listener *listener, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct msghdr *header = &u->in.message[i].msg_hdr;

        header->msg_namelen = sizeof(u->in.name[i]);
        header->msg_control = listener->wildcard ? u->in.control[i] : NULL;
        header->msg_controllen = listener->wildcard ? CONTROL_SIZE : 0;
    }
}

/* Feeds what came in. While one query is worked on, what the next ones will need is fetched into the processor's cache:
 * the index of all of them first, then each entry a few queries ahead. */
static void udp_feed_all(struct wr_udp *u, const struct udp_listener *listener, unsigned count)
{
    const struct wr_engine *engine = u->feed.engine;
    uint64_t word[WR_NET_BATCH + AHEAD] = {0};

    for (unsigned i = 0; engine != NULL && i < count; i++) {
        word[i] = wr_engine_foresee(engine, u->in.part[i].iov_base, u->in.message[i].msg_len);
    }
    for (unsigned i = 0; engine != NULL && i < AHEAD; i++) {
        wr_engine_foresee_entry(engine, word[i]);
    }
    u->feeding = true;
    for (unsigned i = 0; i < count; i++) {
        if (engine != NULL) {
            wr_engine_foresee_entry(engine, word[i + AHEAD]);
        }
        udp_feed_one(u, listener, i);
    }
    u->feeding = false;
}

/* One recvmmsg, its answers by one sendmmsg. How many came in; -1: nothing. */
static int udp_turn(struct wr_udp *u, const struct udp_listener *listener)
{
    int n;

    udp_prepare_in(u, listener, WR_NET_BATCH);
    n = recvmmsg(listener->fd, u->in.message, WR_NET_BATCH, MSG_DONTWAIT, NULL);
    if (n <= 0) {
        return -1;
    }
    u->feed.tick(u->feed.user);
    wr_stats_add(&u->feed.stats->udp_batches, 1);
    u->outs = 0;
    udp_feed_all(u, listener, (unsigned)n);
    if (u->outs > 0 && listener->fd >= 0) {
        udp_send(u, listener->fd, u->out.message, u->outs);
    }
    return n;
}

static void udp_read(struct wr_udp *u, const struct udp_listener *listener, unsigned batches)
{
    for (unsigned i = 0; i < batches && listener->fd >= 0; i++) {
        if (udp_turn(u, listener) < WR_NET_BATCH) {
            return;
        }
    }
}

static void udp_on_poll(uv_poll_t *poll, int status, int events)
{
    struct udp_listener *listener = poll->data;

    if (status < 0) { /* libuv has stopped to poll; the socket's error is read by recvmmsg */
        uv_poll_start(poll, UV_READABLE, udp_on_poll);
    }
    udp_read(listener->udp, listener, WR_NET_BATCHES_TURN);
}

/* --- listeners ------------------------------------------------------------------------------------ */

int wr_udp_add(struct wr_udp *u, uint16_t number, int fd, const struct wr_addr *addr)
{
    struct udp_listener *listener;

    if (number >= WR_NET_LISTENERS_MAX) {
        return WR_E_RANGE;
    }
    listener = &u->listener[number];
    if (listener->fd >= 0 || listener->closing) {
        return WR_E_EXISTS;
    }
    listener->udp = u;
    listener->addr = *addr;
    listener->number = number;
    listener->wildcard = wr_addr_is_any(addr);
    if (uv_poll_init(u->loop, &listener->poll, fd) != 0) {
        return WR_E_IO;
    }
    listener->poll.data = listener;
    listener->fd = fd;
    if (uv_poll_start(&listener->poll, UV_READABLE, udp_on_poll) != 0) {
        wr_udp_remove(u, number);
        return WR_E_IO;
    }
    return WR_OK;
}

/* What came in before is answered: a reload must not lose a query. */
static void udp_finish(struct wr_udp *u, struct udp_listener *listener)
{
    wr_assert(!u->feeding);
    udp_read(u, listener, FINISH_BATCHES);
    uv_poll_stop(&listener->poll);
}

static void udp_on_close(uv_handle_t *handle)
{
    struct udp_listener *listener = handle->data;

    listener->closing = false;
}

bool wr_udp_remove(struct wr_udp *u, uint16_t number)
{
    struct udp_listener *listener;

    if (!wr_udp_has(u, number)) {
        return false;
    }
    listener = &u->listener[number];
    if (uv_is_active((uv_handle_t *)&listener->poll)) {
        udp_finish(u, listener);
    }
    wr_udp_flush(u);
    uv_close((uv_handle_t *)&listener->poll, udp_on_close); /* before the number may be another's */
    close(listener->fd);
    listener->fd = -1;
    listener->closing = true;
    return true;
}

void wr_udp_stop(struct wr_udp *u)
{
    for (uint16_t i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        if (u->listener[i].fd >= 0) {
            udp_finish(u, &u->listener[i]);
        }
    }
}

void wr_udp_close(struct wr_udp *u)
{
    for (uint16_t i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        wr_udp_remove(u, i);
    }
}
