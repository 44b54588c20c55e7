/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/denial.h"

#include "base/err.h"
#include "dns/codes.h"

void wr_denial_start(struct wr_denial *d, const uint8_t *zone, const uint8_t *name,
                     const struct wr_dnssec_policy *policy)
{
    d->zone = zone;
    d->name = name;
    d->count = 0;
    wr_nsec3_start(&d->nsec3, zone, name, policy);
}

void wr_denial_add(struct wr_denial *d, const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;

    for (uint16_t i = 0; i < set->records && wr_rrset_next(&walk, &rdata, &size); i++) {
        if (set->type == WR_TYPE_NSEC3) {
            wr_nsec3_add(&d->nsec3, set->owner, rdata, size);
        } else if (set->type == WR_TYPE_NSEC && d->count < WR_DNSSEC_SETS_MAX &&
                   wr_nsec_view(set->owner, rdata, size, d->zone, &d->nsec[d->count]) == WR_OK) {
            d->count++;
        }
    }
}

bool wr_denial_empty(const struct wr_denial *d)
{
    return d->count == 0 && d->nsec3.count == 0;
}

enum wr_proof wr_denial_nxdomain(struct wr_denial *d, struct wr_dnssec_work *work)
{
    enum wr_proof got = wr_nsec_nxdomain(d->nsec, d->count, d->name);

    return got != WR_PROOF_NONE ? got : wr_nsec3_nxdomain(&d->nsec3, work);
}

enum wr_proof wr_denial_nodata(struct wr_denial *d, uint16_t qtype, struct wr_dnssec_work *work)
{
    enum wr_proof got = wr_nsec_nodata(d->nsec, d->count, d->name, qtype);

    return got != WR_PROOF_NONE ? got : wr_nsec3_nodata(&d->nsec3, qtype, work);
}

enum wr_proof wr_denial_expansion(struct wr_denial *d, unsigned labels, struct wr_dnssec_work *work)
{
    enum wr_proof got = wr_nsec_expansion(d->nsec, d->count, d->name, labels);

    return got != WR_PROOF_NONE ? got : wr_nsec3_expansion(&d->nsec3, labels, work);
}

enum wr_proof wr_denial_no_ds(struct wr_denial *d, struct wr_dnssec_work *work)
{
    enum wr_proof got = wr_nsec_no_ds(d->nsec, d->count, d->name);

    return got != WR_PROOF_NONE ? got : wr_nsec3_no_ds(&d->nsec3, work);
}
