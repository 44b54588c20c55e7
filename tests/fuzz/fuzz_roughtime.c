/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roughtime: the octets are a reply to the question whose replies make_roughtime.py signed. What is taken for the time is signed for this
 * question alone and by this key alone; values that are found lie in the message, in order.
 */
#include "base/err.h"
#include "fuzz.h"
#include "transport/roughtime.h"

static const uint8_t key[WR_ROUGHTIME_KEY_SIZE] = {
    0xe8, 0xea, 0xdf, 0x10, 0x55, 0x84, 0x35, 0x04, 0x24, 0x68, 0x3d, 0xc0, 0x5e, 0x3e, 0x3f, 0x1b,
    0xcc, 0xfc, 0xd2, 0x92, 0x39, 0xc7, 0x4f, 0x01, 0x13, 0x96, 0x9b, 0x5f, 0xc0, 0xe3, 0x92, 0x7e,
};

static void look(const uint8_t *data, size_t size)
{
    struct wr_roughtime_map map;
    const uint8_t *end = data;

    if (wr_roughtime_map_read(data, size, &map) != WR_OK) {
        return;
    }
    promise(map.tags > 0 && map.tags <= WR_ROUGHTIME_TAGS_MAX);
    for (unsigned i = 0; i < map.tags; i++) {
        promise(map.entry[i].value >= end && map.entry[i].size % 4 == 0);
        promise(i == 0 || map.entry[i].tag > map.entry[i - 1].tag);
        end = map.entry[i].value + map.entry[i].size;
        promise(wr_roughtime_map_find(&map, map.entry[i].tag, map.entry[i].size) ==
                map.entry[i].value);
    }
    promise(end == data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_roughtime_reply r;
    uint8_t nonce[WR_ROUGHTIME_NONCE_SIZE], other[WR_ROUGHTIME_KEY_SIZE];

    for (unsigned i = 0; i < sizeof(nonce); i++) {
        nonce[i] = (uint8_t)i;
    }
    look(data, size);
    if (size > 12) {
        look(data + 12, size - 12);
    }
    if (wr_roughtime_read(data, size, key, nonce, &r) != WR_ROUGHTIME_TIME) {
        return 0;
    }
    promise(r.radius_s > 0 && r.midpoint_s > 0 && (r.version == 1 || r.version == 0x8000000c));
    memcpy(other, key, sizeof(other));
    other[size % sizeof(other)] ^= 1;
    promise(wr_roughtime_read(data, size, other, nonce, &r) == WR_ROUGHTIME_FORGED);
    nonce[size % sizeof(nonce)] ^= 1;
    promise(wr_roughtime_read(data, size, key, nonce, &r) == WR_ROUGHTIME_FOREIGN);
    return 0;
}
