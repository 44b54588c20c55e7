/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Infra: what is known of servers that were found on the way from the root.
 *
 * Configured upstreams have a slot of the shared state each. Authoritative servers are found by the thousand; they share
 * the slots behind those, by their address: four places are looked at for an address, the one that was used least lately
 * is taken over. A slot that changes hands gets a new generation, so that what comes late for its former
 * owner is ignored. Round-trip time, EDNS, cookies, wariness and suspicion live there as for any upstream; all of it
 * recovers or ends by itself.
 *
 * A server is lame for a zone when it was delegated to and does not answer for it (RFC 9499). One zone a server is remembered, for
 * fifteen minutes: it is asked when there is no other.
 *
 * Shared by all workers with relaxed atomics: two that take over one slot at once lose what one of them learned.
 */
#ifndef WR_RESOLVE_INFRA_H
#define WR_RESOLVE_INFRA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "resolve/upstream.h"

struct wr_infra {
    struct wr_upstream_state
        *state;     /* all slots; the first WR_UPSTREAMS_MAX belong to configured servers */
    uint32_t slots; /* behind those; 0: nothing can be found */
    struct wr_hash_key key;
};

/* The server at the address (port 53 is the caller's to set), with its slot. */
void wr_infra_find(const struct wr_infra *i, const struct wr_addr *addr, uint64_t now_us,
                   struct wr_peer *ret_peer);
/* The same when the address has a slot already, for people: nothing is taken over, no use is noted. */
bool wr_infra_look(const struct wr_infra *i, const struct wr_addr *addr, struct wr_peer *ret_peer);
void wr_infra_set_lame(const struct wr_infra *i, const struct wr_peer *peer, const uint8_t *zone,
                       uint64_t now_us);
bool wr_infra_is_lame(const struct wr_infra *i, const struct wr_peer *peer, const uint8_t *zone,
                      uint64_t now_us);
/* A link changed: nobody is suspect any more. */
void wr_infra_forgive(const struct wr_infra *i);

#endif
