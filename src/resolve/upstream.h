/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upstreams: the servers weir asks, the groups they stand in, the routes that lead to a group, and what is
 * known of each server.
 *
 * Two halves. `struct wr_upstreams` is what the owner configured: immutable, part of the settings snapshot,
 * replaced whole at a reload. `struct wr_upstream_state` is what was learned: round-trip time, failures, back-off;
 * one slot per server in memory that all workers share, so that N workers have one opinion and not N. A reload keeps the
 * slot of a server that stays; a slot given to another server gets a new generation, and a late report for
 * the old one is ignored.
 *
 * A server is never dead for good: see resolve/select.h for the rules that use this state.
 */
#ifndef WR_RESOLVE_UPSTREAM_H
#define WR_RESOLVE_UPSTREAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "dns/name.h"

/* As in a URL (transport/uri). */
enum wr_scheme {
    WR_SCHEME_UDP = 1,
    WR_SCHEME_TCP = 2,
    WR_SCHEME_TLS = 3,   /* DNS over TLS, RFC 7858 */
    WR_SCHEME_HTTPS = 4, /* RFC 8484 */
    WR_SCHEME_QUIC = 5,  /* RFC 9250 */
    WR_SCHEME_ODOH = 6,  /* RFC 9230 */
};

enum wr_strategy {
    WR_STRATEGY_FASTEST = 0,     /* the least smoothed round-trip time, with exploration */
    WR_STRATEGY_ORDER = 1,       /* the first that is not suspect, as written */
    WR_STRATEGY_PARALLEL = 2,    /* all at once, the first good answer wins */
    WR_STRATEGY_ROUND_ROBIN = 3, /* each in turn */
};

struct wr_creds;
struct wr_uri;
struct wr_whom;

struct wr_upstream {
    struct wr_addr
        addr; /* with port; family NONE: its name has not been looked up yet, it cannot be asked */
    uint8_t scheme;      /* enum wr_scheme */
    uint8_t slot;        /* its place in the shared state */
    uint16_t generation; /* of that slot */
    bool barred;         /* what alone can prove it is not known: it cannot be asked */
    uint8_t addrs;       /* addresses it has, `addr` and those of `more` */
    struct wr_addr more[WR_URI_ADDRS_MAX - 1];
    const struct wr_uri *uri;   /* as configured; NULL: it is asked in plain text */
    const struct wr_whom *whom; /* who it has to be, for wr_whom_verify; NULL as well */
    uint64_t identity; /* of the whole URL, and where it is one of several, of the address */
    uint64_t origin;   /* of the URL alone: its addresses share it; 0: nobody shares */
    char url[96];      /* as configured without what it has to prove, NUL-ended; for people */
};

/* A server as it is asked: one that is configured, or one found on the way from the root. */
struct wr_peer {
    struct wr_addr addr; /* with port */
    uint32_t generation; /* of the slot */
    uint16_t slot;       /* its place in the shared state */
    uint8_t scheme;      /* enum wr_scheme */
};

/* The servers of a zone cut (resolve/iter): authoritative, asked without RD, the fastest first. */
struct wr_peers {
    uint8_t count;
    struct wr_peer peer[WR_GROUP_SERVERS_MAX];
};

/* A group's number from here on is not configured: the servers of a zone cut, by the place of the iteration. */
#define WR_GROUP_CUT WR_GROUPS_MAX

struct wr_group {
    char name[64];
    uint8_t strategy; /* enum wr_strategy */
    uint8_t servers;
    bool
        authoritative; /* its servers have the zone of the route: asked without RD, referrals are followed */
    bool uncached;                        /* what its servers say is told, and not kept */
    bool recurse_after;                   /* when they fail, the name is found from the root */
    uint8_t server[WR_GROUP_SERVERS_MAX]; /* indexes into upstreams */
    struct wr_prefix
        subnet; /* told as every client's subnet (RFC 7871); family NONE: nothing is told */
};

struct wr_route {
    struct wr_name zone; /* this name and all below it */
    uint8_t group;       /* index, or WR_GROUP_RECURSE */
    uint16_t above;      /* the nearest route that holds this one: its place + 1; 0: none */
};

/* Where the root is before it has been asked (RFC 9609): addresses of its servers, and nothing else. */
struct wr_hints {
    uint8_t count;
    struct wr_addr addr[WR_HINTS_MAX]; /* with port */
};

/* The route's group that means: not forwarded, found from the root. */
#define WR_GROUP_RECURSE 0xff

/* Some clients are answered by another group than the default (`whole`: and than routes). Its number is the same as long as the program
 * runs, for the cache has it in its keys: 1 to WR_VIEW_MAX. */
struct wr_view {
    uint16_t number;
    uint8_t group; /* index, or WR_GROUP_RECURSE */
    bool whole;
};
#define WR_VIEW_MAX 1023

struct wr_upstreams {
    uint16_t upstreams, groups, routes;
    uint8_t default_group; /* or WR_GROUP_RECURSE */
    uint8_t
        bootstrap; /* who finds the addresses of upstreams: a group + 1, or WR_GROUP_RECURSE; 0: there are none to find */
    const struct wr_hints *hints;  /* NULL: nothing can be found from the root */
    const struct wr_prefix *never; /* addresses never asked when found, NEVERS of them */
    uint16_t nevers;
    bool minimise;   /* QNAME minimisation (RFC 9156) */
    bool ipv4, ipv6; /* families that may be used */
    struct wr_prefix
        nat64; /* servers found without ipv4 are asked through it; family NONE: are not */
    bool case_randomisation; /* 0x20; not of names that are asked in small letters: */
    uint16_t lower_cases;
    const struct wr_name *lower_case;
    bool cookies;           /* RFC 7873 client */
    bool encrypted_only;    /* nobody is asked in plain text, whoever wants it */
    struct wr_creds *trust; /* authorities that are believed; NULL: no encrypted server is asked */
    struct wr_upstream upstream[WR_UPSTREAMS_MAX];
    struct wr_group group[WR_GROUPS_MAX];
    uint16_t views;
    struct wr_view view[2 * WR_GROUPS_MAX + 4];
    const struct wr_route *route; /* by wr_name_order, and linked */
};

/* Learned about one server; shared by all workers, each field relaxed. Times are monotonic microseconds. */
struct wr_upstream_state {
    _Atomic uint32_t generation;
    _Atomic uint32_t srtt_us; /* smoothed round-trip time; 0: never measured */
    _Atomic uint32_t rttvar_us;
    _Atomic uint32_t failures;         /* in a row; 0 after an answer */
    _Atomic uint64_t suspect_until_us; /* back-off: not the first choice before then */
    _Atomic uint32_t given_up;         /* 1: a question ended unheard here; 0 after an answer */
    _Atomic uint64_t probed_us;        /* when a suspect was last given a question */
    _Atomic uint64_t answered_us;      /* when it last answered; 0: never */
    _Atomic uint64_t wary_until_us;    /* somebody guesses in its name: asked over TCP until then */
    _Atomic uint64_t wrong_since_us;   /* the hour in which `wrong_lately` is counted began */
    _Atomic uint32_t wrong_lately;
    _Atomic uint64_t
        no_edns_until_us;         /* answered FORMERR or NOTIMP to EDNS: asked without until then */
    _Atomic uint32_t flags;       /* WR_UPSTREAM_* */
    _Atomic uint32_t cookie_size; /* server cookie; octets of it in cookie[] */
    _Atomic uint64_t cookie[4];
    _Atomic uint64_t sent, answers, timeouts, errors, wrong, truncated; /* counters */
    /* Of servers that were found (resolve/infra): whose slot it is, when it was last used, and the zone that the server
     * is lame for. */
    _Atomic uint64_t owner, used_us, lame_zone, lame_until_us;
};

#define WR_UPSTREAM_EDNS 2u /* has sent an OPT record: it does not forget EDNS over night */
#define WR_UPSTREAM_COOKIES \
    1u /* has sent a server cookie: an answer without one is not believed (RFC 7873 5.3) */

bool wr_upstream_is_encrypted(uint8_t scheme);
/* Fills `above` of routes that stand in the order of wr_name_order. A single route needs no linking. */
void wr_upstream_link_routes(struct wr_route *route, unsigned routes);
/* The group that answers for a name, the longest route's, else the default; `ret_zone` is the route's zone, or the
 * root: what the group's servers may speak for (bailiwick). Who finds upstreams speaks for all names, for the proof that a name does not
 * exist stands at others. Points into `u`, or is static. */
unsigned wr_upstream_route(const struct wr_upstreams *u, const uint8_t *name,
                           const uint8_t **ret_zone);
/* The same in a view; 0 and numbers that are no view any more: as if there were none. */
unsigned wr_upstream_view(const struct wr_upstreams *u, uint16_t view, const uint8_t *name,
                          const uint8_t **ret_zone);

#endif
