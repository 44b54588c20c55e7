/* SPDX-License-Identifier: Apache-2.0 */
#include "net/neighbourask.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/neighbours.h"
#include "net/nlask.h"

enum { READ_SIZE = 4096, STALE_READS = 16 };

int wr_neighbourask_open(struct wr_neighbourask *ret_ask)
{
    int fd;
    if (wr_nlask_open(NETLINK_ROUTE, &fd) != WR_OK) {
        return WR_E_IO;
    }
    *ret_ask = (struct wr_neighbourask){.fd = fd};
    return WR_OK;
}

struct found {
    const struct wr_addr *addr;
    uint32_t ifindex;
    uint8_t mac[6];
    bool is;
};

static void on_neighbour(void *user, const struct wr_neighbour *n)
{
    struct found *f = user;
    if (n->ifindex == f->ifindex && n->addr.family == f->addr->family &&
        memcmp(n->addr.ip, f->addr->ip, sizeof(n->addr.ip)) == 0) {
        memcpy(f->mac, n->mac, sizeof(f->mac));
        f->is = true;
    }
}

/* The answer to this one; what came late to another is passed over. */
static int take(int fd, uint32_t seq, struct found *f)
{
    _Alignas(struct nlmsghdr) uint8_t bytes[READ_SIZE];
    for (unsigned i = 0; i < STALE_READS; i++) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < (ssize_t)sizeof(struct nlmsghdr)) {
            return WR_E_IO;
        }
        const struct nlmsghdr *h = (const void *)bytes;
        if (h->nlmsg_seq == seq) {
            (void)wr_neighbours_read(bytes, (size_t)n, seq, on_neighbour, f);
            return f->is ? WR_OK : WR_E_NOTFOUND;
        }
    }
    return WR_E_IO;
}

int wr_neighbourask_mac(struct wr_neighbourask *a, uint32_t ifindex, const struct wr_addr *addr,
                        uint8_t ret_mac[6])
{
    struct {
        struct nlmsghdr h;
        struct ndmsg nd;
        struct rtattr a;
        uint8_t ip[16];
    } ask;
    struct found f = {.addr = addr, .ifindex = ifindex};
    size_t size = wr_addr_ip_size(addr);
    memset(&ask, 0, sizeof(ask));
    ask.h.nlmsg_len = (uint32_t)(NLMSG_LENGTH(sizeof(ask.nd)) + RTA_LENGTH(size));
    ask.h.nlmsg_type = RTM_GETNEIGH;
    ask.h.nlmsg_flags = NLM_F_REQUEST;
    ask.h.nlmsg_seq = ++a->seq;
    ask.nd.ndm_family = addr->family == WR_AF_V4 ? AF_INET : AF_INET6;
    ask.nd.ndm_ifindex = (int)ifindex;
    ask.a.rta_type = NDA_DST;
    ask.a.rta_len = (uint16_t)RTA_LENGTH(size);
    memcpy(ask.ip, addr->ip, size);
    if (send(a->fd, &ask, ask.h.nlmsg_len, 0) < 0) {
        return WR_E_IO;
    }
    int err = take(a->fd, ask.h.nlmsg_seq, &f);
    if (err == WR_OK) {
        memcpy(ret_mac, f.mac, sizeof(f.mac));
    }
    return err;
}
