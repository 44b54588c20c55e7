/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leasing: a reply to one who may reach only what was answered to him waits until the firewall is open to its addresses.
 *
 *     wr_leasing_look      settings have come: is there anybody of whom that is so?
 *     wr_leasing_hold      a reply is about to leave: true, it waits, and the action is LEASE
 *     wr_leasing_said      what the firewall says (WR_EVENT_LEASE): the reply, into e->ready
 *     wr_leasing_poll      the reply that has waited too long
 *
 * It is the last thing before a reply is recorded and sent, whatever it was made of, and behind response rate limiting, which looks at what was
 * asked and not at who may reach what. Most replies go on at once: to others than clients of a segment with `reach: answered`, without addresses,
 * or with addresses that the mirror (policy/leasemirror) has for long enough: for what the client may remember and half the grace. A
 * lease is given for the whole of it, so another hit of the same entry of the cache needs none; and the half is time for the kernel's
 * own rounding, and for the connection that is opened in the last second.
 *
 *     wait --> said: granted --> without what was not granted, noted in the mirror, sent
 *         \--> said: failed, or WR_LEASE_WAIT_US are over, or there was no place to wait --> the segment's `fail`: as it is, or SERVFAIL
 *
 * A reply waits in a place of a fixed pool with a copy of its octets; the id of the place has a generation, and what is said too late is of
 * no place. Whoever asked may be gone (wr_leasing_gone), or in no such segment any more: then it is sent.
 */
#ifndef WR_ENGINE_LEASING_H
#define WR_ENGINE_LEASING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/pool.h"
#include "base/time.h"
#include "engine/asker.h"
#include "engine/event.h"
#include "engine/leasable.h"

struct wr_engine;
struct wr_outcome;

struct wr_leasing {
    bool on; /* there are segments with leases, and there is a mirror */
    struct wr_pool small, large;
    struct wr_list waiting; /* the oldest first */
    struct wr_leasable_room *room;
};

size_t wr_leasing_size(void);
/* `block` NULL: nobody has leases. */
void wr_leasing_init(struct wr_leasing *l, void *block);
void wr_leasing_look(struct wr_engine *e);

/* False: the reply goes on; its octets may be fewer, and `o` another. */
bool wr_leasing_hold(struct wr_engine *e, const struct wr_asker *a, struct wr_outcome *o,
                     uint8_t *bytes, size_t *size, const struct wr_now *now,
                     struct wr_action *ret_action);
void wr_leasing_said(struct wr_engine *e, const struct wr_lease_said *said,
                     const struct wr_now *now);
bool wr_leasing_poll(struct wr_engine *e, const struct wr_now *now, struct wr_action *ret_action);
uint64_t wr_leasing_deadline(const struct wr_leasing *l); /* WR_TIME_NEVER: none waits */
/* Replies of a connection that is over. */
void wr_leasing_gone(struct wr_leasing *l, const struct wr_client *gone);
uint32_t wr_leasing_count(const struct wr_leasing *l);

#endif
