/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bridged: whether the kernel shows what comes by a bridge to the packet filter before it is the gateway's own (br_netfilter).
 *
 * Then a socket that tproxy has found is lost on the way from the bridge to IP, and the packet with it: nobody answers and nobody is told. Docker and
 * libvirt switch it on. It is known from /proc/sys/net/bridge and from the bridge itself; where /proc shows processes alone (ProcSubset=pid)
 * the module that is loaded stands for it, for it is on unless somebody has said otherwise.
 */
#ifndef WR_NET_BRIDGED_H
#define WR_NET_BRIDGED_H

#include <stdbool.h>

/* Is this interface a bridge? */
bool wr_bridged_is(const char *interface);
/* Is what comes by this bridge shown to the filter early? `root` stands before /proc and /sys: "", but for tests. */
bool wr_bridged_is_filtered(const char *root, const char *bridge);

#endif
