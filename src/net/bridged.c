/* SPDX-License-Identifier: Apache-2.0 */
#include "net/bridged.h"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATH_SIZE 256

/* The digit that stands in this file; 0: none. */
static char digit(const char *root, const char *path)
{
    char name[PATH_SIZE], c = 0;
    int n = snprintf(name, sizeof(name), "%s%s", root, path);
    int fd = n < PATH_SIZE ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        if (read(fd, &c, 1) != 1) {
            c = 0;
        }
        close(fd);
    }
    return c;
}

static bool is_there(const char *root, const char *path)
{
    char name[PATH_SIZE];
    return snprintf(name, sizeof(name), "%s%s", root, path) < PATH_SIZE && access(name, F_OK) == 0;
}

/* By its driver, for /sys may be that of another network namespace. */
bool wr_bridged_is(const char *interface)
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq r = {.ifr_data = (void *)&info};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%.15s", interface);
    bool is = fd >= 0 && ioctl(fd, SIOCETHTOOL, &r) == 0 &&
              strncmp(info.driver, "bridge", sizeof(info.driver)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is;
}

bool wr_bridged_is_filtered(const char *root, const char *bridge)
{
    static const char *const calls[] = {"iptables", "ip6tables"};
    char path[PATH_SIZE];
    bool told = false;
    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "/proc/sys/net/bridge/bridge-nf-call-%s", calls[i]);
        char all = digit(root, path);
        snprintf(path, sizeof(path), "/sys/class/net/%.32s/bridge/nf_call_%s", bridge, calls[i]);
        if (all == '1' || digit(root, path) == '1') {
            return true;
        }
        told = told || all != 0;
    }
    return !told && is_there(root, "/sys/module/br_netfilter");
}
