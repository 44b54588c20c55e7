/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of local names: shared by local.c (looking up) and localbuild.c (making the snapshot).
 * Nobody else includes it. The block begins with `struct wr_local`; behind it stand the zones, the sets, the
 * nodes, the table of nodes by hash, and the octets that all of them point to.
 */
#ifndef WR_RESOLVE_LOCAL_STATE_H
#define WR_RESOLVE_LOCAL_STATE_H

#include "dns/name.h"
#include "resolve/localbuild.h"

struct wr_local_apex {
    uint8_t kind;
    bool parent_has_ds;
    bool has_soa;
    int16_t ede;
    const char *ede_text;
    struct wr_rrset soa; /* TTL of denials */
};

struct wr_local_set {
    struct wr_rrset rr;
    uint32_t segments;
};

struct wr_local_node {
    const uint8_t *name; /* into the copy of an owner at or below it */
    uint64_t hash;
    uint32_t set, sets; /* its sets: the first, how many */
    uint32_t first;     /* building: its first record + 1, 0 none */
    uint32_t last;      /* building: its last record */
    uint32_t zone;      /* zone + 1 that begins here */
    uint32_t star;      /* node + 1 of the wildcard directly below */
    uint32_t segments;  /* who sees anything at it or below */
    bool cut, dname;
};

struct wr_local {
    struct wr_local_node *node; /* the root first */
    struct wr_local_set *set;
    struct wr_local_apex *zone;
    uint32_t *slot; /* node + 1 by hash, open addressing */
    uint32_t mask;
    uint32_t nodes, sets, zones, names;
    struct wr_hash_key key;
    size_t used;
};

/* The node of a name or NULL. */
static inline struct wr_local_node *wr_local_node_of(const struct wr_local *l, const uint8_t *name,
                                                     uint64_t hash)
{
    for (uint32_t at = (uint32_t)hash & l->mask; l->slot[at] != 0; at = (at + 1) & l->mask) {
        struct wr_local_node *n = &l->node[l->slot[at] - 1];
        if (n->hash == hash && wr_name_equal(n->name, name)) {
            return n;
        }
    }
    return NULL;
}

#endif
