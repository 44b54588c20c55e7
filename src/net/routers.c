/* SPDX-License-Identifier: Apache-2.0 */
#include "net/routers.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "net/readable.h"

/* An advertisement fills one packet of its link; jumbo frames are the largest that are in use. */
enum { MESSAGE_MAX = 9216, READS_TURN = 16, HOPS = 255 };

struct wr_routers {
    struct wr_readable readable; /* first */
    wr_routers_hook hook;
    void *user;
};

static int set_option(int fd, int level, int name, const void *value, socklen_t size)
{
    return setsockopt(fd, level, name, value, size);
}

/* Nothing but advertisements is let through before the first one can be read; 0 or -1. */
static int tune(int fd)
{
    struct icmp6_filter filter;
    const int on = 1, off = 0, hops = HOPS;

    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ND_ROUTER_ADVERT, &filter);
    if (set_option(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) != 0 ||
        set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on)) != 0 ||
        set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) != 0 ||
        set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof(off)) != 0) {
        return -1;
    }
    return set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops));
}

int wr_routers_open(int *ret_fd, struct wr_sock_error *error)
{
    int fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);
    int number = fd < 0 ? errno : 0;

    if (fd >= 0 && tune(fd) != 0) {
        number = errno;
        close(fd);
    }
    if (number == 0) {
        *ret_fd = fd;
        return WR_OK;
    }
    error->number = number;
    if (number == EPERM || number == EACCES) {
        snprintf(error->text, sizeof(error->text),
                 "to hear routers needs CAP_NET_RAW at the start: start weir as root, or add "
                 "CAP_NET_RAW to AmbientCapabilities= and CapabilityBoundingSet= of its unit");
        return WR_E_DENIED;
    }
    snprintf(error->text, sizeof(error->text), "routers cannot be heard: %s", strerror(number));
    return WR_E_IO;
}

/* The envelope of one message; false: it is not one that a router of the link has sent. */
static bool is_sound(struct msghdr *msg, const struct sockaddr_in6 *from, uint32_t *ret_ifindex)
{
    int hops = -1;
    uint32_t ifindex = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != IPPROTO_IPV6) {
            continue;
        }
        if (c->cmsg_type == IPV6_HOPLIMIT && c->cmsg_len == CMSG_LEN(sizeof(hops))) {
            memcpy(&hops, CMSG_DATA(c), sizeof(hops));
        } else if (c->cmsg_type == IPV6_PKTINFO &&
                   c->cmsg_len == CMSG_LEN(sizeof(struct in6_pktinfo))) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            ifindex = (uint32_t)info.ipi6_ifindex;
        }
    }
    *ret_ifindex = ifindex;
    return (msg->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 && hops == HOPS && ifindex != 0 &&
           from->sin6_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&from->sin6_addr);
}

/* False: nothing is left. */
static bool read_one(struct wr_routers *r)
{
    uint8_t bytes[MESSAGE_MAX];
    union {
        char room[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct in6_pktinfo))];
        struct cmsghdr align;
    } control;
    struct sockaddr_in6 from = {.sin6_family = AF_UNSPEC};
    struct iovec iov = {bytes, sizeof(bytes)};
    struct msghdr msg = {.msg_name = &from,
                         .msg_namelen = sizeof(from),
                         .msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.room,
                         .msg_controllen = sizeof(control.room)};
    struct wr_addr router = {.family = WR_AF_V6};
    ssize_t n = recvmsg(r->readable.fd, &msg, 0);

    if (n < 0) {
        return errno == EINTR;
    }
    if (is_sound(&msg, &from, &router.scope)) {
        memcpy(router.ip, &from.sin6_addr, sizeof(router.ip));
        r->hook(r->user, &router, bytes, (size_t)n);
    }
    return true;
}

static void on_readable(struct wr_readable *readable)
{
    struct wr_routers *r = WR_CONTAINER(readable, struct wr_routers, readable);

    for (unsigned i = 0; i < READS_TURN && read_one(r); i++) {
    }
}

int wr_routers_hear(uv_loop_t *loop, int fd, wr_routers_hook hook, void *user,
                    struct wr_routers **ret_routers)
{
    struct wr_readable *readable;
    int err = wr_readable_open(loop, fd, sizeof(struct wr_routers), on_readable, &readable);

    if (err != WR_OK) {
        return err;
    }
    struct wr_routers *r = WR_CONTAINER(readable, struct wr_routers, readable);
    r->hook = hook;
    r->user = user;
    *ret_routers = r;
    return WR_OK;
}

int wr_routers_ask(struct wr_routers *r, uint32_t ifindex, const uint8_t *message, size_t size)
{
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = ifindex};

    to.sin6_addr.s6_addr[0] = 0xff; /* ff02::2, all routers */
    to.sin6_addr.s6_addr[1] = 0x02;
    to.sin6_addr.s6_addr[15] = 2;
    ssize_t n = sendto(r->readable.fd, message, size, 0, (struct sockaddr *)&to, sizeof(to));
    return n == (ssize_t)size ? WR_OK : WR_E_IO;
}

void wr_routers_close(struct wr_routers *r)
{
    if (r != NULL) {
        wr_readable_close(&r->readable);
    }
}
