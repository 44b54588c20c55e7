/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Denial: NSEC and NSEC3 of one response, put to one question.
 *
 *     wr_denial_start(&d, zone, name, policy);
 *     for each set of the authority section that the zone's keys proved: wr_denial_add(&d, set);
 *     proof = wr_denial_nodata(&d, qtype, work)           WR_PROOF_AGAIN: call again, in another step
 *
 * Sets that were expanded from a wildcard are not to be added: their owner is not where they stand in the zone.
 * NSEC is asked first, and NSEC3 when that proves nothing. Memory: one struct that points into the sets.
 */
#ifndef WR_DNSSEC_DENIAL_H
#define WR_DNSSEC_DENIAL_H

#include "dns/rrset.h"
#include "dnssec/nsec.h"
#include "dnssec/nsec3.h"

struct wr_denial {
    const uint8_t *zone, *name;
    uint8_t count;
    struct wr_nsec nsec[WR_DNSSEC_SETS_MAX];
    struct wr_nsec3_check nsec3;
};

void wr_denial_start(struct wr_denial *d, const uint8_t *zone, const uint8_t *name,
                     const struct wr_dnssec_policy *policy);
/* Another type than these two is left out. */
void wr_denial_add(struct wr_denial *d, const struct wr_rrset *set);
/* There is nothing to prove anything with. */
bool wr_denial_empty(const struct wr_denial *d);

enum wr_proof wr_denial_nxdomain(struct wr_denial *d, struct wr_dnssec_work *work);
enum wr_proof wr_denial_nodata(struct wr_denial *d, uint16_t qtype, struct wr_dnssec_work *work);
enum wr_proof wr_denial_expansion(struct wr_denial *d, unsigned labels,
                                  struct wr_dnssec_work *work);
/* WR_PROOF_DELEGATION, NO_CUT, NO_NAME or INSECURE when the DS is proven absent. */
enum wr_proof wr_denial_no_ds(struct wr_denial *d, struct wr_dnssec_work *work);

#endif
