/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DoQ server, inside: what its files share. doqserver.c knows datagrams and connections, doqstream.c the
 * streams of one connection, doqclaim.c who its client is, doqyield.c who makes room. Nobody else includes this.
 */
#ifndef WR_TRANSPORT_DOQSERVER_STATE_H
#define WR_TRANSPORT_DOQSERVER_STATE_H

#include "base/heap.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "base/pool.h"
#include "transport/doq.h"
#include "transport/doqserver.h"
#include "transport/quicdoor.h"

enum doq_stream_state {
    DOQ_READING = 0, /* the query is not whole */
    DOQ_HELD,        /* whole, and must wait for the handshake */
    DOQ_READY,       /* whole, waits for `next` */
    DOQ_ASKED,       /* an answer is owed */
    DOQ_SENDING,     /* the answer is on its way */
    DOQ_SHUT,        /* given up */
};

struct doq_conn;

struct doq_stream {
    wr_id id;
    struct doq_conn *conn;
    int64_t number;       /* QUIC's */
    struct wr_list node;  /* in the connection's streams */
    struct wr_list queue; /* in the server's `ready`, or the connection's `sends` or `blocked` */
    struct wr_doq_count count;
    struct wr_chain_octets in, out;
    uint64_t since_us; /* READING, HELD: since it began; SENDING, SHUT: since then */
    uint32_t sent;
    enum doq_stream_state state;
    bool early;
};

struct doq_conn {
    struct wr_quic quic;
    struct wr_doqserver *server;
    wr_id id;
    struct wr_timer timer;
    struct wr_list dirty; /* has perhaps something to put out */
    struct wr_list seat;  /* in `idle` while it has no streams and is open; in `gone` at the end */
    struct wr_list streams, sends, blocked;
    struct wr_doq_datagram way; /* of what came last */
    struct wr_addr
        proven; /* the client's address: of the handshake, then the last that was validated */
    struct wr_addr counted;    /* under which it was admitted */
    uint64_t cid[WR_DOQ_CIDS]; /* hashes; 0: free */
    uint64_t
        lively_us; /* when a whole query came, or an answer had gone, last; nothing else makes it young */
    uint64_t taken_us;  /* when the client had confirmed octets of answers last that are worth it */
    uint64_t taken;     /* octets since then */
    uint64_t barren_us; /* until then nobody is looked for who could make room for it */
    uint32_t open;      /* streams */
    uint32_t owed;
    bool admitted, was_opening, refuse;
    bool vouched; /* a token proved the address before the handshake */
    bool named;   /* the name that it wants was looked at */
    struct wr_identity claim;
};

struct doq_stateless {
    struct wr_doq_datagram way;
    uint8_t bytes[WR_QUIC_STATELESS_MAX];
};

struct wr_doqserver {
    struct wr_doqserver_setup setup;
    struct wr_quic_env env;
    struct wr_quic_limits limits;
    struct wr_hash_key key; /* of the table of ids */
    struct wr_pool conns, streams;
    struct wr_heap heap;
    struct wr_map cids;
    struct wr_chunks chunks;
    struct wr_list dirty, idle, ready, gone;
    struct wr_doqserver_stats stats;
    uint64_t now_us;
    uint64_t tokens_us; /* the bucket of handshakes, as the time that would fill it */
    uint64_t barren_us; /* the same, for anybody */
    uint32_t opening;   /* connections whose handshake is not complete */
    uint32_t gone_count;
    bool draining;
    uint8_t *room; /* a query in one piece */
    struct doq_stateless *stateless;
    uint32_t stateless_first, stateless_count;
};

extern const struct wr_quic_calls wr_doqserver_calls;

/* doqserver.c */
void wr_doqserver_touch(struct doq_conn *c);
/* It is told that it ends, and is gone. */
void wr_doqserver_evict(struct doq_conn *c);
/* doqyield.c */
/* There is no place or memory for who comes: the connection that takes nothing and holds most goes, else the one that was idle for
 * longest. How many octets are free by that; 0: there is none. */
uint64_t wr_doqserver_yield(struct wr_doqserver *s);
/* There are no chunks, or no stream, for this one: who holds most and takes nothing of it goes, or else most that has waited. False: nobody holds any. */
bool wr_doqserver_find_room(struct doq_conn *c);
/* doqstream.c */
void wr_doqserver_end_streams(struct doq_conn *c);
void wr_doqserver_unblock(struct doq_conn *c);
/* Octets of answers that have waited for WR_UNREAD_MS; `all`: and of questions that are not whole after that, or wait for the handshake, with
 * their places. */
uint64_t wr_doqserver_unread(const struct doq_conn *c, bool all);
/* When the client will have taken too long with one of its streams; WR_TIME_NEVER. */
uint64_t wr_doqserver_patience(const struct doq_conn *c);
/* doqclaim.c: a wr_tls_verify_fn of connections; and what is known when a question is handed on. */
int wr_doqserver_judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *why);
const struct wr_identity *wr_doqserver_claim(struct doq_conn *c);

#endif
