/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Net limits: what the owner may size about sockets, and what all workers count together.
 *
 * `struct wr_net_limits` is a plain value, copied into each loop and changeable at a reload. `struct
 * wr_net_shared` is one block for all workers: the number of client connections, in all and of
 * each client, so that N workers never mean N times a limit.
 *
 * Clients are counted by address and by prefix in two rows of counters under a keyed hash; one is over its
 * bound only when both its counters are. Two strangers that share one counter do not meet in the other.
 */
#ifndef WR_NET_LIMITS_H
#define WR_NET_LIMITS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "policy/quota.h"
#include "transport/budget.h"

/* A datagram or a framed message from a client; a query with every option that exists is below 1 KiB. */
#define WR_NET_QUERY_MAX 4096
/* Datagrams taken by one recvmmsg, and answers by one sendmmsg. */
#define WR_NET_BATCH 64
/* Batches of one listener in one turn, then TCP, upstreams and timers have theirs. */
#define WR_NET_BATCHES_TURN 4
/* Connections accepted from one listener in one turn. */
#define WR_NET_ACCEPTS_TURN 16
/* Upstream ports read in one turn. */
#define WR_NET_PORTS_TURN 256
/* Listening sockets of one worker. */
#define WR_NET_LISTENERS_MAX 64
/* Connections that a worker may have when the others took all places; at most half of the places. */
#define WR_NET_CONNECTIONS_OWN 8
/* Of all places those who may not ask have together at most one of so many, and each worker one: enough to be told. */
#define WR_NET_OUTSIDERS_SHARE 16
/* Handshakes that a client may begin at once, in seconds of its rate: a gateway's devices come back together. */
#define WR_NET_HANDSHAKE_BURST 10
/* Which buckets of the quota are those of handshakes. */
#define WR_NET_HANDSHAKE_BUCKET UINT64_C(0x746c732d68616e64)
/* Counters in one row of the per-client table. */
#define WR_NET_CLIENT_SLOTS 4096

struct wr_net_limits {
    uint32_t tcp_connections; /* of all clients over all workers; see WR_NET_CONNECTIONS_OWN */
    uint32_t
        tcp_per_client; /* of one address over all workers; WR_PREFIX_CLIENTS times that of a prefix */
    uint32_t tcp_idle_ms;    /* nothing asked and nothing owed; shrinks when near tcp_connections */
    uint32_t tcp_message_ms; /* from the first octet of a message to its last */
    uint32_t handshake_ms;   /* from the accept to the end of the TLS handshake */
    uint32_t handshakes;     /* TLS handshakes that are not done, over all workers */
    uint32_t handshake_rate; /* handshakes a second of one client, and ten times that at once */
    uint64_t encrypted_bytes; /* of all encrypted connections over all workers */
    uint32_t
        doq_connections; /* QUIC, of each worker; room is made when the first listener is opened */
    uint32_t doq_idle_ms;
    uint32_t tcp_pipeline; /* questions unanswered on one connection, then it is not read */
    uint32_t tcp_read_ms; /* until a client that fell behind has read all that waits (net/unread) */
    uint32_t tcp_queue;   /* octets that wait for a client that does not read, then it is closed */
    uint32_t upstream_queue; /* octets that wait on one upstream stream, then it is closed */
    uint32_t connect_ms;     /* an upstream TCP connection must be there by then */
    uint32_t ports;          /* upstream UDP ports of this worker for each family (serve/places) */
    uint8_t prefix4_len, prefix6_len; /* of a network that is counted as a whole as well */
};

struct wr_net_shared {
    struct wr_hash_key key; /* filled in by the owner */
    _Atomic uint32_t connections;
    struct wr_budget budget;    /* of all encrypted connections */
    struct wr_quota *quota;     /* of handshakes, by client; NULL: they are not bounded */
    _Atomic uint32_t opening;   /* handshakes that are not done */
    _Atomic uint32_t outsiders; /* of those, from addresses that may not ask */
    _Atomic uint16_t clients[2][WR_NET_CLIENT_SLOTS];
};

/* The defaults of the gateway profile. */
struct wr_net_limits wr_limits_default(void);

/* Counts one more connection of `from`: false (and nothing counted) when the client is at its bound. */
bool wr_limits_enter(struct wr_net_shared *shared, const struct wr_net_limits *limits,
                     const struct wr_addr *from);
/* Gives back what wr_limits_enter counted. The prefix lengths may have changed meanwhile: pass the same. */
void wr_limits_leave(struct wr_net_shared *shared, const struct wr_net_limits *limits,
                     const struct wr_addr *from);

/* May this client begin a handshake now? Counted by its address and by its network. */
bool wr_limits_handshake(struct wr_net_shared *shared, const struct wr_net_limits *limits,
                         const struct wr_addr *from, uint64_t now_us);

#endif
