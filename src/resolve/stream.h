/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams: connections to upstreams (transport/upconn), shared by the exchanges that need one.
 *
 *   CONNECTING -> SHAKING -> READY -> CLOSING      (SHAKING: encrypted ones)
 *
 * Questions are pipelined, answers may come in any order (RFC 7766 section 6.2);
 * each question has an id of its own on its stream. A stream that answers nothing while
 * questions are out is doubted (a hung connection after a link change): they go over another one, and it is given up when it stays
 * silent; one by QUIC shows by acknowledgements that it does not hang. Where few questions may be out at once, who finds a stream
 * full has another, and what nobody waits for is taken back (QUIC). One that is idle is closed. A stream that its server closed after it had served is
 * replaced once for the questions left on it, as RFC 7766 section 6.2.4 expects.
 *
 * A server must not hold a place by what it sends: a message has one deadline from its first octet on, only a message that
 * was asked for counts as a sign of life, and a stream on which nobody is owed anything is closed by its first octet. When
 * all places are taken the stream without questions that was used longest ago yields, else the one that has answered nothing
 * for longest; one server has at most its share of the places, the others are in reserve.
 *
 * A stream belongs to a server: its address, its scheme and its slot (resolve/upstream). Two servers at one address share none.
 *
 * Memory: a pool, and one room a stream for what comes and what goes, in a block handed in.
 */
#ifndef WR_RESOLVE_STREAM_H
#define WR_RESOLVE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/time.h"
#include "resolve/conninfo.h"
#include "resolve/exchange.h"
#include "resolve/lost.h"
#include "resolve/ticketbox.h"
#include "transport/upconn.h"

struct wr_stream; /* in the pool */

struct wr_streams {
    struct wr_pool pool;
    struct wr_heap timers;
    struct wr_list pending; /* streams that have something to be done */
    struct wr_list orphans; /* exchanges that lost their stream */
    uint8_t *rooms;         /* for what comes and what goes, one a stream */
    uint8_t *plain;         /* one record as plaintext, of the stream that is being read */
    const struct wr_upstreams *upstreams; /* encrypted servers, by slot; NULL: none */
    struct wr_conninfo *conns; /* notes about them, shared, by slot; NULL: none are made */
    struct wr_ticketbox tickets;
    struct wr_http_memory memory;              /* for HTTP and QUIC to upstreams */
    const struct wr_tls_standin *standin;      /* in a simulation; NULL: GnuTLS */
    struct wr_rng *rng;                        /* of who asks, which lives as long */
    struct wr_odohkept odoh[WR_UPSTREAMS_MAX]; /* what targets published, by slot */
    wr_id reading;       /* the stream whose octets are being taken apart, or 0 */
    uint64_t reading_us; /* when they came */
    uint32_t most;       /* streams that may be there; those that are being closed do not count */
    uint32_t unproven;   /* encrypted ones whose proof rests on a time that nobody had confirmed */
    bool timed; /* the time was known at the last look: the owner's, who says so when that begins */
    uint64_t opened;  /* counter */
    uint64_t evicted; /* counter */
};

enum wr_stream_action {
    WR_STREAM_NOTHING = 0,
    WR_STREAM_OPEN,  /* addr, datagrams */
    WR_STREAM_ASK,   /* exchange: its message is wanted by wr_streams_ask, before the next poll */
    WR_STREAM_WRITE, /* bytes, size: valid until the next call */
    WR_STREAM_CLOSE,
};

struct wr_stream_out {
    wr_id id;
    struct wr_addr addr;
    bool datagrams; /* a socket for datagrams is wanted, and each write is one */
    struct wr_exchange *exchange;
    const uint8_t *bytes;
    size_t size;
};

size_t wr_streams_size(uint32_t count);
void wr_streams_init(struct wr_streams *s, void *block, uint32_t count);

/* Gives the exchange a place on a stream to its server. WR_E_FULL: all streams are taken and in use, or its server has its
 * share of them. */
int wr_streams_place(struct wr_streams *s, struct wr_exchange *x, struct wr_rng *rng,
                     uint64_t now_us);
/* Takes the exchange off its stream; a late answer will be ignored. */
void wr_streams_leave(struct wr_streams *s, struct wr_exchange *x, uint64_t now_us);

/* Nothing but our own want of places on a connection that is there keeps its question from being written. */
bool wr_streams_holds(const struct wr_streams *s, const struct wr_exchange *x);

/* What the world reported. Ids that are over are ignored. */
void wr_streams_opened(struct wr_streams *s, wr_id id, uint64_t now_us);
void wr_streams_closed(struct wr_streams *s, wr_id id, enum wr_lost lost, uint64_t now_us);
void wr_streams_bytes(struct wr_streams *s, wr_id id, const uint8_t *bytes, size_t size,
                      const struct wr_now *now);
/* The next whole message of the octets fed last and the exchange it answers (NULL: to nobody, ignore it). */
bool wr_streams_message(struct wr_streams *s, const struct wr_now *now,
                        struct wr_exchange **ret_exchange, const uint8_t **ret_msg,
                        size_t *ret_size);
/* An exchange whose stream was lost. `ret_again`: the stream had served before, a new one is worth a try. */
struct wr_exchange *wr_streams_orphan(struct wr_streams *s, bool *ret_again);
/* The next thing to do. */
enum wr_stream_action wr_streams_poll(struct wr_streams *s, uint64_t now_us,
                                      struct wr_stream_out *ret_out);
/* The message of the exchange that ASK named, with its stream_msg_id. */
void wr_streams_ask(struct wr_streams *s, wr_id id, const uint8_t *msg, size_t size);
/* Is there something to poll for? */
bool wr_streams_wanting(const struct wr_streams *s);
/* The server of the stream that the exchange is on said how long it keeps idle connections (RFC 7828), in 100 ms. */
void wr_streams_keepalive(struct wr_streams *s, const struct wr_exchange *x, uint16_t keep_100ms);
/* The time is known now: what was proven without it has to be proven again, and what is being proven may rest on it, or on a ticket
 * that does. */
void wr_streams_time_proven(struct wr_streams *s);
/* Other settings: encrypted streams and tickets of which other proof may be wanted now end. The old ones are still there. */
void wr_streams_adopt(struct wr_streams *s, const struct wr_upstreams *upstreams);
/* At the end: what libraries hold is given back. */
void wr_streams_stop(struct wr_streams *s);
/* Gives up what is silent or idle. */
void wr_streams_expire(struct wr_streams *s, uint64_t now_us);
uint64_t wr_streams_deadline(const struct wr_streams *s);
/* Closes every stream: the link changed under them. Their questions go over new ones. */
void wr_streams_abandon(struct wr_streams *s);

#endif
