/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lease mirror: which leases are in the kernel, as far as the workers know; so that who asks again need not wait for it.
 *
 *     party = wr_leasemirror_party(m, ask)                who asks, as of now
 *     wr_leasemirror_holds(m, &party, dest, until_s)      is it there for at least so long?
 *     wr_leasemirror_note(m, &party, dest, until_s)       it is, since it was granted: with the party of before the ask
 *
 * It says "there" only of what was granted, and forgets rather than to say so wrongly: an entry that makes room for another, or is torn by
 * two writers, is asked for once more. What it must be told is when leases are gone, or are not the client's any more:
 * wr_leasemirror_forget when an address has gone to another MAC address, wr_leasemirror_clear when the table was changed by
 * somebody else. Both are one counter: what was noted before, or is granted after by an ask of before, does not count.
 *
 * Who has heard of all neighbours tells them (wr_leasemirror_neighbour), and an address that has another MAC address than before is
 * forgotten at once.
 *
 * A party is the interface, the device's number, the client's address, for whom it asks and the ports; who is not known is one by its address. So an address that
 * goes to another device has another key as soon as the table of devices says so.
 *
 * One table for all workers, four entries to a line of the processor's cache. An entry is two atomic words: 64 bits of a keyed hash, and the
 * second it ends with 32 bits more of the hash, mixed with the counter. No lock, nobody waits; the entry that ends first makes room.
 *
 * Memory: a block handed in, all zeros, 64-aligned. Seconds are those of the monotonic clock.
 */
#ifndef WR_POLICY_LEASEMIRROR_H
#define WR_POLICY_LEASEMIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "policy/lease.h"

struct wr_leasemirror;

struct wr_leasemirror_party {
    uint64_t hash;
    uint32_t generation;
};

/* Octets of memory for about so many leases. */
size_t wr_leasemirror_size(uint32_t leases);
struct wr_leasemirror *wr_leasemirror_init(void *block, uint32_t leases,
                                           const struct wr_hash_key *key);

/* Its addresses do not count here. */
struct wr_leasemirror_party wr_leasemirror_party(const struct wr_leasemirror *m,
                                                 const struct wr_lease_ask *ask);
bool wr_leasemirror_holds(const struct wr_leasemirror *m, const struct wr_leasemirror_party *party,
                          const struct wr_lease_dest *dest, uint32_t until_s);
void wr_leasemirror_note(struct wr_leasemirror *m, const struct wr_leasemirror_party *party,
                         const struct wr_lease_dest *dest, uint32_t until_s);

/* Any thread. Leases of one client address (and of few others, by chance), and all. */
void wr_leasemirror_forget(struct wr_leasemirror *m, const struct wr_addr *client);
void wr_leasemirror_clear(struct wr_leasemirror *m);
/* One thread: this address has this MAC address. When it had another one, or when that is not remembered, its leases are forgotten. */
void wr_leasemirror_neighbour(struct wr_leasemirror *m, const struct wr_addr *client,
                              uint32_t ifindex, const uint8_t mac[6]);

#endif
