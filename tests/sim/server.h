/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server: an upstream, as it can be met: honest, slow, silent, broken, or lying.
 *
 * What a server is (traits) stays for the run: whether it knows EDNS, cookies, TCP, keeps the letter case.
 * How it behaves is drawn for each question from a mix that the weather changes. Whatever must not
 * be believed carries poison: records that the oracle never said, so a check finds them in any reply.
 */
#ifndef WEIR_SIM_SERVER_H
#define WEIR_SIM_SERVER_H

#include "network.h"
#include "wire.h"

#define SERVERS_MAX 8

enum server_way {
    WAY_GOOD = 0,
    WAY_SLOW,  /* up to three seconds late */
    WAY_STALL, /* never answers; TCP: the connection hangs */
    WAY_SERVFAIL,
    WAY_REFUSED,
    WAY_NOTIMP,
    WAY_TRUNCATED,      /* TC without need */
    WAY_ELSEWHERE,      /* poison from another address */
    WAY_WRONG_ID,       /* poison */
    WAY_WRONG_QUESTION, /* poison for another name */
    WAY_WRONG_CASE,     /* poison with the letters' case lost */
    WAY_WRONG_COOKIE,   /* poison with another client's cookie */
    WAY_NO_COOKIE,      /* poison without the cookie that this server is known to send */
    WAY_GARBAGE,        /* octets */
    WAY_EXTRA,          /* the truth, and poison beside it */
    WAY_HALF_CHAIN,     /* a CNAME without the rest */
    WAY_TWICE,          /* the truth, twice */
    WAY_RESET,          /* TCP: ends the connection within the answer; UDP: good */
    WAYS
};

struct server {
    struct wr_addr addr;
    struct net_link link;
    bool no_edns;        /* FORMERR to EDNS */
    bool cookies;        /* RFC 7873 */
    bool demands_cookie; /* BADCOOKIE without a right one */
    bool lowers_case;    /* answers in lower case: 0x20 fails, TCP must do */
    bool no_tcp;
    bool authoritative;    /* has zones of the tree, and does not resolve */
    bool routed;           /* answers for the routed zone, and is asked for nothing else */
    bool cookie_known;     /* the gateway has heard a cookie of this server since its start */
    unsigned way_pm[WAYS]; /* per mille; the rest is good */
    unsigned forge_pm;     /* ... of answers that are changed on the way (forger.h) */
    uint64_t secret;
    uint64_t heard, heard_tcp; /* questions that arrived */
};

struct world;
struct sim_event;

void server_init(struct world *w, unsigned i);
/* The weather: no lies at all, or a mix drawn at random. */
void server_calm(struct server *s);
void server_mix(struct world *w, struct server *s);
void server_hears(struct world *w, const struct sim_event *e);
void server_stream_hears(struct world *w, const struct sim_event *e);
/* The attacker off the path, who sees nothing and guesses most. */
void server_attack(struct world *w);

#endif
