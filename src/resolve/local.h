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
 *     wr_local_find(local, name, type, WR_LOCAL_EVERYONE, &hit);
 *
 * Outside of any zone a record stands for itself: its owner is answered from here, all other names are
 * somebody else's. Below a delegation nothing is known here (whoever the cut's servers are is a matter of routes).
 *
 * A snapshot is made by resolve/localbuild and never changed. Pointers in a hit point into it, or to the name that was
 * asked. Times in seconds.
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

enum wr_local_verdict {
    WR_LOCAL_HIT_PASS = 0, /* not ours: ask whoever is responsible */
    WR_LOCAL_HIT_DATA,     /* set */
    WR_LOCAL_HIT_ALIAS,    /* set is a CNAME: go on with its target */
    WR_LOCAL_HIT_DNAME,    /* set is a DNAME above the name */
    WR_LOCAL_HIT_NODATA,   /* the name exists; soa */
    WR_LOCAL_HIT_NXDOMAIN, /* soa */
    WR_LOCAL_HIT_FAILED,   /* the zone is ours and cannot be answered from now */
};

struct wr_local_hit {
    uint8_t verdict; /* enum wr_local_verdict */
    bool has_soa;
    bool cut;    /* PASS: because a local zone delegates the name; set is the delegation's NS */
    int16_t ede; /* of NODATA, NXDOMAIN and FAILED */
    const char *ede_text;
    struct wr_rrset set;
    struct wr_rrset soa; /* its TTL is that of the denial (RFC 2308 section 3) */
};

/* `local` may be NULL: PASS. ANY of an existing name is PASS: how little ANY says is the caller's decision. */
void wr_local_find(const struct wr_local *local, const uint8_t *name, uint16_t type,
                   uint32_t segments, struct wr_local_hit *ret_hit);
/* Is the question one that only weir may answer, so that nobody else is believed about it? */
bool wr_local_owns(const struct wr_local *local, const uint8_t *name, uint16_t type);

/* The delegations of local zones, each with its NS set; returns how many. `each` may be NULL. */
uint32_t wr_local_cuts(const struct wr_local *local,
                       void (*each)(void *user, const uint8_t *zone, const struct wr_rrset *ns),
                       void *user);
/* The set at a name even where a delegation hides it (glue), or NULL. */
const struct wr_rrset *wr_local_glue(const struct wr_local *local, const uint8_t *name,
                                     uint16_t type);

/* What is in it, for people. */
uint32_t wr_local_names(const struct wr_local *local); /* owners of data */
uint32_t wr_local_zones(const struct wr_local *local);
size_t wr_local_used(const struct wr_local *local); /* octets of the block that are in use */

#endif
