/* SPDX-License-Identifier: Apache-2.0 */
#include "net/leasechan.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "net/leasewire.h"
#include "net/readable.h"

/* Messages read in one turn. */
#define READS_TURN 16
/* Octets of the longest message of the hand's. */
#define SAIDS_SIZE (WR_LEASEWIRE_HEAD_SIZE + WR_LEASE_BATCH_MAX * WR_LEASEWIRE_SAID_SIZE)

struct channel {
    struct wr_readable readable;
    struct wr_leasechan *owner;
};

struct wr_leasechan {
    const struct wr_feed *feed;
    struct channel *channel; /* NULL: there is none, or not any more */
    struct wr_leasewire out;
    uint64_t id[WR_LEASE_BATCH_MAX]; /* of what is in it */
    uint8_t room[WR_LEASEWIRE_SIZE];
};

static void say(struct wr_leasechan *c, const struct wr_lease_said *said)
{
    struct wr_event event = {.kind = WR_EVENT_LEASE, .lease = *said};
    c->feed->event(c->feed->user, &event);
}

static void refuse(struct wr_leasechan *c, uint64_t id, int err)
{
    const struct wr_lease_said said = {.id = id, .err = err};
    say(c, &said);
}

static void start(struct wr_leasechan *c)
{
    wr_leasewire_start(&c->out, WR_LEASEWIRE_ASKS, c->room, sizeof(c->room));
}

static void shut(struct wr_leasechan *c)
{
    if (c->channel != NULL) {
        wr_readable_close(&c->channel->readable);
        c->channel = NULL;
    }
}

static int take(struct wr_leasechan *c, const uint8_t *bytes, size_t n)
{
    struct wr_reader r;
    uint16_t count = 0;
    int err = wr_leasewire_open(&r, WR_LEASEWIRE_SAIDS, bytes, n, &count);
    for (uint16_t i = 0; i < count && err == WR_OK; i++) {
        struct wr_lease_said said;
        err = wr_leasewire_get_said(&r, i + 1 == count, &said);
        if (err == WR_OK) {
            say(c, &said);
        }
    }
    return err;
}

static void on_readable(struct wr_readable *r)
{
    struct wr_leasechan *c = WR_CONTAINER(r, struct channel, readable)->owner;
    uint8_t bytes[SAIDS_SIZE];
    (void)c->feed->tick(c->feed->user);
    for (unsigned i = 0; i < READS_TURN && c->channel != NULL; i++) {
        ssize_t n = recv(r->fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (n <= 0 || (size_t)n > sizeof(bytes) || take(c, bytes, (size_t)n) != WR_OK) {
            shut(c);
        }
    }
}

int wr_leasechan_open(uv_loop_t *loop, int fd, const struct wr_feed *feed,
                      struct wr_leasechan **ret_chan)
{
    struct wr_leasechan *c = calloc(1, sizeof(*c));
    struct wr_readable *r;
    int err = c == NULL ? WR_E_NOMEM : WR_OK;
    if (err != WR_OK && fd >= 0) {
        close(fd);
    }
    if (err == WR_OK && fd >= 0) {
        err = wr_readable_open(loop, fd, sizeof(struct channel), on_readable, &r);
    }
    if (err != WR_OK) {
        free(c);
        return err;
    }
    if (fd >= 0) {
        c->channel = WR_CONTAINER(r, struct channel, readable);
        c->channel->owner = c;
    }
    c->feed = feed;
    start(c);
    *ret_chan = c;
    return WR_OK;
}

void wr_leasechan_ask(struct wr_leasechan *c, const struct wr_lease_ask *ask)
{
    if (c->channel == NULL) {
        refuse(c, ask->id, WR_E_CLOSED);
        return;
    }
    if (wr_leasewire_put_ask(&c->out, ask) != WR_OK) {
        wr_leasechan_flush(c);
        if (c->channel == NULL || wr_leasewire_put_ask(&c->out, ask) != WR_OK) {
            refuse(c, ask->id, WR_E_CLOSED);
            return;
        }
    }
    c->id[c->out.count - 1] = ask->id;
}

void wr_leasechan_flush(struct wr_leasechan *c)
{
    uint16_t count = c->out.count;
    ssize_t sent;
    if (count == 0) {
        return;
    }
    size_t n = wr_leasewire_finish(&c->out);
    do {
        sent = send(c->channel->readable.fd, c->room, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    int number = errno;
    start(c);
    if (sent == (ssize_t)n) {
        return;
    }
    bool full = sent < 0 && (number == EAGAIN || number == ENOBUFS);
    if (!full) {
        shut(c);
    }
    for (uint16_t i = 0; i < count; i++) {
        refuse(c, c->id[i], full ? WR_E_FULL : WR_E_CLOSED);
    }
}

void wr_leasechan_close(struct wr_leasechan *c)
{
    if (c != NULL) {
        shut(c);
    }
}

void wr_leasechan_destroy(struct wr_leasechan *c)
{
    free(c);
}
