/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/keyname.h"

#include <string.h>

#include "conf/mistakes.h"

enum { NAME_SIZE = 128, ROWS_MAX = 512 };

/* Without brackets and what is in them. False: longer than any key. */
static bool plain(const char *text, char out[NAME_SIZE])
{
    size_t n = 0;

    for (; *text; text++) {
        if (*text == '[') {
            text += strcspn(text, "]");
            if (!*text)
                return false;
            continue;
        }
        if (n + 1 == NAME_SIZE)
            return false;
        out[n++] = *text;
    }
    out[n] = '\0';
    return true;
}

static bool is_same(const char *plain_text, const char *name)
{
    char other[NAME_SIZE];

    return plain(name, other) && !strcmp(plain_text, other);
}

const struct wr_schema_row *wr_keyname_find(const char *text, const struct wr_renamed *renamed,
                                            const struct wr_renamed **ret_old)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);
    char word[NAME_SIZE];

    if (!plain(text, word))
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (is_same(word, rows[i].name))
            return &rows[i];
    for (; renamed->old; renamed++) {
        if (!is_same(word, renamed->old))
            continue;
        *ret_old = renamed;
        return wr_schema_find(renamed->now);
    }
    return NULL;
}

/* "name" of "upstream.groups[].name". */
static size_t same_leaf(const char *leaf, const char *ret_names[WR_KEYNAME_NEAR_MAX])
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows), n = 0;

    for (size_t i = 0; i < count && n < WR_KEYNAME_NEAR_MAX; i++)
        if (!strcmp(wr_schema_leaf(&rows[i]), leaf))
            ret_names[n++] = rows[i].name;
    return n;
}

size_t wr_keyname_near(const char *text, const char *ret_names[WR_KEYNAME_NEAR_MAX])
{
    const char *words[ROWS_MAX + 1], *near, *dot;
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows), n;
    char word[NAME_SIZE];

    if (!plain(text, word))
        return 0;
    dot = strrchr(word, '.');
    n = same_leaf(dot ? dot + 1 : word, ret_names);
    if (n)
        return n;
    count = count < ROWS_MAX ? count : ROWS_MAX;
    for (size_t i = 0; i < count; i++)
        words[i] = rows[i].name;
    words[count] = NULL;
    near = wr_mistakes_nearest(text, words);
    if (near) {
        ret_names[0] = near;
        return 1;
    }
    for (size_t i = 0; i < count; i++)
        words[i] = wr_schema_leaf(&rows[i]);
    near = wr_mistakes_nearest(dot ? dot + 1 : word, words);
    return near ? same_leaf(near, ret_names) : 0;
}
