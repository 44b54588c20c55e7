/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/bind.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/schema.h"
#include "conf/value.h"

enum {
    NAME_SIZE = 128, /* of a dotted name, with the NUL; the table's longest has 33 */
    SIBLINGS_MAX = 64
};

struct binding {
    const struct wr_schema_row *rows;
    size_t count;
    struct wr_conf_mem *mem;
    struct wr_mistakes *mistakes;
    const struct wr_renamed *renamed;
    uint32_t profile;
    bool torn;
};

/* Where we are: the same place in the schema's words, in the file's words, and in memory. */
struct place {
    const char *prefix; /* "upstream.groups[]" */
    const char *path;   /* "upstream.groups[1]" */
    unsigned char *base;
};

static bool is_item_key(const struct wr_schema_row *row)
{
    return strstr(row->name, "[]") != NULL;
}

/* --- lists: a pointer and a count at the row's place --- */

static unsigned char *make_list(struct binding *b, const struct wr_schema_row *row, void *place,
                                size_t count)
{
    unsigned char *items = wr_mem_take(b->mem, row->item_size * count);

    if (!items)
        return NULL;
    memcpy(place, &items, sizeof(items));
    memcpy((unsigned char *)place + sizeof(items), &count, sizeof(count));
    return items;
}

static void set_count(void *place, size_t count)
{
    memcpy((unsigned char *)place + sizeof(void *), &count, sizeof(count));
}

/* --- defaults --- */

/* The table's own text: a mistake in it is a programmer's. */
static void default_one(struct binding *b, const struct wr_schema_row *row, const char *text,
                        size_t n, void *place)
{
    char why[WR_VALUE_WHY_SIZE];
    struct wr_value_text value = {.text = text, .n = n, .plain = true};
    int err;

    if (n == 2 && !memcmp(text, "\"\"", 2)) {
        value.text = "";
        value.n = 0;
    }
    err = wr_value_read(row, &value, b->mem, place, why);
    wr_assert(!err || err == WR_E_NOMEM);
}

static void default_list(struct binding *b, const struct wr_schema_row *row, const char *text,
                         void *place)
{
    char one[NAME_SIZE];
    size_t count = *text ? 1 : 0;
    unsigned char *items;

    for (const char *at = text; (at = strstr(at, ", ")); at += 2)
        count++;
    items = make_list(b, row, place, count);
    for (size_t i = 0; items && i < count; i++) {
        size_t n = strcspn(text, ",");

        wr_assert(n < sizeof(one));
        memcpy(one, text, n);
        one[n] = '\0';
        default_one(b, row, one, n, items + i * row->item_size);
        text += n + 2;
    }
}

/* All keys with a default directly in the struct at `base`: the root's, or an item's. */
static void set_defaults(struct binding *b, const char *prefix, unsigned char *base)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct wr_schema_row *row = &b->rows[i];
        const char *text = wr_schema_default(row, b->profile);

        if (row->type == WR_SCHEMA_SECTION || !text)
            continue;
        if (*prefix ? !wr_schema_is_under(row, prefix) : is_item_key(row))
            continue;
        if (row->list)
            default_list(b, row, text, base + row->offset);
        else
            default_one(b, row, text, strlen(text), base + row->offset);
    }
}

/* --- what the file says --- */

static const char *kind_name(const struct wr_yaml_node *node)
{
    if (node->kind == WR_YAML_LIST)
        return "a list";
    if (node->kind == WR_YAML_MAP)
        return "a mapping";
    return "a single value";
}

static bool is_empty(const struct wr_yaml_node *node)
{
    return node->kind == WR_YAML_SCALAR && node->plain && node->n == 0;
}

static void got(struct binding *b, const struct wr_yaml_node *node, const char *path,
                const char *expected)
{
    char quoted[WR_MISTAKE_QUOTE_SIZE];

    if (is_empty(node))
        wr_mistakes_add(b->mistakes, node->line, node->column, "%s: no value (expected %s)", path,
                        expected);
    else if (node->kind == WR_YAML_SCALAR)
        wr_mistakes_add(b->mistakes, node->line, node->column, "%s: got %s; expected %s", path,
                        wr_mistakes_quote(node->text, node->n, quoted), expected);
    else
        wr_mistakes_add(b->mistakes, node->line, node->column, "%s: got %s; expected %s", path,
                        kind_name(node), expected);
}

static void bind_scalar(struct binding *b, const struct wr_schema_row *row,
                        const struct wr_yaml_node *node, const char *path, void *place)
{
    struct wr_value_text value = {.text = node->text, .n = node->n, .plain = node->plain};
    char quoted[WR_MISTAKE_QUOTE_SIZE];
    char why[WR_VALUE_WHY_SIZE];
    char what[NAME_SIZE];
    int err;

    if (node->kind == WR_YAML_BROKEN)
        return;
    if (node->kind != WR_YAML_SCALAR || is_empty(node)) {
        struct wr_schema_row one = *row;

        one.list = false;
        snprintf(what, sizeof(what), "a value: %s", wr_schema_type_name(&one));
        got(b, node, path, what);
        return;
    }
    err = wr_value_read(row, &value, b->mem, place, why);
    if (err && err != WR_E_NOMEM && row->type == WR_SCHEMA_URL)
        wr_mistakes_add(b->mistakes, node->line, node->column, "%s: %s: %s", path,
                        wr_mistakes_quote(node->text, node->n, quoted), why);
    else if (err && err != WR_E_NOMEM)
        got(b, node, path, why);
}

static void bind_map(struct binding *b, const struct wr_yaml_node *map, const struct place *at);

static void bind_item(struct binding *b, const struct wr_schema_row *row,
                      const struct wr_yaml_node *node, const char *path, unsigned char *item)
{
    char prefix[NAME_SIZE];

    if (row->type != WR_SCHEMA_ITEMS) {
        bind_scalar(b, row, node, path, item);
        return;
    }
    snprintf(prefix, sizeof(prefix), "%s[]", row->name);
    set_defaults(b, prefix, item);
    if (node->kind == WR_YAML_MAP)
        bind_map(b, node, &(struct place){.prefix = prefix, .path = path, .base = item});
    else if (node->kind != WR_YAML_BROKEN)
        got(b, node, path, "a mapping with keys of its own");
}

static void bind_list(struct binding *b, const struct wr_schema_row *row,
                      const struct wr_yaml_node *node, const char *path, void *place)
{
    char item_path[NAME_SIZE];
    const struct wr_yaml_node *child = node->first;
    size_t count = node->count, i = 0;
    unsigned char *items;

    if (node->kind == WR_YAML_BROKEN)
        return;
    if (node->kind != WR_YAML_LIST) {
        got(b, node, path,
            row->type == WR_SCHEMA_ITEMS ? "a list of mappings, one behind each \"-\""
                                         : "a list, as [one, two]");
        return;
    }
    if (count > row->max_items) {
        wr_mistakes_add(b->mistakes, node->line, node->column, "%s: %zu items; at most %u", path,
                        count, row->max_items);
        count = row->max_items;
    }
    if (count < row->min_items)
        wr_mistakes_add(b->mistakes, node->line, node->column, "%s: empty; at least %u", path,
                        row->min_items);
    items = make_list(b, row, place, count);
    for (; items && i < count; i++, child = child->next) {
        struct wr_str s;

        wr_str_init(&s, item_path, sizeof(item_path));
        wr_str_text(&s, path);
        wr_str_char(&s, '[');
        wr_str_u64(&s, i);
        wr_str_char(&s, ']');
        bind_item(b, row, child, item_path, items + i * row->item_size);
    }
    set_count(place, i);
}

static void bind_row(struct binding *b, const struct wr_schema_row *row,
                     const struct wr_yaml_node *node, const char *path, const struct place *at)
{
    if (row->type == WR_SCHEMA_SECTION) {
        if (node->kind == WR_YAML_MAP)
            bind_map(b, node, &(struct place){.prefix = row->name, .path = path, .base = at->base});
        else if (node->kind != WR_YAML_BROKEN && !is_empty(node))
            got(b, node, path, "a mapping with keys of its own");
    } else if (row->list) {
        bind_list(b, row, node, path, at->base + row->offset);
    } else {
        bind_scalar(b, row, node, path, at->base + row->offset);
    }
}

/* --- keys --- */

static const char *nearest_sibling(struct binding *b, const char *prefix, const char *key)
{
    const char *leaves[SIBLINGS_MAX + 1];
    size_t n = 0;

    for (size_t i = 0; i < b->count && n < SIBLINGS_MAX; i++)
        if (wr_schema_is_under(&b->rows[i], prefix))
            leaves[n++] = wr_schema_leaf(&b->rows[i]);
    leaves[n] = NULL;
    return wr_mistakes_nearest(key, leaves);
}

/* The same word in another section, for somebody who forgot where it lives. */
static const char *same_elsewhere(struct binding *b, const char *key)
{
    for (size_t i = 0; i < b->count; i++)
        if (!strcmp(wr_schema_leaf(&b->rows[i]), key))
            return b->rows[i].name;
    return NULL;
}

/* True: the key once had this name, and that is what is said. */
static bool was_renamed(struct binding *b, const struct wr_yaml_node *key, const char *name)
{
    const struct wr_renamed *row = wr_renamed_find(b->renamed, name);

    if (row)
        wr_mistakes_add(b->mistakes, key->line, key->column, "%s was renamed %s in %s", row->old,
                        row->now, row->since);
    return row != NULL;
}

static void unknown_key(struct binding *b, const struct wr_yaml_node *key, const struct place *at)
{
    char quoted[WR_MISTAKE_QUOTE_SIZE];
    const char *near = nearest_sibling(b, at->prefix, key->text);
    const char *lead = *at->path ? " in " : "";
    const char *other = near ? NULL : same_elsewhere(b, key->text);

    wr_mistakes_quote(key->text, key->n, quoted);
    if (near)
        wr_mistakes_add(b->mistakes, key->line, key->column,
                        "%s: unknown key%s%s; did you mean %s?", quoted, lead, at->path, near);
    else if (other)
        wr_mistakes_add(b->mistakes, key->line, key->column, "%s: unknown key%s%s; there is %s",
                        quoted, lead, at->path, other);
    else
        wr_mistakes_add(b->mistakes, key->line, key->column, "%s: unknown key%s%s", quoted, lead,
                        at->path);
}

static void check_required(struct binding *b, const struct wr_yaml_node *map,
                           const struct place *at)
{
    for (size_t i = 0; i < b->count && !b->torn; i++) {
        const struct wr_schema_row *row = &b->rows[i];
        const struct wr_yaml_node *child = map->first;
        const char *leaf = wr_schema_leaf(row);

        if (row->defaults[0] || row->type == WR_SCHEMA_SECTION ||
            !wr_schema_is_under(row, at->prefix))
            continue;
        while (child && strcmp(child->key->text, leaf) != 0)
            child = child->next;
        if (!child)
            wr_mistakes_add(b->mistakes, map->line, map->column, "%s: %s is missing", at->path,
                            leaf);
    }
}

/* "a.b", or "b" at the root. False: longer than any key. */
static bool join(char out[NAME_SIZE], const char *prefix, const struct wr_yaml_node *key)
{
    if (strlen(prefix) + key->n + 2 > NAME_SIZE || memchr(key->text, 0, key->n))
        return false;
    snprintf(out, NAME_SIZE, "%s%s%s", prefix, *prefix ? "." : "", key->text);
    return true;
}

static void bind_map(struct binding *b, const struct wr_yaml_node *map, const struct place *at)
{
    char name[NAME_SIZE], path[NAME_SIZE];

    for (const struct wr_yaml_node *child = map->first; child; child = child->next) {
        const struct wr_schema_row *row = NULL;
        bool named;

        /* A dot in a key would name a key of another section. */
        named = !strpbrk(child->key->text, ".[") && join(name, at->prefix, child->key) &&
                join(path, at->path, child->key);
        if (named)
            row = wr_schema_find(name);
        if (row)
            bind_row(b, row, child, path, at);
        else if (!named || !was_renamed(b, child->key, name))
            unknown_key(b, child->key, at);
    }
    check_required(b, map, at);
}

/* What the items of a list did not say and shall be as another key: known when all is bound. */
static void inherit(struct binding *b, const struct wr_yaml *yaml, const struct wr_schema_row *row,
                    struct wr_conf *conf)
{
    const struct wr_schema_row *like = wr_schema_find(row->like);
    size_t n = strcspn(row->name, "["), count;
    char path[NAME_SIZE];
    const struct wr_schema_row *list;
    unsigned char *base = (unsigned char *)conf, *items;

    snprintf(path, sizeof(path), "%.*s", (int)n, row->name);
    list = wr_schema_find(path);
    wr_assert(list && like && like->type == row->type);
    memcpy(&items, base + list->offset, sizeof(items));
    memcpy(&count, base + list->offset + sizeof(items), sizeof(count));
    for (size_t i = 0; i < count && !b->mem->failed; i++) {
        snprintf(path, sizeof(path), "%.*s[%zu]%s", (int)n, row->name, i, row->name + n + 2);
        if (!wr_yaml_find(yaml, path))
            memcpy(items + i * list->item_size + row->offset, base + like->offset,
                   wr_value_size(row->type));
    }
}

/* The profile chooses defaults, so it is looked for before anything else. */
static uint32_t find_profile(struct binding *b, const struct wr_yaml *yaml)
{
    const struct wr_schema_row *row = wr_schema_find("profile");
    const struct wr_yaml_node *node = wr_yaml_find(yaml, "profile");
    char why[WR_VALUE_WHY_SIZE];
    uint32_t profile = WR_PROFILE_GATEWAY;

    if (node && node->kind == WR_YAML_SCALAR) {
        struct wr_value_text value = {.text = node->text, .n = node->n, .plain = node->plain};

        /* Wrong: said when it is bound. */
        (void)wr_value_read(row, &value, b->mem, &profile, why);
    }
    return profile;
}

int wr_bind_renamed(const struct wr_yaml *yaml, const struct wr_renamed *renamed,
                    struct wr_mistakes *mistakes, struct wr_conf *conf)
{
    struct binding b = {
        .mem = conf->mem, .mistakes = mistakes, .renamed = renamed, .torn = yaml->torn};
    const struct wr_yaml_node *root = yaml->root;

    b.count = wr_schema_rows(&b.rows);
    b.profile = find_profile(&b, yaml);
    set_defaults(&b, "", (unsigned char *)conf);
    if (root && root->kind == WR_YAML_MAP)
        bind_map(&b, root,
                 &(struct place){.prefix = "", .path = "", .base = (unsigned char *)conf});
    else if (root && root->kind != WR_YAML_BROKEN && !is_empty(root))
        wr_mistakes_add(mistakes, root->line, root->column,
                        "got %s; expected keys, as \"listen: [192.168.7.1]\"", kind_name(root));
    for (size_t i = 0; i < b.count; i++)
        if (b.rows[i].like)
            inherit(&b, yaml, &b.rows[i], conf);
    return conf->mem->failed ? WR_E_NOMEM : WR_OK;
}

int wr_bind(const struct wr_yaml *yaml, struct wr_mistakes *mistakes, struct wr_conf *conf)
{
    return wr_bind_renamed(yaml, wr_renamed_table(), mistakes, conf);
}
