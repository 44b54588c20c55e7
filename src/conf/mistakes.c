/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/mistakes.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/utf8.h"

enum {
    WORD_MAX = 48,  /* longer words are nobody's misspelling */
    QUOTED_MAX = 60 /* octets of the file shown in one message */
};

void wr_mistakes_init(struct wr_mistakes *m)
{
    m->count = m->errors = m->warnings = 0;
}

__attribute__((format(printf, 5, 0))) static void add(struct wr_mistakes *m, uint32_t line,
                                                      uint32_t column, bool warning,
                                                      const char *format, va_list list)
{
    struct wr_mistake *item;

    if (warning)
        m->warnings++;
    else
        m->errors++;
    if (m->count == WR_CONF_MISTAKES_MAX)
        return;
    item = &m->item[m->count++];
    item->line = line;
    item->column = column;
    item->warning = warning;
    vsnprintf(item->text, sizeof(item->text), format, list);
}

void wr_mistakes_add(struct wr_mistakes *m, uint32_t line, uint32_t column, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    add(m, line, column, false, format, list);
    va_end(list);
}

void wr_mistakes_warn(struct wr_mistakes *m, uint32_t line, uint32_t column, const char *format,
                      ...)
{
    va_list list;

    va_start(list, format);
    add(m, line, column, true, format, list);
    va_end(list);
}

/* Where to cut so that no character is torn. */
static size_t cut_at(const char *text, size_t n)
{
    size_t at = 0;

    if (n <= QUOTED_MAX)
        return n;
    while (at < QUOTED_MAX) {
        uint32_t code;
        size_t step = wr_utf8_next(text + at, n - at, &code);

        at += step ? step : 1;
    }
    return at;
}

const char *wr_mistakes_quote(const char *text, size_t n, char ret[WR_MISTAKE_QUOTE_SIZE])
{
    size_t shown = cut_at(text, n);
    struct wr_str s;

    wr_str_init(&s, ret, WR_MISTAKE_QUOTE_SIZE);
    wr_str_char(&s, '"');
    wr_utf8_safe(&s, text, shown); /* four octets for one at most: it fits */
    wr_str_text(&s, shown < n ? "...\"" : "\"");
    return ret;
}

static int by_place(const void *a, const void *b)
{
    const struct wr_mistake *x = a, *y = b;

    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return 0;
}

void wr_mistakes_sort(struct wr_mistakes *m)
{
    /* Insertion: the list is short, nearly sorted, and equal places must keep their order. */
    for (uint32_t i = 1; i < m->count; i++) {
        struct wr_mistake one = m->item[i];
        uint32_t at = i;

        for (; at > 0 && by_place(&m->item[at - 1], &one) > 0; at--)
            m->item[at] = m->item[at - 1];
        m->item[at] = one;
    }
}

void wr_mistakes_print(const struct wr_mistakes *m, const char *file, FILE *out)
{
    uint32_t all = m->errors + m->warnings;

    for (uint32_t i = 0; i < m->count; i++) {
        const struct wr_mistake *item = &m->item[i];

        if (item->line)
            fprintf(out, "%s:%u:%u: %s%s\n", file, item->line, item->column,
                    item->warning ? "warning: " : "", item->text);
        else
            fprintf(out, "%s: %s%s\n", file, item->warning ? "warning: " : "", item->text);
    }
    if (all > m->count)
        fprintf(out, "%s: and %u more\n", file, all - m->count);
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;

    return least < c ? least : c;
}

static unsigned char fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned char)(c - 'A' + 'a');
    return (unsigned char)(c == '-' ? '_' : c);
}

/* Edit distance; a letter pair that changed places counts as one. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned rows[3][WORD_MAX + 1];

    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned same = fold(a[i - 1]) == fold(b[j - 1]);

            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + !same);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]) && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
    }
    return rows[n % 3][m];
}

const char *wr_mistakes_nearest(const char *word, const char *const *words)
{
    size_t n = strlen(word);
    const char *best = NULL;
    unsigned best_distance = (unsigned)(n < 2 ? 1 : (n + 1) / 3) + 1; /* one letter in three */

    if (n == 0 || n > WORD_MAX)
        return NULL;
    for (; *words; words++) {
        size_t m = strlen(*words);
        unsigned d = m > WORD_MAX ? UINT32_MAX : distance(word, n, *words, m);

        if (d < best_distance && d < m) {
            best_distance = d;
            best = *words;
        }
    }
    return best;
}
