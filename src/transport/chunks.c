/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/chunks.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"

struct chunk {
    uint32_t next; /* 1 + index of the next in the chain, or of the next free one */
    uint8_t bytes[WR_CHUNK_ROOM];
};

_Static_assert(sizeof(struct chunk) == WR_CHUNK_SIZE, "a chunk is as large as it says");

static struct chunk *chunk_at(const struct wr_chunks *c, uint32_t number)
{
    wr_assert(number > 0 && number <= c->fresh);
    return (struct chunk *)(void *)(c->base + (size_t)(number - 1) * WR_CHUNK_SIZE);
}

size_t wr_chunks_size(uint32_t count)
{
    return (size_t)count * WR_CHUNK_SIZE;
}

void wr_chunks_init(struct wr_chunks *c, void *block, uint32_t count)
{
    *c = (struct wr_chunks){.base = block, .count = count};
}

static uint32_t chunks_take(struct wr_chunks *c)
{
    uint32_t number = c->free_head;

    if (number != 0) {
        c->free_head = chunk_at(c, number)->next;
    } else {
        number = ++c->fresh;
    }
    chunk_at(c, number)->next = 0;
    c->taken++;
    return number;
}

int wr_chunks_append(struct wr_chunks *c, struct wr_chain_octets *chain, const uint8_t *bytes,
                     size_t size)
{
    size_t used = chain->size % WR_CHUNK_ROOM;
    size_t room = chain->last == 0 || used == 0 ? 0 : WR_CHUNK_ROOM - used;
    size_t want = size > room ? (size - room + WR_CHUNK_ROOM - 1) / WR_CHUNK_ROOM : 0;

    if (want > c->count - c->taken) {
        return WR_E_FULL;
    }
    while (size > 0) {
        size_t n;

        if (room == 0) {
            uint32_t number = chunks_take(c);

            if (chain->last != 0) {
                chunk_at(c, chain->last)->next = number;
            } else {
                chain->first = number;
            }
            chain->last = number;
            room = WR_CHUNK_ROOM;
        }
        n = size < room ? size : room;
        memcpy(chunk_at(c, chain->last)->bytes + (WR_CHUNK_ROOM - room), bytes, n);
        bytes += n;
        size -= n;
        room -= n;
        chain->size += (uint32_t)n;
    }
    return WR_OK;
}

size_t wr_chunks_parts(const struct wr_chunks *c, const struct wr_chain_octets *chain, size_t from,
                       struct wr_chunks_part *ret_part, size_t cap)
{
    uint32_t number = chain->first;
    size_t left = from < chain->size ? chain->size - from : 0;
    size_t parts = 0;

    while (left > 0 && from >= WR_CHUNK_ROOM) {
        number = chunk_at(c, number)->next;
        from -= WR_CHUNK_ROOM;
    }
    for (; left > 0 && parts < cap; parts++) {
        const struct chunk *at = chunk_at(c, number);
        size_t n = WR_CHUNK_ROOM - from;

        n = n < left ? n : left;
        ret_part[parts] = (struct wr_chunks_part){at->bytes + from, n};
        left -= n;
        from = 0;
        number = at->next;
    }
    return parts;
}

size_t wr_chunks_read(const struct wr_chunks *c, const struct wr_chain_octets *chain, size_t from,
                      uint8_t *room, size_t cap)
{
    struct wr_chunks_part part[4];
    size_t done = 0, parts;

    while (done < cap && (parts = wr_chunks_parts(c, chain, from + done, part, 4)) > 0) {
        for (size_t i = 0; i < parts && done < cap; i++) {
            size_t n = part[i].size < cap - done ? part[i].size : cap - done;

            memcpy(room + done, part[i].bytes, n);
            done += n;
        }
    }
    return done;
}

void wr_chunks_give(struct wr_chunks *c, struct wr_chain_octets *chain)
{
    for (uint32_t number = chain->first; number != 0;) {
        struct chunk *at = chunk_at(c, number);
        uint32_t next = at->next;

        at->next = c->free_head;
        c->free_head = number;
        c->taken--;
        number = next;
    }
    *chain = (struct wr_chain_octets){0};
}
