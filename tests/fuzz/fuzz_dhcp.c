/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets with what devices say as they ask for an address, one after another into the machine that weighs it: an octet with its length in
 * sixteens and an octet that tells who has sent it, then its octets. Promised: what is understood is the sender's and within its fields; devices
 * and their marks stay within their bounds; in the end all is forgotten.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "policy/census.h"

#define DEVICES 16

static void hear(struct wr_census *m, const uint8_t *packet, size_t n, uint8_t who, int64_t now_s)
{
    const uint8_t from[6] = {who & 2, 0x11, 0x22, 0x33, 0x44, who};
    struct wr_dhcp_heard h;
    uint8_t *exact = malloc(n > 0 ? n : 1);
    promise(exact != NULL);
    memcpy(exact, packet, n);
    if (n >= 28 + 34 && exact[0] == 0x45) {
        memcpy(exact + 28 + 28, from, 6); /* else hardly one would be anybody's */
    }
    if (wr_dhcp_read(exact, n, from, &h)) {
        promise(memcmp(h.mac, from, 6) == 0);
        promise((size_t)h.list_size + h.class_size + h.host_size + h.id_size <= n + 12);
        wr_census_heard(m, 2, &h, now_s);
    }
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_census_setup setup = {.devices = DEVICES, .key = {{1, 2}}, .forget_s = 90 * 86400};
    size_t room = (wr_census_size(DEVICES) + 63) & ~(size_t)63;
    void *block = aligned_alloc(64, room);
    int64_t now_s = 1790000000;
    promise(block != NULL);
    memset(block, 0, room);
    struct wr_census *m = wr_census_init(block, &setup);
    for (size_t at = 0; at + 2 <= size; now_s += 400) {
        size_t n = (size_t)data[at] * 16;
        n = n < size - at - 2 ? n : size - at - 2;
        hear(m, data + at + 2, n, data[at + 1], now_s);
        wr_census_tick(m, now_s);
        at += 2 + n;
    }
    promise(wr_census_count(m) <= DEVICES);
    wr_census_tick(m, now_s + 100 * 86400);
    promise(wr_census_count(m) == 0);
    free(block);
    return 0;
}
