/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/hairpin.h"

#include <string.h>

struct wr_addr wr_hairpin_at(uint8_t family)
{
    struct wr_addr addr;
    memset(&addr, 0, sizeof(addr));
    (void)wr_addr_from_text(family == WR_AF_V4 ? WR_HAIRPIN_AT4 : WR_HAIRPIN_AT6, &addr);
    addr.port = WR_HAIRPIN_PORT;
    return addr;
}

struct wr_addr wr_hairpin_door_at(uint8_t family)
{
    struct wr_addr addr = wr_hairpin_at(family);
    addr.port = WR_HAIRPIN_DOOR;
    return addr;
}

bool wr_hairpin_is(const struct wr_addr *listener)
{
    const struct wr_addr at = wr_hairpin_at(listener->family);
    const struct wr_addr door = wr_hairpin_door_at(listener->family);
    return wr_addr_equal(&at, listener) || wr_addr_equal(&door, listener);
}
