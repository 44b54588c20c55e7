/* SPDX-License-Identifier: Apache-2.0 */
#include "net/uplink.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/sock.h"

/* a.root-servers.net */
static const struct wr_addr root4 = {.family = WR_AF_V4, .ip = {198, 41, 0, 4}, .port = 53};
static const struct wr_addr root6 = {
    .family = WR_AF_V6,
    .ip = {0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x30},
    .port = 53};

bool wr_uplink_is(const char *interface, const struct wr_addr *addr)
{
    union wr_sockaddr sa;
    struct wr_addr from;
    bool v4 = addr->family == WR_AF_V4;
    int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    socklen_t size = wr_sock_from_addr(v4 ? &root4 : &root6, &sa);
    bool is = (v4 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
                                (socklen_t)strlen(interface)) == 0) &&
              connect(fd, &sa.any, size) == 0;
    if (is && v4) {
        size = sizeof(sa);
        is = getsockname(fd, &sa.any, &size) == 0 && wr_sock_to_addr(&sa, &from) == WR_OK &&
             wr_addr_same_ip(&from, addr);
    }
    close(fd);
    return is;
}
