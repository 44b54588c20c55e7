/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone signature: is a set at a zone's name signed by the zone's keys, and are those what an anchor of the zone trusts?
 *
 *     wr_zonesig_check(rr, count, apex, WR_TYPE_ZONEMD, &ask, room, &result);
 *
 * With it the digest of a zone (dnssec/zonemd) tells attackers, not accidents alone (RFC 8976 section 4). The records are those of the whole
 * zone, in any order; two sets are picked from them, with their signatures: the keys, and the one in question. The
 * anchor's DS name keys, those sign the keys, one of the keys signs the set (RFC 4035 section 5).
 *
 * Nothing is asked of anybody: an anchor must stand at the zone itself, as it does for the root. Memory: the room, a few hundred KiB, is the caller's.
 * Work: as for one answer (dnssec/work).
 */
#ifndef WR_DNSSEC_ZONESIG_H
#define WR_DNSSEC_ZONESIG_H

#include "dnssec/anchor.h"
#include "dnssec/rrsig.h"
#include "dnssec/zonemd.h"

struct wr_zonesig_room {
    uint64_t scratch[WR_RRSIG_SCRATCH_SIZE / 8 + 1];
    uint8_t keys[WR_RRSET_SIZE_MAX], set[WR_RRSET_SIZE_MAX];
};

struct wr_zonesig_ask {
    const struct wr_ds_list *ds; /* of the anchor */
    const struct wr_dnssec_policy *policy;
    const struct wr_trusttime *time;
};

enum wr_zonesig_verdict {
    WR_ZONESIG_SECURE = 0,
    WR_ZONESIG_INSECURE, /* no algorithm of the anchor may be relied on */
    WR_ZONESIG_BOGUS,
};

struct wr_zonesig_result {
    enum wr_zonesig_verdict verdict;
    const char *reason; /* static text, of BOGUS */
    /* Of SECURE: how long it stays so, for both signatures are good until then (dnssec/trusttime). */
    uint32_t left_s;
};

void wr_zonesig_check(const struct wr_zonemd_rr *rr, uint32_t count, const uint8_t *apex,
                      uint16_t type, const struct wr_zonesig_ask *ask, struct wr_zonesig_room *room,
                      struct wr_zonesig_result *ret_result);

#endif
