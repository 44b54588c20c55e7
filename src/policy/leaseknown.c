/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/leaseknown.h"

#include <string.h>

#include "base/addr.h"
#include "base/err.h"
#include "policy/rulesetlease.h"

struct wr_leaseknown_table {
    struct wr_hash_key hash_key;
    uint32_t capacity, mask, count;
    struct wr_leaseknown *item;
    uint32_t *next_address, *next_device; /* of the same head: places + 1 */
    uint32_t *address_head, *device_head;
};

static uint32_t heads_for(uint32_t capacity)
{
    uint32_t n = 16;
    while (n < capacity && n < (uint32_t)1 << 30) {
        n *= 2;
    }
    return n;
}

size_t wr_leaseknown_size(uint32_t capacity)
{
    return sizeof(struct wr_leaseknown_table) +
           (size_t)capacity * (sizeof(struct wr_leaseknown) + 2 * sizeof(uint32_t)) +
           2 * sizeof(uint32_t) * (size_t)heads_for(capacity);
}

struct wr_leaseknown_table *wr_leaseknown_init(void *block, uint32_t capacity,
                                               const struct wr_hash_key *hash_key)
{
    struct wr_leaseknown_table *t = block;
    memset(block, 0, wr_leaseknown_size(capacity));
    t->hash_key = *hash_key;
    t->capacity = capacity;
    t->mask = heads_for(capacity) - 1;
    t->item = (void *)(t + 1);
    t->next_address = (void *)(t->item + capacity);
    t->next_device = t->next_address + capacity;
    t->address_head = t->next_device + capacity;
    t->device_head = t->address_head + t->mask + 1;
    return t;
}

static uint32_t *address_head(const struct wr_leaseknown_table *t, uint32_t ifindex, uint8_t family,
                              const uint8_t ip[16])
{
    uint8_t octets[21];
    memcpy(octets, &ifindex, 4);
    octets[4] = family;
    memcpy(octets + 5, ip, 16);
    return &t->address_head[wr_hash_sip13(&t->hash_key, octets, sizeof(octets)) & t->mask];
}

static uint32_t *device_head(const struct wr_leaseknown_table *t, uint32_t device)
{
    return &t->device_head[wr_hash_mix(device) & t->mask];
}

static uint32_t find(const struct wr_leaseknown_table *t, uint32_t ifindex, uint8_t family,
                     const uint8_t ip[16])
{
    uint32_t at = *address_head(t, ifindex, family, ip);
    while (at != 0) {
        const struct wr_leaseknown *k = &t->item[at - 1];
        if (k->ifindex == ifindex && k->family == family && memcmp(k->ip, ip, 16) == 0) {
            return k->device;
        }
        at = t->next_address[at - 1];
    }
    return 0;
}

uint32_t wr_leaseknown_device(const struct wr_leaseknown_table *t, uint32_t ifindex, uint8_t family,
                              const uint8_t ip[16])
{
    uint32_t device = find(t, ifindex, family, ip);
    return device != 0 ? device : find(t, 0, family, ip);
}

int wr_leaseknown_add(struct wr_leaseknown_table *t, const struct wr_leaseknown *one)
{
    if (one->device == 0 || (one->family != WR_AF_V4 && one->family != WR_AF_V6)) {
        return WR_E_FORMAT;
    }
    if (find(t, one->ifindex, one->family, one->ip) != 0) {
        return WR_OK;
    }
    if (t->count == t->capacity) {
        return WR_E_FULL;
    }
    uint32_t *address = address_head(t, one->ifindex, one->family, one->ip);
    uint32_t *device = device_head(t, one->device), at = t->count++;
    t->item[at] = *one;
    t->next_address[at] = *address;
    t->next_device[at] = *device;
    *address = *device = at + 1;
    return WR_OK;
}

uint32_t wr_leaseknown_count(const struct wr_leaseknown_table *t)
{
    return t->count;
}

const struct wr_leaseknown *wr_leaseknown_walk(const struct wr_leaseknown_table *t, uint32_t device,
                                               uint32_t ifindex, uint32_t *cursor)
{
    uint32_t at = *cursor == 0 ? *device_head(t, device) : t->next_device[*cursor - 1];
    while (at != 0 && (t->item[at - 1].device != device ||
                       (t->item[at - 1].ifindex != 0 && t->item[at - 1].ifindex != ifindex))) {
        at = t->next_device[at - 1];
    }
    if (at == 0) {
        return NULL;
    }
    *cursor = at;
    return &t->item[at - 1];
}

/* What one of its addresses has, for those that are new. */
static void spread(const struct wr_leaseknown_table *old, const struct wr_leaseknown_table *now,
                   struct wr_leaselist *list, const struct wr_leaselist_entry *e, uint32_t device,
                   uint64_t now_ms)
{
    struct wr_leaselist_key key = e->key;
    uint64_t until_ms = e->until_ms;
    const struct wr_leaseknown *k;
    uint32_t cursor = 0;
    while ((k = wr_leaseknown_walk(now, device, key.ifindex, &cursor)) != NULL) {
        if (k->family == key.family &&
            wr_leaseknown_device(old, key.ifindex, k->family, k->ip) != device) {
            memcpy(key.who, k->ip, sizeof(key.who));
            (void)wr_leaselist_put(list, &key, until_ms, now_ms); /* the bounds hold here, too */
        }
    }
}

void wr_leaseknown_follow(const struct wr_leaseknown_table *old,
                          const struct wr_leaseknown_table *now, struct wr_leaselist *list,
                          uint64_t now_ms)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        const struct wr_leaselist_entry *e;
        uint32_t cursor = 0;
        while ((e = wr_leaselist_walk(list, &cursor)) != NULL) {
            const struct wr_leaselist_key *key = &e->key;
            if (key->kind < WR_RULESETLEASE_ROUTED) {
                continue;
            }
            uint32_t was = wr_leaseknown_device(old, key->ifindex, key->family, key->who);
            uint32_t is = wr_leaseknown_device(now, key->ifindex, key->family, key->who);
            bool leaves = e->state == WR_LEASELIST_LEAVING;
            if (pass == 0 && was != 0 && is != was) {
                wr_leaselist_leave(list, e);
            } else if (pass == 1 && (leaves ? was : is) != 0) {
                /* It was answered to the device, not to the address that is gone. */
                spread(old, now, list, e, leaves ? was : is, now_ms);
            }
        }
    }
}
