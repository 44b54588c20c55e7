/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authority: what an authoritative server of a zone would answer, from the whole zone (resolve/zoneindex).
 *
 *     err = wr_authority_answer(index, qname, qtype, dnssec_ok, room, cap, &size);
 *
 * The answer is a message, so that whoever asks treats it as one of a server's: nothing in it is believed for where it came from.
 * RFC 1034 section 4.3.2 with DNAME (RFC 6672) and wildcards (RFC 4592); aliases are followed as long as they stay in the zone.
 * With `dnssec_ok` each set comes with its signatures, a delegation with its DS set or the proof that there is none, and a denial or what a wildcard
 * gave with its NSEC (RFC 4035 section 3.1) or NSEC3 records (RFC 5155 section 7.2). Proofs are put together from what the zone has; one that is missing there
 * is missing in the answer, and the validator says what that is worth.
 *
 * Work: a few binary searches for each link of a chain; at most WR_AUTHORITY_CHAIN_MAX links, WR_AUTHORITY_HASHES_MAX hashes of names, and what fits into
 * a message. Memory: the room, and nothing else. Errors: WR_E_NOTFOUND (the name is not in the zone), WR_E_FULL (it does not fit).
 */
#ifndef WR_RESOLVE_AUTHORITY_H
#define WR_RESOLVE_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolve/zoneindex.h"

int wr_authority_answer(const struct wr_zoneindex *z, const uint8_t *qname, uint16_t qtype,
                        bool dnssec_ok, void *room, size_t cap, size_t *ret_size);

#endif
