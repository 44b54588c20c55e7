/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DoQ client: one DNS-over-QUIC connection to one server, over datagrams (RFC 9250).
 *
 * Messages are asked, each on a stream of its own; answers come out in the order in which they are whole, with the id
 * that the message had (on the wire it is 0). What is asked before the handshake is complete waits for it, unless the
 * caller said that it may go as early data and the connection is resumed with a ticket of the same server. When the server does
 * not take the early data, all is asked again by itself.
 *
 * A failure of one query is told as FAILED; the end of the connection as ENDED, which settles all that was asked.
 *
 * Memory: one block, handed in, and chunks that connections may share; the libraries' is bounded (transport/quic).
 */
#ifndef WR_TRANSPORT_DOQCLIENT_H
#define WR_TRANSPORT_DOQCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/rng.h"
#include "transport/chunks.h"
#include "transport/quic.h"

struct wr_doqclient;

struct wr_doqclient_setup {
    struct wr_quic_tls
        tls; /* creds, host, verify, ticket; `now` is set by the start; the hook and its user live on */
    struct wr_addr local; /* family NONE: not known */
    struct wr_addr to;
    const uint8_t *token; /* from an earlier connection, or NULL */
    size_t token_size;
    uint32_t queries;         /* asked at once */
    struct wr_chunks *chunks; /* for queries and answers; lives as long as the client */
    uint8_t *room;            /* for one answer, used between calls of next; lives as long */
    size_t room_size;
    struct wr_rng *rng;
    uint64_t memory_max; /* of the libraries */
    uint32_t idle_ms, handshake_ms;
};

enum wr_doqclient_kind {
    WR_DOQCLIENT_NOTHING = 0,
    WR_DOQCLIENT_READY,  /* the handshake is complete */
    WR_DOQCLIENT_ANSWER, /* msg, until the next call */
    WR_DOQCLIENT_FAILED, /* the query with this id: why */
    WR_DOQCLIENT_TICKET, /* wr_doqclient_ticket gives it */
    WR_DOQCLIENT_TOKEN,  /* msg: for the next connection's setup */
    WR_DOQCLIENT_ENDED,  /* nothing more comes: why */
};

struct wr_doqclient_said {
    enum wr_doqclient_kind kind;
    const uint8_t *msg;
    size_t size;
    uint16_t id;
    const char *why;
    bool own; /* ENDED: for want of memory here, and no fault of the server */
};

/* Once READY. */
struct wr_doqclient_facts {
    bool resumed, early_taken;
    uint64_t rtt_us;
    void *session; /* GnuTLS's */
};

size_t wr_doqclient_size(const struct wr_doqclient_setup *setup);
/* `block` is zeroed memory, 64-aligned. WR_E_NOMEM. */
int wr_doqclient_start(void *block, const struct wr_doqclient_setup *setup,
                       const struct wr_now *now, struct wr_doqclient **ret_client);
/* One datagram from the server. */
void wr_doqclient_feed(struct wr_doqclient *c, const uint8_t *bytes, size_t size, uint64_t now_us);
/* WR_E_AGAIN: as many are asked as may be, or there are no chunks. WR_E_FORMAT: not a message. WR_E_CLOSED. */
int wr_doqclient_ask(struct wr_doqclient *c, const uint8_t *msg, size_t size, bool early_ok,
                     uint64_t now_us);
/* Nobody waits for it any more: its stream is shut, and its place comes back when the server has said that it knows (a round trip). */
void wr_doqclient_cancel(struct wr_doqclient *c, uint16_t id);
enum wr_doqclient_kind wr_doqclient_next(struct wr_doqclient *c,
                                         struct wr_doqclient_said *ret_said);
/* One datagram; 0: nothing now. `cap` at least WR_QUIC_DATAGRAM. */
size_t wr_doqclient_output(struct wr_doqclient *c, uint8_t *room, size_t cap, uint64_t now_us);
uint64_t wr_doqclient_deadline(const struct wr_doqclient *c);
void wr_doqclient_time(struct wr_doqclient *c, uint64_t now_us);
/* Graceful: DOQ_NO_ERROR. The last datagram is then put out. */
void wr_doqclient_close(struct wr_doqclient *c, uint64_t now_us);
void wr_doqclient_facts(const struct wr_doqclient *c, struct wr_doqclient_facts *ret_facts);
/* What to resume with; 0: nothing. At most WR_QUIC_TICKET_MAX. */
size_t wr_doqclient_ticket(struct wr_doqclient *c, uint8_t *room, size_t cap);
/* How many more may be asked now. */
uint32_t wr_doqclient_spare(const struct wr_doqclient *c);
/* Another may be asked now. */
bool wr_doqclient_has_room(const struct wr_doqclient *c);
/* The client's address has changed (a new socket): goes on from there (RFC 9000 section 9). */
int wr_doqclient_move(struct wr_doqclient *c, const struct wr_addr *local, uint64_t now_us);
/* Frees what the libraries hold, gives chunks back. */
void wr_doqclient_end(struct wr_doqclient *c);

#endif
