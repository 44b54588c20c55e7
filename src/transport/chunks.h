/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks: messages of any length in a pool of small equal pieces, for streams that wait.
 *
 * A QUIC library keeps no copy of what is sent: the octets must stay where they are until the other side has
 * confirmed them. A message is therefore a chain of chunks from one pool, and ngtcp2 is given a few of
 * them at a time (wr_chunks_parts). A chain grows at its end and is given back as a whole.
 *
 * Memory: one block, handed in, becomes real where it is used. When it is full an append fails (WR_E_FULL) and
 * leaves the chain as it was.
 */
#ifndef WR_TRANSPORT_CHUNKS_H
#define WR_TRANSPORT_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

/* One chunk with its link: most answers fit in one or two. */
enum { WR_CHUNK_SIZE = 256, WR_CHUNK_ROOM = WR_CHUNK_SIZE - 4 };

struct wr_chunks {
    uint8_t *base;
    uint32_t count;
    uint32_t fresh; /* chunks from here on were never used */
    uint32_t free_head;
    uint32_t taken;
};

/* Zero it: an empty chain. */
struct wr_chain_octets {
    uint32_t first, last; /* 1 + index; 0: none */
    uint32_t size;        /* octets in it */
};

struct wr_chunks_part {
    const uint8_t *bytes;
    size_t size;
};

size_t wr_chunks_size(uint32_t count);
void wr_chunks_init(struct wr_chunks *c, void *block, uint32_t count);
/* WR_E_FULL: nothing was appended. */
int wr_chunks_append(struct wr_chunks *c, struct wr_chain_octets *chain, const uint8_t *bytes,
                     size_t size);
/* The octets from `from` on, in at most `cap` parts. How many parts. */
size_t wr_chunks_parts(const struct wr_chunks *c, const struct wr_chain_octets *chain, size_t from,
                       struct wr_chunks_part *ret_part, size_t cap);
/* Copies out at most `cap` octets from `from` on. How many. */
size_t wr_chunks_read(const struct wr_chunks *c, const struct wr_chain_octets *chain, size_t from,
                      uint8_t *room, size_t cap);
/* Gives all back; the chain is empty then. */
void wr_chunks_give(struct wr_chunks *c, struct wr_chain_octets *chain);

#endif
