/* SPDX-License-Identifier: Apache-2.0 */
#include "net/link.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"

enum { QUIET_MS = 200, WAIT_MAX_MS = 1000, READS_TURN = 16 };

struct wr_link {
    uv_poll_t poll;
    uv_timer_t timer;
    wr_link_hook *hook;
    void *user;
    uint64_t first_ms; /* of the burst; 0: none */
    uint64_t sum;      /* of the links and addresses there were, see link_sum */
    bool certain;      /* the burst holds a message that is a change by itself */
    int fd;
    int handles; /* that libuv still has */
};

/* What a message says: nothing of interest, something that may be only a refresh, a change. */
enum { LINK_NOTHING, LINK_PERHAPS, LINK_CERTAIN };

static uint64_t link_hash(uint64_t sum, const void *octets, size_t n)
{
    for (const uint8_t *at = octets; n > 0; n--, at++) {
        sum = (sum ^ *at) * 0x100000001b3ULL; /* FNV-1a */
    }
    return sum;
}

/* One number for which links are up and which addresses they have, in whatever order they are listed. */
static uint64_t link_sum(void)
{
    struct ifaddrs *all;
    uint64_t sum = 0;

    if (getifaddrs(&all) != 0) {
        return 0;
    }
    for (const struct ifaddrs *at = all; at != NULL; at = at->ifa_next) {
        unsigned flags = at->ifa_flags & (IFF_UP | IFF_RUNNING);
        uint64_t one = link_hash(0xcbf29ce484222325ULL, at->ifa_name, strlen(at->ifa_name));

        one = link_hash(one, &flags, sizeof(flags));
        if (at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_INET) {
            one = link_hash(one, &((struct sockaddr_in *)(void *)at->ifa_addr)->sin_addr, 4);
        } else if (at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_INET6) {
            one = link_hash(one, &((struct sockaddr_in6 *)(void *)at->ifa_addr)->sin6_addr, 16);
        }
        sum += one;
    }
    freeifaddrs(all);
    return sum;
}

static void link_on_timer(uv_timer_t *timer)
{
    struct wr_link *link = timer->data;
    uint64_t sum = link_sum();
    bool changed = link->certain || sum != link->sum;

    link->first_ms = 0;
    link->certain = false;
    link->sum = sum;
    if (changed) {
        link->hook(link->user);
    }
}

static void link_note(struct wr_link *link)
{
    uint64_t now_ms = uv_now(link->timer.loop), waited_ms, wait_ms = QUIET_MS;

    if (link->first_ms == 0) {
        link->first_ms = now_ms;
    }
    waited_ms = now_ms - link->first_ms;
    if (waited_ms + wait_ms > WAIT_MAX_MS) {
        wait_ms = waited_ms < WAIT_MAX_MS ? WAIT_MAX_MS - waited_ms : 0;
    }
    uv_timer_start(&link->timer, link_on_timer, wait_ms, 0);
}

/* New links and addresses are also told again without news: by a bridge about its ports, at each renewal of a lease. */
static int link_judge_one(const struct nlmsghdr *h)
{
    size_t size = h->nlmsg_len - NLMSG_HDRLEN;

    switch (h->nlmsg_type) {
    case RTM_NEWLINK: {
        const struct ifinfomsg *info = NLMSG_DATA(h);
        return size >= sizeof(*info) && info->ifi_family == AF_UNSPEC ? LINK_PERHAPS : LINK_NOTHING;
    }
    case RTM_NEWADDR: return LINK_PERHAPS;
    case RTM_NEWROUTE:
    case RTM_DELROUTE: {
        const struct rtmsg *route = NLMSG_DATA(h);
        bool cloned = size >= sizeof(*route) && (route->rtm_flags & RTM_F_CLONED);
        return cloned ? LINK_NOTHING : LINK_CERTAIN;
    }
    case RTM_DELLINK: {
        const struct ifinfomsg *info = NLMSG_DATA(h);
        return size >= sizeof(*info) && info->ifi_family == AF_UNSPEC ? LINK_CERTAIN : LINK_NOTHING;
    }
    case RTM_DELADDR: return LINK_CERTAIN;
    default: return LINK_NOTHING;
    }
}

static int link_judge(const uint8_t *bytes, size_t n)
{
    int worst = LINK_NOTHING;

    for (size_t at = 0; at + sizeof(struct nlmsghdr) <= n;) {
        const struct nlmsghdr *h = (const void *)(bytes + at);
        int one;

        if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > n - at) {
            break;
        }
        one = link_judge_one(h);
        worst = one > worst ? one : worst;
        at += NLMSG_ALIGN(h->nlmsg_len); /* the last one need not be padded: `at` may pass n */
    }
    return worst;
}

static void link_on_poll(uv_poll_t *poll, int status, int events)
{
    struct wr_link *link = poll->data;
    _Alignas(struct nlmsghdr) uint8_t bytes[8192];
    int worst = LINK_NOTHING;

    (void)events;
    for (int i = 0; i < READS_TURN; i++) {
        ssize_t n = recv(link->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        int one = LINK_CERTAIN; /* also when messages were lost */

        if (n < 0 && errno != ENOBUFS) {
            break;
        }
        if (n >= 0) {
            one = link_judge(bytes, (size_t)n);
        }
        worst = one > worst ? one : worst;
    }
    if (status < 0) { /* libuv has stopped to poll */
        uv_poll_start(poll, UV_READABLE, link_on_poll);
    }
    if (worst != LINK_NOTHING) {
        link->certain |= worst == LINK_CERTAIN;
        link_note(link);
    }
}

static int link_open(void)
{
    struct sockaddr_nl sa = {.nl_family = AF_NETLINK,
                             .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                          RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
        int number = errno;

        close(fd);
        errno = number;
        return -1;
    }
    return fd;
}

static void link_on_close(uv_handle_t *handle)
{
    struct wr_link *link = handle->data;

    if (--link->handles == 0) {
        free(link);
    }
}

int wr_link_watch(uv_loop_t *loop, wr_link_hook *hook, void *user, struct wr_link **ret_link)
{
    struct wr_link *link = calloc(1, sizeof(*link));

    if (link == NULL) {
        return WR_E_NOMEM;
    }
    link->fd = link_open();
    if (link->fd < 0) {
        free(link);
        return WR_E_IO;
    }
    link->hook = hook;
    link->user = user;
    link->sum = link_sum();
    link->poll.data = link->timer.data = link;
    if (uv_poll_init(loop, &link->poll, link->fd) != 0) {
        close(link->fd);
        free(link);
        return WR_E_IO;
    }
    uv_timer_init(loop, &link->timer);
    link->handles = 2;
    uv_poll_start(&link->poll, UV_READABLE, link_on_poll);
    *ret_link = link;
    return WR_OK;
}

void wr_link_close(struct wr_link *link)
{
    if (link == NULL) {
        return;
    }
    uv_poll_stop(&link->poll);
    uv_timer_stop(&link->timer);
    uv_close((uv_handle_t *)&link->poll, link_on_close);
    close(link->fd);
    uv_close((uv_handle_t *)&link->timer, link_on_close);
}
