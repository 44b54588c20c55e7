/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticketbox: session tickets of upstreams, for the next connection to the same one (RFC 8446 section 2.2).
 *
 * A ticket stands for what was proven when it was given: it is kept under the server's slot and that slot's generation, and is
 * dropped when other settings may ask for other proof. Each is used once (RFC 8446 appendix C.4),
 * so that nobody on the way can tell two connections to be one client's. When the box is full the oldest leaves.
 *
 * A server gives a new ticket to a session that was resumed by an old one. Each has the time of the proof at the beginning of its row,
 * and none is given out when that is WR_TICKET_PROOF_S ago: a server whose certificate has expired could go on for ever.
 *
 * Memory: handed in, of a fixed size. A worker has one; nothing of it is shared.
 */
#ifndef WR_RESOLVE_TICKETBOX_H
#define WR_RESOLVE_TICKETBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

struct wr_ticketbox {
    struct wr_ticketbox_place {
        uint64_t put; /* counts up; 0: empty */
        uint64_t proven_us;
        uint32_t generation, size;
        uint16_t slot;
    } place[WR_TICKETS_MAX];
    uint64_t puts;
    uint8_t *octets; /* WR_TICKET_OCTETS_MAX for each place */
};

/* What a server proved is proven again after this, however many tickets in a row stand for it (RFC 8446 section 4.6.1). */
#define WR_TICKET_PROOF_S 86400

#define WR_TICKETBOX_SIZE ((size_t)WR_TICKETS_MAX * WR_TICKET_OCTETS_MAX)

/* `octets` are WR_TICKETBOX_SIZE. */
void wr_ticketbox_init(struct wr_ticketbox *b, uint8_t *octets);
/* One that is too large, or empty, is not kept. */
void wr_ticketbox_put(struct wr_ticketbox *b, uint16_t slot, uint32_t generation,
                      uint64_t proven_us, const uint8_t *ticket, size_t size);
/* Takes the ticket out: its octets stay until the next put. NULL: there is none. `ret_proven_us`: when its server proved itself. */
const uint8_t *wr_ticketbox_take(struct wr_ticketbox *b, uint16_t slot, uint32_t generation,
                                 uint64_t now_us, uint64_t *ret_proven_us, size_t *ret_size);
/* That of place `i`. */
void wr_ticketbox_drop(struct wr_ticketbox *b, unsigned i);
void wr_ticketbox_clear(struct wr_ticketbox *b);

#endif
