/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address tree: a list of addresses and prefixes as one block of memory, and which line of the list an address is in.
 *
 *     n items (struct wr_addrtree_item), wr_addrtree_item() for each
 *     wr_addrtree_build(key, item, n, block, wr_addrtree_room(n), &size)
 *     wr_addrtree_open(&tree, block, size)
 *     wr_addrtree_find(&tree, addr) -> line, or 0
 *
 * Prefixes inside others are dropped, so a look is one binary search. An IPv4 address in IPv6 (::ffff:0:0/96) is looked up in both forms.
 * 24 octets an entry.
 *
 * The rules for the block are those of policy/nametree: no pointers, a checksum over all of it, believed in nothing before, aligned to 8. Errors
 * likewise.
 */
#ifndef WR_POLICY_ADDRTREE_H
#define WR_POLICY_ADDRTREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"

struct wr_addrtree_item {
    uint64_t high, low; /* the first address as numbers; of IPv4 the upper half of `high` */
    uint32_t line;
    uint16_t len;    /* bits, 0 to 32 or 128 */
    uint16_t family; /* enum wr_family */
};

struct wr_addrtree {
    const struct wr_addrtree_item *item;
    uint32_t count;
};

void wr_addrtree_item(const struct wr_prefix *prefix, uint32_t line,
                      struct wr_addrtree_item *ret_item);
/* SIZE_MAX: too many. */
size_t wr_addrtree_room(uint32_t count);
/* Sorts `item`. Of the same prefix the first line stays. */
int wr_addrtree_build(const struct wr_hash_key *key, struct wr_addrtree_item *item, uint32_t count,
                      void *block, size_t room, size_t *ret_size);
int wr_addrtree_open(struct wr_addrtree *ret_tree, const void *block, size_t size);
/* The line of the prefix that has the address; 0: none. The scope is not looked at. */
uint32_t wr_addrtree_find(const struct wr_addrtree *tree, const struct wr_addr *addr);

#endif
