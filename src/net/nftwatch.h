/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nft watch: whose hand is at weir's table of the packet filter (nfnetlink, NFNLGRP_NFTABLES).
 *
 * The kernel tells of each change of a rule set, and through which socket it came: of nft, that is the number of the process. So a change
 * of weir's own is known from that of another tool (`nft flush ruleset`, a reload of somebody's rules). Messages that were lost are
 * told as well, for nobody knows what was in them: at once, and once more when the kernel loses no more of them.
 *
 * The socket needs CAP_NET_ADMIN when it is opened, and nothing later.
 */
#ifndef WR_NET_NFTWATCH_H
#define WR_NET_NFTWATCH_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* Table inet weir was changed by this port (of nft: its process); 0: messages were lost. */
typedef void wr_nftwatch_hook(void *user, uint32_t port);

/* Calls the hook for each message about the table in one read of the socket. */
void wr_nftwatch_read(const uint8_t *bytes, size_t n, wr_nftwatch_hook *hook, void *user);

struct wr_nftwatch;

/* WR_E_IO: not here, or not permitted (errno). */
int wr_nftwatch_open(int *ret_fd);
/* Takes fd over, also when it fails: WR_E_NOMEM, WR_E_IO. Calls the hook from `loop`, for each port once a turn. */
int wr_nftwatch_start(uv_loop_t *loop, int fd, wr_nftwatch_hook *hook, void *user,
                      struct wr_nftwatch **ret_watch);
/* Closes; the memory is freed when the loop has turned once more. NULL is fine. */
void wr_nftwatch_close(struct wr_nftwatch *w);

#endif
