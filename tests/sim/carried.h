/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carried: Oblivious DoH in the simulated world (sealed.h): what a proxy carries, and the target behind it.
 *
 * A server of scheme ODOH is a proxy. Behind it stands a target of its own, with keys of its own and an address at which nobody may meet
 * the gateway. The envelopes are opened and sealed by what weir's own target uses (transport/odohtarget); what is in them is answered
 * like the question to any server. Each request can go wrong in the ways of enum carry_way (server.h), beside the weather of
 * connections and of servers.
 *
 * Invariant 5, looked at on both sides: the proxy finds no name in any plain octet of HTTP that it is sent, is asked for nothing but
 * to carry, and cannot tell a question by its length; the target finds in what it opens no address, no cookie, no number of anybody's, and
 * nobody but the proxy connects to it.
 */
#ifndef WEIR_SIM_CARRIED_H
#define WEIR_SIM_CARRIED_H

#include "line.h"
#include "server.h"

#define CARRIED_PATH "/dns-query"

struct target;
struct world;

/* The target behind server i; its host, for a URL. */
const char *carried_init(struct world *w, unsigned i);
void carried_free(struct world *w);
void carried_mix(struct world *w, struct server *s);
/* It has another key from now on, and knows the one before no more. */
void carried_turn(struct world *w, unsigned i);
/* The address of server i's target, for a plant. */
const struct wr_addr *carried_addr(const struct world *w, unsigned i);
/* Somebody's target is there. */
bool carried_is_target(const struct world *w, const struct wr_addr *addr);
/* What the proxy of this stream was sent: plain octets; and the requests in them. */
void carried_sees(struct world *w, unsigned server, const uint8_t *bytes, size_t size);
void carried_take(struct world *w, struct net_stream *st, struct line *l, bool stranger);
/* EV_CARRY_ASKED, at the target; EV_CARRY_SAID, back at the proxy. */
void carried_event(struct world *w, struct sim_event *e);

#endif
