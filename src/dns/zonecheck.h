/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone check: what is wrong with a zone whose records are each well formed.
 *
 * The file is read twice, so that nothing is kept of a record but a few bits of its owner and its RRset, and every finding
 * has the place of its record. The first time each record is learned, the second time each is judged:
 *
 *     do { more memory; wr_zonecheck_start(c, apex, &key, block, entries);
 *          for each record: err = wr_zonecheck_learn(c, &event); } while (err == WR_E_FULL);
 *     for each record: n = wr_zonecheck_judge(c, &event, findings);
 *     n = wr_zonecheck_finish(c, findings);
 *
 * Found: names outside of the zone; SOA missing, twice or elsewhere; NS missing at the apex; CNAME beside other data, or two
 * of them; two DNAMEs, names below one; data below or beside a delegation, DS without one; name servers that are aliases or
 * have no address, glue that is missing; the same for mail servers and services; TTLs that differ within an RRset;
 * names that end with the zone's name twice, where a dot was forgotten.
 * RFC 1034 sections 3.6.2 and 4.2.1, RFC 1912, RFC 2181 sections 5.2, 6.1, 10.1 and 10.3, RFC 6672 section 2.4.
 *
 * Not looked at: DNSSEC, and what other zones would have to say.
 *
 * Names are told apart by a keyed hash of 64 bits: nobody can aim, and of ten million names two are the same with a
 * chance of 1 in 400000. Memory: one block, an entry for each name and each RRset.
 */
#ifndef WR_DNS_ZONECHECK_H
#define WR_DNS_ZONECHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/map.h"
#include "dns/zonefile.h"

/* Most findings of one record. */
#define WR_ZONECHECK_FINDINGS 8

struct wr_zonecheck_finding {
    const char *reason; /* static text */
    bool warning;       /* it is served all the same */
};

struct wr_zonecheck {
    struct wr_hash_key key;
    struct wr_map map;
    struct wr_name apex;
    bool has_apex;
};

size_t wr_zonecheck_size(uint32_t entries);
/* `apex` may be NULL: then it is the owner of the first SOA record. `block` of wr_zonecheck_size octets, aligned to 8. */
void wr_zonecheck_start(struct wr_zonecheck *c, const uint8_t *apex, const struct wr_hash_key *key,
                        void *block, uint32_t entries);
/* WR_E_FULL: the block is too small. */
int wr_zonecheck_learn(struct wr_zonecheck *c, const struct wr_zonefile_event *rr);
unsigned wr_zonecheck_judge(const struct wr_zonecheck *c, const struct wr_zonefile_event *rr,
                            struct wr_zonecheck_finding ret[WR_ZONECHECK_FINDINGS]);
/* What the zone as a whole lacks. */
unsigned wr_zonecheck_finish(const struct wr_zonecheck *c,
                             struct wr_zonecheck_finding ret[WR_ZONECHECK_FINDINGS]);

#endif
