/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conntrack load: how full the kernel's table of connections is, and who has most of it (ctnetlink).
 *
 * A table that is full lets nobody begin anything, whatever the rules say, for the kernel drops such packets before it looks at a rule; it counts
 * them. All that is a question of a few microseconds. Who has filled it is told by a sample: the list comes in the order of a hash that
 * nobody knows, so its first thousand entries are as good as any, and nobody waits for a quarter of a million.
 *
 * Needs CAP_NET_ADMIN. Waits for the kernel, so not for a worker.
 */
#ifndef WR_NET_CONNTRACKLOAD_H
#define WR_NET_CONNTRACKLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct wr_conntrackload {
    uint32_t entries, most; /* most 0: not known */
    uint32_t dropped;       /* packets that found no room, by all processors; goes round at 2^32 */
};

/* Who began most of those that were looked at. */
struct wr_conntracktop {
    struct wr_addr addr;
    uint32_t count, of; /* of 0: there are none */
};

/* What one read of the socket says goes into *load. WR_OK: that was the end; WR_E_AGAIN: more is to come; WR_E_IO: the kernel says no (errno). */
int wr_conntrackload_read(const uint8_t *bytes, size_t n, uint32_t seq,
                          struct wr_conntrackload *load);
/* `fd`: one of net/nlask. WR_E_IO: the kernel has no such table, or does not say (errno). */
int wr_conntrackload_ask(int fd, struct wr_conntrackload *ret_load);
/* Puts the addresses in order, and says which of them is there most often. */
void wr_conntrackload_count(struct wr_addr *addr, size_t n, struct wr_conntracktop *ret_top);
/* Looks at WR_CONNTRACK_SAMPLE_MAX entries. WR_E_IO. */
int wr_conntrackload_top(struct wr_conntracktop *ret_top);

#endif
