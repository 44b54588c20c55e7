/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quicserver: upstreams by QUIC in the simulated world (sealed.h): datagrams there and back, timers, and what goes wrong.
 *
 * A stream of the engine's that takes datagrams is one socket, and here one connection (quicline.h). Each datagram goes its own way over the
 * server's link: lost, late, twice, before another. Beside the weather of links and of servers, and the ways of enum seal_way that mean
 * something here, streams are reset, connections closed with an error, and servers started anew, which answer what they do not know
 * any more with stateless resets, or not at all.
 *
 * When an answer has arrived is nothing that a datagram shows: each that arrives may make whole what was sent and not yet confirmed, so that is
 * heard then, and heard again.
 */
#ifndef WEIR_SIM_QUICSERVER_H
#define WEIR_SIM_QUICSERVER_H

#include "quicline.h"
#include "server.h"

struct world;

/* Server i speaks QUIC. False: this was built without. */
bool quicserver_init(struct world *w, unsigned i);
void quicserver_free(struct world *w);
void quicserver_up(struct world *w, struct net_stream *st, enum seal_way way, enum veil_who who);
/* A datagram of the gateway's leaves; it arrives. */
void quicserver_write(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size);
void quicserver_hears(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size);
/* Who speaks there is not who is meant. */
bool quicserver_is_stranger(const struct net_stream *st);
/* What is in w->out answers what was heard last. */
void quicserver_answers(struct world *w, struct net_stream *st, enum server_way way,
                        uint32_t statement);
/* One of its datagrams arrives at the gateway. */
void quicserver_arrives(struct world *w, const struct net_stream *st);
/* It starts anew, and knows no connection any more; it tells so by stateless resets. */
void quicserver_restart(struct world *w, unsigned server, bool tells);
/* EV_QUIC_TIME, EV_QUIC_SAYS. */
void quicserver_event(struct world *w, const struct sim_event *e);

#endif
