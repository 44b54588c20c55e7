/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each octet is a step: put a record of some size, or take one. What comes out is what went in, in
 * order, and nothing is dropped while there is room for it.
 */
#include "fuzz.h"

#include "base/ring.h"

#define RECORDS_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t block[4096] __attribute__((aligned(64)));
    static uint32_t sizes[RECORDS_MAX];
    struct wr_ring ring;
    unsigned in = 0, out = 0;
    uint32_t n;

    wr_ring_init(&ring, block, sizeof(block));
    for (size_t i = 0; i < size && in < RECORDS_MAX; i++) {
        if (data[i] & 1) {
            uint32_t want = (uint32_t)(data[i] >> 1) * 9;
            uint8_t *room = wr_ring_reserve(&ring, want);

            promise(room || in > out || want > 4096 / 4 - 8); /* an empty ring takes every record */
            if (!room) {
                continue;
            }
            promise(room >= block && room + want <= block + sizeof(block));
            memset(room, (int)(in & 255), want);
            if (data[i] & 2) {
                wr_ring_commit(&ring);
                sizes[in++] = want;
            }
        } else {
            const uint8_t *got = wr_ring_peek(&ring, &n);

            promise((got != NULL) == (in > out));
            if (!got) {
                continue;
            }
            promise(n == sizes[out]);
            promise(n == 0 || (got[0] == (out & 255) && got[n - 1] == (out & 255)));
            wr_ring_pop(&ring);
            out++;
        }
    }
    return 0;
}
