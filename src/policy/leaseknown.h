/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lease known: by which addresses the devices behind other routers are known, for who gives them leases (serve/leasehand).
 *
 * Such a device has no MAC address here, so a lease is for an address of it; it may well connect from another one that it has. Each ask
 * is therefore for all its addresses, and when these change the leases follow: new ones get what the others have, and an address that is
 * somebody else's now loses what it had.
 *
 * A table is filled once and looked at; two of them, one after the other, are one change. Plain memory, handed in.
 */
#ifndef WR_POLICY_LEASEKNOWN_H
#define WR_POLICY_LEASEKNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "policy/leaselist.h"

struct wr_leaseknown {
    uint32_t device; /* number in the registry, not 0 */
    uint32_t
        ifindex; /* where it was seen; 0: nowhere here, as it is with all that are behind another router */
    uint8_t family;
    uint8_t zero[3];
    uint8_t ip[16];
};

struct wr_leaseknown_table;

size_t wr_leaseknown_size(uint32_t capacity);
/* `block`: as aligned as malloc has it; whatever was in it is gone. */
struct wr_leaseknown_table *wr_leaseknown_init(void *block, uint32_t capacity,
                                               const struct wr_hash_key *hash_key);
/* WR_E_FORMAT: not sound; WR_E_FULL. One address twice: the first counts. */
int wr_leaseknown_add(struct wr_leaseknown_table *t, const struct wr_leaseknown *one);
uint32_t wr_leaseknown_count(const struct wr_leaseknown_table *t);
/* Whose it is on that interface, or wherever; 0: nobody's. */
uint32_t wr_leaseknown_device(const struct wr_leaseknown_table *t, uint32_t ifindex, uint8_t family,
                              const uint8_t ip[16]);
/* From *cursor 0: each address of the device on that interface, or wherever, then NULL. */
const struct wr_leaseknown *wr_leaseknown_walk(const struct wr_leaseknown_table *t, uint32_t device,
                                               uint32_t ifindex, uint32_t *cursor);

/* The leases follow from `old` to `now`; what is to be done is touched in the list. */
void wr_leaseknown_follow(const struct wr_leaseknown_table *old,
                          const struct wr_leaseknown_table *now, struct wr_leaselist *list,
                          uint64_t now_ms);

#endif
