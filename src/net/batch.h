/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch: datagrams that are read or sent by one call, in the kernel's form.
 *
 *     wr_batch_init(b, room, stride)                  room for each of WR_NET_BATCH, so many octets apart; false: no memory
 *     n = wr_batch_read(b, listener)                  how many came; 0: none
 *     ... b->part[i].iov_base, b->message[i].msg_len, b->name[i], wr_batch_info(b, i, listener, &local, &ifindex)
 *     wr_batch_source(header, control, listener, &local)   an answer leaves from where the client asked
 *     lost = wr_batch_send(fd, messages, count)       a full buffer loses the rest, a refusal one
 *     lost = wr_batch_flush(b, row, count)            the same, each by its b->number
 *     wr_batch_free(b)
 */
#ifndef WR_NET_BATCH_H
#define WR_NET_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/listener.h"
#include "net/sock.h"

struct wr_batch {
    struct mmsghdr message[WR_NET_BATCH];
    struct iovec part[WR_NET_BATCH];
    union wr_sockaddr name[WR_NET_BATCH];
    _Alignas(16) uint8_t control[WR_NET_BATCH][WR_SOCK_CONTROL_SIZE];
    uint16_t number[WR_NET_BATCH]; /* out: the listener of each */
    uint8_t *bytes;                /* WR_NET_BATCH buffers */
    size_t size;
};

bool wr_batch_init(struct wr_batch *b, size_t room, size_t stride);
void wr_batch_free(struct wr_batch *b);
unsigned wr_batch_read(struct wr_batch *b, const struct wr_listener *l);
/* What the kernel says of message `i`: the address of ours, where it is not the listener's own, and the interface. */
void wr_batch_info(struct wr_batch *b, unsigned i, const struct wr_listener *l,
                   struct wr_addr *local, uint32_t *ifindex);
void wr_batch_source(struct msghdr *header, uint8_t *control, const struct wr_listener *l,
                     const struct wr_addr *local);
unsigned wr_batch_send(int fd, struct mmsghdr *message, unsigned count);
unsigned wr_batch_flush(struct wr_batch *b, const struct wr_listener_row *row, unsigned count);

#endif
