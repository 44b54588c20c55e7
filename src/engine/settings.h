/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings: what the owner decided, compiled for the engine; immutable.
 *
 * `serve` makes one from the configuration, hands the pointer to every worker
 * (wr_engine_adopt) and frees the old one when all have moved on. The engine
 * keeps no pointer into it across an adoption.
 */
#ifndef WR_ENGINE_SETTINGS_H
#define WR_ENGINE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/policy.h"
#include "policy/ration.h"
#include "policy/rpz.h"
#include "policy/segment.h"
#include "resolve/designated.h"
#include "resolve/dns64.h"
#include "resolve/news.h"
#include "resolve/prove.h"
#include "resolve/ttl.h"
#include "resolve/upstream.h"

/* What a client gets that wants no recursion. */
enum wr_without_rd {
    WR_WITHOUT_RD_ANSWERS = 0, /* what is remembered; what is not is refused */
    WR_WITHOUT_RD_REFERRALS,   /* and where to ask for the rest */
    WR_WITHOUT_RD_REFUSE,      /* local names only */
    WR_WITHOUT_RD_LEARN,       /* referrals, and what they lack is asked for */
};

/* Of clients who may reach only what was answered to them (engine/leasing.h). */
struct wr_lease_settings {
    uint32_t floor_s, grace_s;   /* a lease is for the TTL, at least the floor, and the grace */
    uint8_t name_max;            /* addresses of one answer, 1 to WR_LEASE_DESTS_MAX */
    const struct wr_prefix *own; /* addresses of the gateway, as wr_prefix_compile leaves them */
    uint32_t owns;
};

struct wr_settings {
    uint64_t serial; /* grows with each reload */

    const struct wr_prefix *allow; /* who may ask */
    uint32_t allows;

    const struct wr_prefix *hops; /* servers that may say for which MAC address they ask */
    uint32_t hop_count;

    const struct wr_policy *policy;     /* the owner's rules; NULL: there are none */
    const struct wr_segments *segments; /* NULL: there are none */
    const uint32_t *interfaces;         /* of this machine when this was made, ascending; */
    uint32_t interface_count;           /* 0: not known, or nobody says when one comes */
    uint16_t
        firewall_lack; /* not 0: the firewall is not in force, and this stands for it in verdicts */
    struct wr_rpz_zones rpz; /* response policy zones, in order */

    struct wr_lease_settings lease;

    struct wr_ttl_policy ttl;

    uint32_t query_timeout_ms; /* a client query is answered, or failed, by then */

    uint32_t client_rate;             /* queries a second from one client prefix; 0: no bound */
    const struct wr_rations *rations; /* for whom the owner has said it apart; NULL: nobody */
    uint32_t client_burst;
    uint32_t client_inflight; /* unanswered questions of one client prefix */
    uint32_t rrl_rate;        /* equal responses a second to one prefix without cookie; 0: off */
    uint32_t rrl_slip;        /* every n-th limited response goes out truncated; 0: none */
    uint32_t refused_rate;    /* refusals a second to one outside prefix, then silence */
    uint8_t prefix4_len, prefix6_len; /* what counts as one client for the limits above */
    uint8_t rrl_prefix4_len,
        rrl_prefix6_len; /* what counts as one address for responses and refusals */

    uint16_t edns_udp_size; /* what we advertise and the most we send over UDP */
    uint32_t tcp_idle_ms;   /* told to clients by the keepalive option (RFC 7828) */
    bool server_cookies;    /* RFC 7873, 9018 */
    bool minimal_any;       /* RFC 8482 */
    bool unsigned_only;     /* clients get no signatures, whatever they ask for */
    uint8_t without_rd;     /* enum wr_without_rd */
    char identity[64];      /* id.server CH TXT and NSID; empty: REFUSED */
    char version[64];       /* version.bind, version.server; empty: REFUSED */

    struct wr_upstreams upstreams;
    struct wr_prove_settings prove; /* validation */
    struct wr_dns64 dns64;
    struct wr_designated
        designated;      /* encrypted services that are named to who asks in the clear */
    struct wr_news news; /* who may tell that a copied zone has changed */
};

#endif
