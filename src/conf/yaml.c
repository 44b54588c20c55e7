/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/utf8.h"

struct reading {
    yaml_parser_t parser;
    yaml_event_t event; /* the one looked at */
    bool has_event;
    bool torn, tabs;
    uint32_t nodes;
    int err; /* WR_E_LIMIT or WR_E_NOMEM: stop */
    struct wr_conf_mem *mem;
    struct wr_mistakes *mistakes;
};

/* --- before libyaml: octets --- */

static void refuse_octet(struct wr_mistakes *m, uint32_t line, uint32_t column, unsigned char c)
{
    if (c < 0x20 || c == 0x7f)
        wr_mistakes_add(m, line, column,
                        "control character 0x%02x (a configuration is text; is this the right "
                        "file?)",
                        c);
    else
        wr_mistakes_add(m, line, column, "octet 0x%02x is not UTF-8", c);
}

/* One look over the octets. False: not text, not worth reading on. */
static bool scan(struct reading *r, const char *text, size_t n)
{
    uint32_t line = 1, column = 1;
    bool indent = true;

    for (size_t at = 0; at < n;) {
        uint32_t code = 0;
        size_t step = wr_utf8_next(text + at, n - at, &code);

        if (!step || (code < 0x20 && code != '\t' && code != '\n' && code != '\r') ||
            code == 0x7f) {
            refuse_octet(r->mistakes, line, column, (unsigned char)text[at]);
            return false;
        }
        if (indent && code == '\t') {
            wr_mistakes_add(r->mistakes, line, column, "tab in the indentation; use spaces");
            r->tabs = true;
            indent = false;
        }
        if (code != ' ')
            indent = false;
        column++;
        if (code == '\n') {
            line++;
            column = 1;
            indent = true;
        }
        at += step;
    }
    return true;
}

/* --- events --- */

static void syntax_error(struct reading *r)
{
    const yaml_parser_t *p = &r->parser;
    uint32_t line = (uint32_t)p->problem_mark.line + 1;
    uint32_t column = (uint32_t)p->problem_mark.column + 1;

    r->torn = true;
    if (p->error == YAML_MEMORY_ERROR) {
        r->err = WR_E_NOMEM;
        return;
    }
    if (r->tabs) /* is what libyaml stumbled over */
        return;
    /* The likeliest reasons: an address that begins with a colon, and a value that stands at its colon. */
    if (p->context && strstr(p->context, "flow"))
        wr_mistakes_add(r->mistakes, line, column,
                        "not YAML: %s (%s, which began in line %u); addresses with colons stand in "
                        "quotes: [\"::1\"]",
                        p->problem ? p->problem : "broken", p->context,
                        (unsigned)p->context_mark.line + 1);
    else if (p->problem && strstr(p->problem, "could not find expected ':'"))
        wr_mistakes_add(r->mistakes, (uint32_t)p->context_mark.line + 1, 1,
                        "not YAML: no value here: a colon and a space must stand before it");
    else if (p->context)
        wr_mistakes_add(r->mistakes, line, column, "not YAML: %s (%s, which began in line %u)",
                        p->problem ? p->problem : "broken", p->context,
                        (unsigned)p->context_mark.line + 1);
    else
        wr_mistakes_add(r->mistakes, line, column, "not YAML: %s; nothing behind it was read",
                        p->problem ? p->problem : "broken");
}

/* Moves to the next event; false at broken syntax. */
static bool advance(struct reading *r)
{
    if (r->has_event)
        yaml_event_delete(&r->event);
    r->has_event = false;
    if (r->torn || r->err)
        return false;
    if (!yaml_parser_parse(&r->parser, &r->event)) {
        syntax_error(r);
        return false;
    }
    r->has_event = true;
    return true;
}

static void refuse_decoration(struct reading *r, const char *what, const yaml_char_t *name,
                              const char *instead)
{
    char quoted[WR_MISTAKE_QUOTE_SIZE];

    if (!name)
        return;
    wr_mistakes_quote((const char *)name, strlen((const char *)name), quoted);
    wr_mistakes_add(r->mistakes, (uint32_t)r->event.start_mark.line + 1,
                    (uint32_t)r->event.start_mark.column + 1, "%s %s; %s", what, quoted, instead);
}

static void refuse_anchor_and_tag(struct reading *r, const yaml_char_t *anchor,
                                  const yaml_char_t *tag)
{
    refuse_decoration(r, "anchor", anchor, "anchors and aliases are not read, write the value out");
    refuse_decoration(r, "tag", tag, "tags are not read, the key decides the type");
}

static struct wr_yaml_node *new_node(struct reading *r, enum wr_yaml_kind kind)
{
    struct wr_yaml_node *node;

    if (++r->nodes > WR_CONF_NODES_MAX) {
        if (!r->err)
            wr_mistakes_add(r->mistakes, (uint32_t)r->event.start_mark.line + 1, 1,
                            "more than %d values; this is no configuration", WR_CONF_NODES_MAX);
        r->err = WR_E_LIMIT;
        return NULL;
    }
    node = wr_mem_take(r->mem, sizeof(*node));
    if (!node) {
        r->err = WR_E_NOMEM;
        return NULL;
    }
    node->kind = (uint8_t)kind;
    node->line = (uint32_t)r->event.start_mark.line + 1;
    node->column = (uint32_t)r->event.start_mark.column + 1;
    return node;
}

static void end_here(const struct reading *r, struct wr_yaml_node *node)
{
    node->end_line = (uint32_t)r->event.end_mark.line + 1;
    node->end_column = (uint32_t)r->event.end_mark.column + 1;
}

static struct wr_yaml_node *read_scalar(struct reading *r)
{
    struct wr_yaml_node *node = new_node(r, WR_YAML_SCALAR);

    if (!node)
        return NULL;
    refuse_anchor_and_tag(r, r->event.data.scalar.anchor, r->event.data.scalar.tag);
    node->plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    end_here(r, node);
    node->n = r->event.data.scalar.length;
    node->text = wr_mem_text(r->mem, (const char *)r->event.data.scalar.value, node->n);
    if (!node->text)
        r->err = WR_E_NOMEM;
    return r->err ? NULL : node;
}

static struct wr_yaml_node *read_node(struct reading *r, unsigned depth);

static void append(struct wr_yaml_node *parent, struct wr_yaml_node **last,
                   struct wr_yaml_node *child)
{
    if (*last)
        (*last)->next = child;
    else
        parent->first = child;
    *last = child;
    parent->count++;
    parent->end_line = child->end_line;
    parent->end_column = child->end_column;
}

static void read_items(struct reading *r, struct wr_yaml_node *list, unsigned depth)
{
    struct wr_yaml_node *last = NULL, *item;

    while (advance(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
        item = read_node(r, depth + 1);
        if (!item)
            return;
        append(list, &last, item);
    }
}

/* False: not to be kept. */
static bool check_key(struct reading *r, const struct wr_yaml_node *map,
                      const struct wr_yaml_node *key)
{
    char quoted[WR_MISTAKE_QUOTE_SIZE];

    if (key->kind == WR_YAML_BROKEN)
        return false;
    if (key->kind != WR_YAML_SCALAR) {
        wr_mistakes_add(r->mistakes, key->line, key->column, "a key must be one word");
        return false;
    }
    wr_mistakes_quote(key->text, key->n, quoted);
    if (map->count == WR_CONF_KEYS_MAX) {
        wr_mistakes_add(r->mistakes, key->line, key->column,
                        "%s: more than %d keys in one mapping; the rest is not looked at", quoted,
                        WR_CONF_KEYS_MAX);
        return false;
    }
    for (const struct wr_yaml_node *other = map->first; other; other = other->next) {
        if (other->key->n != key->n || memcmp(other->key->text, key->text, key->n) != 0)
            continue;
        wr_mistakes_add(r->mistakes, key->line, key->column,
                        "%s: key stands here twice (first in line %u)", quoted, other->key->line);
        return false;
    }
    return true;
}

static void read_pairs(struct reading *r, struct wr_yaml_node *map, unsigned depth)
{
    struct wr_yaml_node *last = NULL, *key, *value;
    bool full = false;

    while (advance(r) && r->event.type != YAML_MAPPING_END_EVENT) {
        bool keep;

        key = read_node(r, depth + 1);
        if (!key || !advance(r))
            return;
        keep = !full && check_key(r, map, key);
        full = map->count == WR_CONF_KEYS_MAX;
        value = read_node(r, depth + 1);
        if (!value)
            return;
        value->key = key;
        if (keep)
            append(map, &last, value);
    }
}

static struct wr_yaml_node *too_deep(struct reading *r)
{
    struct wr_yaml_node *node = new_node(r, WR_YAML_BROKEN);

    if (!node)
        return NULL;
    wr_mistakes_add(r->mistakes, node->line, node->column,
                    "nested more than %d levels deep; nothing behind it was read",
                    WR_CONF_DEPTH_MAX);
    r->torn = true; /* libyaml takes quadratic time for what is nested deeper */
    return node;
}

static struct wr_yaml_node *read_collection(struct reading *r, unsigned depth)
{
    bool map = r->event.type == YAML_MAPPING_START_EVENT;
    struct wr_yaml_node *node;

    if (depth >= WR_CONF_DEPTH_MAX)
        return too_deep(r);
    node = new_node(r, map ? WR_YAML_MAP : WR_YAML_LIST);
    if (!node)
        return NULL;
    if (map) {
        node->flow = r->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
        refuse_anchor_and_tag(r, r->event.data.mapping_start.anchor,
                              r->event.data.mapping_start.tag);
        read_pairs(r, node, depth);
    } else {
        node->flow = r->event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
        refuse_anchor_and_tag(r, r->event.data.sequence_start.anchor,
                              r->event.data.sequence_start.tag);
        read_items(r, node, depth);
    }
    if (node->flow && r->has_event)
        end_here(r, node);
    return r->err ? NULL : node;
}

/* The node that the event begins; NULL only when memory or a limit ended the reading. */
static struct wr_yaml_node *read_node(struct reading *r, unsigned depth)
{
    switch (r->event.type) {
    case YAML_SCALAR_EVENT: return read_scalar(r);
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT: return read_collection(r, depth);
    default:
        refuse_decoration(r, "alias", r->event.data.alias.anchor,
                          "anchors and aliases are not read, write the value out");
        return new_node(r, WR_YAML_BROKEN);
    }
}

/* One step of a path: ".word" or "[index]"; *path moves behind it. */
static const struct wr_yaml_node *step_into(const struct wr_yaml_node *node, const char **path)
{
    const struct wr_yaml_node *child = node->first;

    if (**path == '[') {
        unsigned long index = strtoul(*path + 1, NULL, 10);

        while (child && index--)
            child = child->next;
        *path += strcspn(*path, "]");
        *path += **path == ']';
    } else {
        size_t n;

        *path += **path == '.';
        n = strcspn(*path, ".[");
        while (child && !(child->key && child->key->n == n && !memcmp(child->key->text, *path, n)))
            child = child->next;
        *path += n;
    }
    return child;
}

const struct wr_yaml_node *wr_yaml_find(const struct wr_yaml *yaml, const char *path)
{
    const struct wr_yaml_node *node = yaml->root;

    while (node && *path)
        node = step_into(node, &path);
    return node;
}

static void read_stream(struct reading *r, struct wr_yaml *yaml)
{
    bool document = false;

    while (advance(r) && r->event.type != YAML_STREAM_END_EVENT) {
        if (r->event.type != YAML_DOCUMENT_START_EVENT)
            continue;
        if (document) {
            wr_mistakes_add(r->mistakes, (uint32_t)r->event.start_mark.line + 1,
                            (uint32_t)r->event.start_mark.column + 1,
                            "a second document begins here; a configuration is one");
            return;
        }
        document = true;
        if (advance(r))
            yaml->root = read_node(r, 0);
    }
}

int wr_yaml_read(const char *text, size_t n, struct wr_conf_mem *mem, struct wr_mistakes *mistakes,
                 struct wr_yaml *ret_yaml)
{
    static const char mark[3] = {'\xef', '\xbb', '\xbf'}; /* of some editors */
    struct reading r = {.mem = mem, .mistakes = mistakes};
    struct wr_yaml yaml = {0};

    if (n > WR_CONF_SIZE_MAX) {
        wr_mistakes_add(mistakes, 0, 0, "larger than %zu MiB; this is no configuration",
                        WR_CONF_SIZE_MAX >> 20);
        return WR_E_LIMIT;
    }
    if (!scan(&r, text, n)) {
        yaml.torn = true;
        *ret_yaml = yaml;
        return WR_OK;
    }
    if (n >= sizeof(mark) && !memcmp(text, mark, sizeof(mark))) {
        text += sizeof(mark); /* libyaml looks for it only when it has to guess the encoding */
        n -= sizeof(mark);
    }
    if (!yaml_parser_initialize(&r.parser))
        return WR_E_NOMEM;
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, n);
    read_stream(&r, &yaml);
    if (r.has_event)
        yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    yaml.torn = r.torn;
    if (!r.err)
        *ret_yaml = yaml;
    return r.err;
}
