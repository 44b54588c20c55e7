/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streamlife: how long a stream to an upstream may last, silent or idle, and what its end is called. For resolve/stream.
 *
 * A stream has one time at which patience with it ends (due_us). One that speaks QUIC has to be moved before that as well, whenever
 * its connection says so: then the timer is the earlier of both.
 */
#ifndef WR_RESOLVE_STREAMLIFE_H
#define WR_RESOLVE_STREAMLIFE_H

#include "resolve/stream_state.h"

/* Time for a connection to open, for its handshake, and for one that answers nothing of what was asked of it since it was last
 * heard of: then it is left, within three seconds of a link change that nobody told of. */
#define WR_STREAMLIFE_CONNECT_US (2 * WR_S)
#define WR_STREAMLIFE_SHAKE_US   (2 * WR_S)
#define WR_STREAMLIFE_SILENT_US  (2 * WR_S)
/* And before that, when its questions go over another one while they can still be answered (a question ends after 1.9 s of silence): so
 * much and the time that a connection took, for that is what another one takes. */
#define WR_STREAMLIFE_DOUBT_US (1 * WR_S)
#define WR_STREAMLIFE_IDLE_US  (10 * WR_S)
/* QUIC says that it heard our questions before it answers them: such a connection does not hang, but for so long without an answer. */
#define WR_STREAMLIFE_ACKED_US (5 * WR_S)
/* A handshake costs more than a place that is kept: many homes ask once in half a minute. */
#define WR_STREAMLIFE_IDLE_SECURE_US (30 * WR_S)

/* Patience ends then. */
void wr_streamlife_set(struct wr_streams *s, struct wr_stream *st, uint64_t due_us);
/* It is READY, and something happened: patience starts anew as far as it may. */
void wr_streamlife_arm(struct wr_streams *s, struct wr_stream *st);
/* All was put out: the connection may want to be moved at another time. */
void wr_streamlife_again(struct wr_streams *s, struct wr_stream *st, uint64_t now_us);
/* It is READY, and questions come or go. */
void wr_streamlife_used(struct wr_streams *s, struct wr_stream *st, uint64_t now_us);
/* Octets came: by QUIC that alone shows that it does not hang. */
void wr_streamlife_spoke(struct wr_stream *st, uint64_t now_us);
/* An answer that was asked for came. */
void wr_streamlife_heard(struct wr_stream *st, uint64_t now_us);
/* Its patience is over: do its questions go over another one (they are orphans then) while it is listened to? */
bool wr_streamlife_doubt(struct wr_streams *s, struct wr_stream *st, uint64_t now_us);
/* A message came to a question that went over another one meanwhile: the exchange, which is answered. NULL: it was none of those. */
struct wr_exchange *wr_streamlife_claim(struct wr_streams *s, const struct wr_stream *st,
                                        uint16_t msg_id);
/* No answer comes to a question whose exchange is not there any more: it left, or went over another one. */
void wr_streamlife_failed(struct wr_streams *s, struct wr_stream *st, uint16_t msg_id);
/* Nothing says that the connection is to blame: another one to the same server was made meanwhile, and is as silent. */
bool wr_streamlife_is_slow(const struct wr_streams *s, const struct wr_stream *st);
/* Its timer is over: was that for the connection alone, and does that go on? */
bool wr_streamlife_goes_on(struct wr_streams *s, struct wr_stream *st, uint64_t now_us);
/* The exchange waited there, where by its own want of places our connection may have held it: it leaves, and is held until it is placed
 * again; or it is written. */
void wr_streamlife_unplaced(const struct wr_stream *st, struct wr_exchange *x);
void wr_streamlife_written(const struct wr_stream *st, struct wr_exchange *x, uint64_t now_us);
/* All connections like this one are full: the question that is out by QUIC for longest, and too long, makes room. Its exchange is an orphan,
 * and nobody is to blame. The connection that has a place then; NULL: none has. */
struct wr_stream *wr_streamlife_yield(struct wr_streams *s, const struct wr_stream *like,
                                      uint64_t now_us);
/* It has something to be done. */
void wr_streamlife_mark(struct wr_streams *s, struct wr_stream *st);
/* An exchange leaves whose question was written there and is not answered: it is taken back where that can be done (QUIC), and else its
 * answer may still come. */
void wr_streamlife_left(struct wr_streams *s, struct wr_stream *st, const struct wr_exchange *x);
/* The same of a doubted one that the exchange had gone from. */
void wr_streamlife_forget(struct wr_streams *s, struct wr_exchange *x);
/* One more exchange is on it; by QUIC it may be the last. */
void wr_streamlife_placed(struct wr_stream *st);
/* What its time-out means: enum wr_upconn_why. */
uint8_t wr_streamlife_expired(const struct wr_stream *st);
/* What its being closed by the other side is called. FINE: it was idle, and may. */
uint8_t wr_streamlife_closed(const struct wr_stream *st, enum wr_lost lost);

#endif
