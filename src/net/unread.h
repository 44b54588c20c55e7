/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unread: how a client takes the answers that wait for it, from when the first had to wait until none does.
 *
 *     wr_unread_begin(&u, now_us)   wr_unread_took(&u, octets, now_us)
 *     wr_unread_end(&u, read_ms)    when its time is over, if it takes no more
 *     wr_unread_is_deaf(&u, now_us) it may give way to who comes
 *
 * Of a stream it is what the client's kernel has confirmed; of HTTP/2 what its window has let out. An octet now and then is nothing (WR_READ_RATE): each second is paid for with so many octets beyond the time that everybody has, so who is slow and
 * takes what it can keeps its connection, and who drips is closed like who takes none.
 */
#ifndef WR_NET_UNREAD_H
#define WR_NET_UNREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/time.h"

struct wr_unread {
    uint64_t since_us;
    uint64_t taken;    /* octets since then */
    uint64_t taken_us; /* when it had taken enough last */
    uint64_t counted;  /* of taken, until then */
};

static inline void wr_unread_begin(struct wr_unread *u, uint64_t now_us)
{
    *u = (struct wr_unread){.since_us = now_us, .taken_us = now_us};
}

static inline void wr_unread_took(struct wr_unread *u, uint64_t octets, uint64_t now_us)
{
    u->taken += octets;
    if (u->taken - u->counted >= WR_READ_RATE * WR_UNREAD_MS / 1000) {
        u->counted = u->taken;
        u->taken_us = now_us;
    }
}

static inline uint64_t wr_unread_end(const struct wr_unread *u, uint32_t read_ms)
{
    return u->since_us + read_ms * WR_MS + u->taken * WR_S / WR_READ_RATE;
}

static inline bool wr_unread_is_deaf(const struct wr_unread *u, uint64_t now_us)
{
    return now_us >= u->taken_us + WR_UNREAD_MS * WR_MS;
}

#endif
