/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON place: on which line of a text a value stands.
 *
 * jansson tells line and column of what is no JSON, and nothing of what is JSON and means nothing. Whoever finds such a mistake knows the way to it
 * (keys, and numbers in lists); the text is gone through once more, along that way.
 *
 *     struct wr_jsonplace way = {0};
 *     wr_jsonplace_key(&way, "ietf-mud:mud"), wr_jsonplace_item(&way, 3) ... wr_jsonplace_up(&way);
 *     wr_jsonplace_find(&way, text, n, &line, &column);
 *
 * The text is JSON that jansson has read. Keys are compared as they are written; one with an escape in it is not found, and then the place is that of what holds it.
 */
#ifndef WR_CONF_JSONPLACE_H
#define WR_CONF_JSONPLACE_H

#include <stddef.h>

#define WR_JSONPLACE_DEPTH 24

struct wr_jsonplace {
    struct {
        const char *key; /* NULL: an item of a list */
        size_t item;
    } step[WR_JSONPLACE_DEPTH];
    unsigned steps;
};

void wr_jsonplace_key(struct wr_jsonplace *p, const char *key); /* stays the caller's */
void wr_jsonplace_item(struct wr_jsonplace *p, size_t item);
void wr_jsonplace_up(struct wr_jsonplace *p);
/* Both from 1. */
void wr_jsonplace_find(const struct wr_jsonplace *p, const char *text, size_t n, unsigned *ret_line,
                       unsigned *ret_column);

#endif
