/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updoq: what a connection to an upstream (transport/upconn) is when it speaks DNS over QUIC (RFC 9250).
 *
 * For upconn alone, which says what each verb means. Datagrams go in one by one and come out one by one. Nothing is asked before the
 * handshake is complete, so nothing is early data; a ticket spares the proof and its octets, not the round trip. As many questions
 * are out as knotd 3.4.6 bears (WR_UPDOQ_OUT): it falls silent at more. Tokens for the address are not kept.
 *
 * Memory: one piece for client, queries and chunks, by the hook for HTTP's memory, from the first next to the end; the libraries'
 * own is bounded by WR_UPDOQ_LIBRARIES. The random numbers are lent. A program that was built without QUIC has WR_E_UNSUPPORTED.
 */
#ifndef WR_TRANSPORT_UPDOQ_H
#define WR_TRANSPORT_UPDOQ_H

#include "transport/upconn.h"

/* Begins; `verify` judges the server, with the connection as its user. */
int wr_updoq_begin(struct wr_upconn *c, wr_tls_verify_fn *verify, const struct wr_now *now);
void wr_updoq_feed(struct wr_upconn *c, const uint8_t *bytes, size_t size, uint64_t now_us);
/* As wr_upconn_next once it is begun; of the end only that, the sentence, and whether it was for want of memory (OWN). READY: the handshake is complete. */
bool wr_updoq_next(struct wr_upconn *c, struct wr_upconn_said *ret_said);
bool wr_updoq_has_room(const struct wr_upconn *c);
uint32_t wr_updoq_spare(const struct wr_upconn *c);
void wr_updoq_cancel(struct wr_upconn *c, uint16_t id);
int wr_updoq_ask(struct wr_upconn *c, const uint8_t *msg, size_t size);
/* One datagram into the room for what goes out. */
size_t wr_updoq_output(struct wr_upconn *c);
bool wr_updoq_time(struct wr_upconn *c);
uint64_t wr_updoq_deadline(const struct wr_upconn *c);
void wr_updoq_facts(const struct wr_upconn *c, struct wr_upconn_facts *ret_facts);
/* The last datagram is in the room for what goes out then. */
void wr_updoq_close(struct wr_upconn *c);
void wr_updoq_end(struct wr_upconn *c);

#endif
