/* SPDX-License-Identifier: Apache-2.0 */
/*
 * List: an intrusive doubly linked ring. A node that is alone points to itself.
 *
 * The node is a member of what it links, so putting in and taking out need no memory and cannot fail.
 * The list owns nothing: whoever frees a member takes it out first.
 */
#ifndef WR_BASE_LIST_H
#define WR_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct wr_list {
    struct wr_list *next, *prev;
};

#define WR_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void wr_list_init(struct wr_list *l)
{
    l->next = l->prev = l;
}

static inline bool wr_list_empty(const struct wr_list *l)
{
    return l->next == l;
}

/* Puts `n` (alone) at the end of the ring `l`. */
static inline void wr_list_append(struct wr_list *l, struct wr_list *n)
{
    n->prev = l->prev;
    n->next = l;
    l->prev->next = n;
    l->prev = n;
}

/* Takes `n` out; afterwards it is alone. */
static inline void wr_list_remove(struct wr_list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    n->next = n->prev = n;
}

#endif
