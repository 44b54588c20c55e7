/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conntrack: connections that the kernel tracks, and how those of some addresses are forgotten (ctnetlink).
 *
 * A rule that drops is enough for packets that go through the rules. What was handed to a flow table, in software or in the card, does not, and
 * whoever translates addresses keeps a place for the connection: so the entries are deleted, and the next packet is judged like the first.
 *
 * The kernel cannot be asked for the entries of an address: all are listed, and those that have it at either end, before or after
 * translation, are deleted one by one. Of a public address those alone that began at it: whoever has claimed a server's address is no reason to end
 * what others have with that server. Needs CAP_NET_ADMIN. Waits for the kernel, so not for a worker.
 */
#ifndef WR_NET_CONNTRACK_H
#define WR_NET_CONNTRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/* One entry of the list. */
struct wr_conntrack {
    struct wr_addr addr
        [4]; /* source and destination as it began, and of the answers; of the second alone the port */
    const uint8_t *tuple; /* the attribute that names it, as the kernel wrote it */
    size_t tuple_size;
    uint16_t zone; /* in the kernel's order of octets */
    uint32_t id;   /* likewise */
    bool has_zone, has_id;
};

typedef void wr_conntrack_hook(void *user, const struct wr_conntrack *entry);

/* Calls the hook for each entry in one read of the socket. True: that was the end of the list. */
bool wr_conntrack_read(const uint8_t *bytes, size_t n, uint32_t seq, wr_conntrack_hook *hook,
                       void *user);
/* Is it one of those that go with this address? */
bool wr_conntrack_is_of(const struct wr_conntrack *entry, const struct wr_addr *addr);
/* Began it to this port, and were addresses changed on the way? Its packets come to a socket here with another's source. */
bool wr_conntrack_is_changed(const struct wr_conntrack *entry, uint16_t port);
/* Deletes the entries of these addresses, WR_CONNTRACK_CUT_MAX at most. WR_E_IO: the kernel has none, or refuses (errno). */
int wr_conntrack_cut(const struct wr_addr *addr, size_t count, uint32_t *ret_cut);
/* The same of those that are wr_conntrack_is_changed. */
int wr_conntrack_cut_changed(uint16_t port, uint32_t *ret_cut);

#endif
