/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink messages about rules, what they count, connections and how many there are, and elements of sets. Promised: what is told of an entry lies within what was read, its addresses are whole, and the
 * readers end.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "net/conntrack.h"
#include "net/conntrackload.h"
#include "net/nftdump.h"
#include "net/nftwatch.h"

struct read {
    const uint8_t *bytes;
    size_t n, told;
};

static void on_entry(void *user, const struct wr_conntrack *e)
{
    struct read *r = user;
    promise(e->tuple >= r->bytes && e->tuple + e->tuple_size <= r->bytes + r->n);
    promise(e->tuple_size >= 4);
    for (unsigned k = 0; k < 4; k++) {
        const struct wr_addr *a = &e->addr[k];
        promise(a->family == WR_AF_NONE || a->family == WR_AF_V4 || a->family == WR_AF_V6);
        promise((k == 1 || a->port == 0) && a->scope == 0);
    }
    r->told++;
}

static void on_change(void *user, uint32_t port)
{
    struct read *r = user;
    (void)port;
    r->told++;
}

static void on_dump(void *user, const struct wr_nftdump *one)
{
    const struct read *r = user;
    promise(one->key >= r->bytes && one->key + one->size <= r->bytes + r->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size + 16); /* aligned, as a socket's buffer is */
    promise(bytes != NULL);
    memcpy(bytes, data, size);
    struct read r = {bytes, size, 0};
    struct wr_conntrackload load = {0};
    (void)wr_conntrack_read(bytes, size, 7, on_entry, &r);
    (void)wr_conntrackload_read(bytes, size, 7, &load);
    wr_nftwatch_read(bytes, size, on_change, &r);
    promise(wr_nftdump_read(bytes, size, 7, on_dump, &r) <= 3);
    promise(r.told <= 2 * (size / 16));
    free(bytes);
    return 0;
}
