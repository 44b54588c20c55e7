/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/reverse.h"

#include <string.h>

static const uint8_t v4_suffix[] = "\7in-addr\4arpa";
static const uint8_t v6_suffix[] = "\3ip6\4arpa";

/* One octet as a label in decimal. */
static size_t put_decimal(uint8_t *to, uint8_t v)
{
    size_t n = 0;
    if (v >= 100) {
        to[++n] = (uint8_t)('0' + v / 100);
    }
    if (v >= 10) {
        to[++n] = (uint8_t)('0' + v / 10 % 10);
    }
    to[++n] = (uint8_t)('0' + v % 10);
    to[0] = (uint8_t)n;
    return n + 1;
}

static size_t put_nibble(uint8_t *to, uint8_t v)
{
    to[0] = 1;
    to[1] = (uint8_t)(v < 10 ? '0' + v : 'a' + v - 10);
    return 2;
}

int wr_reverse_name(const struct wr_addr *addr, struct wr_name *ret_name)
{
    struct wr_name n = {.size = 0};
    size_t octets = wr_addr_ip_size(addr), at = 0;
    bool v4 = addr->family == WR_AF_V4;
    if (octets == 0) {
        return WR_E_FORMAT;
    }
    for (size_t i = octets; i > 0; i--) {
        uint8_t v = addr->ip[i - 1];
        if (v4) {
            at += put_decimal(&n.wire[at], v);
            continue;
        }
        at += put_nibble(&n.wire[at], v & 15);
        at += put_nibble(&n.wire[at], v >> 4);
    }
    memcpy(&n.wire[at], v4 ? v4_suffix : v6_suffix, v4 ? sizeof(v4_suffix) : sizeof(v6_suffix));
    n.size = (uint8_t)(at + (v4 ? sizeof(v4_suffix) : sizeof(v6_suffix)));
    *ret_name = n;
    return WR_OK;
}
