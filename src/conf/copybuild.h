/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copy build: the records of a zone transfer, gathered beside the copy in use.
 *
 *     err = wr_copybuild_start(&b, base, &key);        base: what changes are made to (IXFR), or NULL for a whole zone
 *     err = wr_copybuild_add(&b, &rr);  err = wr_copybuild_remove(&b, &rr);
 *     err = wr_copybuild_end(&b, zone, &names);        the records, now the caller's; or
 *     wr_copybuild_drop(&b);
 *
 * A change must fit: what is removed must be there, and a record is there once (RFC 1995 section 4). Records are the same when
 * owner, type and data are; TTLs are not compared. At the end the zone must have one SOA record and NS records at its name.
 *
 * Memory is malloc's, bounded by WR_NAMES_RECORDS_MAX records and WR_XFER_OCTETS_MAX octets. Removing finds its record by a keyed hash; the base stays
 * as it is.
 */
#ifndef WR_CONF_COPYBUILD_H
#define WR_CONF_COPYBUILD_H

#include "conf/names.h"
#include "resolve/xferread.h"

struct wr_copybuild {
    struct wr_names names;
    struct wr_hash_key key;
    bool changes;
    uint64_t octets; /* of all records, as they are kept */
    bool *gone;      /* by record; with changes */
    uint32_t *slot;  /* record + 1, by hash; with changes */
    uint32_t mask, gone_room;
};

/* WR_E_NOMEM: nothing is held then. */
int wr_copybuild_start(struct wr_copybuild *b, const struct wr_names *base,
                       const struct wr_hash_key *key);
/* WR_E_EXISTS (with changes), WR_E_LIMIT, WR_E_NOMEM. */
int wr_copybuild_add(struct wr_copybuild *b, const struct wr_xfer_rr *rr);
/* WR_E_NOTFOUND. */
int wr_copybuild_remove(struct wr_copybuild *b, const struct wr_xfer_rr *rr);
/* WR_E_FORMAT: it is no zone. Nothing is held afterwards in any case. */
int wr_copybuild_end(struct wr_copybuild *b, const uint8_t *zone, struct wr_names *ret_names);
void wr_copybuild_drop(struct wr_copybuild *b);

/* The zone's own SOA record, or NULL. */
const struct wr_local_record *wr_copybuild_soa(const struct wr_names *names, const uint8_t *zone);

#endif
