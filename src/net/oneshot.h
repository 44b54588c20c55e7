/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-shots: a few UDP questions at a time from the main thread's loop, each from a socket of its own.
 *
 * The kernel draws the port of each (RFC 9109 wants that of NTP clients), and the socket is connected, so only the one who was
 * asked is heard. What comes is handed to the hook with the number and id it was sent under; `bytes` NULL: it could not be delivered (ICMP). A new
 * question of a number ends the one before. Closing a handle takes a turn of the loop; after destroy the hook is not called.
 */
#ifndef WR_NET_ONESHOT_H
#define WR_NET_ONESHOT_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/addr.h"

struct wr_oneshots;

typedef void (*wr_oneshot_hook)(void *user, unsigned number, uint32_t id, const uint8_t *bytes,
                                size_t size);

/* Numbers below `count`. WR_E_NOMEM. */
int wr_oneshot_create(uv_loop_t *loop, unsigned count, wr_oneshot_hook hook, void *user,
                      struct wr_oneshots **ret_shots);
/* WR_E_IO: no way there; WR_E_FULL: no descriptor; WR_E_NOMEM. */
int wr_oneshot_send(struct wr_oneshots *shots, unsigned number, uint32_t id,
                    const struct wr_addr *to, const uint8_t *bytes, size_t size);
void wr_oneshot_close(struct wr_oneshots *shots, unsigned number);
void wr_oneshot_destroy(struct wr_oneshots *shots); /* NULL is fine */

#endif
