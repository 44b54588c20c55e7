/* SPDX-License-Identifier: Apache-2.0 */
#include "net/nlask.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/err.h"

enum { WAIT_S = 2 };

int wr_nlask_open(int protocol, int *ret_fd)
{
    const struct timeval wait = {WAIT_S, 0};
    const struct sockaddr_nl sa = {.nl_family = AF_NETLINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 ||
                    bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0)) {
        int number = errno;
        close(fd);
        errno = number;
        fd = -1;
    }
    *ret_fd = fd;
    return fd >= 0 ? WR_OK : WR_E_IO;
}
