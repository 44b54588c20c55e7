/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stats: what one engine counted. One writer (the worker), any reader.
 *
 * One row a counter: name, and the sentence that `weir stats` and the metrics
 * print. The table below makes the struct, the names and the help text.
 */
#ifndef WR_ENGINE_STATS_H
#define WR_ENGINE_STATS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define WR_STATS_TABLE(X)                                                                         \
    X(queries_udp, "client queries received over UDP")                                            \
    X(queries_tcp, "client queries received over TCP")                                            \
    X(queries_dot, "client queries received over TLS")                                            \
    X(queries_doh, "client queries received over HTTPS")                                          \
    X(queries_doq, "client queries received over QUIC")                                           \
    X(replies, "replies sent to clients")                                                         \
    X(local_answers, "queries answered from local and special-use names")                         \
    X(cache_hits, "queries answered from fresh cache entries")                                    \
    X(cache_stale, "queries answered from expired cache entries (RFC 8767)")                      \
    X(cache_misses, "queries that needed an upstream")                                            \
    X(joined, "queries that joined a question already on its way")                                \
    X(prefetches, "refreshes begun before the entry expired")                                     \
    X(handed_over, "queries handed to the worker that owns the name")                             \
    X(noerror, "replies with NOERROR")                                                            \
    X(nxdomain, "replies with NXDOMAIN")                                                          \
    X(servfail, "replies with SERVFAIL")                                                          \
    X(refused, "replies with REFUSED")                                                            \
    X(formerr, "replies with FORMERR")                                                            \
    X(truncated, "replies sent with TC")                                                          \
    X(foreign, "queries to resolvers of others, answered in their place")                         \
    X(badcookie, "queries with a wrong server cookie")                                            \
    X(dropped_malformed, "messages too broken to answer, dropped")                                \
    X(notifies, "NOTIFY messages of primaries that were taken")                                   \
    X(dropped_response, "messages with QR set sent to a listener, dropped")                       \
    X(dropped_outsider, "queries from addresses not allowed, dropped beyond the refusal rate")    \
    X(dropped_interface, "queries by an interface that has just come, dropped until it is known") \
    X(dropped_client_rate, "queries dropped because their client asks too fast")                  \
    X(denied, "queries denied by a rule")                                                         \
    X(rewritten, "replies made by response policy zones")                                         \
    X(rebinding, "public names with an address of this network, denied")                          \
    X(lack_refused, "queries of closed segments refused: a list or zone is not there")            \
    X(lack_passed, "queries of segments that a list or zone is not there for")                    \
    X(leases_held, "replies whose addresses the firewall was open to already")                    \
    X(leases_asked, "replies that waited for the firewall to open to their addresses")            \
    X(leases_cut, "replies that an address was taken out of: it may not be reached")              \
    X(leases_failed, "replies whose leases the firewall has not given, or not in time")           \
    X(dropped_policy, "queries dropped because a rule says so")                                   \
    X(dropped_rrl, "replies withheld by response rate limiting")                                  \
    X(slipped_rrl, "replies truncated by response rate limiting")                                 \
    X(dropped_overload, "queries given up for room: the client with most in flight yields")       \
    X(forwarding_loops, "own upstream queries that came back as client queries")                  \
    X(upstream_sent, "messages sent to upstreams")                                                \
    X(upstream_answers, "answers accepted from upstreams")                                        \
    X(upstream_timeouts, "upstream questions that timed out")                                     \
    X(upstream_wrong, "replies with a wrong id, question, address, case or cookie")               \
    X(upstream_hedges, "second tries sent while the first was out")                               \
    X(upstream_tcp, "questions asked over TCP")                                                   \
    X(upstream_streams, "TCP connections opened to upstreams")                                    \
    X(upstream_yielded, "TCP connections to upstreams closed for a question to another one")      \
    X(held_answers, "questions put to copies of zones instead of their servers")                  \
    X(held_bogus, "answers of such copies that did not validate")                                 \
    X(error_reports, "zones told that their answers could not be proven")                         \
    X(cache_skipped, "cache writes skipped because another worker held the shard")                \
    X(events_dropped, "event records dropped because the ledger's ring was full")

struct wr_stats {
#define X(name, help) _Atomic uint64_t name;
    WR_STATS_TABLE(X)
#undef X
};

struct wr_stats_row {
    const char *name;
    const char *help;
    size_t offset; /* of the counter in struct wr_stats */
};

size_t wr_stats_rows(const struct wr_stats_row **ret_rows);

/* Only the one writer may call it. */
static inline void wr_stats_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

#endif
