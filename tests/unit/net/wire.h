/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of the wire: plain sockets on loopback, with a time-out on every wait. */
#ifndef WEIR_TESTS_NET_WIRE_H
#define WEIR_TESTS_NET_WIRE_H

#include "unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "net/sock.h"

enum { WIRE_WAIT_MS = 5000 };

static inline struct wr_addr wire_addr(const char *text)
{
    struct wr_addr addr;

    assert_int_equal(wr_addr_from_text(text, &addr), WR_OK);
    return addr;
}

static inline uint16_t wire_port(int fd)
{
    union wr_sockaddr sa;
    socklen_t size = sizeof(sa);

    assert_int_equal(getsockname(fd, &sa.any, &size), 0);
    return ntohs(sa.any.sa_family == AF_INET ? sa.v4.sin_port : sa.v6.sin6_port);
}

/* A socket of the client's side or of an upstream, bound to `at` (a free port when that is 0). */
static inline int wire_socket(int kind, const char *at)
{
    struct wr_addr addr = wire_addr(at);
    union wr_sockaddr sa;
    socklen_t size = wr_sock_from_addr(&addr, &sa);
    int fd = socket(sa.any.sa_family, kind, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &sa.any, size), 0);
    return fd;
}

static inline int wire_connect(int kind, const char *from, const struct wr_addr *to)
{
    union wr_sockaddr sa;
    socklen_t size = wr_sock_from_addr(to, &sa);
    int fd = wire_socket(kind, from);

    assert_int_equal(connect(fd, &sa.any, size), 0);
    return fd;
}

/* Waits until there is something to read; false when nothing comes. */
static inline bool wire_readable(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, timeout_ms) == 1;
}

#endif
