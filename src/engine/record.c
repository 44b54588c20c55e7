/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/record.h"

#include <string.h>

#include "base/check.h"

const char *wr_record_source_name(uint8_t source)
{
    static const char *const names[] = {"none", "cache", "stale", "upstream", "local", "dropped"};
    return source < WR_ARRAY_LEN(names) ? names[source] : "?";
}

uint8_t wr_record_put_asked(const struct wr_addr *addr, uint8_t room[WR_RECORD_ASKED_SIZE])
{
    size_t n = wr_addr_ip_size(addr);
    memcpy(room, addr->ip, n);
    room[n] = (uint8_t)(addr->port >> 8);
    room[n + 1] = (uint8_t)addr->port;
    return (uint8_t)(n + 2);
}

bool wr_record_get_asked(const uint8_t *bytes, size_t n, struct wr_addr *ret_addr)
{
    memset(ret_addr, 0, sizeof(*ret_addr));
    if (n == 0) {
        return true;
    }
    if (n != 4 + 2 && n != 16 + 2) {
        return false;
    }
    ret_addr->family = n == 4 + 2 ? WR_AF_V4 : WR_AF_V6;
    memcpy(ret_addr->ip, bytes, n - 2);
    ret_addr->port = (uint16_t)(bytes[n - 2] << 8 | bytes[n - 1]);
    return true;
}
