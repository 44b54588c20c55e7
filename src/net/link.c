/* SPDX-License-Identifier: Apache-2.0 */
#include "net/link.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
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
    int fd;
    int handles; /* that libuv still has */
};

static void link_on_timer(uv_timer_t *timer)
{
    struct wr_link *link = timer->data;

    link->first_ms = 0;
    link->hook(link->user);
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

/* What the messages say does not matter: only that there were some. */
static void link_on_poll(uv_poll_t *poll, int status, int events)
{
    struct wr_link *link = poll->data;
    uint8_t bytes[8192];
    bool changed = false;

    for (int i = 0; i < READS_TURN; i++) {
        ssize_t n = recv(link->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (n < 0 && errno != ENOBUFS) {
            break;
        }
        changed = true; /* also when messages were lost */
    }
    if (status < 0) { /* libuv has stopped to poll */
        uv_poll_start(poll, UV_READABLE, link_on_poll);
    }
    if (changed) {
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
