/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tree: the zones of the oracle as they hang from the root, for worlds in which the gateway finds names by itself.
 *
 * Eight servers: two have the root, two the top-level zones (each last label of the oracle's zones), four the zones of the oracle, each zone on two of
 * them. A server's name is s<number> in its zone and stands in the delegation with its address; the delegation of one zone names servers
 * in another zone and gives no address. Delegations are short-lived, so the way is walked again and again. How a server behaves (ways, links,
 * traits) is server.c's affair; here is what an honest one says.
 *
 * In a secure world the zones have keys, and the servers above them DS records (secure.h).
 *
 * Which server may be asked for a name follows: the root's and the top's for any, the others for their own zones.
 */
#ifndef WEIR_SIM_TREE_H
#define WEIR_SIM_TREE_H

#include "oracle.h"
#include "secure.h"
#include "wire.h"

#define TREE_SERVERS 8
#define TREE_HINTS   2 /* the first servers have the root */

struct world;

/* May this server be asked for the name? */
bool tree_has(const struct world *w, unsigned server, const uint8_t *name);
/* In a secure world: the zones that the server has (secure.h). */
void tree_speaks(const struct world *w, unsigned server, bool ret[SECURE_ZONES]);
/* Writes what the server says to the question behind which `out` stands, flags and RCODE with it. The statement for the oracle, or 0: a
 * referral, a server's address, a refusal. `referral` is set when names of other zones may not be added (who delegates may say anything of
 * what is below). */
uint32_t tree_say(struct world *w, unsigned server, struct wire_out *out, const uint8_t *qname,
                  uint16_t qtype, unsigned links, uint32_t ttl_share, bool *ret_referral);

#endif
