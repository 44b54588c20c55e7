/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchange: one question to one server, until it is answered or given up.
 *
 *   IDLE -> UDP -> DONE            the usual way
 *           UDP -> STREAM -> DONE  TC, a reply that is wrong, a cookie dispute
 *   IDLE -> STREAM -> DONE         a tcp:// server
 *
 * Over UDP a reply is believed only if all of this is right: the port it came
 * to (the world's part), the address it came from, the id, the question, the
 * letter case of the question (0x20), and the cookie when the server is known to give one (RFC 5452,
 * RFC 7873). The first wrong one moves the exchange to TCP, where guessing is no use.
 *
 * The exchange builds messages and judges replies; when to send again, and when
 * to stop, is the forwarder's part. What it wants of the world stands in `want` and is taken by whoever moves it.
 */
#ifndef WR_RESOLVE_EXCHANGE_H
#define WR_RESOLVE_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/pool.h"
#include "base/rng.h"
#include "dns/msg.h"
#include "resolve/classify.h"
#include "resolve/question.h"
#include "resolve/upstream.h"

enum wr_exchange_state {
    WR_EXCHANGE_IDLE = 0,
    WR_EXCHANGE_UDP,    /* sent, or about to be */
    WR_EXCHANGE_STREAM, /* waits for its turn on a stream, or for the reply there */
    WR_EXCHANGE_DONE,   /* a reply was accepted */
    WR_EXCHANGE_FAILED, /* no way to that server */
};

/* What the exchange wants done next; a bit each, cleared by who did it. */
#define WR_EXCHANGE_WANT_DATAGRAM 0x01 /* wr_exchange_write, then send */
#define WR_EXCHANGE_WANT_STREAM   0x02 /* a place on a stream to this server */
#define WR_EXCHANGE_WANT_FORGET   0x04 /* its port may go */

struct wr_exchange {
    struct wr_list node;      /* in the owner's list of exchanges that want something */
    struct wr_list on_stream; /* in the stream's list */
    wr_id id;
    wr_id request;    /* whose it is */
    wr_id stream;     /* the stream it is on, or 0 */
    wr_id old_stream; /* one that it went from and that may answer all the same, or 0 */
    uint64_t sent_us; /* last send */
    uint64_t first_sent_us;
    uint64_t written_us; /* when it was handed to a stream; 0: it waits for one */
    uint64_t waits_us;   /* since when it waits on its stream */
    uint64_t held_us,
        held_from_us; /* how long it waited there for nothing but a place; and from when, if that is not counted yet */
    uint64_t silent_us; /* its silence is counted from here: the first send, or the last time-out */
    struct wr_addr addr;
    const struct wr_question *question; /* the owner's; lives as long */
    uint8_t case_bits[32];              /* bit n: octet n of the name has its letter case turned */
    struct wr_prefix subnet;            /* family NONE: none is sent */
    uint8_t client_cookie[8];
    uint16_t msg_id;
    uint16_t stream_msg_id, old_msg_id; /* its ids there */
    uint16_t wrong;                     /* wrong replies taken */
    uint16_t sends;
    uint8_t state; /* enum wr_exchange_state */
    uint8_t want;
    uint16_t slot;       /* of the shared upstream state */
    uint8_t server;      /* index in the group */
    uint8_t scheme;      /* enum wr_scheme */
    uint32_t generation; /* of the slot */
    bool recursion_desired, edns, cookies, case_randomised, lower_case, port_open;
    bool wary; /* over TCP from the start: somebody guesses in this server's name */
    bool cookie_retried;
    bool stream_retried, stream_again; /* streams' memory of RFC 7766 section 6.2.4 */
    bool stream_owed;                  /* written on its stream, and not answered there */
    uint8_t lost;                      /* enum wr_lost, when it left its stream unanswered */
};

/* What a reply did. */
enum wr_exchange_verdict {
    WR_EXCHANGE_ACCEPTED =
        0, /* it is the server's; `ret_kind` says what it is; the exchange is DONE */
    WR_EXCHANGE_CONTINUES, /* another send is wanted: TCP, without EDNS, with a new cookie */
    WR_EXCHANGE_REJECTED,  /* not believed; the exchange goes on (perhaps over TCP now) */
};

struct wr_exchange_setup {
    const struct wr_upstreams *upstreams;
    struct wr_peer peer;
    struct wr_upstream_state *state;
    const struct wr_question *question;
    const struct wr_prefix *subnet;   /* the group's, or NULL */
    bool recursion_desired;           /* RD: a forwarder is asked; not so an authoritative server */
    const uint8_t *client_cookie_key; /* 16 octets */
    uint64_t now_us;
};

void wr_exchange_start(struct wr_exchange *x, const struct wr_exchange_setup *setup,
                       struct wr_rng *rng);
/* Writes the message to send: over UDP (id msg_id, case turned), or for a stream (stream_msg_id).
 * Returns its size. The room is at least 600 octets. */
size_t wr_exchange_write(const struct wr_exchange *x, const struct wr_upstream_state *state,
                         bool stream, uint8_t *room, size_t cap);
/* Judges a datagram from `from`. `ret_msg` is parsed when ACCEPTED. */
enum wr_exchange_verdict wr_exchange_datagram(struct wr_exchange *x,
                                              struct wr_upstream_state *state,
                                              const struct wr_addr *from, const uint8_t *bytes,
                                              size_t size, uint64_t now_us, struct wr_msg *ret_msg,
                                              enum wr_response *ret_kind);
/* No TCP connection to the server could be had or kept: wariness ends, an answer by UDP is better than none. Not when
 * it has answered others meanwhile: then it is only slow on this name, and whose name that is must not choose. */
void wr_exchange_tcp_failed(const struct wr_exchange *x, struct wr_upstream_state *state);
/* Judges a message that came on its stream with its id. */
enum wr_exchange_verdict wr_exchange_streamed(struct wr_exchange *x,
                                              struct wr_upstream_state *state, const uint8_t *bytes,
                                              size_t size, uint64_t now_us, struct wr_msg *ret_msg,
                                              enum wr_response *ret_kind);
/* Ask again over UDP: the same message from the same port. */
void wr_exchange_repeat(struct wr_exchange *x);
void wr_exchange_to_stream(struct wr_exchange *x);
const char *wr_exchange_state_name(uint8_t state);

#endif
