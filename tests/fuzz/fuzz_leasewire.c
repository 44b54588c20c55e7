/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about leases, as the process with the privilege reads them from a worker that is somebody else's. Promised: what is taken is within all bounds, and written again
 * it is the same octets. */
#include "fuzz.h"

#include <string.h>

#include "net/leasewire.h"

static uint8_t room[WR_LEASEWIRE_SIZE];

static void check(const struct wr_lease_ask *a)
{
    promise(a->id != 0 && a->dests > 0 && a->dests <= WR_LEASE_DESTS_MAX);
    promise(a->ports <= WR_LEASE_PORTS_MAX);
    for (unsigned i = 0; i < a->dests; i++) {
        promise(a->dest[i].family == WR_AF_V4 || a->dest[i].family == WR_AF_V6);
        promise(a->dest[i].for_s > 0 && a->dest[i].for_s <= WR_LEASE_FOR_MAX_S);
    }
    for (unsigned i = 0; i < a->ports; i++) {
        promise(a->port[i].port != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_leasewire m;
    struct wr_reader r;
    uint16_t count = 0;
    bool asks = size > 4 && data[4] == WR_LEASEWIRE_ASKS;
    enum wr_leasewire_kind kind = asks ? WR_LEASEWIRE_ASKS : WR_LEASEWIRE_SAIDS;
    int err = wr_leasewire_open(&r, kind, data, size, &count);
    wr_leasewire_start(&m, kind, room, sizeof(room));
    for (uint16_t i = 0; i < count && err == WR_OK; i++) {
        struct wr_lease_ask ask;
        struct wr_lease_said said;
        err = asks ? wr_leasewire_get_ask(&r, i + 1 == count, &ask)
                   : wr_leasewire_get_said(&r, i + 1 == count, &said);
        if (err == WR_OK && asks) {
            check(&ask);
            promise(wr_leasewire_put_ask(&m, &ask) == WR_OK);
        } else if (err == WR_OK) {
            promise(wr_leasewire_put_said(&m, &said) == WR_OK);
        }
    }
    if (err == WR_OK) {
        promise(wr_leasewire_finish(&m) == size && memcmp(room, data, size) == 0);
    }
    return 0;
}
