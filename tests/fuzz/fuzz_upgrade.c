/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer to _dns.resolver.arpa SVCB: the first four octets are the address of the server that gave it. What comes of it is at most
 * a few doors, by priority, each different, with a port, and a path where there is one to ask at.
 */
#include <stdint.h>
#include <string.h>

#include "fuzz.h"
#include "transport/upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_addr addr = {.family = WR_AF_V4};
    struct wr_upgrade found[WR_UPGRADES_MAX];
    uint32_t ttl;
    size_t n;

    if (size < 4)
        return 0;
    memcpy(addr.ip, data, 4);
    n = wr_upgrade_read(data + 4, size - 4, &addr, found, &ttl);
    promise(n <= WR_UPGRADES_MAX && (n > 0 || ttl == 0));
    for (size_t i = 0; i < n; i++) {
        promise(found[i].port != 0 && found[i].priority != 0);
        promise(i == 0 || found[i - 1].priority <= found[i].priority);
        promise((found[i].scheme == WR_URI_HTTPS) == (found[i].path[0] == '/'));
        promise(memchr(found[i].path, 0, WR_URI_PATH_SIZE));
        for (size_t k = 0; k < i; k++)
            promise(found[k].scheme != found[i].scheme || found[k].port != found[i].port ||
                    strcmp(found[k].path, found[i].path) != 0);
    }
    return 0;
}
