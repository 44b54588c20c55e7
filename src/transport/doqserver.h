/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DoQ server: all DNS-over-QUIC connections of one worker, over datagrams (RFC 9250).
 *
 * Datagrams go in (feed), queries come out (next), answers go in (answer), datagrams come out (output, until it gives
 * 0), time passes (time, when deadline is reached). A connection is found by the id in the datagram, so a client may
 * change its address and port; an id that another worker made is not ours: the owner hands the datagram over.
 *
 * What bounds a stranger: before its address is proven a client gets at most three times what it sent (ngtcp2); when
 * handshakes pile up, new clients get a Retry, which costs no memory, and later none at all; connections, streams of
 * each and of all, octets of a query and of the answers that wait, memory of the libraries; a time for the handshake,
 * one for silence, one for a query that has begun and one for an answer that is not taken (slow-loris: PINGs do not help, and keep no idle
 * connection young: whole queries and answers do). When places or memory run out the connection is closed that holds most and takes nothing of it, else the one that was idle for
 * longest. Who breaks
 * RFC 9250 loses its connection (DOQ_PROTOCOL_ERROR), who asks for more than there is, its query (DOQ_EXCESSIVE_LOAD).
 *
 * Early data: a QUERY or NOTIFY is answered at once when a token has proven the address (RFC 9000 section 8.1.3); without one it is from
 * whoever the datagram names, so that nobody's rate is taken and nobody is sent an answer before the handshake is complete. Anything else waits for it in
 * any case, and so does what comes with the ticket of a client that had shown a certificate: a replay must not be that client, and a policy for it
 * must not be got round.
 *
 * Memory: one block, handed in; what the libraries allocate is counted and bounded (transport/quic).
 */
#ifndef WR_TRANSPORT_DOQSERVER_H
#define WR_TRANSPORT_DOQSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/rng.h"
#include "transport/identity.h"
#include "transport/quic.h"

struct wr_doqserver;

/* Counted since the start; written by the owner's thread alone. */
struct wr_doqserver_stats {
    uint64_t accepted, completed, resumed, refused, retried, resets, versions, evicted, garbage;
    uint64_t queries, early, held, overload, broken, cancelled, moved, slow, idle;
    uint64_t searches; /* for somebody who makes room for a stream */
};

struct wr_doqserver_setup {
    uint16_t worker, workers;
    uint32_t connections; /* places */
    uint32_t streams;     /* of all connections together */
    uint32_t chunks;      /* for queries and answers on their way (transport/chunks) */
    uint32_t query_max;   /* octets of a query */
    uint32_t idle_ms;
    uint32_t message_ms;                   /* for a query, from its first octet to its last */
    uint32_t read_ms;                      /* for an answer, until the client has taken it */
    uint64_t memory_max;                   /* of the libraries */
    const struct wr_quic_secrets *secrets; /* one set for all workers */
    struct wr_quic_tls tls;                /* creds, ticket_key, anti_replay, ask */
    const struct wr_now *clock; /* certificates of clients are judged by it; the owner's */
    const char *names_below;    /* transport/identity; the owner's; NULL: none */
    struct wr_rng *rng;
    /* May somebody from there ask at all? Who may not is refused before a handshake. NULL: everybody. */
    bool (*known)(void *user, const struct wr_addr *from);
    /* A client whose address is proven wants a place, and gives it back. NULL: always. */
    bool (*admit)(void *user, const struct wr_addr *from);
    void (*leave)(void *user, const struct wr_addr *from);
    /* The owner has no memory for more connections: so many octets too few, 0: enough. One that is idle makes
     * room for who comes, or who comes is refused. NULL: always enough. */
    uint64_t (*lack)(void *user);
    /* And when none of ours can: somebody of the owner's other connections makes room. How many octets; 0: nobody. NULL: there are none. */
    uint64_t (*relieve)(void *user);
    void *user;
};

/* One datagram and its way. `from` is the client's, whichever direction it goes. */
struct wr_doq_datagram {
    struct wr_addr from, local;
    uint32_t ifindex;
    uint16_t listener;
    bool handed; /* by another worker */
    const uint8_t *bytes;
    size_t size;
};

enum wr_doq_said {
    WR_DOQ_NOTHING = 0,
    WR_DOQ_QUERY, /* msg, until the next call */
    WR_DOQ_GONE,  /* the connection ended while answers were owed */
};

struct wr_doq_query {
    enum wr_doq_said said;
    const uint8_t *msg;
    size_t size;
    uint64_t conn, stream; /* the way back */
    struct wr_addr from, local;
    uint32_t ifindex;
    uint16_t listener;
    bool early;                      /* the handshake is not complete: it may be a replay */
    const struct wr_identity *claim; /* likewise */
};

size_t wr_doqserver_size(const struct wr_doqserver_setup *setup);
/* `block` is zeroed memory, 64-aligned. WR_E_NOMEM: GnuTLS refused. */
int wr_doqserver_start(void *block, const struct wr_doqserver_setup *setup,
                       struct wr_doqserver **ret_server);
/* New credentials, keys and secrets, for connections from now on. */
void wr_doqserver_adopt(struct wr_doqserver *s, const struct wr_quic_tls *tls);
/* WR_OK: taken. WR_E_NOTFOUND: a connection of *ret_worker. */
int wr_doqserver_feed(struct wr_doqserver *s, const struct wr_doq_datagram *in, uint64_t now_us,
                      uint16_t *ret_worker);
enum wr_doq_said wr_doqserver_next(struct wr_doqserver *s, struct wr_doq_query *ret_query);
/* The answer; bytes NULL: it was decided to give none. What is gone already is ignored. */
void wr_doqserver_answer(struct wr_doqserver *s, uint64_t conn, uint64_t stream,
                         const uint8_t *bytes, size_t size, uint64_t now_us);
/* One datagram in `room` (at least WR_QUIC_DATAGRAM): its size, and its way. 0: nothing now. */
size_t wr_doqserver_output(struct wr_doqserver *s, uint8_t *room, size_t cap,
                           struct wr_doq_datagram *ret_way, uint64_t now_us);
uint64_t wr_doqserver_deadline(const struct wr_doqserver *s);
void wr_doqserver_time(struct wr_doqserver *s, uint64_t now_us);
/* For somebody else, who has no memory: a connection makes room. How many octets are free by that; 0: there is none that may. */
uint64_t wr_doqserver_relieve(struct wr_doqserver *s, uint64_t now_us);
/* No new connections; each is closed when nothing is owed on it. */
void wr_doqserver_drain(struct wr_doqserver *s, uint64_t now_us);
/* Connections that are not over. */
uint32_t wr_doqserver_open(const struct wr_doqserver *s);
/* Octets that connections hold: in the libraries, and in chunks. */
uint64_t wr_doqserver_memory(const struct wr_doqserver *s);
const struct wr_doqserver_stats *wr_doqserver_stats(const struct wr_doqserver *s);
/* Frees what the libraries hold. */
void wr_doqserver_end(struct wr_doqserver *s);

#endif
