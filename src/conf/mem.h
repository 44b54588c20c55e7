/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a configuration: taken piece by piece while it is read, freed whole.
 *
 * Blocks of a few KiB in a chain; every piece is zeroed and aligned for any type. A refusal
 * sticks in `failed`, so a reader checks once at the end. For tests `refuse_after` makes the
 * n-th piece from now fail (0: never).
 */
#ifndef WR_CONF_MEM_H
#define WR_CONF_MEM_H

#include <stdbool.h>
#include <stddef.h>

struct wr_conf_block;

struct wr_conf_mem {
    struct wr_conf_block *blocks;
    bool failed;
    size_t refuse_after;
};

void wr_mem_init(struct wr_conf_mem *mem);
void *wr_mem_take(struct wr_conf_mem *mem,
                  size_t size); /* NULL when refused; size 0 gives a piece */
char *wr_mem_text(struct wr_conf_mem *mem, const char *text, size_t n); /* with a NUL behind it */
void wr_mem_free(struct wr_conf_mem *mem);

#endif
