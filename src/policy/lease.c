/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lease.h"

#include <string.h>

/* Not of one machine of the Internet, by the registries of special-purpose addresses (RFC 6890, and what has come since). */
static const struct wr_prefix special[] = {
    {.addr = {.family = WR_AF_V4, .ip = {0}}, .len = 8},
    {.addr = {.family = WR_AF_V4, .ip = {10}}, .len = 8},
    {.addr = {.family = WR_AF_V4, .ip = {100, 64}}, .len = 10}, /* RFC 6598 */
    {.addr = {.family = WR_AF_V4, .ip = {127}}, .len = 8},
    {.addr = {.family = WR_AF_V4, .ip = {169, 254}}, .len = 16},
    {.addr = {.family = WR_AF_V4, .ip = {172, 16}}, .len = 12},
    {.addr = {.family = WR_AF_V4, .ip = {192, 0, 0}}, .len = 24}, /* RFC 6890: DS-Lite and others */
    {.addr = {.family = WR_AF_V4, .ip = {192, 88, 99}}, .len = 24}, /* RFC 7526: relays of 6to4 */
    {.addr = {.family = WR_AF_V4, .ip = {192, 168}}, .len = 16},
    {.addr = {.family = WR_AF_V4, .ip = {198, 18}}, .len = 15}, /* RFC 2544: benchmarks */
    {.addr = {.family = WR_AF_V4, .ip = {224}}, .len = 3},      /* groups, reserved, broadcast */
    {.addr = {.family = WR_AF_V6, .ip = {0x20, 0x01, 0}}, .len = 32},    /* Teredo */
    {.addr = {.family = WR_AF_V6, .ip = {0x20, 0x01, 0, 2}}, .len = 48}, /* RFC 5180: benchmarks */
    {.addr = {.family = WR_AF_V6, .ip = {0x20, 0x01, 0, 0x10}}, .len = 28}, /* RFC 4843: ORCHID */
    {.addr = {.family = WR_AF_V6, .ip = {0x20, 0x01, 0, 0x20}}, .len = 28}, /* RFC 7343 */
    {.addr = {.family = WR_AF_V6, .ip = {0x20, 0x02}}, .len = 16}, /* 6to4: to any IPv4 address */
};

/* What is handed out to machines (RFC 4291 section 2.4: the rest of IPv6 is of no use yet), and the translator's well-known prefix. */
static const struct wr_prefix unicast = {.addr = {.family = WR_AF_V6, .ip = {0x20}}, .len = 3};
static const struct wr_prefix nat64 = {.addr = {.family = WR_AF_V6, .ip = {0, 0x64, 0xff, 0x9b}},
                                       .len = 96};

bool wr_lease_is_public(const struct wr_addr *addr)
{
    struct wr_addr v4 = {.family = WR_AF_V4};
    if (wr_addr_in_prefix(addr, &nat64)) { /* RFC 6052 section 3.1 */
        memcpy(v4.ip, addr->ip + 12, 4);
        return wr_lease_is_public(&v4);
    }
    bool public = addr->family == WR_AF_V4 || wr_addr_in_prefix(addr, &unicast);
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]) && public; i++) {
        public = !wr_addr_in_prefix(addr, &special[i]);
    }
    return public;
}

uint32_t wr_lease_for(uint32_t ttl_s, uint32_t floor_s, uint32_t grace_s)
{
    uint64_t s = (uint64_t)(ttl_s > floor_s ? ttl_s : floor_s) + grace_s;
    return s < 1 ? 1 : s < WR_LEASE_FOR_MAX_S ? (uint32_t)s : WR_LEASE_FOR_MAX_S;
}
