/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolv.conf: whatever the text, servers that could be asked, each once, and the same ones when they are written
 * as a resolv.conf again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "serve/resolvconf.h"

enum { CAP = 16 };

static size_t write_out(const struct wr_resolvconf_server *servers, uint32_t count, char *text,
                        size_t cap)
{
    size_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct wr_addr addr = servers[i].addr;
        char ip[WR_ADDR_TEXT_SIZE];
        addr.port = 0;
        wr_addr_to_text(&addr, ip, sizeof(ip));
        n += (size_t)snprintf(text + n, cap - n, "nameserver %s%s%s\n", ip,
                              servers[i].zone[0] != 0 ? "%" : "", servers[i].zone);
        wr_assert(n < cap);
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_resolvconf_server first[CAP], again[CAP];
    char text[CAP * 128];
    uint32_t bad = 0;
    char *copy = malloc(size > 0 ? size : 1); /* no octet behind the text may be read */
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    uint32_t count = wr_resolvconf_read(copy, size, first, CAP, &bad);
    free(copy);
    wr_assert(count <= CAP);
    for (uint32_t i = 0; i < count; i++) {
        wr_assert(first[i].addr.port == 53 && !wr_addr_is_any(&first[i].addr));
        for (uint32_t k = 0; k < i; k++) {
            wr_assert(!wr_addr_equal(&first[i].addr, &first[k].addr) ||
                      strcmp(first[i].zone, first[k].zone) != 0);
        }
    }
    size_t n = write_out(first, count, text, sizeof(text));
    wr_assert(wr_resolvconf_read(text, n, again, CAP, &bad) == count && bad == 0);
    for (uint32_t i = 0; i < count; i++) {
        wr_assert(wr_addr_equal(&first[i].addr, &again[i].addr) &&
                  strcmp(first[i].zone, again[i].zone) == 0);
    }
    return 0;
}
