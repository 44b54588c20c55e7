/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses in a message that is about to leave: it is ours, and what stands in it is strangers'. Promised, of any octets: what is trimmed is
 * not longer and can be read; in it is no address that was not kept, and nothing more to take out.
 */
#include "fuzz.h"

#include <string.h>

#include "dns/msg.h"
#include "engine/leasable.h"

static struct wr_leasable_room room;
static uint8_t bytes[WR_MSG_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wr_segment_subnet subnet = {
        .prefix = {.addr = {.family = WR_AF_V4, .ip = {10, 2}}, .len = 16}};
    static const struct wr_segment segment = {.label = 1, .answered = true};
    static struct wr_segments segments = {
        .segment = &segment, .subnet = &subnet, .segments = 1, .subnets = 1};
    static const struct wr_prefix nat64 = {
        .addr = {.family = WR_AF_V6, .ip = {0x20, 1, 0xd, 0xb8, 0, 0x64}}, .len = 96};
    if (size < 5 || size - 5 > sizeof(bytes)) {
        return 0;
    }
    struct wr_leasable_terms t = {.segments = &segments,
                                  .nat64 = &nat64,
                                  .most = (uint8_t)(1 + data[0] % WR_LEASE_DESTS_MAX),
                                  .given = (data[0] & 0x80) != 0};
    struct wr_lease_ask ask = {.dests = 0}, after = {.dests = 0};
    uint32_t keep;
    struct wr_msg msg;
    memcpy(&keep, data + 1, sizeof(keep));
    size_t n = size - 5;
    memcpy(bytes, data + 5, n);
    bool whole = wr_msg_parse(&msg, bytes, n) == WR_OK;
    (void)wr_leasable_gather(&t, bytes, n, &ask);
    promise(ask.dests <= t.most);
    (void)wr_leasable_trim(&t, &ask, ask.dests, keep, &room, bytes, &n);
    promise(n <= size - 5);
    if (whole) {
        promise(wr_msg_parse(&msg, bytes, n) == WR_OK);
    }
    promise(!wr_leasable_gather(&t, bytes, n, &after));
    for (unsigned i = 0; i < after.dests; i++) {
        bool kept = false;
        for (unsigned k = 0; k < ask.dests && !kept; k++) {
            kept = (keep >> k & 1) != 0 && ask.dest[k].family == after.dest[i].family &&
                   memcmp(ask.dest[k].ip, after.dest[i].ip, 16) == 0;
        }
        promise(kept);
    }
    return 0;
}
