/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"
#include "base/utf8.h"

enum {
    CELL_SIZE = 1024,
    COLUMNS_MAX = 128, /* keys of one table; what is beyond is not shown */
    COLUMNS_WIDE = 16, /* more than this are turned */
    DEPTH_MAX = 8,
    INDENT = 2,
    ROOM_USUAL = 100 /* where there is no terminal */
};

/* A list of objects, and the keys that any of them has, in the order they are met. */
struct table {
    const json_t *list;
    size_t rows, columns;
    const char *keys[COLUMNS_MAX];
    size_t widths[COLUMNS_MAX];
    size_t key_width, cell_width; /* the widest of each */
};

/* Columns of a terminal that the text takes: characters, not octets. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += (*text & 0xc0) != 0x80;
    return width;
}

static void pad(const char *text, size_t width, FILE *out)
{
    size_t n = width_of(text);

    fputs(text, out);
    for (; n < width; n++)
        fputc(' ', out);
}

static void put_list(const json_t *list, struct wr_str *s)
{
    size_t i;
    json_t *item;
    char text[CELL_SIZE];

    json_array_foreach(list, i, item)
    {
        wr_table_cell(item, text, sizeof(text));
        wr_str_text(s, i ? ", " : "");
        wr_str_text(s, text);
    }
}

static void put_object(const json_t *object, struct wr_str *s)
{
    const char *key;
    json_t *item;
    char text[CELL_SIZE];
    bool any = false;

    json_object_foreach((json_t *)(uintptr_t)object, key, item)
    {
        wr_table_cell(item, text, sizeof(text));
        wr_str_text(s, any ? " " : "");
        wr_str_text(s, key);
        wr_str_char(s, '=');
        wr_str_text(s, text);
        any = true;
    }
}

/* Nesting of what the daemon sends is shallow; jansson refuses what is deeper than 2048. */
void wr_table_cell(const json_t *value, char *ret_text, size_t cap)
{
    char number[64];
    struct wr_str s;

    wr_str_init(&s, ret_text, cap);
    switch (json_typeof(value)) {
    case JSON_STRING: wr_utf8_safe(&s, json_string_value(value), json_string_length(value)); break;
    case JSON_INTEGER: wr_str_i64(&s, json_integer_value(value)); break;
    case JSON_REAL:
        snprintf(number, sizeof(number), "%.6g", json_real_value(value));
        wr_str_text(&s, number);
        break;
    case JSON_TRUE: wr_str_text(&s, "yes"); break;
    case JSON_FALSE: wr_str_text(&s, "no"); break;
    case JSON_ARRAY: put_list(value, &s); break;
    case JSON_OBJECT: put_object(value, &s); break;
    case JSON_NULL: break;
    }
    if (s.len == 0)
        wr_str_char(&s, '-');
}

static bool is_table(const json_t *value)
{
    size_t i;
    json_t *item;

    if (!json_is_array(value) || json_array_size(value) == 0)
        return false;
    json_array_foreach(value, i, item) if (!json_is_object(item)) return false;
    return true;
}

static void add_keys(struct table *t, const json_t *row)
{
    const char *key;
    json_t *item;

    json_object_foreach((json_t *)(uintptr_t)row, key, item)
    {
        size_t i = 0;

        while (i < t->columns && strcmp(t->keys[i], key) != 0)
            i++;
        if (i == t->columns && i < COLUMNS_MAX)
            t->keys[t->columns++] = key;
    }
}

static void cell_at(const struct table *t, size_t row, size_t column, char text[CELL_SIZE])
{
    const json_t *value = json_object_get(json_array_get(t->list, row), t->keys[column]);

    if (value)
        wr_table_cell(value, text, CELL_SIZE);
    else
        memcpy(text, "-", 2);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void measure(struct table *t)
{
    char text[CELL_SIZE];

    for (size_t c = 0; c < t->columns; c++) {
        t->widths[c] = width_of(t->keys[c]);
        t->key_width = larger(t->key_width, t->widths[c]);
        for (size_t r = 0; r < t->rows; r++) {
            cell_at(t, r, c, text);
            t->widths[c] = larger(t->widths[c], width_of(text));
            t->cell_width = larger(t->cell_width, width_of(text));
        }
    }
}

/* Columns of the longest line, straight or turned; the last cell of a line is counted with its blanks. */
static size_t width_of_table(const struct table *t, bool turned)
{
    size_t width = 0;

    if (turned)
        return t->key_width + t->rows * (2 + t->cell_width);
    for (size_t c = 0; c < t->columns; c++)
        width += t->widths[c] + (c + 1 < t->columns ? 2 : 0);
    return width;
}

static void print_straight(struct table *t, int indent, FILE *out)
{
    char text[CELL_SIZE];

    for (size_t r = 0; r <= t->rows; r++) {
        fprintf(out, "%*s", indent, "");
        for (size_t c = 0; c < t->columns; c++) {
            if (r > 0)
                cell_at(t, r - 1, c, text);
            /* The last column is not padded: no blanks at the end of a line. */
            pad(r ? text : t->keys[c], c + 1 < t->columns ? t->widths[c] + 2 : 0, out);
        }
        fputc('\n', out);
    }
}

static void print_turned(struct table *t, int indent, FILE *out)
{
    char text[CELL_SIZE];

    for (size_t c = 0; c < t->columns; c++) {
        fprintf(out, "%*s", indent, "");
        pad(t->keys[c], t->key_width + 2, out);
        for (size_t r = 0; r < t->rows; r++) {
            cell_at(t, r, c, text);
            pad(text, r + 1 < t->rows ? t->cell_width + 2 : 0, out);
        }
        fputc('\n', out);
    }
}

/* Too wide: a row after the other, a blank line between them. */
static void print_blocks(const struct table *t, int indent, FILE *out)
{
    char text[CELL_SIZE];

    for (size_t r = 0; r < t->rows; r++) {
        fputs(r ? "\n" : "", out);
        for (size_t c = 0; c < t->columns; c++) {
            if (!json_object_get(json_array_get(t->list, r), t->keys[c]))
                continue;
            cell_at(t, r, c, text);
            fprintf(out, "%*s", indent, "");
            pad(t->keys[c], t->key_width + 2, out);
            fprintf(out, "%s\n", text);
        }
    }
}

static void print_table(const json_t *list, int indent, size_t room, FILE *out)
{
    bool turned;
    struct table t = {.list = list, .rows = json_array_size(list)};

    for (size_t r = 0; r < t.rows; r++)
        add_keys(&t, json_array_get(list, r));
    measure(&t);
    turned = t.columns > COLUMNS_WIDE;
    if ((size_t)indent + width_of_table(&t, turned) > room)
        print_blocks(&t, indent, out);
    else if (turned)
        print_turned(&t, indent, out);
    else
        print_straight(&t, indent, out);
}

/* Text with several lines, each made safe. */
static void print_lines(const char *text, int indent, FILE *out)
{
    char line[4 * CELL_SIZE];

    while (*text) {
        size_t n = strcspn(text, "\n");
        struct wr_str s;

        wr_str_init(&s, line, sizeof(line));
        wr_utf8_safe(&s, text, n);
        fprintf(out, "%*s%s\n", indent, "", line);
        text += n + (text[n] == '\n');
    }
}

static bool is_block(const json_t *value)
{
    return (json_is_object(value) && json_object_size(value) > 0) || is_table(value) ||
           (json_is_string(value) && strchr(json_string_value(value), '\n'));
}

static void print_value(const json_t *value, int indent, unsigned depth, size_t room, FILE *out);

static void print_object(const json_t *object, int indent, unsigned depth, size_t room, FILE *out)
{
    char text[CELL_SIZE];
    const char *key;
    json_t *item;
    size_t width = 0;

    json_object_foreach((json_t *)(uintptr_t)object, key, item)
    {
        if (!is_block(item) && strlen(key) > width)
            width = strlen(key);
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, item)
    {
        fprintf(out, "%*s%s:", indent, "", key);
        if (is_block(item) && depth < DEPTH_MAX) {
            fputc('\n', out);
            print_value(item, indent + INDENT, depth + 1, room, out);
            continue;
        }
        wr_table_cell(item, text, sizeof(text));
        fprintf(out, "%*s %s\n", (int)(width > strlen(key) ? width - strlen(key) : 0), "", text);
    }
}

static void print_value(const json_t *value, int indent, unsigned depth, size_t room, FILE *out)
{
    char text[CELL_SIZE];

    if (json_is_object(value)) {
        print_object(value, indent, depth, room, out);
    } else if (is_table(value)) {
        print_table(value, indent, room, out);
    } else if (json_is_string(value)) {
        print_lines(json_string_value(value), indent, out);
    } else {
        wr_table_cell(value, text, sizeof(text));
        fprintf(out, "%*s%s\n", indent, "", text);
    }
}

void wr_table_print(const json_t *value, FILE *out)
{
    print_value(value, 0, 0, SIZE_MAX, out);
}

void wr_table_print_in(const json_t *value, size_t room, FILE *out)
{
    print_value(value, 0, 0, room, out);
}

void wr_table_pick(json_t *list, const char *const *keys)
{
    size_t i;
    json_t *row;

    json_array_foreach(list, i, row)
    {
        json_t *picked = json_object();

        for (size_t k = 0; keys[k]; k++) {
            json_t *value = json_object_get(row, keys[k]);

            json_object_set_new(picked, keys[k], value ? json_incref(value) : json_null());
        }
        json_object_clear(row);
        json_object_update(row, picked);
        json_decref(picked);
    }
}

size_t wr_table_room(int fd)
{
    struct winsize size;

    return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                              : ROOM_USUAL;
}
