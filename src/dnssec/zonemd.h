/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZONEMD: is a zone whole, by the digest that stands in it (RFC 8976)?
 *
 *     struct wr_zonemd_rr rr[count];       all records of the zone, in any order
 *     err = wr_zonemd_check(rr, count, apex, scratch, &result);
 *
 * The records are put into canonical order (in place), and the digest is made over each of them once: glue and what lies
 * below a delegation too, but not what is outside of the zone, the ZONEMD set of the apex, and the signatures over that set.
 * One record that can be judged and is right is enough (section 4); two with one scheme and hash say nothing, nor does one
 * of another serial than the SOA record's.
 *
 * Known are the scheme SIMPLE and the hashes SHA-384 and SHA-512. Without a signature over it the digest tells
 * accidents, not attackers: who can change the zone can change it as well.
 *
 * Memory: the array and the scratch are the caller's, and the records point to octets of the caller's.
 * Work: a sort of the records, then each octet of the zone once for each hash that stands there.
 */
#ifndef WR_DNSSEC_ZONEMD_H
#define WR_DNSSEC_ZONEMD_H

#include <stdint.h>

#include "base/limits.h"

struct wr_zonemd_rr {
    const uint8_t *owner;
    const uint8_t *rdata; /* stored form, well formed */
    uint32_t ttl;
    uint16_t type;
    uint16_t size; /* of rdata */
};

enum wr_zonemd_verdict {
    WR_ZONEMD_NONE = 0, /* the zone says nothing of itself */
    WR_ZONEMD_UNKNOWN,  /* by schemes or hashes that are not known here */
    WR_ZONEMD_GOOD,
    WR_ZONEMD_WRONG,
};

struct wr_zonemd_result {
    enum wr_zonemd_verdict verdict;
    const char *reason; /* static text, of UNKNOWN and WRONG */
};

#define WR_ZONEMD_SCRATCH WR_MSG_MAX

/* WR_E_NOMEM: the library had no memory for a digest; *ret is untouched. */
int wr_zonemd_check(struct wr_zonemd_rr *rr, uint32_t count, const uint8_t *apex,
                    uint8_t scratch[WR_ZONEMD_SCRATCH], struct wr_zonemd_result *ret_result);

#endif
