/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uplink: does an interface lead to the Internet?
 *
 * The kernel is asked where a packet to a root server would go, by a UDP socket that is connected to it: no packet is sent, and no
 * privilege is needed. For IPv6 the socket is bound to the interface, since the address that it would get may be another interface's (an uplink
 * with a link-local address alone); for IPv4 it is not, for there a bound one has a way to everywhere.
 */
#ifndef WR_NET_UPLINK_H
#define WR_NET_UPLINK_H

#include <stdbool.h>

#include "base/addr.h"

/* `addr`: one of its addresses. */
bool wr_uplink_is(const char *interface, const struct wr_addr *addr);

#endif
