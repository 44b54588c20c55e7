/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forward: one question to the servers of one group, until somebody answers.
 *
 *   START -> TRYING -> ANSWERED
 *                   -> FAILED
 *
 * The first server is select's choice. When its patience is over, a second try goes to another server
 * while the first stays out (hedging): whoever answers first, wins. After each server was tried the question
 * is repeated, soon and often enough for a line that loses packets (docs/decisions.md). An error from one server sends
 * the question on at once. When all servers are suspect, all are asked at once; when it is known that the group is down
 * (select.h), little time is spent: the client is told soon. A server that is alive but slow on this name is waited for until the question's
 * deadline; silence from everybody ends it earlier.
 *
 * Moved by start, feed (a reply, a failed exchange, time), and a deadline; what it wants sent stands in the exchanges.
 */
#ifndef WR_RESOLVE_FORWARD_H
#define WR_RESOLVE_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "base/trace.h"
#include "resolve/exchange.h"
#include "resolve/lost.h"
#include "resolve/select.h"
#include "resolve/stream.h"

enum wr_forward_state {
    WR_FORWARD_START = 0,
    WR_FORWARD_TRYING,
    WR_FORWARD_ANSWERED,
    WR_FORWARD_FAILED,
};

/* Why nobody answered, least telling first. */
enum wr_forward_failure {
    WR_FORWARD_SILENCE = 0, /* time-outs */
    WR_FORWARD_UNREACHABLE, /* the network refused */
    WR_FORWARD_NO_SERVER,   /* the group has no server that may be asked */
    WR_FORWARD_NO_ROOM,     /* nothing left here: places, ports, descriptors */
    WR_FORWARD_ERROR,       /* servers answered with errors: `rcode`, `ede` */
};

/* What all forwards of an engine share. */
struct wr_forward_env {
    struct wr_select select;
    struct wr_pool exchanges;
    struct wr_streams streams;
    struct wr_list wanting; /* exchanges that want something of the world */
    const uint8_t *client_cookie_key;
    const struct wr_trace *trace;
    uint64_t hedges, timeouts, tcp; /* counters */
};

struct wr_forward {
    const struct wr_question *question;   /* the owner's; lives as long */
    wr_id request;                        /* the owner */
    wr_id exchange[WR_GROUP_SERVERS_MAX]; /* by server */
    uint64_t started_us, next_us, give_up_us, end_us;
    wr_servers among; /* servers that may be asked */
    wr_servers tried, failed;
    wr_servers errors;  /* those that answered with an error */
    wr_servers unasked; /* those that failed for want of something of ours */
    uint16_t sends, sends_max;
    uint16_t sends_cap; /* sends_max may grow with patience, and no further than this */
    uint16_t rcode;     /* of ERROR */
    int16_t ede;        /* of ERROR, or WR_EDE_NONE */
    uint32_t group;     /* configured, or WR_GROUP_CUT and the place of the iteration */
    bool probe;         /* no client waits for it, and who asks did not choose the name */
    uint8_t state;      /* enum wr_forward_state */
    uint8_t failure;    /* enum wr_forward_failure */
};

const char *wr_forward_state_name(uint8_t state);

/* Asks `only` of the group's servers (all: ~0), until `end_us` at the latest. */
void wr_forward_start(struct wr_forward *f, struct wr_forward_env *env, const struct wr_question *q,
                      wr_id request, unsigned group, wr_servers only, uint64_t end_us,
                      uint64_t now_us);
/* No more than `most` messages in all; what is out stays out. */
void wr_forward_limit(struct wr_forward *f, uint16_t most);
/* A believed reply of class `kind` came on `x`: takes it (ANSWERED) or goes on to another server. */
void wr_forward_reply(struct wr_forward *f, struct wr_forward_env *env, struct wr_exchange *x,
                      const struct wr_msg *msg, enum wr_response kind, uint64_t now_us);
/* The reply was believed and turned out to be unusable (scrub refused it): as an error of that server. */
void wr_forward_unusable(struct wr_forward *f, struct wr_forward_env *env, struct wr_exchange *x,
                         uint64_t now_us);
/* The reply was believed, and there is no room here to go on with it: nobody's fault. */
void wr_forward_no_room(struct wr_forward *f, struct wr_forward_env *env, struct wr_exchange *x,
                        uint64_t now_us);
/* `x` came to nothing, or so it is said. */
void wr_forward_lost(struct wr_forward *f, struct wr_forward_env *env, struct wr_exchange *x,
                     enum wr_lost lost, uint64_t now_us);
void wr_forward_time(struct wr_forward *f, struct wr_forward_env *env, uint64_t now_us);
/* Ends all that is out. The forward may be started again. */
void wr_forward_stop(struct wr_forward *f, struct wr_forward_env *env, uint64_t now_us);
/* Marks that the exchange wants something. */
void wr_forward_want(struct wr_forward_env *env, struct wr_exchange *x);
struct wr_upstream_state *wr_forward_state_of(const struct wr_forward_env *env,
                                              const struct wr_exchange *x);

#endif
