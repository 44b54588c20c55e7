/* SPDX-License-Identifier: Apache-2.0 */
#include "net/limits.h"

struct wr_net_limits wr_limits_default(void)
{
    return (struct wr_net_limits){
        .tcp_connections = 512,
        .tcp_per_client = 16,
        .tcp_idle_ms = 10000,
        .tcp_message_ms = 5000,
        .tcp_read_ms = 30000, /* 9 kB/s of a full queue */
        .tcp_pipeline = 64,
        .tcp_queue = 256 * 1024,
        .upstream_queue = 256 * 1024,
        .connect_ms = 3000,
        .ports = 16384,
        .prefix4_len = 32,
        .prefix6_len = 64,
    };
}

/* The two counters of a client. */
static void limits_counters(struct wr_net_shared *shared, const struct wr_net_limits *limits,
                            const struct wr_addr *from, _Atomic uint16_t *ret_counter[2])
{
    bool v4 = from->family == WR_AF_V4;
    struct wr_addr prefix = wr_addr_mask(from, v4 ? limits->prefix4_len : limits->prefix6_len);
    uint64_t hash;

    prefix.scope = 0;
    hash = wr_hash_sip13(&shared->key, &prefix, sizeof(prefix));
    ret_counter[0] = &shared->clients[0][hash % WR_NET_CLIENT_SLOTS];
    ret_counter[1] = &shared->clients[1][(hash >> 32) % WR_NET_CLIENT_SLOTS];
}

bool wr_limits_enter(struct wr_net_shared *shared, const struct wr_net_limits *limits,
                     const struct wr_addr *from)
{
    _Atomic uint16_t *counter[2];

    limits_counters(shared, limits, from, counter);
    if (atomic_load(counter[0]) >= limits->tcp_per_client &&
        atomic_load(counter[1]) >= limits->tcp_per_client) {
        return false;
    }
    atomic_fetch_add(counter[0], 1);
    atomic_fetch_add(counter[1], 1);
    atomic_fetch_add(&shared->connections, 1);
    return true;
}

void wr_limits_leave(struct wr_net_shared *shared, const struct wr_net_limits *limits,
                     const struct wr_addr *from)
{
    _Atomic uint16_t *counter[2];

    limits_counters(shared, limits, from, counter);
    atomic_fetch_sub(counter[0], 1);
    atomic_fetch_sub(counter[1], 1);
    atomic_fetch_sub(&shared->connections, 1);
}
