/* SPDX-License-Identifier: Apache-2.0 */
#include "net/limits.h"

#include "base/limits.h"

struct wr_net_limits wr_limits_default(void)
{
    return (struct wr_net_limits){
        .tcp_connections = 512,
        .tcp_per_client = 16,
        .tcp_idle_ms = 10000,
        .tcp_message_ms = 5000,
        .handshake_ms = 5000,
        .handshakes = 256,
        .handshake_rate = 20,
        .encrypted_bytes = 32u << 20,
        .doq_connections = 256,
        .doq_idle_ms = 30000,
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

/* Connections of one address or of one network: two counters, in two rows. */
struct counted {
    _Atomic uint16_t *row[2];
    uint32_t most;
};

static struct counted counted_as(struct wr_net_shared *shared, const struct wr_addr *from,
                                 unsigned len, uint32_t most)
{
    struct wr_addr prefix = wr_addr_mask(from, len);
    uint64_t hash;

    prefix.scope = 0;
    prefix.pad = (uint8_t)len; /* a network is not its first address */
    hash = wr_hash_sip13(&shared->key, &prefix, sizeof(prefix));
    return (struct counted){.row = {&shared->clients[0][hash % WR_NET_CLIENT_SLOTS],
                                    &shared->clients[1][(hash >> 32) % WR_NET_CLIENT_SLOTS]},
                            .most = most};
}

/* The address, and its network when that is more. Returns how many. */
static unsigned counted_all(struct wr_net_shared *shared, const struct wr_net_limits *limits,
                            const struct wr_addr *from, struct counted ret_counted[2])
{
    bool v4 = from->family == WR_AF_V4;
    unsigned all = v4 ? 32 : 128, len = v4 ? limits->prefix4_len : limits->prefix6_len;

    ret_counted[0] = counted_as(shared, from, all, limits->tcp_per_client);
    if (len >= all) {
        return 1;
    }
    ret_counted[1] = counted_as(shared, from, len, limits->tcp_per_client * WR_PREFIX_CLIENTS);
    return 2;
}

bool wr_limits_enter(struct wr_net_shared *shared, const struct wr_net_limits *limits,
                     const struct wr_addr *from)
{
    struct counted c[2];
    unsigned n = counted_all(shared, limits, from, c);

    for (unsigned i = 0; i < n; i++) {
        if (atomic_load(c[i].row[0]) >= c[i].most && atomic_load(c[i].row[1]) >= c[i].most) {
            return false;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        atomic_fetch_add(c[i].row[0], 1);
        atomic_fetch_add(c[i].row[1], 1);
    }
    atomic_fetch_add(&shared->connections, 1);
    return true;
}

void wr_limits_leave(struct wr_net_shared *shared, const struct wr_net_limits *limits,
                     const struct wr_addr *from)
{
    struct counted c[2];
    unsigned n = counted_all(shared, limits, from, c);

    for (unsigned i = 0; i < n; i++) {
        atomic_fetch_sub(c[i].row[0], 1);
        atomic_fetch_sub(c[i].row[1], 1);
    }
    atomic_fetch_sub(&shared->connections, 1);
}

static bool handshake_take(struct wr_net_shared *shared, const struct wr_addr *from, unsigned len,
                           uint32_t rate, uint64_t now_us)
{
    struct wr_addr prefix = wr_addr_mask(from, len);
    uint64_t hash;

    prefix.scope = 0;
    prefix.pad = (uint8_t)len;
    hash = wr_hash_sip13(&shared->key, &prefix, sizeof(prefix));
    return wr_quota_take(shared->quota, hash ^ WR_NET_HANDSHAKE_BUCKET, rate,
                         rate * WR_NET_HANDSHAKE_BURST, now_us);
}

bool wr_limits_handshake(struct wr_net_shared *shared, const struct wr_net_limits *limits,
                         const struct wr_addr *from, uint64_t now_us)
{
    bool v4 = from->family == WR_AF_V4;
    unsigned all = v4 ? 32 : 128, len = v4 ? limits->prefix4_len : limits->prefix6_len;

    if (shared->quota == NULL || limits->handshake_rate == 0) {
        return true;
    }
    if (len < all &&
        !handshake_take(shared, from, len, limits->handshake_rate * WR_PREFIX_CLIENTS, now_us)) {
        return false;
    }
    return handshake_take(shared, from, all, limits->handshake_rate, now_us);
}
