/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "net/sock.h"
#include "serve/say.h"

#define FIRST_FD 3

static int manager = -1;
static uint64_t alive_us;

static int connect_to(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n < 2 || n >= sizeof(sa.sun_path) || (path[0] != '/' && path[0] != '@')) {
        return -1;
    }
    memcpy(sa.sun_path, path, n);
    if (path[0] == '@') {
        sa.sun_path[0] = 0; /* the abstract name space */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, size) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void read_watchdog(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (usec != NULL && (pid == NULL || strtoll(pid, NULL, 10) == (long long)getpid())) {
        alive_us = strtoull(usec, NULL, 10) / 2;
    }
}

void wr_notify_start(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (path != NULL) {
        manager = connect_to(path);
        if (manager < 0) {
            wr_say(WR_LOG_WARN, "NOTIFY_SOCKET cannot be reached: %s", strerror(errno));
        }
    }
    read_watchdog();
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static void tell(const char *text)
{
    if (manager >= 0) {
        /* A manager that is gone or slow is no reason to wait. */
        ssize_t n = send(manager, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)n;
    }
}

void wr_notify_ready(void)
{
    tell("READY=1");
}

void wr_notify_reloading(uint64_t mono_us)
{
    char text[80];
    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, mono_us);
    tell(text);
}

void wr_notify_stopping(void)
{
    tell("STOPPING=1");
}

void wr_notify_status(const char *status)
{
    char text[256];
    snprintf(text, sizeof(text), "STATUS=%s", status);
    tell(text);
}

void wr_notify_alive(void)
{
    tell("WATCHDOG=1");
}

uint64_t wr_notify_alive_us(void)
{
    return alive_us;
}

/* What kind of socket it is, or why not. */
static const char *examine(int fd, struct wr_notify_socket *ret)
{
    int type = 0, listening = 0;
    socklen_t size = sizeof(type);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
        return "is no socket";
    }
    union wr_sockaddr sa;
    memset(&sa, 0, sizeof(sa));
    size = sizeof(sa);
    if (getsockname(fd, &sa.any, &size) != 0 || wr_sock_to_addr(&sa, &ret->addr) != WR_OK) {
        return "is neither IPv4 nor IPv6";
    }
    if (ret->addr.port == 0) {
        return "is not bound";
    }
    size = sizeof(listening);
    if (type == SOCK_STREAM) {
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening) {
            return "does not listen";
        }
        ret->transport = WR_CLIENT_TCP;
    } else if (type == SOCK_DGRAM) {
        ret->transport = WR_CLIENT_UDP;
    } else {
        return "is neither a datagram nor a stream socket";
    }
    ret->fd = fd;
    return NULL;
}

unsigned wr_notify_sockets(struct wr_notify_socket *ret_sockets, unsigned cap)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    unsigned count = 0;
    long many = 0;
    if (pid != NULL && fds != NULL && strtoll(pid, NULL, 10) == (long long)getpid()) {
        many = strtol(fds, NULL, 10);
    }
    for (long i = 0; i < many && i < WR_NOTIFY_SOCKETS_MAX; i++) {
        int fd = FIRST_FD + (int)i;
        struct wr_notify_socket s = {.fd = -1};
        const char *why = examine(fd, &s);
        if (why == NULL && count == cap) {
            why = "is one too many";
        }
        if (why != NULL) {
            wr_say(WR_LOG_WARN, "descriptor %d of socket activation %s: closed", fd, why);
            close(fd);
            continue;
        }
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        ret_sockets[count++] = s;
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return count;
}
