/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/jsonschema.h"
#include "conf/schema.h"

/* The type that the schema gives to a dotted name. */
static const json_t *type_of(const json_t *schema, const char *name)
{
    char part[128];

    while (*name && schema) {
        size_t n = strcspn(name, ".[");

        memcpy(part, name, n);
        part[n] = '\0';
        schema = json_object_get(json_object_get(schema, "properties"), part);
        name += n;
        if (!strncmp(name, "[]", 2)) {
            schema = json_object_get(schema, "items");
            name += 2;
        }
        name += *name == '.';
    }
    return schema;
}

static void test_schema(void **state)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    json_error_t error;
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);
    json_t *schema;

    assert_int_equal(wr_jsonschema_print(out), 0);
    fclose(out);
    schema = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(schema);
    for (size_t i = 0; i < count; i++) {
        const json_t *type = type_of(schema, rows[i].name);

        if (!type)
            fail_msg("%s is not in the schema", rows[i].name);
        assert_string_equal(json_string_value(json_object_get(type, "description")), rows[i].doc);
        assert_string_equal(json_string_value(json_object_get(type, "x-since")), rows[i].since);
    }
    assert_string_equal(
        json_string_value(json_object_get(type_of(schema, "workers"), "x-takes-effect")),
        "restart");
    assert_string_equal(
        json_string_value(json_object_get(type_of(schema, "listen"), "x-takes-effect")), "reload");
    assert_true(json_is_false(json_object_get(type_of(schema, "cache"), "additionalProperties")));
    assert_int_equal(json_integer_value(json_object_get(type_of(schema, "workers"), "maximum")),
                     64);
    assert_int_equal(
        json_array_size(json_object_get(type_of(schema, "upstream.groups[]"), "required")), 2);
    assert_int_equal(json_array_size(json_object_get(type_of(schema, "log.level"), "enum")), 4);
    json_decref(schema);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
