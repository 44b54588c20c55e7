/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dial: connections to upstreams, by the engine's ids: TCP, or a connected UDP socket whose datagrams are a QUIC connection's.
 *
 * The engine opens, writes and closes; octets that come in, the connection's being there and its end are fed
 * to it. Time-outs are the engine's: it closes what takes too long. TCP_USER_TIMEOUT makes the kernel give up
 * a peer that is silently gone, so that no descriptor is held by a dead network.
 *
 * A socket for datagrams is open at once. Its port is the kernel's choice, which nobody off the path can foretell; it hears its
 * peer alone. Each datagram is reported, and each write sent, as one; what the kernel has no room for is lost, as on the
 * way. An ICMP error is the end of it.
 *
 * A stream that the engine closed is never reported again; one that broke is reported once and is then
 * gone, also when the engine closes it afterwards. Memory: one object a stream, while it is open.
 */
#ifndef WR_NET_DIAL_H
#define WR_NET_DIAL_H

#include <stdbool.h>
#include <uv.h>

#include "net/feed.h"

struct wr_dials;

/* `room` is where octets are read to; it is shared with others, used only within one call. */
int wr_dial_create(uv_loop_t *loop, const struct wr_feed *feed, uint8_t *room, size_t room_size,
                   struct wr_dials **ret_dials);
/* Begins to connect. WR_E_IO: no way there; WR_E_FULL, WR_E_NOMEM: no descriptor, port or memory here. Then nothing is left
 * behind, nothing will be reported. */
int wr_dial_open(struct wr_dials *s, wr_id id, const struct wr_addr *to, bool datagrams);
/* WR_E_STALE: no such stream. WR_E_CLOSED, WR_E_FULL: it broke or does not read; it is closed, not reported. */
int wr_dial_write(struct wr_dials *s, wr_id id, const uint8_t *bytes, size_t size);
void wr_dial_close(struct wr_dials *s, wr_id id);
/* Closes all; wr_dial_destroy frees the rest once the loop has turned. */
void wr_dial_close_all(struct wr_dials *s);
void wr_dial_destroy(struct wr_dials *s);

#endif
