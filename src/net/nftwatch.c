/* SPDX-License-Identifier: Apache-2.0 */
#include "net/nftwatch.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "net/nlread.h"
#include "net/readable.h"

enum { READS_TURN = 32, READ_SIZE = 65536, QUEUE_SIZE = 1 << 24, PORTS_TURN = 8 };

/* The first attribute of every message about a table and what is in it is that table's name. */
#define TABLE_ATTRIBUTE 1
#define TABLE           "weir"

struct wr_nftwatch {
    struct wr_readable readable; /* first */
    wr_nftwatch_hook *hook;
    void *user;
    uint32_t port[PORTS_TURN]; /* of this turn, each once */
    unsigned ports;
    bool lost; /* messages, since there was none left to read */
};

/* --- messages --- */

static bool is_ours(const struct nlmsghdr *h)
{
    const struct nfgenmsg *g = (const void *)(h + 1);
    const size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(*g));
    if (h->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || (h->nlmsg_type & 0xff) == NFT_MSG_NEWGEN ||
        h->nlmsg_len < at || g->nfgen_family != NFPROTO_INET) {
        return false;
    }
    struct wr_nlread in = {(const uint8_t *)h + at, h->nlmsg_len - at}, body;
    for (unsigned type; (type = wr_nlread_next(&in, &body)) != 0;) {
        if (type == TABLE_ATTRIBUTE) {
            return body.n == sizeof(TABLE) && memcmp(body.at, TABLE, sizeof(TABLE)) == 0;
        }
    }
    return false;
}

void wr_nftwatch_read(const uint8_t *bytes, size_t n, wr_nftwatch_hook *hook, void *user)
{
    for (size_t at = 0; at + sizeof(struct nlmsghdr) <= n;) {
        const struct nlmsghdr *h = (const void *)(bytes + at);
        if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > n - at) {
            break;
        }
        if (is_ours(h)) {
            hook(user, h->nlmsg_pid);
        }
        at += NLMSG_ALIGN(h->nlmsg_len);
    }
}

/* --- the socket --- */

/* A change is many messages: it is told once. What has no place is as good as lost. */
static void gather(void *user, uint32_t port)
{
    struct wr_nftwatch *w = user;
    for (unsigned i = 0; i < w->ports; i++) {
        if (w->port[i] == port) {
            return;
        }
    }
    if (w->ports < PORTS_TURN) {
        w->port[w->ports++] = port;
    } else {
        w->port[PORTS_TURN - 1] = 0;
    }
}

/* Once messages do not fit, the kernel takes none until all are read, and says so (ENOBUFS) only the first time: so it is told then, and again
 * when there is none left, for what was lost in between. */
static void on_readable(struct wr_readable *r)
{
    struct wr_nftwatch *w = WR_CONTAINER(r, struct wr_nftwatch, readable);
    static _Thread_local _Alignas(struct nlmsghdr) uint8_t bytes[READ_SIZE];
    for (int i = 0; i < READS_TURN; i++) {
        ssize_t n = recv(w->readable.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n >= 0) {
            wr_nftwatch_read(bytes, (size_t)n, gather, w);
            continue;
        }
        if (errno == ENOBUFS || w->lost) {
            gather(w, 0);
        }
        w->lost = errno == ENOBUFS;
        if (!w->lost) {
            break;
        }
    }
    for (unsigned i = 0; i < w->ports; i++) {
        w->hook(w->user, w->port[i]);
    }
    w->ports = 0;
}

int wr_nftwatch_open(int *ret_fd)
{
    struct sockaddr_nl sa = {.nl_family = AF_NETLINK};
    int size = QUEUE_SIZE, group = NFNLGRP_NFTABLES;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (fd < 0) {
        return WR_E_IO;
    }
    /* A whole table of weir's own is some MiB of messages; without the privilege as much as there may be. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
        setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
        int number = errno;
        close(fd);
        errno = number;
        return WR_E_IO;
    }
    *ret_fd = fd;
    return WR_OK;
}

int wr_nftwatch_start(uv_loop_t *loop, int fd, wr_nftwatch_hook *hook, void *user,
                      struct wr_nftwatch **ret_watch)
{
    struct wr_readable *r;
    int err = wr_readable_open(loop, fd, sizeof(struct wr_nftwatch), on_readable, &r);
    if (err != WR_OK) {
        return err;
    }
    struct wr_nftwatch *w = WR_CONTAINER(r, struct wr_nftwatch, readable);
    w->hook = hook;
    w->user = user;
    *ret_watch = w;
    return WR_OK;
}

void wr_nftwatch_close(struct wr_nftwatch *w)
{
    if (w != NULL) {
        wr_readable_close(&w->readable);
    }
}
