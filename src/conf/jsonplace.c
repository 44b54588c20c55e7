/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/jsonplace.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

void wr_jsonplace_key(struct wr_jsonplace *p, const char *key)
{
    wr_assert(p->steps < WR_JSONPLACE_DEPTH);
    p->step[p->steps].key = key;
    p->step[p->steps++].item = 0;
}

void wr_jsonplace_item(struct wr_jsonplace *p, size_t item)
{
    wr_assert(p->steps < WR_JSONPLACE_DEPTH);
    p->step[p->steps].key = NULL;
    p->step[p->steps++].item = item;
}

void wr_jsonplace_up(struct wr_jsonplace *p)
{
    wr_assert(p->steps > 0);
    p->steps--;
}

/* Where we are in the text. */
struct at {
    const char *text;
    size_t n, i;
};

static char next(const struct at *a)
{
    return a->i < a->n ? a->text[a->i] : 0;
}

static void blanks(struct at *a)
{
    while (a->i < a->n && strchr(" \t\r\n", a->text[a->i]) != NULL && a->text[a->i] != 0) {
        a->i++;
    }
}

static void skip_string(struct at *a)
{
    for (a->i++; a->i < a->n && a->text[a->i] != '"'; a->i++) {
        a->i += a->text[a->i] == '\\';
    }
    a->i += a->i < a->n;
}

/* One value, whatever is in it: brackets are counted. */
static void skip_value(struct at *a)
{
    size_t depth = 0;
    do {
        blanks(a);
        char c = next(a);
        if (c == '"') {
            skip_string(a);
        } else if (c == '{' || c == '[') {
            depth++;
            a->i++;
        } else if (c == '}' || c == ']') {
            depth--;
            a->i++;
        } else if (c == ',' || c == ':') {
            a->i++;
        } else {
            while (a->i < a->n && strchr(" \t\r\n,:{}[]\"", a->text[a->i]) == NULL) {
                a->i++;
            }
        }
    } while (depth > 0 && a->i < a->n);
    blanks(a);
}

/* Into the member of this key, or the item of this number, of what begins here. */
static bool go(struct at *a, const char *key, size_t item)
{
    struct at in = *a;
    if (next(&in) != (key != NULL ? '{' : '[')) {
        return false;
    }
    in.i++;
    for (size_t k = 0; in.i < in.n; k++) {
        blanks(&in);
        bool here = key == NULL && k == item;
        if (next(&in) == '}' || next(&in) == ']') {
            return false;
        }
        if (key != NULL) {
            size_t begin = in.i + 1;
            skip_string(&in);
            size_t size = in.i > begin ? in.i - 1 - begin : 0;
            here = size == strlen(key) && memcmp(in.text + begin, key, size) == 0;
            blanks(&in);
            in.i++; /* the colon */
            blanks(&in);
        }
        if (here) {
            *a = in;
            return true;
        }
        skip_value(&in);
        in.i += next(&in) == ',';
    }
    return false;
}

void wr_jsonplace_find(const struct wr_jsonplace *p, const char *text, size_t n, unsigned *ret_line,
                       unsigned *ret_column)
{
    struct at a = {.text = text, .n = n};
    unsigned line = 1, column = 1;
    blanks(&a);
    for (unsigned i = 0; i < p->steps && go(&a, p->step[i].key, p->step[i].item); i++) {
    }
    for (size_t i = 0; i < a.i && i < n; i++) {
        line += text[i] == '\n';
        column = text[i] == '\n' ? 1 : column + 1;
    }
    *ret_line = line;
    *ret_column = column;
}
