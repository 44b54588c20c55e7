/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local: the names that weir itself knows, compiled into one immutable snapshot with one look-up.
 *
 * Zones of the configuration, hosts, leases, services and the special-use names (resolve/special) all end here as
 * zones and records. The snapshot is a tree of names: one node for each owner and each of its ancestors,
 * found by a keyed hash of the name. A look-up descends from the root label by label and ends at the first
 * node that is missing, so a name that has nothing to do with local ones costs one hash of its last label.
 * On the way it learns what RFC 1034 section 4.3.2 wants to know: the deepest zone, a delegation,
 * a DNAME, the closest encloser and the wildcard there (RFC 4592).
 *
 *     size = wr_local_size(&input);
 *     err = wr_local_build(block, size, &input, &local);     off the road of queries
 *     wr_local_find(local, name, type, WR_LOCAL_EVERYONE, &hit);
 *
 * Outside of any zone a record stands for itself: its owner is answered from here, all other names are
 * somebody else's. Below a delegation nothing is known here (whoever the cut's servers are is a matter of routes).
 *
 * Memory: the block is handed in, 8-aligned, and holds copies; it is given back when nobody looks any more.
 * Pointers in a hit point into it, or to the name that was asked. Times in seconds.
 * Errors of build: WR_E_LIMIT (records, zones, names: base/limits.h), WR_E_FULL (the block is smaller than
 * wr_local_size says). What is wrong with one record leaves that record out and is told to `reject`.
 */
#ifndef WR_RESOLVE_LOCAL_H
#define WR_RESOLVE_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "dns/rrset.h"

struct wr_local;

/* All segments; a record set is seen by those whose bit is set. One segment today. */
#define WR_LOCAL_EVERYONE 0xffffffffu

enum wr_local_zone_kind {
    WR_LOCAL_AUTHORITATIVE = 0, /* what is not here does not exist */
    WR_LOCAL_TRANSPARENT,       /* what is not here is asked of upstreams */
    WR_LOCAL_NXDOMAIN,          /* no name in it exists, whatever the records say */
    WR_LOCAL_NODATA,            /* every name in it exists, most without data */
};

struct wr_local_zone {
    const uint8_t *name;
    uint8_t kind; /* enum wr_local_zone_kind */
    bool
        parent_has_ds; /* DS of the apex is a question for the parent zone (RFC 4035 section 3.1.4.1) */
    int16_t ede;       /* of denials, or WR_EDE_NONE */
    const char *ede_text;       /* static, or NULL */
    uint32_t ttl, negative_ttl; /* of the SOA that is made when the records have none */
};

struct wr_local_record {
    const uint8_t *owner;
    const uint8_t *rdata; /* stored form */
    uint32_t ttl;
    uint32_t segments;
    uint16_t type;
    uint16_t size; /* of rdata */
};

/* Why a record was left out. */
enum wr_local_reject {
    WR_LOCAL_REJECT_TYPE =
        1, /* no type of stored data, or a signature or denial (nothing is signed here) */
    WR_LOCAL_REJECT_RDATA,        /* not well formed */
    WR_LOCAL_REJECT_BESIDE_CNAME, /* a CNAME and something else at one name (RFC 2181 section 10.1) */
    WR_LOCAL_REJECT_SECOND_CNAME, /* or DNAME or SOA */
    WR_LOCAL_REJECT_WILDCARD,     /* NS, SOA or DNAME at a wildcard (RFC 4592 section 4) */
    WR_LOCAL_REJECT_TOO_MANY,     /* WR_RRSET_RECORDS_MAX, WR_RRSET_SIZE_MAX */
    WR_LOCAL_REJECT_SOA_PLACE,    /* a SOA where no zone begins */
};
/* "another record stands beside a CNAME" and so on. */
const char *wr_local_reject_text(enum wr_local_reject why);

struct wr_local_input {
    const struct wr_local_zone *zone; /* of two with one name the first counts */
    uint32_t zones;
    const struct wr_local_record *record; /* of equal ones the first counts; sets keep this order */
    uint32_t records;
    struct wr_hash_key key;
    void (*reject)(void *user, uint32_t record, enum wr_local_reject why); /* or NULL */
    void *user;
};

/* Octets that building wants at most; SIZE_MAX when a limit is passed. */
size_t wr_local_size(const struct wr_local_input *input);
int wr_local_build(void *block, size_t size, const struct wr_local_input *input,
                   const struct wr_local **ret_local);

enum wr_local_verdict {
    WR_LOCAL_HIT_PASS = 0, /* not ours: ask whoever is responsible */
    WR_LOCAL_HIT_DATA,     /* set */
    WR_LOCAL_HIT_ALIAS,    /* set is a CNAME: go on with its target */
    WR_LOCAL_HIT_DNAME,    /* set is a DNAME above the name */
    WR_LOCAL_HIT_NODATA,   /* the name exists; soa */
    WR_LOCAL_HIT_NXDOMAIN, /* soa */
};

struct wr_local_hit {
    uint8_t verdict; /* enum wr_local_verdict */
    bool has_soa;
    bool cut;    /* PASS: because a local zone delegates the name */
    int16_t ede; /* of NODATA and NXDOMAIN */
    const char *ede_text;
    struct wr_rrset set;
    struct wr_rrset soa; /* its TTL is that of the denial (RFC 2308 section 3) */
};

/* `local` may be NULL: PASS. ANY of an existing name is PASS: how little ANY says is the caller's decision. */
void wr_local_find(const struct wr_local *local, const uint8_t *name, uint16_t type,
                   uint32_t segments, struct wr_local_hit *ret_hit);
/* Is the question one that only weir may answer, so that nobody else is believed about it? */
bool wr_local_owns(const struct wr_local *local, const uint8_t *name, uint16_t type);

/* What is in it, for people. */
uint32_t wr_local_names(const struct wr_local *local); /* owners of data */
uint32_t wr_local_zones(const struct wr_local *local);
size_t wr_local_used(const struct wr_local *local); /* octets of the block that are in use */

#endif
