/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helper: the small process that keeps the privilege to open listeners.
 *
 * `weir serve` needs its privilege for one thing only after the start: a reload that listens on a new address
 * with a port below 1024. So before any thread starts, and before privileges are dropped, a child is forked
 * that keeps CAP_NET_BIND_SERVICE and nothing else; it knows one message, "open this listener", checks each field of it, and sends
 * the socket back (SCM_RIGHTS). It reads no file and no packet, and ends when the parent does.
 *
 * Without privilege to keep there is no helper, and listeners are opened by the caller itself.
 */
#ifndef WR_SERVE_HELPER_H
#define WR_SERVE_HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"
#include "engine/event.h"
#include "net/sock.h"

struct wr_helper {
    int fd; /* -1: there is none */
    pid_t pid;
};

/* Forks one when there is a privilege worth keeping. Call it while there is one thread. WR_E_IO. */
int wr_helper_start(struct wr_helper *ret_helper);
/* Opens a bound (UDP) or listening (TCP) socket, through the helper where there is one. `probe`: refuse a port
 * that another process has. Errors as in net/sock.h. */
int wr_helper_listen(struct wr_helper *h, enum wr_client_transport transport,
                     const struct wr_addr *addr, bool probe, int *ret_fd,
                     struct wr_sock_error *error);
/* Ends the child and waits for it. */
void wr_helper_stop(struct wr_helper *h);

#endif
