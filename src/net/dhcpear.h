/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dhcpear: hears how devices ask for addresses, on one interface, beside the server that answers them.
 *
 * A packet socket (AF_PACKET), so the port stays the DHCP server's, here or elsewhere. It needs CAP_NET_RAW when it is opened and no
 * privilege after that. A filter in the kernel lets through what goes to the ports of DHCP servers and nothing else, and is locked: whoever
 * took the process over cannot hear more with it. It is bound to its interface as soon as that is there, again when it has come
 * back, and hears nothing before.
 *
 * The hook gets packets from their IP header on; what they say is read in policy/dhcp.h.
 */
#ifndef WR_NET_DHCPEAR_H
#define WR_NET_DHCPEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "net/sock.h"

struct wr_dhcpear;

/* `from`: the MAC address that the frame came from. */
typedef void wr_dhcpear_hook(void *user, uint32_t ifindex, const uint8_t from[6],
                             const uint8_t *packet, size_t n);

/* WR_E_DENIED: there is no privilege for it; other errors as of net/sock.h. */
int wr_dhcpear_open(int *ret_fd, struct wr_sock_error *error);
/* Takes `fd` over, also on failure; `interface` stays the caller's. WR_E_NOMEM, WR_E_IO. */
int wr_dhcpear_hear(uv_loop_t *loop, int fd, const char *interface, wr_dhcpear_hook *hook,
                    void *user, struct wr_dhcpear **ret_ear);
/* Call it every now and then: is its interface there, and heard? */
bool wr_dhcpear_look(struct wr_dhcpear *ear);
/* Closes; the memory is freed when the loop has turned once more. NULL is fine. */
void wr_dhcpear_close(struct wr_dhcpear *ear);

#endif
