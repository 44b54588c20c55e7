/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"
#include "conf/conf.h"
#include "conf/keyname.h"
#include "conf/mem.h"
#include "conf/schema.h"
#include "conf/value.h"
#include "conf/yaml.h"

enum { INDENT = 2, STEPS_MAX = WR_CONF_DEPTH_MAX, KEY_MAX = 512, LINE_ROOM = 256 };

typedef const struct wr_yaml_node node;

struct step {
    const char *word; /* of a mapping, */
    size_t n;
    bool is_index; /* or of a list */
    uint32_t index;
};

struct edit {
    const char *text; /* the file */
    size_t n;
    const char *key, *value;
    struct wr_mistakes *mistakes;
    struct wr_conf_mem mem;
    struct step step[STEPS_MAX];
    unsigned steps, found; /* of the path, and of them those that are there */
    node *at[STEPS_MAX + 1];
    struct wr_yaml old, wanted; /* the file; the value, in a mapping of its own */
    size_t from, to;            /* the octets that go, */
    struct wr_str put;          /* and those that come */
    char *room;
};

static int refuse(struct edit *e, const char *why)
{
    wr_mistakes_add(e->mistakes, 0, 0, "%s: %s", e->key, why);
    return WR_E_FORMAT;
}

/* --- the path --- */

static int read_step(struct edit *e, const char **path)
{
    struct step *s = &e->step[e->steps];
    const char *at = *path;

    if (e->steps == STEPS_MAX)
        return refuse(e, "no key is nested so deep");
    *s = (struct step){.is_index = *at == '['};
    if (s->is_index) {
        size_t n = strcspn(++at, "]");
        uint64_t index;

        if (wr_str_to_u64(at, n, UINT32_MAX, &index) != WR_OK || at[n] != ']')
            return refuse(e, "which of the list? the first is [0]");
        s->index = (uint32_t)index;
        at += n + 1;
    } else {
        at += *at == '.' && e->steps > 0;
        s->word = at;
        s->n = strcspn(at, ".[");
        at += s->n;
        if (!s->n)
            return refuse(e, "this is no key");
    }
    e->steps++;
    *path = at;
    return WR_OK;
}

static int read_path(struct edit *e)
{
    const char *path = e->key;
    int err = WR_OK;

    do {
        err = read_step(e, &path);
    } while (!err && *path);
    return err;
}

static bool is_step(const struct step *s, node *child, uint32_t index)
{
    return s->is_index
               ? s->index == index
               : child->key && child->key->n == s->n && !memcmp(child->key->text, s->word, s->n);
}

static node *child_of(node *parent, const struct step *s)
{
    uint32_t index = 0;
    node *child = NULL;

    if (parent && parent->kind == (s->is_index ? WR_YAML_LIST : WR_YAML_MAP))
        child = parent->first;
    while (child && !is_step(s, child, index)) {
        child = child->next;
        index++;
    }
    return child;
}

static void walk(struct edit *e)
{
    node *child = e->old.root;

    e->at[0] = child;
    while (e->found < e->steps && (child = child_of(child, &e->step[e->found])) != NULL)
        e->at[++e->found] = child;
}

/* --- places --- */

/* Only a line feed ends a line here, with a carriage return before it or not; YAML 1.1 knows others. */
static bool has_odd_ends(const struct edit *e)
{
    static const char *const ends[] = {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

    for (size_t i = 0; i < e->n; i++) {
        if (e->text[i] == '\r' && (i + 1 == e->n || e->text[i + 1] != '\n'))
            return true;
        for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++)
            if (e->n - i >= strlen(ends[k]) && !memcmp(e->text + i, ends[k], strlen(ends[k])))
                return true;
    }
    return false;
}

/* The octet at a line and a column in characters. */
static size_t offset_of(const struct edit *e, uint32_t line, uint32_t column)
{
    bool mark = e->n >= 3 && !memcmp(e->text, "\xef\xbb\xbf", 3);
    size_t at = mark ? 3 : 0;
    uint32_t code;

    for (; line > 1 && at < e->n; line--) {
        const char *end = memchr(e->text + at, '\n', e->n - at);

        at = end ? (size_t)(end - e->text) + 1 : e->n;
    }
    for (; column > 1 && at < e->n; column--) {
        size_t step = wr_utf8_next(e->text + at, e->n - at, &code);

        at += step ? step : 1;
    }
    return at;
}

static size_t begin_of(const struct edit *e, node *n)
{
    return offset_of(e, n->line, n->column);
}

/* Behind its last octet; a block of text ends behind its last line's end, which is not its own. */
static size_t end_of(const struct edit *e, node *n)
{
    size_t begin = begin_of(e, n), end = offset_of(e, n->end_line, n->end_column);

    while (end > begin &&
           (e->text[end - 1] == '\n' || e->text[end - 1] == '\r' || e->text[end - 1] == ' '))
        end--;
    return end;
}

static size_t line_start(const struct edit *e, size_t at)
{
    while (at > 0 && e->text[at - 1] != '\n')
        at--;
    return at;
}

/* Behind the end of the line. */
static size_t next_line(const struct edit *e, size_t at)
{
    const char *end = memchr(e->text + at, '\n', e->n - at);

    return end ? (size_t)(end - e->text) + 1 : e->n;
}

/* --- comments --- */

/* Behind a quoted scalar that begins at `at`, or `at`. */
static size_t skip_quoted(const struct edit *e, size_t at, size_t end)
{
    char mark = e->text[at];
    size_t i = at + 1;

    if ((mark != '"' && mark != '\'') || (at > 0 && !strchr(" \t\n[{,:", e->text[at - 1])))
        return at;
    while (i < end && e->text[i] != mark)
        i += mark == '"' && e->text[i] == '\\' ? 2 : 1;
    return i < end ? i : at;
}

/* Is a comment begun in these octets? */
static bool has_comment(const struct edit *e, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        i = skip_quoted(e, i, to);
        if (e->text[i] == '#' && (i == 0 || strchr(" \t\n", e->text[i - 1])))
            return true;
    }
    return false;
}

static int refuse_comment(struct edit *e)
{
    uint32_t line = 1;

    for (size_t i = 0; i < e->from; i++)
        line += e->text[i] == '\n';
    wr_mistakes_add(e->mistakes, line, 0,
                    "%s: there is a comment in what would go; change it by hand", e->key);
    return WR_E_FORMAT;
}

/* --- setting --- */

/* Behind the colon of its key up to its end, or all of an item. */
static int replace(struct edit *e, node *n)
{
    e->to = end_of(e, n);
    if (!n->key) {
        e->from = begin_of(e, n);
        return has_comment(e, e->from, e->to) ? refuse_comment(e) : WR_OK;
    }
    e->from = end_of(e, n->key);
    while (e->from < e->n && e->text[e->from] != ':')
        e->from++;
    e->from += e->from < e->n;
    e->to = e->to < e->from ? e->from : e->to;
    wr_str_char(&e->put, ' ');
    return has_comment(e, e->from, e->to) ? refuse_comment(e) : WR_OK;
}

static void put_line_end(struct edit *e)
{
    const char *end = memchr(e->text, '\n', e->n);

    wr_str_text(&e->put, end && end > e->text && end[-1] == '\r' ? "\r\n" : "\n");
}

static void put_word(struct edit *e, const struct step *s)
{
    wr_str_bytes(&e->put, s->word, s->n);
    wr_str_char(&e->put, ':');
}

/* The rest of the path and the value: a: {b: value} */
static void put_flow(struct edit *e, unsigned from)
{
    for (unsigned i = from; i < e->steps; i++) {
        wr_str_text(&e->put, i > from ? " {" : "");
        put_word(e, &e->step[i]);
    }
    wr_str_char(&e->put, ' ');
    wr_str_text(&e->put, e->value);
    for (unsigned i = from + 1; i < e->steps; i++)
        wr_str_char(&e->put, '}');
}

/* The same in lines of their own. */
static void put_block(struct edit *e, unsigned from, uint32_t indent)
{
    for (unsigned i = from; i < e->steps; i++) {
        if (i > from)
            put_line_end(e);
        for (uint32_t k = indent + INDENT * (i - from); k > 0; k--)
            wr_str_char(&e->put, ' ');
        put_word(e, &e->step[i]);
    }
    wr_str_char(&e->put, ' ');
    wr_str_text(&e->put, e->value);
    put_line_end(e);
}

static void add_line(struct edit *e, size_t at, uint32_t indent)
{
    e->from = e->to = at;
    if (at > 0 && e->text[at - 1] != '\n')
        put_line_end(e);
    put_block(e, e->found, indent);
}

/* Into the deepest mapping on the path that is there. */
static int add(struct edit *e)
{
    node *parent = e->at[e->found];

    for (unsigned i = e->found; i < e->steps; i++)
        if (e->step[i].is_index)
            return refuse(e, "the list has no such item; give the whole list");
    if (!parent) {
        add_line(e, e->n, 0);
    } else if (parent->kind == WR_YAML_LIST) {
        return refuse(e, "which of the list? the first is [0]");
    } else if (parent->kind == WR_YAML_SCALAR) { /* "cache:" with nothing behind it */
        int err = replace(e, parent);

        if (err)
            return err;
        wr_str_char(&e->put, '{');
        put_flow(e, e->found);
        wr_str_char(&e->put, '}');
    } else if (parent->flow) {
        e->from = e->to = end_of(e, parent) - 1;
        wr_str_text(&e->put, parent->count ? ", " : "");
        put_flow(e, e->found);
    } else {
        add_line(e, next_line(e, end_of(e, parent)), parent->first->key->column - 1);
    }
    return WR_OK;
}

/* --- taking out --- */

static node *before(node *parent, node *child)
{
    node *other = parent->first;

    while (other != child && other->next != child)
        other = other->next;
    return other == child ? NULL : other;
}

static int cut_flow(struct edit *e, node *parent, node *child)
{
    node *previous = before(parent, child);

    e->from = begin_of(e, child->key);
    e->to = end_of(e, child);
    if (previous)
        e->from = end_of(e, previous);
    else if (child->next)
        e->to = begin_of(e, child->next->key);
    return has_comment(e, e->from, e->to) ? refuse_comment(e) : WR_OK;
}

/* The comment behind it in its own line goes with it. */
static int cut_block(struct edit *e, node *child)
{
    size_t begin = begin_of(e, child->key), start = line_start(e, begin);

    e->from = start;
    e->to = next_line(e, end_of(e, child));
    if (strspn(e->text + start, " ") < begin - start && child->next) { /* "- key: value" */
        e->from = begin;
        e->to = begin_of(e, child->next->key);
        return has_comment(e, e->from, e->to) ? refuse_comment(e) : WR_OK;
    }
    return has_comment(e, e->from, end_of(e, child)) ? refuse_comment(e) : WR_OK;
}

static int take_out(struct edit *e)
{
    unsigned last = e->steps;

    if (e->found < e->steps)
        return WR_E_NOTFOUND;
    while (last > 1 && e->at[last]->key && e->at[last - 1]->key && e->at[last - 1]->count == 1 &&
           !has_comment(e, end_of(e, e->at[last - 1]->key), end_of(e, e->at[last - 1])))
        last--; /* the section has nothing else */
    node *parent = e->at[last - 1], *child = e->at[last];
    if (!child->key || (parent->count == 1 && last > 1 && !parent->key))
        return refuse(e, "an item of a list is not taken out; give the whole list");
    return parent->flow ? cut_flow(e, parent, child) : cut_block(e, child);
}

/* --- has only that changed? --- */

static bool same(node *a, node *b)
{
    if (!a || !b)
        return a == b;
    if (a->kind != b->kind || a->count != b->count)
        return false;
    if (a->kind == WR_YAML_SCALAR)
        return a->plain == b->plain && a->n == b->n && !memcmp(a->text, b->text, a->n);
    for (a = a->first, b = b->first; a && b; a = a->next, b = b->next)
        if ((a->key && !same(a->key, b->key)) || !same(a, b))
            return false;
    return true;
}

static bool is_empty(node *n)
{
    return !n || (n->kind == WR_YAML_SCALAR && n->plain && n->n == 0);
}

/* The old had nothing but what was taken out: then it is gone, or there is nothing in it. */
static bool is_emptied(const struct edit *e, unsigned i, node *old, node *new)
{
    return !e->value && old && is_empty(new) && old->kind == WR_YAML_MAP && old->count == 1 &&
           is_step(&e->step[i], old->first, 0);
}

/* The same up to the step `i` of the path and what is below; there the value is, or is not. */
static bool same_but(const struct edit *e, unsigned i, node *old, node *new)
{
    const struct step *s = &e->step[i];
    uint32_t index = 0;

    if (i == e->steps)
        return e->value ? same(new, e->wanted.root->first) : !new;
    if (is_emptied(e, i, old, new))
        return true;
    if (!new)
        return false;
    if (!old || is_empty(old))
        return e->value && new->kind == WR_YAML_MAP &&new->count == 1 &&
               is_step(s, new->first, 0) && same_but(e, i + 1, NULL, new->first);
    if (old->kind != new->kind || old->kind == WR_YAML_SCALAR)
        return false;
    for (old = old->first, new = new->first; old || new; index++) {
        bool of_old = old && is_step(s, old, index), of_new = new &&is_step(s, new, index);
        bool good = of_old || of_new
                        ? same_but(e, i + 1, of_old ? old : NULL, of_new ? new : NULL)
                        : old && new && (!old->key || same(old->key, new->key)) && same(old, new);

        if (!good)
            return false;
        old = of_new && !of_old ? old : old->next;
        new = of_old && !of_new ? new : new->next;
    }
    return true;
}

/* --- all of it --- */

/* Good, and a tree. */
static int read_file(struct edit *e, const char *text, size_t n, struct wr_yaml *ret_yaml)
{
    struct wr_conf *conf = NULL;
    int err = wr_conf_read(text, n, e->mistakes, &conf);

    wr_conf_free(conf);
    return err ? err : wr_yaml_read(text, n, &e->mem, e->mistakes, ret_yaml);
}

static int finish(struct edit *e, char **ret_text, size_t *ret_n)
{
    size_t n = e->n - (e->to - e->from) + e->put.len;
    char *text = malloc(n + 1);
    struct wr_yaml new = {0};
    int err = text && !e->put.cut ? WR_OK : WR_E_NOMEM;

    if (!err) {
        memcpy(text, e->text, e->from);
        memcpy(text + e->from, e->put.base, e->put.len);
        memcpy(text + e->from + e->put.len, e->text + e->to, e->n - e->to);
        text[n] = '\0';
        wr_mistakes_init(e->mistakes); /* what the old one was warned of */
        err = read_file(e, text, n, &new);
    }
    if (!err && !same_but(e, 0, e->old.root, new.root))
        err = refuse(e,
                     "the file is written in a way that is not understood here; change it by hand");
    if (err) {
        free(text);
        return err;
    }
    *ret_text = text;
    *ret_n = n;
    return WR_OK;
}

/* Is a value one scalar that means what it says, in brackets too? */
static bool is_plain(struct edit *e, struct wr_mistakes *none)
{
    const char *value = e->value;
    size_t n = strlen(value);
    char *text = wr_mem_take(&e->mem, n + 3);
    struct wr_yaml yaml = {0};

    if (!text)
        return false;
    snprintf(text, n + 3, "[%s]", value);
    if (wr_yaml_read(text, n + 2, &e->mem, none, &yaml) != WR_OK || none->errors || yaml.torn)
        return false;
    node *one = yaml.root->kind == WR_YAML_LIST ? yaml.root->first : NULL;
    return one && !one->next && one->kind == WR_YAML_SCALAR &&
           (!one->plain || (one->n == n && !memcmp(one->text, value, n)));
}

/* What it is to be read as. */
static int read_value(struct edit *e)
{
    size_t cap = strlen(e->value) + 8;
    char *text = wr_mem_take(&e->mem, cap);
    int err;

    if (!text)
        return WR_E_NOMEM;
    snprintf(text, cap, "v: %s\n", e->value);
    err = wr_yaml_read(text, strlen(text), &e->mem, e->mistakes, &e->wanted);
    if (err)
        return err;
    if (e->mistakes->errors || e->wanted.torn || !e->wanted.root ||
        e->wanted.root->kind != WR_YAML_MAP || e->wanted.root->count != 1)
        return refuse(e, "the value is not one value of YAML");
    return WR_OK;
}

/* The value as it goes into the file. */
static int quote_value(struct edit *e, const struct wr_schema_row *row)
{
    size_t n = strlen(e->value), cap = 2 * n + 3;
    struct wr_mistakes *none;
    struct wr_str s;
    char *text;
    bool plain;

    if (n > WR_EDIT_VALUE_MAX || strpbrk(e->value, "\r\n"))
        return refuse(e, "a value is one line of at most 64 KiB");
    if ((row->list && !e->step[e->steps - 1].is_index) || row->type == WR_SCHEMA_SECTION ||
        row->type == WR_SCHEMA_ITEMS)
        return WR_OK;
    none = malloc(sizeof(*none));
    text = wr_mem_take(&e->mem, cap);
    if (!none || !text) {
        free(none);
        return WR_E_NOMEM;
    }
    wr_mistakes_init(none);
    plain = is_plain(e, none);
    free(none);
    if (plain)
        return WR_OK;
    wr_str_init(&s, text, cap);
    wr_value_quote(e->value, &s);
    e->value = text;
    return WR_OK;
}

static int find_row(struct edit *e, const struct wr_schema_row **ret_row)
{
    const char *near[WR_KEYNAME_NEAR_MAX];
    const struct wr_renamed *old = NULL;
    const struct wr_schema_row *row = wr_keyname_find(e->key, wr_renamed_table(), &old);
    char quoted[WR_MISTAKE_QUOTE_SIZE];

    wr_mistakes_quote(e->key, strlen(e->key), quoted);
    if (!row || strlen(e->key) > KEY_MAX) {
        size_t count = wr_keyname_near(e->key, near);

        wr_mistakes_add(e->mistakes, 0, 0, "there is no key %s%s%s%s", quoted,
                        count ? "; did you mean " : "", count ? near[0] : "", count ? "?" : "");
        return WR_E_FORMAT;
    }
    if (old) {
        wr_mistakes_add(e->mistakes, 0, 0, "%s was renamed %s in %s", old->old, old->now,
                        old->since);
        return WR_E_FORMAT;
    }
    *ret_row = row;
    return WR_OK;
}

static int run(struct edit *e)
{
    const struct wr_schema_row *row = NULL;
    size_t cap;
    int err = find_row(e, &row);

    if (!err)
        err = read_path(e);
    if (!err)
        err = read_file(e, e->text, e->n, &e->old);
    if (!err && has_odd_ends(e))
        err = refuse(e, "the file has lines that end with a lone carriage return, NEL, LS or PS; "
                        "change it by hand");
    if (!err && e->value)
        err = quote_value(e, row);
    if (!err && e->value)
        err = read_value(e);
    if (err)
        return err;
    cap = (e->value ? strlen(e->value) : 0) + strlen(e->key) + (size_t)STEPS_MAX * LINE_ROOM;
    e->room = malloc(cap);
    if (!e->room)
        return WR_E_NOMEM;
    wr_str_init(&e->put, e->room, cap);
    walk(e);
    if (!e->value)
        return take_out(e);
    if (e->found < e->steps)
        return add(e);
    err = replace(e, e->at[e->steps]);
    wr_str_text(&e->put, e->value);
    return err;
}

int wr_edit_key(const char *text, size_t n, const char *key, const char *value,
                struct wr_mistakes *mistakes, char **ret_text, size_t *ret_n)
{
    struct edit *e = calloc(1, sizeof(*e));
    int err;

    if (!e)
        return WR_E_NOMEM;
    e->text = text;
    e->n = n;
    e->key = key;
    e->value = value;
    e->mistakes = mistakes;
    wr_mem_init(&e->mem);
    err = run(e);
    if (!err)
        err = finish(e, ret_text, ret_n);
    wr_mem_free(&e->mem);
    free(e->room);
    free(e);
    return err;
}
