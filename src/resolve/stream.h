/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams: TCP connections to upstreams, shared by the exchanges that need one.
 *
 *   CONNECTING -> OPEN -> CLOSING
 *
 * Questions are pipelined, answers may come in any order (RFC 7766 section 6.2);
 * each question has an id of its own on its stream. A stream that answers nothing while
 * questions are out is given up (a hung connection after a link change), one
 * that is idle is closed. A stream that its server closed after it had served is
 * replaced once for the questions left on it, as RFC 7766 section 6.2.4 expects.
 *
 * A server must not hold a place by what it sends: a message has one deadline from its first octet on, only a message that
 * was asked for counts as a sign of life, and a stream on which nobody is owed anything is closed by its first octet. When
 * all places are taken the stream without questions that was used longest ago yields, else the one that has answered nothing
 * for longest; one server has at most its share of the places, the others are in reserve.
 *
 * Memory: a pool, and one frame buffer a stream, in a block handed in.
 */
#ifndef WR_RESOLVE_STREAM_H
#define WR_RESOLVE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/pool.h"
#include "resolve/exchange.h"
#include "resolve/lost.h"
#include "transport/frame.h"

struct wr_stream; /* in the pool */

struct wr_streams {
    struct wr_pool pool;
    struct wr_heap timers;
    struct wr_list pending; /* streams that have something to be done */
    struct wr_list orphans; /* exchanges that lost their stream */
    uint8_t *rooms;         /* frame buffers, one a stream */
    wr_id reading;          /* the stream whose octets are being taken apart, or 0 */
    uint64_t reading_us;    /* when they came */
    uint32_t most;    /* streams that may be there; those that are being closed do not count */
    uint64_t opened;  /* counter */
    uint64_t evicted; /* counter */
};

enum wr_stream_action { WR_STREAM_NOTHING = 0, WR_STREAM_OPEN, WR_STREAM_WRITE, WR_STREAM_CLOSE };

size_t wr_streams_size(uint32_t count);
void wr_streams_init(struct wr_streams *s, void *block, uint32_t count);

/* Gives the exchange a place on a stream to its server. WR_E_FULL: all streams are taken and in use, or its server has its
 * share of them. */
int wr_streams_place(struct wr_streams *s, struct wr_exchange *x, struct wr_rng *rng,
                     uint64_t now_us);
/* Takes the exchange off its stream; a late answer will be ignored. */
void wr_streams_leave(struct wr_streams *s, struct wr_exchange *x, uint64_t now_us);

/* What the world reported. Ids that are over are ignored. */
void wr_streams_opened(struct wr_streams *s, wr_id id, uint64_t now_us);
void wr_streams_closed(struct wr_streams *s, wr_id id, enum wr_lost lost);
void wr_streams_bytes(struct wr_streams *s, wr_id id, const uint8_t *bytes, size_t size,
                      uint64_t now_us);
/* The next whole message of the octets fed last and the exchange it answers (NULL: to nobody, ignore it). */
bool wr_streams_message(struct wr_streams *s, struct wr_exchange **ret_exchange,
                        const uint8_t **ret_msg, size_t *ret_size);
/* An exchange whose stream was lost. `ret_again`: the stream had served before, a new one is worth a try. */
struct wr_exchange *wr_streams_orphan(struct wr_streams *s, bool *ret_again);
/* The next thing to do: OPEN (to `ret_addr`), WRITE (the message of `ret_exchange`), CLOSE. */
enum wr_stream_action wr_streams_poll(struct wr_streams *s, uint64_t now_us, wr_id *ret_id,
                                      struct wr_addr *ret_addr, struct wr_exchange **ret_exchange);
/* Gives up what is silent or idle. */
void wr_streams_expire(struct wr_streams *s, uint64_t now_us);
uint64_t wr_streams_deadline(const struct wr_streams *s);
/* Closes every stream: the link changed under them. */
void wr_streams_abandon(struct wr_streams *s);

#endif
