/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Newest: what a zone's signatures say of the time. A signature that holds was made at its inception or later, so that
 * moment has passed, whatever the clock says; of the root's signatures that makes a floor for it.
 *
 * Signers date inception back, never forward, so the newest of several is safe. Only signatures by a key of the given set, which the
 * caller has proven, over a set that is whole, and in their window by what is known of the time, count; at most
 * WR_DNSSEC_TAG_KEYS_MAX are checked.
 */
#ifndef WR_DNSSEC_NEWEST_H
#define WR_DNSSEC_NEWEST_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/rrset.h"
#include "dnssec/trusttime.h"

/* Seconds since 1970, read as the moment nearest to what `time` knows. False: no signature holds. `scratch`:
 * WR_RRSIG_SCRATCH_SIZE octets. */
bool wr_newest_inception(const struct wr_rrset *set, const struct wr_rrset *keys,
                         const struct wr_trusttime *time, void *scratch, int64_t *ret_inception_s);

#endif
