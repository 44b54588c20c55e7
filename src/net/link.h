/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link: says when links, addresses or routes of this host change (rtnetlink).
 *
 * A change of the uplink makes every old opinion about upstreams worthless: suspicion must end at once, not
 * when a back-off is over. Bursts (an interface going up sends a dozen messages) become one call, a short
 * while after the last message but never more than a second after the first. Messages that repeat what was so before (a
 * bridge about its ports, an address whose lease was renewed) are no change. Needs no privilege; where netlink
 * is not to be had (a sandbox, another kernel) the watcher cannot be created and the caller goes on without.
 */
#ifndef WR_NET_LINK_H
#define WR_NET_LINK_H

#include <uv.h>

struct wr_link;

typedef void wr_link_hook(void *user);

/* WR_E_IO: no netlink here (errno). Calls hook(user) from `loop`. */
int wr_link_watch(uv_loop_t *loop, wr_link_hook *hook, void *user, struct wr_link **ret_link);
/* Closes; the memory is freed when the loop has turned once more. NULL is fine. */
void wr_link_close(struct wr_link *link);

#endif
