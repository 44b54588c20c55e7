/* SPDX-License-Identifier: Apache-2.0 */
#include "net/neighbours.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"

/* Octets of one read: the kernel fills at most 32 KiB; of the socket's queue; reads of one turn of the loop. */
enum { READ_SIZE = 32768, QUEUE_SIZE = 1 << 20, READS_TURN = 64, AGAIN_MS = 1000 };

/* Where the neighbour table has a MAC address. */
#define WITH_MAC (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)

struct wr_neighbours {
    uv_poll_t poll;
    uv_timer_t timer; /* a dump after a loss */
    wr_neighbours_hook *hook;
    void *user;
    uint64_t dumps, losses;
    uint32_t seq;
    int fd;
    int handles; /* that libuv still has */
};

/* --- messages --- */

static const uint8_t *attribute_of(const struct nlmsghdr *h, unsigned type, size_t size)
{
    size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ndmsg));
    while (at + sizeof(struct rtattr) <= h->nlmsg_len) {
        struct rtattr a;
        memcpy(&a, (const uint8_t *)h + at, sizeof(a));
        if (a.rta_len < sizeof(a) || a.rta_len > h->nlmsg_len - at) {
            return NULL;
        }
        if (a.rta_type == type) {
            return a.rta_len == RTA_LENGTH(size) ? (const uint8_t *)h + at + RTA_LENGTH(0) : NULL;
        }
        at += RTA_ALIGN(a.rta_len); /* the last one need not be padded: `at` may pass the end */
    }
    return NULL;
}

static bool read_one(const struct nlmsghdr *h, struct wr_neighbour *ret)
{
    struct ndmsg nd;
    struct wr_neighbour one = {.ifindex = 0};
    if (h->nlmsg_type != RTM_NEWNEIGH || h->nlmsg_len < NLMSG_LENGTH(sizeof(nd))) {
        return false;
    }
    memcpy(&nd, NLMSG_DATA(h), sizeof(nd));
    bool v4 = nd.ndm_family == AF_INET;
    if ((!v4 && nd.ndm_family != AF_INET6) || (nd.ndm_state & WITH_MAC) == 0 ||
        (nd.ndm_flags & NTF_PROXY) != 0) {
        return false;
    }
    const uint8_t *addr = attribute_of(h, NDA_DST, v4 ? 4 : 16);
    const uint8_t *mac = attribute_of(h, NDA_LLADDR, 6);
    if (addr == NULL || mac == NULL) {
        return false;
    }
    one.addr.family = v4 ? WR_AF_V4 : WR_AF_V6;
    memcpy(one.addr.ip, addr, v4 ? 4 : 16);
    memcpy(one.mac, mac, 6);
    one.ifindex = (uint32_t)nd.ndm_ifindex;
    one.confirmed = (nd.ndm_state & (NUD_REACHABLE | NUD_PERMANENT)) != 0;
    *ret = one;
    return true;
}

unsigned wr_neighbours_read(const uint8_t *bytes, size_t n, uint32_t seq, wr_neighbours_hook *hook,
                            void *user)
{
    unsigned met = 0;
    for (size_t at = 0; at + sizeof(struct nlmsghdr) <= n;) {
        const struct nlmsghdr *h = (const void *)(bytes + at);
        struct wr_neighbour one;
        if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > n - at) {
            break;
        }
        bool dumped = h->nlmsg_seq == seq && (h->nlmsg_flags & NLM_F_MULTI) != 0;
        if (h->nlmsg_type == NLMSG_DONE && h->nlmsg_seq == seq) {
            met |= WR_NEIGHBOURS_DONE;
        } else if (h->nlmsg_type == NLMSG_ERROR && h->nlmsg_seq == seq) {
            met |= WR_NEIGHBOURS_LOST;
        } else if (read_one(h, &one)) {
            one.news = !dumped;
            hook(user, &one);
        }
        if (dumped && (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0) {
            met |= WR_NEIGHBOURS_LOST;
        }
        at += NLMSG_ALIGN(h->nlmsg_len);
    }
    return met;
}

/* --- the socket --- */

void wr_neighbours_dump(struct wr_neighbours *w)
{
    struct {
        struct nlmsghdr h;
        struct ndmsg nd;
    } ask = {.h = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg)),
                   .nlmsg_type = RTM_GETNEIGH,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    ask.h.nlmsg_seq = ++w->seq;
    /* What is not sent is asked for again by whoever calls every now and then. */
    ssize_t sent = send(w->fd, &ask, ask.h.nlmsg_len, MSG_DONTWAIT);
    (void)sent;
}

static void on_timer(uv_timer_t *timer)
{
    wr_neighbours_dump(timer->data);
}

static void lost(struct wr_neighbours *w)
{
    w->losses++;
    w->hook(w->user, NULL);
    if (!uv_is_active((uv_handle_t *)&w->timer)) {
        uv_timer_start(&w->timer, on_timer, AGAIN_MS, 0);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct wr_neighbours *w = poll->data;
    _Alignas(struct nlmsghdr) uint8_t bytes[READ_SIZE];
    (void)events;
    for (int i = 0; i < READS_TURN; i++) {
        ssize_t n = recv(w->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n < 0 && errno != ENOBUFS) {
            break;
        }
        unsigned met = n < 0 ? WR_NEIGHBOURS_LOST
                             : wr_neighbours_read(bytes, (size_t)n, w->seq, w->hook, w->user);
        w->dumps += (met & WR_NEIGHBOURS_DONE) != 0;
        if (met & WR_NEIGHBOURS_LOST) {
            lost(w);
        }
    }
    if (status < 0) { /* libuv has stopped to poll */
        uv_poll_start(poll, UV_READABLE, on_poll);
    }
}

static int open_socket(void)
{
    struct sockaddr_nl sa = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_NEIGH};
    int size = QUEUE_SIZE;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)); /* as much as there may be */
    if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
        int number = errno;
        close(fd);
        errno = number;
        return -1;
    }
    return fd;
}

static void on_close(uv_handle_t *handle)
{
    struct wr_neighbours *w = handle->data;
    if (--w->handles == 0) {
        free(w);
    }
}

int wr_neighbours_watch(uv_loop_t *loop, wr_neighbours_hook *hook, void *user,
                        struct wr_neighbours **ret_watch)
{
    struct wr_neighbours *w = calloc(1, sizeof(*w));
    if (w == NULL) {
        return WR_E_NOMEM;
    }
    w->fd = open_socket();
    if (w->fd < 0) {
        free(w);
        return WR_E_IO;
    }
    w->hook = hook;
    w->user = user;
    w->poll.data = w->timer.data = w;
    if (uv_poll_init(loop, &w->poll, w->fd) != 0) {
        close(w->fd);
        free(w);
        return WR_E_IO;
    }
    uv_timer_init(loop, &w->timer);
    w->handles = 2;
    uv_poll_start(&w->poll, UV_READABLE, on_poll);
    wr_neighbours_dump(w);
    *ret_watch = w;
    return WR_OK;
}

uint64_t wr_neighbours_dumps(const struct wr_neighbours *w)
{
    return w->dumps;
}

uint64_t wr_neighbours_losses(const struct wr_neighbours *w)
{
    return w->losses;
}

void wr_neighbours_close(struct wr_neighbours *w)
{
    if (w == NULL) {
        return;
    }
    uv_poll_stop(&w->poll);
    uv_timer_stop(&w->timer);
    uv_close((uv_handle_t *)&w->poll, on_close);
    close(w->fd);
    uv_close((uv_handle_t *)&w->timer, on_close);
}
