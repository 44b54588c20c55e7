/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbour ask: which MAC address an address has on an interface, as the kernel has it this moment (RTM_GETNEIGH for one entry; Linux 5.0).
 *
 * The kernel answers before the call that asks returns, in some microseconds; nothing is remembered here, so a device that has changed
 * its MAC address is asked about as it is. Where there is no entry nobody is a neighbour: behind another router, or silent for long.
 */
#ifndef WR_NET_NEIGHBOURASK_H
#define WR_NET_NEIGHBOURASK_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct wr_neighbourask {
    int fd;
    uint32_t seq;
};

/* WR_E_IO (errno). */
int wr_neighbourask_open(struct wr_neighbourask *ret_ask);
/* WR_E_NOTFOUND: no entry, or one without a MAC address; WR_E_IO. */
int wr_neighbourask_mac(struct wr_neighbourask *a, uint32_t ifindex, const struct wr_addr *addr,
                        uint8_t ret_mac[6]);

#endif
