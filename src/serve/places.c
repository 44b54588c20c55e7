/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/places.h"

#include <stdio.h>
#include <string.h>

#include "net/ports.h"
#include "net/tcp.h"

/* Kept back where there is plenty; a fourth where there is not, and never less than what is used for sure. */
#define FILES_EXTRA 1024
/* The main loop, files, control and metrics with their guests. */
#define FILES_MAIN 64
/* A worker's loop, its own last places for clients, and some streams to upstreams. */
#define FILES_WORKER 32
/* Families: each worker has a pool of ports for both. */
#define FAMILIES 2

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Each copy of a zone has a connection to a primary at times. */
static uint64_t count_copies(const struct wr_conf *conf)
{
    uint64_t count = 0;
    for (size_t i = 0; i < conf->local.zones.count; i++) {
        count += conf->local.zones.items[i].primaries.count > 0;
    }
    return count;
}

uint64_t wr_places_wanted(const struct wr_conf *conf, uint32_t workers)
{
    return (uint64_t)conf->upstream.ports * FAMILIES * workers +
           wr_tcp_room(conf->tcp.max_connections) + FILES_EXTRA;
}

/* Each worker wants as many ports for each family as make 30 bits. A family without an upstream gets its share only
 * where there is plenty: a reload may bring one. */
void wr_places_share(const struct wr_conf *conf, uint32_t workers, uint32_t listeners,
                     unsigned families, uint64_t files, struct wr_places *ret_places,
                     char *ret_text, size_t cap)
{
    uint32_t pools = FAMILIES * workers;
    uint64_t used =
        FILES_MAIN + count_copies(conf) + (uint64_t)workers * (FILES_WORKER + listeners);
    uint64_t reserve = smaller(files / 4, FILES_EXTRA);
    reserve = reserve > used ? reserve : used;
    uint64_t left = files > reserve ? files - reserve : 0;
    uint64_t clients = smaller(conf->tcp.max_connections, left / 3);
    struct wr_places p = {.files = files, .by_room = wr_tcp_room(conf->tcp.max_connections)};
    p.needed = (uint64_t)conf->upstream.ports * pools + conf->tcp.max_connections +
               (used > FILES_EXTRA ? used : FILES_EXTRA);
    p.ports = wr_ports_share(conf->upstream.ports, pools, left - clients, ret_text, cap);
    if (ret_text[0] != 0 && families == 1) {
        pools /= FAMILIES;
        p.ports = wr_ports_share(conf->upstream.ports, pools, left - clients, ret_text, cap);
    }
    if (ret_text[0] != 0) {
        size_t n = strlen(ret_text);
        snprintf(ret_text + n, cap - n,
                 ": %llu file descriptors allow no more; raise the limit (LimitNOFILE= in the "
                 "unit) to %llu",
                 (unsigned long long)files, (unsigned long long)p.needed);
    }
    uint64_t ports = (uint64_t)p.ports * pools;
    uint64_t rest = left > ports ? left - ports : 0;
    p.by_files = rest < 1 ? 1 : (uint32_t)smaller(rest, UINT32_MAX);
    *ret_places = p;
}

/* One message takes no longer than a silence may, and never longer than the default. */
static uint32_t message_ms(const struct wr_conf *conf, uint32_t most_ms)
{
    return (uint32_t)smaller(conf->tcp.idle_timeout_ms, most_ms);
}

void wr_places_limits(const struct wr_conf *conf, const struct wr_places *places,
                      struct wr_net_limits *ret_limits, char *ret_text, size_t cap)
{
    struct wr_net_limits l = wr_limits_default();
    uint32_t wanted = conf->tcp.max_connections;
    l.tcp_connections = (uint32_t)smaller(wanted, smaller(places->by_files, places->by_room));
    l.tcp_per_client = conf->tcp.max_per_client;
    l.tcp_idle_ms = (uint32_t)conf->tcp.idle_timeout_ms;
    l.tcp_message_ms = message_ms(conf, l.tcp_message_ms);
    l.handshake_ms = (uint32_t)conf->encrypted.handshake_ms;
    l.handshake_rate = conf->encrypted.handshake_rate;
    l.encrypted_bytes = conf->encrypted.memory_bytes;
    l.doq_connections = conf->encrypted.doq_connections;
    l.tcp_pipeline = conf->tcp.max_inflight;
    l.prefix4_len = (uint8_t)conf->limits.prefix4;
    l.prefix6_len = (uint8_t)conf->limits.prefix6;
    l.ports = places->ports;
    *ret_limits = l;
    ret_text[0] = 0;
    if (l.tcp_connections == wanted) {
        return;
    }
    if (places->by_files <= places->by_room) {
        snprintf(ret_text, cap,
                 "only %u TCP connections of clients at once instead of %u "
                 "(tcp.max_connections): %llu file descriptors allow no more; raise the limit "
                 "(LimitNOFILE= in the unit) to %llu",
                 (unsigned)l.tcp_connections, (unsigned)wanted, (unsigned long long)places->files,
                 (unsigned long long)(places->needed > places->files
                                          ? places->needed
                                          : places->files + wanted - l.tcp_connections));
    } else {
        snprintf(
            ret_text, cap,
            "tcp.max_connections: only %u instead of %u until a restart: a reload raises it to "
            "twice its value at the start, or to %u, and no further",
            (unsigned)l.tcp_connections, (unsigned)wanted, (unsigned)wr_tcp_room(0));
    }
}
