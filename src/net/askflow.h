/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ask flow: one question over an encrypted connection of its own, and wait for the reply.
 *
 * The blocking way to move a connection to an upstream (transport/upconn): `weir ask` asks so, and who looks for a better way to
 * a server. Connecting, the handshake and the answer are timed apart; QUIC has nothing before its handshake, and is moved by its own clock
 * as well as by what comes. A reply that does not answer the question is passed
 * over and counted, as in net/ask.
 *
 *     struct wr_askflow_room *room = calloc(1, sizeof(*room));
 *     err = wr_askflow_run(&flow, query, size, room, &reply, &facts);
 *
 * One deadline, `timeout_ms`, for all of it. Errors as net/ask has them; `facts.why` has the sentence, with what the other side or the
 * judge of its certificate said. WR_E_DENIED: it did not prove who it is. Memory: the caller's.
 */
#ifndef WR_NET_ASKFLOW_H
#define WR_NET_ASKFLOW_H

#include "base/rng.h"
#include "net/ask.h"
#include "net/clock.h"
#include "transport/upconn.h"
#include "transport/uri.h"

struct wr_askflow {
    struct wr_addr server;      /* with port */
    struct wr_addr from;        /* family WR_AF_NONE: the system chooses */
    const _Atomic bool *cancel; /* or NULL; true ends it, as a time-out */
    uint32_t timeout_ms;        /* of all, at least 1 */
    const struct wr_clock
        *clock;   /* what is believed of the time, for the judge; NULL: the kernel's */
    uint8_t kind; /* enum wr_upconn_kind, an encrypted one */
    struct wr_upconn_secure secure; /* its memory and random numbers are given by the run */
    const uint8_t *ticket;          /* of an earlier connection to this server, or NULL */
    size_t ticket_size;
};

#define WR_ASKFLOW_TICKET_SIZE 4096
#define WR_ASKFLOW_WHY_SIZE    320

struct wr_askflow_facts {
    uint32_t connect_us, handshake_us, answer_us; /* connect_us: 0 for QUIC */
    bool ready, resumed;
    char version[16], cipher[40];
    char http[8];                           /* "2", "1.1"; "": no HTTP */
    uint8_t ticket[WR_ASKFLOW_TICKET_SIZE]; /* for the next connection */
    size_t ticket_size;
    char why[WR_ASKFLOW_WHY_SIZE]; /* "" when all is well */
};

/* What a connection works in. */
struct wr_askflow_room {
    struct wr_upconn conn;
    struct wr_rng rng;
    uint8_t room[WR_UPCONN_ROOM], out[WR_UPCONN_OUT], plain[WR_UPCONN_PLAIN], in[16384];
};

/* The kind of connection to a URL of this scheme (enum wr_uri_scheme); 0: none that this can drive. */
uint8_t wr_askflow_kind(uint8_t scheme);
/* `query` is a whole message with one question. The counters and times are right in any case. */
int wr_askflow_run(const struct wr_askflow *flow, const uint8_t *query, size_t size,
                   struct wr_askflow_room *room, struct wr_ask_reply *ret_reply,
                   struct wr_askflow_facts *ret_facts);

#endif
