/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring: records of bytes from one producer to one consumer, without locks.
 *
 * Event records go through one to the ledger; questions and answers go through
 * one between each pair of workers. When there is no room the record is
 * dropped and counted: nobody ever waits (design section 2).
 *
 * Memory: a block handed in, at least 4 KiB, rounded down to a power of two for
 * the data. Records are at most a quarter of the data.
 */
#ifndef WR_BASE_RING_H
#define WR_BASE_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct wr_ring {
    uint8_t *data;
    uint32_t size;                      /* power of two */
    _Alignas(64) _Atomic uint64_t head; /* written by the producer */
    uint32_t pending;                   /* the producer's: octets reserved and not yet published */
    _Alignas(64) _Atomic uint64_t tail; /* written by the consumer */
    _Alignas(64) _Atomic uint64_t dropped;
};

void wr_ring_init(struct wr_ring *r, void *block, size_t size_bytes);
/* Room for one record of n bytes, contiguous, or NULL (counted as dropped). */
void *wr_ring_reserve(struct wr_ring *r, uint32_t n);
void wr_ring_commit(struct wr_ring *r); /* publishes what was reserved last */
/* The oldest record, in place, or NULL; wr_ring_pop gives its room back. */
const void *wr_ring_peek(struct wr_ring *r, uint32_t *ret_n);
void wr_ring_pop(struct wr_ring *r);

#endif
