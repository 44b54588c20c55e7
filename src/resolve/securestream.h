/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Securestream: what a stream to an encrypted upstream has besides: whom the server must prove to be, tickets, and the notes
 * for people (resolve/conninfo).
 */
#ifndef WR_RESOLVE_SECURESTREAM_H
#define WR_RESOLVE_SECURESTREAM_H

#include "resolve/stream_state.h"

/* How its server is spoken with, in `setup`. WR_E_NOTFOUND: the settings know no such server (any more). */
int wr_securestream_set(struct wr_streams *s, struct wr_stream *st, struct wr_upconn_setup *setup);
/* The handshake may begin: with a ticket, if there is one. */
void wr_securestream_begin(struct wr_streams *s, struct wr_stream *st, uint64_t now_us);
void wr_securestream_ready(struct wr_streams *s, struct wr_stream *st, const struct wr_now *now);
void wr_securestream_ticket(struct wr_streams *s, const struct wr_stream *st, const uint8_t *ticket,
                            size_t size);
/* It failed: enum wr_upconn_why, and a sentence or "". Nothing is noted of a plain one. */
void wr_securestream_failed(struct wr_streams *s, const struct wr_stream *st, uint8_t why,
                            const char *text, uint64_t now_us);

/* Do the new settings want of this server the proof that it has given? Then its stream goes on. */
bool wr_securestream_adopt(struct wr_streams *s, struct wr_stream *st,
                           const struct wr_upstreams *upstreams);
/* The same for its ticket, and for what an oblivious target published. */
void wr_securestream_adopt_tickets(struct wr_streams *s, const struct wr_upstreams *upstreams);

#endif
