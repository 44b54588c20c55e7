/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lex: the words of zone text (RFC 1035 section 5.1).
 *
 * Words are divided by white space. Quotes hold white space together, \X and \DDD stand for octets,
 * a semicolon starts a comment up to the end of the line, parentheses let a record go over several
 * lines. Words come as they are written, escapes and all: what an escape means depends on who reads
 * (a dot in a name, a comma in a list), so the reader decodes.
 *
 * Errors: WR_E_NOTFOUND when there is no further word, WR_E_FORMAT for an open quote or unbalanced
 * parentheses. Columns count from 1.
 */
#ifndef WR_DNS_LEX_H
#define WR_DNS_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct wr_lex {
    const char *text;
    size_t n;
    size_t pos;
    unsigned depth; /* open parentheses */
};

struct wr_lex_word {
    const char *text; /* without the quotes when the whole word is quoted */
    size_t n;
    size_t column;
    bool quoted;
};

void wr_lex_init(struct wr_lex *lex, const char *text, size_t n);
int wr_lex_next(struct wr_lex *lex, struct wr_lex_word *ret_word);

/* Writes the octets that the text stands for. WR_E_FORMAT: a broken escape; WR_E_FULL. */
int wr_lex_decode(const char *text, size_t n, struct wr_writer *w);
/* The same with one octet of length before it (a character-string): WR_E_RANGE over 255. */
int wr_lex_decode_string(const char *text, size_t n, struct wr_writer *w);
/* One octet as it stands between quotes. */
void wr_lex_put_octet(struct wr_str *s, uint8_t c);
/* Writes octets as text between quotes, so that wr_lex_next and wr_lex_decode give them back. */
void wr_lex_put_quoted(struct wr_str *s, const uint8_t *bytes, size_t n);

#endif
