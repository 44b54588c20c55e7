/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/check.h"
#include "base/pool.h"

#define ALIGN 16

static size_t round_up(size_t n)
{
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* Layout of the block: objects, generations, next_free. */
size_t wr_pool_size(size_t object_size, uint32_t count)
{
    return round_up(object_size) * count + 2 * sizeof(uint32_t) * (size_t)count + ALIGN;
}

void wr_pool_init(struct wr_pool *p, void *block, size_t object_size, uint32_t count)
{
    uint8_t *at = (uint8_t *)block + (-(uintptr_t)block & (ALIGN - 1));

    p->objects = at;
    p->object_size = p->clear_size = round_up(object_size);
    at += p->object_size * count;
    p->generations = (uint32_t *)(void *)at;
    p->next_free = p->generations + count;
    p->count = count;
    p->taken = 0;
    p->free_head = 0;
    for (uint32_t i = 0; i < count; i++) {
        p->generations[i] = 0;
        p->next_free[i] = i + 1;
    }
}

void wr_pool_clear_less(struct wr_pool *p, size_t size)
{
    wr_assert(size <= p->object_size);
    p->clear_size = size;
}

void *wr_pool_take(struct wr_pool *p, wr_id *ret_id)
{
    uint32_t i = p->free_head;
    uint8_t *object;

    if (i >= p->count) {
        return NULL;
    }
    object = p->objects + i * p->object_size;
    p->free_head = p->next_free[i];
    p->generations[i]++;
    p->taken++;
    memset(object, 0, p->clear_size);
    *ret_id = (wr_id)p->generations[i] << 32 | i;
    return object;
}

void *wr_pool_get(const struct wr_pool *p, wr_id id)
{
    uint32_t i = (uint32_t)id;
    uint32_t generation = (uint32_t)(id >> 32);

    if (i >= p->count || (generation & 1) == 0 || p->generations[i] != generation) {
        return NULL;
    }
    return p->objects + i * p->object_size;
}

void wr_pool_give(struct wr_pool *p, wr_id id)
{
    uint32_t i = (uint32_t)id;

    wr_assert(wr_pool_get(p, id) != NULL);
    p->generations[i]++;
    p->taken--;
    p->next_free[i] = p->free_head;
    p->free_head = i;
}

void *wr_pool_at(const struct wr_pool *p, uint32_t index, wr_id *ret_id)
{
    if (index >= p->count || (p->generations[index] & 1) == 0) {
        return NULL;
    }
    *ret_id = (wr_id)p->generations[index] << 32 | index;
    return p->objects + index * p->object_size;
}

wr_id wr_pool_id(const struct wr_pool *p, const void *object)
{
    size_t i = (size_t)((const uint8_t *)object - p->objects) / p->object_size;

    wr_assert((const uint8_t *)object >= p->objects && i < p->count && (p->generations[i] & 1));
    return (wr_id)p->generations[i] << 32 | i;
}
