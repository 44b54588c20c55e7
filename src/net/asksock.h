/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ask socket: one socket of a client that waits for it: every call ends by a deadline of the monotonic clock.
 *
 *     wr_asksock_begin(&s, timeout_ms);
 *     err = wr_asksock_open(&s, SOCK_STREAM, &server, &from);     WR_OK may come before the stream is connected
 *     err = wr_asksock_send(&s, bytes, n);                        all of it, waiting where it must
 *     err = wr_asksock_wait(&s, POLLIN);
 *     wr_asksock_end(&s);
 *
 * WR_E_TIMEOUT: the deadline; WR_E_IO: the system refused, `number` is errno and `error` a sentence. The socket is never blocking.
 */
#ifndef WR_NET_ASKSOCK_H
#define WR_NET_ASKSOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define WR_ASKSOCK_ERROR_SIZE 160

struct wr_asksock {
    int fd;                     /* -1: none */
    const _Atomic bool *cancel; /* or NULL; true ends all waiting, as a time-out */
    uint64_t started_us, deadline_us;
    int number;
    char error[WR_ASKSOCK_ERROR_SIZE];
};

void wr_asksock_begin(struct wr_asksock *s, uint32_t timeout_ms, const _Atomic bool *cancel);
int wr_asksock_open(struct wr_asksock *s, int type, const struct wr_addr *server,
                    const struct wr_addr *from);
/* Until it is ready for `events` (POLLIN, POLLOUT), or until_us, which may be beyond the deadline. */
int wr_asksock_wait(struct wr_asksock *s, short events, uint64_t until_us);
/* A stream that was opened is there: waits for it. */
int wr_asksock_connected(struct wr_asksock *s);
int wr_asksock_send(struct wr_asksock *s, const uint8_t *bytes, size_t n);
/* Octets that are there, or one datagram. WR_E_AGAIN: none; WR_E_CLOSED: the end of a stream. */
int wr_asksock_read(struct wr_asksock *s, uint8_t *room, size_t cap, size_t *ret_n);
/* Closes; what it took since wr_asksock_begin, in microseconds. */
uint32_t wr_asksock_end(struct wr_asksock *s);
uint64_t wr_asksock_now_us(void);
/* WR_E_IO, and what errno says, with `what` before it. */
int wr_asksock_error(struct wr_asksock *s, const char *what);

#endif
