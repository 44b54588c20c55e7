/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "base/err.h"
#include "base/limits.h"
#include "dns/generate.h"

#define NUMBER_MAX 0x7fffffffu

/* Digits at text[*at]. */
static int take_number(const char *text, size_t n, size_t *at, uint32_t *ret)
{
    size_t digits = 0;
    uint64_t v;
    int err;

    while (*at + digits < n && text[*at + digits] >= '0' && text[*at + digits] <= '9') {
        digits++;
    }
    err = wr_str_to_u64(text + *at, digits, NUMBER_MAX, &v);
    if (!err) {
        *at += digits;
        *ret = (uint32_t)v;
    }
    return err;
}

uint32_t wr_generate_count(const struct wr_generate *g)
{
    return (g->stop - g->start) / g->step + 1;
}

int wr_generate_range(const char *text, size_t n, struct wr_generate *ret)
{
    struct wr_generate g = {.step = 1};
    size_t at = 0;
    int err = take_number(text, n, &at, &g.start);

    if (!err) {
        err = at < n && text[at++] == '-' ? take_number(text, n, &at, &g.stop) : WR_E_FORMAT;
    }
    if (!err && at < n) {
        err = text[at++] == '/' ? take_number(text, n, &at, &g.step) : WR_E_FORMAT;
    }
    if (err || at < n) {
        return err ? err : WR_E_FORMAT;
    }
    if (g.stop < g.start || g.step == 0) {
        return WR_E_RANGE;
    }
    if (wr_generate_count(&g) > WR_ZONEFILE_GENERATE_MAX) {
        return WR_E_LIMIT;
    }
    *ret = g;
    return WR_OK;
}

static void put_digits(struct wr_str *s, uint32_t v, uint32_t width, unsigned base, const char *set)
{
    char digits[32];
    unsigned n = 0;

    do {
        digits[n++] = set[v % base];
        v /= base;
    } while (v);
    for (uint32_t i = n; i < width; i++) {
        wr_str_char(s, '0');
    }
    while (n > 0) {
        wr_str_char(s, digits[--n]);
    }
}

/* Nibbles, the last first, with dots between; the width counts both. */
static void put_nibbles(struct wr_str *s, uint32_t v, uint32_t width, const char *set)
{
    uint32_t written = 0;

    do {
        if (written) {
            wr_str_char(s, '.');
            written++;
        }
        wr_str_char(s, set[v % 16]);
        written++;
        v /= 16;
    } while (v || written + 1 < width);
}

static int put_number(struct wr_str *s, uint32_t v, uint32_t width, char base)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

    switch (base) {
    case 'd': put_digits(s, v, width, 10, lower); return WR_OK;
    case 'o': put_digits(s, v, width, 8, lower); return WR_OK;
    case 'x': put_digits(s, v, width, 16, lower); return WR_OK;
    case 'X': put_digits(s, v, width, 16, upper); return WR_OK;
    case 'n': put_nibbles(s, v, width, lower); return WR_OK;
    case 'N': put_nibbles(s, v, width, upper); return WR_OK;
    default: return WR_E_FORMAT;
    }
}

/* What stands behind "${": offset, and perhaps width and base. `at` moves behind the brace. */
static int put_modified(const char *text, size_t n, size_t *at, uint32_t number, struct wr_str *s)
{
    bool negative = *at < n && text[*at] == '-';
    uint32_t offset, width = 0;
    char base = 'd';
    int err;

    *at += negative;
    err = take_number(text, n, at, &offset);
    if (!err && *at < n && text[*at] == ',') {
        (*at)++;
        err = take_number(text, n, at, &width);
        if (!err && *at + 1 < n && text[*at] == ',') {
            base = text[*at + 1];
            *at += 2;
        }
    }
    if (err || *at >= n || text[*at] != '}') {
        return err ? err : WR_E_FORMAT;
    }
    (*at)++;
    if (negative ? offset > number : offset > NUMBER_MAX - number) {
        return WR_E_RANGE;
    }
    if (width > WR_NAME_MAX) {
        return WR_E_RANGE;
    }
    return put_number(s, negative ? number - offset : number + offset, width, base);
}

int wr_generate_line(const char *text, size_t n, uint32_t number, struct wr_str *s)
{
    size_t at = 0;

    while (at < n) {
        char c = text[at++];
        int err = WR_OK;

        if (c == '\\' && at < n) {
            wr_str_char(s, c);
            wr_str_char(s, text[at++]);
        } else if (c != '$') {
            wr_str_char(s, c);
        } else if (at < n && text[at] == '$') {
            wr_str_text(s, "\\$");
            at++;
        } else if (at < n && text[at] == '{') {
            at++;
            err = put_modified(text, n, &at, number, s);
        } else {
            wr_str_u64(s, number);
        }
        if (err) {
            return err;
        }
    }
    return s->cut ? WR_E_FULL : WR_OK;
}
