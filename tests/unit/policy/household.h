/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A household for the tests of the census: a machine with its table, and short words for what is seen in it.
 */
#ifndef WEIR_TESTS_HOUSEHOLD_H
#define WEIR_TESTS_HOUSEHOLD_H

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "policy/census.h"

#define T0  ((int64_t)1790000000)
#define LAN 2u

struct household {
    struct wr_census *m;
    struct wr_device_table *table;
    void *memory, *table_memory;
};

static inline struct household household(uint32_t devices)
{
    struct household h = {.memory = NULL};
    struct wr_census_setup setup = {.devices = devices, .key = {{1, 2}}, .forget_s = 90 * 86400};
    size_t size = (wr_census_size(devices) + 63) & ~(size_t)63;
    size_t table_size = wr_device_size(wr_census_keys(devices));
    h.memory = aligned_alloc(64, size);
    h.table_memory = aligned_alloc(64, (table_size + 63) & ~(size_t)63);
    memset(h.memory, 0, size);
    memset(h.table_memory, 0, table_size);
    h.table = setup.table = wr_device_init(h.table_memory, wr_census_keys(devices), &setup.key);
    h.m = wr_census_init(h.memory, &setup);
    return h;
}

static inline void household_end(struct household *h)
{
    free(h->memory);
    free(h->table_memory);
}

static inline struct wr_addr address(const char *text)
{
    struct wr_addr a;
    if (wr_addr_from_text(text, &a) != WR_OK) {
        abort();
    }
    return a;
}

/* "02:..." is made up, "00:..." a maker's. */
static inline void mac_of(const char *text, uint8_t ret_mac[6])
{
    for (int i = 0; i < 6; i++) {
        ret_mac[i] = (uint8_t)strtoul(text + 3 * i, NULL, 16);
    }
}

static inline void neighbour_on(struct household *h, uint32_t ifindex, const char *mac,
                                const char *addr, int64_t now_s)
{
    uint8_t octets[6];
    struct wr_addr a = address(addr);
    mac_of(mac, octets);
    wr_census_neighbour(h->m, ifindex, octets, &a, WR_NEIGHBOUR_CONFIRMED, now_s);
}

static inline void neighbour(struct household *h, const char *mac, const char *addr, int64_t now_s)
{
    neighbour_on(h, LAN, mac, addr, now_s);
}

/* `id` of DHCPv4 when there is a MAC address, else a DUID. */
static inline void lease(struct household *h, const char *addr, const char *mac, const char *id,
                         const char *host, int64_t until_s, int64_t now_s)
{
    struct wr_census_lease l = {.addr = address(addr), .until_s = until_s};
    if (mac != NULL) {
        mac_of(mac, l.mac);
        l.has_mac = true;
    }
    if (id != NULL) {
        l.id_kind = mac != NULL ? WR_MARK_CLIENT : WR_MARK_DUID;
        l.id = (const uint8_t *)id;
        l.id_size = strlen(id);
    }
    l.host = host;
    l.host_size = host != NULL ? strlen(host) : 0;
    wr_census_lease(h->m, &l, now_s);
}

static inline struct wr_who who_at(const struct household *h, const char *addr)
{
    struct wr_who who = {0};
    struct wr_addr a = address(addr);
    (void)wr_device_find(h->table, &a, LAN, "", false, &who);
    return who;
}

static inline uint32_t device_at(const struct household *h, const char *addr)
{
    return who_at(h, addr).device;
}

static inline unsigned events_of(struct household *h, enum wr_census_trouble trouble)
{
    struct wr_census_event event;
    unsigned count = 0;
    while (wr_census_next_event(h->m, &event)) {
        count += event.trouble == trouble;
    }
    return count;
}

#endif
