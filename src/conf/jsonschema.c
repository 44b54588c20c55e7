/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/jsonschema.h"

#include <jansson.h>
#include <string.h>

#include "base/err.h"
#include "conf/schema.h"

enum { PREFIX_SIZE = 128 };

static json_t *text_type(const struct wr_schema_row *row)
{
    static const char *const patterns[] = {
        [WR_SCHEMA_MILLIS] = "^[0-9]+(ms|s|m|h|d)$",
        [WR_SCHEMA_SECONDS] = "^[0-9]+(ms|s|m|h|d)$",
        [WR_SCHEMA_SIZE] = "^[0-9]+(B|KiB|MiB|GiB)$",
        [WR_SCHEMA_LABEL] = "^[A-Za-z0-9_.-]*$",
        [WR_SCHEMA_PATH] = "^(/.*)?$",
        [WR_SCHEMA_URL] = "^(udp|tcp)://",
        [WR_SCHEMA_NAME] = ".",
    };
    json_t *type = json_pack("{s:s}", "type", "string");

    if (row->type < sizeof(patterns) / sizeof(patterns[0]) && patterns[row->type])
        json_object_set_new(type, "pattern", json_string(patterns[row->type]));
    if (row->type >= WR_SCHEMA_STRING && row->max) {
        json_object_set_new(type, "minLength", json_integer((json_int_t)row->min));
        json_object_set_new(type, "maxLength", json_integer((json_int_t)row->max));
    }
    return type;
}

static json_t *words_type(const struct wr_schema_row *row)
{
    json_t *words = json_array();

    for (size_t i = 0; row->words[i]; i++)
        json_array_append_new(words, json_string(row->words[i]));
    return json_pack("{s:o}", "enum", words);
}

static json_t *value_type(const struct wr_schema_row *row)
{
    json_t *type;

    switch (row->type) {
    case WR_SCHEMA_BOOL: return json_pack("{s:s}", "type", "boolean");
    case WR_SCHEMA_WORD: return words_type(row);
    case WR_SCHEMA_INT:
        type = json_pack("{s:s}", "type", "integer");
        json_object_set_new(type, "minimum", json_integer((json_int_t)row->min));
        json_object_set_new(type, "maximum", json_integer((json_int_t)row->max));
        return type;
    default: return text_type(row);
    }
}

static json_t *mapping(const char *prefix);

static json_t *row_type(const struct wr_schema_row *row)
{
    char prefix[PREFIX_SIZE];
    json_t *type, *list;

    snprintf(prefix, sizeof(prefix), "%s%s", row->name, row->type == WR_SCHEMA_ITEMS ? "[]" : "");
    if (row->type == WR_SCHEMA_SECTION || row->type == WR_SCHEMA_ITEMS)
        type = mapping(prefix);
    else
        type = value_type(row);
    if (row->list) {
        list = json_pack("{s:s, s:o, s:i, s:i}", "type", "array", "items", type, "minItems",
                         (int)row->min_items, "maxItems", (int)row->max_items);
        type = list;
    }
    json_object_set_new(type, "description", json_string(row->doc));
    if (row->defaults[0] && row->defaults[0][0] && !row->list && !row->like)
        json_object_set_new(type, "x-default", json_string(row->defaults[0]));
    json_object_set_new(type, "x-since", json_string(row->since));
    if (row->type != WR_SCHEMA_SECTION)
        json_object_set_new(type, "x-takes-effect", json_string(wr_schema_reload_name(row)));
    return type;
}

/* The keys under a prefix. Depth is that of the schema. */
static json_t *mapping(const char *prefix)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);
    json_t *keys = json_object(), *required = json_array(), *type;

    for (size_t i = 0; i < count; i++) {
        if (!wr_schema_is_under(&rows[i], prefix))
            continue;
        json_object_set_new(keys, wr_schema_leaf(&rows[i]), row_type(&rows[i]));
        if (!rows[i].defaults[0] && rows[i].type != WR_SCHEMA_SECTION)
            json_array_append_new(required, json_string(wr_schema_leaf(&rows[i])));
    }
    type = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", keys,
                     "additionalProperties", 0);
    if (json_array_size(required))
        json_object_set(type, "required", required);
    json_decref(required);
    return type;
}

int wr_jsonschema_print(FILE *out)
{
    json_t *schema = mapping("");
    int err = WR_E_NOMEM;

    if (schema) {
        json_object_set_new(schema, "$schema",
                            json_string("https://json-schema.org/draft/2020-12/schema"));
        json_object_set_new(schema, "title", json_string("weir.yaml"));
        err = json_dumpf(schema, out, JSON_INDENT(2)) || fputc('\n', out) == EOF ? WR_E_IO : WR_OK;
    }
    json_decref(schema);
    return err;
}
