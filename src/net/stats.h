/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Net stats: what one loop counted about sockets. One writer (the worker), any reader.
 *
 * The same shape as engine/stats.h: one row is the name and the sentence that people read. The gauges
 * at the end are set, not added to; summing them over the workers gives the whole.
 */
#ifndef WR_NET_STATS_H
#define WR_NET_STATS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/stats.h"

#define WR_NET_STATS_TABLE(X)                                                                     \
    X(udp_batches, "batches of datagrams read from listeners")                                    \
    X(udp_unsent, "answers over UDP that the kernel refused to send")                             \
    X(tcp_accepted, "client connections accepted")                                                \
    X(tcp_refused, "client connections refused: the client or the gateway has too many")          \
    X(tcp_yielded, "client connections that were owed nothing, closed early to make room")        \
    X(tcp_idle, "client connections closed because nothing was asked for too long")               \
    X(tcp_slow, "client connections closed because a message did not come to its end")            \
    X(tcp_unread, "client connections closed because the client does not read its answers")       \
    X(tcp_malformed, "client connections closed because of an impossible message length")         \
    X(tls_full, "TLS handshakes with a certificate that clients finished")                        \
    X(tls_resumed, "TLS sessions that clients resumed")                                           \
    X(tls_failed, "TLS handshakes that failed")                                                   \
    X(tls_slow, "client connections closed because the TLS handshake did not come to its end")    \
    X(tls_flooded, "TLS connections refused: the client begins too many handshakes")              \
    X(tls_yielded, "TLS connections that gave way to new ones when the budget was used up")       \
    X(tls_no_room, "TLS connections refused because the budget was used up")                      \
    X(odoh_turned, "changes of the key of an oblivious target, by the time alone")                \
    X(doq_accepted, "QUIC connections begun")                                                     \
    X(doq_completed, "QUIC handshakes completed")                                                 \
    X(doq_resumed, "QUIC connections resumed with a ticket")                                      \
    X(doq_early, "queries over QUIC taken as early data")                                         \
    X(doq_refused, "QUIC connections refused: they may not ask, or there are too many")           \
    X(doq_retried, "QUIC clients that had to prove their address first")                          \
    X(doq_evicted, "QUIC connections that were idle or did not read, closed to make room")        \
    X(doq_overload, "queries and handshakes over QUIC given up for lack of room")                 \
    X(doq_broken, "QUIC connections closed because the client broke RFC 9250")                    \
    X(doq_slow, "QUIC connections closed because a query did not end or an answer was not taken") \
    X(doq_idle, "QUIC connections closed because nothing was asked, whatever else came")          \
    X(doq_moved, "QUIC clients that changed their address and went on")                           \
    X(doq_handed, "QUIC datagrams handed to the worker that holds the connection")                \
    X(doq_garbage, "datagrams to the QUIC listeners that were nobody's")                          \
    X(doq_unsent, "QUIC datagrams that the kernel refused to send")                               \
    X(hand_failed, "answers lost because another worker's ring was full")                         \
    X(deferred_lost, "events lost because too many came up within one action")                    \
    X(ports_opened, "upstream UDP ports opened")                                                  \
    X(ports_reused, "upstream UDP ports used again while asking fast")                            \
    X(ports_failed, "upstream UDP ports that could not be opened")                                \
    X(ports_stray, "datagrams that came to an upstream port with no question out, thrown away")   \
    X(ports_flooded, "upstream UDP ports closed because of too many wrong datagrams")             \
    X(ports_fragment, "answers refused because they came in fragments (RFC 9715)")                \
    X(ports_unreachable, "upstream questions that came back as unreachable")                      \
    X(streams_opened, "upstream TCP connections begun")                                           \
    X(streams_failed, "upstream TCP connections that did not come about")                         \
    X(gauge_doq_clients, "QUIC connections open now")                                             \
    X(gauge_doq_bytes, "octets that QUIC connections hold")                                       \
    X(gauge_tcp_clients, "client connections open now")                                           \
    X(gauge_streams, "upstream TCP connections open now")                                         \
    X(gauge_ports_open, "upstream UDP ports open now")                                            \
    X(gauge_ports_pool, "upstream UDP ports of each family that a question chooses from")

struct wr_net_stats {
#define X(name, help) _Atomic uint64_t name;
    WR_NET_STATS_TABLE(X)
#undef X
};

/* Rows as in engine/stats.h; names beginning with "gauge_" go down as well as up. */
size_t wr_net_stats_rows(const struct wr_stats_row **ret_rows);

static inline void wr_net_stats_set(_Atomic uint64_t *gauge, uint64_t value)
{
    atomic_store_explicit(gauge, value, memory_order_relaxed);
}

#endif
