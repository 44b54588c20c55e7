/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/ticketbox.h"

#include <string.h>

#include "base/time.h"

void wr_ticketbox_init(struct wr_ticketbox *b, uint8_t *octets)
{
    *b = (struct wr_ticketbox){.octets = octets};
}

static struct wr_ticketbox_place *find(struct wr_ticketbox *b, uint16_t slot)
{
    for (unsigned i = 0; i < WR_TICKETS_MAX; i++) {
        if (b->place[i].put && b->place[i].slot == slot) {
            return &b->place[i];
        }
    }
    return NULL;
}

static struct wr_ticketbox_place *oldest(struct wr_ticketbox *b)
{
    struct wr_ticketbox_place *best = &b->place[0];
    for (unsigned i = 1; i < WR_TICKETS_MAX; i++) {
        if (b->place[i].put < best->put) {
            best = &b->place[i];
        }
    }
    return best;
}

static uint8_t *octets_of(struct wr_ticketbox *b, const struct wr_ticketbox_place *p)
{
    return b->octets + (size_t)(p - b->place) * WR_TICKET_OCTETS_MAX;
}

void wr_ticketbox_put(struct wr_ticketbox *b, uint16_t slot, uint32_t generation,
                      uint64_t proven_us, const uint8_t *ticket, size_t size)
{
    if (size == 0 || size > WR_TICKET_OCTETS_MAX) {
        return;
    }
    struct wr_ticketbox_place *p = find(b, slot);
    p = p ? p : oldest(b);
    *p = (struct wr_ticketbox_place){++b->puts, proven_us, generation, (uint32_t)size, slot};
    memcpy(octets_of(b, p), ticket, size);
}

const uint8_t *wr_ticketbox_take(struct wr_ticketbox *b, uint16_t slot, uint32_t generation,
                                 uint64_t now_us, uint64_t *ret_proven_us, size_t *ret_size)
{
    struct wr_ticketbox_place *p = find(b, slot);
    if (!p || p->generation != generation) {
        return NULL;
    }
    p->put = 0;
    if (now_us >= p->proven_us + WR_TICKET_PROOF_S * WR_S) {
        return NULL;
    }
    *ret_proven_us = p->proven_us;
    *ret_size = p->size;
    return octets_of(b, p);
}

void wr_ticketbox_drop(struct wr_ticketbox *b, unsigned i)
{
    memset(octets_of(b, &b->place[i]), 0, b->place[i].size);
    b->place[i] = (struct wr_ticketbox_place){0};
}

void wr_ticketbox_clear(struct wr_ticketbox *b)
{
    for (unsigned i = 0; i < WR_TICKETS_MAX; i++) { /* memory that was never used stays so */
        wr_ticketbox_drop(b, i);
    }
}
