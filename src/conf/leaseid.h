/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lease id: which client a lease is of, as far as two leases can tell.
 *
 * A device with both families has two leases, and few DHCP servers say that they are of one device. What ties them is the MAC address: a
 * DHCPv4 server sees it, and a DUID of the kinds LLT and LL has it inside (RFC 8415 section 11); or the DUID, which a DHCPv4
 * client may send as its client identifier (RFC 4361 section 6.1). Two addresses that were both seen and differ are of two devices,
 * whatever they call themselves: identifiers are broadcast and anybody can send another's.
 *
 * Pure. Identities are short keyed hashes, for there are many leases; nobody outside can make two of them equal.
 */
#ifndef WR_CONF_LEASEID_H
#define WR_CONF_LEASEID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "conf/leasefile.h"

struct wr_leaseid {
    uint32_t mac, duid; /* 0: not known */
    bool seen;          /* the MAC address, by the server, on packets; else it stood in a DUID */
};

/* The same as octets. */
struct wr_leaseid_octets {
    uint8_t mac[6];
    uint8_t id[255];
    uint8_t id_size; /* 0: none */
    bool has_mac;    /* the server has seen it */
    bool is_duid;    /* `id`; else a DHCPv4 client identifier */
};
void wr_leaseid_octets(const struct wr_lease *lease, struct wr_leaseid_octets *ret_octets);

void wr_leaseid_of(const struct wr_lease *lease, const struct wr_hash_key *key,
                   struct wr_leaseid *ret_id);
/* Of no lease: both are 0. */
bool wr_leaseid_is_none(const struct wr_leaseid *id);
/* False also when nothing ties the two. */
bool wr_leaseid_same(const struct wr_leaseid *a, const struct wr_leaseid *b);

#endif
