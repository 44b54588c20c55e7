/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pool: a fixed number of equal objects with handles instead of pointers.
 *
 * A handle is an index and a generation. Whoever comes late with the handle of
 * an object that was given back gets NULL: this is what crosses every border
 * between the engine and the world (design: no pointer crosses it).
 *
 * Memory is handed in: wr_pool_size() bytes for `count` objects.
 */
#ifndef WR_BASE_POOL_H
#define WR_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t wr_id; /* generation << 32 | index; 0 is no object */

struct wr_pool {
    uint8_t *objects;
    uint32_t *generations; /* odd: taken */
    uint32_t *next_free;
    size_t object_size, clear_size;
    uint32_t count;
    uint32_t free_head; /* index, or count when full */
    uint32_t taken;
};

size_t wr_pool_size(size_t object_size, uint32_t count);
void wr_pool_init(struct wr_pool *p, void *block, size_t object_size, uint32_t count);
/* From now on only the first `size` octets are zeroed when an object is taken; who takes it sets the others. */
void wr_pool_clear_less(struct wr_pool *p, size_t size);
/* A zeroed object and its id, or NULL when all are taken. */
void *wr_pool_take(struct wr_pool *p, wr_id *ret_id);
/* NULL for an id that was given back, or was never given out. */
void *wr_pool_get(const struct wr_pool *p, wr_id id);
void wr_pool_give(struct wr_pool *p, wr_id id);
/* The id of an object that is taken. */
wr_id wr_pool_id(const struct wr_pool *p, const void *object);
/* The taken object at `index` (0..count-1) or NULL; for walks. */
void *wr_pool_at(const struct wr_pool *p, uint32_t index, wr_id *ret_id);

#endif
