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

/* How a connection to an encrypted server goes. */
enum seal_way {
    SEAL_GOOD = 0,
    SEAL_MUTE,    /* it is accepted, and nobody ever speaks */
    SEAL_CLEAR,   /* a portal's page, in plain text */
    SEAL_EXPIRED, /* these show another certificate; whoever takes it gets poison */
    SEAL_ELSEWHERE,
    SEAL_PORTAL,
    SEAL_THIEF,
    SEAL_REFUSED, /* an alert */
    SEAL_RESET,   /* it ends within the handshake */
    SEAL_CHANGED, /* octets are changed on the way */
    SEAL_LATE,    /* the handshake takes up to three seconds */
    SEAL_CLOSED,  /* by QUIC: it ends with an error, sooner or later */
    SEAL_TORN,    /* by QUIC: some streams are reset in place of an answer */
    SEAL_WAYS
};

/* How a request to an oblivious proxy goes (carried.h). */
enum carry_way {
    CARRY_GOOD = 0,
    CARRY_DOWN,    /* the proxy does not reach the target: 502 */
    CARRY_LATE,    /* ... and says so after five seconds: 504 */
    CARRY_LOST,    /* nothing ever comes back */
    CARRY_REFUSED, /* 403 */
    CARRY_BUSY,    /* 429 */
    CARRY_CUT,     /* the proxy ends the connection */
    CARRY_CHANGED, /* the proxy changes an octet of what comes back */
    CARRY_TURNED,  /* the target has a new key by now, and the old one no more */
    CARRY_UNKNOWN, /* the target knows no key, and publishes none */
    CARRY_OLD,     /* what it publishes is a key that it does not have any more */
    CARRY_BROKEN,  /* what it publishes is no configuration */
    CARRY_WAYS
};

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
    uint8_t scheme;        /* enum wr_scheme: how it is asked, but for what the weather makes TCP */
    unsigned way_pm[WAYS]; /* per mille; the rest is good */
    unsigned seal_pm[SEAL_WAYS];   /* of an encrypted one, by connection (sealed.h) */
    unsigned carry_pm[CARRY_WAYS]; /* of a proxy, by request (carried.h) */
    unsigned forge_pm;             /* ... of answers that are changed on the way (forger.h) */
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
/* A question came over a connection: how it is answered. `numbered`: its id means something there. It is in w->query. */
enum server_way server_draws(struct world *w, const struct server *s, bool numbered);
/* What it says in this way, to w->out. False: nothing. `stranger`: whoever speaks is not who is meant. */
bool server_says(struct world *w, struct server *s, enum server_way way, bool stranger,
                 uint32_t *ret_statement);
/* A question came over this connection. */
void server_answers(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size);
/* Octets go out in pieces, each after its time, the statement with the last; a dribble takes long. */
void server_send(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size,
                 uint32_t statement, bool dribble);
/* Part of them, and then the end. */
void server_send_cut(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size);
void server_end_stream(struct world *w, struct net_stream *st, uint64_t delay_us);
void server_stream_hears(struct world *w, const struct sim_event *e);
/* The attacker off the path, who sees nothing and guesses most. */
void server_attack(struct world *w);

#endif
