/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upconnodoh: what a connection to an upstream holds besides when it is a proxy of Oblivious DoH (RFC 9230).
 *
 * The connection is one of HTTPS to the proxy, and transport/odohclient speaks on it; transport/upconn moves it. It is READY when the
 * target's configuration is there. That is kept by the owner between connections, with the time until which it is good, so that a
 * connection which is made anew has nothing to fetch and each half day something is fetched, whatever is asked.
 *
 * Memory: one piece from the hook that HTTP's memory comes from, with WR_UPCONNODOH_SLOTS slots and the room for a response.
 */
#ifndef WR_TRANSPORT_UPCONNODOH_H
#define WR_TRANSPORT_UPCONNODOH_H

#include "transport/odohclient.h"

/* Queries that are out on one connection; each place is 700 octets, and more questions wait. */
#define WR_UPCONNODOH_SLOTS 32

/* Of a target, between connections. All zero: nothing is known. */
struct wr_odohkept {
    struct wr_odoh_config config;
    uint64_t until_us;   /* 0: there is none */
    uint32_t generation; /* whose it is; the owner's */
};

/* Of the target: host (with a port that is not 443) and path, until the handshake is over. */
struct wr_upconn_oblivious {
    const char *host, *path;
    struct wr_rng *rng;
    struct wr_odohkept *kept; /* until the end */
    const uint8_t *pinned;    /* configurations as they are published; nothing is fetched or kept */
    size_t pinned_size;       /* 0: none */
};

struct wr_upconnodoh {
    struct wr_odohclient client;
    struct wr_odohkept *kept; /* NULL: pinned */
    struct wr_http_memory memory;
    struct wr_odohclient_slot slot[WR_UPCONNODOH_SLOTS];
    uint8_t room[WR_ODOHCLIENT_ROOM];
};

/* `proxy`: as for transport/dohclient. WR_E_NOMEM, or what wr_odohclient_start and (pinned) wr_odoh_configs_read say; nothing is
 * held then. */
int wr_upconnodoh_start(struct wr_upconnodoh **ret, const struct wr_dohclient_setup *proxy,
                        const struct wr_upconn_oblivious *target, uint64_t now_us);
/* As wr_odohclient_next; what was learned is kept. */
bool wr_upconnodoh_next(struct wr_upconnodoh *o, uint64_t now_us, struct wr_dohclient_said *ret);
void wr_upconnodoh_end(struct wr_upconnodoh *o);

#endif
