/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink ask: a socket for questions to the kernel, which are answered at once.
 *
 * An answer that does not come is waited for two seconds at most (EAGAIN then). What the kernel tells by itself has sockets of other makes (net/link, net/neighbours, net/nftwatch).
 */
#ifndef WR_NET_NLASK_H
#define WR_NET_NLASK_H

/* `protocol`: NETLINK_ROUTE, NETLINK_NETFILTER. WR_E_IO (errno). The caller closes it. */
int wr_nlask_open(int protocol, int *ret_fd);

#endif
