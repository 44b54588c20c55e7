/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leasable: the addresses in a finished message, and what becomes of each for one who may reach only what is leased to him.
 *
 *     wr_leasable_gather(terms, bytes, size, &ask)               those to be leased, each once; true: something must be taken out
 *     wr_leasable_shorten(bytes, size, most)                     and no address is remembered for longer than that
 *     wr_leasable_trim(terms, &ask, keep, room, bytes, &size)    takes out all that is neither kept nor needs no lease
 *
 * It is the message that is looked at, as it would leave, and not where it came from: so the answer section and the additional one, the
 * cache, what is stale, DNS64 and what policy gives are one case. Addresses are those of A and AAAA records and the hints of SVCB and HTTPS
 * records (RFC 9460 section 7.3); nobody connects by what other types say, and what is not leased is not reached.
 *
 *     stays    in `reaches` or a subnet of his own segment: no lease is needed
 *     lease    an address of a machine of the Internet (policy/lease), also as NAT64 has it
 *     never    everything else: private and special-use, the gateway's own, another segment's. Of the owner's own words such
 *              an address stays, without a lease: a rule of the firewall has to open the way to it
 *
 * What is left is built anew, and is never longer than it was: no AD, no signatures of a set that has lost something, a hint that is empty
 * is left out, and a record that says it cannot be used without that as well. When the answer had addresses and has none left, its extended
 * error is Blocked.
 */
#ifndef WR_ENGINE_LEASABLE_H
#define WR_ENGINE_LEASABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/lease.h"
#include "policy/segment.h"

struct wr_leasable_terms {
    const struct wr_segments *segments;
    uint16_t segment;            /* the place of his */
    const struct wr_prefix *own; /* addresses of the gateway, as wr_prefix_compile leaves them */
    uint32_t owns;
    const struct wr_prefix *nat64; /* of DNS64; family WR_AF_NONE: there is none */
    uint8_t most;                  /* addresses of one message, 1 to WR_LEASE_DESTS_MAX */
    bool given;                    /* the owner's own words */
};

enum wr_leasable { WR_LEASABLE_STAYS = 0, WR_LEASABLE_LEASE, WR_LEASABLE_NEVER };

enum wr_leasable wr_leasable_of(const struct wr_leasable_terms *t, const struct wr_addr *addr);

/* Sets ask->dests and ask->dest; their for_s is the longest TTL of each. Of a message that is torn what lies before that. */
bool wr_leasable_gather(const struct wr_leasable_terms *t, const uint8_t *bytes, size_t size,
                        struct wr_lease_ask *ask);

/* TTLs of records that have addresses are so many seconds at most. */
void wr_leasable_shorten(uint8_t *bytes, size_t size, uint32_t most_s);

struct wr_leasable_room {
    uint8_t message[WR_MSG_MAX];
    uint8_t rdata[WR_MSG_MAX];
};

/* Bit n of `keep`: ask->dest[n] stays; `dests` of them count. Trims in place. True: no address is left of the answer, which had some.
 * What cannot be read is cut down to its header and question. */
bool wr_leasable_trim(const struct wr_leasable_terms *t, const struct wr_lease_ask *ask,
                      uint8_t dests, uint32_t keep, struct wr_leasable_room *room, uint8_t *bytes,
                      size_t *size);

#endif
