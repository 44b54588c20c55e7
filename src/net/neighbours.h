/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbours: which MAC address is behind which IP address, as the kernel has it (rtnetlink).
 *
 * What changes is told as it happens; a dump tells all that there is, at the start, when it is asked for, and by itself when the
 * kernel had to throw messages away because there were too many (ENOBUFS): so nothing is missed for longer than a
 * second. The messages are the kernel's, what is in them is whatever strangers answered to ARP and neighbour solicitations.
 *
 * Needs no privilege; where netlink is not to be had the watcher cannot be created and the caller goes on without.
 */
#ifndef WR_NET_NEIGHBOURS_H
#define WR_NET_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/addr.h"

struct wr_neighbour {
    struct wr_addr addr;
    uint32_t ifindex;
    uint8_t mac[6];
    bool confirmed; /* it is there now (NUD_REACHABLE), or the owner has said so (NUD_PERMANENT) */
    bool news;      /* the kernel was told this moment; else it is part of a dump */
};

/* NULL, of a watcher alone: some have changed and nobody knows which; a dump follows within a second. */
typedef void wr_neighbours_hook(void *user, const struct wr_neighbour *neighbour);

/* What else a read has met. */
enum wr_neighbours_met {
    WR_NEIGHBOURS_DONE = 1, /* the end of a dump */
    WR_NEIGHBOURS_LOST = 2, /* the dump is not whole, or the kernel refused it: ask again */
};

/* Calls the hook for each neighbour with a MAC address in one read of the socket; `seq` is that of the dump. Returns what it met: bits. */
unsigned wr_neighbours_read(const uint8_t *bytes, size_t n, uint32_t seq, wr_neighbours_hook *hook,
                            void *user);

struct wr_neighbours;

/* WR_E_IO: no netlink here (errno). Asks for a dump at once; calls the hook from `loop`. */
int wr_neighbours_watch(uv_loop_t *loop, wr_neighbours_hook *hook, void *user,
                        struct wr_neighbours **ret_watch);
void wr_neighbours_dump(struct wr_neighbours *w);
/* Dumps that were whole, and times that messages were lost, since the start. */
uint64_t wr_neighbours_dumps(const struct wr_neighbours *w);
uint64_t wr_neighbours_losses(const struct wr_neighbours *w);
/* Closes; the memory is freed when the loop has turned once more. NULL is fine. */
void wr_neighbours_close(struct wr_neighbours *w);

#endif
