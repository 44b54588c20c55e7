/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Name tree: a list of a million names as one block of memory, and which line of the list a name is in.
 *
 *     wr_nametree_item(&key, name, WR_NAMETREE_SELF, line, &item[n++])      for each name of the list
 *     wr_nametree_build(&key, item, n, block, wr_nametree_room(n), &size)   the first `size` octets are the tree
 *     wr_nametree_open(&tree, block, size)                                  again, or from a file that is mapped
 *     wr_nametree_find(&tree, name, &hit)
 *
 * The names themselves are not kept. Each is a fingerprint of 64 bits: SipHash-1-3 of its first label under the key and the fingerprint of
 * its parent, so one walk from the root gives those of all suffixes of a name, and case does not count. Fingerprints lie
 * in buckets by their first bits, about six in one, so that a look costs two places of memory; each has a word with its line and what it
 * stands for. That is 12.7 octets a name. How deep names of the list are is a bit for each depth, so suffixes that cannot be in it are
 * not looked for.
 *
 * Two names with one fingerprint count as the same: among a million a name that is not in the list is taken for one that is with
 * a chance of 2^-44 a suffix. Nobody can aim at that without the key, which is drawn for each build and stands in the block.
 *
 * A block holds no pointers and is in the order of octets of the machine that made it. Whoever opens one believes nothing: size, numbers,
 * and a checksum over all of it, and no bucket is longer than WR_NAMETREE_BUCKET_MAX. It must stay as it is, aligned to 8, while
 * the tree is used.
 *
 * Errors of build: WR_E_LIMIT (a bucket is too full, another key helps; or too many names), WR_E_FULL. Of open: WR_E_FORMAT, WR_E_VERSION,
 * WR_E_CHECKSUM.
 */
#ifndef WR_POLICY_NAMETREE_H
#define WR_POLICY_NAMETREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

/* What an entry stands for. */
enum wr_nametree_flag {
    WR_NAMETREE_SELF = 1,   /* the name itself, */
    WR_NAMETREE_BELOW = 2,  /* the names below it, or both */
    WR_NAMETREE_EXCEPT = 4, /* these are not listed, whatever other lines say */
    WR_NAMETREE_STRONG = 8, /* unless a line like this one says it: it goes before those without */
};

/* Lines are numbered up to here; those behind it are told as this one. */
#define WR_NAMETREE_LINE_MAX ((1u << 28) - 1)

struct wr_nametree_item {
    uint64_t print;
    uint32_t line;
    uint8_t flags;
    uint8_t labels;
};

struct wr_nametree {
    struct wr_hash_key key;
    const uint32_t *start; /* by bucket: its first entry; one more than there are buckets */
    const uint64_t *print;
    const uint32_t *word; /* line and flags */
    uint64_t self[2];     /* bit n: there are entries of n labels for the name itself, */
    uint64_t below[2];    /* for what is below it */
    uint32_t count;
    uint8_t bits; /* of a fingerprint that say its bucket */
};

struct wr_nametree_hit {
    uint32_t line;
    uint8_t labels; /* of the name in that line */
    uint8_t flags;  /* enum wr_nametree_flag of that line */
};

/* `flags` SELF, BELOW or both, and perhaps the others. WR_E_RANGE: the root, which is everything. */
int wr_nametree_item(const struct wr_hash_key *key, const uint8_t *name, uint8_t flags,
                     uint32_t line, struct wr_nametree_item *ret_item);
/* Octets that building with `count` items needs; SIZE_MAX: too many. The tree is smaller. */
size_t wr_nametree_room(uint32_t count);
/* Of items that say the same the first line stays. `block` is aligned to 8. */
int wr_nametree_build(const struct wr_hash_key *key, const struct wr_nametree_item *item,
                      uint32_t count, void *block, size_t room, size_t *ret_size);
int wr_nametree_open(struct wr_nametree *ret_tree, const void *block, size_t size);
/* Is `name` listed? Then *ret_hit is the line that says so: of several the strong one, then the exception, then the longest name. False with a
 * line in it: it would be, without the exception of that line; line 0: no line is about it. */
bool wr_nametree_find(const struct wr_nametree *tree, const uint8_t *name,
                      struct wr_nametree_hit *ret_hit);

#endif
