/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents: what is in an answer, for who decides by it: addresses, and where aliases lead.
 *
 * Addresses are those of A and AAAA records and the hints in SVCB and HTTPS records (RFC 9460 section 7.3); sets of other types are passed
 * over. An IPv6 address by which an IPv4 address is reached (mapped, or of NAT64) is both of them. Sets may be anybody's: what is torn is
 * as if it were not there.
 */
#ifndef WR_POLICY_CONTENTS_H
#define WR_POLICY_CONTENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "dns/rrset.h"
#include "policy/feedset.h"

struct wr_contents {
    const struct wr_rrset *sets; /* of the answer section */
    unsigned count;
};

/* Is any address in one of these prefixes (as wr_prefix_compile leaves them)? */
bool wr_contents_has(const struct wr_contents *c, const struct wr_prefix *prefix,
                     uint32_t prefixes);
/* The line of the list that has one of the addresses; 0: none. */
uint32_t wr_contents_listed(const struct wr_contents *c, const struct wr_feedset *feeds,
                            uint16_t label);
/* Is any of them somebody of this network's, or this machine's, whoever reads it? Also in an IPv6 address that stands for it. */
bool wr_contents_private(const struct wr_contents *c);
/* Is an IPv4 address reached by this one of IPv6? */
bool wr_contents_reaches(const struct wr_addr *addr, struct wr_addr *ret_v4);
/* Where an alias leads, or NULL when the set is none. */
const uint8_t *wr_contents_target(const struct wr_rrset *set);

#endif
