/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routers: hears router advertisements, and asks for them (RFC 4861 sections 4.1, 6.1.2, 6.3.7).
 *
 * One raw ICMPv6 socket for all interfaces. It needs CAP_NET_RAW when it is opened and no privilege after that. The kernel lets
 * through nothing but router advertisements and has looked at the checksum; here is looked at what only their envelope says: the hop limit is 255,
 * so that they come from this link, and the sender is link-local. The hook gets those, with the interface they came by as
 * the scope of the sender; what they say is not read here (transport/routeradv.h).
 */
#ifndef WR_NET_ROUTERS_H
#define WR_NET_ROUTERS_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "net/sock.h"

struct wr_routers;

typedef void (*wr_routers_hook)(void *user, const struct wr_addr *router, const uint8_t *message,
                                size_t size);

/* WR_E_DENIED: there is no privilege for it; other errors as of net/sock.h. */
int wr_routers_open(int *ret_fd, struct wr_sock_error *error);
/* Takes `fd` over, also on failure. WR_E_NOMEM, WR_E_IO. */
int wr_routers_hear(uv_loop_t *loop, int fd, wr_routers_hook hook, void *user,
                    struct wr_routers **ret_routers);
/* To all routers of the link. WR_E_IO: the interface has no link-local address yet, or is down. */
int wr_routers_ask(struct wr_routers *routers, uint32_t ifindex, const uint8_t *message,
                   size_t size);
/* Closes; the memory is freed when the loop has turned once more. NULL is fine. */
void wr_routers_close(struct wr_routers *routers);

#endif
