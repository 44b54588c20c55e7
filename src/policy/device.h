/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device: the table by which a worker knows who is behind an address.
 *
 * What is written here was weighed elsewhere (policy/census.h); this is only the result, as the workers read it for each query: an
 * address, or a name that a client proves or claims to have, leads to a struct wr_who. The address of a link-local
 * client counts together with its interface.
 *
 * One writer, and any number of readers who never wait. A line of the table has two copies of two entries, and a number. Even, the
 * readers use the first copy; odd, the second. The writer makes it odd, writes the first copy, makes it even, and writes the
 * second: so one of the copies is always whole, also when the writer is stopped in the middle. A reader whose line
 * changed meanwhile reads again, a few times; each word is an atomic that releases and acquires, which ThreadSanitizer understands.
 *
 * A look costs one keyed hash and, mostly, one line of the processor's cache: a line says whether anything that belongs to it
 * had to be put into the lines behind, and at most WR_DEVICE_LINES_MAX are tried. Keys are 64 bits of a keyed hash: two
 * addresses that nobody can choose share one by a chance of 2^-64.
 *
 * Memory: a block handed in, of a fixed size.
 */
#ifndef WR_POLICY_DEVICE_H
#define WR_POLICY_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "policy/who.h"

struct wr_device_table;

/* Octets of memory for `keys` addresses and claims together. */
size_t wr_device_size(uint32_t keys);
/* `block` is 64-aligned. */
struct wr_device_table *wr_device_init(void *block, uint32_t keys, const struct wr_hash_key *key);

/* The key of an address (its port does not count; `ifindex` counts for link-local ones alone), and of a claim. */
uint64_t wr_device_key(const struct wr_device_table *t, const struct wr_addr *addr,
                       uint32_t ifindex);
/* Where the entry of an address's rival stands. */
uint64_t wr_device_rival_key(uint64_t key);
uint64_t wr_device_claim_key(const struct wr_device_table *t, const char *claim, bool proven);
uint64_t wr_device_mac_key(const struct wr_device_table *t, const char *mac);

/* Of whoever is not known on an interface; such entries are looked for while there are any (wr_device_shut). */
uint64_t wr_device_interface_key(const struct wr_device_table *t, uint32_t ifindex);
void wr_device_shut(struct wr_device_table *t, uint32_t interfaces);

/* The writer's. WR_E_FULL: there is no place in reach of the key. Nothing is written when it says so already. */
int wr_device_put(struct wr_device_table *t, uint64_t key, const struct wr_who *who);
void wr_device_remove(struct wr_device_table *t, uint64_t key); /* not there is fine */

/*
 * Who asks? A claim that was proven (`claim_proven`) goes before the address. One that was not counts only where the address says nothing, and
 * where the owner has said that it may: so no device that is known can make itself another one, nor one of those that are shut off with their interface. `claim` may be empty. False: nobody who is
 * known; *ret_who is untouched. The segment is left as the writer gave it. The rival
 * has an entry of its own, which is looked up only in a conflict.
 */
bool wr_device_find(const struct wr_device_table *t, const struct wr_addr *addr, uint32_t ifindex,
                    const char *claim, bool claim_proven, struct wr_who *ret_who);
/* Who is behind a server that asks for others? `mac` is twelve digits. Nobody who is known, and it is not the server itself either: false. */
bool wr_device_behind(const struct wr_device_table *t, const char *mac, struct wr_who *ret_who);
/* One key, for the writer and tests. */
bool wr_device_get(const struct wr_device_table *t, uint64_t key, struct wr_who *ret_who);

#endif
