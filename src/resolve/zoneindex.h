/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone index: a whole zone, put in order so that an authoritative server's questions are answered by looking up.
 *
 *     wr_zoneindex_start(&z, block, size, records, apex);      size from wr_zoneindex_size(records)
 *     for each record: wr_zoneindex_add(z, owner, type, ttl, rdata, size);
 *     err = wr_zoneindex_end(z);                               off the road of queries; never changed afterwards
 *
 * Owners stand in canonical order (RFC 4034 section 6.1), one node each. A name's neighbours tell all of RFC 1034 section
 * 4.3.2: what is at it, that something is below it (an empty non-terminal), how much of it exists (the closest encloser), and
 * which NSEC record covers it. Each node knows the topmost delegation or DNAME at or above it. So a look-up is one binary search, whatever
 * the zone's owner wrote. NSEC3 records have an order of their own, and their owners do not exist (RFC 5155 section 7.2.8); of
 * several chains the first counts that NSEC3PARAM names, with no more iterations than a validator would do.
 *
 * Delegations and DNAMEs at a wildcard have no meaning (RFC 4592 section 4) and are records like others. Records outside of the
 * zone, and those that are not well formed, are left out.
 *
 * Memory: the block is handed in, 8-aligned, and the index is the block. Records point to the caller's octets, which live as long.
 * Errors: WR_E_FORMAT (no SOA record at the zone's name), WR_E_FULL (more records than were said).
 */
#ifndef WR_RESOLVE_ZONEINDEX_H
#define WR_RESOLVE_ZONEINDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

struct wr_zoneindex_record {
    const uint8_t *owner;
    const uint8_t *rdata; /* stored form */
    uint64_t place;       /* the first octets of its place in the canonical order; 0: not told */
    uint32_t ttl;
    uint32_t turn; /* as it came */
    uint16_t type, size;
    uint16_t covers; /* of RRSIG: the type; else 0 */
};

struct wr_zoneindex_node {
    uint32_t first, count; /* its records */
    uint32_t above;        /* node + 1: the topmost delegation or DNAME at or above it; 0 none */
    uint32_t nsec;         /* node + 1: the last one at or before it with an NSEC record; 0 none */
};

/* The records of one type at one name, one after another. */
struct wr_zoneindex_set {
    const struct wr_zoneindex_record *record;
    uint32_t count; /* 0: there are none */
};

struct wr_zoneindex {
    struct wr_name apex;
    struct wr_zoneindex_record *record;
    struct wr_zoneindex_node *node; /* the apex first */
    struct wr_zoneindex_node *hash; /* of the NSEC3 chain, in the order of the hashes */
    uint32_t records, nodes, hashes, room;
    bool nsec3; /* there is a chain: */
    uint8_t salt_size;
    uint16_t iterations;
    const uint8_t *salt;
};

enum wr_zoneindex_kind {
    WR_ZONEINDEX_NODE = 0, /* the name has records */
    WR_ZONEINDEX_EMPTY,    /* it exists, and has none */
    WR_ZONEINDEX_NONE,     /* it does not exist */
    WR_ZONEINDEX_CUT,      /* it is, or is below, a delegation */
    WR_ZONEINDEX_DNAME,    /* it is below a DNAME */
    WR_ZONEINDEX_OUTSIDE,  /* it is not in the zone */
};

struct wr_zoneindex_hit {
    uint8_t kind;                         /* enum wr_zoneindex_kind */
    uint8_t encloser;                     /* of NONE: labels of the closest encloser */
    bool star;                            /* of NONE: there is a wildcard at the closest encloser */
    const struct wr_zoneindex_node *node; /* of NODE; of CUT and DNAME that one; of NONE the
                                           * wildcard, or NULL when it has no records */
};

/* SIZE_MAX: WR_NAMES_RECORDS_MAX is passed. */
size_t wr_zoneindex_size(uint32_t records);
void wr_zoneindex_start(struct wr_zoneindex **ret_index, void *block, uint32_t records,
                        const uint8_t *apex);
int wr_zoneindex_add(struct wr_zoneindex *z, const uint8_t *owner, uint16_t type, uint32_t ttl,
                     const uint8_t *rdata, uint16_t size);
int wr_zoneindex_end(struct wr_zoneindex *z);

/* `at_cut`: a delegation's own name is looked up in the parent's part of it, as for DS (RFC 4035 section 3.1.4.1). */
void wr_zoneindex_find(const struct wr_zoneindex *z, const uint8_t *name, bool at_cut,
                       struct wr_zoneindex_hit *ret_hit);
/* The node of exactly this name, even where a delegation hides it (glue); or NULL. */
const struct wr_zoneindex_node *wr_zoneindex_node(const struct wr_zoneindex *z,
                                                  const uint8_t *name);
/* `covers`: of RRSIG, the type signed; 0 for others, and for all signatures. */
struct wr_zoneindex_set wr_zoneindex_set(const struct wr_zoneindex *z,
                                         const struct wr_zoneindex_node *node, uint16_t type,
                                         uint16_t covers);
const uint8_t *wr_zoneindex_owner(const struct wr_zoneindex *z,
                                  const struct wr_zoneindex_node *node);
/* The node whose NSEC record is the name's own, or covers it; or NULL. */
const struct wr_zoneindex_node *wr_zoneindex_nsec(const struct wr_zoneindex *z,
                                                  const uint8_t *name);
/* The NSEC3 record of a hash of 20 octets, or the one that covers it (`ret_exact`); NULL: there is no chain. */
const struct wr_zoneindex_node *wr_zoneindex_nsec3(const struct wr_zoneindex *z,
                                                   const uint8_t *hash, bool *ret_exact);

#endif
