/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/print.h"

#include <string.h>

#include "base/str.h"
#include "conf/schema.h"
#include "conf/value.h"

enum { INDENT = 2, PREFIX_SIZE = 128 };

static void print_value(const struct wr_schema_row *row, const void *place, FILE *out)
{
    char text[WR_VALUE_TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_value_print(row, place, &s);
    fputs(text, out);
}

static void print_key(const struct wr_schema_row *row, const unsigned char *base, FILE *out)
{
    struct wr_value_list list;

    fprintf(out, "%s: ", wr_schema_leaf(row));
    if (!row->list) {
        print_value(row, base + row->offset, out);
        fputc('\n', out);
        return;
    }
    list = wr_value_list(base + row->offset);
    fputc('[', out);
    for (size_t i = 0; i < list.count; i++) {
        fputs(i ? ", " : "", out);
        print_value(row, list.items + i * row->item_size, out);
    }
    fputs("]\n", out);
}

static void print_item(const struct wr_schema_row *list, const unsigned char *item, int indent,
                       FILE *out)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);
    char prefix[PREFIX_SIZE];
    bool first = true;

    snprintf(prefix, sizeof(prefix), "%s[]", list->name);
    for (size_t i = 0; i < count; i++) {
        if (!wr_schema_is_under(&rows[i], prefix))
            continue;
        fprintf(out, "%*s%s", indent, "", first ? "- " : "  ");
        first = false;
        print_key(&rows[i], item, out);
    }
}

static void print_items(const struct wr_schema_row *row, const unsigned char *base, int indent,
                        FILE *out)
{
    struct wr_value_list list = wr_value_list(base + row->offset);

    fprintf(out, "%s:%s\n", wr_schema_leaf(row), list.count ? "" : " []");
    for (size_t i = 0; i < list.count; i++)
        print_item(row, list.items + i * row->item_size, indent + INDENT, out);
}

void wr_print_conf(const struct wr_conf *conf, FILE *out)
{
    const unsigned char *base = (const unsigned char *)conf;
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);

    for (size_t i = 0; i < count; i++) {
        int indent = 0;

        if (strstr(rows[i].name, "[]"))
            continue;
        for (const char *c = rows[i].name; *c; c++)
            indent += *c == '.' ? INDENT : 0;
        fprintf(out, "%*s", indent, "");
        if (rows[i].type == WR_SCHEMA_SECTION)
            fprintf(out, "%s:\n", wr_schema_leaf(&rows[i]));
        else if (rows[i].type == WR_SCHEMA_ITEMS)
            print_items(&rows[i], base, indent, out);
        else
            print_key(&rows[i], base, out);
    }
}
