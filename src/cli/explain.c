/* SPDX-License-Identifier: Apache-2.0 */
/* weir explain: what the schema's table knows of a key, or the list of all keys. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/opts.h"
#include "cli/verb.h"
#include "conf/example.h"
#include "conf/facts.h"
#include "conf/keyname.h"
#include "conf/mistakes.h"
#include "conf/renamed.h"
#include "conf/schema.h"

static int first_sentence(const char *doc)
{
    const char *end = strstr(doc, ". ");

    return end ? (int)(end - doc + 1) : (int)strlen(doc);
}

/* --- for people --- */

static void print_fact(void *user, const char *word, const char *text)
{
    printf("  %-13s ", word);
    for (; *text; text++)
        if (*text != '`')
            putchar(*text);
    putchar('\n');
    (void)user;
}

static void print_doc(const char *doc)
{
    enum { WIDTH = 78 };
    int column = 0;

    while (*doc) {
        int n = (int)strcspn(doc, " ");

        if (column && column + 1 + n > WIDTH) {
            putchar('\n');
            column = 0;
        }
        column += printf("%s%.*s", column ? " " : "", n, doc);
        doc += n;
        doc += *doc == ' ';
    }
    putchar('\n');
}

/* The keys directly under a section, with their first sentence. */
static void print_under(const char *prefix)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);

    for (size_t i = 0; i < count; i++)
        if (wr_schema_is_under(&rows[i], prefix))
            printf("  %-34s %.*s\n", rows[i].name, first_sentence(rows[i].doc), rows[i].doc);
}

static void print_row(const struct wr_schema_row *row)
{
    char below[128];

    printf("%s\n\n", row->name);
    print_doc(row->doc);
    putchar('\n');
    wr_facts_tell(row, print_fact, NULL);
    if (row->type == WR_SCHEMA_SECTION || row->type == WR_SCHEMA_ITEMS) {
        snprintf(below, sizeof(below), "%s%s", row->name, row->type == WR_SCHEMA_ITEMS ? "[]" : "");
        puts("\nKeys:");
        print_under(below);
    }
    puts("\nExample:\n");
    wr_example_print(row, stdout);
}

/* --- JSON --- */

static const char *unit_of(const struct wr_schema_row *row)
{
    switch (row->type) {
    case WR_SCHEMA_MILLIS: return "ms";
    case WR_SCHEMA_SECONDS: return "s";
    case WR_SCHEMA_SIZE: return "octets";
    default: return row->type >= WR_SCHEMA_STRING ? "characters" : row->unit;
    }
}

/* A value as the file writes it; "" is written with marks there. */
static json_t *value_text(const char *text)
{
    return text ? json_string(strcmp(text, "\"\"") ? text : "") : json_null();
}

static json_t *example_text(const struct wr_schema_row *row)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    json_t *value;

    if (out) {
        wr_example_print(row, out);
        fclose(out);
    }
    value = json_string(text ? text : "");
    free(text);
    return value;
}

static void add_value_facts(const struct wr_schema_row *row, json_t *key)
{
    const char *const *profiles = wr_schema_find("profile")->words;
    json_t *words = json_array(), *defaults = json_object();

    if (row->min || row->max) {
        json_object_set_new(key, "min", json_integer((json_int_t)row->min));
        json_object_set_new(key, "max", json_integer((json_int_t)row->max));
        if (unit_of(row))
            json_object_set_new(key, "unit", json_string(unit_of(row)));
    }
    if (row->list)
        json_object_set_new(key, "max_items", json_integer(row->max_items));
    for (size_t i = 0; row->words && row->words[i]; i++)
        json_array_append_new(words, json_string(row->words[i]));
    if (row->words)
        json_object_set(key, "words", words);
    for (uint32_t i = 0; i < WR_SCHEMA_PROFILES; i++)
        json_object_set_new(defaults, profiles[i], value_text(wr_schema_default(row, i)));
    if (row->like)
        json_object_set_new(key, "default_as", json_string(row->like));
    else if (row->defaults[0])
        json_object_set(key, "default", defaults);
    json_object_set_new(key, "required", json_boolean(!row->defaults[0]));
    json_object_set_new(key, "takes_effect", json_string(wr_schema_reload_name(row)));
    json_decref(words);
    json_decref(defaults);
}

static json_t *row_json(const struct wr_schema_row *row)
{
    json_t *key = json_pack("{s:s, s:s, s:b}", "key", row->name, "type", wr_schema_type_name(row),
                            "list", row->list);

    if (row->type != WR_SCHEMA_SECTION)
        add_value_facts(row, key);
    json_object_set_new(key, "since", json_string(row->since));
    json_object_set_new(key, "doc", json_string(row->doc));
    json_object_set_new(key, "example", example_text(row));
    return key;
}

static int print_json(json_t *value)
{
    int failed = !value || json_dumpf(value, stdout, JSON_INDENT(2));

    putchar('\n');
    json_decref(value);
    return failed ? WR_EXIT_FAILED : WR_EXIT_OK;
}

/* --- which key --- */

static int explain_all(bool json)
{
    const struct wr_schema_row *rows;
    size_t count = wr_schema_rows(&rows);
    json_t *list;

    if (!json) {
        puts("The top level; weir explain KEY tells more, weir explain --json all of it.\n");
        print_under("");
        return WR_EXIT_OK;
    }
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, row_json(&rows[i]));
    return print_json(list);
}

static int unknown_key(const char *word)
{
    const char *near[WR_KEYNAME_NEAR_MAX];
    char quoted[WR_MISTAKE_QUOTE_SIZE];
    size_t count = wr_keyname_near(word, near);

    fprintf(stderr, "weir explain: there is no key %s%s",
            wr_mistakes_quote(word, strlen(word), quoted),
            count ? "; did you mean " : " (weir explain lists them)");
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "%s%s", !i ? "" : i + 1 < count ? ", " : " or ", near[i]);
    fputs(count ? "?\n" : "\n", stderr);
    return WR_EXIT_USAGE;
}

static int explain(const char *word, bool json)
{
    const struct wr_renamed *old = NULL;
    const struct wr_schema_row *row = wr_keyname_find(word, wr_renamed_table(), &old);

    if (!row)
        return unknown_key(word);
    if (old)
        fprintf(stderr, "weir explain: %s was renamed %s in %s\n", old->old, old->now, old->since);
    if (json)
        return print_json(row_json(row));
    print_row(row);
    return WR_EXIT_OK;
}

int wr_cli_explain(int argc, char **argv)
{
    bool json = false;
    const struct wr_opt table[] = {
        {"json", 'j', .flag = &json, .help = "print JSON"},
    };
    struct wr_opts opts = {.verb = "explain",
                           .usage = "[KEY]",
                           .about = "Tells what a key of the configuration is: its type, range, "
                                    "default, what puts a change\nin force, and an example. "
                                    "Without KEY it lists those of the top level.",
                           .table = table,
                           .rows = sizeof(table) / sizeof(table[0])};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands > 1)
        return wr_opts_misused(&opts, "one key at a time");
    return opts.operands ? explain(opts.operand[0], json) : explain_all(json);
}
