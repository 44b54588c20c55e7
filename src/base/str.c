/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

void wr_str_init(struct wr_str *s, char *room, size_t cap)
{
    wr_assert(cap >= 1);
    *s = (struct wr_str){.base = room, .cap = cap};
    room[0] = 0;
}

void wr_str_char(struct wr_str *s, char c)
{
    if (s->cap - s->len < 2) {
        s->cut = true;
        return;
    }
    s->base[s->len++] = c;
    s->base[s->len] = 0;
}

void wr_str_bytes(struct wr_str *s, const char *bytes, size_t n)
{
    size_t left = s->cap - s->len - 1;

    if (n > left) {
        n = left;
        s->cut = true;
    }
    if (n) {
        memcpy(s->base + s->len, bytes, n);
    }
    s->len += n;
    s->base[s->len] = 0;
}

void wr_str_text(struct wr_str *s, const char *text)
{
    wr_str_bytes(s, text, strlen(text));
}

void wr_str_u64_pad(struct wr_str *s, uint64_t v, unsigned width)
{
    char digits[20];
    unsigned n = 0;

    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    for (unsigned i = n; i < width; i++) {
        wr_str_char(s, '0');
    }
    while (n > 0) {
        wr_str_char(s, digits[--n]);
    }
}

void wr_str_u64(struct wr_str *s, uint64_t v)
{
    wr_str_u64_pad(s, v, 0);
}

void wr_str_i64(struct wr_str *s, int64_t v)
{
    if (v < 0) {
        wr_str_char(s, '-');
    }
    wr_str_u64(s, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void wr_str_hex(struct wr_str *s, const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = bytes;

    for (size_t i = 0; i < n; i++) {
        wr_str_char(s, digits[p[i] >> 4]);
        wr_str_char(s, digits[p[i] & 15]);
    }
}

static char fold(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool wr_str_same(const char *a, const char *b)
{
    size_t i = 0;

    while (a[i] && fold(a[i]) == fold(b[i])) {
        i++;
    }
    return a[i] == b[i];
}

bool wr_str_same_n(const char *a, size_t n, const char *b)
{
    for (size_t i = 0; i < n; i++) {
        if (!b[i] || fold(a[i]) != fold(b[i])) {
            return false;
        }
    }
    return b[n] == 0;
}

int wr_str_to_u64(const char *text, size_t n, uint64_t max, uint64_t *ret_v)
{
    uint64_t v = 0;

    if (n == 0) {
        return WR_E_FORMAT;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)text[i] - '0';

        if (digit > 9) {
            return WR_E_FORMAT;
        }
    }
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)text[i] - '0';

        if (v > max / 10 || v * 10 > max - digit || digit > max) {
            return WR_E_RANGE;
        }
        v = v * 10 + digit;
    }
    *ret_v = v;
    return WR_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

struct wr_str_part wr_str_word(struct wr_str_part *line)
{
    while (line->n > 0 && is_blank(*line->at)) {
        line->at++;
        line->n--;
    }
    struct wr_str_part w = {line->at, 0};
    while (w.n < line->n && !is_blank(w.at[w.n])) {
        w.n++;
    }
    line->at += w.n;
    line->n -= w.n;
    return w;
}
