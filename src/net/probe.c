/* SPDX-License-Identifier: Apache-2.0 */
#include "net/probe.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "net/clock.h"
#include "net/sock.h"

enum { DATAGRAM = 2048 };

static uint64_t now_us(void)
{
    struct wr_now now;

    wr_clock_now(false, &now);
    return now.mono_us;
}

enum wr_probe wr_probe_of_errno(int number)
{
    switch (number) {
    case ECONNREFUSED:
    case ECONNRESET: return WR_PROBE_CLOSED;
    case EHOSTUNREACH: return WR_PROBE_ABSENT;
    case ETIMEDOUT: return WR_PROBE_SILENT;
    default: return WR_PROBE_UNREACHABLE;
    }
}

/* True when the descriptor is ready before the deadline. */
static bool wait_for(int fd, short events, uint64_t deadline_us)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};

    for (;;) {
        uint64_t now = now_us();
        int ready;

        if (now >= deadline_us)
            return false;
        ready = poll(&poll_fd, 1, (int)((deadline_us - now + WR_MS - 1) / WR_MS));
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

static bool is_of_machine(const struct wr_addr *to)
{
    return wr_addr_kind(to) <= WR_ADDR_LINK_LOCAL;
}

static int open_socket(const struct wr_addr *to, int type, enum wr_probe *ret_probe)
{
    union wr_sockaddr sa;
    socklen_t size = is_of_machine(to) ? wr_sock_from_addr(to, &sa) : 0;
    int fd = size ? socket(sa.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;

    *ret_probe = WR_PROBE_UNREACHABLE;
    if (fd < 0)
        return -1;
    *ret_probe = WR_PROBE_ALIVE;
    if (connect(fd, &sa.any, size) != 0) {
        if (errno == EINPROGRESS)
            *ret_probe = WR_PROBE_SILENT; /* until it is known better */
        else
            *ret_probe = wr_probe_of_errno(errno);
    }
    return fd;
}

enum wr_probe wr_probe_tcp(const struct wr_addr *to, uint32_t timeout_ms)
{
    uint64_t deadline_us = now_us() + timeout_ms * WR_MS;
    enum wr_probe probe;
    int fd = open_socket(to, SOCK_STREAM, &probe), number = 0;
    socklen_t size = sizeof(number);

    if (fd < 0)
        return probe;
    if (probe == WR_PROBE_SILENT && wait_for(fd, POLLOUT, deadline_us) &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size) == 0)
        probe = number ? wr_probe_of_errno(number) : WR_PROBE_ALIVE;
    close(fd);
    return probe;
}

/* Reads until the deadline, or until it is decided; what came is in *probe. True: decided. */
static bool read_responses(int fd, const uint8_t *id, uint64_t deadline_us, unsigned *wrong,
                           enum wr_probe *probe)
{
    uint8_t message[DATAGRAM];

    while (wait_for(fd, POLLIN, deadline_us)) {
        struct wr_stun_response response;
        ssize_t n = recv(fd, message, sizeof(message), 0);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0) {
            *probe = wr_probe_of_errno(errno);
            return true;
        }
        if (wr_stun_read(message, (size_t)n, id, &response) == WR_OK) {
            *probe = WR_PROBE_ALIVE;
            return true;
        }
        *probe = WR_PROBE_WRONG;
        if (++*wrong == WR_WRONG_READS_MAX)
            return true;
    }
    return false;
}

enum wr_probe wr_probe_stun(const struct wr_addr *to, uint32_t timeout_ms,
                            const uint8_t id[WR_STUN_ID_SIZE])
{
    uint64_t start_us = now_us(), end_us = start_us + timeout_ms * WR_MS, wait_us;
    uint8_t request[WR_STUN_HEADER_SIZE];
    enum wr_probe probe;
    int fd = open_socket(to, SOCK_DGRAM, &probe);
    unsigned wrong = 0;
    bool decided = fd < 0 || probe != WR_PROBE_ALIVE;

    wr_stun_request(id, request);
    if (!decided)
        probe = WR_PROBE_SILENT;
    for (wait_us = WR_DOCTOR_STUN_RTO_MS * WR_MS; !decided && start_us < end_us; wait_us *= 2) {
        if (send(fd, request, sizeof(request), 0) < 0) {
            probe = wr_probe_of_errno(errno);
            break;
        }
        start_us += wait_us;
        decided = read_responses(fd, id, wr_time_min(start_us, end_us), &wrong, &probe);
    }
    if (fd >= 0)
        close(fd);
    return probe;
}
