/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ladder: how a machine whose clock cannot be right finds out what time it is.
 *
 *     UNPROVEN -> PLAUSIBLE: a time server says a time at or after the floor, and none that does contradicts it
 *              -> PROVEN:    `agree` NTP servers, in different networks, say the same within WR_TIME_AGREE_US, and they are more than
 *                            half of those that were heard; or a Roughtime server signs it, two of them where there are several
 *
 * Where there are Roughtime servers, only they prove the time, and what they say goes before what NTP says: else whoever keeps their replies
 * back would choose the time by forging NTP. They are asked one after the other, each question made of the reply before it, so that who lies is
 * convicted by what he signed (resolve/roughchain.h); several with one key count once.
 *
 * One round asks each server of the owner's list once, and once more when it is silent; then the round is judged. Servers with a
 * name are found first: the caller is asked to find their addresses (FIND) and hands them in (FOUND). One address of a name is asked, drawn
 * at random, for whoever forges one answer about the name has all of them; so a name counts once. Two servers in one
 * network (/24, /48) count once too.
 *
 * The floor is a moment that has certainly passed. A server below it is told and not believed, but it is one of those heard. What is
 * believed is a base, microseconds since 1970 at the zero of the monotonic clock: nobody's clock is set. A round that finds less than is
 * known changes nothing. A floor that rises above what is believed ends that belief.
 *
 * No server is asked more often than its kiss codes allow: RATE skips it for an hour, DENY and RSTR for a day. Rounds follow each
 * other after 2 s doubled while nobody is heard, after 16 s doubled while time is not proven, then after an hour.
 *
 * Pure: start, feed, poll, deadline. Ids of exchanges carry the round, so what comes late is ignored. Memory: the struct, the caller's.
 */
#ifndef WR_RESOLVE_LADDER_H
#define WR_RESOLVE_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "base/rng.h"
#include "base/time.h"
#include "dns/name.h"
#include "dnssec/trusttime.h"
#include "resolve/roughchain.h"
#include "transport/ntp.h"
#include "transport/roughtime.h"

struct wr_time_server {
    struct wr_name name; /* size 0: the address is known */
    struct wr_addr addr; /* with port; of a name the port alone */
    bool rough;          /* it speaks Roughtime, and signs with `key` */
    uint8_t key[WR_ROUGHTIME_KEY_SIZE];
};

/* "192.0.2.1", "[2001:db8::1]:1123", "time.example", "time.example:1123". WR_E_FORMAT. */
int wr_ladder_server(const char *text, struct wr_time_server *ret_server);
/* The same, a space and the public key in base64: "time.example:2002 gD63hSj3ScS+wuOeGrubXlq35N1c5Lby/S+T7MNTjxo=". */
int wr_ladder_rough_server(const char *text, struct wr_time_server *ret_server);
bool wr_ladder_same_server(const struct wr_time_server *a, const struct wr_time_server *b);

enum wr_rung {
    WR_RUNG_IDLE = 0, /* not asked yet */
    WR_RUNG_FINDING,  /* its address is being found */
    WR_RUNG_WAITING,  /* until the Roughtime servers before it have been asked */
    WR_RUNG_ASKED,
    WR_RUNG_HEARD, /* it said a time, and the round is not judged yet */
    WR_RUNG_AGREES,
    WR_RUNG_ALONE,     /* it contradicts the others */
    WR_RUNG_BELOW,     /* what it says has passed long ago */
    WR_RUNG_SAME,      /* in the network of another that was heard, or with its key */
    WR_RUNG_NOT_FOUND, /* no address */
    WR_RUNG_SILENT,
    WR_RUNG_FORGED,    /* what it said was not signed by its key for this question */
    WR_RUNG_UNKNOWING, /* it says itself that it does not know */
    WR_RUNG_RESTING,   /* it does not want to be asked now */
};

enum wr_ladder_want { WR_LADDER_NOTHING = 0, WR_LADDER_FIND, WR_LADDER_SEND, WR_LADDER_CLOSE };

/* What is known of one server. */
struct wr_ladder_rung {
    struct wr_time_server server;
    struct wr_addr asked;
    uint64_t nonce, sent_us, until_us;
    struct wr_roughchain_nonce rough; /* of a Roughtime server, instead of `nonce` */
    bool forged;
    uint64_t rest_us; /* not asked before then */
    int64_t base_us;  /* HEARD and what follows from it */
    uint64_t doubt_us;
    uint8_t state; /* enum wr_rung */
    uint8_t want;  /* enum wr_ladder_want */
    uint8_t tries, foreign, addrs, next;
    struct wr_addr addr[WR_TIME_ADDRS_MAX];
};

struct wr_ladder {
    struct wr_ladder_rung rung[WR_TIME_RUNGS_MAX];
    unsigned servers, agree;
    unsigned roughs; /* of the servers */
    int64_t floor_s;
    struct wr_rng *rng;
    bool open; /* a round is under way */
    uint8_t fails;
    uint32_t round;
    uint64_t next_us; /* when the next begins */
    /* What is believed. */
    enum wr_trusttime_state state; /* UNPROVEN, PLAUSIBLE or PROVEN */
    int64_t base_us;
    unsigned witnesses;
    unsigned first; /* the server that is named for them */
    unsigned
        heard;  /* in the last round that was judged; of Roughtime, when it decided, these alone */
    bool rough; /* by Roughtime */
    bool contradicts; /* it ended without a majority */
    uint32_t judged;  /* rounds */
    struct wr_roughchain chain,
        proof; /* `proof`: from a reply to one that contradicts it; links 0: none */
    uint32_t proofs;
};

enum wr_ladder_event_kind {
    WR_LADDER_TIME = 0, /* the deadline has come */
    WR_LADDER_FOUND,    /* the addresses of a server; none: there are none */
    WR_LADDER_REPLY,
    WR_LADDER_LOST, /* it could not be sent, or nobody is there */
    WR_LADDER_LINK, /* the network changed: it may be worth asking again */
};

struct wr_ladder_event {
    enum wr_ladder_event_kind kind;
    unsigned server; /* FOUND */
    uint32_t id;     /* REPLY, LOST */
    const struct wr_addr *addr;
    unsigned addrs;
    const uint8_t *bytes;
    size_t size;
};

struct wr_ladder_action {
    enum wr_ladder_want kind;
    unsigned server;
    uint32_t id;       /* SEND; CLOSE: nothing is waited for any more */
    struct wr_addr to; /* SEND */
    size_t size;
    uint8_t bytes[WR_ROUGHTIME_ASK_SIZE];
};

/* `servers` at most WR_TIME_RUNGS_MAX. The first round is due at once. `rng` lives as long. */
void wr_ladder_start(struct wr_ladder *l, const struct wr_time_server *server, unsigned servers,
                     unsigned agree, int64_t floor_s, struct wr_rng *rng, const struct wr_now *now);
void wr_ladder_feed(struct wr_ladder *l, const struct wr_ladder_event *event,
                    const struct wr_now *now);
/* False: nothing to do until something is fed. */
bool wr_ladder_poll(struct wr_ladder *l, const struct wr_now *now,
                    struct wr_ladder_action *ret_action);
/* WR_TIME_NEVER without servers. */
uint64_t wr_ladder_deadline(const struct wr_ladder *l);
/* The floor is never lowered. */
void wr_ladder_raise_floor(struct wr_ladder *l, int64_t floor_s, const struct wr_now *now);
const char *wr_ladder_rung_name(enum wr_rung state); /* "agrees" */

#endif
