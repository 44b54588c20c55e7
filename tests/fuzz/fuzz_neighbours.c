/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink messages with what strangers answer to ARP and neighbour solicitations, into the machine that weighs it. Promised: a neighbour
 * that is told has an address and an interface; what the table says of it is a device that the machine knows; devices stay within their bound.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "net/neighbours.h"
#include "policy/census.h"

#define DEVICES 16

struct home {
    struct wr_census *m;
    struct wr_device_table *table;
    int64_t now_s;
};

static void on_neighbour(void *user, const struct wr_neighbour *n)
{
    struct home *h = user;
    struct wr_who who;
    promise(n->addr.family == WR_AF_V4 || n->addr.family == WR_AF_V6);
    promise(n->addr.port == 0 && n->addr.scope == 0);
    wr_census_neighbour(h->m, n->ifindex, n->mac, &n->addr,
                        n->confirmed ? WR_NEIGHBOUR_CONFIRMED
                        : n->news    ? WR_NEIGHBOUR_NEWS
                                     : WR_NEIGHBOUR_OLD,
                        h->now_s);
    if (wr_device_find(h->table, &n->addr, n->ifindex, "", false, &who)) {
        promise(wr_census_get(h->m, who.device) != NULL);
    }
    h->now_s += n->mac[5] & 63;
    if ((n->mac[4] & 7) == 0) {
        wr_census_tick(h->m, h->now_s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_census_setup setup = {.devices = DEVICES, .key = {{1, 2}}, .forget_s = 90 * 86400};
    size_t room = (wr_census_size(DEVICES) + 63) & ~(size_t)63;
    size_t table = (wr_device_size(wr_census_keys(DEVICES)) + 63) & ~(size_t)63;
    void *block = aligned_alloc(64, room), *lines = aligned_alloc(64, table);
    uint8_t *bytes = malloc(size + 16); /* aligned, as a socket's buffer is */
    promise(block != NULL && lines != NULL && bytes != NULL);
    memset(block, 0, room);
    memset(lines, 0, table);
    memcpy(bytes, data, size);
    setup.table = wr_device_init(lines, wr_census_keys(DEVICES), &setup.key);
    struct home h = {wr_census_init(block, &setup), setup.table, 1790000000};
    (void)wr_neighbours_read(bytes, size, 7, on_neighbour, &h);
    promise(wr_census_count(h.m) <= DEVICES);
    wr_census_tick(h.m, h.now_s + 100 * 86400);
    promise(wr_census_count(h.m) == 0);
    free(block);
    free(lines);
    free(bytes);
    return 0;
}
