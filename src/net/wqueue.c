/* SPDX-License-Identifier: Apache-2.0 */
#include "net/wqueue.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/err.h"

enum { FIRST_CAP = 4096 };

static bool wqueue_would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS;
}

/* Room for `n` more octets: moves to the front, then grows. */
static int wqueue_room(struct wr_wqueue *q, size_t n)
{
    size_t waiting = wr_wqueue_waiting(q), cap = q->cap < FIRST_CAP ? FIRST_CAP : q->cap;
    uint8_t *more;

    if (q->cap - q->end >= n) {
        return WR_OK;
    }
    if (waiting > 0) {
        memmove(q->bytes, q->bytes + q->start, waiting);
    }
    q->start = 0;
    q->end = waiting;
    while (cap < waiting + n) {
        cap *= 2;
    }
    if (cap > q->cap) {
        more = realloc(q->bytes, cap);
        if (more == NULL) {
            return WR_E_NOMEM;
        }
        q->bytes = more;
        q->cap = cap;
    }
    return WR_OK;
}

/* Stores what of `bytes` the kernel did not take. */
static int wqueue_store(struct wr_wqueue *q, const uint8_t *bytes, size_t size, size_t taken,
                        size_t max)
{
    int err;

    if (size == taken) {
        return WR_OK;
    }
    bytes += taken;
    size -= taken;
    if (wr_wqueue_waiting(q) + size > max) {
        return WR_E_FULL;
    }
    err = wqueue_room(q, size);
    if (err == WR_OK) {
        memcpy(q->bytes + q->end, bytes, size);
        q->end += size;
    }
    return err;
}

int wr_wqueue_send(struct wr_wqueue *q, int fd, const void *head, size_t head_size,
                   const void *body, size_t body_size, size_t max)
{
    struct iovec part[2] = {{(void *)(uintptr_t)head, head_size},
                            {(void *)(uintptr_t)body, body_size}};
    struct msghdr message = {.msg_iov = part, .msg_iovlen = 2};
    size_t done = 0, of_head;
    int err;

    if (wr_wqueue_waiting(q) == 0) {
        ssize_t n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && !wqueue_would_block()) {
            return WR_E_CLOSED;
        }
        done = n > 0 ? (size_t)n : 0;
    }
    of_head = done < head_size ? done : head_size;
    err = wqueue_store(q, head, head_size, of_head, max);
    if (err == WR_OK) {
        err = wqueue_store(q, body, body_size, done - of_head, max);
    }
    return err;
}

int wr_wqueue_flush(struct wr_wqueue *q, int fd)
{
    while (wr_wqueue_waiting(q) > 0) {
        ssize_t n =
            send(fd, q->bytes + q->start, wr_wqueue_waiting(q), MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0) {
            return wqueue_would_block() ? WR_E_AGAIN : WR_E_CLOSED;
        }
        q->start += (size_t)n;
    }
    wr_wqueue_free(q);
    return WR_OK;
}

void wr_wqueue_free(struct wr_wqueue *q)
{
    free(q->bytes);
    *q = (struct wr_wqueue){0};
}
