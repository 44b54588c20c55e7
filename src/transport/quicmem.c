/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/quicmem.h"

#include <string.h>

#include "base/list.h"
#include "transport/quicver.h"

struct block {
    struct wr_list node;
    size_t size; /* with this head */
    size_t pad;  /* what follows is aligned to 16 */
};

_Static_assert(sizeof(ngtcp2_mem) <= sizeof(((struct wr_quic *)0)->mem), "room");

static void *mem_take(struct wr_quic *q, size_t size)
{
    struct block *b = NULL;

    if (size < SIZE_MAX / 2 && q->memory + size + sizeof(*b) <= q->env->each_max &&
        q->env->memory + size + sizeof(*b) <= q->env->memory_max) {
        b = gnutls_malloc(size + sizeof(*b));
    }
    if (b == NULL) {
        q->ran_out = true;
        return NULL;
    }
    b->size = size + sizeof(*b);
    q->memory += b->size;
    q->env->memory += b->size;
    wr_list_append(&q->blocks, &b->node);
    return b + 1;
}

static void mem_give(struct wr_quic *q, void *at)
{
    if (at != NULL) {
        struct block *b = (struct block *)at - 1;

        q->memory -= b->size;
        q->env->memory -= b->size;
        wr_list_remove(&b->node);
        gnutls_free(b);
    }
}

static void *mem_malloc(size_t size, void *user)
{
    return mem_take(user, size);
}

static void mem_free(void *at, void *user)
{
    mem_give(user, at);
}

static void *mem_calloc(size_t count, size_t size, void *user)
{
    void *at = size != 0 && count > SIZE_MAX / size ? NULL : mem_take(user, count * size);

    return at == NULL ? NULL : memset(at, 0, count * size);
}

static void *mem_realloc(void *at, size_t size, void *user)
{
    void *to = mem_take(user, size);

    if (to != NULL && at != NULL) {
        size_t before = ((struct block *)at - 1)->size - sizeof(struct block);

        memcpy(to, at, before < size ? before : size);
        mem_give(user, at);
    }
    return to;
}

void wr_quic_mem_init(struct wr_quic *q)
{
    ngtcp2_mem *mem = (ngtcp2_mem *)(void *)q->mem;

    wr_list_init(&q->blocks);
    *mem = (ngtcp2_mem){q, mem_malloc, mem_free, mem_calloc, mem_realloc};
}

void wr_quic_mem_end(struct wr_quic *q)
{
    while (!wr_list_empty(&q->blocks)) {
        mem_give(q, WR_CONTAINER(q->blocks.next, struct block, node) + 1);
    }
}
