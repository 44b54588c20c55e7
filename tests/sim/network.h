/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network: links that lose, delay, double and reorder; ports that accept only while an exchange is out; streams.
 *
 * A link says what becomes of one datagram: nothing, one copy or two, each after its own delay (which is also how
 * reordering comes about). A link can be cut: silently, or with an answer that nobody can be reached.
 *
 * A port is the gateway's side of one exchange: drawn at random when the first datagram leaves, closed by FORGET.
 * What comes for a closed port is nobody's. A stream is one TCP connection: octets arrive in order,
 * cut into arbitrary pieces, or the connection is reset in the middle.
 */
#ifndef WEIR_SIM_NETWORK_H
#define WEIR_SIM_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/pool.h"
#include "base/rng.h"

#define NET_PORTS_MAX   4096
#define NET_STREAMS_MAX 256

enum link_state { LINK_UP = 0, LINK_SILENT, LINK_UNREACHABLE };

struct net_link {
    enum link_state state;
    unsigned loss_pm, double_pm, late_pm; /* per mille */
    uint32_t base_us, jitter_us;
};

/* Fills the delays of the copies that arrive; returns how many, 0 to 2. */
unsigned net_copies(const struct net_link *l, struct wr_rng *rng, uint64_t ret_delay_us[2]);
uint64_t net_delay(const struct net_link *l, struct wr_rng *rng);

struct net_port {
    unsigned worker;
    wr_id id;
    uint16_t port;
    unsigned server;    /* whom the exchange asks */
    uint8_t query[300]; /* what was sent last, for those who forge from a guess */
    uint16_t query_size;
};

struct net_ports {
    unsigned count, most;
    uint64_t opened;
    struct net_port list[NET_PORTS_MAX];
};

/* The port of an exchange, drawn now if it has none; NULL when all are taken. */
struct net_port *net_port_of(struct net_ports *p, unsigned worker, wr_id id, struct wr_rng *rng);
bool net_port_is_open(const struct net_ports *p, unsigned worker, wr_id id);
struct net_port *net_port_at(struct net_ports *p, uint16_t port); /* NULL: closed */
bool net_port_close(struct net_ports *p, unsigned worker, wr_id id);

struct net_stream {
    bool used, up, stalled;
    bool owes;      /* what was asked on it gets no answer, or a late one */
    bool datagrams; /* a socket for them: each of what is written is one (quicserver.h) */
    uint32_t generation;
    unsigned worker, server;
    wr_id id;
    uint64_t arrives_us; /* when the last octets sent to the gateway arrive */
    size_t have;
    uint8_t in[65537 + 2]; /* what the server has got and not yet read as messages */
    void *line;            /* of an encrypted one (sealed.h), or NULL */
    void (*line_end)(void *line);
};

struct net_streams {
    unsigned open, most;
    uint64_t opened;
    struct net_stream *list; /* NET_STREAMS_MAX */
};

/* Index and generation in one number, for events. */
uint64_t net_stream_tag(const struct net_streams *s, const struct net_stream *st);
struct net_stream *net_stream_by_tag(struct net_streams *s, uint64_t tag); /* NULL: over */
struct net_stream *net_stream_by_id(struct net_streams *s, unsigned worker, wr_id id);
struct net_stream *net_stream_new(struct net_streams *s, unsigned worker, wr_id id,
                                  unsigned server);
void net_stream_end(struct net_streams *s, struct net_stream *st);

#endif
