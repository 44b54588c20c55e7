/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notify: what the service manager is told, and the sockets it hands over (sd_notify(3), sd_listen_fds(3)).
 *
 * Both protocols are a few lines of text in the environment and on a datagram socket; no library is needed. Without
 * NOTIFY_SOCKET every call does nothing.
 */
#ifndef WR_SERVE_NOTIFY_H
#define WR_SERVE_NOTIFY_H

#include <stdint.h>

#include "base/addr.h"
#include "engine/event.h"

#define WR_NOTIFY_SOCKETS_MAX 64

/* Opens the way to the manager and takes its variables out of the environment. Once, before privileges change. */
void wr_notify_start(void);
void wr_notify_ready(void);
void wr_notify_reloading(
    uint64_t mono_us); /* RELOADING=1 with MONOTONIC_USEC; then wr_notify_ready */
void wr_notify_stopping(void);
void wr_notify_status(const char *text); /* one line for systemctl status */
void wr_notify_alive(void);              /* WATCHDOG=1 */
/* Microseconds between two signs of life (half of what the manager wants), 0: none wanted. */
uint64_t wr_notify_alive_us(void);

/* A socket that the manager opened: found to be a bound UDP socket or a listening TCP socket of IPv4 or IPv6. */
struct wr_notify_socket {
    int fd;
    uint8_t transport; /* enum wr_client_transport */
    struct wr_addr addr;
};

/* The sockets handed over with LISTEN_FDS, non-blocking and close-on-exec; what is something else is closed and
 * named in the log. Returns how many. */
unsigned wr_notify_sockets(struct wr_notify_socket *ret_sockets, unsigned cap);

#endif
