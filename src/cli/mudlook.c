/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mudlook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "cli/readfile.h"
#include "conf/mudfile.h"
#include "policy/mudtell.h"

#define WORDS_SIZE 2048

int wr_mudlook_is_file(const char *operand)
{
    size_t n = strlen(operand);

    return !strcmp(operand, "-") || strchr(operand, '/') != NULL ||
           (n > 5 && !strcmp(operand + n - 5, ".json"));
}

struct wr_mud *wr_mudlook_text(const char *name, const char *bytes, size_t n)
{
    struct wr_mudfile_mistake mistake;
    struct wr_mud *mud = NULL;

    switch (wr_mudfile_read(bytes, n, &mud, &mistake)) {
    case WR_OK: return mud;
    case WR_E_NOMEM: fprintf(stderr, "weir mud: not enough memory\n"); return NULL;
    default:
        fprintf(stderr, "%s:%u:%u: %s\n", name, mistake.line, mistake.column, mistake.text);
        return NULL;
    }
}

struct wr_mud *wr_mudlook_file(const char *path, char **ret_bytes, size_t *ret_n)
{
    const char *why = NULL;
    size_t n = 0;
    char *bytes = wr_readfile(path, WR_MUD_FILE_MAX, &n, &why);

    if (!bytes) {
        fprintf(stderr, "weir mud: cannot read %s: %s\n", path, why);
        return NULL;
    }
    struct wr_mud *mud = wr_mudlook_text(path, bytes, n);

    if (mud && ret_bytes) {
        *ret_bytes = bytes;
        *ret_n = n;
    } else {
        free(bytes);
    }
    return mud;
}

/* Printable, for it is a stranger's. */
static json_t *safe(const struct wr_mud *m, uint32_t text)
{
    char room[4 * WR_MUD_URL_SIZE];
    struct wr_str s;
    const char *at = wr_mud_at(m, text);

    wr_str_init(&s, room, sizeof(room));
    wr_utf8_safe(&s, at, strlen(at));
    return json_string(room);
}

static void put(json_t *to, const char *key, const struct wr_mud *m, uint32_t text)
{
    if (text != 0)
        json_object_set_new(to, key, safe(m, text));
}

static json_t *words_of(const struct wr_mud *m, const struct wr_mud_ace *a)
{
    char room[WORDS_SIZE];
    struct wr_str s;

    wr_str_init(&s, room, sizeof(room));
    wr_mudtell_words(m, a, &s);
    return json_string(room);
}

/* "by name", and "in part" with what is not looked at. */
static json_t *ace_of(const struct wr_mud *m, const struct wr_mud_ace *a,
                      const struct wr_mud_house *house, unsigned *ret_not, unsigned *ret_partly)
{
    struct wr_mud_judged j = wr_mudtell_judge(m, a, house);
    json_t *one = json_object();

    json_object_set_new(one, "ace", safe(m, a->name));
    json_object_set_new(one, "says", words_of(m, a));
    json_object_set_new(one, "enforced", json_string(wr_mudtell_means(j.means)));
    json_object_set_new(
        one, "why", j.why ? json_sprintf("%s%s", j.partly ? "in part: " : "", j.why) : json_null());
    *ret_not += j.means == WR_MUD_NOT;
    *ret_partly += j.partly;
    return one;
}

/* NULL: nothing is known. */
static void house_of(const json_t *about, struct wr_mud_house *ret_house)
{
    const json_t *controllers = json_object_get(about, "controllers");
    size_t i;
    json_t *one;

    ret_house->controllers = 0;
    ret_house->is_fetched = json_is_string(json_object_get(about, "from"));
    ret_house->is_stranger = json_is_false(json_object_get(about, "vouched"));
    json_array_foreach((json_t *)(uintptr_t)controllers, i, one)
    {
        if (json_is_string(one) && ret_house->controllers < WR_MUD_CONTROLLERS_MAX)
            ret_house->controller[ret_house->controllers++] = json_string_value(one);
    }
}

json_t *wr_mudlook_show(const struct wr_mud *m, const json_t *about)
{
    json_t *shown = json_object(), *aces = json_array();
    struct wr_mud_house house;
    unsigned not = 0, partly = 0;

    house_of(about, &house);

    for (uint32_t i = 0; i < m->aces; i++)
        json_array_append_new(aces, ace_of(m, &m->ace[i], &house, &not, &partly));
    put(shown, "url", m, m->url);
    put(shown, "systeminfo", m, m->systeminfo);
    put(shown, "manufacturer", m, m->manufacturer);
    put(shown, "model", m, m->model);
    put(shown, "firmware", m, m->firmware);
    put(shown, "software", m, m->software);
    put(shown, "documentation", m, m->documentation);
    put(shown, "last_update", m, m->last_update);
    put(shown, "signature", m, m->signature);
    json_object_set_new(shown, "valid_hours", json_integer(m->validity_h));
    json_object_set_new(shown, "supported", json_boolean(m->supported));
    if (m->extensions > 0) {
        json_t *list = json_array();

        for (unsigned i = 0; i < m->extensions; i++)
            json_array_append_new(list, safe(m, m->extension[i]));
        json_object_set_new(shown, "extensions_not_known", list);
    }
    json_object_set_new(shown, "enforceable", json_integer(m->aces - not ));
    json_object_set_new(shown, "enforceable_in_part", json_integer(partly));
    json_object_set_new(shown, "not_enforceable", json_integer(not ));
    json_object_set_new(shown, "aces", aces);
    return shown;
}

/* --- two profiles --- */

/* What `m` says and `other` does not. */
static json_t *only_in(const struct wr_mud *m, const struct wr_mud *other)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < m->aces; i++) {
        bool same = false;

        for (uint32_t k = 0; k < other->aces && !same; k++)
            same = wr_mud_same(m, &m->ace[i], other, &other->ace[k]);
        if (!same)
            json_array_append_new(list, json_pack("{s:o, s:o}", "ace", safe(m, m->ace[i].name),
                                                  "says", words_of(m, &m->ace[i])));
    }
    return list;
}

static void compare(json_t *list, const char *what, const struct wr_mud *old, uint32_t a,
                    const struct wr_mud *new, uint32_t b)
{
    if (strcmp(wr_mud_at(old, a), wr_mud_at(new, b)) != 0)
        json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "what", what, "old", safe(old, a),
                                              "new", safe(new, b)));
}

json_t *wr_mudlook_diff(const struct wr_mud *old, const struct wr_mud *new, size_t *ret_count)
{
    json_t *gone = only_in(old, new), *more = only_in(new, old), *about = json_array();

    compare(about, "url", old, old->url, new, new->url);
    compare(about, "signature", old, old->signature, new, new->signature);
    compare(about, "systeminfo", old, old->systeminfo, new, new->systeminfo);
    compare(about, "manufacturer", old, old->manufacturer, new, new->manufacturer);
    compare(about, "model", old, old->model, new, new->model);
    compare(about, "firmware", old, old->firmware, new, new->firmware);
    compare(about, "software", old, old->software, new, new->software);
    if (old->supported != new->supported)
        json_array_append_new(about, json_pack("{s:s, s:b, s:b}", "what", "supported", "old",
                                               old->supported, "new", new->supported));
    *ret_count = json_array_size(gone) + json_array_size(more) + json_array_size(about);
    return json_pack("{s:o, s:o, s:o}", "no_more", gone, "new", more, "about", about);
}
