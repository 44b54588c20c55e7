/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Write queue: what a stream socket did not take at once, in order and bounded.
 *
 * Nothing is stored as long as the kernel takes everything, which is nearly always; the memory of a queue is there
 * only while it is not empty. Who waits too long or for too much is closed by the owner.
 */
#ifndef WR_NET_WQUEUE_H
#define WR_NET_WQUEUE_H

#include <stddef.h>
#include <stdint.h>

struct wr_wqueue {
    uint8_t *bytes;
    size_t cap;   /* octets allocated */
    size_t start; /* first octet not written */
    size_t end;   /* behind the last one */
};

/* Zeroed is empty. */
static inline size_t wr_wqueue_waiting(const struct wr_wqueue *q)
{
    return q->end - q->start;
}

/* Writes head and body (either may be empty) in one call, or queues what is left. WR_E_FULL: more than `max` would
 * wait; WR_E_CLOSED: the socket is broken; WR_E_NOMEM. After an error the stream is torn: close it. */
int wr_wqueue_send(struct wr_wqueue *q, int fd, const void *head, size_t head_size,
                   const void *body, size_t body_size, size_t max);
/* Writes on. WR_OK: empty now; WR_E_AGAIN: more waits; WR_E_CLOSED. */
int wr_wqueue_flush(struct wr_wqueue *q, int fd);
/* Forgets what waits. */
void wr_wqueue_free(struct wr_wqueue *q);

#endif
