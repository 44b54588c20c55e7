/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed: encrypted upstreams in the simulated world, and who looks at the wire.
 *
 * In a sealed world forwarders are servers of DNS over TLS, over HTTPS and over QUIC (quicserver.h), and proxies of Oblivious DoH (carried.h), each by seed, with names
 * below sealed.net, proven by an authority, by a pin, or by both. What stands for TLS is in veil.h. Beside the weather of any server each connection can go wrong in the ways of
 * enum seal_way (server.h), and portals come that stand in the place of all servers until the link changes.
 *
 * In three of four of them encryption is required. The engines' settings then want everything that weir's configuration would refuse: a
 * plain server in the group, recursion when it fails, zones that lead to the root and to a plain server of the zone. The engines must refuse it
 * themselves. Beside the clients the box asks for itself, as serve/ does it, by questions to the engines: names of time servers and of
 * the upstreams, TLSA records, keys, what designates resolvers.
 *
 * Invariant 5, looked at for every datagram and every octet that leaves: encryption is required, so there is no datagram, no connection to a
 * plain server, no message in the clear, and nowhere a zone's name, as labels or as text. Where it is not required octets on
 * connections to encrypted servers are looked at likewise; and in the calm no plain server is asked for a name while encrypted ones answer.
 */
#ifndef WEIR_SIM_SEALED_H
#define WEIR_SIM_SEALED_H

#include "quicline.h"
#include "resolve/upstream.h"
#include "carried.h"
#include "server.h"
#include "transport/uri.h"
#include "transport/whom.h"
#include "veil.h"

struct sealed {
    bool on, required;
    struct veil veil;
    struct wr_creds *trust;
    struct wr_uri uri[SERVERS_MAX];
    struct wr_whom whom[SERVERS_MAX];
    struct wr_route route[3];
    uint64_t looked;                    /* octets */
    uint64_t asked;                     /* questions of the box itself */
    uint64_t web;                       /* messages over HTTP */
    struct target *target[SERVERS_MAX]; /* of the proxies (carried.h) */
    struct quicside *quic[SERVERS_MAX]; /* of servers by QUIC (quicserver.h) */
    uint64_t quics, asked_quic;         /* connections to them, and questions */
    uint64_t carried, unknown;          /* requests to proxies; 401 of a target */
    bool portal;                        /* stands in the way now */
};

struct world;

/* The servers are there, the gate is not. */
void sealed_init(struct world *w);
void sealed_settings(struct world *w); /* of the gate */
void sealed_free(struct world *w);
void sealed_mix(struct world *w, struct server *s);
void sealed_portal(struct world *w, bool comes);
/* A server starts anew: its connections are over. */
void sealed_restart(struct world *w, unsigned server);
/* The box asks something for itself, and will again. */
void sealed_house(struct world *w);

/* What leaves: as one datagram, a connection, octets on one to this server (SERVERS_MAX: to nobody that the world knows). */
void sealed_sees_datagram(struct world *w, unsigned server, const uint8_t *bytes, size_t size);
void sealed_sees_open(struct world *w, unsigned server, const struct wr_addr *to);
void sealed_sees_octets(struct world *w, unsigned server, const uint8_t *bytes, size_t size);

/* A zone that can be read there, or NULL. */
const char *sealed_zone_in(const struct world *w, const uint8_t *bytes, size_t size);

/* The server's side of a stream that is up. */
void sealed_up(struct world *w, struct net_stream *st);
void sealed_hears(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size);
/* The next message; valid until the next call. */
bool sealed_next(struct world *w, struct net_stream *st, const uint8_t **ret_msg, size_t *ret_size);
/* What is in w->out, encrypted; 0: nobody waits for it. */
size_t sealed_wrap(struct world *w, struct net_stream *st, const uint8_t **ret_wire,
                   uint32_t *statement);
/* Of a proxy: the response to a request, whole or cut off, all at once or in dribs. */
void sealed_reply(struct world *w, struct net_stream *st, uint64_t http,
                  const struct wr_http_reply *reply, uint32_t statement, bool cut, bool dribble);
/* A message's id means something here: not over HTTP. */
bool sealed_is_numbered(const struct net_stream *st);
/* Whoever is here is not who is meant, and lies. */
bool sealed_is_stranger(const struct net_stream *st);

#endif
