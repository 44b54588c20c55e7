/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP: the listening side (RFC 7766, RFC 9210).
 *
 * Questions may be pipelined and are answered as they are ready, out of order. Each answer is one write of its
 * length and itself. Connections are named by ids with a generation; what comes for one that is gone is ignored.
 *
 * What bounds a stranger: connections in all and of each client, counted over all workers; a small share of
 * the places for those who may not ask; an idle time-out that shrinks as the places run out; at the last place a connection
 * that is owed nothing yields: one that may not ask, else the one that is idle, or in the middle of its message, for
 * longest; a deadline for the rest of a message once it has begun; questions unanswered on one connection, then it is
 * not read; octets that wait for a client that does not read, then it is closed.
 *
 * A client that has closed its sending side still gets the answers it is owed.
 *
 * Only a whole question, or an answer that goes out, makes a connection young: records without one, PINGs and halves of nothing do not.
 *
 * What octets mean is transport/conn's: plain messages, or TLS around them (RFC 7858), or HTTP within TLS (RFC 8484). A handshake has a deadline of its own; a part of a record
 * counts as part of a message. Answers to what one read brought leave together.
 */
#ifndef WR_NET_TCP_H
#define WR_NET_TCP_H

#include <uv.h>

#include "net/feed.h"
#include "transport/terms.h"

struct wr_tcp;

/* Connections that there is room for in each worker when `connections` may be open at the start: for more a reload has none. */
uint32_t wr_tcp_room(uint32_t connections);
/* `room` is shared with other parts, used only within one call; at least 64 KiB + 2. */
int wr_tcp_create(uv_loop_t *loop, const struct wr_feed *feed, struct wr_net_shared *shared,
                  uint8_t *room, size_t room_size, struct wr_tcp **ret_tcp);
/* Takes the descriptor over; `transport` is TCP, DOT or DOH. WR_E_EXISTS, WR_E_RANGE (number), WR_E_IO. */
int wr_tcp_add(struct wr_tcp *t, uint16_t number, uint8_t transport, int fd,
               const struct wr_addr *addr);
/* By what encrypted connections are made from now on; copied, with a reference of its own. */
void wr_tcp_set_terms(struct wr_tcp *t, const struct wr_terms *terms);
/* Stops to accept; what was accepted goes on. False: there is no such listener. */
bool wr_tcp_remove(struct wr_tcp *t, uint16_t number);
/* An answer, or (bytes NULL) the decision to give none. */
void wr_tcp_reply(struct wr_tcp *t, const struct wr_client *client, const uint8_t *bytes,
                  size_t size);
/* None, to this and to all that it has asked: its connection is closed. */
void wr_tcp_hang_up(struct wr_tcp *t, const struct wr_client *client);
/* The end of a turn: sets the timer for the next time-out. */
void wr_tcp_turn(struct wr_tcp *t, uint64_t now_us);
/* No more connections and questions; idle connections are closed, others when they have their answers. */
void wr_tcp_drain(struct wr_tcp *t);
/* Octets are wanted from the budget of encrypted connections: one yields, who does not read before who is idle. How many are
 * free by that; 0: there is none that may. */
uint64_t wr_tcp_relieve(struct wr_tcp *t);
/* Connections open. */
uint32_t wr_tcp_open(const struct wr_tcp *t);
/* Closes everything at once; wr_tcp_destroy frees the rest once the loop has turned. */
void wr_tcp_close(struct wr_tcp *t);
void wr_tcp_destroy(struct wr_tcp *t);

#endif
