/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "dns/lex.h"

void wr_lex_init(struct wr_lex *lex, const char *text, size_t n)
{
    *lex = (struct wr_lex){.text = text, .n = n};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Moves over white space, comments and parentheses. */
static int skip_space(struct wr_lex *lex)
{
    for (; lex->pos < lex->n; lex->pos++) {
        char c = lex->text[lex->pos];

        if (c == ';') {
            while (lex->pos < lex->n && lex->text[lex->pos] != '\n') {
                lex->pos++;
            }
        } else if (c == '(') {
            lex->depth++;
        } else if (c == ')') {
            if (lex->depth == 0) {
                return WR_E_FORMAT;
            }
            lex->depth--;
        } else if (!is_space(c)) {
            return WR_OK;
        }
        if (lex->pos >= lex->n) {
            break;
        }
    }
    return lex->depth ? WR_E_FORMAT : WR_E_NOTFOUND;
}

/* Moves behind the quote that closes the one before `pos`. */
static int skip_quoted(struct wr_lex *lex)
{
    while (lex->pos < lex->n) {
        char c = lex->text[lex->pos++];

        if (c == '"') {
            return WR_OK;
        }
        if (c == '\\' && lex->pos < lex->n) {
            lex->pos++;
        }
    }
    return WR_E_FORMAT;
}

/* A bare word; quotes inside it (key="value") hold it together. */
static int skip_bare(struct wr_lex *lex)
{
    while (lex->pos < lex->n) {
        char c = lex->text[lex->pos];

        if (is_space(c) || c == ';' || c == '(' || c == ')') {
            break;
        }
        lex->pos++;
        if (c == '\\' && lex->pos < lex->n) {
            lex->pos++;
        }
        if (c == '"' && skip_quoted(lex)) {
            return WR_E_FORMAT;
        }
    }
    return WR_OK;
}

int wr_lex_next(struct wr_lex *lex, struct wr_lex_word *ret_word)
{
    int err = skip_space(lex);
    size_t start = lex->pos;
    bool quoted;

    if (err) {
        return err;
    }
    quoted = lex->text[start] == '"';
    if (quoted) {
        lex->pos++;
        err = skip_quoted(lex);
    } else {
        err = skip_bare(lex);
    }
    if (err) {
        return err;
    }
    ret_word->text = lex->text + start + quoted;
    ret_word->n = lex->pos - start - (quoted ? 2 : 0);
    ret_word->column = start + 1;
    ret_word->quoted = quoted;
    return WR_OK;
}

/* One octet at text[*i]. */
static int take_octet(const char *text, size_t n, size_t *i, uint8_t *ret)
{
    unsigned v = 0;

    if (text[*i] != '\\') {
        *ret = (uint8_t)text[(*i)++];
        return WR_OK;
    }
    (*i)++;
    if (*i >= n) {
        return WR_E_FORMAT;
    }
    if (text[*i] < '0' || text[*i] > '9') {
        *ret = (uint8_t)text[(*i)++];
        return WR_OK;
    }
    if (n - *i < 3) {
        return WR_E_FORMAT;
    }
    for (unsigned digit = 0; digit < 3; digit++) {
        char c = text[(*i)++];

        if (c < '0' || c > '9') {
            return WR_E_FORMAT;
        }
        v = v * 10 + (unsigned)(c - '0');
    }
    *ret = (uint8_t)v;
    return v > 255 ? WR_E_FORMAT : WR_OK;
}

int wr_lex_decode(const char *text, size_t n, struct wr_writer *w)
{
    size_t i = 0;

    while (i < n) {
        uint8_t octet;

        if (take_octet(text, n, &i, &octet)) {
            return WR_E_FORMAT;
        }
        wr_buf_put_u8(w, octet);
    }
    return w->err;
}

int wr_lex_decode_string(const char *text, size_t n, struct wr_writer *w)
{
    size_t at = w->pos;
    size_t octets;
    int err;

    wr_buf_put_u8(w, 0);
    err = wr_lex_decode(text, n, w);
    if (err) {
        return err;
    }
    octets = w->pos - at - 1;
    if (octets > 255) {
        return WR_E_RANGE;
    }
    w->base[at] = (uint8_t)octets;
    return WR_OK;
}

void wr_lex_put_octet(struct wr_str *s, uint8_t c)
{
    if (c < ' ' || c >= 0x7f) {
        wr_str_char(s, '\\');
        wr_str_u64_pad(s, c, 3);
        return;
    }
    if (c == '"' || c == '\\') {
        wr_str_char(s, '\\');
    }
    wr_str_char(s, (char)c);
}

void wr_lex_put_quoted(struct wr_str *s, const uint8_t *bytes, size_t n)
{
    wr_str_char(s, '"');
    for (size_t i = 0; i < n; i++) {
        wr_lex_put_octet(s, bytes[i]);
    }
    wr_str_char(s, '"');
}
