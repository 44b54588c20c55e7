/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP state: what tcp.c (the connections), tcpaccept.c (the listeners, and who gets a place) and tcproom.c (its memory) have in common. Nobody else includes
 * it; the story is in net/tcp.h.
 */
#ifndef WR_NET_TCPSTATE_H
#define WR_NET_TCPSTATE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/heap.h"
#include "base/pool.h"
#include "net/feed.h"
#include "net/listener.h"
#include "net/tcp.h"
#include "net/unread.h"
#include "net/wqueue.h"
#include "net/yield.h"
#include "net/carrier.h"
#include "transport/oblivious.h"
#include "transport/odohproxy.h"
#include "transport/conn.h"

enum {
    FRAME_ROOM = WR_NET_QUERY_MAX + 2,
    READ_SIZE = 4096, /* octets read from one connection in one turn: fair to the others */
    POOL_MIN = 1024,  /* so that a reload may raise the limit; untouched memory costs nothing */
    POOL_MAX = 65536,
    OWED_MS = 30000, /* longest wait for the engine; a lost hand-over ends here */
    /* The longest answer with its records, and what a handshake says: what is short goes out together. */
    OUT_ROOM = WR_MSG_MAX + 2 + 8 * WR_TLS_RECORD_MORE + WR_TLS_FLIGHT_MAX,
};

enum conn_state {
    CONN_IDLE = 0, /* nothing asked, nothing owed */
    CONN_OPENING,  /* the TLS handshake is not done */
    CONN_PARTIAL,  /* part of a message is here */
    CONN_BUSY,     /* the engine owes an answer */
    CONN_WINDOW,   /* DoH: answers wait for the window of the client, which is read on */
    CONN_STUCK,    /* answers wait for the client to read */
    CONN_CLOSED,   /* over; libuv still has the handle */
};

struct conn {
    uv_poll_t poll;
    struct wr_tcp *tcp;
    wr_id id;
    struct wr_timer timer; /* all states but IDLE */
    struct wr_yield_seat seat;
    struct wr_list sealed; /* of TLS: those that are opening, or that do not read; else alone */
    uint64_t cost;         /* octets of the budget */
    uint64_t message_us;   /* when the first octet of the unfinished message came */
    uint64_t
        lively_us; /* a whole question came, or an answer went out; nothing else makes it young */
    uint64_t stuck_us;       /* STUCK: since when; WINDOW: since when this answer is the oldest */
    struct wr_unread unread; /* of both, as long as it is one of them */
    uint64_t carried;        /* of wr_conn_carried, as it was looked at last */
    uint64_t said, heard;    /* octets that were sent or wait to be; of those the client had then */
    uint64_t waiting;        /* WINDOW: which answer is the oldest */
    struct wr_conn wire;
    void *wire_room; /* of wire, for kinds that want some */
    struct wr_wqueue queue;
    struct wr_client client;      /* the way back */
    struct wr_net_limits counted; /* prefix lengths under which it was counted */
    int fd;
    int events;    /* what libuv polls for */
    uint32_t owed; /* questions without an answer */
    enum conn_state state;
    bool ended;  /* the client has closed its sending side */
    bool opens;  /* counted among those whose handshake is not done */
    bool lively; /* asked or answered, since its state was looked at */
    bool full;   /* nothing is read before an answer has gone */
};

struct wr_tcp {
    uv_loop_t *loop;
    struct wr_feed feed;
    struct wr_net_shared *shared;
    uint8_t *room; /* two octets of length and an answer */
    size_t room_size;
    struct wr_terms terms;          /* of encrypted connections */
    struct wr_doh_site site;        /* what is served by DoH: paths are those of terms */
    struct wr_odohproxy proxy;      /* when terms have targets */
    struct wr_carrier *carrier;     /* its sockets; made once */
    struct wr_oblivious *oblivious; /* when this is a target; made once */
    uint8_t *scratch;               /* of wr_conn */
    struct wr_writer out;           /* octets for out_of, not given to the kernel yet */
    uint8_t *out_room;              /* OUT_ROOM */
    struct conn *out_of;            /* NULL: nobody's */
    struct wr_list opening, unread; /* TLS connections: the longest first; in no order */
    wr_id reading;                  /* whose questions are being fed: its answers go out together */
    struct wr_pool pool;
    struct wr_heap heap;
    struct wr_yield yield;
    uv_timer_t timer;
    uint64_t timer_us;        /* what the timer is set to */
    const struct wr_now *now; /* of the last look at the clock */
    uint64_t now_us;
    uint8_t *frames; /* FRAME_ROOM for each object of the pool */
    size_t frames_size;
    void *blocks[3];
    int spare_fd; /* given up for a moment when there are no others, to refuse a client */
    bool draining;
    uint8_t bytes[READ_SIZE];
    struct wr_listener_row listeners;
};

/* A connection on `fd`, which it takes over. False: there is no room. */
bool wr_tcp_begin(struct wr_tcp *t, const struct wr_listener *listener, int fd,
                  const struct wr_client *client, bool outsider);
/* It is closed for another. */
void wr_tcp_end(struct conn *c);
/* It yields its place. */
void wr_tcp_yield(struct wr_tcp *t, struct wr_yield_seat *who);
uint64_t wr_tcp_now(struct wr_tcp *t);
/* Octets that the client has confirmed. */
uint64_t wr_tcp_heard(const struct conn *c);
/* STUCK: what the client has taken of its answers since it was looked at last. */
void wr_tcp_look(struct conn *c);
/* Reads what is there; the connection may be gone then. */
void wr_tcp_read(struct conn *c);
struct conn *wr_tcp_find(const struct wr_tcp *t, wr_id id);
/* The timer has rung. */
void wr_tcp_on_timer(uv_timer_t *timer);
int wr_tcp_spare(void);
/* Makes what an oblivious target needs, if it is not there; false: it could not be made. */
bool wr_tcp_be_target(struct wr_tcp *t);
void wr_tcp_end_target(struct wr_tcp *t);
/* Both, when everything ends. */
void wr_tcp_end_oblivious(struct wr_tcp *t);
/* Makes what an oblivious proxy needs, and lists whom it carries to by the terms. */
void wr_tcp_carry(struct wr_tcp *t, const struct wr_client *client,
                  const struct wr_conn_query *query);
/* The response to it, for a client that may be gone. */
void wr_tcp_carried(struct wr_tcp *t, wr_id conn, uint64_t stream,
                    const struct wr_http_reply *reply);

#endif
