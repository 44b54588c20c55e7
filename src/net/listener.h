/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listener: one listening socket of a loop, polled; each part (UDP, TCP, QUIC) has a row of them, by number.
 *
 *     wr_listener_init(row)                                       none is there
 *     err = wr_listener_add(row, loop, number, fd, &addr, on_poll)   the descriptor is taken over when it gives WR_OK
 *     l = wr_listener_get(row, number)                            NULL: there is none
 *     wr_listener_remove(l)                                       its place is free once the loop has turned
 *
 * In the call-back: wr_listener_of(poll, status). When the socket has an error, libuv has stopped to poll; it is begun again there, for the
 * error is read like anything else.
 */
#ifndef WR_NET_LISTENER_H
#define WR_NET_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/addr.h"
#include "net/limits.h"

struct wr_listener {
    uv_poll_t poll;
    uv_poll_cb on_poll;
    void *owner; /* whoever has the row */
    struct wr_addr addr;
    int fd; /* -1: none */
    uint16_t number;
    uint8_t transport; /* enum wr_client_transport, for parts that have several */
    bool wildcard;     /* answers leave from whatever address was asked */
    bool foreign;      /* and that is another's (policy/hairpin) */
    bool
        informed; /* of a datagram is told by what interface it came in; of a wildcard also to what address */
    bool closing; /* libuv still has the handle */
};

struct wr_listener_row {
    struct wr_listener at[WR_NET_LISTENERS_MAX];
};

void wr_listener_init(struct wr_listener_row *row, void *owner);
/* WR_E_EXISTS, WR_E_RANGE (number), WR_E_IO. */
int wr_listener_add(struct wr_listener_row *row, uv_loop_t *loop, uint16_t number, int fd,
                    const struct wr_addr *addr, uv_poll_cb on_poll);
/* As above, without an error: WR_E_EXISTS or WR_E_RANGE is what `add` would say. */
int wr_listener_may_add(const struct wr_listener_row *row, uint16_t number);
struct wr_listener *wr_listener_get(struct wr_listener_row *row, uint16_t number);
struct wr_listener *wr_listener_of(uv_poll_t *poll, int status);
/* Of datagrams from here on the interface is wanted, at all that are in the row now. Those that wait in a socket already have none. */
void wr_listener_inform(struct wr_listener_row *row);
void wr_listener_remove(struct wr_listener *l);

#endif
