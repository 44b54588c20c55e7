/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "net/limits.h"
#include "net/portset.h"
#include "net/sock.h"

enum {
    FAMILIES = 2,
    EVENTS = 64,     /* taken by one epoll_wait */
    PICKS = 24,      /* random slots looked at before a walk */
    BIND_TRIES = 32, /* random ports tried for one socket */
    DATAGRAM_MAX =
        65535, /* what an upstream may send; larger than advertised is the engine's matter */
    RECEIVE_BUFFER = 8192, /* of one port: what a flood may hold of the kernel's memory */
    CLOSES_PER_S = 1000,   /* ports renewed a second: about one part in a hundred of a core */
    CLOSES_BURST = 200,
    REST_CLOSES = 64, /* idle ports closed by one call of wr_ports_rest */
};

enum slot_state {
    SLOT_EMPTY = 0, /* no socket */
    SLOT_IDLE,      /* a socket, nobody asks by it */
    SLOT_ASKED,     /* an exchange waits for its answer */
    SLOT_ANSWERED,  /* something came in for the exchange */
    SLOT_MUTE,      /* too much came in: the socket is closed, the exchange not yet forgotten */
};

struct slot {
    int fd;
    uint8_t state; /* enum slot_state */
    uint8_t reads; /* datagrams given out for this exchange */
    bool repeated; /* asked more than once: a second answer may still come */
    uint16_t port;
    wr_id exchange;
    struct wr_addr to; /* what the socket is connected to */
};

struct wr_ports {
    struct wr_rng *rng;
    struct wr_net_stats *stats;
    struct wr_portset *avoid;
    uint32_t ports;     /* slots of each family */
    struct slot *slots; /* FAMILIES times ports; v4 first */
    uint32_t *place;    /* by index of the exchange's id: its slot + 1 */
    uint32_t places;
    uint32_t open, idle;
    uint32_t rest_at; /* where the walk of wr_ports_rest goes on */
    int epoll_fd;
    uint32_t ready, next; /* events taken, and the first that is not done */
    bool all_taken;       /* in this turn the kernel had no more */
    uint32_t allowance;   /* datagrams that may still be given out in this turn */
    uint32_t closes;      /* ports that may still be closed (token bucket) */
    uint64_t closes_us;   /* when the bucket was filled up */
    struct epoll_event events[EVENTS];
    uint8_t bytes[DATAGRAM_MAX];
};

static size_t ports_slots_size(uint32_t ports)
{
    return sizeof(struct slot) * FAMILIES * ports;
}

int wr_ports_create(const struct wr_ports_setup *setup, struct wr_ports **ret_ports)
{
    struct wr_ports *p = calloc(1, sizeof(*p));
    void *slots;

    wr_assert(setup->ports >= 1 && setup->ports <= WR_PORTS_MAX);
    if (p == NULL) {
        return WR_E_NOMEM;
    }
    p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    slots = mmap(NULL, ports_slots_size(setup->ports), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    p->slots = slots == MAP_FAILED ? NULL : slots;
    p->ports = setup->ports;
    p->rng = setup->rng;
    p->stats = setup->stats;
    p->closes = CLOSES_BURST;
    if (p->slots == NULL || p->epoll_fd < 0 ||
        wr_portset_create(setup->avoid, setup->avoids, &p->avoid) != WR_OK) {
        wr_ports_destroy(p);
        return WR_E_NOMEM;
    }
    wr_net_stats_set(&p->stats->gauge_ports_pool, p->ports);
    *ret_ports = p;
    return WR_OK;
}

int wr_ports_fd(const struct wr_ports *p)
{
    return p->epoll_fd;
}

uint32_t wr_ports_idle(const struct wr_ports *p)
{
    return p->idle;
}

/* --- slots ---------------------------------------------------------------------------------------- */

static void slot_close(struct wr_ports *p, struct slot *s)
{
    if (s->state != SLOT_EMPTY && s->state != SLOT_MUTE) {
        close(s->fd); /* leaves the epoll set by itself */
        p->open--;
        p->idle -= s->state == SLOT_IDLE;
        wr_net_stats_set(&p->stats->gauge_ports_open, p->open);
    }
    s->state = SLOT_EMPTY;
}

void wr_ports_destroy(struct wr_ports *p)
{
    if (p == NULL) {
        return;
    }
    for (uint32_t i = 0; p->slots != NULL && p->open > 0 && i < FAMILIES * p->ports; i++) {
        slot_close(p, &p->slots[i]);
    }
    if (p->slots != NULL) {
        munmap(p->slots, ports_slots_size(p->ports));
    }
    if (p->epoll_fd >= 0) {
        close(p->epoll_fd);
    }
    wr_portset_destroy(p->avoid);
    free(p->place);
    free(p);
}

static bool slot_free(const struct slot *s)
{
    return s->state == SLOT_EMPTY || s->state == SLOT_IDLE;
}

/* A free slot of the family at random, or NULL when all are in use. */
static struct slot *slot_pick(struct wr_ports *p, uint8_t family)
{
    struct slot *first = p->slots + (family == WR_AF_V6 ? p->ports : 0);
    uint32_t at = 0;

    for (int i = 0; i < PICKS; i++) {
        at = wr_rng_below(p->rng, p->ports);
        if (slot_free(&first[at])) {
            return &first[at];
        }
    }
    for (uint32_t i = 0; i < p->ports; i++) { /* nearly all are in use: the next free one */
        at = at + 1 == p->ports ? 0 : at + 1;
        if (slot_free(&first[at])) {
            return &first[at];
        }
    }
    return NULL;
}

static int port_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value));
}

/* Binds to a random port that nobody has and nobody is known to want. */
static int port_bind(struct wr_ports *p, int fd, uint8_t family, uint16_t *ret_port)
{
    struct wr_addr any = {.family = family};
    union wr_sockaddr sa;
    socklen_t size;

    for (int i = 0; i < BIND_TRIES; i++) {
        any.port = wr_portset_pick(p->avoid, p->rng);
        size = wr_sock_from_addr(&any, &sa);
        if (bind(fd, &sa.any, size) == 0) {
            *ret_port = any.port;
            return 0;
        }
        if (errno != EADDRINUSE && errno != EACCES) {
            return -1;
        }
    }
    return -1;
}

static void port_tune(int fd, uint8_t family)
{
    if (family == WR_AF_V6) {
        port_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        port_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
        port_option(fd, IPPROTO_IPV6, IPV6_RECVFRAGSIZE, 1);
    } else {
        port_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
        port_option(fd, IPPROTO_IP, IP_RECVFRAGSIZE, 1);
    }
    port_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
}

/* Opens an empty slot on a fresh port. */
static int slot_open(struct wr_ports *p, struct slot *s, uint8_t family)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)(s - p->slots)};
    int fd = socket(family == WR_AF_V6 ? AF_INET6 : AF_INET,
                    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        wr_stats_add(&p->stats->ports_failed, 1);
        return errno == EAFNOSUPPORT ? WR_E_IO : WR_E_FULL;
    }
    port_tune(fd, family);
    if (port_bind(p, fd, family, &s->port) != 0 ||
        epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        wr_stats_add(&p->stats->ports_failed, 1);
        return WR_E_FULL;
    }
    s->fd = fd;
    s->state = SLOT_IDLE;
    s->to = (struct wr_addr){0};
    p->open++;
    p->idle++;
    wr_stats_add(&p->stats->ports_opened, 1);
    wr_net_stats_set(&p->stats->gauge_ports_open, p->open);
    return WR_OK;
}

static int slot_connect(struct slot *s, const struct wr_addr *to)
{
    union wr_sockaddr sa;
    socklen_t size;

    if (wr_addr_equal(&s->to, to)) {
        return WR_OK;
    }
    size = wr_sock_from_addr(to, &sa);
    if (connect(s->fd, &sa.any, size) != 0) {
        return errno == ENOMEM || errno == ENOBUFS ? WR_E_FULL : WR_E_IO;
    }
    s->to = *to;
    return WR_OK;
}

static int slot_send(struct slot *s, const uint8_t *bytes, size_t size)
{
    /* An error left over from an earlier use is reported once by whatever call comes next. */
    for (int i = 0; i < 2; i++) {
        if (send(s->fd, bytes, size, MSG_DONTWAIT) >= 0) {
            return WR_OK;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
            return WR_OK; /* as good as lost on the way: the engine's time-out knows what to do */
        }
    }
    return WR_E_IO;
}

/* --- exchanges ------------------------------------------------------------------------------------ */

static struct slot *exchange_find(const struct wr_ports *p, wr_id exchange)
{
    uint32_t index = (uint32_t)exchange;
    struct slot *s;

    if (index >= p->places || p->place[index] == 0) {
        return NULL;
    }
    s = &p->slots[p->place[index] - 1];
    return s->exchange == exchange && !slot_free(s) ? s : NULL;
}

/* Makes room in the table for an index; the engine's pool of exchanges bounds it. */
static bool exchange_room(struct wr_ports *p, wr_id exchange)
{
    uint32_t index = (uint32_t)exchange, places = p->places == 0 ? 256 : p->places;
    uint32_t *more;

    if (index < p->places) {
        return true;
    }
    while (places <= index && places < UINT32_MAX / 2) {
        places *= 2;
    }
    more = places > index ? realloc(p->place, places * sizeof(*more)) : NULL;
    if (more == NULL) {
        return false;
    }
    memset(more + p->places, 0, (places - p->places) * sizeof(*more));
    p->place = more;
    p->places = places;
    return true;
}

static void exchange_begin(struct wr_ports *p, struct slot *s, wr_id exchange)
{
    s->exchange = exchange;
    s->reads = 0;
    s->repeated = false;
    s->state = SLOT_ASKED;
    p->idle--;
    p->place[(uint32_t)exchange] = (uint32_t)(s - p->slots) + 1;
}

int wr_ports_send(struct wr_ports *p, wr_id exchange, const struct wr_addr *to,
                  const uint8_t *bytes, size_t size, uint64_t now_us)
{
    struct slot *s = exchange_find(p, exchange);
    bool again = s != NULL;
    int err;

    if (again && (s->state == SLOT_MUTE || !wr_addr_equal(&s->to, to))) {
        wr_ports_forget(p, exchange, now_us);
        again = false;
    }
    if (again) {
        s->repeated = true;
        return slot_send(s, bytes, size);
    }
    s = exchange_room(p, exchange) ? slot_pick(p, to->family) : NULL;
    if (s == NULL) {
        wr_stats_add(&p->stats->ports_failed, 1);
        return WR_E_FULL;
    }
    if (s->state == SLOT_IDLE) {
        wr_stats_add(&p->stats->ports_reused, 1);
    } else if ((err = slot_open(p, s, to->family)) != WR_OK) {
        return err;
    }
    err = slot_connect(s, to);
    err = err == WR_OK ? slot_send(s, bytes, size) : err;
    if (err != WR_OK) {
        wr_stats_add(&p->stats->ports_unreachable, 1);
        slot_close(p, s);
        return err;
    }
    exchange_begin(p, s, exchange);
    return WR_OK;
}

static void ports_fill_bucket(struct wr_ports *p, uint64_t now_us)
{
    uint64_t more;

    if (now_us <= p->closes_us) {
        return;
    }
    more = (now_us - p->closes_us) * CLOSES_PER_S / WR_S;
    if (more > 0) {
        p->closes = (uint32_t)wr_time_min(p->closes + more, CLOSES_BURST);
        p->closes_us = now_us;
    }
}

void wr_ports_forget(struct wr_ports *p, wr_id exchange, uint64_t now_us)
{
    struct slot *s = exchange_find(p, exchange);

    if (s == NULL) {
        return;
    }
    p->place[(uint32_t)exchange] = 0;
    s->exchange = 0;
    ports_fill_bucket(p, now_us);
    /* A port on which more may come is never used again: a late answer would look like a forgery there. */
    if (s->state == SLOT_ANSWERED && s->reads == 1 && !s->repeated && p->closes == 0) {
        s->state = SLOT_IDLE;
        p->idle++;
        return;
    }
    p->closes -= p->closes > 0;
    slot_close(p, s);
}

void wr_ports_rest(struct wr_ports *p, uint64_t now_us)
{
    uint32_t closed = 0;

    ports_fill_bucket(p, now_us);
    /* A bucket that is nearly empty means that asking goes on fast: the ports are of use. */
    if (p->closes < CLOSES_BURST / 2) {
        return;
    }
    for (uint32_t i = 0; i < FAMILIES * p->ports && p->idle > 0 && closed < REST_CLOSES; i++) {
        struct slot *s = &p->slots[p->rest_at];

        p->rest_at = p->rest_at + 1 == FAMILIES * p->ports ? 0 : p->rest_at + 1;
        if (s->state == SLOT_IDLE) {
            slot_close(p, s);
            closed++;
        }
    }
}

/* --- what comes in -------------------------------------------------------------------------------- */

void wr_ports_turn(struct wr_ports *p, uint64_t now_us)
{
    p->allowance = WR_NET_PORTS_TURN;
    p->all_taken = false;
}

/* True when the datagram was put together from fragments. */
static bool port_fragmented(struct msghdr *header)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVFRAGSIZE) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVFRAGSIZE)) {
            return true;
        }
    }
    return false;
}

/* Reads one datagram: its size, or -1 with errno. */
static ssize_t port_read(struct wr_ports *p, int fd, bool *ret_fragmented)
{
    _Alignas(16) uint8_t control[64];
    struct iovec part = {p->bytes, sizeof(p->bytes)};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(fd, &header, MSG_DONTWAIT);

    *ret_fragmented = n >= 0 && header.msg_controllen > 0 && port_fragmented(&header);
    return n;
}

/* Takes one thing from a slot's socket; true when it is for the engine. */
static bool slot_take(struct wr_ports *p, struct slot *s, struct wr_ports_event *ret_event)
{
    bool fragmented;
    ssize_t n = port_read(p, s->fd, &fragmented);

    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return false;
    }
    if (s->state == SLOT_IDLE) {
        wr_stats_add(&p->stats->ports_stray, 1);
        slot_close(p, s); /* somebody knows this port */
        return false;
    }
    if (fragmented) {
        wr_stats_add(&p->stats->ports_fragment, 1);
        s->reads += s->reads < UINT8_MAX;
        return false;
    }
    *ret_event = (struct wr_ports_event){.exchange = s->exchange, .from = s->to};
    if (n < 0) {
        wr_stats_add(&p->stats->ports_unreachable, 1);
        ret_event->unreachable = true;
        return true;
    }
    s->state = SLOT_ANSWERED;
    s->reads++;
    ret_event->bytes = p->bytes;
    ret_event->size = (size_t)n;
    if (s->reads >= WR_WRONG_READS_MAX) {
        wr_stats_add(&p->stats->ports_flooded, 1);
        slot_close(p, s);
        s->state = SLOT_MUTE;
    }
    return true;
}

bool wr_ports_next(struct wr_ports *p, struct wr_ports_event *ret_event)
{
    while (p->allowance > 0) {
        struct slot *s;

        if (p->next == p->ready) {
            int n = p->all_taken ? 0 : epoll_wait(p->epoll_fd, p->events, EVENTS, 0);

            p->next = 0;
            p->ready = n > 0 ? (uint32_t)n : 0;
            p->all_taken = n < EVENTS;
            if (n <= 0) {
                return false;
            }
        }
        p->allowance--;
        s = &p->slots[p->events[p->next++].data.u32];
        /* The socket may have been closed, or opened anew, since the kernel named it. */
        if (s->state != SLOT_EMPTY && s->state != SLOT_MUTE && slot_take(p, s, ret_event)) {
            return true;
        }
    }
    return false;
}

/* --- figures -------------------------------------------------------------------------------------- */

unsigned wr_ports_bits(uint32_t ports)
{
    unsigned bits = 0, hundredths = 0;
    uint64_t scaled;

    if (ports == 0) {
        return 1600;
    }
    while (ports >> (bits + 1) != 0) {
        bits++;
    }
    /* log2 of the rest, 1 <= x < 2, by squaring: seven binary digits. */
    scaled = ((uint64_t)ports << 32) >> bits;
    for (unsigned digit = 64; digit > 0; digit /= 2) {
        scaled = (scaled >> 16) * (scaled >> 16);
        if (scaled >= (uint64_t)2 << 32) {
            scaled >>= 1;
            hundredths += digit;
        }
    }
    return 1600 + bits * 100 + hundredths * 100 / 128;
}

uint32_t wr_ports_share(uint32_t want, uint32_t pools, uint64_t files, char *ret_text, size_t cap)
{
    uint64_t share = files / (pools > 0 ? pools : 1);
    unsigned bits;

    want = want < 1 ? 1 : want > WR_PORTS_MAX ? WR_PORTS_MAX : want;
    ret_text[0] = '\0';
    if (share >= want) {
        return want;
    }
    share = share < 1 ? 1 : share;
    bits = wr_ports_bits((uint32_t)share);
    snprintf(
        ret_text, cap,
        "only %u upstream ports for each of %u pools instead of %u (%u.%02u bits against forged "
        "answers)",
        (unsigned)share, (unsigned)pools, (unsigned)want, bits / 100, bits % 100);
    return (uint32_t)share;
}
