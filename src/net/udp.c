/* SPDX-License-Identifier: Apache-2.0 */
#include "net/udp.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "net/batch.h"
#include "net/listener.h"

/*
 * Room for a datagram that comes in: more than an Ethernet frame holds, since no honest query comes in
 * fragments; a longer one is cut and will not parse. Room for an answer: the largest that `limits.udp_size` allows.
 * Octets between two buffers: an odd number of cache lines, for buffers one page apart would all start in the
 * same set of the first-level cache.
 */
enum { IN_ROOM = 1536, IN_STRIDE = IN_ROOM + 64, OUT_ROOM = 4096, OUT_STRIDE = OUT_ROOM + 192 };
/* Batches read at most from a listener that is being closed: a full buffer of 4 MiB has fewer. */
enum { FINISH_BATCHES = 256 };
/* Queries between the hint for an entry and its use: about as long as a fetch from memory takes. */
enum { AHEAD = 2 };

struct wr_udp {
    uv_loop_t *loop;
    struct wr_feed feed;
    struct wr_batch in;   /* what came */
    struct wr_batch out;  /* its answers; names are those of `in` */
    struct wr_batch late; /* answers to what came earlier */
    unsigned outs, lates;
    unsigned current; /* datagram of `in` that is being fed */
    bool feeding;
    struct wr_event event; /* filled in once, then only what differs */
    struct wr_listener_row listeners;
};

int wr_udp_create(uv_loop_t *loop, const struct wr_feed *feed, struct wr_udp **ret_udp)
{
    struct wr_udp *u = calloc(1, sizeof(*u));

    if (u == NULL) {
        return WR_E_NOMEM;
    }
    if (!wr_batch_init(&u->in, IN_ROOM, IN_STRIDE) ||
        !wr_batch_init(&u->out, OUT_ROOM, OUT_STRIDE) ||
        !wr_batch_init(&u->late, OUT_ROOM, OUT_STRIDE)) {
        wr_udp_destroy(u);
        return WR_E_NOMEM;
    }
    u->loop = loop;
    u->feed = *feed;
    wr_listener_init(&u->listeners, u);
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
    wr_batch_free(&u->in);
    wr_batch_free(&u->out);
    wr_batch_free(&u->late);
    free(u);
}

/* --- answers -------------------------------------------------------------------------------------- */

void wr_udp_flush(struct wr_udp *u)
{
    wr_stats_add(&u->feed.stats->udp_unsent, wr_batch_flush(&u->late, &u->listeners, u->lates));
    u->lates = 0;
}

/* An answer that is longer than the queue's buffers: out at once, from where it lies. */
static void udp_send_long(struct wr_udp *u, const struct wr_listener *listener,
                          const struct wr_client *client, const uint8_t *bytes, size_t size)
{
    _Alignas(16) uint8_t control[WR_SOCK_CONTROL_SIZE];
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    union wr_sockaddr name;

    message.msg_hdr.msg_namelen = wr_sock_from_addr(&client->from, &name);
    message.msg_hdr.msg_name = &name;
    wr_batch_source(&message.msg_hdr, control, listener, &client->local);
    wr_stats_add(&u->feed.stats->udp_unsent, wr_batch_send(listener->fd, &message, 1));
}

static void udp_queue(struct wr_udp *u, const struct wr_listener *listener,
                      const struct wr_client *client, const uint8_t *bytes, size_t size)
{
    unsigned i = u->lates;
    struct msghdr *header = &u->late.message[i].msg_hdr;

    header->msg_namelen = wr_sock_from_addr(&client->from, &u->late.name[i]);
    memcpy(u->late.part[i].iov_base, bytes, size);
    u->late.part[i].iov_len = size;
    u->late.number[i] = listener->number;
    wr_batch_source(header, u->late.control[i], listener, &client->local);
    u->lates++;
    if (u->lates == WR_NET_BATCH) {
        wr_udp_flush(u);
    }
}

bool wr_udp_has(const struct wr_udp *u, uint16_t number)
{
    return number < WR_NET_LISTENERS_MAX && u->listeners.at[number].fd >= 0;
}

void wr_udp_reply(struct wr_udp *u, const struct wr_client *client, const uint8_t *bytes,
                  size_t size)
{
    const struct wr_listener *listener;

    if (!wr_udp_has(u, client->listener)) {
        wr_stats_add(&u->feed.stats->udp_unsent, 1);
        return;
    }
    listener = &u->listeners.at[client->listener];
    if (u->feeding && bytes == u->event.room && size <= OUT_ROOM) {
        struct msghdr *header = &u->out.message[u->outs].msg_hdr;

        header->msg_name = &u->in.name[u->current];
        header->msg_namelen = u->in.message[u->current].msg_hdr.msg_namelen;
        u->out.part[u->outs].iov_len = size;
        wr_batch_source(header, u->out.control[u->outs], listener, &client->local);
        u->outs++;
        u->event.room = NULL; /* taken: a second answer, to another client, is copied */
    } else if (size <= OUT_ROOM) {
        udp_queue(u, listener, client, bytes, size);
    } else {
        udp_send_long(u, listener, client, bytes, size);
    }
}

/* --- queries -------------------------------------------------------------------------------------- */

static void udp_feed_one(struct wr_udp *u, const struct wr_listener *listener, unsigned i,
                         uint64_t foreseen)
{
    struct wr_event *event = &u->event;

    if (wr_sock_to_addr(&u->in.name[i], &event->client.from) != WR_OK) {
        return;
    }
    event->client.listener = listener->number;
    event->client.foreign = listener->foreign;
    wr_batch_info(&u->in, i, listener, &event->client.local, &event->client.ifindex);
    event->bytes = u->in.part[i].iov_base;
    event->size = u->in.message[i].msg_len;
    event->foreseen = foreseen;
    event->room = u->out.part[u->outs].iov_base;
    u->current = i;
    u->feed.event(u->feed.user, event);
}

/* Feeds what came in. While one query is worked on, what the next ones will need is fetched into the processor's cache:
 * the index of all of them first, then each entry a few queries ahead. */
static void udp_feed_all(struct wr_udp *u, const struct wr_listener *listener, unsigned count)
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
        udp_feed_one(u, listener, i, word[i]);
    }
    u->feeding = false;
}

/* One recvmmsg, its answers by one sendmmsg. How many came in. */
static unsigned udp_turn(struct wr_udp *u, struct wr_listener *listener)
{
    unsigned n = wr_batch_read(&u->in, listener);

    if (n == 0) {
        return 0;
    }
    u->feed.tick(u->feed.user);
    wr_stats_add(&u->feed.stats->udp_batches, 1);
    u->outs = 0;
    udp_feed_all(u, listener, n);
    if (u->outs > 0 && listener->fd >= 0) {
        wr_stats_add(&u->feed.stats->udp_unsent,
                     wr_batch_send(listener->fd, u->out.message, u->outs));
    }
    return n;
}

static void udp_read(struct wr_udp *u, struct wr_listener *listener, unsigned batches)
{
    for (unsigned i = 0; i < batches && listener->fd >= 0; i++) {
        if (udp_turn(u, listener) < WR_NET_BATCH) {
            return;
        }
    }
}

static void udp_on_poll(uv_poll_t *poll, int status, int events)
{
    struct wr_listener *listener = wr_listener_of(poll, status);

    udp_read(listener->owner, listener, WR_NET_BATCHES_TURN);
}

/* --- listeners ------------------------------------------------------------------------------------ */

void wr_udp_inform(struct wr_udp *u)
{
    if (u->feed.engine != NULL && wr_engine_wants_interface(u->feed.engine)) {
        wr_listener_inform(&u->listeners);
    }
}

int wr_udp_add(struct wr_udp *u, uint16_t number, int fd, const struct wr_addr *addr)
{
    int err = wr_listener_add(&u->listeners, u->loop, number, fd, addr, udp_on_poll);

    if (err == WR_OK) {
        wr_udp_inform(u);
    }
    return err;
}

/* What came in before is answered: a reload must not lose a query. */
static void udp_finish(struct wr_udp *u, struct wr_listener *listener)
{
    wr_assert(!u->feeding);
    udp_read(u, listener, FINISH_BATCHES);
    uv_poll_stop(&listener->poll);
}

bool wr_udp_remove(struct wr_udp *u, uint16_t number)
{
    struct wr_listener *listener = wr_listener_get(&u->listeners, number);

    if (listener == NULL) {
        return false;
    }
    if (uv_is_active((uv_handle_t *)&listener->poll)) {
        udp_finish(u, listener);
    }
    wr_udp_flush(u);
    wr_listener_remove(listener);
    return true;
}

void wr_udp_stop(struct wr_udp *u)
{
    for (uint16_t i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        if (u->listeners.at[i].fd >= 0) {
            udp_finish(u, &u->listeners.at[i]);
        }
    }
}

void wr_udp_close(struct wr_udp *u)
{
    for (uint16_t i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        wr_udp_remove(u, i);
    }
}
