/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP: the listening side, in batches.
 *
 * One recvmmsg takes up to WR_NET_BATCH datagrams; each is fed to the engine with room for its answer, and the
 * answers that were ready at once leave by one sendmmsg, in place. Answers that come later wait in a
 * queue of the same length until the end of the turn (wr_udp_flush), or until it is full.
 *
 * An answer leaves from the address that was asked: on a wildcard socket by its packet info (IP_PKTINFO,
 * IPV6_PKTINFO), on a socket that is bound to one address by itself, and then no control message is asked for.
 *
 * What the kernel does not take at once is dropped and counted: the client asks again, and nobody waits.
 */
#ifndef WR_NET_UDP_H
#define WR_NET_UDP_H

#include <uv.h>

#include "net/feed.h"

struct wr_udp;

int wr_udp_create(uv_loop_t *loop, const struct wr_feed *feed, struct wr_udp **ret_udp);
/* Takes the descriptor over. WR_E_EXISTS, WR_E_RANGE (number), WR_E_IO. */
int wr_udp_add(struct wr_udp *u, uint16_t number, int fd, const struct wr_addr *addr);
/* The engine has other settings: they may want to know by what interface a datagram comes in. */
void wr_udp_inform(struct wr_udp *u);
/* Takes what has come in already, then closes. False: there is no such listener. */
bool wr_udp_remove(struct wr_udp *u, uint16_t number);
/* Takes what has come in already, then reads no more; answers still leave. */
void wr_udp_stop(struct wr_udp *u);
/* True when the listener is here: an answer for it can leave. */
bool wr_udp_has(const struct wr_udp *u, uint16_t number);
void wr_udp_reply(struct wr_udp *u, const struct wr_client *client, const uint8_t *bytes,
                  size_t size);
void wr_udp_flush(struct wr_udp *u);
/* Removes all listeners. The memory is freed by wr_udp_destroy once the loop has turned. */
void wr_udp_close(struct wr_udp *u);
void wr_udp_destroy(struct wr_udp *u);

#endif
