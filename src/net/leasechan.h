/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lease channel: one worker's way to the process that opens the firewall.
 *
 * Asks of one turn of the loop are gathered and go as one message at its end, which is one transaction of the kernel; what is said to them
 * comes back as events. Nothing waits here: where there is no channel, or it is full or broken, each ask is refused at once,
 * by an event as well, and the segment's `fail` decides. A channel that has said nonsense is closed; there is no other until
 * weir is started anew, for who had the privilege is gone.
 */
#ifndef WR_NET_LEASECHAN_H
#define WR_NET_LEASECHAN_H

#include <uv.h>

#include "net/feed.h"
#include "policy/lease.h"

struct wr_leasechan;

/* Takes `fd` over, also when it fails; -1: there is no channel. WR_E_NOMEM, WR_E_IO. The feed lives longer. */
int wr_leasechan_open(uv_loop_t *loop, int fd, const struct wr_feed *feed,
                      struct wr_leasechan **ret_chan);
void wr_leasechan_ask(struct wr_leasechan *c, const struct wr_lease_ask *ask);
/* The end of a turn, outside of any feed. */
void wr_leasechan_flush(struct wr_leasechan *c);
/* Before the loop's last turn; and its memory, after that. NULL is fine. */
void wr_leasechan_close(struct wr_leasechan *c);
void wr_leasechan_destroy(struct wr_leasechan *c);

#endif
