/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/example.h"

#include <string.h>

enum { INDENT = 2, PREFIX_SIZE = 128 };

struct shown {
    const struct wr_schema_row *target;
    FILE *out;
};

/* `above` is a section or list on the way to `row`. */
static bool leads_to(const struct wr_schema_row *above, const struct wr_schema_row *row)
{
    size_t n = strlen(above->name);

    return !strncmp(above->name, row->name, n) && (row->name[n] == '.' || row->name[n] == '[');
}

static bool is_wanted(const struct shown *s, const struct wr_schema_row *row)
{
    if (row == s->target || leads_to(row, s->target))
        return true;
    if (leads_to(s->target, row)) /* below it: all, but no section in a section */
        return row->type != WR_SCHEMA_SECTION;
    return strstr(row->name, "[]") && !row->defaults[0]; /* an item is not without it */
}

static void put_value(const struct wr_schema_row *row, FILE *out)
{
    const char *text = row->example ? row->example : row->defaults[0];

    fprintf(out, row->list ? " [%s]\n" : " %s\n", text ? text : "");
}

/* The wanted keys directly under `prefix`, of a section or of a list's item. Depth is that of the schema. */
static void put_under(const struct shown *s, const char *prefix, bool item, int indent)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);
    bool first = true;
    char below[PREFIX_SIZE];

    for (size_t i = 0; i < count; i++) {
        const struct wr_schema_row *row = &rows[i];

        if (!wr_schema_is_under(row, prefix) || !is_wanted(s, row))
            continue;
        fprintf(s->out, "%*s%s%s:", indent, "",
                !item   ? ""
                : first ? "- "
                        : "  ",
                wr_schema_leaf(row));
        first = false;
        if (row->type != WR_SCHEMA_SECTION && row->type != WR_SCHEMA_ITEMS) {
            put_value(row, s->out);
            continue;
        }
        fputc('\n', s->out);
        snprintf(below, sizeof(below), "%s%s", row->name, row->list ? "[]" : "");
        put_under(s, below, row->list, indent + INDENT + (item ? INDENT : 0));
    }
}

void wr_example_print(const struct wr_schema_row *row, FILE *out)
{
    put_under(&(struct shown){.target = row, .out = out}, "", false, 0);
}
