/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text: a bounded builder for text, without stdio, and the words of a line.
 *
 * The text is always ended by a NUL; what does not fit is cut and `cut` is set.
 */
#ifndef WR_BASE_STR_H
#define WR_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wr_str {
    char *base;
    size_t cap; /* with the NUL; at least 1 */
    size_t len; /* without the NUL */
    bool cut;
};

void wr_str_init(struct wr_str *s, char *room, size_t cap);
void wr_str_char(struct wr_str *s, char c);
void wr_str_text(struct wr_str *s, const char *text);
void wr_str_bytes(struct wr_str *s, const char *bytes, size_t n);
void wr_str_u64(struct wr_str *s, uint64_t v);
void wr_str_i64(struct wr_str *s, int64_t v);
void wr_str_u64_pad(struct wr_str *s, uint64_t v, unsigned width); /* leading zeros */
void wr_str_hex(struct wr_str *s, const void *bytes, size_t n);    /* lower case */

/* A part of a text that somebody else owns; it has no NUL of its own. */
struct wr_str_part {
    const char *at;
    size_t n;
};

/* Takes the next word off the front of the line; n is 0 when there is none. Blanks are those of C without line feed. */
struct wr_str_part wr_str_word(struct wr_str_part *line);

/* Case-insensitive ASCII comparison: true when equal. */
bool wr_str_same(const char *a, const char *b);
/* The same for the first `n` of `a`, which need no NUL, and all of `b`. */
bool wr_str_same_n(const char *a, size_t n, const char *b);
/* Decimal number, whole text, <= max. WR_E_FORMAT: not digits; WR_E_RANGE: over max. */
int wr_str_to_u64(const char *text, size_t n, uint64_t max, uint64_t *ret_v);

#endif
