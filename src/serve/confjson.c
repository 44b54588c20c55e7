/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/confjson.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "conf/value.h"

enum { PREFIX_SIZE = 128 };

/* What stands between quotation marks means itself; nothing else has any. */
static void put_text(const char *text, struct wr_json *j, const char *key)
{
    char plain[WR_VALUE_TEXT_SIZE];
    size_t n = 0;
    for (const char *c = text; *c != 0; c++) {
        if (*c == '"') {
            continue;
        }
        c += *c == '\\' && c[1] != 0;
        plain[n++] = *c;
    }
    wr_json_bytes(j, key, plain, n);
}

static void put_value(const struct wr_schema_row *row, const void *place, struct wr_json *j,
                      const char *key)
{
    char text[WR_VALUE_TEXT_SIZE];
    const char *own;
    struct wr_str s;
    switch (row->type) {
    case WR_SCHEMA_STRING:
    case WR_SCHEMA_LABEL:
    case WR_SCHEMA_PATH: /* of any length */
        memcpy(&own, place, sizeof(own));
        wr_json_text(j, key, own);
        return;
    default: break;
    }
    wr_str_init(&s, text, sizeof(text));
    wr_value_print(row, place, &s);
    if (row->type == WR_SCHEMA_BOOL || row->type == WR_SCHEMA_INT) {
        wr_json_raw(j, key, text, s.len);
    } else {
        put_text(text, j, key);
    }
}

static void put_row(const struct wr_schema_row *row, const unsigned char *base, struct wr_json *j,
                    const char *key);

/* The rows directly below a prefix, as an object. */
static void put_below(const char *prefix, const unsigned char *base, struct wr_json *j,
                      const char *key)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);
    wr_json_object(j, key);
    for (size_t i = 0; i < count; i++) {
        if (wr_schema_is_under(&rows[i], prefix)) {
            put_row(&rows[i], base, j, wr_schema_leaf(&rows[i]));
        }
    }
    wr_json_end(j);
}

static void put_list(const struct wr_schema_row *row, const unsigned char *place, struct wr_json *j,
                     const char *key)
{
    struct wr_value_list list = wr_value_list(place);
    char prefix[PREFIX_SIZE];
    snprintf(prefix, sizeof(prefix), "%s[]", row->name);
    wr_json_array(j, key);
    for (size_t i = 0; i < list.count; i++) {
        if (row->type == WR_SCHEMA_ITEMS) {
            put_below(prefix, list.items + i * row->item_size, j, NULL);
        } else {
            put_value(row, list.items + i * row->item_size, j, NULL);
        }
    }
    wr_json_end(j);
}

/* Sections are nested as deep as names have dots. */
static void put_row(const struct wr_schema_row *row, const unsigned char *base, struct wr_json *j,
                    const char *key)
{
    if (row->type == WR_SCHEMA_SECTION) {
        put_below(row->name, base, j, key);
    } else if (row->list || row->type == WR_SCHEMA_ITEMS) {
        put_list(row, base + row->offset, j, key);
    } else {
        put_value(row, base + row->offset, j, key);
    }
}

void wr_confjson_put(const struct wr_conf *conf, const struct wr_schema_row *row, struct wr_json *j,
                     const char *key)
{
    const unsigned char *base = (const unsigned char *)conf;
    if (row == NULL) {
        put_below("", base, j, key);
        return;
    }
    wr_assert(strstr(row->name, "[]") == NULL);
    put_row(row, base, j, key);
}
