/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building the snapshot of local names (resolve/local) from zones and records.
 *
 *     size = wr_local_size(&input);
 *     err = wr_local_build(block, size, &input, &local);     off the road of queries
 *
 * Zones come first: whether a SOA or a CNAME may stand at a name depends on them. What is wrong with one record leaves that
 * record out and is told to `reject`; the rest is built.
 *
 * Memory: the block is handed in, 8-aligned, and holds copies of everything; the snapshot is the block, and ends with it.
 * Errors: WR_E_LIMIT (records, zones: base/limits.h), WR_E_FULL (the block is smaller than wr_local_size says).
 */
#ifndef WR_RESOLVE_LOCALBUILD_H
#define WR_RESOLVE_LOCALBUILD_H

#include "resolve/local.h"

enum wr_local_zone_kind {
    WR_LOCAL_AUTHORITATIVE = 0, /* what is not here does not exist */
    WR_LOCAL_TRANSPARENT,       /* what is not here is asked of upstreams */
    WR_LOCAL_NXDOMAIN,          /* no name in it exists, whatever the records say */
    WR_LOCAL_NODATA,            /* every name in it exists, most without data */
    WR_LOCAL_UNAVAILABLE,       /* ours, and nothing is known of it now: SERVFAIL */
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
    WR_LOCAL_REJECT_NAMES,        /* WR_LOCAL_NAMES_MAX */
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

#endif
