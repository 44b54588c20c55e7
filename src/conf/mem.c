/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/mem.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct wr_conf_block {
    struct wr_conf_block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char room[];
};

enum { BLOCK_SIZE = 8192, ALIGN = alignof(max_align_t) };

void wr_mem_init(struct wr_conf_mem *mem)
{
    memset(mem, 0, sizeof(*mem));
}

static struct wr_conf_block *grow(struct wr_conf_mem *mem, size_t size)
{
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct wr_conf_block *block = calloc(1, sizeof(*block) + room);

    if (!block)
        return NULL;
    block->size = room;
    block->next = mem->blocks;
    mem->blocks = block;
    return block;
}

void *wr_mem_take(struct wr_conf_mem *mem, size_t size)
{
    struct wr_conf_block *block = mem->blocks;
    void *piece;

    size = (size + (size == 0) + ALIGN - 1) / ALIGN * ALIGN;
    if (mem->refuse_after && --mem->refuse_after == 0)
        mem->failed = true;
    if (mem->failed)
        return NULL;
    if (!block || block->size - block->used < size)
        block = grow(mem, size);
    if (!block) {
        mem->failed = true;
        return NULL;
    }
    piece = block->room + block->used;
    block->used += size;
    return piece;
}

char *wr_mem_text(struct wr_conf_mem *mem, const char *text, size_t n)
{
    char *copy = wr_mem_take(mem, n + 1);

    if (copy)
        memcpy(copy, text, n);
    return copy;
}

void wr_mem_free(struct wr_conf_mem *mem)
{
    while (mem->blocks) {
        struct wr_conf_block *block = mem->blocks;

        mem->blocks = block->next;
        free(block);
    }
    memset(mem, 0, sizeof(*mem));
}
